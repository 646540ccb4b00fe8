//! How the AWS SDK is set up: who calls, through which HTTP client, with which patience.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_ec2::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, proxy::ProxyConfig};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::os_shim_internal::{Env, Fs};

use super::budget::Budget;
use super::calls::{CallMeter, Counter};
use super::error::{CollectError, chain};
use super::mfa;
use super::pace::Pace;
use crate::model::RegionName;

/// Eight attempts, each after a random part of 0.25 s, 0.5 s, 1 s … 4 s: 16 s at most, in which EC2's token bucket
/// regains 300 calls. Never adaptive: that mode answers one throttled call with 20 s of silence.
#[must_use]
pub fn retry_config() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(8)
        .with_initial_backoff(Duration::from_millis(250))
        .with_max_backoff(Duration::from_secs(4))
}

/// No call takes longer than a minute, retries included.
#[must_use]
pub fn timeout_config() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(20))
        .operation_attempt_timeout(Duration::from_secs(30))
        .operation_timeout(Duration::from_mins(1))
        .build()
}

/// Sets the SDK up from its default chain: environment, shared files, SSO, container and instance roles.
///
/// # Errors
/// When the profile does not exist, the shared files cannot be read, or the endpoint is no URL.
pub async fn load_config(profile: Option<&str>, endpoint_url: Option<&str>) -> Result<SdkConfig, CollectError> {
    if let Some(name) = profile {
        require_profile(name).await?;
    }
    let config = load_chain(profile, endpoint_url).await?;
    // Keys in the environment win over a profile that is only named there.
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let named = || set("AWS_PROFILE").filter(|_| set("AWS_ACCESS_KEY_ID").is_none());
    let Some(name) = profile.map(str::to_owned).or_else(named) else { return Ok(config) };
    match mfa::credentials(&profiles(&name).await?, &name, &config).await? {
        Some(credentials) => {
            let credentials = SharedCredentialsProvider::new(credentials);
            Ok(config.to_builder().credentials_provider(credentials).build())
        }
        None => Ok(config),
    }
}

async fn load_chain(profile: Option<&str>, endpoint_url: Option<&str>) -> Result<SdkConfig, CollectError> {
    let http = http_client();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .retry_config(retry_config())
        .timeout_config(timeout_config());
    if let Ok(name) = AppName::new("natwise") {
        loader = loader.app_name(name);
    }
    if let Some(url) = endpoint_url {
        let known = url.starts_with("http://") || url.starts_with("https://");
        if !known || url.contains(char::is_whitespace) {
            return Err(CollectError::Endpoint(url.to_owned()));
        }
        loader = loader.endpoint_url(url);
    }
    let Some(name) = profile else { return Ok(loader.load().await) };
    let config = loader.profile_name(name).load().await;
    // The SDK's chain would prefer keys from the environment even to a profile named outright, and so audit another
    // account than the one that was asked for.
    let context = ProviderConfig::without_region().with_http_client(http).with_region(config.region().cloned());
    let provider = ProfileFileCredentialsProvider::builder().configure(&context).profile_name(name).build();
    Ok(config.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build())
}

#[expect(clippy::default_trait_access, reason = "the type belongs to a crate that is no dependency")]
async fn profiles(name: &str) -> Result<ProfileSet, CollectError> {
    let selected = Some(Cow::Owned(name.to_owned()));
    let profiles = aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), selected).await;
    profiles.map_err(|error| CollectError::Configuration(chain(&error)))
}

async fn require_profile(name: &str) -> Result<(), CollectError> {
    let profiles = profiles(name).await?;
    if profiles.get_profile(name).is_some() {
        return Ok(());
    }
    let mut known: Vec<String> = profiles.profiles().map(str::to_owned).collect();
    known.sort_unstable();
    Err(CollectError::UnknownProfile { name: name.to_owned(), known })
}

/// TLS by ring, and the proxies of the environment, which the SDK's plain builder would ignore.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_with_connector_fn(connector)
}

/// What makes the connections.
pub(super) fn connector(settings: Option<&HttpConnectorSettings>, components: Option<&RuntimeComponents>) -> Connector {
    let mut connector =
        Connector::builder().proxy_config(ProxyConfig::from_env()).tls_provider(Provider::Rustls(CryptoMode::Ring));
    connector.set_connector_settings(settings.cloned());
    if let Some(components) = components {
        connector.set_sleep_impl(components.sleep_impl());
    }
    connector.build()
}

/// Credentials that outlive any scan are resolved once, not by each of its clients.
const LONG_ENOUGH: Duration = Duration::from_mins(30);

/// Gets the credentials before the first call, so that their absence is one clear error.
pub(super) async fn with_credentials(config: &SdkConfig) -> Result<SdkConfig, CollectError> {
    let provider = config.credentials_provider().ok_or(CollectError::NoCredentials)?;
    let credentials = match provider.provide_credentials().await {
        Ok(credentials) => credentials,
        Err(CredentialsError::CredentialsNotLoaded(_)) => {
            if let Ok(name) = std::env::var("AWS_PROFILE") {
                require_profile(&name).await?;
            }
            return Err(CollectError::NoCredentials);
        }
        Err(error) => return Err(CollectError::Credentials(chain(&error))),
    };
    let lasting = credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + LONG_ENOUGH);
    if lasting {
        return Ok(config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build());
    }
    Ok(config.clone())
}

/// Only the account's number is at stake, and a network may well let EC2 through but not STS.
const STS_TIMEOUT: Duration = Duration::from_secs(15);

/// The SDK's own bucket of retries is shared by the whole process and holds 100: a busy Region would use up everybody's.
/// Attempts and time are bounded instead.
pub(super) fn retry_partition(name: &str) -> RetryPartition {
    let bucket = TokenBucket::builder().capacity(100_000).build();
    RetryPartition::custom(format!("natwise {name}")).token_bucket(bucket).build()
}

/// The clients of one Region.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) region: RegionName,
    pub(super) counter: Arc<Counter>,
    pub(super) pace: Arc<Pace>,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) sts: aws_sdk_sts::Client,
}

impl Clients {
    pub(super) fn new(config: &SdkConfig, region: &RegionName, counter: &Arc<Counter>, budget: &Budget) -> Self {
        let pace = Arc::new(Pace::new());
        let meter = CallMeter { region: region.to_string(), counter: Arc::clone(counter), pace: Arc::clone(&pace) };
        let in_region = Region::new(region.to_string());
        let partition = retry_partition(region.as_str());
        let http = config.http_client().unwrap_or_else(http_client);
        let client = |service: &str| budget.client(http.clone(), format!("{service} {region}"));
        let ec2 = aws_sdk_ec2::config::Builder::from(config)
            .region(in_region.clone())
            .http_client(client("ec2"))
            .retry_partition(partition.clone())
            .interceptor(meter.clone());
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(config)
            .region(in_region.clone())
            .http_client(client("cloudwatch"))
            .retry_partition(partition.clone())
            .interceptor(meter.clone());
        let patience = config.timeout_config().cloned().unwrap_or_else(timeout_config);
        let sts = aws_sdk_sts::config::Builder::from(config)
            .region(in_region)
            .http_client(client("sts"))
            .retry_partition(partition)
            .timeout_config(patience.to_builder().operation_timeout(STS_TIMEOUT).build())
            .interceptor(meter);
        Self {
            region: region.clone(),
            counter: Arc::clone(counter),
            pace,
            ec2: aws_sdk_ec2::Client::from_conf(ec2.build()),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
        }
    }
}
