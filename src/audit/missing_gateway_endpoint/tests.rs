use crate::finding::Basis;
use crate::model::{EndpointState, EndpointType, NatGatewayState};
use crate::testing::{Account, money, usd};

const RULE: &str = "missing-gateway-endpoint";

/// `vpc-1` is the egress VPC, reached through `tgw-1` by way of `subnet-a`; `vpc-spoke` has no other way out. 100 GB up
/// and 900 GB down.
fn hub() -> Account {
    Account::plain("us-east-1")
        .traffic("nat-1", 100, 900)
        .vpc("vpc-spoke", "10.1.0.0/16")
        .subnet("subnet-spoke", "a", "10.1.0.0/24")
        .table("rtb-spoke", &["subnet-spoke"])
        .route("rtb-spoke", "0.0.0.0/0", "tgw-1")
}

#[test]
fn anything_up_to_all_bytes_may_be_the_services() {
    let report = Account::plain("us-east-1").traffic("nat-1", 1_024, 4_096).report();
    let finding = report.one_for(RULE, "s3");
    // 5,120 GB x 0.045
    assert_eq!(money(finding), ["230.4", "0", "230.4"]);
    assert_eq!(finding.basis, Basis::Bounded);
    assert_eq!(finding.resources, ["vpc-1", "rtb-1"]);
    assert_eq!(
        finding.remedy.commands,
        [
            "aws ec2 create-vpc-endpoint --region us-east-1 --vpc-id vpc-1 --vpc-endpoint-type Gateway --service-name com.amazonaws.us-east-1.s3 --route-table-ids rtb-1"
        ]
    );
    // S3 and DynamoDB may each be all of the bytes, and together no more than that.
    assert_eq!(money(report.one_for(RULE, "dynamodb")), ["230.4", "0", "230.4"]);
    assert_eq!(usd(report.totals.monthly_usd.saving_low), "0");
    assert_eq!(usd(report.totals.monthly_usd.saving_high), "230.4");
}

#[test]
fn declared_shares_leave_the_rest_to_others() {
    let report = Account::plain("us-east-1").traffic("nat-1", 1_024, 4_096).report_assuming(&["s3=60%"]);
    // 60% of 230.40; DynamoDB may be the other 40%
    assert_eq!(money(report.one_for(RULE, "s3")), ["138.24", "138.24", "138.24"]);
    assert_eq!(report.one_for(RULE, "s3").basis, Basis::Assumed);
    assert!(report.one_for(RULE, "s3").detail.contains("60%"));
    assert_eq!(money(report.one_for(RULE, "dynamodb")), ["92.16", "0", "92.16"]);
    assert_eq!(usd(report.totals.monthly_usd.saving_low), "138.24");
    assert_eq!(usd(report.totals.monthly_usd.saving_high), "230.4");
}

#[test]
fn nothing_carried_is_nothing_to_save() {
    let report = Account::plain("us-east-1").traffic("nat-1", 0, 0).report();
    assert_eq!(money(report.one_for(RULE, "s3")), ["0", "0", "0"]);
}

#[test]
fn a_sound_vpc_has_no_finding() {
    assert!(Account::sound("us-east-1").report().findings.is_empty());
}

#[test]
fn subnets_without_an_association_use_the_main_table() {
    let account = Account::plain("us-east-1").traffic("nat-1", 1, 1).main_table("rtb-main");
    let account = account.route("rtb-main", "0.0.0.0/0", "nat-1");
    // Every subnet has a table of its own, so nothing uses the main one.
    assert_eq!(account.clone().report().one_for(RULE, "s3").resources, ["vpc-1", "rtb-1"]);
    let report = account.subnet("subnet-b", "a", "10.0.2.0/24").report();
    let finding = report.one_for(RULE, "s3");
    assert_eq!(finding.resources, ["vpc-1", "rtb-1", "rtb-main"]);
    assert!(finding.detail.starts_with("2 subnets on 2 route tables lead"), "{}", finding.detail);
}

#[test]
fn all_tables_and_gateways_of_a_vpc_count_once() {
    let report = Account::plain("us-east-1")
        .traffic("nat-1", 100, 900)
        .nat("nat-2", "subnet-public")
        .traffic("nat-2", 0, 500)
        .subnet("subnet-b", "a", "10.0.2.0/24")
        .table("rtb-2", &["subnet-b"])
        .route("rtb-2", "0.0.0.0/0", "nat-2")
        .subnet("subnet-c", "a", "10.0.3.0/24")
        .table("rtb-3", &["subnet-c"])
        .route("rtb-3", "0.0.0.0/0", "nat-1")
        .report();
    let finding = report.one_for(RULE, "s3");
    assert_eq!(finding.resources, ["vpc-1", "rtb-1", "rtb-2", "rtb-3"]);
    // (1,000 + 500) x 0.045
    assert_eq!(money(finding), ["67.5", "0", "67.5"]);
}

#[test]
fn subnets_in_secondary_cidrs_count() {
    let report = Account::plain("us-east-1")
        .scan(|scan| scan.vpcs[0].cidr_blocks.push("100.64.0.0/16".parse().unwrap()))
        .subnet("subnet-second", "a", "100.64.1.0/24")
        .table("rtb-second", &["subnet-second"])
        .route("rtb-second", "0.0.0.0/0", "nat-1")
        .report();
    assert_eq!(report.one_for(RULE, "s3").resources, ["vpc-1", "rtb-1", "rtb-second"]);
}

#[test]
fn traffic_that_is_dropped_or_goes_elsewhere_pays_nothing() {
    let plain = || Account::plain("us-east-1").traffic("nat-1", 1, 1);
    for state in [NatGatewayState::Deleted, NatGatewayState::Deleting, NatGatewayState::Failed] {
        assert!(plain().edit_nat("nat-1", |nat| nat.state = state).report().all(RULE).is_empty());
    }
    let elsewhere = |edit: fn(Account) -> Account| {
        let account = plain().scan(|scan| scan.route_tables[1].routes.clear());
        edit(account).report().all(RULE).len()
    };
    assert_eq!(elsewhere(|account| account.blackhole("rtb-1", "0.0.0.0/0", "nat-1")), 0);
    assert_eq!(elsewhere(|account| account.route("rtb-1", "0.0.0.0/0", "igw-1")), 0);
    assert_eq!(elsewhere(|account| account.route("rtb-1", "10.9.0.0/16", "nat-1")), 0);
    assert_eq!(elsewhere(|account| account), 0);
    // The two halves are a default route too.
    let halves = |account: Account| account.route("rtb-1", "0.0.0.0/1", "nat-1").route("rtb-1", "128.0.0.0/1", "nat-1");
    assert_eq!(elsewhere(halves), 2);
}

#[test]
fn s3express_is_not_s3() {
    let report = Account::plain("us-east-1").traffic("nat-1", 1, 1).gateway_endpoint("s3express", &["rtb-1"]).report();
    assert_eq!(report.one_for(RULE, "s3").resources, ["vpc-1", "rtb-1"]);
}

#[test]
fn only_a_working_endpoint_is_one() {
    let found = |state: EndpointState| {
        let account = Account::plain("us-east-1").gateway_endpoint("s3", &["rtb-1"]);
        let report = account.edit_endpoint("vpce-s3", |endpoint| endpoint.state = state).report();
        report.all(RULE).iter().any(|finding| finding.service == Some(crate::model::Service::S3))
    };
    assert!(!found(EndpointState::Available) && !found(EndpointState::Pending));
    for state in ["deleting", "deleted", "failed", "rejected", "expired", "pendingAcceptance"] {
        let account = Account::plain("us-east-1").endpoint(EndpointType::Gateway, "s3", |e| e.state = state.into());
        assert!(account.report().one_for(RULE, "s3").resources.contains(&"rtb-1".to_owned()), "{state}");
    }
}

#[test]
fn an_interface_endpoint_that_takes_the_name_leaves_nothing_to_the_route() {
    let report = Account::plain("us-east-1").interface_endpoint("s3", &["subnet-a"]).bytes("vpce-s3", 1).report();
    assert!(report.all(RULE).iter().all(|finding| finding.service != Some(crate::model::Service::S3)));
}

#[test]
fn a_spoke_behind_a_transit_gateway_pays_twice_for_each_gigabyte() {
    let report = hub()
        .attach("tgw-1", "vpc-1", &["subnet-a"], Some("tgw-rtb-hub"))
        .attach("tgw-1", "vpc-spoke", &["subnet-spoke"], Some("tgw-rtb-spoke"))
        .tgw_table("tgw-rtb-spoke", &[("0.0.0.0/0", "vpc-1")])
        .tgw_table("tgw-rtb-hub", &[("10.1.0.0/16", "vpc-spoke")])
        .report();
    let finding = report.one_for(RULE, "s3");
    // The endpoint belongs into the spoke, never into the egress VPC. 1,000 GB x (0.045 + 0.02)
    assert_eq!(finding.vpc_id.as_str(), "vpc-spoke");
    assert_eq!(money(finding), ["65", "0", "65"]);
    assert!(finding.detail.contains("to the NAT gateways of vpc-1"), "{}", finding.detail);
}

#[test]
fn a_transit_gateway_table_that_cannot_be_read_leaves_the_one_likely_egress_vpc() {
    let attached =
        || hub().attach("tgw-1", "vpc-1", &["subnet-a"], None).attach("tgw-1", "vpc-spoke", &["subnet-spoke"], None);
    let report = attached().report();
    assert_eq!(money(report.one_for(RULE, "s3")), ["65", "0", "65"]);
    assert!(report.one_for(RULE, "s3").detail.contains("only vpc-1 leads on to NAT gateways"));
    // Both the transit gateway's owner and the egress VPC's list its attachment: still one egress VPC.
    let report = attached().attach("tgw-1", "vpc-1", &["subnet-a"], Some("tgw-rtb-unread")).report();
    assert_eq!(money(report.one_for(RULE, "s3")), ["65", "0", "65"]);
    // A second candidate: which one is not known.
    let second = attached()
        .vpc("vpc-2", "10.2.0.0/16")
        .subnet("subnet-2", "a", "10.2.0.0/24")
        .table("rtb-2", &["subnet-2"])
        .nat("nat-2", "subnet-2")
        .route("rtb-2", "0.0.0.0/0", "nat-2")
        .attach("tgw-1", "vpc-2", &["subnet-2"], None)
        .report();
    let spoke = second.all(RULE).into_iter().find(|finding| finding.vpc_id.as_str() == "vpc-spoke").unwrap();
    assert_eq!(money(spoke), ["unknown"; 3]);
}

#[test]
fn a_gateway_out_of_sight_is_not_no_gateway() {
    let report = hub().report();
    let all = report.all(RULE);
    let spoke = all.iter().find(|finding| finding.vpc_id.as_str() == "vpc-spoke").unwrap();
    assert_eq!(money(spoke), ["unknown"; 3]);
    assert!(spoke.detail.contains("not visible in the scanned accounts"), "{}", spoke.detail);
}

#[test]
fn a_transit_gateway_without_a_default_route_is_no_way_out() {
    let report = hub()
        .attach("tgw-1", "vpc-1", &["subnet-a"], Some("tgw-rtb-1"))
        .attach("tgw-1", "vpc-spoke", &["subnet-spoke"], Some("tgw-rtb-1"))
        .tgw_table("tgw-rtb-1", &[("10.0.0.0/16", "vpc-1"), ("10.1.0.0/16", "vpc-spoke")])
        .report();
    assert!(report.all(RULE).iter().all(|finding| finding.vpc_id.as_str() != "vpc-spoke"));
}

#[test]
fn a_spoke_of_another_account_is_followed_when_both_are_scanned() {
    let report = Account::plain("us-east-1")
        .traffic("nat-1", 100, 900)
        .attach("tgw-1", "vpc-1", &["subnet-a"], Some("tgw-rtb-1"))
        .attach("tgw-1", "vpc-spoke", &[], Some("tgw-rtb-1"))
        .tgw_table("tgw-rtb-1", &[("0.0.0.0/0", "vpc-1")])
        .and("444455556666", "us-east-1")
        .vpc("vpc-spoke", "10.1.0.0/16")
        .subnet("subnet-spoke", "a", "10.1.0.0/24")
        .table("rtb-spoke", &["subnet-spoke"])
        .route("rtb-spoke", "0.0.0.0/0", "tgw-1")
        .report();
    let finding = report.one_for(RULE, "s3");
    assert_eq!((finding.account_id.as_str(), finding.vpc_id.as_str()), ("444455556666", "vpc-spoke"));
    assert_eq!(money(finding), ["65", "0", "65"]);
}

#[test]
fn a_missing_price_is_named_and_not_nothing() {
    let report = Account::plain("mx-central-1").traffic("nat-1", 1, 1).report();
    let finding = report.one_for(RULE, "s3");
    assert_eq!(money(finding), ["unknown"; 3]);
    assert!(finding.detail.contains("no price for nat_gateway_gb in mx-central-1"), "{}", finding.detail);
    assert!(report.totals.partial);
}

#[test]
fn unknown_bytes_are_not_none() {
    let report = Account::plain("us-east-1").report();
    let finding = report.one_for(RULE, "s3");
    assert_eq!(money(finding), ["unknown"; 3]);
    assert!(finding.detail.contains("The bytes of nat-1 are not known"), "{}", finding.detail);
}

#[test]
fn clients_behind_a_firewall_are_found_and_the_firewalls_own_subnet_is_not() {
    // subnet-client -> firewall endpoint in subnet-a -> nat-1
    let report = Account::plain("us-east-1")
        .traffic("nat-1", 0, 1_000)
        .subnet("subnet-client", "a", "10.0.7.0/24")
        .table("rtb-client", &["subnet-client"])
        .route("rtb-client", "0.0.0.0/0", "vpce-firewall")
        .endpoint(EndpointType::GatewayLoadBalancer, "com.amazonaws.vpce.us-east-1.vpce-svc-1", |endpoint| {
            endpoint.vpc_endpoint_id = "vpce-firewall".into();
            endpoint.subnet_ids = vec!["subnet-a".into()];
        })
        .report();
    let finding = report.one_for(RULE, "s3");
    assert_eq!(finding.resources, ["vpc-1", "rtb-client"]);
    assert_eq!(money(finding), ["45", "0", "45"]);
    assert!(finding.remedy.notes.iter().any(|note| note.contains("passes the firewall endpoint vpce-firewall")));
}
