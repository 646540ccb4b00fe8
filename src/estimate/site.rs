//! A Region of a plan: its VPCs' traffic as a list of flows, and the rates that hold there.

use rust_decimal::Decimal;

use super::plan::{Plan, TransitGateway, Vpc};
use crate::catalogue::is_offered;
use crate::model::{HOURS_PER_MONTH, RegionName, Service, Usd};
use crate::pricing::{PriceBook, Product, Rate, Region};

/// A Region of a plan, with prices.
pub(super) struct Site<'a> {
    pub(super) region: &'a RegionName,
    pub(super) vpcs: Vec<&'a Vpc>,
    /// What there is to carry: only what is more than nothing.
    pub(super) flows: Vec<Flow<'a>>,
    /// Each month's traffic of the first one's.
    pub(super) scales: Vec<Decimal>,
    pub(super) allowed: TransitGateway,
    prices: &'a PriceBook,
}

/// Traffic of a zone's clients with a service.
pub(super) struct Flow<'a> {
    /// Index of the VPC.
    pub(super) vpc: usize,
    pub(super) service: &'a Service,
    pub(super) zone: &'a str,
    /// In the first month.
    pub(super) gb: Decimal,
    pub(super) by: Means,
}

/// What else than a NAT gateway may carry a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    NatOnly,
    GatewayEndpoint,
    InterfaceEndpoint,
}

impl<'a> Site<'a> {
    pub(super) fn new(plan: &'a Plan, region: &'a RegionName, prices: &'a PriceBook) -> Self {
        let vpcs: Vec<&Vpc> = plan.vpcs.iter().filter(|vpc| vpc.region == *region).collect();
        let mut flows = Vec::new();
        for (index, vpc) in vpcs.iter().enumerate() {
            for (service, zones) in &vpc.traffic {
                let by = if Service::WITH_GATEWAY_ENDPOINT.contains(service) {
                    Means::GatewayEndpoint
                } else if is_offered(service, region) {
                    Means::InterfaceEndpoint
                } else {
                    Means::NatOnly
                };
                let some = zones.iter().filter(|(_, gb)| **gb > Decimal::ZERO);
                flows.extend(some.map(|(zone, gb)| Flow { vpc: index, service, zone, gb: *gb, by }));
            }
        }
        Self { region, vpcs, flows, scales: plan.scales(), allowed: plan.transit_gateway, prices }
    }

    /// The same with so many times the traffic.
    pub(super) fn times(mut self, factor: Decimal) -> Self {
        for flow in &mut self.flows {
            flow.gb *= factor;
        }
        self
    }

    /// A product's rate, or that it is unknown.
    pub(super) fn rate(&self, product: Product) -> Result<&'a Rate, String> {
        self.prices.rate(self.region, product).map_err(|missing| missing.to_string())
    }

    /// A product's price where one GB or hour costs as much as another.
    pub(super) fn flat(&self, product: Product) -> Result<Usd, String> {
        let rate = self.rate(product)?;
        if rate.tiers().len() > 1 {
            return Err(format!("{product} in {} has tiers, which an estimate does not share out", self.region));
        }
        Ok(rate.first())
    }

    /// A month's hours of a product, over all months.
    pub(super) fn hours(&self, product: Product) -> Result<Usd, String> {
        Ok(self.flat(product)? * Decimal::from(HOURS_PER_MONTH) * Decimal::from(self.scales.len()))
    }

    /// All months' traffic of the first one's.
    pub(super) fn scale(&self) -> Decimal {
        self.scales.iter().sum()
    }

    pub(super) fn usage_type(&self, product: Product) -> String {
        Region::find(self.region.as_str()).map(|region| product.usage_type(region)).unwrap_or_default()
    }

    /// The zones of all its VPCs, each once.
    pub(super) fn zones(&self) -> Vec<&'a str> {
        let mut zones: Vec<&str> = self.vpcs.iter().flat_map(|vpc| &vpc.zones).map(String::as_str).collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }
}
