//! What was billed of something beside what was computed of it.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::bill::{Amounts, Bill, LineClass};
use crate::cost::Charge;
use crate::model::{Usd, Window};
use crate::report::number;

/// Costs on a bill, in its currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BilledCosts {
    /// At AWS's public price, as the bill has it; null where it does not say.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub list_cost: Option<Decimal>,
    /// Before discounts of the account (CUR's unblended cost); null where the bill does not say, as FOCUS.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub unblended_cost: Option<Decimal>,
    /// What is invoiced, net of discounts.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub billed_cost: Option<Decimal>,
    /// The same with what was paid ahead spread over what it was paid for (amortised).
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub effective_cost: Option<Decimal>,
}

/// Who knows of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// The bill and the scan.
    Both,
    /// The bill alone.
    Bill,
    /// The scan alone.
    Scan,
}

impl Seen {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Bill => "bill",
            Self::Scan => "scan",
        }
    }
}

/// What was billed beside what was computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Compared {
    /// What was billed; null where the bill has no line of it.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub billed_quantity: Option<Decimal>,
    /// What was computed; null where a part is unknown.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub computed_quantity: Option<Decimal>,
    /// Billed ÷ computed; null where these are not known, or not of the same.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub ratio: Option<Decimal>,
    /// What it cost on the bill.
    #[serde(flatten)]
    pub costs: BilledCosts,
    /// What it costs by the prices in use; null where a part is unknown.
    pub computed_usd: Option<Usd>,
    /// Who knows of it.
    pub seen: Seen,
    /// Why there is no ratio; null where there is one.
    pub reason: Option<String>,
}

/// What was computed of something.
#[derive(Debug, Clone, Default)]
pub(super) struct Computed {
    pub(super) quantity: Decimal,
    usd: Decimal,
    /// Whose quantity is not known.
    pub(super) unknown: Vec<String>,
    unpriced: bool,
}

impl Computed {
    pub(super) fn add(&mut self, id: &str, charge: &Charge) {
        match charge.quantity {
            Some(quantity) => self.quantity += quantity,
            None => self.unknown.push(id.to_owned()),
        }
        match charge.usd {
            Some(usd) => self.usd += usd.0,
            None => self.unpriced = true,
        }
    }
}

/// What the bill has of something.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Billed {
    pub(super) usage: Amounts,
    discount: Amounts,
}

impl Billed {
    pub(super) fn add(&mut self, class: LineClass, amounts: &Amounts) {
        match class {
            LineClass::Usage => self.usage.add(amounts),
            LineClass::Discount => self.discount.add(amounts),
            _ => {}
        }
    }

    /// Net of discounts on lines of their own.
    pub(super) fn costs(&self, in_one_currency: bool) -> BilledCosts {
        if !in_one_currency {
            return BilledCosts::default();
        }
        BilledCosts {
            list_cost: self.usage.list_cost,
            unblended_cost: self.usage.unblended_cost,
            billed_cost: Some(self.usage.billed_cost + self.discount.billed_cost),
            effective_cost: Some(self.usage.effective_cost + self.discount.effective_cost),
        }
    }
}

/// What a comparison needs to know of the whole.
pub(super) struct Setting<'b> {
    pub(super) bill: &'b Bill,
    pub(super) covers: bool,
    pub(super) window: Window,
}

impl Setting<'_> {
    /// What was billed beside what was computed.
    pub(super) fn compare(
        &self,
        billed: Option<&Billed>,
        computed: Option<&Computed>,
        apart: Option<&str>,
    ) -> Compared {
        let one_currency = self.bill.currencies.len() < 2;
        let billed_quantity = billed.map(|billed| billed.usage.quantity);
        let known = computed.filter(|computed| computed.unknown.is_empty());
        let computed_quantity = known.map(|computed| computed.quantity);
        let (ratio, reason) = match (billed_quantity, computed, computed_quantity) {
            (None, ..) => (None, Some("the bill has no line of it".to_owned())),
            (_, None, _) => (None, Some("the scan saw nothing of it".to_owned())),
            _ if apart.is_some() => (None, apart.map(str::to_owned)),
            (_, Some(computed), None) => {
                let shown: Vec<_> = computed.unknown.iter().take(3).map(String::as_str).collect();
                let more = if computed.unknown.len() > 3 { " …" } else { "" };
                (None, Some(format!("how much {}{more} used is not known", shown.join(", "))))
            }
            _ if !self.covers => (None, Some("the bill does not cover the window".to_owned())),
            (Some(billed), _, Some(computed)) => match quotient(billed, computed) {
                Some(ratio) => (Some(ratio), None),
                None => (None, Some("next to nothing was computed".to_owned())),
            },
        };
        Compared {
            billed_quantity,
            computed_quantity,
            ratio,
            costs: billed.map(|billed| billed.costs(one_currency)).unwrap_or_default(),
            computed_usd: known.filter(|computed| !computed.unpriced).map(|computed| Usd(computed.usd)),
            seen: match (billed, computed) {
                (Some(_), Some(_)) => Seen::Both,
                (Some(_), None) => Seen::Bill,
                (None, _) => Seen::Scan,
            },
            reason,
        }
    }
}

/// Beyond this two figures have nothing to do with each other.
const MOST: i64 = 1_000_000_000_000;

/// A quotient, if there is a sensible one.
pub(super) fn quotient(part: Decimal, whole: Decimal) -> Option<Decimal> {
    part.checked_div(whole).filter(|quotient| quotient.abs() <= Decimal::from(MOST))
}
