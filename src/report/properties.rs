//! What holds for every account.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

use super::saving::{self, Savings};
use super::{FindingRow, Report};
use crate::assumption::Assumptions;
use crate::attribution::Attribution;
use crate::audit::{self, Context};
use crate::cost::Costs;
use crate::finding::Finding;
use crate::model::{Series, Snapshot, Usd};
use crate::output::{Format, Style, render};
use crate::pricing::PriceBook;
use crate::testing::{Account, any_account, report};
use crate::topology::Topology;

/// Far below a millionth of a dollar: what divisions may lose.
fn hair() -> Usd {
    Usd(Decimal::new(1, 8))
}

fn json(report: &Report) -> String {
    serde_json::to_string(report).unwrap()
}

fn declared() -> impl Strategy<Value = Assumptions> {
    let shares = prop::collection::vec(0..=25_u8, 0..=4);
    shares.prop_map(|shares| {
        let services = ["s3", "dynamodb", "sqs", "ecr.api"];
        let texts: Vec<_> = services.iter().zip(shares).map(|(service, share)| format!("{service}={share}%")).collect();
        Assumptions::parse(texts.iter().map(String::as_str)).unwrap()
    })
}

fn book(discount: u8) -> PriceBook {
    PriceBook::embedded().unwrap().with_discount(Decimal::new(discount.into(), 2)).unwrap()
}

/// Renders in every form.
fn show(report: &Report) {
    let style = Style { color: false, width: 80, rows: Some(20) };
    for format in [Format::Table, Format::Json] {
        render(report, format, style, &mut std::io::sink()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nobody_saves_more_than_they_pay(account in any_account(), shares in declared(), discount in 0..90_u8) {
        let report = Report::new(&account.snapshot(), None, &book(discount), &shares);
        for finding in &report.findings {
            let money = &finding.monthly_usd;
            let Some(current) = money.current else {
                prop_assert!(money.saving_low.is_none() && money.saving_high.is_none());
                continue;
            };
            let (low, high) = (money.saving_low.unwrap(), money.saving_high.unwrap());
            prop_assert!(Usd::ZERO <= low && low <= high && high <= current, "{:?}", finding);
        }
        let total = &report.totals.monthly_usd;
        prop_assert!(Usd::ZERO <= total.saving_low && total.saving_low <= total.saving_high, "{:?}", total);
        prop_assert!(total.saving_high <= total.current + hair(), "{:?}", total);
        let highs: Usd = report.findings.iter().filter_map(|finding| finding.monthly_usd.saving_high).sum();
        prop_assert!(total.saving_high <= highs + hair());
    }

    #[test]
    fn low_is_high_where_the_basis_says_so(account in any_account(), shares in declared()) {
        use crate::finding::Basis;
        for finding in Report::new(&account.snapshot(), None, &book(0), &shares).findings {
            let money = &finding.monthly_usd;
            match finding.basis {
                Basis::Measured | Basis::Metered | Basis::Assumed => prop_assert_eq!(money.saving_low, money.saving_high),
                Basis::PartlyMeasured | Basis::Sampled => {}
                Basis::Bounded => prop_assert!(money.saving_low.is_none_or(|low| low == Usd::ZERO), "{:?}", finding),
                Basis::Configuration => prop_assert!(money.current.is_none() && money.saving_high.is_none()),
            }
        }
    }

    #[test]
    fn all_claims_on_a_resource_come_to_no_more_than_it_costs(account in any_account(), shares in declared()) {
        let (snapshot, prices) = (account.snapshot(), book(0));
        let (topology, costs) = (Topology::new(&snapshot), Costs::new(&snapshot, &prices));
        let context = Context { topology: &topology, costs: &costs, prices: &prices, attribution: &Attribution::default(), assumptions: &shares };
        let (findings, _) = audit::run(&context);
        let mut savings = Savings::default();
        for money in findings.iter().filter_map(|finding| finding.money.as_ref()) {
            savings.add(money, &costs);
        }
        for (resource, range) in savings.by_resource(&costs) {
            let nats = costs.nat_gateways.iter().filter(|cost| cost.id.as_str() == resource).map(|c| c.monthly_known_usd());
            let endpoints = costs.endpoints.iter().filter(|cost| cost.id.as_str() == resource);
            let cost: Usd = nats.chain(endpoints.map(|cost| cost.monthly_known_usd())).sum();
            prop_assert!(range.low <= range.high && range.high <= cost, "{resource}: {range:?} of {cost:?}");
        }
    }

    #[test]
    fn the_steps_of_the_plan_come_to_the_totals(account in any_account(), shares in declared()) {
        let report = Report::new(&account.snapshot(), None, &book(0), &shares);
        let totals = &report.totals.monthly_usd;
        let mut so_far = (Usd::ZERO, Usd::ZERO);
        for step in &report.plan {
            prop_assert!(step.saving_low >= Usd::ZERO && step.saving_high >= Usd::ZERO);
            so_far = (so_far.0 + step.saving_low, so_far.1 + step.saving_high);
            prop_assert!(so_far.0 <= so_far.1 + hair());
        }
        let low: Usd = report.plan.iter().map(|step| step.saving_low).sum();
        let high: Usd = report.plan.iter().map(|step| step.saving_high).sum();
        prop_assert_eq!((low.rounded(), high.rounded()), (totals.saving_low.rounded(), totals.saving_high.rounded()));
        let with_money = report.findings.iter().filter(|finding| finding.monthly_usd.current.is_some());
        prop_assert_eq!(report.plan.len(), with_money.count());
    }

    #[test]
    fn the_order_of_rules_never_matters(account in any_account(), shares in declared(), keys in prop::collection::vec(any::<u32>(), 1..50)) {
        let (snapshot, prices) = (account.snapshot(), book(0));
        let (topology, costs) = (Topology::new(&snapshot), Costs::new(&snapshot, &prices));
        let context = Context { topology: &topology, costs: &costs, prices: &prices, attribution: &Attribution::default(), assumptions: &shares };
        let (findings, _) = audit::run(&context);
        let (total, _) = Savings::of(findings.iter().map(|finding| finding.money.as_ref()), &costs);
        let mut shuffled: Vec<_> = keys.iter().cycle().zip(findings.clone()).collect();
        shuffled.sort_by_key(|(key, _)| **key);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(_, finding)| finding).collect();
        let (again, _) = Savings::of(shuffled.iter().map(|finding| finding.money.as_ref()), &costs);
        prop_assert_eq!((total.low.rounded(), total.high.rounded()), (again.low.rounded(), again.high.rounded()));
        let sorted = |findings: Vec<Finding>| {
            let mut rows: Vec<_> = findings.into_iter().map(|finding| FindingRow::new(finding, None)).collect();
            rows.sort_by(saving::order);
            serde_json::to_string(&rows).unwrap()
        };
        prop_assert_eq!(sorted(findings), sorted(shuffled));
    }

    #[test]
    fn more_bytes_never_cost_less(account in any_account(), which in any::<prop::sample::Index>(), more in 1..1_u64 << 50) {
        let mut snapshot = account.snapshot();
        let before = report(&snapshot);
        let metrics = &mut snapshot.regions[0].metrics;
        let mut series: Vec<&mut Series> = metrics.endpoints.iter_mut().map(|m| &mut m.bytes_processed).collect();
        series.extend(metrics.nat_gateways.iter_mut().flat_map(|m| [&mut m.bytes_in_from_source, &mut m.bytes_in_from_destination]));
        series.retain(|series| !series.is_empty());
        prop_assume!(!series.is_empty());
        let index = which.index(series.len());
        let points: Vec<_> = series[index].iter().enumerate().filter_map(|(hour, value)| Some((hour, value?))).collect();
        let first = points[0].0;
        *series[index] = Series::from_points(points.into_iter().chain([(first, more)]));
        let after = report(&snapshot);
        let total = |report: &Report| report.totals.window_usd.total.unwrap_or_default();
        prop_assert!(total(&before) <= total(&after) + hair());
        // More bytes of one endpoint may lower the tier of them all, and the shares of a young one (manifold in a month)
        // or of one that does not count for months (gone, or paid by its service) are then others' gain.
        let all_old = after.endpoints.iter().all(|row| row.monthly_usd.is_some() && row.hours == Some(730));
        prop_assert!(!all_old || before.totals.monthly_usd.current <= after.totals.monthly_usd.current + hair());
    }

    #[test]
    fn a_discount_scales_every_sum(account in any_account(), shares in declared(), discount in 1..90_u8) {
        let snapshot = account.snapshot();
        let (full, less) = (Report::new(&snapshot, None, &book(0), &shares), Report::new(&snapshot, None, &book(discount), &shares));
        let factor = Decimal::ONE - Decimal::new(discount.into(), 2);
        let near = |a: Usd, b: Usd| (a.0 * factor - b.0).abs() <= Decimal::new(1, 6) + a.0.abs() * Decimal::new(1, 15);
        let (a, b) = (&full.totals, &less.totals);
        prop_assert!(near(a.monthly_usd.current, b.monthly_usd.current));
        prop_assert!(near(a.monthly_usd.saving_low, b.monthly_usd.saving_low));
        prop_assert!(near(a.monthly_usd.saving_high, b.monthly_usd.saving_high));
        prop_assert!(near(a.window_usd.total.unwrap_or_default(), b.window_usd.total.unwrap_or_default()));
    }

    #[test]
    fn an_audit_of_the_file_is_the_audit_of_the_account(account in any_account()) {
        let snapshot = account.snapshot();
        let file = serde_json::to_vec(&snapshot).unwrap();
        let back = Snapshot::parse(&file).unwrap();
        prop_assert_eq!(&back, &snapshot);
        prop_assert_eq!(json(&report(&back)), json(&report(&snapshot)));
        prop_assert_eq!(serde_json::to_vec(&back).unwrap(), file);
    }

    #[test]
    fn days_and_hours_come_to_the_total(account in any_account()) {
        for row in report(&account.snapshot()).nat_gateways {
            let Some(bytes) = row.bytes else { continue };
            let sum = |parts: &mut dyn Iterator<Item = u64>| parts.fold(0_u64, u64::saturating_add);
            prop_assert_eq!(sum(&mut row.daily_bytes.values().flatten().copied()), bytes.processed);
            // One below the top is the most that a series keeps of an hour.
            let hourly = sum(&mut row.hourly_bytes.iter().flatten());
            prop_assert_eq!(hourly.min(u64::MAX - 1), bytes.processed.min(u64::MAX - 1));
        }
    }

    #[test]
    fn sums_are_those_of_the_rows(account in any_account()) {
        let report = report(&account.snapshot());
        let window = &report.totals.window_usd;
        let nat = |get: fn(&super::NatGatewayUsd) -> Option<Usd>| -> Usd {
            report.nat_gateways.iter().filter_map(|row| get(&row.window_usd)).sum()
        };
        let endpoint = |get: fn(&super::EndpointUsd) -> Option<Usd>| -> Usd {
            report.endpoints.iter().filter_map(|row| get(&row.window_usd)).sum()
        };
        let pairs = [
            (window.nat_hours, nat(|usd| usd.hours)),
            (window.nat_data, nat(|usd| usd.data)),
            (window.other, nat(|usd| usd.addresses)),
            (window.endpoint_hours, endpoint(|usd| usd.hours)),
            (window.endpoint_data, endpoint(|usd| usd.data)),
        ];
        for (total, rows) in pairs {
            prop_assert_eq!(total.unwrap_or_default().rounded(), rows.rounded());
        }
        let all: Usd = pairs.iter().map(|(_, rows)| *rows).sum();
        prop_assert_eq!(window.total.unwrap_or_default().rounded(), all.rounded());
        // What is unknown is said, once for each reason, and nothing else is.
        let row_is_unknown = report.nat_gateways.iter().any(|row| row.window_usd.total.is_none())
            || report.endpoints.iter().any(|row| row.window_usd.total.is_none());
        prop_assert_eq!(row_is_unknown, report.totals.partial);
        prop_assert_eq!(report.totals.partial, !report.totals.unknown.is_empty());
    }

    #[test]
    fn others_endpoints_are_never_advised_away(account in any_account(), shares in declared()) {
        let snapshot = account.snapshot();
        let report = Report::new(&snapshot, None, &book(0), &shares);
        let others = snapshot.regions[0].vpc_endpoints.iter().filter(|endpoint| {
            endpoint.requester_managed || crate::model::Service::of_endpoint(&endpoint.service_name, &snapshot.regions[0].region).is_none()
        });
        let others: Vec<_> = others.map(|endpoint| endpoint.vpc_endpoint_id.as_str()).collect();
        let ours = snapshot.regions[0].vpc_endpoints.iter().filter(|e| !e.requester_managed).map(|e| e.vpc_endpoint_id.as_str());
        let ours: Vec<_> = ours.collect();
        for command in report.findings.iter().flat_map(|finding| &finding.remedy.commands) {
            let words = shlex::split(command).unwrap();
            let deletes = words.iter().any(|word| word == "delete-vpc-endpoints");
            let last = words.last().unwrap().as_str();
            prop_assert!(!deletes || !others.contains(&last) || ours.contains(&last), "{command}");
        }
    }
}

/// Replaces some leaves of a JSON value.
fn spoil(value: &mut Value, next: &mut impl FnMut() -> Option<Value>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| spoil(value, next)),
        Value::Object(fields) => fields.values_mut().for_each(|value| spoil(value, next)),
        leaf => {
            if let Some(other) = next() {
                // Of the same type: a snapshot that is none is refused, which is tested elsewhere.
                if leaf.is_string() == other.is_string() || leaf.is_null() {
                    *leaf = other;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_hostile_snapshot_is_refused_or_reported(account in any_account(), picks in prop::collection::vec(0..400_usize, 1..40)) {
        let long = "n".repeat(10_000);
        let hostile: Vec<Value> = vec![
            "".into(), long.into(), "\u{1b}[31mred\u{202e}\n\t$(reboot)'\"`".into(), "0.0.0.0/0".into(), "::/0".into(),
            "255.255.255.255/32".into(), "0001-01-01T00:00:00Z".into(), "9998-12-31T23:00:00Z".into(), "nat-1".into(),
            "Regional".into(), "\u{0}".into(), "us-east-1".into(), u64::MAX.into(), 0.into(), i32::MAX.into(), true.into(),
        ];
        let mut value = serde_json::to_value(account.snapshot()).unwrap();
        value.as_object_mut().unwrap().remove("schema");
        let mut turn = 0;
        spoil(&mut value, &mut || {
            turn += 1;
            hostile.get(picks[turn % picks.len()]).cloned()
        });
        value["schema"] = crate::model::SNAPSHOT_SCHEMA.into();
        if let Ok(snapshot) = Snapshot::parse(value.to_string().as_bytes()) {
            show(&report(&snapshot));
        }
    }

    #[test]
    fn windows_of_centuries_and_of_one_hour(account in any_account(), century in 1..99_u32, one_hour in any::<bool>()) {
        let mut value = serde_json::to_value(account.snapshot()).unwrap();
        let start = format!("{century:02}00-01-01T00:00:00Z");
        let end = if one_hour { format!("{century:02}00-01-01T01:00:00Z") } else { "9998-12-31T23:00:00Z".to_owned() };
        value["window"] = serde_json::json!({"start": start, "end": end});
        let snapshot = Snapshot::parse(value.to_string().as_bytes()).unwrap();
        let report = report(&snapshot);
        prop_assert!(report.totals.monthly_usd.saving_high <= report.totals.monthly_usd.current + hair());
        show(&report);
    }
}

#[test]
fn unknown_values_of_tomorrow_survive() {
    let account = Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a"]);
    let snapshot = account
        .edit_nat("nat-a", |nat| {
            nat.state = "hibernating".into();
            nat.availability_mode = "galactic".into();
            nat.connectivity_type = "telepathic".into();
        })
        .edit_endpoint("vpce-sqs", |endpoint| {
            endpoint.state = "Dreaming".into();
            endpoint.endpoint_type = "Tunnel".into();
        })
        .scan(|scan| {
            scan.route_tables[0].routes.push(crate::model::Route { state: "filtered".into(), ..Default::default() });
        })
        .snapshot();
    let file = serde_json::to_string(&snapshot).unwrap();
    for word in ["hibernating", "galactic", "telepathic", "Dreaming", "Tunnel", "filtered"] {
        assert!(file.contains(&format!("\"{word}\"")), "{word}");
    }
    let back = Snapshot::parse(file.as_bytes()).unwrap();
    assert_eq!(back, snapshot);
    assert_eq!(json(&report(&back)), json(&report(&snapshot)));
    assert_eq!(report(&back).nat("nat-a").state, "hibernating");
}
