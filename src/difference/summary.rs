//! What each side of a comparison is: its window, its sums, and how far they go.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::exact::Exact;
use super::pair::View;
use super::resource::{Kind, Month};
use super::side::Side;
use crate::model::{AccountId, RegionName, Usd, Window};

/// A side.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Summary {
    /// The span of time.
    pub window: Window,
    /// Accounts.
    #[schemars(with = "Vec<String>")]
    pub accounts: Vec<AccountId>,
    /// Regions.
    #[schemars(with = "Vec<String>")]
    pub regions: Vec<RegionName>,
    /// Whether every call succeeded.
    pub complete: bool,
    /// Whether some cost is unknown, so that the sums are less than the truth.
    pub partial: bool,
    /// Whether flow logs told bytes apart.
    pub attributed: bool,
    /// The newest date of a rate.
    pub prices_as_of: String,
    /// Where the prices are from.
    pub prices_source: String,
    /// The part of the list price that is not paid: 0.08 for 8%.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "decimal")]
    pub discount: Decimal,
    /// What the window cost; the known part of it.
    pub window_usd: Components,
    /// The same for 730 hours of it.
    pub monthly_usd: Components,
    /// The gigabytes (2^30 bytes) of all NAT gateways for 730 hours, as far as known; null when nothing is.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub nat_monthly_gb: Option<Decimal>,
    /// The same of all endpoints.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub endpoint_monthly_gb: Option<Decimal>,
    /// NAT gateways that were billed or listed.
    pub nat_gateways: usize,
    /// Endpoints.
    pub endpoints: usize,
    /// What its findings say can be saved in a month, at the least.
    pub saving_low: Usd,
    /// The same at the most.
    pub saving_high: Usd,
    /// Findings.
    pub findings: usize,
}

/// Dollars by component; null where unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Components {
    /// NAT gateway hours.
    pub nat_hours: Option<Usd>,
    /// NAT gateway bytes.
    pub nat_data: Option<Usd>,
    /// Public addresses of NAT gateways.
    pub nat_addresses: Option<Usd>,
    /// Endpoint hours.
    pub endpoint_hours: Option<Usd>,
    /// Endpoint bytes.
    pub endpoint_data: Option<Usd>,
    /// All of it.
    pub total: Option<Usd>,
}

impl Summary {
    /// A side's.
    #[must_use]
    pub fn of_side(side: &Side) -> Self {
        Self::of(&View::of(side))
    }

    pub(super) fn of(view: &View<'_>) -> Self {
        let side = view.side;
        let gigabytes = |kind: Kind| {
            let of_kind = view.resources.values().filter(|resource| resource.kind == kind);
            of_kind.filter_map(|resource| resource.bytes).map(|bytes| view.month.gigabytes(bytes)).reduce(|a, b| a + b)
        };
        let (window_usd, monthly_usd) = Components::of(side);
        Self {
            window: side.window,
            accounts: side.scope.accounts.clone(),
            regions: side.scope.regions.clone(),
            complete: side.scope.complete,
            partial: side.totals.partial,
            attributed: side.is_attributed(),
            prices_as_of: side.prices.as_of.clone(),
            prices_source: side.prices.source.clone(),
            discount: side.prices.discount.0,
            window_usd,
            monthly_usd,
            nat_monthly_gb: gigabytes(Kind::NatGateway),
            endpoint_monthly_gb: gigabytes(Kind::Endpoint),
            nat_gateways: side.nat_gateways.len(),
            endpoints: side.endpoints.len(),
            saving_low: Usd(side.totals.monthly_usd.saving_low.0),
            saving_high: Usd(side.totals.monthly_usd.saving_high.0),
            findings: side.findings.len(),
        }
    }
}

impl Components {
    /// A window's, and those of 730 hours of it.
    fn of(side: &Side) -> (Self, Self) {
        let usd = &side.totals.window_usd;
        let with = |scale: &dyn Fn(Exact) -> Usd| Self {
            nat_hours: usd.nat_hours.map(scale),
            nat_data: usd.nat_data.map(scale),
            nat_addresses: usd.other.map(scale),
            endpoint_hours: usd.endpoint_hours.map(scale),
            endpoint_data: usd.endpoint_data.map(scale),
            total: usd.total.map(scale),
        };
        let month = Month::of(side);
        (with(&|exact| Usd(exact.0)), with(&|exact| month.usd(exact)))
    }

    /// Each with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<Usd>); 5] {
        [
            ("NAT hours", self.nat_hours),
            ("NAT data", self.nat_data),
            ("NAT addresses", self.nat_addresses),
            ("Endpoint hours", self.endpoint_hours),
            ("Endpoint data", self.endpoint_data),
        ]
    }
}

fn decimal<S: serde::Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    crate::report::number(&Some(*value), serializer)
}
