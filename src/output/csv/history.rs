//! Months in a row for a spreadsheet or a database: a row for each window.

use std::io::{self, Write};

use super::failed;
use crate::history::{History, WindowRow};
use crate::model::Usd;
use crate::output::cell::{number, text};

/// Columns and their names, which stay.
const HEADER: [&str; 26] = [
    "source",
    "window_start",
    "window_end",
    "window_hours",
    "accounts",
    "regions",
    "complete",
    "partial",
    "window_nat_hours_usd",
    "window_nat_data_usd",
    "window_nat_addresses_usd",
    "window_endpoint_hours_usd",
    "window_endpoint_data_usd",
    "window_total_usd",
    "monthly_total_usd",
    "change_monthly_usd",
    "nat_monthly_gb",
    "endpoint_monthly_gb",
    "nat_gateways",
    "endpoints",
    "findings",
    "saving_low_usd",
    "saving_high_usd",
    "prices_as_of",
    "discount",
    "remarks",
];

/// Writes a history; an empty cell is unknown.
pub(in crate::output) fn render(history: &History, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER).map_err(failed)?;
    for row in &history.windows {
        csv.write_record(cells(row)).map_err(failed)?;
    }
    csv.flush()
}

fn cells(row: &WindowRow) -> [String; HEADER.len()] {
    let summary = &row.summary;
    let (window, month) = (&summary.window_usd, &summary.monthly_usd);
    let usd = |amount: Option<Usd>| amount.map(|usd| number(usd.0)).unwrap_or_default();
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    [
        text(&row.source),
        summary.window.start().to_string(),
        summary.window.end().to_string(),
        summary.window.hours().to_string(),
        summary.accounts.len().to_string(),
        summary.regions.len().to_string(),
        yes(summary.complete),
        yes(summary.partial),
        usd(window.nat_hours),
        usd(window.nat_data),
        usd(window.nat_addresses),
        usd(window.endpoint_hours),
        usd(window.endpoint_data),
        usd(window.total),
        usd(month.total),
        usd(row.change_monthly_usd),
        summary.nat_monthly_gb.map(number).unwrap_or_default(),
        summary.endpoint_monthly_gb.map(number).unwrap_or_default(),
        summary.nat_gateways.to_string(),
        summary.endpoints.to_string(),
        summary.findings.to_string(),
        number(summary.saving_low.0),
        number(summary.saving_high.0),
        text(&summary.prices_as_of),
        number(summary.discount),
        text(&row.remarks.join("; ")),
    ]
}
