//! The estimate as it is written: Region by Region, the cheapest architecture first.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::architecture::{Architecture, PlacedEndpoint};
use super::break_even::{self, BreakEven};
use super::line::Line;
use super::plan::Plan;
use super::site::Site;
use crate::model::{RegionName, Usd};
use crate::pricing::PriceBook;
use crate::report::{Prices, decimal};

/// `natwise estimate --format json`
#[derive(Debug, Serialize, JsonSchema)]
pub struct EstimateReport {
    /// `natwise.estimate/1`
    pub schema: &'static str,
    /// Program and version.
    pub generated_by: &'static str,
    /// The prices that were used.
    pub prices: Prices,
    /// How many months of 730 hours are summed.
    pub months: u16,
    /// What the traffic grows by a month: 0.03 for 3%.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "decimal")]
    pub growth: Decimal,
    /// What the cheapest architectures of all Regions cost over all months. Null when a Region has none of known price.
    pub cheapest_usd: Option<Usd>,
    /// The Regions of the plan, by code.
    pub regions: Vec<RegionEstimate>,
}

/// A Region of the plan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegionEstimate {
    /// Its code.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// Id of the cheapest architecture whose price is known; null when there is none.
    pub cheapest: Option<String>,
    /// Every architecture: by cost, those of unknown cost last.
    pub architectures: Vec<ArchitectureRow>,
    /// From how many GB on an interface endpoint pays off, by VPC, service and zone.
    pub break_even: Vec<BreakEven>,
    /// The cheapest where there is more or less of all traffic, by its quantity.
    pub by_traffic: Vec<TrafficPoint>,
}

/// What the Region would cost at another multiple of the plan's traffic.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrafficPoint {
    /// So many times the plan's traffic.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "decimal")]
    pub factor: Decimal,
    /// GB in the first month, of all services.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "decimal")]
    pub gb: Decimal,
    /// Id of the cheapest architecture whose price is known; null when there is none.
    pub cheapest: Option<String>,
    /// The same for people.
    pub title: Option<String>,
    /// What it costs over all months.
    pub usd: Option<Usd>,
    /// What each costs over all months, by id; null when unknown. Those that come out as another one are left out.
    pub usd_by_architecture: BTreeMap<String, Option<Usd>>,
}

/// An eighth of the plan's traffic to eight times as much.
const FACTORS: [Decimal; 7] = [
    Decimal::from_parts(125, 0, 0, false, 3),
    Decimal::from_parts(25, 0, 0, false, 2),
    Decimal::from_parts(5, 0, 0, false, 1),
    Decimal::ONE,
    Decimal::TWO,
    Decimal::from_parts(4, 0, 0, false, 0),
    Decimal::from_parts(8, 0, 0, false, 0),
];

/// An architecture.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ArchitectureRow {
    /// Where NAT is and which endpoints there are: `nat-per-az/gateway`.
    pub id: String,
    /// Where NAT is, for people.
    pub nat: &'static str,
    /// Which kinds of endpoints there are, for people.
    pub endpoints: &'static str,
    /// Both.
    pub title: String,
    /// Dollars over all months; null when unknown.
    pub usd: Option<Usd>,
    /// Dollars a month, on average; null when unknown.
    pub monthly_usd: Option<Usd>,
    /// Dollars over all months above the cheapest; null when unknown.
    pub above_cheapest_usd: Option<Usd>,
    /// Dollars of each month; null when unknown.
    pub months_usd: Option<Vec<Usd>>,
    /// The interface endpoints that it has.
    pub interface_endpoints: Vec<PlacedEndpoint>,
    /// What it is made of. Empty where a missing price leaves open which endpoints there would be.
    pub lines: Vec<Line>,
    /// Why its cost is unknown.
    pub unknown: Vec<String>,
}

impl EstimateReport {
    /// Prices a plan.
    #[must_use]
    pub fn new(plan: &Plan, prices: &PriceBook) -> Self {
        let mut regions: Vec<&RegionName> = plan.vpcs.iter().map(|vpc| &vpc.region).collect();
        regions.sort_unstable();
        regions.dedup();
        let regions: Vec<_> = regions.into_iter().map(|region| RegionEstimate::new(plan, region, prices)).collect();
        let cheapest = regions.iter().map(|region| region.cheapest_row()?.usd);
        Self {
            schema: "natwise.estimate/1",
            generated_by: crate::GENERATED_BY,
            prices: Prices::of(prices, Vec::new()),
            months: plan.months,
            growth: plan.growth,
            cheapest_usd: cheapest.sum::<Option<Usd>>(),
            regions,
        }
    }

    /// The JSON Schema of the estimate.
    #[must_use]
    pub fn json_schema() -> schemars::Schema {
        schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<Self>()
    }
}

impl RegionEstimate {
    fn new(plan: &Plan, region: &RegionName, prices: &PriceBook) -> Self {
        let site = &Site::new(plan, region, prices);
        let architectures = by_cost(site);
        let least = architectures.first().and_then(Architecture::usd);
        let rows: Vec<_> = architectures.iter().map(|row| ArchitectureRow::new(site, row, least)).collect();
        Self {
            region: site.region.clone(),
            cheapest: rows.first().filter(|row| row.usd.is_some()).map(|row| row.id.clone()),
            architectures: rows,
            break_even: break_even::of(site),
            by_traffic: FACTORS
                .into_iter()
                .map(|factor| TrafficPoint::new(&Site::new(plan, region, prices).times(factor), factor))
                .collect(),
        }
    }

    /// The cheapest of the architectures whose cost is known.
    #[must_use]
    pub fn cheapest_row(&self) -> Option<&ArchitectureRow> {
        self.architectures.first().filter(|row| row.usd.is_some())
    }
}

/// The cheapest first, those of unknown cost last.
fn by_cost(site: &Site<'_>) -> Vec<Architecture> {
    let mut architectures = Architecture::all(site);
    // Stable: of two that cost the same, the simpler design comes first.
    architectures.sort_by_key(|architecture| {
        let usd = architecture.usd();
        (usd.is_none(), usd)
    });
    architectures
}

impl TrafficPoint {
    fn new(site: &Site<'_>, factor: Decimal) -> Self {
        let architectures = by_cost(site);
        let cheapest = architectures.first().filter(|architecture| architecture.usd().is_some());
        Self {
            factor,
            gb: site.flows.iter().map(|flow| flow.gb).sum(),
            cheapest: cheapest.map(|architecture| architecture.design.id()),
            title: cheapest.map(|architecture| architecture.design.title()),
            usd: cheapest.and_then(Architecture::usd),
            usd_by_architecture: architectures.iter().map(|row| (row.design.id(), row.usd())).collect(),
        }
    }
}

impl ArchitectureRow {
    fn new(site: &Site<'_>, architecture: &Architecture, least: Option<Usd>) -> Self {
        let usd = architecture.usd();
        Self {
            id: architecture.design.id(),
            nat: architecture.design.nat.title(),
            endpoints: architecture.design.endpoints.title(),
            title: architecture.design.title(),
            usd,
            monthly_usd: usd.map(|usd| Usd(usd.0 / Decimal::from(site.scales.len()))),
            above_cheapest_usd: usd.zip(least).map(|(usd, least)| usd - least),
            months_usd: architecture.months.as_ref().ok().cloned(),
            interface_endpoints: architecture.endpoints.clone(),
            lines: architecture.items.iter().map(|item| item.line(site)).collect(),
            unknown: architecture.months.as_ref().err().cloned().unwrap_or_default(),
        }
    }
}
