//! The bill beside what was computed: do the two agree, what was paid for a unit, and what does only one of them have?
//!
//! Quantities are compared, as those do not depend on prices: hours, gigabytes and addresses by Region and usage type,
//! and by gateway and endpoint where the bill tells resources apart. What a unit was billed at becomes the price that
//! costs and savings are computed with ([`rates()`]). A ratio is of two known figures of the same time, or null.

mod compare;
mod rates;
mod resource;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

pub use compare::{BilledCosts, Compared, Seen};
pub use rates::{RateRow, rates};
pub use resource::ResourceRow;

use self::compare::{Billed, Computed, Setting, quotient};
use crate::bill::{Amounts, Bill, Form, LineClass, LineKey, Statistics};
use crate::cost::Component;
use crate::model::{AccountId, Gap, RegionName};
use crate::pricing::{Product, Region};
use crate::report::{Report, number};
use crate::traffic::FileFault;

/// A bill beside the report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reconciliation {
    /// The bill.
    pub bill: BillRow,
    /// Regions and usage types of the accounts that were scanned.
    pub usage: Vec<UsageRow>,
    /// Gateways and endpoints of the same; empty where the bill has no resource ids.
    pub resources: Vec<ResourceRow>,
    /// What the bill has of accounts and Regions that were not scanned.
    pub not_scanned: Vec<NotScannedRow>,
    /// What a unit was billed at, over all accounts of the bill.
    pub rates: Vec<RateRow>,
    /// Lines of the same usage types that are no usage.
    pub other_lines: Vec<OtherLines>,
    /// What a reader should know of the comparison.
    pub notes: Vec<String>,
}

/// What a bill is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BillRow {
    /// Its files.
    pub files: Vec<String>,
    /// Their forms.
    pub forms: Vec<Form>,
    /// The accounts that pay.
    #[schemars(with = "Vec<String>")]
    pub payers: Vec<AccountId>,
    /// The currency of all costs here, which are null where the bill has several.
    pub currency: Option<String>,
    /// From when to when there is usage of any service on it; null where there is none.
    pub period: Option<Period>,
    /// Whether that is the whole window, and the bill was read whole. Else there are no ratios.
    pub covers_window: bool,
    /// How many lines there were.
    pub statistics: Statistics,
    /// What is wrong with its files.
    pub faults: Vec<FileFault>,
    /// Usage types like ours behind a prefix that no known Region has: not part of anything else here.
    pub unrecognised: Vec<UnrecognisedRow>,
}

/// A span of time.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Period {
    /// Its first instant.
    #[schemars(with = "String")]
    pub start: Timestamp,
    /// The first instant after it.
    #[schemars(with = "String")]
    pub end: Timestamp,
}

/// A usage type of an unknown Region.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnrecognisedRow {
    /// As on the bill.
    pub usage_type: String,
    /// Its lines.
    pub lines: u64,
    /// What was used.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "crate::report::decimal")]
    pub quantity: Decimal,
}

/// A Region's usage type, over all accounts that were scanned there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UsageRow {
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The usage type, with the Region's prefix.
    pub usage_type: String,
    /// What is counted: `hour` or `GB`.
    pub unit: &'static str,
    /// Billed and computed.
    #[serde(flatten)]
    pub compared: Compared,
    /// The effective cost of a unit, in the bill's currency; null where nothing was billed.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub effective_rate: Option<Decimal>,
}

/// Something that the bill has of an account or Region that was not scanned.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotScannedRow {
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
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
    /// What it cost.
    #[serde(flatten)]
    pub costs: BilledCosts,
}

/// Lines that are no usage.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OtherLines {
    /// Of which kind.
    pub class: LineClass,
    /// How many.
    pub lines: u64,
    /// What they come to.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "number")]
    pub billed_cost: Option<Decimal>,
    /// Whether it is part of the costs and rates here.
    pub in_rates: bool,
}

/// A usage type of a Region.
type Usage = (RegionName, String);

/// Addresses of everything are billed by one usage type.
const ADDRESSES: &str = "the bill counts every public address, the scan those of NAT gateways";

/// Whether the report prices a product where it sees it.
fn is_computed(product: Product) -> bool {
    !matches!(product, Product::InterAzGb | Product::TgwAttachmentHour | Product::TgwGb)
}

fn usage_of(key: &LineKey) -> Option<Usage> {
    let region = Region::find(key.region.as_str())?;
    Some((key.region.clone(), key.product.usage_type(region)))
}

impl Reconciliation {
    /// Compares a bill with a report whose prices are at its rates.
    #[must_use]
    pub fn new(bill: &Bill, rates: Vec<RateRow>, report: &Report) -> Self {
        let setting = Setting { bill, covers: bill.covers(report.window), window: report.window };
        let scanned: BTreeSet<_> = report
            .accounts
            .iter()
            .flat_map(|account| account.regions.iter().map(move |row| (&account.account_id, &row.region)))
            .collect();
        let is_scanned = |key: &LineKey| scanned.contains(&(&key.account_id, &key.region));
        let mut billed = BTreeMap::<Usage, (Product, Billed)>::new();
        let mut elsewhere = BTreeMap::<(AccountId, Usage), (Product, Billed)>::new();
        for (key, amounts) in bill.lines.iter().filter(|(key, _)| is_computed(key.product)) {
            let Some(usage) = usage_of(key) else { continue };
            if is_scanned(key) {
                billed.entry(usage).or_insert((key.product, Billed::default())).1.add(key.class, amounts);
            } else if key.product != Product::PublicIpv4Hour {
                let at = elsewhere.entry((key.account_id.clone(), usage)).or_insert((key.product, Billed::default()));
                at.1.add(key.class, amounts);
            }
        }
        let one_currency = bill.currencies.len() < 2;
        let not_scanned = elsewhere.into_iter().filter(|(_, (_, billed))| billed.usage.lines > 0);
        let not_scanned = not_scanned.map(|((account_id, (region, usage_type)), (product, billed))| NotScannedRow {
            account_id,
            region,
            usage_type,
            unit: product.unit(),
            billed_quantity: billed.usage.quantity,
            costs: billed.costs(one_currency),
        });
        let mut found = Self {
            bill: BillRow::new(&setting),
            usage: usage(&setting, &billed, report),
            resources: resource::resources(&setting, report, is_scanned),
            not_scanned: not_scanned.collect(),
            rates,
            other_lines: other_lines(bill),
            notes: Vec::new(),
        };
        found.notes = found.remarks(&setting);
        found
    }

    /// What of the bill could not be read, as the report's gaps.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let gap = |fault: &FileFault| Gap {
            account_id: None,
            region: None,
            operation: "ReadBill".to_owned(),
            code: if fault.partly_read { "ReadInPart" } else { "NotRead" }.to_owned(),
            message: format!("{}: {}", fault.file, fault.problem),
            iam_action: None,
        };
        self.bill.faults.iter().filter(|fault| !fault.is_copy()).map(gap).collect()
    }

    fn remarks(&self, setting: &Setting<'_>) -> Vec<String> {
        let (bill, statistics) = (setting.bill, &setting.bill.statistics);
        let mut notes = Vec::new();
        if !setting.covers {
            notes.push(match self.bill.period {
                _ if bill.incomplete => {
                    "a part of the bill could not be read, so what was billed is more than what is here".to_owned()
                }
                Some(period) => format!(
                    "the bill has usage from {} to {}, the window is {} to {}: quantities cannot be compared, rates can; audit a window inside of the bill's time",
                    period.start, period.end, setting.window.start(), setting.window.end()
                ),
                None => "the bill has no usage at all".to_owned(),
            });
        }
        if !bill.is_in_dollars() {
            let currencies: Vec<_> = bill.currencies.iter().map(String::as_str).collect();
            notes.push(format!(
                "the bill is in {}: its rates are not used, as prices are in USD",
                currencies.join(" and ")
            ));
        } else if bill.currencies.is_empty() {
            notes.push("the bill does not say its currency, which is taken to be USD".to_owned());
        }
        if !bill.has_resources() {
            notes.push(
                "the bill has no resource ids: include them in the export to compare by gateway and endpoint"
                    .to_owned(),
            );
        }
        for product in &bill.crowded {
            notes.push(format!("the bill has too many resources of {product} to tell them apart"));
        }
        if statistics.pro_rata > 0 {
            notes.push(format!(
                "{} lines cross an edge of the window, and count by the part of their time inside: export the bill by the hour for exact figures",
                statistics.pro_rata
            ));
        }
        if statistics.malformed > 0 {
            notes.push(format!("{} lines of our usage types make no sense and are left out", statistics.malformed));
        }
        notes.extend(self.rates.iter().filter_map(RateRow::remark));
        notes
    }
}

impl BillRow {
    fn new(setting: &Setting<'_>) -> Self {
        let bill = setting.bill;
        let mut currencies = bill.currencies.iter();
        let currency = match (currencies.next(), currencies.next()) {
            (None, _) => Some("USD".to_owned()),
            (one, None) => one.cloned(),
            _ => None,
        };
        let unrecognised = bill.unrecognised.iter().map(|(name, amounts)| UnrecognisedRow {
            usage_type: name.clone(),
            lines: amounts.lines,
            quantity: amounts.quantity,
        });
        Self {
            files: bill.files.clone(),
            forms: bill.forms.iter().copied().collect(),
            payers: bill.payers.iter().cloned().collect(),
            currency,
            period: bill.period.map(|(start, end)| Period { start, end }),
            covers_window: setting.covers,
            statistics: bill.statistics,
            faults: bill.faults.clone(),
            unrecognised: unrecognised.collect(),
        }
    }
}

/// Each Region's usage types: billed, computed, or both.
fn usage(setting: &Setting<'_>, billed: &BTreeMap<Usage, (Product, Billed)>, report: &Report) -> Vec<UsageRow> {
    let mut computed = BTreeMap::<Usage, (Component, &'static str, Computed)>::new();
    for (_, _, region, id, charge) in resource::charges(report) {
        let usage = (region.clone(), charge.usage_type.clone());
        let at = computed.entry(usage).or_insert((charge.component, charge.unit, Computed::default()));
        at.2.add(id, charge);
    }
    // Nothing used is on no bill.
    let is_something =
        |(_, _, computed): &(_, _, Computed)| !computed.quantity.is_zero() || !computed.unknown.is_empty();
    computed.retain(|usage, of| billed.contains_key(usage) || is_something(of));
    let all: BTreeSet<&Usage> = billed.keys().chain(computed.keys()).collect();
    let row = |usage: &Usage| {
        let of_bill = billed.get(usage).filter(|(_, billed)| billed.usage.lines > 0);
        let of_scan = computed.get(usage);
        let unit = of_bill.map(|(product, _)| product.unit()).or(of_scan.map(|(_, unit, _)| *unit))?;
        let apart = of_scan.filter(|(component, ..)| *component == Component::Addresses).map(|_| ADDRESSES);
        let compared =
            setting.compare(of_bill.map(|(_, billed)| billed), of_scan.map(|(.., computed)| computed), apart);
        let effective_rate = compared
            .costs
            .effective_cost
            .zip(compared.billed_quantity)
            .and_then(|(cost, quantity)| quotient(cost, quantity));
        Some(UsageRow { region: usage.0.clone(), usage_type: usage.1.clone(), unit, compared, effective_rate })
    };
    all.into_iter().filter_map(row).collect()
}

/// Lines that are no usage, by their kinds.
fn other_lines(bill: &Bill) -> Vec<OtherLines> {
    let mut by_class = BTreeMap::<LineClass, Amounts>::new();
    for (key, amounts) in bill.lines.iter().filter(|(key, _)| key.class != LineClass::Usage) {
        by_class.entry(key.class).or_default().add(amounts);
    }
    let one_currency = bill.currencies.len() < 2;
    let row = |(class, amounts): (LineClass, Amounts)| OtherLines {
        class,
        lines: amounts.lines,
        billed_cost: one_currency.then_some(amounts.billed_cost),
        in_rates: class == LineClass::Discount,
    };
    by_class.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests;
