//! From how many GB on an interface endpoint pays off, service by service and zone by zone, the NAT gateway staying.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::site::{Means, Site};
use crate::model::{HOURS_PER_MONTH, Service};
use crate::pricing::Product;
use crate::report::{decimal, number};

/// A service in a zone, beside what it would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BreakEven {
    /// The VPC.
    pub vpc: String,
    /// The service.
    pub service: Service,
    /// The Availability Zone.
    pub availability_zone: String,
    /// GB in the first month.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "decimal")]
    pub gb: Decimal,
    /// GB a month above which an interface in this zone pays off for its own clients, beside a NAT gateway in the zone.
    /// At the endpoint's first tier. Null when a price is unknown, or no quantity pays off.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub break_even_gb: Option<Decimal>,
    /// The same where the NAT gateway is in another zone.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub break_even_crossing_gb: Option<Decimal>,
}

/// Of every service with an interface endpoint.
pub(super) fn of(site: &Site<'_>) -> Vec<BreakEven> {
    let month = site.flat(Product::InterfaceEndpointAzHour).map(|hour| hour.0 * Decimal::from(HOURS_PER_MONTH));
    let endpoint = site.rate(Product::InterfaceEndpointGb).map(|rate| rate.first().0);
    let nat = site.flat(Product::NatGatewayGb).map(|gb| gb.0);
    let crossing = site.flat(Product::InterAzGb).map(|gb| gb.0 * Decimal::TWO);
    let above = |way: Option<Decimal>| {
        let saved = way? - *endpoint.as_ref().ok()?;
        (saved > Decimal::ZERO).then_some(saved).and_then(|saved| month.as_ref().ok()?.checked_div(saved))
    };
    let near = above(nat.clone().ok());
    let far = above(nat.ok().zip(crossing.ok()).map(|(nat, crossing)| nat + crossing));
    let flows = site.flows.iter().filter(|flow| flow.by == Means::InterfaceEndpoint);
    flows
        .map(|flow| BreakEven {
            vpc: site.vpcs[flow.vpc].name.clone(),
            service: flow.service.clone(),
            availability_zone: flow.zone.to_owned(),
            gb: flow.gb,
            break_even_gb: near,
            break_even_crossing_gb: far,
        })
        .collect()
}
