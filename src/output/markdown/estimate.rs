//! An estimate in Markdown: the architectures by cost, then the cheapest one's bill, then the break-evens.

use std::io::{self, Write};

use rust_decimal::Decimal;

use super::{NAME, SENTENCE, inline, maybe, name, prices, row, table, unknown};
use crate::estimate::{EstimateReport, RegionEstimate};
use crate::output::table::{over, quantity};

/// Writes the result of `natwise estimate`.
pub(crate) fn render(report: &EstimateReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Before the move: NAT gateways and VPC endpoints\n")?;
    let over = over(report);
    writeln!(out, "**The cheapest architecture costs {} {over}.**\n", maybe(report.cheapest_usd))?;
    writeln!(out, "- {}\n", prices(&report.prices))?;
    for region in &report.regions {
        architectures(region, out)?;
        cheapest(region, out)?;
        break_evens(region, out)?;
        by_traffic(region, out)?;
    }
    Ok(())
}

fn architectures(region: &RegionEstimate, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Architectures in {}\n", name(region.region.as_str(), NAME))?;
    table(out, &["", "", "---:", "---:"], &["NAT", "Endpoints", "USD", "Above the cheapest"])?;
    for architecture in &region.architectures {
        let [nat, endpoints] = [architecture.nat, architecture.endpoints].map(str::to_owned);
        if region.cheapest.as_ref() == Some(&architecture.id) {
            let [nat, usd] = [nat, maybe(architecture.usd)].map(|text| format!("**{text}**"));
            row(out, &[nat, endpoints, usd, "cheapest".to_owned()])?;
        } else {
            row(out, &[nat, endpoints, maybe(architecture.usd), maybe(architecture.above_cheapest_usd)])?;
        }
    }
    writeln!(out)?;
    let mut reasons: Vec<_> = region.architectures.iter().flat_map(|row| &row.unknown).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in &reasons {
        writeln!(out, "- Unknown: {}", inline(reason, SENTENCE))?;
    }
    if reasons.is_empty() { Ok(()) } else { writeln!(out) }
}

fn cheapest(region: &RegionEstimate, out: &mut dyn Write) -> io::Result<()> {
    let Some(cheapest) = region.cheapest_row() else { return Ok(()) };
    writeln!(out, "### What the cheapest is made of: {}\n", inline(&cheapest.title, SENTENCE))?;
    table(out, &["", "", "---:", "", "---:", "---:"], &["For", "VPC", "Quantity", "Unit", "Rate, USD", "USD"])?;
    for line in &cheapest.lines {
        let cells = [
            inline(&line.what, SENTENCE),
            line.vpc.as_ref().map_or_else(|| "–".to_owned(), |vpc| name(vpc, NAME)),
            quantity(line.quantity),
            line.unit.to_owned(),
            line.rate_usd.map_or_else(unknown, |rate| rate.normalize().to_string()),
            maybe(line.usd),
        ];
        row(out, &cells)?;
    }
    writeln!(out)
}

fn break_evens(region: &RegionEstimate, out: &mut dyn Write) -> io::Result<()> {
    if region.break_even.is_empty() {
        return Ok(());
    }
    writeln!(out, "### GB a month above which an interface endpoint pays off in a zone\n")?;
    let header = ["Service", "VPC", "Zone", "GB", "NAT in the zone", "NAT in another zone"];
    table(out, &["", "", "", "---:", "---:", "---:"], &header)?;
    for line in &region.break_even {
        let gb = |value: Option<Decimal>| value.map_or_else(unknown, quantity);
        let cells = [
            name(line.service.as_str(), NAME),
            name(&line.vpc, NAME),
            name(&line.availability_zone, NAME),
            gb(Some(line.gb)),
            gb(line.break_even_gb),
            gb(line.break_even_crossing_gb),
        ];
        row(out, &cells)?;
    }
    writeln!(out)
}

fn by_traffic(region: &RegionEstimate, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### The cheapest with more or less of all traffic\n")?;
    table(out, &["---:", "---:", "", "---:"], &["Times", "GB a month", "Cheapest", "USD"])?;
    for point in &region.by_traffic {
        let cells = [
            point.factor.normalize().to_string(),
            quantity(point.gb),
            point.title.as_ref().map_or_else(unknown, |title| inline(title, SENTENCE)),
            maybe(point.usd),
        ];
        row(out, &cells)?;
    }
    writeln!(out)
}
