use crate::finding::Basis;
use crate::testing::{Account, money, usd};

const RULE: &str = "interface-endpoint-private-dns-off";

/// An endpoint in two zones without private DNS, in a VPC whose subnets lead to NAT gateways.
fn nameless() -> Account {
    let account = Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a", "subnet-b"]);
    account.edit_endpoint("vpce-sqs", |endpoint| endpoint.private_dns_enabled = false)
}

#[test]
fn an_endpoint_that_nothing_finds_costs_its_hours() {
    let report = nameless().report();
    let finding = report.one(RULE);
    // 2 zones x 730 h x 0.01, the same dollars that idle-interface-endpoint claims
    assert_eq!(money(finding), ["14.6", "14.6", "14.6"]);
    assert_eq!(finding.basis, Basis::Metered);
    assert_eq!(
        finding.remedy.commands,
        ["aws ec2 modify-vpc-endpoint --region us-east-1 --vpc-endpoint-id vpce-sqs --private-dns-enabled"]
    );
    assert_eq!(report.rules(), ["idle-interface-endpoint", RULE]);
    assert_eq!(usd(report.totals.monthly_usd.saving_low), "14.6");
}

#[test]
fn one_that_some_clients_use_is_a_matter_of_configuration() {
    let report = nameless().bytes("vpce-sqs", 1_000).report();
    let finding = report.one(RULE);
    assert_eq!(money(finding), ["unknown"; 3]);
    assert_eq!(finding.basis, Basis::Configuration);
    assert!(finding.detail.contains("1,000 GB a month"), "{}", finding.detail);
}

#[test]
fn private_dns_on_is_no_finding() {
    let on = nameless().edit_endpoint("vpce-sqs", |endpoint| endpoint.private_dns_enabled = true);
    assert!(on.report().all(RULE).is_empty());
}

#[test]
fn another_endpoint_may_have_the_name() {
    let report = nameless()
        .scan(|scan| scan.vpc_endpoints.last_mut().unwrap().vpc_endpoint_id = "vpce-own-names".into())
        .interface_endpoint("sqs", &["subnet-a"])
        .report();
    assert!(report.all(RULE).is_empty());
}

#[test]
fn without_a_way_to_nat_no_traffic_passes_it_by() {
    let isolated = nameless().scan(|scan| scan.route_tables.iter_mut().for_each(|table| table.routes.clear()));
    assert!(isolated.report().all(RULE).is_empty());
}

#[test]
fn s3_and_dynamodb_and_others_endpoints_may_well_be_without_names() {
    for name in ["com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb", "com.amazonaws.vpce.us-east-1.x"] {
        let account = nameless().edit_endpoint("vpce-sqs", |endpoint| endpoint.service_name = name.into());
        assert!(account.report().all(RULE).is_empty(), "{name}");
    }
    let managed = nameless().edit_endpoint("vpce-sqs", |endpoint| endpoint.requester_managed = true);
    assert!(managed.report().all(RULE).is_empty());
}
