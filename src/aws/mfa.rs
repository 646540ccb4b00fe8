//! Profiles whose role asks for a code of a second device. The SDK for Rust passes over `mfa_serial`, and AWS then
//! refuses the role: so the code is asked for here, as the AWS CLI does.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::error::{CollectError, chain};
use super::partition::{home_of, of_arn};
use super::session::http_client;

/// The credentials of a profile's role, where that asks for a code; none where it does not.
///
/// # Errors
/// When there is nobody to ask, or AWS does not accept what they say.
pub(super) async fn credentials(
    profiles: &ProfileSet,
    name: &str,
    config: &SdkConfig,
) -> Result<Option<Credentials>, CollectError> {
    let Some(profile) = profiles.get_profile(name) else { return Ok(None) };
    let (Some(serial), Some(role)) = (profile.get("mfa_serial"), profile.get("role_arn")) else { return Ok(None) };
    let Some(source) = profile.get("source_profile") else {
        return Err(CollectError::Mfa(format!(
            "profile {name:?} asks for a code of {serial}, which needs a source_profile to say who asks"
        )));
    };
    let code = code(name, serial).await?;
    let region = config.region().cloned().unwrap_or_else(|| {
        let partition = of_arn(role).map_or("aws", |(partition, _)| partition);
        aws_config::Region::new(home_of(partition).to_string())
    });
    let http = config.http_client().unwrap_or_else(http_client);
    let context = ProviderConfig::without_region().with_http_client(http).with_region(Some(region.clone()));
    let source = ProfileFileCredentialsProvider::builder().configure(&context).profile_name(source).build();
    let caller =
        config.to_builder().region(region).credentials_provider(SharedCredentialsProvider::new(source)).build();
    assume(&caller, profile, (role, serial, code))
        .await
        .map(Some)
        .map_err(|error| CollectError::Mfa(format!("profile {name:?}: {error}")))
}

async fn assume(
    caller: &SdkConfig,
    profile: &Profile,
    (role, serial, code): (&str, &str, String),
) -> Result<Credentials, String> {
    let call = aws_sdk_sts::Client::new(caller)
        .assume_role()
        .role_arn(role)
        .role_session_name(profile.get("role_session_name").unwrap_or("natwise"))
        .set_external_id(profile.get("external_id").map(str::to_owned))
        .set_duration_seconds(profile.get("duration_seconds").and_then(|seconds| seconds.trim().parse().ok()))
        .serial_number(serial)
        .token_code(code);
    let answer = call.send().await.map_err(|error| chain(&error))?;
    let credentials = answer.credentials.ok_or("AWS's answer has no credentials")?;
    let expiry = SystemTime::try_from(credentials.expiration).ok();
    let (key, secret, token) = (credentials.access_key_id, credentials.secret_access_key, credentials.session_token);
    Ok(Credentials::new(key, secret, Some(token), expiry, "AssumeRoleWithMfa"))
}

/// Asks at the terminal, whatever the standard streams are used for.
async fn code(name: &str, serial: &str) -> Result<String, CollectError> {
    let prompt = format!("MFA code of {} for profile {}: ", crate::output::clean(serial), crate::output::clean(name));
    let asked = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await;
    let nobody = || {
        CollectError::Mfa(format!(
            "profile {name:?} asks for a code of {serial}, and there is no terminal to ask for it at"
        ))
    };
    let code = asked.map_err(|_| nobody())?.map_err(|_| nobody())?;
    let code = code.trim().to_owned();
    if code.is_empty() {
        return Err(CollectError::Mfa(format!("profile {name:?} asks for a code of {serial}, and none was given")));
    }
    Ok(code)
}
