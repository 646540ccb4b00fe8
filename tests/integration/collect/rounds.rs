//! Which calls are made, and when.

use std::time::Duration;

use super::{START, busy, collect, collect_with, gaps, only_region, options};
use crate::fake_aws::world::{ACCOUNT, el, items, route};
use crate::fake_aws::{FakeAws, Region, Request, World};

const FIRST_ROUND: [&str; 4] = ["DescribeNatGateways", "DescribeRouteTables", "DescribeVpcEndpoints", "ListMetrics"];

#[tokio::test]
async fn everything_is_read_across_pages() {
    let mut region = busy();
    for index in 2..8 {
        region = region
            .vpc(&format!("vpc-{index}"), &[&route("0.0.0.0/0", "natGatewayId", "nat-1")])
            .nat_gateway(&format!("nat-{index}"), &format!("vpc-{index}"))
            .nat_metrics(&[("NatGatewayId", &format!("nat-{index}"))], &[(START, 7.0)]);
    }
    let (aws, collected) = collect(World::new("us-east-1", region).page_size(2).points_page(1)).await;
    let calls = collected.as_ref().unwrap().calls[0].calls.clone();
    let scan = only_region(collected);
    assert_eq!(gaps(&scan), []);
    let sizes = [scan.nat_gateways.len(), scan.vpcs.len(), scan.subnets.len(), scan.route_tables.len()];
    assert_eq!(sizes, [7, 7, 7, 7]);
    assert!(scan.nat_gateways.is_sorted_by_key(|it| it.nat_gateway_id.clone()));
    assert_eq!(scan.account_id.as_str(), ACCOUNT);
    assert_eq!(aws.requests_for("us-east-1", "DescribeNatGateways").len(), 4);
    assert_eq!(calls.operations["DescribeNatGateways"].calls, 4);
    assert_eq!(calls.total().retries(), 0);
    let metrics = &scan.metrics.nat_gateways[0];
    assert_eq!((metrics.bytes_in_from_source.sum(), metrics.active_connection_count.max()), (Some(120), Some(100)));
    let request = &aws.requests_for("us-east-1", "DescribeRouteTables")[0];
    assert_eq!(request.parameters["MaxResults"], "100");
}

/// Counts the rounds of a scan by when its requests arrive, each answer taking long enough for a busy machine.
async fn rounds(region: Region) -> u128 {
    let delay = Duration::from_millis(800);
    let (aws, collected) = collect(World::new("us-east-1", region).delay(delay)).await;
    assert_eq!(gaps(&only_region(collected)), []);
    let requests = aws.requests();
    let round_of = |request: &Request| (request.arrived - requests[0].arrived).as_millis() / delay.as_millis() + 1;
    for request in &requests {
        let expected = FIRST_ROUND.contains(&&*request.operation) || request.operation == "GetCallerIdentity";
        assert_eq!(round_of(request) == 1, expected, "{}", request.operation);
    }
    requests.iter().map(round_of).max().unwrap()
}

#[tokio::test]
async fn two_rounds_and_one_more_for_a_transit_gateway() {
    assert_eq!(tokio::join!(rounds(busy()), rounds(transit())), (2, 3));
}

#[test]
fn a_profile_wins_over_keys_in_the_environment() {
    let aws = FakeAws::start(World::new("eu-west-1", busy()));
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("config");
    let profile = "[profile audit]\nregion = eu-west-1\naws_access_key_id = OFPROFILE\naws_secret_access_key = s\n";
    std::fs::write(&profiles, profile).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_natwise"))
        .args(["scan", "--profile", "audit", "--endpoint-url", &aws.url(), "-o"])
        .arg(folder.path().join("snapshot.json"))
        .env_clear()
        .env("AWS_CONFIG_FILE", &profiles)
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none"))
        .envs([("AWS_ACCESS_KEY_ID", "OFENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", "s")])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(aws.requests().iter().all(|it| it.access_key == "OFPROFILE" && it.region == "eu-west-1"));
}

#[tokio::test]
async fn a_quiet_region_is_asked_no_more_than_whether_it_is() {
    let quiet = Region::default().vpc("vpc-1", &[&route("0.0.0.0/0", "gatewayId", "igw-1")]);
    let world = World::new("us-east-1", busy()).region("eu-west-1", quiet);
    let (aws, collected) = collect_with(world, &options(&["us-east-1", "eu-west-1"])).await;
    assert_eq!(aws.operations("eu-west-1"), FIRST_ROUND);
    assert_eq!(
        aws.operations("us-east-1"),
        [
            "DescribeAvailabilityZones",
            "DescribeFlowLogs",
            "DescribeNatGateways",
            "DescribePrefixLists",
            "DescribeRouteTables",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
            "GetCallerIdentity",
            "GetMetricData",
            "ListMetrics",
        ]
    );
    let snapshot = collected.unwrap().snapshot;
    let [quiet, busy] = snapshot.regions.as_slice() else { panic!("two Regions") };
    assert_eq!((quiet.region.as_str(), quiet.route_tables.len()), ("eu-west-1", 1));
    let lists: Vec<_> = busy.prefix_lists.iter().map(|list| (list.name.as_str(), list.cidrs.len())).collect();
    assert_eq!(lists, [("com.amazonaws.us-east-1.s3", 1)]);
    let groups: Vec<_> = busy.security_groups.iter().map(|it| it.security_group_id.as_str()).collect();
    assert_eq!(groups, ["sg-1"]);
}

#[tokio::test]
async fn all_regions_are_those_that_are_enabled() {
    let world = World::new("us-east-1", busy()).region("eu-west-1", Region::default());
    let (_, collected) = collect_with(world, &natwise::aws::CollectOptions { all_regions: true, ..options(&[]) }).await;
    let regions = collected.unwrap().snapshot.regions;
    let names: Vec<_> = regions.iter().map(|it| it.region.as_str()).collect();
    assert_eq!(names, ["eu-west-1", "us-east-1"]);
    assert!(regions.iter().all(|it| it.gaps.is_empty()));
}

/// A spoke whose traffic leaves by a transit gateway; a private route to another one matters to nobody.
pub fn transit() -> Region {
    let keys = [("transit-gateway-id", "tgw-1")];
    let ids = el("transitGatewayAttachmentId", "tgw-attach-1") + &el("transitGatewayId", "tgw-1");
    let association = el("association", el("transitGatewayRouteTableId", "tgw-rtb-1"));
    let vpc = el("resourceType", "vpc") + &el("resourceId", "vpc-1") + &el("state", "available");
    let target = items("transitGatewayAttachments", [el("transitGatewayAttachmentId", "tgw-attach-2")]);
    let default = el("destinationCidrBlock", "0.0.0.0/0") + &target + &el("state", "active");
    Region::default()
        .vpc(
            "vpc-1",
            &[
                &route("0.0.0.0/0", "transitGatewayId", "tgw-1"),
                &route("10.0.0.0/8", "transitGatewayId", "tgw-2"),
                &route("pl-office", "networkInterfaceId", "eni-1"),
            ],
        )
        .with("DescribeTransitGatewayAttachments", &keys, ids.clone() + &association + &vpc)
        .with(
            "DescribeTransitGatewayVpcAttachments",
            &keys,
            ids + &el("vpcId", "vpc-1") + &items("subnetIds", ["subnet-vpc-1".to_owned()]),
        )
        .with("SearchTransitGatewayRoutes", &[("TransitGatewayRouteTableId", "tgw-rtb-1")], default)
        .with(
            "DescribeManagedPrefixLists",
            &[("prefix-list-id", "pl-office")],
            el("prefixListId", "pl-office") + &el("prefixListName", "office"),
        )
        .with("GetManagedPrefixListEntries", &[("PrefixListId", "pl-office")], el("cidr", "192.168.7.0/24"))
}

#[tokio::test]
async fn the_way_out_by_a_transit_gateway_is_followed() {
    let (aws, collected) = collect(World::new("us-east-1", transit())).await;
    let scan = only_region(collected);
    let [attachment] = scan.transit_gateway_attachments.as_slice() else { panic!("one attachment") };
    assert_eq!(attachment.subnet_ids.len(), 1);
    let [table] = scan.transit_gateway_route_tables.as_slice() else { panic!("one table") };
    assert_eq!(table.routes[0].attachment_ids[0].as_str(), "tgw-attach-2");
    assert_eq!((scan.prefix_lists[0].name.as_str(), scan.prefix_lists[0].cidrs.len()), ("office", 1));
    let request = &aws.requests_for("us-east-1", "DescribeTransitGatewayAttachments")[0];
    assert!(!request.parameters.values().any(|it| it == "tgw-2"));
}

/// The owner of a transit gateway by which another account's VPC comes to its NAT gateway: only the way back shows that.
fn hub() -> Region {
    let keys = [("transit-gateway-id", "tgw-1")];
    let attachment = |number: u8, vpc: &str| {
        let ids = el("transitGatewayAttachmentId", format!("tgw-attach-{number}")) + &el("transitGatewayId", "tgw-1");
        let table = el("transitGatewayRouteTableId", format!("tgw-rtb-{number}"));
        let of = el("resourceType", "vpc") + &el("resourceId", vpc) + &el("state", "available");
        ids + &el("association", table) + &of
    };
    let target = |number: u8| {
        let ids = el("transitGatewayAttachmentId", format!("tgw-attach-{number}"));
        items("transitGatewayAttachments", [ids]) + &el("state", "active")
    };
    let back = el("destinationCidrBlock", "10.1.0.0/16") + &target(2);
    let out = el("destinationCidrBlock", "0.0.0.0/0") + &target(1);
    busy()
        .vpc("vpc-egress", &[&route("10.0.0.0/8", "transitGatewayId", "tgw-1")])
        .with("DescribeTransitGatewayAttachments", &keys, attachment(1, "vpc-egress"))
        .with("DescribeTransitGatewayAttachments", &keys, attachment(2, "vpc-of-another-account"))
        .with("SearchTransitGatewayRoutes", &[("TransitGatewayRouteTableId", "tgw-rtb-1")], back)
        .with("SearchTransitGatewayRoutes", &[("TransitGatewayRouteTableId", "tgw-rtb-2")], out)
}

#[tokio::test]
async fn where_others_traffic_may_come_from_is_asked_of_the_hub() {
    let (_, collected) = collect(World::new("us-east-1", hub())).await;
    let scan = only_region(collected);
    assert_eq!(gaps(&scan), []);
    let vpcs: Vec<_> = scan.transit_gateway_attachments.iter().filter_map(|it| it.resource_id.as_deref()).collect();
    assert_eq!(vpcs, ["vpc-egress", "vpc-of-another-account"]);
    let [_, table] = scan.transit_gateway_route_tables.as_slice() else { panic!("two tables") };
    assert_eq!(
        (table.route_table_id.as_str(), table.routes[0].attachment_ids[0].as_str()),
        ("tgw-rtb-2", "tgw-attach-1")
    );
}
