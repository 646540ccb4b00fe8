use crate::finding::Basis;
use crate::testing::{Account, money, text, usd};

const RULE: &str = "interface-endpoint-pays-off";

#[test]
fn it_pays_off_above_the_break_even_of_a_zone() {
    let half_of = |gb| Account::plain("us-east-1").traffic("nat-1", 0, gb).report_assuming(&["sqs=50%"]);
    // 7.30 / (0.045 - 0.01) = 208.57 GB: 208 x 0.045 = 9.36 < 208 x 0.01 + 7.30 = 9.38
    assert!(half_of(416).all(RULE).is_empty());
    // 209 x 0.045 = 9.405, less 209 x 0.01 + 7.30 = 9.39
    let report = half_of(418);
    let finding = report.one(RULE);
    assert_eq!(money(finding), ["9.405", "0.015", "0.015"]);
    assert_eq!(finding.basis, Basis::Assumed);
    assert!(finding.detail.contains("The break-even is 209 GB"), "{}", finding.detail);
    assert!(finding.remedy.commands[0].contains("--service-name com.amazonaws.us-east-1.sqs --private-dns-enabled"));
}

#[test]
fn at_the_break_even_itself_nothing_is_saved() {
    // eu-west-2: 8.03 / (0.05 - 0.01) = 200.75 GB, which is 803 quarters of a GB.
    let all_of = |bytes| Account::plain("eu-west-2").metrics("nat-1", None, 0, bytes).report_assuming(&["sqs=100%"]);
    assert!(all_of(803 << 28).all(RULE).is_empty());
    assert_eq!(all_of((803 << 28) + 1).all(RULE).len(), 1);
}

#[test]
fn one_zone_may_pay_off_where_all_do_not() {
    let three = |gb| {
        Account::plain("us-east-1")
            .subnet("subnet-b", "b", "10.0.2.0/24")
            .subnet("subnet-c", "c", "10.0.3.0/24")
            .table("rtb-2", &["subnet-b", "subnet-c"])
            .route("rtb-2", "0.0.0.0/0", "nat-1")
            .traffic("nat-1", 0, gb)
            .report_assuming(&["sqs=100%"])
    };
    // 3 zones need 625.7 GB: 600 x 0.035 - 7.30 in one zone
    let report = three(600);
    assert_eq!(money(report.one(RULE)), ["27", "13.7", "13.7"]);
    assert!(report.one(RULE).remedy.notes.iter().any(|note| note.contains("in one zone, not in all 3")));
    // 626 x 0.035 - 21.90
    assert_eq!(money(three(626).one(RULE)), ["28.17", "0.01", "0.01"]);
}

#[test]
fn nothing_is_said_without_a_declaration_or_with_an_endpoint() {
    let account = || Account::plain("us-east-1").traffic("nat-1", 0, 10_000);
    assert!(account().report().all(RULE).is_empty());
    assert!(account().report_assuming(&["s3=50%", "dynamodb=50%"]).all(RULE).is_empty());
    let there = account().interface_endpoint("sqs", &["subnet-a"]).bytes("vpce-sqs", 1);
    assert!(there.report_assuming(&["sqs=50%"]).all(RULE).is_empty());
    let gone =
        account().interface_endpoint("sqs", &["subnet-a"]).edit_endpoint("vpce-sqs", |e| e.state = "failed".into());
    assert_eq!(gone.report_assuming(&["sqs=50%"]).all(RULE).len(), 1);
}

#[test]
fn declarations_of_several_services_add_up_within_the_gateway() {
    let report =
        Account::plain("us-east-1").traffic("nat-1", 0, 10_000).report_assuming(&["s3=40%", "sqs=40%", "ecr.api=20%"]);
    // S3: 4,000 x 0.045; SQS: 4,000 x 0.035 - 7.30; ECR: 2,000 x 0.035 - 7.30
    assert_eq!(money(report.one_for("missing-gateway-endpoint", "s3")), ["180", "180", "180"]);
    assert_eq!(money(report.one_for(RULE, "sqs")), ["180", "132.7", "132.7"]);
    assert_eq!(money(report.one_for(RULE, "ecr.api")), ["90", "62.7", "62.7"]);
    assert_eq!(usd(report.totals.monthly_usd.saving_low), "375.4");
    assert_eq!(usd(report.totals.monthly_usd.saving_high), "375.4");
}

#[test]
fn unknown_bytes_or_prices_say_nothing() {
    assert!(Account::plain("us-east-1").report_assuming(&["sqs=50%"]).all(RULE).is_empty());
    let unpriced = Account::plain("mx-central-1").traffic("nat-1", 0, 10_000);
    assert!(unpriced.report_assuming(&["sqs=50%"]).all(RULE).is_empty());
}

#[test]
fn break_even_by_region_as_the_reference_has_it() {
    // Endpoint hours of a month / (NAT GB - endpoint GB), per zone; B.4 of the reference.
    for (region, gb) in [
        ("us-east-1", "208.6"),
        ("us-west-2", "208.6"),
        ("eu-west-1", "211.3"),
        ("eu-west-2", "200.8"),
        ("ca-central-1", "200.8"),
        ("eu-central-1", "208.6"),
        ("ap-south-1", "206.3"),
        ("ap-southeast-1", "193.7"),
        ("ap-northeast-2", "193.7"),
        ("ap-northeast-1", "196.5"),
    ] {
        for zones in 1..=3_u32 {
            let subnets = ["subnet-a", "subnet-b", "subnet-c"];
            let report = Account::plain(region)
                .subnet("subnet-b", "b", "10.0.2.0/24")
                .subnet("subnet-c", "c", "10.0.3.0/24")
                .traffic("nat-1", 1, 1)
                .interface_endpoint("sqs", &subnets[..zones as usize])
                .report();
            let break_even =
                report.endpoint("vpce-sqs").verdict.break_even_gb.unwrap() / rust_decimal::Decimal::from(zones);
            let rounding = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
            assert_eq!(text(break_even.round_dp_with_strategy(1, rounding)), gb, "{region}");
        }
    }
}
