//! An estimate for a person at a terminal: the architectures by cost, then the cheapest one's bill, then the break-evens.

use std::io::{self, Write};

use comfy_table::Cell;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{BOLD, DIM, Page, YELLOW, number, plain, prices, usd};
use crate::estimate::{ArchitectureRow, EstimateReport, RegionEstimate};
use crate::model::{Usd, grouped};
use crate::output::{Style, clean, clip};

/// How much of a name is shown.
const NAME: usize = 24;

/// The longest bar.
const BAR: usize = 16;

/// Writes the result of `natwise estimate`.
pub(crate) fn render(report: &EstimateReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, several_regions: report.regions.len() > 1, out };
    let over = over(report);
    let total = report.cheapest_usd.map_or_else(|| "unknown".to_owned(), usd);
    let total = page.paint(BOLD, &format!("{total} {over}"));
    page.hanging(&total, "Cheapest  ", "          ", None)?;
    page.hanging(&prices(&report.prices), "Prices    ", "          ", None)?;
    for region in &report.regions {
        page.architectures(region, report.months, &over)?;
        page.cheapest(region)?;
        page.break_evens(region)?;
        page.by_traffic(region, &over)?;
    }
    let text = "By AZ: clients use an endpoint's interface in their own AZ, or NAT. In one AZ: cheaper, and lost with that AZ. Not included: transfer to the internet, which every architecture pays alike.";
    writeln!(page.out)?;
    page.paragraph(text, "", Some(DIM))
}

/// What a total is of.
pub(crate) fn over(report: &EstimateReport) -> String {
    if report.months == 1 {
        return "a month".to_owned();
    }
    let percent = (report.growth * Decimal::ONE_HUNDRED).normalize();
    format!("in {} months, traffic growing by {percent}% a month", report.months)
}

/// GB and hours: what is small with its fraction.
pub(crate) fn quantity(value: Decimal) -> String {
    grouped(value, if value < Decimal::TEN { 2 } else { u32::from(value < Decimal::ONE_THOUSAND) })
}

impl Page<'_> {
    fn architectures(&mut self, region: &RegionEstimate, months: u16, over: &str) -> io::Result<()> {
        writeln!(self.out)?;
        let text = format!("Architectures in {}, {over}", clean(region.region.as_str()));
        self.paragraph(&text, "", Some(BOLD))?;
        let mut header = vec!["NAT", "Endpoints", "Total $", "Above cheapest $"];
        if months > 1 {
            header.extend(["First month $", "Last month $"]);
        }
        let mut table = self.table(&header, 2);
        for row in &region.architectures {
            let cheapest = region.cheapest.as_ref() == Some(&row.id);
            let mut cells = vec![
                Cell::new(row.nat),
                Cell::new(row.endpoints),
                self.strong(number(plain(row.usd))),
                number(if cheapest { "cheapest".to_owned() } else { plain(row.above_cheapest_usd) }),
            ];
            if months > 1 {
                let month = |at: Option<usize>| plain(row.months_usd.as_ref().and_then(|all| all.get(at?).copied()));
                cells.extend([number(month(Some(0))), number(month(usize::from(months).checked_sub(1)))]);
            }
            table.add_row(cells);
        }
        writeln!(self.out, "{table}")?;
        let mut unknown: Vec<&str> =
            region.architectures.iter().flat_map(|row| &row.unknown).map(String::as_str).collect();
        unknown.sort_unstable();
        unknown.dedup();
        for reason in &unknown {
            self.hanging(&format!("Unknown: {}", clean(reason)), "  - ", "    ", Some(YELLOW))?;
        }
        if !unknown.is_empty() {
            let text = "A price that is missing can be supplied with --prices FILE: see `natwise prices --help`.";
            self.paragraph(text, "  ", Some(DIM))?;
        }
        Ok(())
    }

    fn cheapest(&mut self, region: &RegionEstimate) -> io::Result<()> {
        let Some(row) = region.cheapest_row() else { return Ok(()) };
        let least = if region.architectures.iter().any(|row| row.usd.is_none()) {
            "The cheapest whose cost is known"
        } else {
            "The cheapest"
        };
        writeln!(self.out)?;
        self.paragraph(&format!("{least}: {}", row.title), "", Some(BOLD))?;
        self.lines(row)
    }

    fn lines(&mut self, row: &ArchitectureRow) -> io::Result<()> {
        let mut table = self.table(&["For", "VPC", "Quantity", "Unit", "Rate $", "$"], 2);
        for line in &row.lines {
            table.add_row(vec![
                Cell::new(clip(&line.what, 60)),
                Cell::new(line.vpc.as_ref().map_or_else(|| "-".to_owned(), |vpc| clip(vpc, NAME))),
                number(quantity(line.quantity)),
                number(line.unit.to_owned()),
                number(line.rate_usd.map_or_else(|| "unknown".to_owned(), |rate| rate.normalize().to_string())),
                number(plain(line.usd)),
            ]);
        }
        writeln!(self.out, "{table}")
    }

    fn break_evens(&mut self, region: &RegionEstimate) -> io::Result<()> {
        if region.break_even.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        let text = "Interface endpoints: GB a month above which one pays off in an AZ, beside NAT";
        self.paragraph(text, "", Some(BOLD))?;
        let mut table = self.table(&["Service", "VPC", "AZ", "GB", "NAT in the AZ", "NAT in another AZ"], 3);
        for row in &region.break_even {
            let gb = |value: Option<Decimal>| number(value.map_or_else(|| "unknown".to_owned(), quantity));
            table.add_row(vec![
                Cell::new(clip(row.service.as_str(), 30)),
                Cell::new(clip(&row.vpc, NAME)),
                Cell::new(clip(&row.availability_zone, NAME)),
                gb(Some(row.gb)),
                gb(row.break_even_gb),
                gb(row.break_even_crossing_gb),
            ]);
        }
        writeln!(self.out, "{table}")
    }

    /// Cost against GB.
    fn by_traffic(&mut self, region: &RegionEstimate, over: &str) -> io::Result<()> {
        let Some(most) = region.by_traffic.iter().filter_map(|point| point.usd).max() else { return Ok(()) };
        writeln!(self.out)?;
        self.paragraph(&format!("The cheapest with more or less of all traffic, {over}"), "", Some(BOLD))?;
        let mut table = self.table(&["Cheapest", "", "Times", "GB a month", "Total $"], 2);
        for point in &region.by_traffic {
            table.add_row(vec![
                Cell::new(point.title.as_deref().unwrap_or("unknown")),
                Cell::new(point.usd.map(|usd| bar(usd, most)).unwrap_or_default()),
                number(point.factor.normalize().to_string()),
                number(quantity(point.gb)),
                number(plain(point.usd)),
            ]);
        }
        writeln!(self.out, "{table}")
    }
}

/// A part of the most, drawn.
fn bar(part: Usd, most: Usd) -> String {
    let length = (part.0 * Decimal::from(BAR)).checked_div(most.0).and_then(|length| length.ceil().to_usize());
    "█".repeat(length.unwrap_or(0).min(BAR))
}
