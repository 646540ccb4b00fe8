//! A scan that takes over what an earlier one has read: the same snapshot, for a part of the datapoints.

use std::sync::Arc;

use natwise::aws::{CollectOptions, Collected, Earlier, collect as collect_all};
use natwise::model::{AccountId, Gap, RegionName, Snapshot, Window};

use super::{START, busy, collect_with, config, gaps, options};
use crate::fake_aws::world::ACCOUNT;
use crate::fake_aws::{FakeAws, Fault, Region, World};

struct Before(Snapshot);

impl Earlier for Before {
    fn is_current(&self, _: &AccountId, _: &RegionName) -> bool {
        false
    }

    fn previous(&self, account_id: &AccountId, region: &RegionName) -> Option<Snapshot> {
        assert_eq!((account_id.as_str(), region.as_str()), (ACCOUNT, "us-east-1"));
        Some(self.0.clone())
    }
}

/// From one hour of October to another; before and after it too.
fn window(start: i64, end: i64) -> Window {
    let at = |hour: i64| jiff::Timestamp::from_second(START + 3600 * hour).unwrap();
    Window::new(at(start), at(end)).unwrap()
}

/// A gateway that is always busy, a silent one, a regional one, one that only its metrics remember, and two endpoints.
fn world() -> Region {
    let point = |hour: i32| (START + 3600 * i64::from(hour), f64::from(hour + 300));
    let points = |step: usize| (-200..900).step_by(step).map(point).collect::<Vec<_>>();
    let endpoint = [
        ("Endpoint Type", "Interface"),
        ("Service Name", "com.amazonaws.us-east-1.sqs"),
        ("VPC Endpoint Id", "vpce-1"),
        ("VPC Id", "vpc-1"),
    ];
    busy()
        .nat_metrics(&[("NatGatewayId", "nat-1")], &points(1))
        .nat_gateway("nat-silent", "vpc-1")
        .regional_nat_gateway("nat-r", "vpc-1", &["us-east-1a"])
        .nat_metrics(&[("NatGatewayId", "nat-r"), ("AvailabilityZone", "us-east-1a")], &points(7))
        .nat_metrics(&[("NatGatewayId", "nat-gone")], &points(31))
        .interface_endpoint("vpce-silent", "vpc-1", "com.amazonaws.us-east-1.logs", "sg-1")
        .metric("AWS/PrivateLinkEndpoints", "BytesProcessed", &endpoint, points(3))
}

/// Every series of that world: five of each gateway, one of each endpoint.
const SERIES: i64 = 4 * 5 + 2;

async fn full(region: Region, window: Window) -> Collected {
    let (_, collected) = collect_with(World::new("us-east-1", region), &of(window)).await;
    collected.unwrap()
}

async fn since(earlier: Snapshot, region: Region, window: Window) -> (FakeAws, Collected) {
    let aws = FakeAws::start(World::new("us-east-1", region));
    let before: Arc<dyn Earlier> = Arc::new(Before(earlier));
    let collected = collect_all(vec![config(&aws)], &of(window), Arc::new(|_| ()), Some(before)).await;
    (aws, collected.unwrap())
}

fn of(window: Window) -> CollectOptions {
    CollectOptions { window, ..options(&["us-east-1"]) }
}

/// Datapoints that CloudWatch was asked for.
fn asked(aws: &FakeAws) -> i64 {
    let requests = aws.requests_for("us-east-1", "GetMetricData");
    requests.iter().flat_map(|request| &request.queries).map(|query| query.hours).sum()
}

fn json(collected: &Collected) -> String {
    serde_json::to_string(&collected.snapshot).unwrap()
}

#[tokio::test]
async fn the_snapshot_is_a_full_scans_and_only_new_hours_are_asked_for() {
    // The earlier window, the new one, and how many of its hours are asked for: the last three of the earlier ones are.
    for (earlier, new, hours) in [
        ((0, 720), (24, 744), 27),
        ((0, 744), (0, 744), 3),
        ((0, 744), (100, 700), 0),
        ((48, 400), (0, 744), 48 + 347),
        ((-100, 900), (0, 744), 0),
        ((-700, 3), (0, 744), 744),
        ((-700, 4), (0, 744), 743),
        ((744, 800), (0, 744), 744),
    ] {
        let before = full(world(), window(earlier.0, earlier.1)).await.snapshot;
        let expected = full(world(), window(new.0, new.1)).await;
        let (aws, collected) = since(before, world(), window(new.0, new.1)).await;
        assert_eq!(json(&collected), json(&expected), "{earlier:?} {new:?}");
        assert_eq!(asked(&aws), SERIES * hours, "{earlier:?} {new:?}");
        let reused = u64::try_from(SERIES * (new.1 - new.0 - hours)).unwrap();
        assert_eq!(collected.calls.iter().map(|account| account.calls.hours_reused).sum::<u64>(), reused);
    }
}

#[tokio::test]
async fn fewer_datapoints_are_fewer_calls() {
    let many = || {
        (0..130).fold(Region::default().vpc("vpc-1", &[]), |region, index| {
            let id = format!("nat-{index:03}");
            region.nat_gateway(&id, "vpc-1").nat_metrics(&[("NatGatewayId", &id)], &[(START + 3600 * 500, 1.0)])
        })
    };
    let before = full(many(), window(0, 720)).await.snapshot;
    let (aws, collected) = since(before.clone(), many(), window(24, 744)).await;
    // 650 series: 500 a call, and not the 140 that 720 hours allow.
    assert_eq!(aws.requests_for("us-east-1", "GetMetricData").len(), 2);
    assert_eq!(json(&collected), json(&full(many(), window(24, 744)).await));
    let (aws, collected) = since(before, many(), window(24, 717)).await;
    assert!(aws.requests_for("us-east-1", "GetMetricData").is_empty());
    assert_eq!(json(&collected), json(&full(many(), window(24, 717)).await));
}

#[tokio::test]
async fn what_is_new_is_asked_for_in_full() {
    let before = full(world(), window(0, 720)).await.snapshot;
    let more = || {
        world().nat_gateway("nat-new", "vpc-1").nat_metrics(&[("NatGatewayId", "nat-new")], &[(START + 90_000, 4.0)])
    };
    let (aws, collected) = since(before, more(), window(24, 744)).await;
    assert_eq!(json(&collected), json(&full(more(), window(24, 744)).await));
    assert_eq!(asked(&aws), SERIES * 27 + 5 * 720);
    let calls = aws.requests_for("us-east-1", "GetMetricData");
    assert_eq!(calls.len(), 2, "one for each span");
}

#[tokio::test]
async fn after_a_failed_call_everything_is_asked_for() {
    let mut before = full(world(), window(0, 720)).await.snapshot;
    before.regions[0].gaps.push(Gap {
        account_id: None,
        region: None,
        operation: "GetMetricData".into(),
        code: "Timeout".into(),
        message: String::new(),
        iam_action: None,
    });
    let (aws, collected) = since(before, world(), window(24, 744)).await;
    assert_eq!(json(&collected), json(&full(world(), window(24, 744)).await));
    assert_eq!(asked(&aws), SERIES * 720);
}

#[tokio::test]
async fn a_new_hour_that_is_not_answered_leaves_the_series_out() {
    let before = full(world(), window(0, 720)).await.snapshot;
    let refused = Fault::error(400, "AccessDenied").on("GetMetricData");
    let aws = FakeAws::start(World::new("us-east-1", world()).fault(refused));
    let before: Arc<dyn Earlier> = Arc::new(Before(before));
    let collected =
        collect_all(vec![config(&aws)], &of(window(24, 744)), Arc::new(|_| ()), Some(before)).await.unwrap();
    let scan = &collected.snapshot.regions[0];
    assert_eq!(gaps(scan), [("GetMetricData", "AccessDenied")]);
    assert!(scan.metrics.nat_gateways.is_empty() && scan.metrics.endpoints.is_empty());
}
