//! The search against trying everything, with the bill written out a second time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{EstimateReport, Plan, RegionEstimate, TransitGateway, Vpc};
use crate::model::{Service, Usd};
use crate::pricing::{PriceBook, Product};

/// VPC, service, zone.
type Pair = (usize, Service, String);

const REGION: &str = "us-east-1";

/// Which ones a bit set has.
fn subset<T: Clone>(all: &[T], bits: usize) -> Vec<T> {
    all.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1).map(|(_, item)| item.clone()).collect()
}

fn pairs(plan: &Plan) -> Vec<(Pair, Decimal)> {
    let mut pairs = Vec::new();
    for (index, vpc) in plan.vpcs.iter().enumerate() {
        for (service, zones) in &vpc.traffic {
            pairs.extend(zones.iter().map(|(zone, gb)| ((index, service.clone(), zone.clone()), *gb)));
        }
    }
    pairs
}

fn eligible(plan: &Plan) -> Vec<Pair> {
    let known = ["sqs", "kms", "logs", "sts"];
    pairs(plan)
        .into_iter()
        .filter(|(pair, gb)| known.contains(&pair.1.as_str()) && !gb.is_zero())
        .map(|p| p.0)
        .collect()
}

/// What a month costs with a NAT gateway in each zone, or one in each VPC's home.
fn month(
    book: &PriceBook,
    plan: &Plan,
    scale: Decimal,
    homes: Option<&[&str]>,
    carried: &BTreeSet<Pair>,
    interfaces: usize,
    shared: bool,
) -> Usd {
    let unit = |product| book.unit(&REGION.into(), product).unwrap();
    let hours = |product, count: usize| unit(product) * Decimal::from(730 * count);
    let gateways = homes.map_or_else(|| plan.vpcs.iter().map(|vpc| vpc.zones.len()).sum(), <[_]>::len);
    let mut usd = hours(Product::NatGatewayHour, gateways) + hours(Product::PublicIpv4Hour, gateways);
    usd += hours(Product::InterfaceEndpointAzHour, interfaces);
    let mut through = Decimal::ZERO;
    for (pair, gb) in pairs(plan) {
        let gb = gb * scale;
        if pair.1 == Service::S3 {
            continue;
        }
        if carried.contains(&pair) {
            through += gb;
            continue;
        }
        usd += unit(Product::NatGatewayGb) * gb;
        if homes.is_some_and(|homes| homes[pair.0] != pair.2) {
            usd += unit(Product::InterAzGb) * gb * Decimal::TWO;
        }
    }
    if shared {
        usd += hours(Product::TgwAttachmentHour, plan.vpcs.len() + 1) + unit(Product::TgwGb) * through;
    }
    usd + book.rate(&REGION.into(), Product::InterfaceEndpointGb).unwrap().cost(through)
}

fn total(
    book: &PriceBook,
    plan: &Plan,
    homes: Option<&[&str]>,
    carried: &BTreeSet<Pair>,
    interfaces: usize,
    shared: bool,
) -> Usd {
    plan.scales().iter().map(|scale| month(book, plan, *scale, homes, carried, interfaces, shared)).sum()
}

/// The least cost over every set of (VPC, service, zone), each for its own clients.
fn by_zone(book: &PriceBook, plan: &Plan, homes: Option<&[&str]>) -> Usd {
    let all = eligible(plan);
    let sets = (0..1_usize << all.len()).map(|bits| subset(&all, bits));
    sets.map(|made| total(book, plan, homes, &made.iter().cloned().collect(), made.len(), false)).min().unwrap()
}

/// The least cost over every set, where any interface of a VPC's service takes all of its traffic there.
fn all_move(book: &PriceBook, plan: &Plan, homes: Option<&[&str]>) -> Usd {
    let all = eligible(plan);
    let moved = |made: &[Pair]| -> BTreeSet<Pair> {
        let has = |pair: &&Pair| made.iter().any(|other| (other.0, &other.1) == (pair.0, &pair.1));
        all.iter().filter(has).cloned().collect()
    };
    let sets = (0..1_usize << all.len()).map(|bits| subset(&all, bits));
    sets.map(|made| total(book, plan, homes, &moved(&made), made.len(), false)).min().unwrap()
}

/// The least cost over every set of (service, zone) shared by all VPCs. Something is shared.
fn shared(book: &PriceBook, plan: &Plan) -> Option<Usd> {
    let all = eligible(plan);
    let keys: BTreeSet<(Service, String)> = all.iter().map(|pair| (pair.1.clone(), pair.2.clone())).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    let sets = (1..1_usize << keys.len()).map(|bits| subset(&keys, bits));
    sets.map(|made| {
        let carried = all.iter().filter(|pair| made.contains(&(pair.1.clone(), pair.2.clone()))).cloned().collect();
        total(book, plan, None, &carried, made.len(), true)
    })
    .min()
}

fn homes(plan: &Plan) -> Vec<Vec<&str>> {
    plan.vpcs.iter().fold(vec![Vec::new()], |all, vpc| {
        let with = |homes: &Vec<_>, zone| homes.iter().copied().chain([zone]).collect();
        all.iter()
            .flat_map(|homes| vpc.zones.iter().map(|zone| with(homes, zone.as_str())).collect::<Vec<_>>())
            .collect()
    })
}

fn least(region: &RegionEstimate, ids: &[&str]) -> Usd {
    let rows = region.architectures.iter().filter(|row| ids.contains(&row.id.as_str()));
    rows.map(|row| row.usd.unwrap()).min().unwrap()
}

fn near(a: Usd, b: Usd) -> bool {
    (a - b).0.abs() <= Decimal::new(1, 6)
}

/// Small quantities around the break-even, and large ones around the tiers' edges.
fn gigabytes() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        1 => Just(Decimal::ZERO),
        6 => (1_i64..8_000).prop_map(|tenths| Decimal::new(tenths, 1)),
        2 => (prop::sample::select(vec![1_048_576_i64, 524_288, 5_242_880, 2_621_440]), -300_i64..300)
            .prop_map(|(edge, off)| Decimal::from(edge + off)),
    ]
}

fn plans(vpcs: usize, services: usize, zones: usize) -> impl Strategy<Value = Plan> {
    let shape = (1..=vpcs, 1..=services, 1..=zones, 1_u16..4, -30_i64..60);
    shape.prop_flat_map(move |(vpcs, services, zones, months, growth)| {
        let names: Vec<&str> =
            ["sqs", "kms", "logs", "sts"].into_iter().take(services).chain(["s3", "internet"]).collect();
        let figures = prop::collection::vec(gigabytes(), vpcs * names.len() * zones);
        figures.prop_map(move |figures| {
            let mut figures = figures.into_iter();
            let zone_names: Vec<String> = ["a", "b", "c"].iter().take(zones).map(|zone| (*zone).to_owned()).collect();
            let vpcs = (0..vpcs).map(|index| {
                let mut zones_of =
                    || -> BTreeMap<String, Decimal> { zone_names.iter().cloned().zip(figures.by_ref()).collect() };
                let traffic = names.iter().map(|name| (Service::new(name), zones_of())).collect();
                Vpc { name: format!("v{index}"), region: REGION.into(), zones: zone_names.clone(), traffic }
            });
            let transit_gateway = TransitGateway { egress: false, shared_endpoints: true };
            Plan { vpcs: vpcs.collect(), growth: Decimal::new(growth, 2), months, transit_gateway }
        })
    })
}

fn check(plan: &Plan) -> Result<(), TestCaseError> {
    let book = PriceBook::embedded().unwrap();
    let report = EstimateReport::new(plan, &book);
    let region = &report.regions[0];
    let own = ["/no-endpoints", "/gateway", "/interface-own-az"];
    let one = ["/no-endpoints", "/gateway", "/interface-own-az", "/interface-one-az"];
    let of = |nat: &str, ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| format!("{nat}{id}")).collect();
        least(region, &ids.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let by_own = by_zone(&book, plan, None);
    prop_assert!(near(of("nat-per-az", &own), by_own), "{} {}", of("nat-per-az", &own).0, by_own.0);
    // One zone's interface for all is the cheapest way to place any, and never dearer than none.
    let moving = all_move(&book, plan, None);
    prop_assert!(near(of("nat-per-az", &one), moving), "{} {}", of("nat-per-az", &one).0, moving.0);
    if let Some(row) = region.architectures.iter().find(|row| row.id == "nat-per-az/shared-own-az") {
        let (found, expected) = (row.usd.unwrap(), shared(&book, plan).unwrap());
        prop_assert!(near(found, expected), "{} {}", found.0, expected.0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_search_agrees_with_trying_everything(plan in plans(2, 2, 3)) {
        check(&plan)?;
    }

    #[test]
    fn and_with_a_single_gateway_in_any_zone(plan in plans(2, 2, 2)) {
        let book = PriceBook::embedded().unwrap();
        let report = EstimateReport::new(&plan, &book);
        let homes = homes(&plan);
        prop_assume!(plan.vpcs[0].zones.len() > 1);
        let ids = ["single-nat/no-endpoints", "single-nat/gateway", "single-nat/interface-own-az"];
        let found = least(&report.regions[0], &ids);
        let expected = homes.iter().map(|homes| by_zone(&book, &plan, Some(homes))).min().unwrap();
        prop_assert!(near(found, expected), "{} {}", found.0, expected.0);
        let ids = [ids[0], ids[1], ids[2], "single-nat/interface-one-az"];
        let found = least(&report.regions[0], &ids);
        let expected = homes.iter().map(|homes| all_move(&book, &plan, Some(homes))).min().unwrap();
        prop_assert!(near(found, expected), "{} {}", found.0, expected.0);
    }

    #[test]
    fn every_line_is_quantity_times_rate_and_the_lines_add_up(plan in plans(2, 4, 3)) {
        let report = EstimateReport::new(&plan, &super::tests::book());
        for row in &report.regions[0].architectures {
            let lines: Usd = row.lines.iter().map(|line| line.usd.unwrap()).sum();
            prop_assert!(near(lines, row.usd.unwrap()));
            prop_assert!(near(row.months_usd.iter().flatten().copied().sum(), lines));
            prop_assert!(row.above_cheapest_usd.unwrap() >= Usd::ZERO);
            for line in row.lines.iter().filter(|line| line.what != "through interface endpoints") {
                prop_assert!(near(Usd(line.rate_usd.unwrap() * line.quantity), line.usd.unwrap()), "{}", line.what);
            }
        }
    }
}

proptest! {
    // Each case tries all 4,096 sets of twelve.
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn and_for_twelve_of_service_and_zone(plan in plans(1, 4, 3)) {
        check(&plan)?;
    }
}
