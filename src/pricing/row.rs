//! The rows of price files, in which the embedded book, refreshed prices and users' own are written alike.

use std::io::{self, Write};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{DEAREST, EVERY_REGION, Product, Rate, Region, Tier};
use crate::model::Usd;

/// One tier of one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The Region's code, or `*` for every commercial one without a row of its own.
    pub region: String,
    /// The product's code.
    pub product: String,
    /// What is counted; it may be left out.
    #[serde(default)]
    pub unit: String,
    /// First unit that the price holds for; empty is 0.
    #[serde(default)]
    pub tier_from: String,
    /// First unit that it no longer holds for; empty where there is none.
    #[serde(default)]
    pub tier_to: String,
    /// Dollars per unit.
    pub usd: String,
    /// Where it was read.
    #[serde(default)]
    pub source: String,
    /// When it held.
    #[serde(default)]
    pub as_of: String,
}

impl Row {
    /// The rows of a rate.
    pub fn of<'r>(product: Product, region: &'r str, rate: &'r Rate) -> impl Iterator<Item = Self> + 'r {
        rate.tiers().iter().map(move |tier| Self {
            region: region.to_owned(),
            product: product.code().to_owned(),
            unit: product.unit().to_owned(),
            tier_from: tier.from.normalize().to_string(),
            tier_to: tier.to.map(|to| to.normalize().to_string()).unwrap_or_default(),
            usd: tier.usd.0.normalize().to_string(),
            source: rate.source.clone(),
            as_of: rate.as_of.clone(),
        })
    }

    /// Writes a price file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(rows: impl IntoIterator<Item = Self>, out: impl Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        for row in rows {
            writer.serialize(row).map_err(io::Error::other)?;
        }
        writer.flush()
    }

    /// What it is a tier of, if it can be.
    pub(super) fn check(&self) -> Result<((Product, String), Tier), String> {
        let product = Product::from_code(&self.product).ok_or_else(|| {
            let known: Vec<_> = Product::all().map(Product::code).collect();
            format!("unknown product {:?}; known are {}", self.product, known.join(", "))
        })?;
        if self.region != EVERY_REGION && Region::find(&self.region).is_none() {
            return Err(format!("unknown Region {:?} (`natwise prices` lists those it knows)", self.region));
        }
        if !self.unit.is_empty() && self.unit != product.unit() {
            return Err(format!("{product} is priced per {}, not per {:?}", product.unit(), self.unit));
        }
        let decimal = |column: &str, text: &str| -> Result<Decimal, String> {
            let value: Decimal = text.parse().map_err(|_| format!("{column} {text:?} is not a decimal number"))?;
            if value.is_sign_negative() && !value.is_zero() {
                return Err(format!("{column} {text} is negative"));
            }
            Ok(value)
        };
        let usd = decimal("usd", &self.usd)?;
        if usd > Decimal::from(DEAREST) {
            return Err(format!("usd {usd} for one {} is beyond belief", product.unit()));
        }
        let from = if self.tier_from.is_empty() { Decimal::ZERO } else { decimal("tier_from", &self.tier_from)? };
        let to = if self.tier_to.is_empty() { None } else { Some(decimal("tier_to", &self.tier_to)?) };
        Ok(((product, self.region.clone()), Tier { from, to, usd: Usd(usd) }))
    }
}
