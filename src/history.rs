//! Months, or other windows, in a row: what each cost, and how it differs from the one before.
//!
//! As in a [`Difference`](crate::difference::Difference), a month is 730 hours of the window, and what changed is told
//! of accounts and Regions that were looked at both times. A window that lies in others too is said to, and has no
//! change.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::difference::resource::Resource;
use crate::difference::{Side, Summary};
use crate::model::{AccountId, Hours, RegionName, Usd};

/// The form of the JSON of a history.
pub const HISTORY_SCHEMA: &str = "natwise.history/1";

/// So many accounts and Regions are named in a remark.
const NAMED: usize = 3;

/// Windows in their order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct History {
    /// Always `natwise.history/1`.
    pub schema: &'static str,
    /// The program and version that wrote it.
    pub generated_by: &'static str,
    /// The windows, the earliest first.
    pub windows: Vec<WindowRow>,
    /// Files of the folder that are neither snapshots nor reports.
    pub left_out: Vec<String>,
}

/// A window.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WindowRow {
    /// The file or folder that tells of it.
    pub source: String,
    /// What it cost, what passed through, what could be saved.
    #[serde(flatten)]
    pub summary: Summary,
    /// How much more a month cost than in the window before, of what was looked at both times; null for the first one,
    /// where windows overlap, and where nothing was looked at both times.
    pub change_monthly_usd: Option<Usd>,
    /// What a reader should know before comparing it with the one before.
    pub remarks: Vec<String>,
}

/// A window that is to be put in its place.
#[derive(Debug)]
pub struct Entry {
    source: String,
    summary: Summary,
    /// A month's cost, as far as known, by account and Region.
    parts: BTreeMap<(AccountId, RegionName), Usd>,
}

impl Entry {
    /// What a history needs of a side, by the name of its file.
    #[must_use]
    pub fn of(source: &str, side: &Side) -> Self {
        let mut parts: BTreeMap<_, _> = side.parts().into_iter().map(|part| (part, Usd::ZERO)).collect();
        for resource in Resource::all(side).values() {
            // What is listed lies in a part that was scanned, or the report contradicts itself.
            if let Some(sum) = parts.get_mut(&(resource.account_id.clone(), resource.region.clone())) {
                *sum += resource.known_usd();
            }
        }
        Self { source: source.to_owned(), summary: Summary::of_side(side), parts }
    }
}

impl History {
    /// Puts windows in order.
    #[must_use]
    pub fn new(mut entries: Vec<Entry>, left_out: &[String]) -> Self {
        entries.sort_by(|a, b| (a.summary.window, &a.source).cmp(&(b.summary.window, &b.source)));
        let mut windows: Vec<WindowRow> = Vec::with_capacity(entries.len());
        // The one before, and the one of those before that ends last.
        let (mut before, mut last): (Option<usize>, Option<usize>) = (None, None);
        for (index, entry) in entries.iter().enumerate() {
            let of = |index: Option<usize>| index.and_then(|index| entries.get(index));
            windows.push(row(entry, of(before), of(last)));
            before = Some(index);
            if of(last).is_none_or(|longest| longest.summary.window.end() <= entry.summary.window.end()) {
                last = Some(index);
            }
        }
        Self { schema: HISTORY_SCHEMA, generated_by: crate::GENERATED_BY, windows, left_out: left_out.to_vec() }
    }

    /// The JSON Schema of a history.
    #[must_use]
    pub fn json_schema() -> schemars::Schema {
        schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<Self>()
    }

    /// The highest cost of a month.
    #[must_use]
    pub fn most(&self) -> Usd {
        self.windows.iter().filter_map(|row| row.summary.monthly_usd.total).max().unwrap_or_default()
    }
}

fn row(entry: &Entry, before: Option<&Entry>, last: Option<&Entry>) -> WindowRow {
    let window = entry.summary.window;
    let mut remarks = Vec::new();
    let mut overlaps = false;
    if let Some(last) = last {
        let gap = (window.start().as_second() - last.summary.window.end().as_second()) / 3600;
        if window == last.summary.window {
            remarks.push(format!("the same window as {}", last.source));
        } else if gap < 0 {
            remarks.push(format!("overlaps {}", last.source));
        } else if gap > 0 {
            let hours = Hours::try_from(gap).unwrap_or_default();
            remarks.push(format!("{} that no window covers come before it", span(hours)));
        }
        overlaps = gap < 0;
    }
    let change = before.filter(|_| !overlaps).and_then(|before| {
        remarks.extend(other_parts("has what the one before lacks", entry, before));
        remarks.extend(other_parts("lacks what the one before has", before, entry));
        let both = entry.parts.iter().filter_map(|(part, now)| Some(*now - *before.parts.get(part)?));
        both.reduce(|sum, change| sum + change)
    });
    WindowRow { source: entry.source.clone(), summary: entry.summary.clone(), change_monthly_usd: change, remarks }
}

/// The parts of one that the other one lacks.
fn other_parts(what: &str, one: &Entry, other: &Entry) -> Option<String> {
    let parts: Vec<_> = one.parts.keys().filter(|part| !other.parts.contains_key(part)).collect();
    let named: Vec<_> = parts.iter().take(NAMED).map(|(account, region)| format!("{account} {region}")).collect();
    let more = parts.len().checked_sub(NAMED).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    (!parts.is_empty()).then(|| format!("{what}: {}{more}", named.join(", ")))
}

fn span(hours: Hours) -> String {
    if hours.is_multiple_of(24) { format!("{} days", hours / 24) } else { format!("{hours} hours") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Account;

    fn entry(name: &str, start: &str, end: &str, gb: u64, regions: &[&str]) -> Entry {
        let mut account = Account::new(regions[0]).window(start, end);
        for (index, region) in regions.iter().enumerate() {
            account = if index == 0 { account } else { account.and(crate::testing::ME, region) };
            let nat = format!("nat-{region}");
            account = account.vpc(region, "10.0.0.0/16").subnet(&format!("subnet-{region}"), "a", "10.0.0.0/24");
            account = account.nat(&nat, &format!("subnet-{region}")).traffic(&nat, 0, gb);
        }
        Entry::of(name, &Side::of(&account.report()).unwrap())
    }

    fn history(entries: Vec<Entry>) -> Vec<(String, Option<String>, Vec<String>)> {
        let rows = History::new(entries, &[]).windows.into_iter();
        rows.map(|row| (row.source, row.change_monthly_usd.map(|usd| usd.0.normalize().to_string()), row.remarks))
            .collect()
    }

    const SEP: &str = "2026-09-01T00:00:00Z";
    const OCT: &str = "2026-10-01T00:00:00Z";
    const NOV: &str = "2026-11-01T00:00:00Z";
    const DEC: &str = "2026-12-01T00:00:00Z";

    #[test]
    fn months_are_in_order_and_each_is_compared_with_the_one_before() {
        let one = &["us-east-1"][..];
        let rows = history(vec![
            entry("b", OCT, NOV, 744, one),
            entry("c", NOV, DEC, 1440, one),
            entry("a", SEP, OCT, 720, one),
        ]);
        let nothing = Vec::new;
        assert_eq!(
            rows,
            [
                ("a".to_owned(), None, nothing()),
                ("b".to_owned(), Some("0".to_owned()), nothing()),
                ("c".to_owned(), Some("32.85".to_owned()), nothing()),
            ]
        );
    }

    #[test]
    fn windows_that_overlap_have_no_change() {
        let one = &["us-east-1"][..];
        let rows = history(vec![
            entry("year", SEP, DEC, 100, one),
            entry("oct", OCT, NOV, 100, one),
            entry("again", OCT, NOV, 100, one),
        ]);
        let said: Vec<_> =
            rows.iter().map(|(name, change, remarks)| (&**name, change.as_deref(), remarks.join("; "))).collect();
        assert_eq!(
            said,
            [
                ("year", None, String::new()),
                ("again", None, "overlaps year".to_owned()),
                ("oct", None, "overlaps year".to_owned()),
            ]
        );
        let rows = history(vec![entry("x", OCT, NOV, 1, one), entry("y", OCT, NOV, 1, one)]);
        assert_eq!(rows[1].2, ["the same window as x"]);
    }

    #[test]
    fn what_was_not_looked_at_both_times_is_no_change() {
        let rows = history(vec![
            entry("sep", SEP, OCT, 720, &["us-east-1"]),
            entry("nov", NOV, DEC, 720, &["us-east-1", "eu-west-1"]),
        ]);
        assert_eq!(rows[1].1.as_deref(), Some("0"));
        assert_eq!(
            rows[1].2,
            ["31 days that no window covers come before it", "has what the one before lacks: 111122223333 eu-west-1"]
        );
        let rows = history(vec![entry("a", SEP, OCT, 1, &["us-east-1"]), entry("b", OCT, NOV, 1, &["eu-west-1"])]);
        assert_eq!((rows[1].1.as_deref(), rows[1].2.len()), (None, 2));
    }
}
