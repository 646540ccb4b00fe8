use crate::finding::Basis;
use crate::model::{ConnectivityType, NatGatewayState, Series};
use crate::testing::{Account, at, money, usd};

const RULE: &str = "idle-nat-gateway";

/// A gateway that published zeros.
fn idle() -> Account {
    Account::plain("us-east-1").traffic("nat-1", 0, 0)
}

#[test]
fn a_gateway_that_published_zeros_is_idle() {
    let report = idle().report();
    let finding = report.one(RULE);
    // 730 h x (0.045 + 0.005)
    assert_eq!(money(finding), ["36.5", "36.5", "36.5"]);
    assert_eq!(finding.basis, Basis::Metered);
    assert!(finding.detail.contains("It still stands in the routes of rtb-1"), "{}", finding.detail);
    let aws = "aws ec2";
    assert_eq!(
        finding.remedy.commands,
        [
            format!("{aws} delete-nat-gateway --region us-east-1 --nat-gateway-id nat-1"),
            format!("{aws} delete-route --region us-east-1 --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0"),
            format!("{aws} wait --region us-east-1 nat-gateway-deleted --nat-gateway-ids nat-1"),
            format!("{aws} release-address --region us-east-1 --allocation-id eipalloc-nat-1"),
        ]
    );
    assert_eq!(usd(report.totals.monthly_usd.saving_low), "36.5");
}

#[test]
fn a_gateway_without_a_route_says_so() {
    let report = idle().scan(|scan| scan.route_tables[1].routes.clear()).report();
    assert!(report.one(RULE).detail.contains("No route table points to it."));
}

#[test]
fn one_byte_is_traffic() {
    assert!(Account::plain("us-east-1").metrics("nat-1", None, 1, 0).report().all(RULE).is_empty());
    assert!(Account::plain("us-east-1").metrics("nat-1", None, 0, 1).report().all(RULE).is_empty());
}

#[test]
fn silence_is_no_proof() {
    let report = Account::plain("us-east-1").report();
    assert!(report.all(RULE).is_empty());
    let row = report.nat("nat-1");
    assert!(row.bytes.is_none());
    assert_eq!((usd(row.window_usd.data), usd(row.monthly_usd)), ("unknown".into(), "unknown".into()));
    assert_eq!(usd(row.window_usd.hours), "32.85");
}

#[test]
fn published_zeros_of_connections_are_proof() {
    let connections = |count| {
        idle().scan(|scan| {
            let metrics = &mut scan.metrics.nat_gateways[0];
            metrics.active_connection_count = Series::from_points((0..730).map(|hour| (hour, count)));
            metrics.bytes_in_from_source = Series::default();
            metrics.bytes_in_from_destination = Series::default();
            metrics.bytes_out_to_destination = Series::default();
            metrics.bytes_out_to_source = Series::default();
        })
    };
    assert_eq!(money(connections(0).report().one(RULE)), ["36.5", "36.5", "36.5"]);
    let busy = connections(1).report();
    assert!(busy.all(RULE).is_empty() && busy.nat("nat-1").bytes.is_none());
}

#[test]
fn a_gateway_younger_than_a_week_is_not_idle_yet() {
    // The window ends at 2026-10-31T10:00Z, and seven days before it is the 24th at 10:00.
    let since = |time| idle().edit_nat("nat-1", |nat| nat.create_time = Some(at(time))).report();
    assert!(since("2026-10-24T11:00:00Z").all(RULE).is_empty());
    let report = since("2026-10-24T10:00:00Z");
    assert_eq!(money(report.one(RULE)), ["36.5", "36.5", "36.5"]);
    assert!(report.one(RULE).remedy.notes.iter().any(|note| note.starts_with("Only 7 days were seen")));
    assert!(report.notes.iter().any(|note| note.message.contains("168 of the window's 730 hours")));
}

#[test]
fn only_an_available_gateway_can_be_ended() {
    for state in ["pending", "failed", "deleting", "deleted", "dreaming"] {
        let report = idle().edit_nat("nat-1", |nat| nat.state = NatGatewayState::from(state)).report();
        assert!(report.all(RULE).is_empty(), "{state}");
    }
}

#[test]
fn a_private_gateway_has_no_address_to_save() {
    let report = idle()
        .edit_nat("nat-1", |nat| {
            nat.connectivity_type = ConnectivityType::Private;
            nat.addresses.clear();
        })
        .report();
    // 730 h x 0.045
    assert_eq!(money(report.one(RULE)), ["32.85", "32.85", "32.85"]);
}

#[test]
fn a_regional_gateway_is_idle_when_every_zone_is() {
    let regional = || Account::new("us-east-1").vpc("vpc-1", "10.0.0.0/16").regional_nat("nat-r", &["a", "b"]);
    let both = regional().zone_traffic("nat-r", "a", 0, 0).zone_traffic("nat-r", "b", 0, 0).report();
    // 2 zones x 730 h x (0.045 + 0.005)
    assert_eq!(money(both.one(RULE)), ["73", "73", "73"]);
    // A zone that was not answered may carry anything, and a query without the zone reads as silence.
    assert!(regional().zone_traffic("nat-r", "a", 0, 0).report().all(RULE).is_empty());
    assert!(regional().traffic("nat-r", 0, 0).report().all(RULE).is_empty());
    let busy = regional().zone_traffic("nat-r", "a", 0, 0).zone_traffic("nat-r", "b", 0, 1).report();
    assert!(busy.all(RULE).is_empty());
}

#[test]
fn a_missing_price_leaves_the_money_unknown() {
    let report = Account::plain("mx-central-1").traffic("nat-1", 0, 0).report();
    assert_eq!(money(report.one(RULE)), ["unknown"; 3]);
}
