//! What holds of every account, however strange.

use natwise::assumption::Assumptions;
use natwise::model::{NatGatewayState, Snapshot, Usd};
use natwise::output::{Format, Style, render};
use natwise::pricing::PriceBook;
use natwise::report::Report;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::account::{Account, GB};

/// A VPC in the making: gateways with perhaps known bytes, tables over subnets, endpoints.
#[derive(Debug, Clone)]
struct Sketch {
    region: usize,
    gateways: Vec<(usize, Option<(u64, u64)>, u8)>,
    tables: Vec<(usize, usize)>,
    endpoints: Vec<(usize, Vec<usize>, Option<u64>, bool, bool)>,
    shares: Vec<u8>,
    transit: bool,
}

const REGIONS: [&str; 4] = ["us-east-1", "eu-west-1", "mx-central-1", "ap-southeast-2"];
const ZONES: [&str; 3] = ["a", "b", "c"];
const SERVICES: [&str; 5] = ["s3", "dynamodb", "sqs", "kms", "com.amazonaws.vpce.us-east-1.vpce-svc-1"];

fn sketch() -> impl Strategy<Value = Sketch> {
    let bytes = prop_oneof![Just(0_u64), 0..9_000_u64, 0..3_000_000_u64].prop_map(|gb| gb * GB);
    let gateway = (0..3_usize, prop::option::of((bytes.clone(), bytes.clone())), 0..4_u8);
    let endpoint =
        (0..5_usize, prop::collection::vec(0..3_usize, 1..4), prop::option::of(bytes), any::<bool>(), any::<bool>());
    (
        0..REGIONS.len(),
        prop::collection::vec(gateway, 0..4),
        prop::collection::vec((0..4_usize, 0..3_usize), 0..5),
        prop::collection::vec(endpoint, 0..5),
        prop::collection::vec(0..30_u8, 0..4),
        any::<bool>(),
    )
        .prop_map(|(region, gateways, tables, endpoints, shares, transit)| Sketch {
            region,
            gateways,
            tables,
            endpoints,
            shares,
            transit,
        })
}

fn build(sketch: &Sketch) -> Account {
    let mut account = Account::new(REGIONS[sketch.region]);
    account.vpc("vpc-1", "10.0.0.0/16");
    for zone in ZONES {
        account.subnet(&format!("subnet-public-{zone}"), zone);
    }
    account.table("rtb-public", &["main"]).route("0.0.0.0/0", "igw-1");
    for (index, (zone, bytes, state)) in sketch.gateways.iter().enumerate() {
        let id = format!("nat-{index}");
        account.nat(&id, &format!("subnet-public-{}", ZONES[*zone]));
        account.last_nat().state =
            [NatGatewayState::Available, NatGatewayState::Available, NatGatewayState::Deleted, NatGatewayState::Failed]
                [usize::from(*state)]
            .clone();
        if let Some((up, down)) = bytes {
            account.traffic(&id, None, *up, *down);
        }
    }
    for (index, (gateway, zone)) in sketch.tables.iter().enumerate() {
        account.subnet(&format!("subnet-{index}"), ZONES[*zone]);
        account.table(&format!("rtb-{index}"), &[&format!("subnet-{index}")]);
        account.route("0.0.0.0/0", &format!("nat-{gateway}"));
    }
    for (index, (service, zones, bytes, gateway, private_dns)) in sketch.endpoints.iter().enumerate() {
        let id = format!("vpce-{index}");
        let gateway = *gateway && *service < 2;
        let places: Vec<String> = zones
            .iter()
            .map(|zone| if gateway { format!("rtb-{zone}") } else { format!("subnet-public-{}", ZONES[*zone]) })
            .collect();
        account.endpoint(&id, SERVICES[*service], &places.iter().map(String::as_str).collect::<Vec<_>>());
        if !gateway {
            account.last_endpoint().private_dns_enabled = *private_dns;
            if let Some(bytes) = bytes {
                account.carried(&id, *bytes);
            }
        }
    }
    if sketch.transit {
        account.attachment("tgw-attach-1", "vpc-1", &["subnet-public-a"]);
        account.vpc("vpc-2", "10.2.0.0/16").subnet("subnet-spoke", "a").table("rtb-spoke", &["main"]);
        account.route("0.0.0.0/0", "tgw-1").attachment("tgw-attach-2", "vpc-2", &["subnet-spoke"]);
    }
    account
}

fn shares(sketch: &Sketch) -> Assumptions {
    let texts: Vec<_> =
        SERVICES.iter().zip(&sketch.shares).map(|(service, percent)| format!("{service}={percent}%")).collect();
    Assumptions::parse(texts.iter().map(String::as_str)).unwrap()
}

fn json(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    render(report, Format::Json, Style { color: false, width: 80, rows: None }, &mut out).unwrap();
    out
}

fn close(a: Usd, b: Usd) -> bool {
    (a - b).0.abs() < Decimal::new(1, 9)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nobody_saves_more_than_they_pay(sketch in sketch()) {
        let report = Report::new(&build(&sketch).snapshot(), &PriceBook::embedded().unwrap(), &shares(&sketch));
        let month = &report.totals.monthly_usd;
        prop_assert!(Usd::ZERO <= month.saving_low);
        prop_assert!(month.saving_low <= month.saving_high);
        prop_assert!(month.saving_high <= month.current);
        let mut most = Usd::ZERO;
        for finding in &report.findings {
            let money = &finding.monthly_usd;
            let Some(((low, high), current)) = money.saving_low.zip(money.saving_high).zip(money.current) else {
                prop_assert!(money.saving_low.is_none() && money.saving_high.is_none());
                continue;
            };
            prop_assert!(Usd::ZERO <= low && low <= high && high <= current, "{:?}", finding);
            most += high;
        }
        prop_assert!(month.saving_high <= most);
        // The sums are those of the rows.
        let nat: Usd = report.nat_gateways.iter().filter_map(|row| row.window_usd.data).sum();
        prop_assert!(close(nat, report.totals.window_usd.nat_data.unwrap_or_default()));
        let endpoints: Usd = report.endpoints.iter().filter_map(|row| row.window_usd.data).sum();
        prop_assert!(close(endpoints, report.totals.window_usd.endpoint_data.unwrap_or_default()));
        // What is unknown is said to be.
        let unknown = report.nat_gateways.iter().any(|row| row.window_usd.total.is_none())
            || report.endpoints.iter().any(|row| row.window_usd.total.is_none());
        prop_assert_eq!(unknown, report.totals.partial);
    }

    #[test]
    fn a_snapshot_on_disk_gives_the_same_report(sketch in sketch()) {
        let snapshot = build(&sketch).snapshot();
        let prices = PriceBook::embedded().unwrap();
        let direct = Report::new(&snapshot, &prices, &shares(&sketch));
        let read = Snapshot::parse(&serde_json::to_vec(&snapshot).unwrap()).unwrap();
        prop_assert_eq!(&read, &snapshot);
        let read = Snapshot::merge(vec![read]).unwrap();
        prop_assert_eq!(json(&direct), json(&Report::new(&read, &prices, &shares(&sketch))));
    }

    #[test]
    fn the_order_of_an_accounts_parts_never_matters(sketch in sketch()) {
        let account = build(&sketch);
        let prices = PriceBook::embedded().unwrap();
        let mut turned = build(&sketch);
        turned.scan.nat_gateways.reverse();
        turned.scan.vpc_endpoints.reverse();
        turned.scan.subnets.reverse();
        turned.scan.metrics.nat_gateways.reverse();
        let totals = |account: &Account| {
            let report = Report::new(&account.snapshot(), &prices, &shares(&sketch));
            serde_json::to_string(&report.totals.monthly_usd).unwrap()
        };
        prop_assert_eq!(totals(&account), totals(&turned));
    }

    #[test]
    fn more_bytes_never_cost_less(up in 0_u64..5_000, more in 0_u64..5_000) {
        let cost = |gb: u64| crate::account::one_nat(gb * GB, 0).report().totals.monthly_usd.current;
        prop_assert!(cost(up) <= cost(up + more));
    }

    #[test]
    fn any_json_is_a_snapshot_or_a_clear_no(text in "\\PC{0,80}") {
        let _ = Snapshot::parse(text.as_bytes());
        let _ = PriceBook::embedded().unwrap().with_overrides("x", text.as_bytes());
    }
}
