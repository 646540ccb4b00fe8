//! `natwise prices`: the book in use, and how it is brought up to date.

pub(super) mod cache;
mod refresh;

use std::io::Write;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::destination::Destination;
use super::{ExitStatus, price_book};
use crate::cli::{PricesArgs, PricesCommand, PricesFormat, When};
use crate::model::RegionName;
use crate::output::render_json;
use crate::pricing::{PriceBook, Product, Region, Row};

pub(super) fn run(args: &PricesArgs, color: When, quiet: bool) -> anyhow::Result<ExitStatus> {
    if let Some(PricesCommand::Refresh(refresh)) = &args.command {
        return refresh::run(refresh, color, quiet);
    }
    let book = price_book(&args.prices)?;
    for region in &args.regions {
        anyhow::ensure!(Region::find(region.as_str()).is_some(), "unknown Region {:?}", region.as_str());
    }
    let rows = rows(&book, &args.regions);
    let destination = Destination::open(None)?;
    let style = destination.style(color, 0);
    destination.write(|out| match args.format {
        PricesFormat::Csv => Row::write(rows, out),
        PricesFormat::Json => render_json(&rows, out),
        PricesFormat::Table => table(&book, &rows, &args.regions, style.width, out),
    })?;
    Ok(ExitStatus::Done)
}

/// The book's rows, or what holds in some Regions.
fn rows(book: &PriceBook, regions: &[RegionName]) -> Vec<Row> {
    if regions.is_empty() {
        return book.rows().flat_map(|(product, region, rate)| Row::of(product, region, rate)).collect();
    }
    let of_region = |region: &RegionName| -> Vec<Row> {
        let rates = Product::all().filter_map(|product| Some((product, book.rate(region, product).ok()?)));
        rates.flat_map(|(product, rate)| Row::of(product, region.as_str(), rate)).collect()
    };
    regions.iter().flat_map(of_region).collect()
}

fn table(
    book: &PriceBook,
    rows: &[Row],
    regions: &[RegionName],
    width: u16,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    // Sources are long and few: each is said once, below.
    let mut sources: Vec<&str> = Vec::new();
    let mut table = Table::new();
    table
        .load_style(crate::output::TABLE_STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .force_no_tty()
        .set_header(["Region", "Product", "Unit", "From", "USD", "As of", "Source"]);
    for row in rows {
        let number = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
        let source = sources.iter().position(|source| *source == row.source).unwrap_or_else(|| {
            sources.push(&row.source);
            sources.len() - 1
        });
        table.add_row([
            Cell::new(&row.region),
            Cell::new(&row.product),
            Cell::new(&row.unit),
            number(if row.tier_from == "0" { "" } else { &row.tier_from }),
            number(row.usd.as_str()),
            Cell::new(if row.as_of.is_empty() { "undated" } else { &row.as_of }),
            number(&format!("[{}]", source + 1)),
        ]);
    }
    writeln!(out, "{table}")?;
    for (index, source) in sources.iter().enumerate() {
        writeln!(out, "[{}] {}", index + 1, crate::output::clip(source, 300))?;
    }
    writeln!(out)?;
    for region in regions {
        let missing: Vec<_> =
            Product::all().filter(|product| book.rate(region, *product).is_err()).map(Product::code).collect();
        if !missing.is_empty() {
            writeln!(out, "Unknown in {region}: {}", missing.join(", "))?;
        }
    }
    writeln!(out, "{} rates, the newest of {}; {}.", rows.len(), book.as_of(), book.source())?;
    if !book.discount().is_zero() {
        writeln!(out, "Less a discount of {}%.", (book.discount() * rust_decimal::Decimal::ONE_HUNDRED).normalize())?;
    }
    writeln!(
        out,
        "`*` holds in every commercial Region without a row of its own. What has no row is unknown, never free."
    )
}
