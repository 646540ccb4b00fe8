//! Months in a row for a person at a terminal: a table, and a bar for each.

use std::io::{self, Write};

use comfy_table::Cell;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{DIM, Page, YELLOW, number, plain, range};
use crate::history::{History, WindowRow};
use crate::model::{Usd, grouped};
use crate::output::change::{maybe_signed, span};
use crate::output::{Style, clip};

/// Characters of the longest bar.
const LONGEST: u32 = 18;

/// Writes a history.
pub(in crate::output) fn render(history: &History, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, several_regions: true, out };
    page.paragraph("Dollars and gigabytes are those of 730 hours of each window.", "", Some(DIM))?;
    writeln!(page.out)?;
    let mut table = page.table(&["Window", "NAT $", "Endp. $", "Total $", "", "Change $", "GB", "Findings"], 1);
    let most = history.most();
    for row in &history.windows {
        table.add_row(cells(&page, row, most));
    }
    writeln!(page.out, "{table}")?;
    page.waste(history)?;
    page.remarks(history)
}

fn cells(page: &Page<'_>, row: &WindowRow, most: Usd) -> Vec<Cell> {
    let month = &row.summary.monthly_usd;
    let sum = |parts: &[Option<Usd>]| parts.iter().copied().flatten().reduce(|sum, part| sum + part);
    let window = row.summary.window;
    let at_least = if row.summary.partial || !row.summary.complete { "+" } else { "" };
    let gigabytes = [row.summary.nat_monthly_gb, row.summary.endpoint_monthly_gb];
    let gigabytes = gigabytes.into_iter().flatten().reduce(|sum, part| sum + part);
    vec![
        Cell::new(format!("{}\n{} h", super::date(window.start()), window.hours())),
        number(plain(sum(&[month.nat_hours, month.nat_data, month.nat_addresses]))),
        number(plain(sum(&[month.endpoint_hours, month.endpoint_data]))),
        page.strong(number(format!("{}{at_least}", plain(month.total)))),
        Cell::new(month.total.map(|total| bar(total, most)).unwrap_or_default()),
        number(row.change_monthly_usd.map_or_else(|| "-".to_owned(), |change| maybe_signed(Some(change)))),
        number(gigabytes.map_or_else(|| "unknown".to_owned(), |gb| grouped(gb, 0))),
        number(grouped(row.summary.findings.into(), 0)),
    ]
}

impl Page<'_> {
    fn waste(&mut self, history: &History) -> io::Result<()> {
        self.heading("Waste found, by month of 730 hours")?;
        for row in &history.windows {
            let summary = &row.summary;
            let text = format!("{}: {}", span(&summary.window), range(summary.saving_low, summary.saving_high));
            self.hanging(&text, "  - ", "    ", None)?;
        }
        Ok(())
    }

    fn remarks(&mut self, history: &History) -> io::Result<()> {
        let remarks = || history.windows.iter().flat_map(|row| row.remarks.iter().map(move |remark| (row, remark)));
        if remarks().next().is_none() && history.left_out.is_empty() {
            return Ok(());
        }
        self.heading("To know before comparing")?;
        for (row, remark) in remarks() {
            let text = format!("{}: {}", clip(&row.source, 60), clip(remark, 300));
            self.hanging(&text, "  - ", "    ", Some(YELLOW))?;
        }
        for name in &history.left_out {
            let text = format!("{}: neither a snapshot nor a report, left out", clip(name, 60));
            self.hanging(&text, "  - ", "    ", Some(YELLOW))?;
        }
        Ok(())
    }
}

/// A bar as long as an amount is beside the largest, in eighths of a character.
fn bar(amount: Usd, most: Usd) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = amount.0.max(Decimal::ZERO).checked_div(most.0).unwrap_or_default().min(Decimal::ONE);
    let eighths = (share * Decimal::from(LONGEST * 8)).round().to_usize().unwrap_or(0);
    format!("{}{}", "█".repeat(eighths / 8), PARTS.get(eighths % 8).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion() {
        let of = |amount: i64, most: i64| bar(Usd(amount.into()), Usd(most.into()));
        assert_eq!(of(10, 10), "█".repeat(18));
        assert_eq!(of(5, 10), "█".repeat(9));
        assert_eq!(of(1, 144), "▏");
        assert_eq!([of(0, 10), of(0, 0)], ["", ""]);
    }
}
