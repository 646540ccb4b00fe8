//! Who reads flow logs that are not on this machine: often another account than the one that is audited.

use aws_config::sts::AssumeRoleProvider;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;

use super::HOME;
use super::error::CollectError;
use super::session::{load_config, with_credentials};
use crate::model::RegionName;

/// How to get at flow logs.
#[derive(Debug, Clone, Default)]
pub struct LogsAccess {
    /// A profile of the shared configuration; it wins over keys in the environment.
    pub profile: Option<String>,
    /// A role to assume with those credentials.
    pub role_arn: Option<String>,
    /// The Region; none for the configured one.
    pub region: Option<RegionName>,
    /// Where to send every call instead of to AWS.
    pub endpoint_url: Option<String>,
}

/// Sets the SDK up for them.
///
/// # Errors
/// When there are no credentials, the profile does not exist, or the role cannot be assumed.
pub async fn logs_config(access: &LogsAccess) -> Result<SdkConfig, CollectError> {
    let config = load_config(access.profile.as_deref(), access.endpoint_url.as_deref()).await?;
    let region = access.region.as_ref().map(|region| Region::new(region.to_string()));
    let region = region.or_else(|| config.region().cloned()).unwrap_or_else(|| Region::from_static(HOME));
    let config = with_credentials(&config.to_builder().region(region).build()).await?;
    let Some(role) = &access.role_arn else { return Ok(config) };
    let provider = AssumeRoleProvider::builder(role).session_name("natwise").configure(&config).build().await;
    with_credentials(&config.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()).await
}
