use crate::finding::Basis;
use crate::testing::{Account, money};

const RULE: &str = "gateway-endpoint-not-associated";

/// A gateway carries 5,120 GB from `rtb-1`.
fn plain() -> Account {
    Account::plain("us-east-1").traffic("nat-1", 1_024, 4_096)
}

#[test]
fn an_endpoint_that_misses_the_table_saves_nothing() {
    let report = plain().gateway_endpoint("s3", &["rtb-public"]).report();
    let finding = report.one(RULE);
    // 5,120 GB x 0.045
    assert_eq!(money(finding), ["230.4", "0", "230.4"]);
    assert_eq!(finding.basis, Basis::Bounded);
    assert_eq!(finding.resources, ["vpce-s3", "rtb-1"]);
    assert_eq!(
        finding.remedy.commands,
        ["aws ec2 modify-vpc-endpoint --region us-east-1 --vpc-endpoint-id vpce-s3 --add-route-table-ids rtb-1"]
    );
    let report = plain().gateway_endpoint("s3", &["rtb-public"]).report_assuming(&["s3=25%"]);
    assert_eq!(money(report.one(RULE)), ["57.6", "57.6", "57.6"]);
}

#[test]
fn an_associated_table_is_no_finding() {
    assert!(plain().gateway_endpoint("s3", &["rtb-1"]).report().all(RULE).is_empty());
    assert!(Account::sound("us-east-1").report().all(RULE).is_empty());
}

#[test]
fn the_main_table_is_the_one_that_is_forgotten() {
    let report = plain()
        .main_table("rtb-main")
        .route("rtb-main", "0.0.0.0/0", "nat-1")
        .subnet("subnet-default", "a", "10.0.2.0/24")
        .gateway_endpoint("s3", &["rtb-1"])
        .report();
    let finding = report.one(RULE);
    assert_eq!(finding.resources, ["vpce-s3", "rtb-main"]);
    assert!(finding.detail.contains("rtb-main is the main table"), "{}", finding.detail);
}

#[test]
fn a_table_without_a_way_to_nat_is_not_missed() {
    let report = plain()
        .gateway_endpoint("s3", &["rtb-1"])
        .subnet("subnet-isolated", "a", "10.0.2.0/24")
        .table("rtb-isolated", &["subnet-isolated"])
        .table("rtb-unused", &[])
        .route("rtb-unused", "0.0.0.0/0", "nat-1")
        .report();
    assert!(report.all(RULE).is_empty());
}

#[test]
fn either_of_awss_two_answers_counts_and_the_report_says_where_they_disagree() {
    let listed = plain().gateway_endpoint("s3", &["rtb-1"]).scan(|scan| {
        scan.route_tables[1].routes.retain(|route| route.destination_prefix_list_id.is_none());
    });
    let routed = plain().gateway_endpoint("s3", &["rtb-1"]).edit_endpoint("vpce-s3", |e| e.route_table_ids.clear());
    for (account, words) in [(listed, "has no route to it"), (routed, "does not list route table rtb-1")] {
        let report = account.report();
        assert!(report.all(RULE).is_empty());
        assert!(
            report.notes.iter().any(|n| n.resource == "vpce-s3" && n.message.contains(words)),
            "{:?}",
            report.notes
        );
    }
}

#[test]
fn different_tables_may_use_different_endpoints() {
    let report = plain()
        .gateway_endpoint("s3", &["rtb-public"])
        .scan(|scan| scan.vpc_endpoints[0].vpc_endpoint_id = "vpce-other".into())
        .gateway_endpoint("s3", &["rtb-1"])
        .report();
    assert!(report.all(RULE).is_empty());
}

#[test]
fn unknown_bytes_and_prices_leave_the_money_unknown() {
    let unmeasured = Account::plain("us-east-1").gateway_endpoint("s3", &[]).report();
    assert_eq!(money(unmeasured.one(RULE)), ["unknown"; 3]);
    let unpriced = Account::plain("mx-central-1").traffic("nat-1", 1, 1).gateway_endpoint("s3", &[]).report();
    assert_eq!(money(unpriced.one(RULE)), ["unknown"; 3]);
    assert!(unpriced.one(RULE).detail.contains("no price for nat_gateway_gb in mx-central-1"));
}
