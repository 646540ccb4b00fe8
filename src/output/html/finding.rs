//! Findings: what each saves, how that figure comes about, what to run.

use std::collections::BTreeSet;

use askama::Template;

use super::list::{Key, List, Row, figures, words};
use super::text::{command, dated, long, quantity, rate, short};
use crate::audit::{AUDITS, Audit};
use crate::finding::{Basis, Evidence};
use crate::output::table::{maybe, range, usd};
use crate::report::{FindingRow, Report};

#[derive(Template)]
#[template(path = "finding.html", config = "src/output/html/askama.toml")]
struct FindingHtml<'r> {
    number: usize,
    finding: &'r FindingRow,
    saving: Option<String>,
    current: Option<String>,
    several_accounts: bool,
}

/// The table of findings.
pub(super) fn list(report: &Report) -> List<'_> {
    let several_accounts = report.scope.accounts.len() > 1;
    let row = move |index: usize| {
        let Some(finding) = report.findings.get(index) else { return Err(askama::Error::Fmt) };
        let money = &finding.monthly_usd;
        let html = FindingHtml {
            number: index + 1,
            finding,
            saving: money.saving_low.zip(money.saving_high).map(|(low, high)| range(low, high)),
            current: money.current.filter(|_| money.saving_high.is_some()).map(usd),
            several_accounts,
        };
        Ok(Row {
            html: html.render()?,
            keys: vec![
                Key::Figure(money.saving_high.map(|usd| usd.0)),
                Key::words(&finding.title),
                Key::words(finding.rule),
                Key::words(finding.basis.as_str()),
                Key::words(&place(finding)),
            ],
            facets: vec![
                finding.rule.to_owned(),
                finding.basis.as_str().to_owned(),
                short(finding.account_id.as_str()),
                short(finding.region.as_str()),
                vpc(finding),
            ],
        })
    };
    List {
        id: "findings",
        title: "Findings, most money first",
        columns: vec![figures("Saves a month"), words("Finding"), words("Rule"), words("Basis"), words("Where")],
        facets: &["Rule", "Basis", "Account", "Region", "VPC"],
        len: report.findings.len(),
        row: Box::new(row),
    }
}

fn vpc(finding: &FindingRow) -> String {
    let id = short(finding.vpc_id.as_str());
    finding.vpc_name.as_deref().map_or(id.clone(), |name| format!("{} · {id}", short(name)))
}

fn place(finding: &FindingRow) -> String {
    format!("{} {} {}", finding.account_id, finding.region, vpc(finding))
}

/// The rules that the report speaks of, in the order of the list of rules.
pub(super) fn rules(report: &Report) -> Vec<&'static Audit> {
    const ALL: &[Audit] = &AUDITS;
    let found = report.findings.iter().map(|finding| finding.rule);
    let named: BTreeSet<_> = found.chain(report.skipped.iter().map(|skipped| skipped.rule)).collect();
    ALL.iter().filter(|audit| named.contains(audit.id)).collect()
}

fn no_money(finding: &FindingRow) -> &'static str {
    if finding.basis == Basis::Configuration { "no money attached" } else { "unknown" }
}

/// A line's quantity and unit; unknown where it is.
fn amount(line: &Evidence) -> String {
    line.quantity.map_or_else(|| "unknown".to_owned(), |value| format!("{} {}", quantity(value), line.unit))
}

fn unit_price(line: &Evidence) -> String {
    line.unit_usd.map_or_else(|| "unknown".to_owned(), |value| format!("${}", rate(value)))
}

/// What stands behind a name: enough to tell bases apart at a glance.
fn basis_class(basis: Basis) -> &'static str {
    match basis {
        Basis::Measured | Basis::Metered => "firm",
        Basis::PartlyMeasured | Basis::Sampled | Basis::Assumed | Basis::Bounded => "loose",
        Basis::Configuration => "plain",
    }
}
