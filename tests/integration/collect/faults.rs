//! What goes wrong becomes a gap, and nothing else is lost for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::{Region as SdkRegion, SdkConfig};
use natwise::aws::{CollectError, collect_from, load_config, timeout_config};

use super::rounds::transit;
use super::{busy, collect, collect_with, config, gaps, only_region, options};
use crate::fake_aws::world::{ACCOUNT, el, route};
use crate::fake_aws::{Failure, FakeAws, Fault, Region, World};

fn world(fault: Fault) -> World {
    World::new("us-east-1", busy()).fault(fault)
}

#[tokio::test]
async fn a_refused_call_names_its_action_and_the_rest_is_complete() {
    let (aws, collected) = collect(world(Fault::refused().on("DescribeVpcEndpoints"))).await;
    let scan = only_region(collected);
    let [gap] = scan.gaps.as_slice() else { panic!("one gap: {:?}", scan.gaps) };
    assert_eq!(gap.iam_action.as_deref(), Some("ec2:DescribeVpcEndpoints"));
    assert_eq!(gap.region.as_ref().map(|it| it.as_str()), Some("us-east-1"));
    assert_eq!(gap.account_id.as_ref().map(|it| it.as_str()), Some(ACCOUNT));
    assert_eq!(gap.message, "scripted UnauthorizedOperation");
    assert_eq!((scan.nat_gateways.len(), scan.vpcs.len(), scan.metrics.nat_gateways.len()), (1, 1, 1));
    assert_eq!(aws.requests_for("us-east-1", "DescribeVpcEndpoints").len(), 1, "refusals are not retried");
}

#[tokio::test]
async fn a_throttled_call_is_retried() {
    let (aws, collected) = collect(world(Fault::throttled().on("DescribeNatGateways").times(4))).await;
    let calls = collected.as_ref().unwrap().calls[0].calls.operations["DescribeNatGateways"];
    assert_eq!((calls.calls, calls.attempts, calls.retries(), calls.throttles), (1, 5, 4, 4));
    assert_eq!(gaps(&only_region(collected)), []);
    let attempts: Vec<_> = aws.requests_for("us-east-1", "DescribeNatGateways").iter().map(|it| it.attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn throttled_metrics_count_as_throttles_too() {
    let fault = Fault::error(400, "Throttling").on("GetMetricData").times(2);
    let (_, collected) = collect(world(fault)).await;
    assert_eq!(collected.as_ref().unwrap().calls[0].calls.operations["GetMetricData"].throttles, 2);
    assert_eq!(gaps(&only_region(collected)), []);
}

#[tokio::test]
async fn many_calls_throttled_at_once_are_all_made_good() {
    let ids: Vec<String> = (0..150).map(|index| format!("pl-{index:03}")).collect();
    let routes: Vec<String> = ids.iter().map(|id| route(id, "networkInterfaceId", "eni-1")).collect();
    let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
    let region = ids.iter().fold(busy().vpc("vpc-2", &routes), |region, id| {
        region.with("GetManagedPrefixListEntries", &[("PrefixListId", id)], el("cidr", "192.168.0.0/24"))
    });
    let fault = Fault::throttled().on("GetManagedPrefixListEntries").on_first_attempts();
    let (_, collected) = collect(World::new("us-east-1", region).fault(fault)).await;
    assert_eq!(collected.as_ref().unwrap().calls[0].calls.operations["GetManagedPrefixListEntries"].throttles, 150);
    let scan = only_region(collected);
    assert_eq!(gaps(&scan), []);
    assert_eq!(scan.prefix_lists.iter().filter(|list| list.cidrs.len() == 1).count(), 151);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_a_gap() {
    let aws = FakeAws::start(world(Fault::new(Failure::Delay(Duration::from_secs(20))).on("DescribeSubnets")));
    let timeouts = timeout_config().to_builder().operation_timeout(Duration::from_secs(2)).build();
    let config = config(&aws).to_builder().timeout_config(timeouts).build();
    let collected = collect_from(&config, &options(&["us-east-1"]), Arc::new(|_| ())).await;
    assert_eq!(gaps(&only_region(collected)), [("DescribeSubnets", "Timeout")]);
}

#[tokio::test]
async fn nobody_there_is_said_once() {
    let aws = FakeAws::start(World::new("us-east-1", busy()));
    let config = config(&aws);
    drop(aws);
    let collected = collect_from(&config, &options(&["us-east-1", "eu-west-1"]), Arc::new(|_| ())).await;
    let Err(CollectError::NothingRead(gaps)) = collected else { panic!("{collected:?}") };
    assert_eq!(gaps.len(), 3, "STS and each Region: {gaps:?}");
    let text = CollectError::NothingRead(gaps).to_string();
    assert_eq!(text.matches("Unreachable").count(), 1, "{text}");
}

#[tokio::test]
async fn no_region_and_no_credentials_say_what_to_do() {
    let aws = FakeAws::start(World::new("us-east-1", busy()));
    let nowhere = config(&aws).to_builder().region(None).build();
    let collected = collect_from(&nowhere, &options(&[]), Arc::new(|_| ())).await;
    assert!(matches!(collected, Err(CollectError::NoRegion)), "{collected:?}");
    let nobody = SdkConfig::builder().region(SdkRegion::new("us-east-1")).build();
    let collected = collect_from(&nobody, &options(&[]), Arc::new(|_| ())).await;
    assert!(matches!(collected, Err(CollectError::NoCredentials)), "{collected:?}");
    let unknown = load_config(Some("no such profile"), None).await;
    assert!(matches!(unknown, Err(CollectError::UnknownProfile { .. })), "{unknown:?}");
    assert!(aws.requests().is_empty());
}

#[tokio::test]
async fn faults_to_the_end_are_gaps_in_bounded_time() {
    let faults = [
        (Fault::throttled(), "RequestLimitExceeded", 8),
        (Fault::error(500, "InternalError"), "InternalError", 8),
        (Fault::new(Failure::Status(502)), "Http502", 8),
        (Fault::new(Failure::HalfBody), "InvalidResponse", 8),
        (Fault::new(Failure::Reset), "Unreachable", 8),
        (Fault::new(Failure::Malformed), "InvalidResponse", 1),
    ];
    for (fault, code, attempts) in faults {
        let started = Instant::now();
        let (aws, collected) = collect(world(fault.on("DescribeSubnets"))).await;
        let scan = only_region(collected);
        assert_eq!(gaps(&scan), [("DescribeSubnets", code)], "{:?}", scan.gaps);
        assert!(!scan.gaps[0].message.is_empty());
        assert_eq!((scan.subnets.len(), scan.vpcs.len()), (0, 1));
        assert_eq!(aws.requests_for("us-east-1", "DescribeSubnets").len(), attempts, "{code}");
        assert!(started.elapsed() < Duration::from_secs(10), "{code} took {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn metrics_that_do_not_come_are_unknown_not_silent() {
    for failure in [Failure::Malformed, Failure::HalfBody, Failure::Status(500)] {
        let (_, collected) = collect(world(Fault::new(failure).on("GetMetricData"))).await;
        let scan = only_region(collected);
        assert_eq!(gaps(&scan).len(), 1, "{:?}", scan.gaps);
        assert!(scan.metrics.nat_gateways.is_empty() && scan.metrics.endpoints.is_empty());
    }
}

#[tokio::test]
async fn pages_before_a_failed_one_are_kept() {
    let region = (2..8).fold(busy(), |region, index| region.nat_gateway(&format!("nat-{index}"), "vpc-1"));
    let fault = Fault::refused().on("DescribeNatGateways").on_later_pages();
    let (_, collected) = collect(World::new("us-east-1", region).page_size(3).fault(fault)).await;
    let scan = only_region(collected);
    assert_eq!(scan.nat_gateways.len(), 3);
    assert_eq!(gaps(&scan), [("DescribeNatGateways", "UnauthorizedOperation")]);
}

#[tokio::test]
async fn a_page_token_that_comes_again_is_a_gap_and_no_hang() {
    let (aws, collected) =
        collect(world(Fault::new(Failure::Insert("<nextToken>again</nextToken>")).on("DescribeVpcs"))).await;
    let scan = only_region(collected);
    assert_eq!(gaps(&scan), [("DescribeVpcs", "RepeatedPageToken")]);
    assert_eq!(aws.requests_for("us-east-1", "DescribeVpcs").len(), 2);
}

#[tokio::test]
async fn a_region_that_is_off_is_one_gap() {
    let (_, collected) = collect_with(World::new("us-east-1", busy()), &options(&["us-east-1", "ap-east-1"])).await;
    let regions = collected.unwrap().snapshot.regions;
    assert_eq!(gaps(&regions[0]), [("DescribeNatGateways", "AuthFailure")]);
    assert!(regions[0].gaps[0].message.starts_with("ap-east-1 is probably not enabled"));
    assert_eq!(gaps(&regions[1]), []);
}

#[tokio::test]
async fn an_unknown_caller_is_told_by_who_owns_things() {
    let (_, collected) = collect(world(Fault::error(403, "AccessDenied").on("GetCallerIdentity"))).await;
    let scan = only_region(collected);
    assert_eq!(gaps(&scan), [("GetCallerIdentity", "AccessDenied")]);
    assert_eq!(scan.gaps[0].iam_action.as_deref(), Some("sts:GetCallerIdentity"));
    assert_eq!(scan.account_id.as_str(), ACCOUNT);
}

#[tokio::test]
async fn regions_that_cannot_be_listed_leave_the_configured_one() {
    let options = natwise::aws::CollectOptions { all_regions: true, ..options(&[]) };
    let (_, collected) = collect_with(world(Fault::refused().on("DescribeRegions")), &options).await;
    let scan = only_region(collected);
    assert_eq!(scan.region.as_str(), "us-east-1");
    assert_eq!(gaps(&scan), [("DescribeRegions", "UnauthorizedOperation")]);
    assert_eq!(scan.gaps[0].iam_action.as_deref(), Some("ec2:DescribeRegions"));
}

#[tokio::test]
async fn when_every_call_is_refused_there_is_nothing_to_show() {
    let (_, collected) = collect(world(Fault::refused())).await;
    let Err(CollectError::NothingRead(gaps)) = collected else { panic!("{collected:?}") };
    let text = CollectError::NothingRead(gaps).to_string();
    for part in ["UnauthorizedOperation", "ec2:DescribeNatGateways", "cloudwatch:ListMetrics"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn credentials_that_are_no_good_are_one_clear_error() {
    let (_, collected) = collect(world(Fault::error(400, "ExpiredToken"))).await;
    assert!(matches!(collected, Err(CollectError::ExpiredCredentials { .. })), "{collected:?}");
    let (_, collected) = collect(world(Fault::error(403, "InvalidClientTokenId"))).await;
    assert!(matches!(collected, Err(CollectError::InvalidCredentials { .. })), "{collected:?}");
    let (_, collected) = collect(world(Fault::error(401, "AuthFailure").in_region("us-east-1"))).await;
    assert!(matches!(collected, Err(CollectError::InvalidCredentials { .. })), "{collected:?}");
}

#[tokio::test]
async fn a_transit_gateway_that_cannot_be_seen_is_a_gap() {
    let region = Region::default().vpc("vpc-1", &[&route("0.0.0.0/0", "transitGatewayId", "tgw-1")]);
    let fault = Fault::refused().on("DescribeTransitGatewayAttachments");
    let (aws, collected) = collect(World::new("us-east-1", region).fault(fault)).await;
    assert_eq!(gaps(&only_region(collected)), [("DescribeTransitGatewayAttachments", "UnauthorizedOperation")]);
    assert!(!aws.operations("us-east-1").contains(&"SearchTransitGatewayRoutes".to_owned()));
}

#[tokio::test]
async fn a_search_with_more_routes_than_it_returns_is_a_gap() {
    let fault = Fault::new(Failure::Insert("<additionalRoutesAvailable>true</additionalRoutesAvailable>"));
    let world = World::new("us-east-1", transit()).fault(fault.on("SearchTransitGatewayRoutes"));
    let (_, collected) = collect(world).await;
    let scan = only_region(collected);
    assert_eq!(gaps(&scan), [("SearchTransitGatewayRoutes", "AdditionalRoutesAvailable")]);
    assert_eq!(scan.transit_gateway_route_tables[0].routes.len(), 1);
}
