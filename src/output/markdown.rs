//! The report for pull requests, wikis and chat, in GitHub's Markdown: the answer first, then what to do, most money
//! first, then what it is made of; what could not be seen is in the first lines and listed at the end.

mod account;
mod bill;
mod difference;
mod estimate;
mod finding;
mod history;
mod inline;
mod unseen;

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

pub(super) use self::difference::render as render_difference;
pub(super) use self::estimate::render as render_estimate;
pub(super) use self::history::render as render_history;
use self::inline::{inline, name};
use super::Style;
use crate::model::{Gigabytes, Usd, grouped};
use crate::report::{EndpointRow, NatGatewayRow, Prices, Report};

/// How much of a name is shown.
const NAME: usize = 60;
/// How much of a sentence is shown.
const SENTENCE: usize = 2_000;

/// Writes the report.
pub(super) fn render(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { rows: style.rows.unwrap_or(usize::MAX), out };
    page.summary(report)?;
    page.findings(report)?;
    page.accounts(report)?;
    page.nat_gateways(report)?;
    page.endpoints(report)?;
    page.bill(report)?;
    page.unseen(report)
}

/// Where the report is written, and how many rows of each part.
struct Page<'w> {
    rows: usize,
    out: &'w mut dyn Write,
}

impl Page<'_> {
    fn summary(&mut self, report: &Report) -> io::Result<()> {
        let totals = &report.totals;
        let month = &totals.monthly_usd;
        writeln!(self.out, "# NAT gateways and VPC endpoints\n")?;
        let least = if totals.partial { " at least, as parts are unknown" } else { "" };
        let waste = if month.saving_high == Usd::ZERO {
            "none found".to_owned()
        } else {
            format!("{} a month", range(month.saving_low, month.saving_high))
        };
        writeln!(self.out, "**They cost {} a month{least}; waste: {waste}.**\n", usd(month.current))?;
        table(self.out, &["", "---:"], &["In the window", "USD"])?;
        let parts = [
            ("NAT gateway hours", totals.window_usd.nat_hours),
            ("NAT gateway data", totals.window_usd.nat_data),
            ("NAT gateway addresses", totals.window_usd.other),
            ("Endpoint hours", totals.window_usd.endpoint_hours),
            ("Endpoint data", totals.window_usd.endpoint_data),
        ];
        for (what, amount) in parts {
            row(self.out, &[what.to_owned(), maybe(amount)])?;
        }
        row(self.out, &["**Total**".to_owned(), format!("**{}**", maybe(totals.window_usd.total))])?;
        writeln!(self.out)?;
        let window = &report.window;
        self.item(&format!(
            "Window: {} to {} UTC, {} hours",
            date(window.start()),
            date(window.end()),
            window.hours()
        ))?;
        let accounts = names(report.scope.accounts.iter().map(|id| id.as_str()));
        let regions = names(report.scope.regions.iter().map(|region| region.as_str()));
        self.item(&format!("Accounts: {accounts}; Regions: {regions}"))?;
        self.item(&prices(&report.prices))?;
        if month.ended > Usd::ZERO {
            let ended = usd(month.ended);
            self.item(&format!("{ended} of the monthly cost was for gateways that were deleted in the window"))?;
        }
        self.completeness(report)?;
        writeln!(self.out)
    }

    fn nat_gateways(&mut self, report: &Report) -> io::Result<()> {
        let rows = &report.nat_gateways;
        if rows.is_empty() {
            return writeln!(self.out, "## NAT gateways: none\n");
        }
        writeln!(self.out, "## NAT gateways\n")?;
        let header = ["NAT gateway", "Name", "Zones", "State", "GB in the window", "USD in the window", "USD a month"];
        table(self.out, &["", "", "", "", "---:", "---:", "---:"], &header)?;
        for gateway in self.shown(rows) {
            row(self.out, &nat_gateway(gateway))?;
        }
        writeln!(self.out)?;
        self.cut(rows.len())
    }

    fn endpoints(&mut self, report: &Report) -> io::Result<()> {
        let rows = &report.endpoints;
        if rows.is_empty() {
            return writeln!(self.out, "## Endpoints: none\n");
        }
        writeln!(self.out, "## Endpoints: keep or drop\n")?;
        let header =
            ["Endpoint", "Service", "Zones", "GB in the window", "USD a month", "By NAT", "Pays off above", "Verdict"];
        table(self.out, &["", "", "---:", "---:", "---:", "---:", "---:", ""], &header)?;
        for endpoint in self.shown(rows) {
            row(self.out, &self::endpoint(endpoint))?;
        }
        writeln!(self.out)?;
        self.cut(rows.len())
    }

    /// As many rows as are to be shown.
    fn shown<'r, T>(&self, rows: &'r [T]) -> std::slice::Iter<'r, T> {
        rows.get(..self.rows.min(rows.len())).unwrap_or_default().iter()
    }

    fn cut(&mut self, rows: usize) -> io::Result<()> {
        match rows.saturating_sub(self.rows) {
            0 => Ok(()),
            more => writeln!(self.out, "_… and {more} more: `--top 0` shows all, as does `--format csv`._\n"),
        }
    }

    /// A list's item. The text must be Markdown already.
    fn item(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "- {text}")
    }
}

fn nat_gateway(row: &NatGatewayRow) -> Vec<String> {
    let private = row.connectivity_type.as_deref() == Some("private");
    let mode = (row.availability_mode != "zonal").then_some(row.availability_mode.as_str());
    let kind: Vec<_> = [Some(row.state.as_str()), mode, private.then_some("private")].into_iter().flatten().collect();
    vec![
        name(row.nat_gateway_id.as_str(), NAME),
        row.name.as_deref().map(|text| name(text, NAME)).unwrap_or_default(),
        name(&row.availability_zones.join(", "), NAME),
        inline(&kind.join(", "), NAME),
        row.bytes.as_ref().map_or_else(unknown, |bytes| gigabytes(Gigabytes::from_bytes(bytes.processed).0)),
        maybe(row.window_usd.total),
        maybe(row.monthly_usd),
    ]
}

fn endpoint(row: &EndpointRow) -> Vec<String> {
    let service = row.service_name.strip_prefix("com.amazonaws.").unwrap_or(&row.service_name);
    let service = service.strip_prefix(&format!("{}.", row.region)).unwrap_or(service);
    let free = row.endpoint_type == "Gateway";
    let kind =
        if row.endpoint_type == "Interface" { String::new() } else { format!(" {}", inline(&row.endpoint_type, NAME)) };
    let dash = || "–".to_owned();
    let basis = row.verdict.basis.map(|basis| format!(" ({})", basis.as_str())).unwrap_or_default();
    vec![
        name(row.vpc_endpoint_id.as_str(), NAME),
        format!("{}{kind}", name(service, NAME)),
        if free { dash() } else { row.availability_zones.len().to_string() },
        if free { dash() } else { row.bytes.map_or_else(unknown, |bytes| gigabytes(Gigabytes::from_bytes(bytes).0)) },
        maybe(row.monthly_usd),
        row.verdict.nat_monthly_usd.map_or_else(dash, usd),
        row.verdict.break_even_gb.map_or_else(dash, |gb| format!("{} GB", gigabytes(gb))),
        format!("**{}**{basis}: {}", row.verdict.decision.as_str(), inline(&row.verdict.reason, SENTENCE)),
    ]
}

/// A table's head. The alignments are those of Markdown.
fn table(out: &mut dyn Write, align: &[&str], header: &[&str]) -> io::Result<()> {
    writeln!(out, "| {} |", header.join(" | "))?;
    let align: Vec<_> = align.iter().map(|align| if align.is_empty() { "---" } else { align }).collect();
    writeln!(out, "| {} |", align.join(" | "))
}

/// A table's row. The cells must be Markdown already.
fn row(out: &mut dyn Write, cells: &[String]) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

/// A few names, and how many more there are.
fn names<'t>(names: impl Iterator<Item = &'t str>) -> String {
    let names: Vec<_> = names.collect();
    let shown: Vec<_> = names.iter().take(20).map(|text| name(text, NAME)).collect();
    match names.len() - shown.len() {
        0 if shown.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn prices(prices: &Prices) -> String {
    let percent = |part: Decimal| (part * Decimal::ONE_HUNDRED).normalize();
    let discount =
        if prices.discount.is_zero() { String::new() } else { format!(" less {}%", percent(prices.discount)) };
    let shares =
        prices.assumed_shares.iter().map(|(service, share)| format!("{} {}%", name(service, NAME), percent(*share)));
    let shares: Vec<_> = shares.collect();
    let assumed = if shares.is_empty() { String::new() } else { format!("; assumed shares: {}", shares.join(", ")) };
    format!(
        "Prices: list{discount} as of {} ({}); a month has 730 hours, a GB 2^30 bytes{assumed}",
        name(&prices.as_of, NAME),
        inline(&prices.source, 200)
    )
}

fn date(instant: Timestamp) -> String {
    let utc = instant.to_zoned(TimeZone::UTC);
    utc.strftime(if utc.hour() == 0 { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" }).to_string()
}

fn unknown() -> String {
    "**unknown**".to_owned()
}

fn gigabytes(amount: Decimal) -> String {
    grouped(amount, u32::from(amount < Decimal::TEN))
}

/// `$1,234.56`
fn usd(amount: Usd) -> String {
    let sign = if amount < Usd::ZERO { "-" } else { "" };
    format!("{sign}${}", grouped(amount.0.abs(), 2))
}

fn maybe(amount: Option<Usd>) -> String {
    amount.map_or_else(unknown, usd)
}

fn range(low: Usd, high: Usd) -> String {
    if low.0.round_dp(2) == high.0.round_dp(2) { usd(low) } else { format!("{} to {}", usd(low), usd(high)) }
}

#[cfg(test)]
mod tests;
