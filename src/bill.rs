//! What AWS billed: the lines of a bill that are about NAT gateways, endpoints and what they lead to, summed up.
//!
//! Here is what is known of a bill once it is read, whatever its form; [`mod@read`] reads Cost and Usage Reports (2.0
//! and legacy) and FOCUS exports into it. Only lines whose usage type is one of the price book's products are kept: a
//! bill of a million lines becomes one sum for each account, Region, product, resource and class of line.

mod form;
mod ledger;
mod line;
#[cfg(feature = "flow-logs")]
pub mod read;
mod usage_type;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

pub use form::Form;

use crate::model::{AccountId, RegionName, Window};
use crate::pricing::Product;
use crate::traffic::FileFault;

/// A bill, as far as it is of the audited window and of our products.
#[derive(Debug, Clone, Default)]
pub struct Bill {
    /// The files it is made of, by their names.
    pub files: Vec<String>,
    /// Their forms.
    pub forms: BTreeSet<Form>,
    /// The accounts that pay.
    pub payers: BTreeSet<AccountId>,
    /// The currencies of its costs.
    pub currencies: BTreeSet<String>,
    /// From the first to the last instant that its usage is of, whatever the service; none where it has no usage.
    pub period: Option<(Timestamp, Timestamp)>,
    /// The sums.
    pub lines: BTreeMap<LineKey, Amounts>,
    /// Usage types like ours behind a prefix that no Region is known by.
    pub unrecognised: BTreeMap<String, Amounts>,
    /// Products that have too many resources on it to tell those apart.
    pub crowded: BTreeSet<Product>,
    /// How many lines there were.
    pub statistics: Statistics,
    /// What is wrong with its files.
    pub faults: Vec<FileFault>,
    /// Whether a part of it could not be read, so that its sums are less than was billed.
    pub incomplete: bool,
}

/// What a sum is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// The account that used it.
    pub account_id: AccountId,
    /// The Region of its usage type.
    pub region: RegionName,
    /// The product of its usage type.
    pub product: Product,
    /// The resource: the last part of its ARN, such as `nat-…`; none where the bill does not say.
    pub resource: Option<String>,
    /// What kind of lines.
    pub class: LineClass,
}

/// Kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineClass {
    /// What was used, and what it cost: the only ones whose quantities count.
    Usage,
    /// A discount on a line of its own, which comes off the usage's cost.
    Discount,
    /// The same where the usage's net cost has it already.
    NettedDiscount,
    /// A discount because something else was bought: no part of the rate.
    BundledDiscount,
    /// A credit.
    Credit,
    /// Money back.
    Refund,
    /// A change of an earlier period's bill (FOCUS).
    Correction,
    /// Tax.
    Tax,
    /// Anything else: fees, negations of savings plans.
    Other,
}

impl LineClass {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Discount => "discount",
            Self::NettedDiscount => "netted-discount",
            Self::BundledDiscount => "bundled-discount",
            Self::Credit => "credit",
            Self::Refund => "refund",
            Self::Correction => "correction",
            Self::Tax => "tax",
            Self::Other => "other",
        }
    }
}

/// Sums of lines, in the bill's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// How many lines.
    pub lines: u64,
    /// What was used, in the unit of the usage type.
    pub quantity: Decimal,
    /// At AWS's public price; none where a line does not say.
    pub list_cost: Option<Decimal>,
    /// Before discounts that come with the account (CUR's unblended cost); none where a line does not say, as in FOCUS.
    pub unblended_cost: Option<Decimal>,
    /// What is invoiced: net of the discounts that the line has.
    pub billed_cost: Decimal,
    /// The same with what was paid ahead spread over what it was paid for.
    pub effective_cost: Decimal,
}

impl Default for Amounts {
    fn default() -> Self {
        let zero = Decimal::ZERO;
        Self {
            lines: 0,
            quantity: zero,
            list_cost: Some(zero),
            unblended_cost: Some(zero),
            billed_cost: zero,
            effective_cost: zero,
        }
    }
}

impl Amounts {
    /// Adds others. What one of them does not know, the sum does not.
    pub fn add(&mut self, other: &Self) {
        let sum = |a: Option<Decimal>, b: Option<Decimal>| a.zip(b).map(|(a, b)| a + b);
        self.lines += other.lines;
        self.quantity += other.quantity;
        self.list_cost = sum(self.list_cost, other.list_cost);
        self.unblended_cost = sum(self.unblended_cost, other.unblended_cost);
        self.billed_cost += other.billed_cost;
        self.effective_cost += other.effective_cost;
    }

    /// The sum of some.
    #[must_use]
    pub fn of<'a>(amounts: impl IntoIterator<Item = &'a Self>) -> Self {
        amounts.into_iter().fold(Self::default(), |mut sum, amounts| {
            sum.add(amounts);
            sum
        })
    }
}

/// How many lines a bill has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Statistics {
    /// All of them.
    pub lines: u64,
    /// Those that are about our products, in the window.
    pub counted: u64,
    /// The same, but outside of the window.
    pub outside_window: u64,
    /// Counted ones that cross an edge of the window, taken by the part of their time inside.
    pub pro_rata: u64,
    /// Those of our products that make no sense: a quantity, cost or time that is none, or columns that are missing.
    pub malformed: u64,
    /// Files in folders that are no bills by their names.
    pub other_files: u64,
}

impl Statistics {
    fn add(&mut self, other: Self) {
        // Named one by one, so that a new one is not forgotten.
        let Self { lines, counted, outside_window, pro_rata, malformed, other_files } = other;
        self.lines += lines;
        self.counted += counted;
        self.outside_window += outside_window;
        self.pro_rata += pro_rata;
        self.malformed += malformed;
        self.other_files += other_files;
    }
}

impl Bill {
    /// Whether its usage is of the whole window.
    #[must_use]
    pub fn covers(&self, window: Window) -> bool {
        !self.incomplete && self.period.is_some_and(|(start, end)| start <= window.start() && end >= window.end())
    }

    /// Whether its costs are in dollars, as prices are. A bill that does not say is taken to be.
    #[must_use]
    pub fn is_in_dollars(&self) -> bool {
        self.currencies.iter().all(|currency| currency == "USD")
    }

    /// What it is called: its file, or how many there are.
    #[must_use]
    pub fn name(&self) -> String {
        match &*self.files {
            [] => "no file".to_owned(),
            [file] => file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned(),
            [file, ..] => {
                let folder = file.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder);
                format!("{} files in {folder}", self.files.len())
            }
        }
    }

    /// Whether it tells resources apart.
    #[must_use]
    pub fn has_resources(&self) -> bool {
        self.lines.keys().any(|key| key.resource.is_some())
    }

    /// Adds another part of the same bill.
    pub(crate) fn add(&mut self, other: Self) {
        self.files.extend(other.files);
        self.forms.extend(other.forms);
        self.payers.extend(other.payers);
        self.currencies.extend(other.currencies);
        self.period = match (self.period, other.period) {
            (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
            (one, two) => one.or(two),
        };
        for (key, amounts) in other.lines {
            self.lines.entry(key).or_default().add(&amounts);
        }
        for (name, amounts) in other.unrecognised {
            self.unrecognised.entry(name).or_default().add(&amounts);
        }
        self.crowded.extend(other.crowded);
        self.statistics.add(other.statistics);
        self.faults.extend(other.faults);
        self.incomplete |= other.incomplete;
    }
}
