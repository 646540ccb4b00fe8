//! The rules about NAT gateways and gateway endpoints.

use natwise::finding::Basis;
use natwise::model::{AvailabilityMode, EndpointState, NatGatewayAddress, NatGatewayState};

use crate::account::{Account, GB, money, of, one_nat, rules};

const MISSING: &str = "missing-gateway-endpoint";
const MISSED: &str = "gateway-endpoint-not-associated";

#[test]
fn without_gateway_endpoints_both_services_are_bounded_by_the_same_bytes() {
    let report = one_nat(100 * GB, 900 * GB).report();
    let findings = of(&report, MISSING);
    assert_eq!(findings.len(), 2);
    for finding in findings {
        assert_eq!(finding.basis, Basis::Bounded);
        assert_eq!(money(finding), ["45", "0", "45"]);
        assert_eq!(finding.resources, ["vpc-1", "rtb-a"]);
    }
    assert_eq!(report.totals.monthly_usd.saving_high.rounded().normalize().to_string(), "45");
}

#[test]
fn shares_are_of_the_gateways_bytes_and_narrow_the_others() {
    let report = one_nat(100 * GB, 900 * GB).assuming(&["s3=60%", "sqs=1%"]);
    let [s3, dynamodb] = of(&report, MISSING)[..] else { panic!() };
    assert_eq!((s3.basis, money(s3)), (Basis::Assumed, ["27", "27", "27"].map(str::to_owned)));
    // What is declared for S3 and SQS cannot be DynamoDB: 39% are left.
    assert_eq!(money(dynamodb), ["17.55", "0", "17.55"]);
    assert_eq!(report.totals.monthly_usd.saving_low.rounded().normalize().to_string(), "27");
    assert_eq!(report.totals.monthly_usd.saving_high.rounded().normalize().to_string(), "44.55");
}

#[test]
fn an_endpoint_on_every_table_is_enough_and_one_table_less_is_not() {
    let mut account = one_nat(0, GB);
    account.subnet("subnet-main", "a").table("rtb-main", &["main"]).route("0.0.0.0/0", "nat-1");
    account.endpoint("vpce-s3", "s3", &["rtb-a", "rtb-main"]).endpoint("vpce-ddb", "dynamodb", &["rtb-a"]);
    let report = account.report();
    assert!(of(&report, MISSING).is_empty());
    let [finding] = of(&report, MISSED)[..] else { panic!() };
    assert_eq!(finding.resources, ["vpce-ddb", "rtb-main"]);
    assert!(finding.detail.contains("rtb-main is the main table"));
    assert_eq!(
        finding.remedy.commands,
        ["aws ec2 modify-vpc-endpoint --region us-east-1 --vpc-endpoint-id vpce-ddb --add-route-table-ids rtb-main"]
    );
    assert!(account.report().notes.iter().any(|note| note.message.contains("has no route to it")), "lists disagree");
}

#[test]
fn a_main_table_that_no_subnet_uses_misses_nothing() {
    let mut account = one_nat(0, GB);
    account.table("rtb-main", &["main"]).route("0.0.0.0/0", "nat-1");
    account.endpoint("vpce-s3", "s3", &["rtb-a"]).endpoint("vpce-ddb", "dynamodb", &["rtb-a"]);
    assert!(of(&account.report(), MISSED).is_empty());
}

#[test]
fn a_route_alone_makes_a_table_associated() {
    let mut account = one_nat(0, GB);
    account.scan.route_tables.last_mut().unwrap();
    account.route("pl-s3", "vpce-s3").endpoint("vpce-s3", "s3", &["rtb-public"]);
    let report = account.report();
    assert!(of(&report, MISSED).is_empty());
    assert!(report.notes.iter().any(|note| note.message.contains("does not list route table rtb-a")));
}

#[test]
fn s3express_is_not_s3_and_a_broken_endpoint_is_none() {
    let mut account = one_nat(0, GB);
    account.endpoint("vpce-x", "s3express", &["rtb-a"]).endpoint("vpce-s3", "s3", &["rtb-a"]);
    account.last_endpoint().state = EndpointState::Failed;
    let services: Vec<_> =
        of(&account.report(), MISSING).iter().map(|f| f.service.clone().unwrap().to_string()).collect();
    assert_eq!(services, ["dynamodb", "s3"]);
}

#[test]
fn routes_that_carry_nothing_lead_nowhere() {
    // The gateway is gone, or the route is a black hole, or the table leads to the internet without NAT.
    let mut deleted = one_nat(0, GB);
    deleted.last_nat().state = NatGatewayState::Deleted;
    deleted.last_nat().delete_time = Some("2026-10-20T00:00:00Z".parse().unwrap());
    let mut hole = one_nat(0, GB);
    hole.scan.route_tables.last_mut().unwrap().routes.clear();
    hole.route("0.0.0.0/0", "blackhole");
    for account in [deleted, hole] {
        let report = account.report();
        assert!(of(&report, MISSING).is_empty() && of(&report, "cross-az-nat-gateway").is_empty());
    }
}

#[test]
fn the_longest_prefix_decides_for_each_service() {
    let mut account = one_nat(0, GB);
    // S3's addresses go by a peering, everything else by the NAT gateway.
    account.route("52.216.0.0/15", "pcx-1");
    let report = account.report();
    let [finding] = of(&report, MISSING)[..] else { panic!() };
    assert_eq!(finding.service.as_ref().unwrap().as_str(), "dynamodb");
}

#[test]
fn halves_of_the_address_space_are_a_default_route() {
    let mut account = one_nat(0, GB);
    account.scan.prefix_lists.clear();
    account.scan.route_tables.last_mut().unwrap().routes.clear();
    account.route("0.0.0.0/1", "nat-1").route("128.0.0.0/1", "nat-1");
    assert_eq!(of(&account.report(), MISSING).len(), 2);
}

#[test]
fn a_shared_vpc_is_its_owners_to_change() {
    let mut account = one_nat(0, GB);
    account.scan.vpcs[0].owner_id = Some("999900001111".into());
    let report = account.report();
    assert!(of(&report, MISSING).is_empty());
    assert!(report.notes.iter().any(|note| note.message.contains("shared by account 999900001111")));
}

#[test]
fn unknown_bytes_are_an_unknown_saving_not_none() {
    let mut account = one_nat(0, GB);
    account.scan.metrics.nat_gateways.clear();
    let report = account.report();
    for finding in of(&report, MISSING) {
        assert_eq!(money(finding), ["unknown", "unknown", "unknown"]);
        assert!(finding.detail.contains("The bytes of nat-1 are not known"));
    }
}

#[test]
fn a_missing_price_is_named() {
    let mut account = one_nat(0, GB);
    account.scan.region = "mx-central-1".into();
    let report = account.report();
    let finding = of(&report, MISSING)[0];
    assert_eq!(money(finding)[2], "unknown");
    assert!(finding.detail.contains("no price for nat_gateway_gb in mx-central-1"), "{}", finding.detail);
}

/// A spoke without NAT, an egress VPC with one, and a transit gateway between them.
fn hub_and_spoke() -> Account {
    let mut account = one_nat(100 * GB, 900 * GB);
    account.attachment("tgw-attach-hub", "vpc-1", &["subnet-a"]);
    account.vpc("vpc-spoke", "10.1.0.0/16").subnet("subnet-spoke", "a").table("rtb-spoke", &["main"]);
    account.route("0.0.0.0/0", "tgw-1").attachment("tgw-attach-spoke", "vpc-spoke", &["subnet-spoke"]);
    account
}

#[test]
fn behind_a_transit_gateway_the_endpoint_belongs_into_the_spoke() {
    let mut account = hub_and_spoke();
    account.transit_routes(&[("0.0.0.0/0", "tgw-attach-hub"), ("10.1.0.0/16", "tgw-attach-spoke")]);
    let report = account.report();
    let findings = of(&report, MISSING);
    assert!(findings.iter().all(|finding| finding.vpc_id.as_str() == "vpc-spoke"), "nothing for the egress VPC");
    // 1,000 GB x (0.045 + 0.02)
    assert_eq!(money(findings[0]), ["65", "0", "65"]);
    assert!(findings[0].detail.contains("to the NAT gateways of vpc-1"));
    assert!(findings[0].remedy.commands[0].contains("--vpc-id vpc-spoke"));
    assert!(report.totals.monthly_usd.saving_high <= report.totals.monthly_usd.current);
}

#[test]
fn unread_transit_routes_leave_the_only_candidate() {
    let report = hub_and_spoke().report();
    let finding = of(&report, MISSING)[0];
    assert!(finding.detail.contains("only vpc-1 leads on"), "{}", finding.detail);
    assert_eq!(money(finding)[2], "65");
}

#[test]
fn a_gateway_out_of_sight_is_not_no_gateway() {
    let mut account = hub_and_spoke();
    account.transit_routes(&[("0.0.0.0/0", "tgw-attach-elsewhere")]);
    let report = account.report();
    let finding = of(&report, MISSING).into_iter().find(|f| f.vpc_id.as_str() == "vpc-spoke").unwrap();
    assert!(finding.detail.contains("not visible in the scanned accounts"), "{}", finding.detail);
    assert_eq!(money(finding), ["unknown", "unknown", "unknown"]);
}

#[test]
fn a_transit_gateway_without_a_way_out_meets_no_nat() {
    let mut account = hub_and_spoke();
    account.transit_routes(&[("10.0.0.0/8", "tgw-attach-hub")]);
    assert!(of(&account.report(), MISSING).iter().all(|finding| finding.vpc_id.as_str() == "vpc-1"));
}

#[test]
fn clients_behind_a_firewall_are_found_and_its_own_subnet_is_not() {
    let mut account = one_nat(0, GB);
    account.subnet("subnet-client", "a").table("rtb-client", &["subnet-client"]).route("0.0.0.0/0", "vpce-firewall");
    account.endpoint("vpce-firewall", "com.amazonaws.vpce.us-east-1.vpce-svc-1", &["subnet-a"]);
    account.last_endpoint().endpoint_type = "GatewayLoadBalancer".into();
    let report = account.report();
    let finding = of(&report, MISSING)[0];
    assert_eq!(finding.resources, ["vpc-1", "rtb-client"]);
    assert!(finding.remedy.notes.iter().any(|note| note.contains("passes the firewall endpoint vpce-firewall")));
}

#[test]
fn names_that_lead_to_an_interface_endpoint_leave_nothing_to_the_route() {
    let mut account = one_nat(0, GB);
    account.endpoint("vpce-s3", "s3", &["subnet-a"]).carried("vpce-s3", GB);
    let services: Vec<_> =
        of(&account.report(), MISSING).iter().map(|f| f.service.clone().unwrap().to_string()).collect();
    assert_eq!(services, ["dynamodb"]);
}

#[test]
fn idle_needs_proof_and_time() {
    let idle = |account: &Account| of(&account.report(), "idle-nat-gateway").len();
    let mut account = one_nat(0, 0);
    let report = account.report();
    let [finding] = of(&report, "idle-nat-gateway")[..] else { panic!() };
    assert_eq!(money(finding), ["36.5", "36.5", "36.5"]);
    assert!(finding.detail.contains("still stands in the routes of rtb-a"));
    assert_eq!(finding.remedy.commands.len(), 4, "gateway, route, wait, address: {:?}", finding.remedy.commands);
    // The window ends on 31 October at 10:00: 168 hours before is the 24th at 10:00.
    account.last_nat().create_time = Some("2026-10-24T10:00:00Z".parse().unwrap());
    assert_eq!(idle(&account), 1);
    account.last_nat().create_time = Some("2026-10-24T11:00:00Z".parse().unwrap());
    assert_eq!(idle(&account), 0, "too young to tell");
    assert_eq!(idle(&one_nat(0, 1)), 0, "one byte is not idle");
    let mut unknown = one_nat(0, 0);
    unknown.scan.metrics.nat_gateways.clear();
    assert_eq!(idle(&unknown), 0, "no datapoint is not zero");
    let mut deleting = one_nat(0, 0);
    deleting.last_nat().state = NatGatewayState::Deleting;
    assert_eq!(idle(&deleting), 0);
}

#[test]
fn crossing_zones_pays_for_another_gateway_above_1825_gb() {
    let crossing = |gb: u64| {
        let mut account = one_nat(0, gb * GB);
        account.subnet("subnet-b", "b").table("rtb-b", &["subnet-b"]).route("0.0.0.0/0", "nat-1");
        let report = account.report();
        money(of(&report, "cross-az-nat-gateway")[0])
    };
    assert_eq!(crossing(1_000), ["20", "0", "0"], "one gateway is the cheaper design");
    assert_eq!(crossing(1_825), ["36.5", "0", "0"]);
    assert_eq!(crossing(5_000), ["100", "0", "63.5"]);
}

#[test]
fn a_subnet_that_passes_its_own_zones_gateway_by_is_routed_back() {
    let mut account = one_nat(0, 100 * GB);
    account.subnet("subnet-public-b", "b").nat("nat-b", "subnet-public-b").traffic("nat-b", None, 0, GB);
    account.subnet("subnet-b", "b").table("rtb-b", &["subnet-b"]).route("0.0.0.0/0", "nat-1");
    let report = account.report();
    let [finding] = of(&report, "cross-az-nat-gateway")[..] else { panic!() };
    assert_eq!(money(finding), ["2", "0", "2"]);
    assert_eq!(
        finding.remedy.commands,
        [
            "aws ec2 replace-route --region us-east-1 --route-table-id rtb-b --destination-cidr-block 0.0.0.0/0 --nat-gateway-id nat-b"
        ]
    );
}

#[test]
fn regional_gateways_and_gateways_of_the_same_zone_cross_nothing() {
    assert!(of(&one_nat(0, 9_000 * GB).report(), "cross-az-nat-gateway").is_empty());
    let mut account = one_nat(0, 9_000 * GB);
    account.subnet("subnet-b", "b").table("rtb-b", &["subnet-b"]).route("0.0.0.0/0", "nat-1");
    account.last_nat().availability_mode = AvailabilityMode::Regional;
    account.last_nat().addresses = vec![NatGatewayAddress::default()];
    assert!(of(&account.report(), "cross-az-nat-gateway").is_empty());
}

#[test]
fn dns64_needs_the_setting_and_the_route() {
    let mut account = one_nat(0, GB);
    account.route("64:ff9b::/96", "nat-1");
    assert!(of(&account.report(), "dns64-through-nat").is_empty());
    account.scan.subnets.last_mut().unwrap().enable_dns64 = true;
    let report = account.report();
    let [finding] = of(&report, "dns64-through-nat")[..] else { panic!() };
    assert_eq!(finding.resources, ["subnet-a", "rtb-a", "nat-1"]);
    assert!(finding.remedy.commands[0].ends_with("--subnet-id subnet-a --no-enable-dns64"));
    account.scan.route_tables.last_mut().unwrap().routes.retain(|r| r.destination_cidr.unwrap().prefix_len() != 96);
    assert!(of(&account.report(), "dns64-through-nat").is_empty());
}

#[test]
fn a_gap_skips_just_the_rules_that_it_blinds() {
    let mut account = one_nat(0, 0);
    account.gap("DescribeVpcEndpoints", "ec2:DescribeVpcEndpoints");
    let report = account.report();
    assert!(rules(&report).contains(&"idle-nat-gateway") && !rules(&report).contains(&MISSING));
    let skipped: Vec<_> = report.skipped.iter().map(|skipped| skipped.rule).collect();
    assert!(skipped.contains(&MISSING) && !skipped.contains(&"idle-nat-gateway"));
    assert!(report.skipped.iter().all(|skipped| skipped.reason.contains("allow ec2:DescribeVpcEndpoints")));
    assert!(!report.scope.complete);
    let mut account = one_nat(0, 0);
    account.gap("GetMetricData", "cloudwatch:GetMetricData");
    assert!(rules(&account.report()).contains(&MISSING));
    assert!(!rules(&account.report()).contains(&"idle-nat-gateway"));
}
