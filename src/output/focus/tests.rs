use super::*;
use crate::testing::{Account, at};

fn window(start: &str, end: &str) -> Window {
    Window::new(at(start), at(end)).unwrap()
}

fn rows(report: &Report) -> Vec<std::collections::HashMap<String, String>> {
    let mut out = Vec::new();
    render(report, &mut out).unwrap();
    ::csv::Reader::from_reader(out.as_slice()).into_deserialize().map(Result::unwrap).collect()
}

#[test]
fn months_are_those_that_the_window_lies_in() {
    let period = |start, end| {
        let (start, end) = billing_period(window(start, end));
        (time(start), time(end))
    };
    let october = ("2026-10-01T00:00:00Z".to_owned(), "2026-11-01T00:00:00Z".to_owned());
    assert_eq!(period("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"), october);
    assert_eq!(period("2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z"), october);
    let both = ("2026-12-01T00:00:00Z".to_owned(), "2027-02-01T00:00:00Z".to_owned());
    assert_eq!(period("2026-12-31T23:00:00Z", "2027-01-01T01:00:00Z"), both);
}

#[test]
fn a_row_costs_what_is_proven_in_its_period() {
    // Half a month of an idle gateway: $32.85 for its hours and $3.65 for its address by the month.
    let account = Account::new("us-east-1").window("2026-10-01T00:00:00Z", "2026-10-16T05:00:00Z");
    let account = account.vpc("vpc-1", "10.0.0.0/16").subnet("subnet-1", "a", "10.0.0.0/24");
    let rows = rows(&account.nat("nat-1", "subnet-1").traffic("nat-1", 0, 0).report());
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["x_natwise_rule"], "idle-nat-gateway");
    assert_eq!(rows[0]["x_saving_low_usd"], "36.5");
    for column in ["BilledCost", "ListCost", "EffectiveCost", "ContractedCost", "x_possible_cost_usd"] {
        assert_eq!(rows[0][column], "18.25", "{column}");
    }
    assert_eq!(rows[0]["ResourceId"], "arn:aws:ec2:us-east-1:111122223333:natgateway/nat-1");
    assert_eq!(rows[0]["AvailabilityZone"], "us-east-1a");
}

#[test]
fn what_is_only_possible_costs_nothing() {
    let rows = rows(&Account::plain("us-east-1").traffic("nat-1", 100, 400).report());
    let bounded: Vec<_> = rows.iter().filter(|row| row["x_basis"] == "bounded").collect();
    assert!(!bounded.is_empty());
    assert!(bounded.iter().all(|row| row["EffectiveCost"] == "0"));
    assert!(bounded.iter().any(|row| row["x_saving_high_usd"] == "22.5"), "{bounded:?}");
    // Both services' findings are about the same bytes.
    assert_eq!(bounded.iter().filter(|row| row["x_saving_high_usd"] != "0").count(), 1);
}
