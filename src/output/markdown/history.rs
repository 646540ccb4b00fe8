//! Months in a row for pull requests, wikis and chat.

use std::io::{self, Write};

use super::inline::{inline, name};
use super::{NAME, Page, SENTENCE, date, maybe, range, row, table, unknown};
use crate::history::{History, WindowRow};
use crate::model::grouped;
use crate::output::change::signed;

/// Writes a history.
pub(in crate::output) fn render(history: &History, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { rows: usize::MAX, out };
    writeln!(page.out, "# NAT gateways and VPC endpoints: month by month\n")?;
    writeln!(page.out, "Dollars and GB (2^30 bytes) are those of 730 hours of each window.\n")?;
    let header = [
        "From",
        "To",
        "Hours",
        "NAT hours",
        "NAT data",
        "NAT addresses",
        "Endpoint hours",
        "Endpoint data",
        "Total",
        "Change",
        "In the window",
        "NAT GB",
        "Waste",
        "Findings",
    ];
    let align: Vec<_> = (0..header.len()).map(|column| if column < 2 { "" } else { "---:" }).collect();
    table(page.out, &align, &header)?;
    for window in &history.windows {
        row(page.out, &cells(window))?;
    }
    writeln!(page.out)?;
    for window in &history.windows {
        for remark in &window.remarks {
            page.item(&format!("{}: {}", name(&window.source, NAME), inline(remark, SENTENCE)))?;
        }
    }
    for file in &history.left_out {
        page.item(&format!("{}: neither a snapshot nor a report, left out", name(file, NAME)))?;
    }
    Ok(())
}

fn cells(window: &WindowRow) -> Vec<String> {
    let summary = &window.summary;
    let month = &summary.monthly_usd;
    let at_least = if summary.partial || !summary.complete { " at least" } else { "" };
    let mut cells =
        vec![date(summary.window.start()), date(summary.window.end()), grouped(summary.window.hours().into(), 0)];
    cells.extend(month.named().map(|(_, usd)| maybe(usd)));
    cells.push(format!("**{}**{at_least}", maybe(month.total)));
    cells.push(window.change_monthly_usd.map_or_else(|| "–".to_owned(), signed));
    cells.push(maybe(summary.window_usd.total));
    cells.push(summary.nat_monthly_gb.map_or_else(unknown, |gb| grouped(gb, 0)));
    cells.push(range(summary.saving_low, summary.saving_high));
    cells.push(grouped(summary.findings.into(), 0));
    cells
}
