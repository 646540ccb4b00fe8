//! The first sheet: the answer, as formulas over the other sheets, and what is not known.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_xlsxwriter::{Formula, RowNum, Worksheet, XlsxError};

use super::sheet::{Range, range};
use super::{Look, UNKNOWN, daily, text};
use crate::model::{Gigabytes, Usd};
use crate::output::cell::number;
use crate::output::grid::{ADDS_HIGH, ADDS_LOW, KNOWN};
use crate::report::Report;

/// How many lines of each list of what is not known.
const LINES: usize = 10_000;

pub(super) fn write(
    sheet: &mut Worksheet,
    report: &Report,
    [gateways, endpoints, findings]: [&dyn Range; 3],
    limit: usize,
    look: &Look,
) -> Result<(), XlsxError> {
    sheet.set_name("Summary")?.set_column_width(0, 34)?.set_column_width(1, 26)?.set_column_width(2, 90)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    let mut page = Page { sheet, look, row: 0 };
    page.title("NAT gateways and VPC endpoints")?;
    page.about(report)?;

    let window = &report.totals.window_usd;
    page.heading("What the window cost")?;
    let first = page.row + 1;
    page.sum("NAT gateway hours", gateways.sum("window_hours_usd"), window.nat_hours)?;
    page.sum("NAT gateway data", gateways.sum("window_data_usd"), window.nat_data)?;
    page.sum("NAT gateway addresses", gateways.sum("window_addresses_usd"), window.other)?;
    page.sum("Endpoint hours", endpoints.sum("window_hours_usd"), window.endpoint_hours)?;
    page.sum("Endpoint data", endpoints.sum("window_data_usd"), window.endpoint_data)?;
    page.total("Total", format!("SUM(B{first}:B{})", page.row), window.total)?;

    let month = &report.totals.monthly_usd;
    page.heading("A month of 730 hours")?;
    let current = gateways.sum(KNOWN).zip(endpoints.sum(KNOWN)).map(|(a, b)| format!("{a}+{b}"));
    page.sum("Cost, as far as known", current, Some(month.current))?;
    if month.ended > Usd::ZERO {
        page.dollars("of it for gateways deleted since", month.ended)?;
    }
    page.sum("Waste, at least", findings.sum(ADDS_LOW), Some(month.saving_low))?;
    page.sum("Waste, at most", findings.sum(ADDS_HIGH), Some(month.saving_high))?;

    page.heading("Data in the window")?;
    let bytes = |all: u64, bytes: u64| all.saturating_add(bytes);
    let of_gateways = report.nat_gateways.iter().filter_map(|row| Some(row.bytes.as_ref()?.processed)).fold(0, bytes);
    let of_days = report.nat_gateways.iter().flat_map(|row| row.daily_bytes.values().flatten().copied());
    let of_endpoints = report.endpoints.iter().filter(|row| row.endpoint_type != "Gateway");
    let of_endpoints = of_endpoints.filter_map(|row| row.bytes).fold(0, bytes);
    page.gigabytes("NAT gateways, as far as known", gateways.sum("processed_gb"), of_gateways)?;
    let days = range(daily::TITLE, daily::GIGABYTES, daily::rows(report, limit).0);
    page.gigabytes(
        "the same by days",
        Some(days).filter(|_| daily::rows(report, limit).1 == 0),
        of_days.fold(0, bytes),
    )?;
    page.gigabytes("Endpoints, as far as known", endpoints.sum("processed_gb"), of_endpoints)?;

    let days = daily::rows(report, limit);
    for (name, all, more) in [gateways.cut(), endpoints.cut(), findings.cut(), (daily::TITLE, days.0 + days.1, days.1)]
    {
        if more > 0 {
            page.line(
                name,
                &format!("{more} of {all} rows are left out, as a sheet has no room for them: see --format json"),
            )?;
        }
    }
    page.unseen(report)
}

/// The sheet and the row that comes next.
struct Page<'s> {
    sheet: &'s mut Worksheet,
    look: &'s Look,
    row: RowNum,
}

impl Page<'_> {
    fn title(&mut self, title: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, title, &self.look.title)?;
        self.row += 2;
        Ok(())
    }

    fn heading(&mut self, heading: &str) -> Result<(), XlsxError> {
        self.row += 1;
        for column in 0..3 {
            let text = if column == 0 { heading } else { "" };
            self.sheet.write_string_with_format(self.row, column, text, &self.look.header)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A line of text.
    fn line(&mut self, label: &str, value: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, text(label), &self.look.plain)?;
        self.sheet.write_string_with_format(self.row, 1, text(value), &self.look.plain)?;
        self.row += 1;
        Ok(())
    }

    /// A sum of another sheet's column, and what it comes to.
    fn sum(&mut self, label: &str, formula: Option<String>, result: Option<Usd>) -> Result<(), XlsxError> {
        let look = self.look;
        self.sheet.write_string_with_format(self.row, 0, label, &look.plain)?;
        match (result, formula) {
            (Some(usd), Some(formula)) => {
                let formula = Formula::new(formula).set_result(number(usd.0));
                self.sheet.write_formula_with_format(self.row, 1, formula, &look.usd)?
            }
            (Some(usd), None) => self.sheet.write_number_with_format(self.row, 1, super::figure(usd.0), &look.usd)?,
            // No figure to sum up: the formula would say 0.
            (None, _) => self.sheet.write_string_with_format(self.row, 1, UNKNOWN, &look.unknown)?,
        };
        self.row += 1;
        Ok(())
    }

    fn total(&mut self, label: &str, formula: String, result: Option<Usd>) -> Result<(), XlsxError> {
        let look = self.look;
        self.sum(label, Some(formula), result)?;
        self.sheet.set_cell_format(self.row - 1, 0, &look.bold)?;
        if result.is_some() {
            self.sheet.set_cell_format(self.row - 1, 1, &look.total)?;
        }
        Ok(())
    }

    fn dollars(&mut self, label: &str, amount: Usd) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, label, &self.look.plain)?;
        self.sheet.write_number_with_format(self.row, 1, super::figure(amount.0), &self.look.usd)?;
        self.row += 1;
        Ok(())
    }

    fn gigabytes(&mut self, label: &str, formula: Option<String>, bytes: u64) -> Result<(), XlsxError> {
        let (amount, look) = (Gigabytes::from_bytes(bytes).0, self.look);
        self.sheet.write_string_with_format(self.row, 0, label, &look.plain)?;
        match formula {
            Some(formula) => {
                let formula = Formula::new(formula).set_result(number(amount));
                self.sheet.write_formula_with_format(self.row, 1, formula, &look.gigabytes)?
            }
            None => self.sheet.write_number_with_format(self.row, 1, super::figure(amount), &look.gigabytes)?,
        };
        self.row += 1;
        Ok(())
    }

    fn about(&mut self, report: &Report) -> Result<(), XlsxError> {
        let window = &report.window;
        let span = format!("{} to {} UTC, {} hours", time(window.start()), time(window.end()), window.hours());
        self.line("Window", &span)?;
        let accounts: Vec<_> = report.scope.accounts.iter().map(|id| id.as_str()).collect();
        let regions: Vec<_> = report.scope.regions.iter().map(|region| region.as_str()).collect();
        self.line("Accounts", &accounts.join(", "))?;
        self.line("Regions", &regions.join(", "))?;
        let prices = &report.prices;
        let percent = |part: Decimal| (part * Decimal::ONE_HUNDRED).normalize();
        let less =
            if prices.discount.is_zero() { String::new() } else { format!(" less {}%", percent(prices.discount)) };
        self.line("Prices", &format!("list{less} as of {} ({})", prices.as_of, prices.source))?;
        let shares: Vec<_> =
            prices.assumed_shares.iter().map(|(service, share)| format!("{service} {}%", percent(*share))).collect();
        if !shares.is_empty() {
            self.line("Assumed shares of NAT bytes", &shares.join(", "))?;
        }
        let counts = [
            (report.gaps.len(), "call(s) failed"),
            (report.skipped.len(), "rule(s) could not be applied"),
            (report.totals.unknown.len(), "cost(s) unknown"),
        ];
        let missing: Vec<_> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let complete =
            if missing.is_empty() { "yes".to_owned() } else { format!("no: {}; see below", missing.join(", ")) };
        self.line("Complete", &complete)?;
        self.line("Units", "US dollars; GB = 2^30 bytes")
    }

    fn unseen(&mut self, report: &Report) -> Result<(), XlsxError> {
        let unknown = report.totals.unknown.iter();
        self.list("Unknown costs, not part of any sum", unknown, |cost| {
            [cost.resource.clone(), format!("{} {}", cost.account_id, cost.region), cost.reason.clone()]
        })?;
        self.list("Not seen", report.gaps.iter(), |gap| {
            let place = [gap.account_id.as_ref().map(|id| id.as_str()), gap.region.as_ref().map(|r| r.as_str())];
            let place: Vec<_> = place.into_iter().flatten().collect();
            let allow = gap.iam_action.as_ref().map(|action| format!(" Allow {action}.")).unwrap_or_default();
            [gap.operation.clone(), place.join(" "), format!("{} ({}){allow}", gap.message, gap.code)]
        })?;
        self.list("Rules that could not be applied", report.skipped.iter(), |skipped| {
            [skipped.rule.to_owned(), format!("{} {}", skipped.account_id, skipped.region), skipped.reason.clone()]
        })?;
        self.list("Notes", report.notes.iter(), |note| {
            [note.resource.clone(), format!("{} {}", note.account_id, note.region), note.message.clone()]
        })
    }

    /// A list of what is not known, when there is some.
    fn list<T>(
        &mut self,
        heading: &str,
        mut rows: impl ExactSizeIterator<Item = T>,
        cells: impl Fn(T) -> [String; 3],
    ) -> Result<(), XlsxError> {
        if rows.len() == 0 {
            return Ok(());
        }
        self.heading(heading)?;
        for row in rows.by_ref().take(LINES) {
            for (column, cell) in (0..).zip(cells(row)) {
                self.sheet.write_string_with_format(self.row, column, text(&cell), &self.look.plain)?;
            }
            self.row += 1;
        }
        match rows.len() {
            0 => Ok(()),
            more => self.line("…", &format!("and {more} more: see --format json")),
        }
    }
}

fn time(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}
