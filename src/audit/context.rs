//! What a rule sees: the topology, the costs, the prices, and what the user declared.

use rust_decimal::Decimal;

use crate::assumption::Assumptions;
use crate::attribution::{Attribution, Clients, Measured, Range};
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
    /// What flow logs say of the traffic.
    pub attribution: &'a Attribution<'a>,
    /// What the user says of it, where flow logs say nothing.
    pub assumptions: &'a Assumptions,
}

/// A part of a NAT gateway's monthly gigabytes, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portion {
    pub(super) basis: Basis,
    pub(super) low_gb: Decimal,
    pub(super) high_gb: Decimal,
    /// The most that it can be together with all other clients' for the same.
    pub(super) limit_gb: Decimal,
}

impl Portion {
    fn new(basis: Basis, low_gb: Decimal, high_gb: Decimal) -> Self {
        Self { basis, low_gb, high_gb, limit_gb: high_gb }
    }

    fn measured(nat: &NatGatewayCost<'_>, measured: &Measured<'_>, bytes: Range) -> Option<Self> {
        let monthly = |bytes: Decimal| nat.monthly_gb_of(bytes);
        let exact = bytes.low == bytes.high && (measured.is_covered() || measured.metered == Some(0));
        let basis = match measured.sample {
            _ if exact => Basis::Measured,
            Some(_) if measured.is_covered() => Basis::Sampled,
            _ => Basis::PartlyMeasured,
        };
        Some(Self::new(basis, monthly(bytes.low)?, monthly(bytes.high)?))
    }

    /// Its gigabytes as people read them.
    pub(super) fn range(&self) -> String {
        if self.low_gb == self.high_gb {
            gb(self.low_gb)
        } else {
            format!("{} to {}", gb(self.low_gb), gb(self.high_gb))
        }
    }
}

/// What flow logs showed of a gateway's bytes for something, in a sentence or two.
pub(super) fn seen(measured: &Measured<'_>, portion: Portion, what: &str) -> String {
    let share =
        measured.coverage().map_or_else(|| "an unknown part".to_owned(), |coverage| format!("{}%", percent(coverage)));
    let range = portion.range();
    if let Some(sample) = measured.sample {
        let unseen = if measured.is_covered() { "" } else { "; what they did not see may be anything" };
        return format!(
            "Flow logs of {} sampled hours ({} of each day), which saw {share} of the bytes that CloudWatch metered in them, show {range} a month of all of it to be {what} of these subnets, with 95% confidence{unseen}. ",
            sample.plan.hours().len(),
            sample.plan.hours_per_day,
        );
    }
    let why = match (portion.basis, measured.is_covered()) {
        (Basis::Measured, _) => "",
        (_, false) => "; what they did not see may be anything",
        (_, true) => "; they cannot tell whose all of them are",
    };
    format!(
        "Flow logs, which saw {share} of the bytes that CloudWatch metered, show {range} a month of it to be {what} of these subnets{why}. "
    )
}

/// A share as people read it.
pub(super) fn percent(share: Decimal) -> String {
    (share * Decimal::ONE_HUNDRED).round_dp(1).normalize().to_string()
}

/// What a sum is known by, when its parts are known in several ways.
pub(super) fn together(bases: impl IntoIterator<Item = Basis>) -> Option<Basis> {
    use Basis::{Assumed, Bounded, Configuration, Measured, Metered, PartlyMeasured, Sampled};
    bases.into_iter().reduce(|a, b| match (a, b) {
        (a, b) if a == b => a,
        // With something bounded some of it is proven still, so that the least is more than nothing.
        (PartlyMeasured, _)
        | (_, PartlyMeasured)
        | (Bounded, Measured | Assumed | Sampled)
        | (Measured | Assumed | Sampled, Bounded) => PartlyMeasured,
        (Sampled, _) | (_, Sampled) => Sampled,
        (Assumed, _) | (_, Assumed) => Assumed,
        (Bounded, _) | (_, Bounded) => Bounded,
        (Configuration, _) | (_, Configuration) => Configuration,
        (Measured | Metered, _) => Measured,
    })
}

/// Below this a resource is too young to be called idle: a monthly job may not have run yet.
const LONG_ENOUGH: Hours = 7 * 24;

impl Context<'_> {
    /// The window.
    pub(super) fn window(&self) -> Window {
        self.costs.window
    }

    /// Some clients' bytes for a service: as flow logs measured them, else as declared, else anything up to all that is
    /// not declared for others. None when the gateway's bytes are not known.
    pub(super) fn portion(&self, nat: &NatGatewayCost<'_>, service: &Service, clients: Clients<'_>) -> Option<Portion> {
        if let Some(measured) = self.attribution.of(nat.id) {
            let limit_gb = nat.monthly_gb_of(measured.most(service)?)?;
            let portion = Portion::measured(nat, measured, measured.bytes(Some(service), clients)?)?;
            return Some(Portion { limit_gb: limit_gb.max(portion.high_gb), ..portion });
        }
        let total = nat.monthly_gb()?;
        Some(match self.assumptions.share(service) {
            Some(share) => Portion::new(Basis::Assumed, total * share, total * share),
            None => Portion::new(Basis::Bounded, Decimal::ZERO, total * self.assumptions.remainder()),
        })
    }

    /// Some clients' bytes for anything, as flow logs measured them; without those anything up to all.
    pub(super) fn all_of(&self, nat: &NatGatewayCost<'_>, clients: Clients<'_>) -> Option<Portion> {
        match self.attribution.of(nat.id) {
            Some(measured) => Portion::measured(nat, measured, measured.bytes(None, clients)?),
            None => Some(Portion::new(Basis::Bounded, Decimal::ZERO, nat.monthly_gb()?)),
        }
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
            price_as_of: rate.map(|rate| rate.as_of.clone()).filter(|date| !date.is_empty()),
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
