//! The sums in the making: lines of our products are added, all others only counted.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::form::{Columns, Field};
use super::line::{Cells, Malformed, Share, amounts, class};
use super::usage_type::{Meaning, UsageTypes, is_of, unprefixed};
use super::{Amounts, Bill, LineClass, LineKey};
use crate::model::{AccountId, RegionName, Window};
use crate::pricing::Product;

/// Resources of a product that are told apart. There are that many public addresses on the bill of a large
/// organisation, never that many gateways.
const MOST_RESOURCES: usize = 50_000;

/// Names that nothing is known of are kept up to so many.
const MOST_NAMES: usize = 1_000;

/// Longer resources and accounts are none.
const LONGEST: usize = 256;

/// Sums in the making.
#[derive(Debug)]
pub(super) struct Ledger {
    window: Option<Window>,
    usage_types: UsageTypes,
    lines: HashMap<LineKey, Amounts>,
    resources: HashMap<Product, HashSet<String>>,
    pub(super) bill: Bill,
    /// Of which billing periods of which payers the file's lines are.
    periods: BTreeSet<(String, String)>,
}

impl Ledger {
    pub(super) fn new(window: Option<Window>) -> Self {
        Self {
            window,
            usage_types: UsageTypes::new(),
            lines: HashMap::new(),
            resources: HashMap::new(),
            bill: Bill::default(),
            periods: BTreeSet::new(),
        }
    }

    /// What a usage type is.
    pub(super) fn meaning(&mut self, usage_type: &[u8]) -> Meaning {
        self.usage_types.meaning(usage_type)
    }

    /// Widens the time that there is usage of.
    pub(super) fn saw(&mut self, start: Timestamp, end: Timestamp) {
        let (first, last) = self.bill.period.unwrap_or((start, end));
        self.bill.period = Some((first.min(start), last.max(end)));
    }

    /// Adds a line, if it is ours. What it is must have been asked before.
    pub(super) fn add(&mut self, meaning: Meaning, columns: &Columns, cells: &impl Cells) {
        if meaning != Meaning::Foreign && self.try_add(meaning, columns, cells).is_err() {
            self.bill.statistics.malformed += 1;
        }
    }

    fn try_add(&mut self, meaning: Meaning, columns: &Columns, cells: &impl Cells) -> Result<(), Malformed> {
        let operation = cells.text(Field::Operation);
        let (product, region): (_, RegionName) = match meaning {
            Meaning::Foreign => return Ok(()),
            Meaning::Unrecognised => return self.add_unrecognised(columns, cells),
            Meaning::Ours(product, region) => (product, region.name.clone()),
            Meaning::Unprefixed(product) => (product, unprefixed(cells.text(Field::Region).as_deref())),
        };
        if operation.is_some_and(|operation| !is_of(product, &operation)) {
            return Ok(());
        }
        let Some(amounts) = self.amounts(columns, cells)? else { return Ok(()) };
        let name = |field| cells.text(field).filter(|text| text.len() <= LONGEST);
        let account_id = name(Field::Account).ok_or(Malformed)?;
        let payer = name(Field::Payer).unwrap_or_default();
        let period = name(Field::BillingPeriod).or_else(|| name(Field::Start)).unwrap_or_default();
        let month = period.get(..7).unwrap_or(&period);
        if self.periods.len() < MOST_NAMES && !self.periods.contains(&(payer.to_string(), month.to_owned())) {
            self.periods.insert((payer.to_string(), month.to_owned()));
        }
        if self.bill.payers.len() < MOST_NAMES && !payer.is_empty() {
            self.bill.payers.insert(AccountId::from(&*payer));
        }
        if let Some(currency) = name(Field::Currency).filter(|_| self.bill.currencies.len() < MOST_NAMES)
            && !self.bill.currencies.contains(&*currency)
        {
            self.bill.currencies.insert(currency.into_owned());
        }
        let resource = name(Field::Resource).and_then(|id| id.rsplit('/').next().map(str::to_owned));
        let resource = resource.filter(|id| !id.is_empty() && self.keeps(product, id));
        let class = class(columns, cells);
        let key = LineKey { account_id: AccountId::from(&*account_id), region, product, resource, class };
        self.lines.entry(key).or_default().add(&amounts);
        self.bill.statistics.counted += 1;
        Ok(())
    }

    /// What a line comes to in the window; none outside of it.
    fn amounts(&mut self, columns: &Columns, cells: &impl Cells) -> Result<Option<Amounts>, Malformed> {
        let start = cells.instant(Field::Start)?.ok_or(Malformed)?;
        let end = cells.instant(Field::End)?.ok_or(Malformed)?;
        let Some(share) = Share::of(self.window, start, end) else {
            self.bill.statistics.outside_window += 1;
            return Ok(None);
        };
        let amounts = amounts(columns, cells, share)?;
        self.bill.statistics.pro_rata += u64::from(!share.is_whole());
        Ok(Some(amounts))
    }

    fn add_unrecognised(&mut self, columns: &Columns, cells: &impl Cells) -> Result<(), Malformed> {
        let name = cells.text(Field::UsageType).filter(|name| name.len() <= LONGEST).ok_or(Malformed)?;
        if class(columns, cells) != LineClass::Usage
            || (self.bill.unrecognised.len() >= MOST_NAMES && !self.bill.unrecognised.contains_key(&*name))
        {
            return Ok(());
        }
        if let Some(amounts) = self.amounts(columns, cells)? {
            self.bill.unrecognised.entry(name.into_owned()).or_default().add(&amounts);
        }
        Ok(())
    }

    /// Whether a resource is told apart from the product's others.
    fn keeps(&mut self, product: Product, id: &str) -> bool {
        if self.bill.crowded.contains(&product) {
            return false;
        }
        let known = self.resources.entry(product).or_default();
        if known.contains(id) {
            return true;
        }
        if known.len() >= MOST_RESOURCES {
            self.bill.crowded.insert(product);
            return false;
        }
        known.insert(id.to_owned())
    }

    /// Of which billing periods of which payers the lines since the last time were.
    pub(super) fn take_periods(&mut self) -> BTreeSet<(String, String)> {
        std::mem::take(&mut self.periods)
    }

    /// The sums so far.
    pub(super) fn into_bill(self) -> Bill {
        Bill { lines: self.lines.into_iter().collect(), ..self.bill }
    }
}

/// Leaves out what products have too many of to be told apart: all of them, so that it does not depend on which came
/// first.
pub(super) fn thin_out(bill: &mut Bill) {
    let mut resources = BTreeMap::<Product, BTreeSet<&str>>::new();
    for key in bill.lines.keys() {
        resources.entry(key.product).or_default().extend(key.resource.as_deref());
    }
    bill.crowded.extend(resources.iter().filter(|(_, ids)| ids.len() > MOST_RESOURCES).map(|(product, _)| product));
    if bill.crowded.is_empty() {
        return;
    }
    for (mut key, amounts) in std::mem::take(&mut bill.lines) {
        key.resource = key.resource.filter(|_| !bill.crowded.contains(&key.product));
        bill.lines.entry(key).or_default().add(&amounts);
    }
}
