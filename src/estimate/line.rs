//! What is billed: a quantity of a product, a month after another.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::site::Site;
use crate::model::Usd;
use crate::pricing::Product;
use crate::report::{decimal, number};

/// A quantity of a product in a month, before it is priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The VPC that it is in; none for what VPCs share.
    pub(super) vpc: Option<String>,
    pub(super) what: String,
    pub(super) product: Product,
    /// In the first month.
    pub(super) quantity: Decimal,
    /// Whether it grows with the traffic.
    pub(super) grows: bool,
}

/// A line of an architecture's cost, over all months of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// The VPC that pays it; null for what the Region's VPCs share.
    pub vpc: Option<String>,
    /// What it is for.
    pub what: String,
    /// The usage type on the bill.
    pub usage_type: String,
    /// `hour` or `GB`.
    pub unit: &'static str,
    /// So many units.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "decimal")]
    pub quantity: Decimal,
    /// Dollars for one; of the first tier where there are several. Null when unknown.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub rate_usd: Option<Decimal>,
    /// Dollars, each month by its own tiers. Null when unknown.
    pub usd: Option<Usd>,
}

impl Item {
    /// What each month costs, or which price is unknown.
    pub(super) fn months(&self, site: &Site<'_>) -> Result<Vec<Usd>, String> {
        let quantities = site.scales.iter().map(|scale| if self.grows { self.quantity * scale } else { self.quantity });
        if self.product == Product::InterfaceEndpointGb {
            let rate = site.rate(self.product)?;
            return Ok(quantities.map(|quantity| rate.cost(quantity)).collect());
        }
        let unit = site.flat(self.product)?;
        Ok(quantities.map(|quantity| unit * quantity).collect())
    }

    /// The line of all months.
    pub(super) fn line(&self, site: &Site<'_>) -> Line {
        let factor = if self.grows { site.scale() } else { site.scales.len().into() };
        Line {
            vpc: self.vpc.clone(),
            what: self.what.clone(),
            usage_type: site.usage_type(self.product),
            unit: self.product.unit(),
            quantity: self.quantity * factor,
            rate_usd: site.rate(self.product).ok().map(|rate| rate.first().0),
            usd: self.months(site).ok().map(|months| months.into_iter().sum()),
        }
    }
}
