//! The bill beside what was computed.

use super::list::List;
use super::seen::{Line, list};
use super::text::{long, short};
use crate::output::bill::{DIFFERING, USAGE, differing, sentences, usage};
use crate::report::Report;

/// Its tables: only those that have rows.
pub(super) fn lists(report: &Report) -> Vec<List<'_>> {
    let Some(found) = &report.reconciliation else { return Vec::new() };
    let line = |cells: &[String]| Line { cells: cells.iter().map(|cell| short(cell)).collect(), commands: Vec::new() };
    let lists = [
        list("bill-usage", "Usage types", &USAGE, usage(found).iter().map(|row| line(row)).collect()),
        list(
            "bill-resources",
            "Gateways and endpoints that the bill has otherwise",
            &DIFFERING,
            differing(found).iter().map(|row| line(row)).collect(),
        ),
        list(
            "bill-notes",
            "What else the bill has",
            &["Remark"],
            sentences(found).iter().map(|text| Line { cells: vec![long(text)], commands: Vec::new() }).collect(),
        ),
    ];
    lists.into_iter().filter(|list| list.len > 0).collect()
}
