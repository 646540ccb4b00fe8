//! Endpoints: keep or drop, and how far each is from paying off.

use askama::Template;
use rust_decimal::Decimal;

use super::list::{Key, List, Row, figures, words};
use super::text::{dated, long, monthly_gb, quantity, rate, service, short};
use crate::audit::Decision;
use crate::output::table::{maybe, plain};
use crate::report::{EndpointRow, Report};

#[derive(Template)]
#[template(path = "endpoint.html", config = "src/output/html/askama.toml")]
struct EndpointHtml<'r> {
    row: &'r EndpointRow,
    several_accounts: bool,
    /// Its bytes as a part of the break-even.
    ratio: Option<Decimal>,
}

/// The table of endpoints.
pub(super) fn list(report: &Report) -> List<'_> {
    let several_accounts = report.scope.accounts.len() > 1;
    let row = move |index: usize| {
        let Some(row) = report.endpoints.get(index) else { return Err(askama::Error::Fmt) };
        let ratio = gigabytes(row).zip(row.verdict.break_even_gb).and_then(|(gb, even)| gb.checked_div(even));
        Ok(Row {
            html: EndpointHtml { row, several_accounts, ratio }.render()?,
            keys: vec![
                Key::Words(service(&row.service_name, row.region.as_str())),
                Key::words(&format!("{} {}", row.region, row.vpc_id)),
                Key::Figure(gigabytes(row)),
                Key::Figure(row.monthly_usd.map(|usd| usd.0)),
                Key::Figure(row.verdict.nat_monthly_usd.map(|usd| usd.0)),
                Key::Figure(ratio),
                Key::words(row.verdict.decision.as_str()),
            ],
            facets: vec![
                row.verdict.decision.as_str().to_owned(),
                short(&row.endpoint_type),
                short(row.account_id.as_str()),
                short(row.region.as_str()),
                short(row.vpc_id.as_str()),
            ],
        })
    };
    List {
        id: "endpoints",
        title: "Endpoints, keep or drop, by month of 730 hours",
        columns: vec![
            words("Endpoint"),
            words("Where"),
            figures("GB"),
            figures("Cost $"),
            figures("By NAT $"),
            words("Of break-even"),
            words("Verdict"),
        ],
        facets: &["Verdict", "Type", "Account", "Region", "VPC"],
        len: report.endpoints.len(),
        row: Box::new(row),
    }
}

fn gigabytes(row: &EndpointRow) -> Option<Decimal> {
    row.bytes.zip(row.hours).map(|(bytes, hours)| monthly_gb(bytes, hours))
}

fn gigabytes_text(row: &EndpointRow) -> String {
    if row.verdict.decision == Decision::Free {
        return "-".to_owned();
    }
    gigabytes(row).map_or_else(|| "unknown".to_owned(), quantity)
}

fn decision_class(decision: Decision) -> &'static str {
    match decision {
        Decision::Keep | Decision::Free => "keep",
        Decision::Drop => "drop",
        Decision::NotJudged | Decision::Unknown => "open",
    }
}

/// The zones' letters: what they have in common stands beside them.
fn letters(row: &EndpointRow) -> String {
    let letter = |zone: &String| short(zone.strip_prefix(row.region.as_str()).unwrap_or(zone));
    row.availability_zones.iter().map(letter).collect::<Vec<_>>().join(", ")
}

/// A part of the break-even in percent, as far as digits help.
fn percent(ratio: Decimal) -> String {
    let percent = ratio * Decimal::ONE_HUNDRED;
    if percent > Decimal::ZERO && percent < Decimal::ONE {
        "<1%".to_owned()
    } else {
        format!("{}%", quantity(percent.round()))
    }
}
