//! What a rule sees: the topology, the costs, the prices, and what the user declared.

use rust_decimal::Decimal;

use crate::assumption::Assumptions;
use crate::cost::{Costs, NatGatewayCost};
use crate::finding::{Basis, Evidence};
use crate::model::{HOURS_PER_MONTH, Hours, RegionName, Service, Usd, Window, grouped};
use crate::pricing::{MissingRate, PriceBook, Product, Region};
use crate::topology::Topology;

/// Everything that rules read.
#[derive(Debug)]
pub struct Context<'a> {
    /// Who routes where.
    pub topology: &'a Topology<'a>,
    /// What it costs.
    pub costs: &'a Costs<'a>,
    /// What it would cost.
    pub prices: &'a PriceBook,
    /// What the user says of the traffic.
    pub assumptions: &'a Assumptions,
}

/// How much of a NAT gateway's monthly gigabytes is for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portion {
    pub(super) basis: Basis,
    pub(super) low_gb: Decimal,
    pub(super) high_gb: Decimal,
}

/// Below this a resource is too young to be called idle: a monthly job may not have run yet.
const LONG_ENOUGH: Hours = 7 * 24;

impl Context<'_> {
    /// The window.
    pub(super) fn window(&self) -> Window {
        self.costs.window
    }

    /// A service's part of a gateway's bytes: declared, or anything up to all that is not declared for others. None
    /// when the gateway's bytes are not known.
    pub(super) fn portion(&self, nat: &NatGatewayCost<'_>, service: &Service) -> Option<Portion> {
        let total = nat.monthly_gb()?;
        Some(match self.assumptions.share(service) {
            Some(share) => Portion { basis: Basis::Assumed, low_gb: total * share, high_gb: total * share },
            None => {
                Portion { basis: Basis::Bounded, low_gb: Decimal::ZERO, high_gb: total * self.assumptions.remainder() }
            }
        })
    }

    /// Whether the window shows enough of a life of some hours to call it idle.
    pub(super) fn shows_idleness(&self, hours: Hours) -> bool {
        hours >= self.window().hours() || hours >= LONG_ENOUGH
    }

    /// What to say about a time that may miss monthly jobs.
    pub(super) fn short_window_note(hours: Hours) -> Option<String> {
        let days = hours / 24;
        (hours < HOURS_PER_MONTH - 24).then(|| {
            format!("Only {days} days were seen: a monthly job, or a standby for failover, may still need it. Audit a longer window first.")
        })
    }

    /// One line of a month's arithmetic.
    pub(super) fn line(
        &self,
        what: &str,
        region: &RegionName,
        product: Product,
        quantity: Option<Decimal>,
    ) -> Evidence {
        let rate = self.prices.rate(region, product).ok();
        Evidence {
            what: what.to_owned(),
            quantity,
            unit: product.unit(),
            unit_usd: rate.map(|rate| rate.first().0),
            usd: rate.zip(quantity).map(|(rate, quantity)| rate.cost(quantity)),
            usage_type: Region::find(region.as_str()).map(|region| product.usage_type(region)).unwrap_or_default(),
            price_as_of: rate.map(|rate| rate.as_of.clone()),
        }
    }

    /// What a product costs for a month.
    pub(super) fn per_month(&self, region: &RegionName, hourly: Product) -> Result<Usd, MissingRate> {
        Ok(self.prices.unit(region, hourly)? * Decimal::from(HOURS_PER_MONTH))
    }
}

/// Gigabytes as people read them.
pub(super) fn gb(quantity: Decimal) -> String {
    let places = if quantity < Decimal::TEN { 2 } else { 0 };
    format!("{} GB", grouped(quantity, places))
}

/// Dollars as people read them.
pub(super) fn usd(amount: Usd) -> String {
    format!("${}", grouped(amount.0, 2))
}
