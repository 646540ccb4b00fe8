//! What the reader came for: the cost, the waste, what to do first.

use std::collections::BTreeMap;

use super::step::{Step, steps};
use super::text::count;
use crate::finding::Basis;
use crate::model::{Usd, Window};
use crate::output::table::{maybe, percent, range, some, usd};
use crate::report::Report;

/// Steps that are named on top.
const FIRST: usize = 3;

/// The top of the page.
pub(super) struct Answer<'r> {
    pub(super) headline: String,
    /// Accounts, Regions and the window.
    pub(super) scope: String,
    pub(super) current: String,
    pub(super) window: String,
    pub(super) waste: String,
    /// Its part of the cost.
    pub(super) share: Option<u64>,
    pub(super) ended: Option<String>,
    pub(super) first: Vec<Step<'r>>,
    /// How many steps there are.
    pub(super) steps: usize,
    pub(super) bases: Vec<BasisRow>,
    /// What is missing; nothing when the report is complete.
    pub(super) missing: Vec<(&'static str, String)>,
}

/// What of the saving is how far to be trusted.
pub(super) struct BasisRow {
    pub(super) basis: &'static str,
    pub(super) meaning: &'static str,
    pub(super) steps: usize,
    pub(super) saving: String,
}

impl<'r> Answer<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let totals = &report.totals;
        let month = &totals.monthly_usd;
        let share = percent(month.saving_high, month.current);
        let steps: Vec<_> = steps(report).collect();
        let known = if totals.partial { "At least " } else { "" };
        let waste = match share {
            _ if month.saving_high == Usd::ZERO => "no waste found".to_owned(),
            Some(share) if month.saving_low == month.saving_high => format!("{share}% of it waste"),
            Some(share) => format!("up to {share}% of it waste"),
            None => format!("{} of waste", range(month.saving_low, month.saving_high)),
        };
        Self {
            headline: format!("{known}{} a month, {waste}", usd(month.current)),
            scope: format!(
                "{} · {} · {}",
                some(report.scope.accounts.iter().map(|id| id.as_str()), 3, "accounts"),
                some(report.scope.regions.iter().map(|id| id.as_str()), 4, "Regions"),
                span(&report.window),
            ),
            current: usd(month.current),
            window: maybe(totals.window_usd.total),
            waste: if month.saving_high == Usd::ZERO {
                "none found".to_owned()
            } else {
                range(month.saving_low, month.saving_high)
            },
            share: share.filter(|share| *share > 0),
            ended: (month.ended > Usd::ZERO).then(|| usd(month.ended)),
            bases: bases(&steps),
            steps: steps.len(),
            first: steps.into_iter().take(FIRST).collect(),
            missing: missing(report),
        }
    }
}

/// The window's days, and hours where it has parts of days.
fn span(window: &Window) -> String {
    let date = |instant| crate::output::table::date(instant);
    format!("{} to {} UTC ({} h)", date(window.start()), date(window.end()), window.hours())
}

/// The plan's steps by basis: each dollar once.
fn bases(steps: &[Step<'_>]) -> Vec<BasisRow> {
    let mut sums = BTreeMap::<Basis, (usize, Usd, Usd)>::new();
    for step in steps {
        let (number, low, high) = sums.entry(step.finding.basis).or_default();
        (*number, *low, *high) = (*number + 1, *low + step.low, *high + step.high);
    }
    let row = |(basis, (steps, low, high)): (Basis, (usize, Usd, Usd))| BasisRow {
        basis: basis.as_str(),
        meaning: meaning(basis),
        steps,
        saving: range(low, high),
    };
    sums.into_iter().map(row).collect()
}

fn meaning(basis: Basis) -> &'static str {
    match basis {
        Basis::Measured => "bytes told apart by flow logs, or an endpoint's own metrics",
        Basis::PartlyMeasured => "flow logs saw a part: from what they prove to what they leave possible",
        Basis::Sampled => "flow logs of some hours were read: a 95% confidence interval",
        Basis::Metered => "hours, or all bytes of a resource, from CloudWatch",
        Basis::Assumed => "a share of the bytes that was declared",
        Basis::Bounded => "only a total is known: from nothing to all of it",
        Basis::Configuration => "a fault without money",
    }
}

/// What keeps the report from being complete, each with where it is listed.
fn missing(report: &Report) -> Vec<(&'static str, String)> {
    let parts = [
        ("gaps", report.gaps.len(), "call", "failed"),
        ("skipped", report.skipped.len(), "rule", "could not be applied"),
        ("unknown", report.totals.unknown.len(), "cost", "unknown"),
    ];
    let text = |(id, number, what, verb): (&'static str, usize, &str, &str)| {
        (number > 0).then(|| (id, format!("{} {verb}", count(number, what))))
    };
    parts.into_iter().filter_map(text).collect()
}
