//! The figures that are worked in AWS's documents and by hand, to the cent.

use crate::model::{EndpointType, Usd};
use crate::report::Report;
use crate::testing::{Account, money, usd};

/// One PB of endpoint traffic, as the price list has its edge: 2^20 GB.
const PB: u64 = 1 << 20;

fn cents(amount: Option<Usd>) -> String {
    amount.unwrap().0.round_dp(2).to_string()
}

fn endpoint_data(report: &Report) -> Option<Usd> {
    report.totals.window_usd.endpoint_data
}

#[test]
fn gigabytes_5120_cost_230_40_and_not_46_08_nor_460_80() {
    // 1,024 GB up, 4,096 GB down: 5,120 x 0.045. Uploads alone are 46.08, all four metrics together 460.80.
    let report = Account::plain("us-east-1").traffic("nat-1", 1_024, 4_096).report();
    let row = report.nat("nat-1");
    assert_eq!(usd(row.window_usd.data), "230.4");
    let bytes = row.bytes.as_ref().unwrap();
    assert_eq!(bytes.processed, 5_120 << 30);
    assert_eq!(bytes.out_to_destination, Some(1_024 << 30));
}

#[test]
fn a_gateway_an_address_and_5000_gb_cost_261_50_a_month() {
    // 730 x 0.045 + 730 x 0.005 + 5,000 x 0.045 = 32.85 + 3.65 + 225
    let report = Account::plain("us-east-1").traffic("nat-1", 2_000, 3_000).report();
    let row = report.nat("nat-1");
    assert_eq!(
        [row.window_usd.hours, row.window_usd.addresses, row.window_usd.data].map(usd),
        ["32.85", "3.65", "225"]
    );
    assert_eq!(usd(row.monthly_usd), "261.5");
    assert_eq!(usd(report.totals.monthly_usd.current), "261.5");
}

#[test]
fn a_regional_gateway_in_3_zones_costs_98_55_and_its_addresses() {
    let mut account = Account::new("us-east-1").vpc("vpc-1", "10.0.0.0/16").regional_nat("nat-r", &["a", "b", "c"]);
    for zone in ["a", "b", "c"] {
        account = account.zone_traffic("nat-r", zone, 0, 0);
    }
    let report = account.report();
    let row = report.nat("nat-r");
    // 3 x 730 x 0.045, and 3 x 730 x 0.005
    assert_eq!([row.window_usd.hours, row.window_usd.addresses].map(usd), ["98.55", "10.95"]);
    assert_eq!(usd(row.monthly_usd), "109.5");
    assert_eq!(row.availability_zones, ["us-east-1a", "us-east-1b", "us-east-1c"]);
}

#[test]
fn an_endpoint_in_3_zones_costs_21_90_a_month() {
    let account = Account::sound("us-east-1").subnet("subnet-c", "c", "10.0.12.0/24");
    let report = account.interface_endpoint("sqs", &["subnet-a", "subnet-b", "subnet-c"]).report();
    // 3 x 730 x 0.01
    assert_eq!(usd(report.endpoint("vpce-sqs").monthly_usd), "21.9");
}

#[test]
fn two_petabytes_through_a_regions_endpoints_cost_16777_22() {
    let services = ["sqs", "sns", "kms", "logs"];
    // 1,048,576 x 0.01 + 1,048,576 x 0.006 = 10,485.76 + 6,291.456, in whatever parts they come
    for parts in [&[2 * PB][..], &[PB, PB], &[1, PB - 1, PB], &[PB / 3, PB / 3, PB / 3, 2 * PB - PB / 3 * 3]] {
        let mut account = Account::sound("us-east-1");
        for (service, gb) in services.iter().zip(parts) {
            account = account.interface_endpoint(service, &["subnet-a"]).bytes(&format!("vpce-{service}"), *gb);
        }
        let report = account.report();
        assert_eq!(usd(endpoint_data(&report)), "16777.216");
        assert_eq!(cents(endpoint_data(&report)), "16777.22");
        let sum: Usd = report.endpoints.iter().filter_map(|row| row.window_usd.data).sum();
        assert_eq!(usd(sum), "16777.216");
    }
}

#[test]
fn each_region_and_each_kind_of_endpoint_has_tiers_of_its_own() {
    let report = Account::sound("us-east-1")
        .interface_endpoint("sqs", &["subnet-a"])
        .bytes("vpce-sqs", PB)
        .endpoint(EndpointType::GatewayLoadBalancer, "firewall", |endpoint| {
            endpoint.subnet_ids = vec!["subnet-a".into()];
        })
        .bytes("vpce-firewall", PB)
        .and("111122223333", "us-west-2")
        .vpc("vpc-2", "10.2.0.0/16")
        .interface_endpoint("sns", &[])
        .bytes("vpce-sns", PB)
        .report();
    // 2^20 x 0.01 in each Region; 2^20 x 0.0035 through the firewall's
    assert_eq!(usd(report.endpoint("vpce-sqs").window_usd.data), "10485.76");
    assert_eq!(usd(report.endpoint("vpce-sns").window_usd.data), "10485.76");
    assert_eq!(usd(report.endpoint("vpce-firewall").window_usd.data), "3670.016");
}

#[test]
fn a_window_of_two_months_starts_the_tiers_anew() {
    let of = |start: &str, end: &str, hours: &[(usize, u64)]| {
        let account = Account::new("us-east-1").window(start, end).vpc("vpc-1", "10.0.0.0/16");
        let report = account.interface_endpoint("sqs", &[]).bytes_at("vpce-sqs", hours).report();
        usd(endpoint_data(&report))
    };
    let (august, september, october) = ("2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z");
    // 1 PB in each of two months: twice 10,485.76
    assert_eq!(of(august, october, &[(743, PB), (744, PB)]), "20971.52");
    // The same in one month: 16,777.216
    assert_eq!(of(august, october, &[(742, PB), (743, PB)]), "16777.216");
    assert_eq!(of(august, september, &[(0, PB), (743, PB)]), "16777.216");
    // 30 days that straddle two months are taken as one bill's.
    assert_eq!(of("2026-08-17T00:00:00Z", "2026-09-16T00:00:00Z", &[(0, PB), (719, PB)]), "16777.216");
}

#[test]
fn hub_and_spoke_pays_0_065_for_each_gb() {
    let report = Account::plain("us-east-1")
        .traffic("nat-1", 100, 900)
        .attach("tgw-1", "vpc-1", &["subnet-a"], Some("tgw-rtb-1"))
        .attach("tgw-1", "vpc-spoke", &["subnet-spoke"], Some("tgw-rtb-1"))
        .tgw_table("tgw-rtb-1", &[("0.0.0.0/0", "vpc-1")])
        .vpc("vpc-spoke", "10.1.0.0/16")
        .subnet("subnet-spoke", "a", "10.1.0.0/24")
        .table("rtb-spoke", &["subnet-spoke"])
        .route("rtb-spoke", "0.0.0.0/0", "tgw-1")
        .report_assuming(&["s3=100%"]);
    // 1,000 x (0.045 + 0.02)
    assert_eq!(money(report.one_for("missing-gateway-endpoint", "s3")), ["65", "65", "65"]);
}
