use crate::finding::Basis;
use crate::model::{AvailabilityMode, ConnectivityType};
use crate::testing::{Account, money, usd};

const RULE: &str = "cross-az-nat-gateway";

/// The gateway is in zone a, and a subnet in zone b uses it.
fn crossing(region: &str) -> Account {
    Account::plain(region).subnet("subnet-b", "b", "10.0.2.0/24").table("rtb-b", &["subnet-b"]).route(
        "rtb-b",
        "0.0.0.0/0",
        "nat-1",
    )
}

#[test]
fn a_second_gateway_pays_off_above_its_own_price() {
    // It costs 730 h x (0.045 + 0.005) = 36.50, a crossing GB 2 x 0.01: even at 1,825 GB.
    let even = crossing("us-east-1").traffic("nat-1", 825, 1_000).report();
    assert_eq!(money(even.one(RULE)), ["36.5", "0", "0"]);
    assert!(even.one(RULE).detail.contains("the one gateway is the cheaper design"));
    let report = crossing("us-east-1").traffic("nat-1", 826, 1_000).report();
    let finding = report.one(RULE);
    // 1,826 x 0.02, less 36.50
    assert_eq!(money(finding), ["36.52", "0", "0.02"]);
    assert_eq!(finding.basis, Basis::Bounded);
    assert_eq!(finding.resources, ["nat-1", "rtb-b", "subnet-b"]);
    assert!(finding.detail.contains("pays off above 1,825 GB"), "{}", finding.detail);
}

#[test]
fn a_private_gateway_needs_no_address() {
    let private = |gb| {
        crossing("us-east-1")
            .edit_nat("nat-1", |nat| {
                nat.connectivity_type = ConnectivityType::Private;
                nat.addresses.clear();
            })
            .traffic("nat-1", 0, gb)
            .report()
    };
    // 32.85 / 0.02 = 1,642.5 GB
    assert_eq!(money(private(1_642).one(RULE)), ["32.84", "0", "0"]);
    assert_eq!(money(private(1_643).one(RULE)), ["32.86", "0", "0.01"]);
}

#[test]
fn a_gateway_that_is_there_already_costs_nothing_more() {
    let both = || crossing("us-east-1").nat("nat-b", "subnet-b").traffic("nat-b", 1, 0);
    let report = both().traffic("nat-1", 100, 400).report();
    // 500 GB x 0.02
    assert_eq!(money(report.one(RULE)), ["10", "0", "10"]);
    assert_eq!(
        report.one(RULE).remedy.commands,
        [
            "aws ec2 replace-route --region us-east-1 --route-table-id rtb-b --destination-cidr-block 0.0.0.0/0 --nat-gateway-id nat-b"
        ]
    );
    // Without its bytes the fault stands, and its price is unknown.
    assert_eq!(money(both().report().one(RULE)), ["unknown"; 3]);
}

#[test]
fn nothing_crosses_to_the_same_zone_or_a_regional_gateway() {
    assert!(Account::sound("us-east-1").report().all(RULE).is_empty());
    let regional = crossing("us-east-1")
        .edit_nat("nat-1", |nat| nat.availability_mode = AvailabilityMode::Regional)
        .zone_traffic("nat-1", "a", 5_000, 5_000);
    assert!(regional.report().all(RULE).is_empty());
}

#[test]
fn unknown_figures_are_said_to_be_unknown() {
    let unmeasured = crossing("us-east-1").report();
    assert_eq!(money(unmeasured.one(RULE)), ["unknown"; 3]);
    assert!(unmeasured.one(RULE).detail.contains("The bytes of nat-1 are not known"));
    let unpriced = crossing("mx-central-1").traffic("nat-1", 5_000, 5_000).report();
    assert_eq!(money(unpriced.one(RULE)), ["unknown"; 3]);
    assert!(unpriced.one(RULE).detail.contains("no price for nat_gateway_hour in mx-central-1"));
}

#[test]
fn a_gateway_that_carries_nothing_crosses_nothing() {
    assert!(crossing("us-east-1").traffic("nat-1", 0, 0).report().all(RULE).is_empty());
}

#[test]
fn the_main_table_leads_subnets_across_zones_too() {
    let report = Account::plain("us-east-1")
        .main_table("rtb-main")
        .route("rtb-main", "0.0.0.0/0", "nat-1")
        .subnet("subnet-c", "c", "10.0.3.0/24")
        .traffic("nat-1", 0, 2_000)
        .report();
    // 2,000 x 0.02 less 36.50
    assert_eq!(money(report.one(RULE)), ["40", "0", "3.5"]);
    assert_eq!(report.one(RULE).resources, ["nat-1", "rtb-main", "subnet-c"]);
}

#[test]
fn what_crossing_saves_is_never_more_than_the_gateway_costs() {
    let report = crossing("us-east-1").nat("nat-b", "subnet-b").traffic("nat-b", 0, 0).traffic("nat-1", 0, 0).report();
    // Both idle gateways cost 36.50 and end with that, whatever else is found of them.
    assert_eq!(usd(report.totals.monthly_usd.saving_high), "73");
    assert_eq!(usd(report.totals.monthly_usd.current), "73");
}
