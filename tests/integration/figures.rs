//! The worked figures of AWS's pricing pages, and how costs come about.

use natwise::assumption::Assumptions;
use natwise::model::{
    AvailabilityMode, EndpointType, NatGatewayAddress, NatGatewayMetrics, NatGatewayState, Series, Window,
};
use natwise::pricing::PriceBook;
use natwise::report::Report;

use crate::account::{Account, GB, october, of, one_nat, series, usd};

#[test]
fn five_thousand_one_hundred_and_twenty_gigabytes_cost_230_40() {
    // 5,120 x 0.045; uploads alone would be 46.08, all four metrics 460.80.
    let report = one_nat(1_024 * GB, 4_096 * GB).report();
    assert_eq!(usd(report.nat_gateways[0].window_usd.data), "230.4");
}

#[test]
fn a_gateway_an_address_and_5000_gb_cost_261_50_a_month() {
    let report = one_nat(1_000 * GB, 4_000 * GB).report();
    assert_eq!(usd(report.nat_gateways[0].monthly_usd), "261.5");
    assert_eq!(usd(Some(report.totals.monthly_usd.current)), "261.5");
}

/// A regional gateway in three zones with an address in each.
fn regional(zones: &[&str]) -> Account {
    let mut account = one_nat(0, 0);
    account.scan.metrics.nat_gateways.clear();
    let nat = account.last_nat();
    nat.availability_mode = AvailabilityMode::Regional;
    nat.subnet_id = None;
    nat.addresses = zones
        .iter()
        .map(|zone| NatGatewayAddress {
            allocation_id: Some(format!("eipalloc-{zone}")),
            availability_zone: Some(format!("us-east-1{zone}")),
            ..NatGatewayAddress::default()
        })
        .collect();
    account
}

#[test]
fn a_regional_gateway_in_three_zones_costs_98_55_and_its_addresses() {
    let mut account = regional(&["a", "b", "c"]);
    for zone in ["us-east-1a", "us-east-1b", "us-east-1c"] {
        account.traffic("nat-1", Some(zone), GB, GB);
    }
    let report = account.report();
    let row = &report.nat_gateways[0];
    // 3 x 730 x 0.045, and 3 x 730 x 0.005; us-east-1 has no sourced price for its gigabytes, so the sum is unknown.
    assert_eq!(usd(row.window_usd.hours), "98.55");
    assert_eq!(usd(row.window_usd.addresses), "10.95");
    assert_eq!(usd(row.window_usd.total), "unknown");
    assert_eq!(row.bytes.as_ref().unwrap().processed, 6 * GB, "zones add up");
    assert_eq!(report.totals.unknown[0].reason, "no price for regional_nat_gateway_gb in us-east-1");
}

#[test]
fn a_zone_that_began_later_pays_from_then_on() {
    let mut account = regional(&["a", "b"]);
    let hours = |from: usize, to: usize| Series::from_points((from..to).map(|hour| (hour, 1)));
    for (zone, from) in [("us-east-1a", 0), ("us-east-1b", 700)] {
        account.scan.metrics.nat_gateways.push(NatGatewayMetrics {
            nat_gateway_id: "nat-1".into(),
            availability_zone: Some(zone.to_owned()),
            bytes_in_from_source: hours(from, 730),
            bytes_in_from_destination: hours(from, 730),
            bytes_out_to_destination: Series::default(),
            bytes_out_to_source: Series::default(),
            active_connection_count: Series::default(),
        });
    }
    // (730 + 30) x 0.045
    assert_eq!(usd(account.report().nat_gateways[0].window_usd.hours), "34.2");
}

#[test]
fn a_zone_without_an_answer_leaves_the_whole_unknown() {
    let mut account = regional(&["a", "b"]);
    account.traffic("nat-1", Some("us-east-1a"), 0, 0);
    let report = account.report();
    assert!(report.nat_gateways[0].bytes.is_none());
    assert!(of(&report, "idle-nat-gateway").is_empty());
}

#[test]
fn an_endpoint_in_three_zones_costs_21_90() {
    let mut account = one_nat(0, 0);
    account.subnet("subnet-b", "b").subnet("subnet-c", "c");
    account.endpoint("vpce-1", "sqs", &["subnet-a", "subnet-b", "subnet-c"]).carried("vpce-1", 0);
    let report = account.report();
    assert_eq!(usd(report.endpoints[0].monthly_usd), "21.9");
    assert_eq!(report.endpoints[0].bytes, Some(0), "silence over the whole window is zero");
}

#[test]
fn two_petabytes_cost_16777_22_however_they_are_spread() {
    for parts in [vec![2 * 1_048_576], vec![1_048_576, 1_048_576], vec![5, 2_000_000, 97_147]] {
        let mut account = one_nat(0, 0);
        for (index, part) in parts.iter().enumerate() {
            let id = format!("vpce-{index}");
            account.endpoint(&id, "sqs", &["subnet-a"]).carried(&id, part * GB);
        }
        let report = account.report();
        assert_eq!(usd(report.totals.window_usd.endpoint_data), "16777.216");
        let rows = report.endpoints.iter().filter_map(|row| row.window_usd.data).sum();
        assert_eq!(usd(Some(rows)), "16777.216");
    }
}

#[test]
fn a_window_of_several_months_is_tiered_month_by_month() {
    let mut account = one_nat(0, 0);
    account.window =
        Window::new("2026-09-01T00:00:00Z".parse().unwrap(), "2026-11-01T00:00:00Z".parse().unwrap()).unwrap();
    account.endpoint("vpce-1", "sqs", &["subnet-a"]).carried("vpce-1", 0);
    let petabyte = 1_048_576 * GB;
    account.scan.metrics.endpoints[0].bytes_processed = Series::from_points([(0, petabyte), (30 * 24, petabyte)]);
    // Each month's first petabyte is at the first tier: 2 x 10,485.76, not 10,485.76 + 6,291.456.
    assert_eq!(usd(account.report().totals.window_usd.endpoint_data), "20971.52");
}

#[test]
fn the_break_even_is_per_zone_and_region() {
    for (region, expected) in [
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
        let mut account = one_nat(GB, GB);
        account.scan.region = region.into();
        account.endpoint("vpce-1", "sqs", &["subnet-a"]);
        account.last_endpoint().service_name = format!("com.amazonaws.{region}.sqs");
        account.carried("vpce-1", GB);
        let verdict = &account.report().endpoints[0].verdict;
        assert_eq!(verdict.break_even_gb.unwrap().round_dp(1).to_string(), expected, "{region}");
    }
}

#[test]
fn hours_are_those_of_the_gateways_own_life() {
    let mut account = one_nat(GB, GB);
    account.window = october();
    let nat = account.last_nat();
    nat.create_time = Some("2026-10-10T12:30:00Z".parse().unwrap());
    nat.delete_time = Some("2026-10-11T12:00:00Z".parse().unwrap());
    nat.state = NatGatewayState::Deleted;
    let report = account.report();
    // 23.5 hours are 24 started ones.
    assert_eq!(report.nat_gateways[0].hours, Some(24));
    assert_eq!(usd(report.nat_gateways[0].window_usd.hours), "1.08");
    assert_eq!(report.totals.monthly_usd.ended, report.totals.monthly_usd.current);
    assert!(report.notes.iter().any(|note| note.message.contains("24 of the window's 744 hours")));
}

#[test]
fn failed_and_pending_gateways_cost_nothing() {
    for state in [NatGatewayState::Failed, NatGatewayState::Pending] {
        let mut account = one_nat(0, 0);
        account.scan.metrics.nat_gateways.clear();
        account.last_nat().state = state;
        let report = account.report();
        assert_eq!(usd(report.totals.window_usd.total), "0");
        assert!(!report.totals.partial);
    }
}

#[test]
fn a_gateway_known_only_by_its_metrics_is_not_lost() {
    let mut account = one_nat(GB, GB);
    account.scan.metrics.nat_gateways.push(NatGatewayMetrics {
        nat_gateway_id: "nat-gone".into(),
        availability_zone: None,
        bytes_in_from_source: Series::from_points([(10, GB), (19, GB)]),
        bytes_in_from_destination: Series::from_points([(10, GB)]),
        bytes_out_to_destination: Series::default(),
        bytes_out_to_source: Series::default(),
        active_connection_count: Series::default(),
    });
    let report = account.report();
    let row = report.nat_gateways.iter().find(|row| row.nat_gateway_id.as_str() == "nat-gone").unwrap();
    assert_eq!((row.state.as_str(), row.hours, row.vpc_id.is_none()), ("deleted", Some(10), true));
    assert_eq!(row.bytes.as_ref().unwrap().processed, 3 * GB);
    assert_eq!(usd(row.window_usd.hours), "0.45");
    assert_eq!(usd(row.window_usd.addresses), "unknown", "nothing says how many it had");
    assert!(report.notes.iter().any(|note| note.resource == "nat-gone"));
}

#[test]
fn one_metric_of_two_is_unknown_and_idle_connections_are_zero() {
    let mut account = one_nat(GB, GB);
    account.scan.metrics.nat_gateways[0].bytes_in_from_destination = Series::default();
    assert!(account.report().nat_gateways[0].bytes.is_none(), "half of the bytes are not the bytes");
    let metrics = &mut account.scan.metrics.nat_gateways[0];
    for bytes in
        [&mut metrics.bytes_in_from_source, &mut metrics.bytes_out_to_destination, &mut metrics.bytes_out_to_source]
    {
        *bytes = Series::default();
    }
    metrics.active_connection_count = series(0);
    assert_eq!(account.report().nat_gateways[0].bytes.as_ref().unwrap().processed, 0);
}

#[test]
fn what_cannot_be_priced_is_unknown_and_says_why() {
    let mut account = one_nat(GB, GB);
    account.endpoint("vpce-resource", "x", &["subnet-a"]);
    account.last_endpoint().endpoint_type = EndpointType::Resource;
    account.endpoint("vpce-tunnel", "x", &["subnet-a"]);
    account.last_endpoint().endpoint_type = "Tunnel".into();
    account.endpoint("vpce-guard", "guardduty-data", &["subnet-a"]).carried("vpce-guard", GB);
    account.last_endpoint().requester_managed = true;
    account.endpoint("vpce-new", "sqs", &["subnet-a"]).carried("vpce-new", 0);
    account.last_endpoint().creation_timestamp = Some("2026-10-05T00:00:00Z".parse().unwrap());
    account.endpoint("vpce-far", "s3", &["subnet-a"]).carried("vpce-far", 0);
    account.last_endpoint().service_region = Some("eu-west-1".into());
    let report = account.report();
    let reason = |id: &str| {
        let unknown = report.totals.unknown.iter().find(|unknown| unknown.resource == id);
        unknown.map_or_else(|| "known".to_owned(), |unknown| unknown.reason.clone())
    };
    assert!(reason("vpce-resource").contains("no metric of the bytes of a Resource endpoint"));
    assert!(reason("vpce-tunnel").contains("Tunnel"));
    assert!(reason("vpce-guard").contains("may include its cost"));
    assert!(reason("vpce-new").contains("no metric says"), "silence of a part of the window proves nothing");
    assert!(reason("vpce-far").contains("no metric says"), "another Region's service publishes nothing here");
    assert!(of(&report, "idle-interface-endpoint").is_empty());
    assert!(report.totals.partial);
}

#[test]
fn free_endpoints_cost_nothing_and_carry_unknown_bytes() {
    let mut account = one_nat(GB, GB);
    account.endpoint("vpce-1", "s3", &["rtb-a"]);
    let report = account.report();
    assert_eq!(usd(report.endpoints[0].monthly_usd), "0");
    assert_eq!(report.endpoints[0].bytes, None);
}

#[test]
fn the_cost_grows_with_the_bytes() {
    let cost = |gb: u64| {
        let mut account = one_nat(gb * GB, gb * GB);
        account.endpoint("vpce-1", "sqs", &["subnet-a"]).carried("vpce-1", gb * GB);
        Report::new(&account.snapshot(), &PriceBook::embedded().unwrap(), &Assumptions::default())
            .totals
            .window_usd
            .total
            .unwrap()
    };
    let costs: Vec<_> = [0, 1, 1_000, 1_048_576, 1_048_577, 6_000_000].map(cost).to_vec();
    assert!(costs.is_sorted_by(|a, b| a < b), "{costs:?}");
}
