//! The collector against the fake AWS: what is asked, what is kept, and what becomes a gap.

mod faults;
mod rounds;
mod series;

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use natwise::aws::{CollectError, CollectOptions, Collected, collect_from, http_client, retry_config, timeout_config};
use natwise::model::{Gap, RegionScan, Window};

use crate::fake_aws::world::route;
use crate::fake_aws::{FakeAws, Region, World};

/// The first hour of the window.
const START: i64 = 1_790_812_800;

fn october() -> Window {
    Window::new("2026-10-01T00:00:00Z".parse().unwrap(), "2026-11-01T00:00:00Z".parse().unwrap()).unwrap()
}

/// The collector's own set-up, but for credentials that need no environment and a shorter wait between attempts.
fn config(aws: &FakeAws) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test")))
        .http_client(http_client())
        .retry_config(retry_config().with_initial_backoff(Duration::from_millis(5)))
        .timeout_config(timeout_config())
        .endpoint_url(aws.url())
        .build()
}

fn options(regions: &[&str]) -> CollectOptions {
    CollectOptions { regions: regions.iter().map(|it| (*it).into()).collect(), ..CollectOptions::new(october()) }
}

/// Collects one Region, `us-east-1`.
async fn collect(world: World) -> (FakeAws, Result<Collected, CollectError>) {
    collect_with(world, &options(&["us-east-1"])).await
}

async fn collect_with(world: World, options: &CollectOptions) -> (FakeAws, Result<Collected, CollectError>) {
    let aws = FakeAws::start(world);
    let collected = collect_from(&config(&aws), options, Arc::new(|_| ())).await;
    (aws, collected)
}

/// The one Region's part and its gaps.
fn only_region(collected: Result<Collected, CollectError>) -> RegionScan {
    let mut regions = collected.unwrap().snapshot.regions;
    assert_eq!(regions.len(), 1);
    regions.remove(0)
}

fn gaps(scan: &RegionScan) -> Vec<(&str, &str)> {
    scan.gaps.iter().map(|Gap { operation, code, .. }| (operation.as_str(), code.as_str())).collect()
}

/// A VPC behind a zonal gateway, with an interface endpoint: something for every round-two call but transit ones.
fn busy() -> Region {
    Region::default()
        .vpc("vpc-1", &[&route("0.0.0.0/0", "natGatewayId", "nat-1")])
        .nat_gateway("nat-1", "vpc-1")
        .interface_endpoint("vpce-1", "vpc-1", "com.amazonaws.us-east-1.sqs", "sg-1")
        .security_group("sg-1")
        .security_group("sg-other")
        .prefix_list("pl-s3", "com.amazonaws.us-east-1.s3", &["192.0.2.0/24"])
        .prefix_list("pl-other", "com.amazonaws.us-east-1.vpc-lattice", &["198.51.100.0/24"])
        .nat_metrics(&[("NatGatewayId", "nat-1")], &[(START, 100.0), (START + 3600, 20.0)])
}
