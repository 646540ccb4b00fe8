//! The report as one HTML file that needs nothing else: for a mail, a browser, a printer.
//!
//! Templates (`html/templates/`) turn rows into HTML, and escape what an account says. The first rows of every table
//! stand in the file as they are, so that it can be read without scripts; all of them are in it once more, compressed,
//! for the page's own script to sort, filter and page. Charts are drawn by Apache ECharts (`html/vendor/`), which is
//! in the file too. A content security policy keeps everything else out: no other script runs, nothing is requested.

mod account;
mod answer;
mod bill;
mod chart;
mod compare;
mod endpoint;
mod finding;
mod flow;
mod gateway;
mod list;
mod map;
mod pack;
mod seen;
mod series;
mod step;
mod text;

use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub(super) use self::compare::{render_difference, render_history};
use self::list::List;
use self::text::{bytes, count, grouped_count, short};
use super::table::{self, maybe, size, usd};
use crate::report::Report;

/// Apache ECharts, built by `vendor/echarts/build.sh`.
const ECHARTS: &str = include_str!("html/vendor/echarts/echarts.js");
/// The page's own scripts, each a script element of its own.
const SCRIPTS: [&str; 5] = [
    ECHARTS,
    include_str!("html/page/lists.js"),
    include_str!("html/page/charts.js"),
    include_str!("html/page/maps.js"),
    include_str!("html/page/start.js"),
];
const STYLE: &str = include_str!("html/page/page.css");

/// The whole page.
#[derive(Template)]
#[template(path = "page.html", config = "src/output/html/askama.toml")]
struct Page<'r> {
    report: &'r Report,
    policy: String,
    style: &'static str,
    scripts: &'static [&'static str],
    answer: answer::Answer<'r>,
    charts: chart::Charts<'r>,
    accounts: List<'r>,
    findings: List<'r>,
    nat_gateways: List<'r>,
    endpoints: List<'r>,
    bill: Vec<List<'r>>,
    /// Whether the bill agrees.
    verdict: String,
    unseen: Vec<List<'r>>,
    advice: List<'r>,
    notes: List<'r>,
    rules: Vec<&'static crate::audit::Audit>,
    prices: String,
    /// Every row and every chart's figures: gzip, base64.
    data: pack::Packed,
}

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let charts = chart::Charts::new(report);
    let accounts = account::list(report);
    let findings = finding::list(report);
    let nat_gateways = gateway::list(report);
    let endpoints = endpoint::list(report);
    let bill = bill::lists(report);
    let unseen = seen::unseen(report);
    let advice = seen::advice(report);
    let notes = seen::notes(report);
    let of_all = (accounts.len > 0).then_some(&accounts);
    let lists =
        [&findings, &nat_gateways, &endpoints, &advice, &notes].into_iter().chain(of_all).chain(&bill).chain(&unseen);
    let data = pack::pack(&charts, lists)?;
    let page = Page {
        report,
        policy: policy(),
        style: STYLE,
        scripts: &SCRIPTS,
        answer: answer::Answer::new(report),
        rules: finding::rules(report),
        prices: table::prices(&report.prices),
        charts,
        accounts,
        findings,
        nat_gateways,
        endpoints,
        bill,
        verdict: report.reconciliation.as_ref().map(super::bill::verdict).unwrap_or_default(),
        unseen,
        advice,
        notes,
        data,
    };
    page.write_into(out)
}

/// What the page may do: run the scripts it came with, and look as it does.
fn policy() -> String {
    let hashes = SCRIPTS.iter().map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
    format!(
        "default-src 'none'; script-src{}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
        hashes.collect::<String>()
    )
}

#[cfg(test)]
mod tests;
