//! What each NAT gateway and endpoint cost in the window: quantity × rate, line by line as a bill has it, and what
//! could not be known.

mod endpoint;
mod nat_gateway;

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

pub use endpoint::EndpointCost;
pub use nat_gateway::{NatBytes, NatGatewayCost};

use crate::model::{AccountId, Hours, NatGatewayId, RegionName, RegionScan, Snapshot, Usd, VpcEndpointId, Window};
use crate::pricing::{MissingRate, PriceBook, Product, Rate, Region};

/// Why a cost is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unknown {
    /// The price book has no row for it.
    #[error(transparent)]
    Price(#[from] MissingRate),
    /// CloudWatch had no datapoint, and nothing proves that there was no traffic.
    #[error("no metric says how many bytes it processed")]
    Bytes,
    /// AWS publishes no metric for this type of endpoint.
    #[error("AWS publishes no metric of the bytes of a {0} endpoint")]
    NoMetric(String),
    /// It is deleted, and nothing says when that was.
    #[error("it is deleted, and nothing says since when")]
    Lifetime,
    /// Only its metrics tell of it, because the call that lists such things failed.
    #[error("it could not be listed: {0} failed")]
    NotListed(&'static str),
    /// An AWS service made it and may include its cost in its own price.
    #[error("an AWS service manages it and may include its cost in its own price")]
    RequesterManaged,
    /// A kind of thing this version does not know the price of.
    #[error("how a {0} endpoint is billed is not known to this version")]
    Kind(String),
}

/// An amount, or why there is none.
pub type Amount = Result<Usd, Unknown>;

/// One line as on the bill: quantity × rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Charge {
    /// Which part of the resource's cost this is: `hours`, `data` or `addresses`.
    pub component: Component,
    /// The usage type on the bill, with the Region's prefix.
    pub usage_type: String,
    /// How much was used; null when unknown.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub quantity: Option<Decimal>,
    /// What is counted: `hour` or `GB` (2^30 bytes).
    pub unit: &'static str,
    /// Dollars per unit, net of the discount; the blended rate where tiers apply; null when unknown.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub unit_usd: Option<Decimal>,
    /// Quantity × rate; null when either is unknown.
    pub usd: Option<Usd>,
    /// When that rate held.
    pub price_as_of: Option<String>,
    /// Where that rate was read.
    pub price_source: Option<String>,
}

/// A part of a resource's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Being there.
    Hours,
    /// Carrying traffic.
    Data,
    /// Public IPv4 addresses.
    Addresses,
}

impl Component {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Data => "data",
            Self::Addresses => "addresses",
        }
    }
}

/// The cost of everything in a snapshot.
#[derive(Debug)]
pub struct Costs<'a> {
    /// The window that was priced.
    pub window: Window,
    /// NAT gateways in the snapshot's order, then those known only by their metrics.
    pub nat_gateways: Vec<NatGatewayCost<'a>>,
    /// Endpoints likewise.
    pub endpoints: Vec<EndpointCost<'a>>,
    nat_gateway_index: HashMap<&'a NatGatewayId, usize>,
    endpoint_index: HashMap<&'a VpcEndpointId, usize>,
}

impl<'a> Costs<'a> {
    /// Prices a snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, prices: &PriceBook) -> Self {
        let window = snapshot.window;
        let mut nat_gateways = Vec::new();
        let mut endpoints = Vec::new();
        for scan in &snapshot.regions {
            nat_gateways.extend(nat_gateway::price(scan, window, prices));
            endpoints.extend(endpoint::price(scan, window, prices));
        }
        Self {
            window,
            nat_gateway_index: nat_gateways.iter().enumerate().map(|(index, cost)| (cost.id, index)).collect(),
            endpoint_index: endpoints.iter().enumerate().map(|(index, cost)| (cost.id, index)).collect(),
            nat_gateways,
            endpoints,
        }
    }

    /// A NAT gateway's cost.
    #[must_use]
    pub fn nat_gateway(&self, id: &NatGatewayId) -> Option<&NatGatewayCost<'a>> {
        self.nat_gateways.get(*self.nat_gateway_index.get(id)?)
    }

    /// An endpoint's cost.
    #[must_use]
    pub fn endpoint(&self, id: &VpcEndpointId) -> Option<&EndpointCost<'a>> {
        self.endpoints.get(*self.endpoint_index.get(id)?)
    }

    /// Everything that is not known, by resource.
    #[must_use]
    pub fn unknowns(&self) -> BTreeMap<(&'a AccountId, &'a RegionName, &'a str), Vec<&Unknown>> {
        let mut unknowns = BTreeMap::<_, Vec<_>>::new();
        let nat_gateways = self.nat_gateways.iter().map(|c| (c.account_id, c.region, c.id.as_str(), c.unknowns()));
        let endpoints = self.endpoints.iter().map(|c| (c.account_id, c.region, c.id.as_str(), c.unknowns()));
        for (account_id, region, id, reasons) in nat_gateways.chain(endpoints) {
            if !reasons.is_empty() {
                unknowns.insert((account_id, region, id), reasons);
            }
        }
        unknowns
    }
}

/// A quantity at the book's rate.
fn charge(
    component: Component,
    region: &RegionName,
    product: Product,
    quantity: Result<Decimal, Unknown>,
    prices: &PriceBook,
) -> (Charge, Amount) {
    charge_at(component, region, product, quantity, prices, Rate::cost)
}

/// A quantity at the book's rate, where what other resources use decides the tier.
fn charge_at(
    component: Component,
    region: &RegionName,
    product: Product,
    quantity: Result<Decimal, Unknown>,
    prices: &PriceBook,
    cost: impl FnOnce(&Rate, Decimal) -> Usd,
) -> (Charge, Amount) {
    let rate = prices.rate(region, product);
    // Nothing used costs nothing, even where the price is not known.
    let amount = match (&quantity, &rate) {
        (Ok(quantity), _) if quantity.is_zero() => Ok(Usd::ZERO),
        (Ok(quantity), Ok(rate)) => Ok(cost(rate, *quantity)),
        (Err(unknown), _) => Err(unknown.clone()),
        (_, Err(missing)) => Err(Unknown::Price(missing.clone())),
    };
    let quantity = quantity.ok();
    let blended = match (&amount, quantity) {
        (Ok(usd), Some(quantity)) if !quantity.is_zero() => Some(usd.0 / quantity),
        _ => rate.as_ref().ok().map(|rate| rate.first().0),
    };
    let charge = Charge {
        component,
        usage_type: Region::find(region.as_str()).map(|region| product.usage_type(region)).unwrap_or_default(),
        quantity,
        unit: product.unit(),
        unit_usd: blended,
        usd: amount.as_ref().ok().copied(),
        price_as_of: rate.as_ref().ok().map(|rate| rate.as_of.clone()).filter(|date| !date.is_empty()),
        price_source: rate.as_ref().ok().map(|rate| rate.source.clone()),
    };
    (charge, amount)
}

/// Why something that only its metrics tell of has no known life: it is gone, or could not be listed.
fn unlisted(scan: &RegionScan, operation: &'static str) -> Unknown {
    let failed = scan.gaps.iter().any(|gap| gap.operation == operation);
    if failed { Unknown::NotListed(operation) } else { Unknown::Lifetime }
}

/// The whole of some parts; unknown as soon as one of them is.
fn whole<'x>(parts: impl IntoIterator<Item = &'x Amount>) -> Option<Usd> {
    parts.into_iter().map(|part| part.as_ref().ok().copied()).sum()
}

/// A window's amount scaled to a month by the hours the resource existed. What existed for no billed hour has no
/// monthly cost to show.
fn monthly(amount: Option<Usd>, hours: Option<Hours>) -> Option<Usd> {
    Some(amount?.per_month(hours?))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod worked_figures;
