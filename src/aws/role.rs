//! Roles in accounts, and the sessions that they are entered by.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

use super::error::{gap, gap_of};
use super::operation::Operation::AssumeRole;
use super::partition::of_arn;
use super::session::Clients;
use crate::model::{AccountId, Gap};

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The partition it is in; none for the caller's own.
    pub partition: Option<String>,
    /// The account it is in.
    pub account_id: AccountId,
    /// Its name, with its path where it has one.
    pub name: String,
    /// What its trust policy may ask for, so that nobody can be talked into using it for somebody else.
    pub external_id: Option<String>,
}

impl Role {
    /// The role of an ARN such as `arn:aws:iam::111122223333:role/audit`; none when it is not a role's.
    #[must_use]
    pub fn of_arn(arn: &str) -> Option<Self> {
        let (partition, account_id) = of_arn(arn)?;
        let name = arn.split_once(":iam::")?.1.split_once(":role/")?.1;
        let is_account = account_id.len() == 12 && account_id.bytes().all(|b| b.is_ascii_digit());
        (is_account && is_name(name)).then(|| Self {
            partition: Some(partition.to_owned()),
            account_id: account_id.into(),
            name: name.to_owned(),
            external_id: None,
        })
    }

    fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:iam::{}:role/{}", self.account_id, self.name)
    }
}

/// Whether a role can be called so, its path included.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&b))
}

/// A role's session, renewed by whoever could begin it.
#[derive(Debug)]
struct Session {
    sts: aws_sdk_sts::Client,
    arn: String,
    external_id: Option<String>,
    name: String,
    /// The credentials that showed that the role can be entered at all.
    first: Mutex<Option<Credentials>>,
}

type AssumeRoleError = SdkError<aws_sdk_sts::operation::assume_role::AssumeRoleError, HttpResponse>;

/// Why a session did not begin.
enum Refusal {
    Call(Box<AssumeRoleError>),
    NoCredentials,
}

/// Enters an account by a role: the set-up of who may, and then of whom it lets act.
pub(super) async fn enter(
    base: &SdkConfig,
    home: &Clients,
    (role, partition): (&Role, &str),
    session_name: &str,
) -> Result<SdkConfig, Gap> {
    let session = Session {
        sts: home.sts.clone(),
        arn: role.arn(partition),
        external_id: role.external_id.clone(),
        name: session_name.to_owned(),
        first: Mutex::default(),
    };
    let credentials = session.begin().await.map_err(|refusal| match refusal {
        Refusal::Call(error) => gap_of(AssumeRole, None, &error),
        Refusal::NoCredentials => gap(AssumeRole, None, "InvalidResponse", "the answer has no credentials"),
    })?;
    *session.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials);
    // The SDK's one cache for all has room for the sessions of 64 accounts, and then throws out those still in use.
    let cache = IdentityCache::lazy().build();
    let provider = SharedCredentialsProvider::new(session);
    Ok(base.to_builder().identity_cache(cache).credentials_provider(provider).build())
}

impl Session {
    async fn begin(&self) -> Result<Credentials, Refusal> {
        let call = self
            .sts
            .assume_role()
            .role_arn(&self.arn)
            .role_session_name(&self.name)
            .set_external_id(self.external_id.clone());
        let answer = call.send().await.map_err(|error| Refusal::Call(Box::new(error)))?;
        let credentials = answer.credentials.ok_or(Refusal::NoCredentials)?;
        let expiry = SystemTime::try_from(credentials.expiration).ok();
        let (key, secret, token) =
            (credentials.access_key_id, credentials.secret_access_key, credentials.session_token);
        Ok(Credentials::new(key, secret, Some(token), expiry, "AssumeRole"))
    }

    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(credentials) = first {
            return Ok(credentials);
        }
        self.begin().await.map_err(|refusal| match refusal {
            Refusal::Call(error) => CredentialsError::provider_error(error),
            Refusal::NoCredentials => CredentialsError::unhandled("the answer has no credentials"),
        })
    }
}

impl ProvideCredentials for Session {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
