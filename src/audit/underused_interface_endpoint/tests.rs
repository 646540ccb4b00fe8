use crate::audit::Decision;
use crate::finding::Basis;
use crate::testing::{Account, money, usd};

const RULE: &str = "underused-interface-endpoint";

/// An endpoint in two zones beside a NAT gateway in each.
fn used(gb: u64) -> Account {
    Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a", "subnet-b"]).bytes("vpce-sqs", gb)
}

#[test]
fn below_its_break_even_the_nat_gateway_is_cheaper() {
    // 2 x 7.30 / 0.035 = 417.14 GB. 417: 14.60 + 4.17 = 18.77, by NAT 417 x 0.045 = 18.765
    let report = used(417).report();
    let finding = report.one(RULE);
    assert_eq!(money(finding), ["18.77", "0.005", "0.005"]);
    assert_eq!(finding.basis, Basis::Measured);
    // 418: 18.78, by NAT 18.81
    let kept = used(418).report();
    assert!(kept.all(RULE).is_empty());
    let verdict = &kept.endpoint("vpce-sqs").verdict;
    assert_eq!((verdict.decision, usd(verdict.nat_monthly_usd)), (Decision::Keep, "18.81".into()));
}

#[test]
fn at_the_break_even_itself_it_is_kept() {
    // eu-west-2, 4 zones' worth: 4 x 8.03 / 0.04 = 803 GB. 32.12 + 8.03 = 803 x 0.05 = 40.15
    let four = |gb| {
        Account::sound("eu-west-2")
            .interface_endpoint("sqs", &["subnet-a", "subnet-b", "subnet-public-a", "subnet-public-b"])
            .bytes("vpce-sqs", gb)
            .report()
    };
    assert!(four(803).all(RULE).is_empty());
    assert_eq!(money(four(802).one(RULE)), ["40.14", "0.04", "0.04"]);
}

#[test]
fn without_a_nat_gateway_to_take_over_it_stays() {
    let report = used(1).scan(|scan| scan.nat_gateways.clear()).report();
    assert!(report.all(RULE).is_empty());
    assert_eq!(report.endpoint("vpce-sqs").verdict.decision, Decision::Keep);
    // One isolated subnet is enough: it has no other way.
    let isolated = used(1).subnet("subnet-isolated", "a", "10.0.99.0/24").table("rtb-isolated", &["subnet-isolated"]);
    let report = isolated.report();
    assert!(report.all(RULE).is_empty());
    assert!(report.endpoint("vpce-sqs").verdict.reason.contains("no other way"));
}

#[test]
fn what_could_not_be_read_is_no_reason_to_keep_or_drop() {
    for (operation, action) in [
        ("DescribeNatGateways", "ec2:DescribeNatGateways"),
        ("DescribeRouteTables", "ec2:DescribeRouteTables"),
        ("DescribeSubnets", "ec2:DescribeSubnets"),
    ] {
        let blind = used(1).refused(operation, action).scan(|scan| match operation {
            "DescribeNatGateways" => scan.nat_gateways.clear(),
            "DescribeRouteTables" => scan.route_tables.clear(),
            _ => scan.subnets.clear(),
        });
        let report = blind.report();
        assert!(report.all(RULE).is_empty());
        let verdict = &report.endpoint("vpce-sqs").verdict;
        assert_eq!(verdict.decision, Decision::Unknown, "{operation}: {}", verdict.reason);
    }
}

#[test]
fn s3_is_another_rules() {
    let report = Account::sound("us-east-1").interface_endpoint("s3", &["subnet-a"]).bytes("vpce-s3", 1).report();
    assert!(report.all(RULE).is_empty());
}

#[test]
fn what_others_made_or_offer_is_never_advised_away() {
    let managed = used(1).edit_endpoint("vpce-sqs", |endpoint| endpoint.requester_managed = true);
    assert!(managed.report().findings.is_empty());
    let name = "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b";
    let third = used(1).edit_endpoint("vpce-sqs", |endpoint| endpoint.service_name = name.into());
    assert!(third.report().findings.is_empty());
}
