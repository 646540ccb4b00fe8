//! Which metrics are asked for, by which dimensions, in how many calls.

use std::collections::BTreeSet;

use natwise::model::{Usd, Window};
use rust_decimal::Decimal;

use super::{START, busy, collect, collect_with, gaps, only_region, options};
use crate::fake_aws::world::el;
use crate::fake_aws::{FakeAws, Region, World};

/// The dimensions that metrics were asked for by, as `name=value` pairs.
fn asked(aws: &FakeAws) -> BTreeSet<String> {
    let queries = aws.requests_for("us-east-1", "GetMetricData").into_iter().flat_map(|it| it.queries);
    queries
        .map(|query| {
            query.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[tokio::test]
async fn a_regional_gateway_is_asked_for_by_zone() {
    let points = [(START + 7200, 5.0)];
    let region = Region::default()
        .vpc("vpc-1", &[])
        .regional_nat_gateway("nat-r", "vpc-1", &["us-east-1a"])
        .nat_metrics(&[("NatGatewayId", "nat-r"), ("AvailabilityZone", "us-east-1a")], &points)
        .nat_metrics(&[("NatGatewayId", "nat-r"), ("AvailabilityZone", "us-east-1b")], &points);
    let (aws, collected) = collect(World::new("us-east-1", region)).await;
    let pairs = ["AvailabilityZone=us-east-1a NatGatewayId=nat-r", "AvailabilityZone=us-east-1b NatGatewayId=nat-r"];
    assert_eq!(asked(&aws), pairs.map(String::from).into());
    let metrics = only_region(collected).metrics.nat_gateways;
    let zones: Vec<_> = metrics.iter().map(|it| it.availability_zone.as_deref()).collect();
    assert_eq!(zones, [Some("us-east-1a"), Some("us-east-1b")]);
    assert_eq!(metrics[0].bytes_out_to_source.first_hour(), Some(2));
}

#[tokio::test]
async fn what_only_its_metrics_remember_is_kept_if_it_has_any() {
    let deleted = el("state", "deleted") + &el("deleteTime", "2026-09-01T00:00:00.000Z");
    let region = busy()
        .nat_metrics(&[("NatGatewayId", "nat-gone")], &[(START, 9.0)])
        .nat_metrics(&[("NatGatewayId", "nat-long-gone")], &[(START - 3600, 9.0)])
        .nat_metrics(&[("NatGatewayId", "nat-september")], &[(START - 7200, 9.0)])
        .gateway("nat-september", "vpc-1", deleted)
        .gateway("nat-failed", "vpc-1", el("state", "failed"));
    let (aws, collected) = collect(World::new("us-east-1", region)).await;
    let metrics = only_region(collected).metrics;
    let ids: Vec<_> = metrics.nat_gateways.iter().map(|it| it.nat_gateway_id.as_str()).collect();
    assert_eq!(ids, ["nat-1", "nat-gone"]);
    assert!(!asked(&aws).iter().any(|it| it.contains("nat-september") || it.contains("nat-failed")));
    // The endpoint was silent, which is something else than not asked for.
    assert_eq!(metrics.endpoints.len(), 1);
    assert!(metrics.endpoints[0].bytes_processed.is_empty());
}

#[tokio::test]
async fn an_endpoint_is_counted_whole_or_by_subnet_but_never_twice() {
    let dimensions = |id: &'static str| {
        [("Endpoint Type", "Interface"), ("Service Name", "s"), ("VPC Endpoint Id", id), ("VPC Id", "vpc-1")]
    };
    let with_subnet = |id, subnet| [&dimensions(id)[..], &[("Subnet Id", subnet)]].concat();
    let add = |region: Region, dimensions: &[(&str, &str)]| {
        region.metric("AWS/PrivateLinkEndpoints", "BytesProcessed", dimensions, [(START, 10.0)])
    };
    let mut region = Region::default().interface_endpoint("vpce-both", "vpc-1", "s", "sg-1").interface_endpoint(
        "vpce-subnets",
        "vpc-1",
        "s",
        "sg-1",
    );
    for set in [
        dimensions("vpce-both").to_vec(),
        with_subnet("vpce-both", "subnet-1"),
        with_subnet("vpce-subnets", "subnet-1"),
        with_subnet("vpce-subnets", "subnet-2"),
        dimensions("vpce-gone").to_vec(),
    ] {
        region = add(region, &set);
    }
    let (_, collected) = collect(World::new("us-east-1", region)).await;
    let metrics = only_region(collected).metrics.endpoints;
    let entries: Vec<_> = metrics
        .iter()
        .map(|it| (it.vpc_endpoint_id.as_str(), it.subnet_id.as_ref().map(|it| it.as_str()), it.bytes_processed.sum()))
        .collect();
    assert_eq!(
        entries,
        [
            ("vpce-both", None, Some(10)),
            ("vpce-gone", None, Some(10)),
            ("vpce-subnets", Some("subnet-1"), Some(10)),
            ("vpce-subnets", Some("subnet-2"), Some(10)),
        ]
    );
}

#[tokio::test]
async fn calls_stay_within_both_limits() {
    let region = || {
        (0..130).fold(Region::default().vpc("vpc-1", &[]), |region, index| {
            let id = format!("nat-{index:03}");
            let points = [(START, f64::from(index))];
            region.nat_gateway(&id, "vpc-1").nat_metrics(&[("NatGatewayId", &id)], &points)
        })
    };
    // 744 hours allow 135 series a call; a day would allow 4,200, but 500 is the limit.
    let day = Window::new(super::october().start(), "2026-10-02T00:00:00Z".parse().unwrap()).unwrap();
    for (window, calls) in [(super::october(), 5), (day, 2)] {
        let world = World::new("us-east-1", region());
        let options = natwise::aws::CollectOptions { window, ..options(&["us-east-1"]) };
        let (aws, collected) = collect_with(world, &options).await;
        assert_eq!(collected.as_ref().unwrap().calls[0].calls.metrics_requested, 650);
        assert_eq!(collected.as_ref().unwrap().calls[0].calls.metrics_cost(), Usd(Decimal::new(65, 4)));
        let scan = only_region(collected);
        assert_eq!(gaps(&scan), []);
        let sums: Vec<_> = scan.metrics.nat_gateways.iter().map(|it| it.bytes_in_from_source.sum()).collect();
        assert_eq!(sums, (0..130).map(Some).collect::<Vec<_>>());
        assert_eq!(aws.requests_for("us-east-1", "GetMetricData").len(), calls);
    }
}
