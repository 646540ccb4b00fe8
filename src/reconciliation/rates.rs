//! What a unit was billed at: the measured price, beside the price book's.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::compare::{Billed, quotient};
use crate::bill::Bill;
use crate::model::{RegionName, Usd};
use crate::pricing::{PriceBook, Product, Region};
use crate::report::number;

/// A product's rate in a Region, over all accounts of the bill.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RateRow {
    /// The product's code in the price book.
    #[schemars(with = "String")]
    pub product: Product,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The usage type.
    pub usage_type: String,
    /// What is counted.
    pub unit: &'static str,
    /// What was billed.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "crate::report::decimal")]
    pub billed_quantity: Decimal,
    /// What it cost, in the bill's currency; null where the bill has several.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub effective_cost: Option<Decimal>,
    /// Cost ÷ quantity: one rate for all of it, also where prices have tiers.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub effective_rate: Option<Decimal>,
    /// The price book's, for this quantity where prices have tiers; null where it has none.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub list_rate: Option<Decimal>,
    /// AWS's public price as the bill has it, in its currency; null where it does not say.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub billed_list_rate: Option<Decimal>,
    /// 1 − effective rate ÷ list rate, by the price book or, where that has none, by the bill; null where unknown.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub discount: Option<Decimal>,
    /// Whether costs and savings are computed with the effective rate.
    pub used: bool,
    /// Why not; null where they are.
    pub reason: Option<&'static str>,
}

/// No unit of anything costs as much.
const DEAREST: i64 = 1_000_000;

/// Measures what a unit of each product was billed at in each Region.
#[must_use]
pub fn rates(bill: &Bill, list: &PriceBook) -> Vec<RateRow> {
    let mut billed = BTreeMap::<(Product, &RegionName), Billed>::new();
    for (key, amounts) in &bill.lines {
        billed.entry((key.product, &key.region)).or_default().add(key.class, amounts);
    }
    let used = billed.into_iter().filter(|(_, billed)| billed.usage.lines > 0);
    used.map(|((product, region), billed)| row(bill, list, product, region, billed)).collect()
}

fn row(bill: &Bill, list: &PriceBook, product: Product, region: &RegionName, billed: Billed) -> RateRow {
    let costs = billed.costs(bill.currencies.len() < 2);
    let quantity = billed.usage.quantity;
    let has_any = quantity > Decimal::ZERO;
    let rate = |cost: Option<Decimal>| quotient(cost?, quantity).filter(|_| has_any);
    let list_rate = list.rate(region, product).ok().map(|rate| match rate.tiers() {
        [only] => only.usd.0,
        _ => quotient(rate.cost(quantity).0, quantity).filter(|_| has_any).unwrap_or(rate.first().0),
    });
    let (effective_rate, billed_list_rate) = (rate(costs.effective_cost), rate(costs.list_cost));
    let reason = match effective_rate {
        _ if !bill.is_in_dollars() => Some("the bill is not in USD"),
        None if has_any => Some("it is beyond belief"),
        None => Some("nothing was used"),
        Some(rate) if rate <= Decimal::ZERO => Some("it cost nothing on the bill"),
        Some(rate) if rate > Decimal::from(DEAREST) => Some("it is beyond belief"),
        Some(_) => None,
    };
    let public = list_rate.or(billed_list_rate).filter(|_| bill.is_in_dollars());
    let paid = effective_rate.zip(public).and_then(|(rate, list)| quotient(rate, list));
    RateRow {
        product,
        region: region.clone(),
        usage_type: Region::find(region.as_str()).map(|region| product.usage_type(region)).unwrap_or_default(),
        unit: product.unit(),
        billed_quantity: quantity,
        effective_cost: costs.effective_cost,
        effective_rate,
        list_rate,
        billed_list_rate,
        discount: paid.map(|paid| Decimal::ONE - paid),
        used: reason.is_none(),
        reason,
    }
}

impl RateRow {
    /// The rate that prices are replaced with.
    #[must_use]
    pub fn price(&self) -> Option<Usd> {
        self.effective_rate.filter(|_| self.used).map(Usd)
    }

    /// What is to be said where the price book and the bill have different public prices.
    pub(super) fn remark(&self) -> Option<String> {
        let (book, bill) = (self.list_rate?, self.billed_list_rate.filter(|_| self.used)?);
        let differs = (book - bill).abs() > book.abs() / Decimal::ONE_THOUSAND;
        differs.then(|| {
            format!(
                "the bill's public price of {} in {} is {}, the price book's {}",
                self.product,
                self.region,
                bill.round_dp(6).normalize(),
                book.round_dp(6).normalize()
            )
        })
    }
}
