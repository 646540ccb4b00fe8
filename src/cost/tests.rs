use crate::model::{EndpointType, NatGatewayState, Series};
use crate::testing::{Account, at, text, usd};

#[test]
fn a_gateway_is_billed_for_its_own_hours() {
    // From 2026-10-30T09:30Z to 2026-10-31T09:40Z are 24 h 10 min: 25 begun hours.
    let report = Account::plain("us-east-1")
        .traffic("nat-1", 1, 4)
        .edit_nat("nat-1", |nat| {
            nat.create_time = Some(at("2026-10-30T09:30:00Z"));
            nat.delete_time = Some(at("2026-10-31T09:40:00Z"));
            nat.state = NatGatewayState::Deleted;
        })
        .report();
    let row = report.nat("nat-1");
    assert_eq!(row.hours, Some(25));
    // 25 x 0.045, 25 x 0.005, 5 x 0.045; a month is 730 / 25 of that
    assert_eq!(
        [row.window_usd.hours, row.window_usd.addresses, row.window_usd.data].map(usd),
        ["1.125", "0.125", "0.225"]
    );
    assert_eq!(usd(row.monthly_usd), "43.07");
    assert_eq!(usd(report.totals.monthly_usd.ended), "43.07");
}

#[test]
fn what_never_worked_costs_nothing() {
    for state in [NatGatewayState::Pending, NatGatewayState::Failed] {
        let report = Account::plain("us-east-1").edit_nat("nat-1", |nat| nat.state = state).report();
        assert_eq!(usd(report.nat("nat-1").window_usd.total), "0");
        assert!(!report.totals.partial);
    }
}

#[test]
fn an_end_that_nothing_tells_is_unknown() {
    let gone = |nat: &mut crate::model::NatGateway| nat.state = NatGatewayState::Deleted;
    let report = Account::plain("us-east-1").traffic("nat-1", 1, 1).edit_nat("nat-1", gone).report();
    let row = report.nat("nat-1");
    assert_eq!(
        (row.hours, usd(row.window_usd.hours), usd(row.window_usd.data)),
        (None, "unknown".into(), "0.09".into())
    );
    assert!(report.totals.unknown.iter().any(|unknown| unknown.reason.contains("nothing says since when")));
}

#[test]
fn every_public_address_costs() {
    let report = Account::plain("us-east-1")
        .traffic("nat-1", 0, 1)
        .edit_nat("nat-1", |nat| nat.addresses = vec![nat.addresses[0].clone(); 3])
        .report();
    // 3 x 730 x 0.005
    assert_eq!(usd(report.nat("nat-1").window_usd.addresses), "10.95");
}

#[test]
fn a_regional_gateways_zones_are_added_up() {
    let report = Account::new("eu-west-1")
        .vpc("vpc-1", "10.0.0.0/16")
        .regional_nat("nat-r", &["a", "b"])
        .zone_traffic("nat-r", "a", 10, 20)
        .zone_traffic("nat-r", "b", 30, 40)
        .report();
    let row = report.nat("nat-r");
    assert_eq!(row.bytes.as_ref().unwrap().processed, 100 << 30);
    // 2 x 730 x 0.048, 100 x 0.048
    assert_eq!([row.window_usd.hours, row.window_usd.data].map(usd), ["70.08", "4.8"]);
    assert_eq!(row.availability_mode, "regional");
}

#[test]
fn a_regional_rate_that_is_not_in_the_book_is_not_the_zonal_one() {
    let account = Account::new("us-east-1").vpc("vpc-1", "10.0.0.0/16").regional_nat("nat-r", &["a"]);
    let report = account.zone_traffic("nat-r", "a", 1, 1).report();
    let row = report.nat("nat-r");
    assert_eq!((usd(row.window_usd.data), usd(row.monthly_usd)), ("unknown".into(), "unknown".into()));
    assert_eq!(report.totals.unknown[0].reason, "no price for regional_nat_gateway_gb in us-east-1");
}

#[test]
fn a_zone_that_a_regional_gateway_joined_late_is_billed_from_then() {
    let report = Account::new("us-east-1")
        .vpc("vpc-1", "10.0.0.0/16")
        .regional_nat("nat-r", &["a", "b"])
        .zone_traffic("nat-r", "a", 0, 0)
        .zone_traffic("nat-r", "b", 0, 0)
        .scan(|scan| {
            let every_hour = |from: usize| Series::from_points((from..730).map(|hour| (hour, 0)));
            scan.metrics.nat_gateways[0].bytes_in_from_source = every_hour(0);
            scan.metrics.nat_gateways[1].bytes_in_from_source = every_hour(630);
            let late = &mut scan.metrics.nat_gateways[1];
            late.bytes_in_from_destination = every_hour(630);
            late.bytes_out_to_destination = every_hour(630);
            late.bytes_out_to_source = every_hour(630);
        })
        .report();
    // (730 + 100) x 0.045
    assert_eq!(usd(report.nat("nat-r").window_usd.hours), "37.35");
}

#[test]
fn a_gateway_known_only_by_its_metrics_is_shown() {
    let report = Account::new("us-east-1")
        .traffic("nat-gone", 1, 4)
        .scan(|scan| {
            let metrics = &mut scan.metrics.nat_gateways[0];
            for series in [
                &mut metrics.bytes_in_from_source,
                &mut metrics.bytes_in_from_destination,
                &mut metrics.bytes_out_to_destination,
                &mut metrics.bytes_out_to_source,
            ] {
                *series = Series::from_points([(10, series.sum().unwrap()), (19, 0)]);
            }
        })
        .report();
    let row = report.nat("nat-gone");
    assert_eq!((row.state.as_str(), row.hours, row.vpc_id.as_ref()), ("deleted", Some(10), None));
    // 10 h x 0.045, 5 GB x 0.045
    assert_eq!(
        [row.window_usd.hours, row.window_usd.data, row.window_usd.addresses].map(usd),
        ["0.45", "0.225", "unknown"]
    );
    // What it cost a month is over: 0.675 x 73
    assert_eq!([report.totals.monthly_usd.current, report.totals.monthly_usd.ended].map(usd), ["49.275", "49.275"]);
    assert!(
        report.notes.iter().any(|note| note.resource == "nat-gone" && note.message.contains("not listed any more"))
    );
}

#[test]
fn a_gateway_that_could_not_be_listed_is_not_said_to_be_deleted() {
    let report = Account::plain("us-east-1")
        .traffic("nat-1", 1, 4)
        .interface_endpoint("sqs", &["subnet-a"])
        .bytes("vpce-sqs", 1)
        .refused("DescribeNatGateways", "ec2:DescribeNatGateways")
        .refused("DescribeVpcEndpoints", "ec2:DescribeVpcEndpoints")
        .scan(|scan| {
            scan.nat_gateways.clear();
            scan.vpc_endpoints.clear();
        })
        .report();
    assert_eq!(report.nat("nat-1").state, "unknown");
    assert_eq!(usd(report.totals.monthly_usd.ended), "0");
    let note = report.notes.iter().find(|note| note.resource == "nat-1").unwrap();
    assert!(note.message.contains("could not be listed"), "{}", note.message);
    let endpoint = report.endpoint("vpce-sqs");
    assert_eq!((endpoint.state.as_str(), endpoint.verdict.decision), ("unknown", crate::audit::Decision::Unknown));
    assert!(
        report.totals.unknown.iter().all(|unknown| !unknown.reason.contains("deleted")),
        "{:?}",
        report.totals.unknown
    );
}

#[test]
fn endpoints_are_billed_by_their_type() {
    let of = |kind: EndpointType| {
        let report = Account::sound("us-east-1")
            .endpoint(kind, "thing", |endpoint| endpoint.subnet_ids = vec!["subnet-a".into(), "subnet-b".into()])
            .report();
        let row = report.endpoint("vpce-thing");
        (usd(row.window_usd.hours), usd(row.window_usd.data))
    };
    let pair = |hours: &str, data: &str| (hours.to_owned(), data.to_owned());
    // 2 x 730 x 0.01, and nothing carried
    assert_eq!(of(EndpointType::Interface), pair("14.6", "0"));
    assert_eq!(of(EndpointType::GatewayLoadBalancer), pair("14.6", "0"));
    // 2 x 730 x 0.02; AWS publishes no metric of its bytes
    assert_eq!(of(EndpointType::Resource), pair("29.2", "unknown"));
    assert_eq!(of(EndpointType::ServiceNetwork), pair("0", "0"));
    assert_eq!(of(EndpointType::Gateway), pair("0", "0"));
    assert_eq!(of(EndpointType::Other("Tunnel".into())), pair("unknown", "unknown"));
}

#[test]
fn an_endpoints_hours_are_those_of_its_life_in_each_zone() {
    let report = Account::sound("us-east-1")
        .interface_endpoint("sqs", &["subnet-a", "subnet-b"])
        .bytes_at("vpce-sqs", &[(729, 1)])
        .edit_endpoint("vpce-sqs", |endpoint| endpoint.creation_timestamp = Some(at("2026-10-31T00:30:00Z")))
        .report();
    let row = report.endpoint("vpce-sqs");
    // 9.5 h are 10 begun ones: 2 x 10 x 0.01, and 1 GB
    assert_eq!(
        (row.hours, usd(row.window_usd.hours), usd(row.window_usd.data)),
        (Some(10), "0.2".into(), "0.01".into())
    );
}

#[test]
fn series_by_subnet_of_one_endpoint_are_added_up() {
    let report = Account::sound("us-east-1")
        .interface_endpoint("sqs", &["subnet-a", "subnet-b"])
        .bytes("vpce-sqs", 3)
        .scan(|scan| {
            let mut other = scan.metrics.endpoints[0].clone();
            other.subnet_id = Some("subnet-b".into());
            scan.metrics.endpoints.push(other);
        })
        .report();
    assert_eq!(report.endpoint("vpce-sqs").bytes, Some(6 << 30));
}

#[test]
fn a_charge_is_quantity_times_rate_with_its_usage_type() {
    let report = Account::plain("eu-west-1").traffic("nat-1", 1, 4).report();
    let charges = &report.nat("nat-1").charges;
    let lines: Vec<_> = charges
        .iter()
        .map(|c| {
            format!("{} {} x {} = {}", c.usage_type, text(c.quantity.unwrap()), text(c.unit_usd.unwrap()), usd(c.usd))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "EU-NatGateway-Hours 730 x 0.048 = 35.04",
            "EU-NatGateway-Bytes 5 x 0.048 = 0.24",
            "EU-PublicIPv4:InUseAddress 730 x 0.005 = 3.65",
        ]
    );
}
