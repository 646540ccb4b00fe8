//! The report for a person at a terminal: the answer first, then what it is made of, then what to do, most money
//! first; what could not be seen last.

mod account;
mod bill;
mod command;
mod difference;
mod estimate;
mod finding;
mod history;
mod traffic;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};
use comfy_table::{Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::bill::verdict;
use super::{Style, clean, clip};
use crate::audit::Decision;
use crate::model::{Gigabytes, HOURS_PER_MONTH, Usd, grouped};
use crate::report::{EndpointRow, NatGatewayRow, Prices, Report};

/// `vpce-` and seventeen digits.
const ID_WIDTH: u16 = 22;

/// From this width on there is room for names beside ids, and no column has to give way.
const ROOMY: u16 = 100;

const BOLD: Ansi = Ansi::new().bold();
const DIM: Ansi = Ansi::new().dimmed();
const RED: Ansi = AnsiColor::Red.on_default().bold();
const GREEN: Ansi = AnsiColor::Green.on_default();
const YELLOW: Ansi = AnsiColor::Yellow.on_default();

pub(super) use difference::render as render_difference;
pub(super) use estimate::{over, quantity, render as render_estimate};
pub(super) use history::render as render_history;
pub(super) use traffic::{render as render_traffic, size};

/// Writes the report.
pub(super) fn render(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, several_regions: report.scope.regions.len() > 1, out };
    page.summary(report)?;
    page.accounts(report)?;
    page.nat_gateways(report)?;
    page.nat_traffic(report)?;
    page.endpoints(report)?;
    page.bill(report)?;
    page.findings(report)?;
    page.unseen(report)?;
    page.advice(report)
}

/// Where and how the report is written.
struct Page<'w> {
    style: Style,
    several_regions: bool,
    out: &'w mut dyn Write,
}

impl Page<'_> {
    fn width(&self) -> usize {
        usize::from(self.style.width)
    }

    fn paint(&self, ansi: Ansi, text: &str) -> String {
        if self.style.color { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        let line = self.paint(BOLD, text);
        writeln!(self.out, "\n{line}")
    }

    /// A paragraph, indented. The text must be clean.
    fn paragraph(&mut self, text: &str, indent: &str, ansi: Option<Ansi>) -> io::Result<()> {
        self.hanging(text, indent, indent, ansi)
    }

    fn hanging(&mut self, text: &str, first: &str, rest: &str, ansi: Option<Ansi>) -> io::Result<()> {
        // Ids have hyphens and are copied whole.
        let options = textwrap::Options::new(self.width())
            .initial_indent(first)
            .subsequent_indent(rest)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace);
        for line in textwrap::wrap(text, options) {
            let line = ansi.map_or_else(|| line.to_string(), |ansi| self.paint(ansi, &line));
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    fn summary(&mut self, report: &Report) -> io::Result<()> {
        let window = &report.window;
        let scope = format!(
            "{} · {} · {} to {} UTC ({} h)",
            some(report.scope.accounts.iter().map(|id| id.as_str()), 3, "accounts"),
            some(report.scope.regions.iter().map(|id| id.as_str()), 4, "Regions"),
            date(window.start()),
            date(window.end()),
            window.hours()
        );
        self.paragraph(&scope, "", Some(DIM))?;
        writeln!(self.out)?;
        let totals = &report.totals;
        let month = &totals.monthly_usd;
        let partial = if totals.partial { " at least, as parts are unknown" } else { "" };
        let cost = self.paint(BOLD, &format!("{} a month", usd(month.current)));
        let window_usd = totals.window_usd.total.map_or_else(|| "unknown".to_owned(), usd);
        self.hanging(&format!("{cost}{partial} ({window_usd} in the window)"), "Cost      ", "          ", None)?;
        let waste = if month.saving_high == Usd::ZERO {
            self.paint(GREEN, "none found")
        } else {
            let range = range(month.saving_low, month.saving_high);
            let share =
                percent(month.saving_high, month.current).map(|p| format!(", up to {p}% of it")).unwrap_or_default();
            format!("{} a month{share}", self.paint(RED, &range))
        };
        self.hanging(&waste, "Waste     ", "          ", None)?;
        let parts = [
            ("NAT hours", totals.window_usd.nat_hours),
            ("NAT data", totals.window_usd.nat_data),
            ("addresses", totals.window_usd.other),
            ("endpoint hours", totals.window_usd.endpoint_hours),
            ("endpoint data", totals.window_usd.endpoint_data),
        ];
        let parts: Vec<_> = parts.iter().map(|(name, amount)| format!("{name} {}", maybe(*amount))).collect();
        self.hanging(&parts.join(" · "), "Window    ", "          ", None)?;
        self.hanging(&prices(&report.prices), "Prices    ", "          ", None)?;
        if let Some(found) = &report.reconciliation {
            self.hanging(&clip(&verdict(found), 300), "Bill      ", "          ", None)?;
        }
        if month.ended > Usd::ZERO {
            let text =
                format!("{} of the monthly cost was for gateways that were deleted in the window", usd(month.ended));
            self.hanging(&text, "Ended     ", "          ", None)?;
        }
        let complete = complete(report);
        let ansi = if complete == "yes" { None } else { Some(YELLOW) };
        self.hanging(&complete, "Complete  ", "          ", ansi)
    }

    fn nat_gateways(&mut self, report: &Report) -> io::Result<()> {
        let rows = &report.nat_gateways;
        if rows.is_empty() {
            return self.heading("NAT gateways: none");
        }
        self.heading("NAT gateways, by month of 730 hours")?;
        let mut table = self.table(&["NAT gateway", "AZ", "GB", "Hours $", "Data $", "IPv4 $", "Total $"], 2);
        for row in self.shown(rows) {
            table.add_row(self.nat_gateway(row));
        }
        writeln!(self.out, "{table}")?;
        self.cut(rows.len())
    }

    fn nat_gateway(&self, row: &NatGatewayRow) -> Vec<Cell> {
        let mut about = vec![clean(row.nat_gateway_id.as_str()).into_owned()];
        about.extend(row.name.as_deref().map(|name| clip(name, 22)));
        if !row.used_by.is_empty() {
            let more = row.used_by.len();
            about.push(format!("used by {more} other {}", if more == 1 { "VPC" } else { "VPCs" }));
        }
        let kind = row.unusual();
        if !kind.is_empty() {
            about.push(clean(&kind.join(", ")).into_owned());
        }
        let month = |amount: Option<Usd>| row.hours.and_then(|hours| Some(amount?.per_month(hours)));
        let gigabytes = row
            .bytes
            .as_ref()
            .zip(row.hours)
            .map(|(bytes, hours)| Usd(Gigabytes::from_bytes(bytes.processed).0).per_month(hours).0);
        vec![
            Cell::new(about.join("\n")),
            Cell::new(zones(&row.availability_zones, row.region.as_str())),
            number(gigabytes.map_or_else(|| "unknown".to_owned(), |gb| grouped(gb, u32::from(gb < Decimal::TEN)))),
            number(plain(month(row.window_usd.hours))),
            number(plain(month(row.window_usd.data))),
            number(plain(month(row.window_usd.addresses))),
            self.strong(number(plain(row.monthly_usd))),
        ]
    }

    fn endpoints(&mut self, report: &Report) -> io::Result<()> {
        let rows = &report.endpoints;
        if rows.is_empty() {
            return self.heading("Endpoints: none");
        }
        self.heading("Endpoints: keep or drop, by month of 730 hours (pays off above so many GB)")?;
        let mut table = self.table(&["Endpoint", "AZs", "GB", "Cost $", "By NAT $", "Pays above", "Verdict"], 1);
        for row in self.shown(rows) {
            table.add_row(self.endpoint(row));
        }
        writeln!(self.out, "{table}")?;
        self.cut(rows.len())
    }

    fn endpoint(&self, row: &EndpointRow) -> Vec<Cell> {
        let service = row.service_name.strip_prefix("com.amazonaws.").unwrap_or(&row.service_name);
        let service = service.strip_prefix(&format!("{}.", row.region)).unwrap_or(service);
        let kind = if row.endpoint_type == "Interface" { String::new() } else { format!(" ({})", row.endpoint_type) };
        let gigabytes =
            row.bytes.zip(row.hours).map(|(bytes, hours)| Usd(Gigabytes::from_bytes(bytes).0).per_month(hours).0);
        let free = row.verdict.decision == Decision::Free;
        let region = self.several_regions.then(|| clip(row.region.as_str(), 22));
        let name = row.name.as_deref().filter(|_| self.style.width >= ROOMY).map(|name| clip(name, 30));
        let place: Vec<_> = name.into_iter().chain(region).collect();
        let mut about =
            vec![format!("{}{}", clip(service, 30), clip(&kind, 22)), clip(row.vpc_endpoint_id.as_str(), 28)];
        if !place.is_empty() {
            about.push(place.join(", "));
        }
        let dash = || "-".to_owned();
        let quantity = |gb: Decimal| grouped(gb, u32::from(gb < Decimal::TEN));
        let decision = row.verdict.decision;
        let basis = row.verdict.basis.map(|basis| format!("\n{}", basis.as_str())).unwrap_or_default();
        let mut verdict = Cell::new(format!("{}{basis}", decision.as_str()));
        if self.style.color {
            verdict = match decision {
                Decision::Drop => verdict.fg(comfy_table::Color::Red),
                Decision::Keep | Decision::Free => verdict.fg(comfy_table::Color::Green),
                Decision::NotJudged | Decision::Unknown => verdict.fg(comfy_table::Color::Yellow),
            };
        }
        vec![
            Cell::new(about.join("\n")),
            number(if free { dash() } else { row.availability_zones.len().to_string() }),
            number(if free { dash() } else { gigabytes.map_or_else(|| "unknown".to_owned(), quantity) }),
            self.strong(number(plain(row.monthly_usd))),
            number(row.verdict.nat_monthly_usd.map_or_else(dash, |usd| plain(Some(usd)))),
            number(row.verdict.break_even_gb.map_or_else(dash, quantity)),
            verdict,
        ]
    }

    fn unseen(&mut self, report: &Report) -> io::Result<()> {
        if !report.totals.unknown.is_empty() {
            self.heading("Unknown costs, not part of any sum above")?;
            let mut by_reason = std::collections::BTreeMap::<&str, Vec<&str>>::new();
            for unknown in &report.totals.unknown {
                by_reason.entry(&unknown.reason).or_default().push(&unknown.resource);
            }
            for (reason, resources) in by_reason {
                let text = format!("{}: {}", clean(reason), some(resources.into_iter(), 6, "resources"));
                self.hanging(&text, "  - ", "    ", None)?;
            }
            let text = "A price that is missing can be supplied with --prices FILE: see `natwise prices --help`.";
            if report.totals.unknown.iter().any(|unknown| unknown.reason.starts_with("no price")) {
                self.paragraph(text, "  ", Some(DIM))?;
            }
        }
        if !report.notes.is_empty() {
            self.heading("Notes")?;
            for note in self.shown(&report.notes) {
                let text = format!("{} {}", clip(&note.resource, 40), clean(&note.message));
                self.hanging(&text, "  - ", "    ", None)?;
            }
            self.cut(report.notes.len())?;
        }
        if !report.gaps.is_empty() {
            self.heading("Not seen")?;
            for gap in &report.gaps {
                let place = [gap.account_id.as_ref().map(|id| id.as_str()), gap.region.as_ref().map(|r| r.as_str())];
                let place: Vec<_> = place.into_iter().flatten().map(|text| clip(text, 40)).collect();
                let allow = gap.iam_action.as_ref().map(|action| format!(" Allow {}.", clip(action, 60)));
                let text = format!(
                    "{} {}: {} ({}){}",
                    place.join(" "),
                    clip(&gap.operation, 60),
                    clip(&gap.message, 300),
                    clip(&gap.code, 60),
                    allow.unwrap_or_default()
                );
                self.hanging(&text, "  - ", "    ", Some(YELLOW))?;
            }
        }
        if !report.skipped.is_empty() {
            self.heading("Rules that could not be applied")?;
            let mut by_reason = std::collections::BTreeMap::<_, Vec<&str>>::new();
            for skipped in &report.skipped {
                let place = format!("{} {}", skipped.account_id, skipped.region);
                by_reason.entry((place, &skipped.reason)).or_default().push(skipped.rule);
            }
            for ((place, reason), rules) in by_reason {
                let text = format!("{} {}: {}", clip(&place, 60), clip(reason, 200), rules.join(", "));
                self.hanging(&text, "  - ", "    ", Some(YELLOW))?;
            }
        }
        Ok(())
    }

    /// As many rows as are to be shown.
    fn shown<'r, T>(&self, rows: &'r [T]) -> std::slice::Iter<'r, T> {
        rows.get(..self.style.rows.unwrap_or(usize::MAX).min(rows.len())).unwrap_or_default().iter()
    }

    fn cut(&mut self, rows: usize) -> io::Result<()> {
        match self.style.rows.filter(|shown| *shown < rows) {
            None => Ok(()),
            Some(shown) => {
                let text = format!("… and {} more: --top 0 shows all, as does --format json.", rows - shown);
                self.paragraph(&text, "  ", Some(DIM))
            }
        }
    }

    /// A table whose columns from `numbers` on are right-aligned.
    fn table(&self, header: &[&str], numbers: usize) -> Table {
        let mut table = Table::new();
        table
            .load_style(super::TABLE_STYLE)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.style.width)
            .set_header(header.iter().enumerate().map(|(index, text)| {
                let cell = if index >= numbers { number((*text).to_owned()) } else { Cell::new(text) };
                if self.style.color { cell.add_attribute(Attribute::Bold) } else { cell }
            }));
        if self.style.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        let gap = if self.style.width < 90 { 1 } else { 2 };
        for column in table.column_iter_mut() {
            column.set_padding((0, gap));
        }
        if let Some(ids) = table.column_mut(0).filter(|_| self.style.width < ROOMY) {
            // An id is copied, so it must stay in one piece.
            ids.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(ID_WIDTH + gap)));
        }
        table
    }

    fn strong(&self, cell: Cell) -> Cell {
        if self.style.color { cell.add_attribute(Attribute::Bold) } else { cell }
    }
}

fn number(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// Zones without the Region's name, which they all start with: `a, b`.
pub(super) fn zones(zones: &[String], region: &str) -> String {
    match zones {
        [] => clean(region).into_owned(),
        [zone] => clip(zone, 20),
        _ => {
            let letters: Vec<_> =
                zones.iter().map(|zone| clip(zone.strip_prefix(region).unwrap_or(zone), 20)).collect();
            format!("{}\n{}", clip(region, 20), letters.join(", "))
        }
    }
}

pub(super) fn prices(prices: &Prices) -> String {
    let discount = if prices.discount.is_zero() {
        String::new()
    } else {
        format!(" less {}%", (prices.discount * Decimal::ONE_HUNDRED).normalize())
    };
    let shares: Vec<_> = prices
        .assumed_shares
        .iter()
        .map(|(service, share)| format!("{service} {}%", (*share * Decimal::ONE_HUNDRED).normalize()))
        .collect();
    let assumed =
        if shares.is_empty() { String::new() } else { format!("; assumed shares of NAT bytes: {}", shares.join(", ")) };
    format!(
        "list prices{discount} as of {} ({}); month = {HOURS_PER_MONTH} h, GB = 2^30 bytes{assumed}",
        prices.as_of,
        clean(&prices.source)
    )
}

/// A day, with the hour where it is not its first.
pub(super) fn date(instant: jiff::Timestamp) -> String {
    let utc = instant.to_zoned(TimeZone::UTC);
    utc.strftime(if utc.hour() == 0 { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" }).to_string()
}

fn complete(report: &Report) -> String {
    let mut missing = Vec::new();
    if !report.gaps.is_empty() {
        missing.push(format!("{} call(s) failed", report.gaps.len()));
    }
    if !report.skipped.is_empty() {
        missing.push(format!("{} rule(s) could not be applied", report.skipped.len()));
    }
    if !report.totals.unknown.is_empty() {
        missing.push(format!("{} cost(s) unknown", report.totals.unknown.len()));
    }
    if missing.is_empty() { "yes".to_owned() } else { format!("no: {}; see the end", missing.join(", ")) }
}

/// A few names, or how many there are.
pub(super) fn some<'t>(names: impl Iterator<Item = &'t str>, most: usize, what: &str) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return format!("no {what}");
    }
    let shown: Vec<_> = names.iter().take(most).map(|name| clip(name, 40)).collect();
    let more = names.len() - shown.len();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// `$1,234.56`
pub(super) fn usd(amount: Usd) -> String {
    let sign = if amount < Usd::ZERO { "-" } else { "" };
    format!("{sign}${}", grouped(amount.0.abs(), 2))
}

pub(super) fn maybe(amount: Option<Usd>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), usd)
}

/// `1,234.56`, or `unknown`.
pub(super) fn plain(amount: Option<Usd>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), |usd| grouped(usd.0, 2))
}

pub(super) fn range(low: Usd, high: Usd) -> String {
    if low.0.round_dp(2) == high.0.round_dp(2) { usd(low) } else { format!("{} to {}", usd(low), usd(high)) }
}

pub(super) fn percent(part: Usd, whole: Usd) -> Option<u64> {
    (part.0.checked_div(whole.0)? * Decimal::ONE_HUNDRED).round().to_u64()
}
