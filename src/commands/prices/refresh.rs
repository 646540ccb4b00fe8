//! `natwise prices refresh`: AWS's price list → what changed → the cache, or the project's own tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use anyhow::Context as _;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use rust_decimal::Decimal;
use serde::Serialize;

use super::cache;
use crate::aws::{OfferFiles, query_prices};
use crate::cli::{PricesFormat, RefreshArgs, When};
use crate::commands::ExitStatus;
use crate::commands::audit::eprint;
use crate::commands::destination::Destination;
use crate::model::RegionName;
use crate::output::{Style, render_json};
use crate::pricing::offer::{PriceList, Reader};
use crate::pricing::{PriceBook, Product, Rate, Region, Row};

/// A rate that is another than before, or is new.
#[derive(Debug, Serialize)]
struct Change {
    region: RegionName,
    product: &'static str,
    unit: &'static str,
    /// The prices of its tiers; null where there was none.
    before: Option<String>,
    after: String,
    /// By how much the first tier's price rose; null where there was none, or it was 0.
    #[serde(serialize_with = "crate::report::number")]
    percent: Option<Decimal>,
    source: String,
    as_of: String,
}

pub(super) fn run(args: &RefreshArgs, color: When, quiet: bool) -> anyhow::Result<ExitStatus> {
    for region in &args.regions {
        let known = Region::find(region.as_str());
        let known = known.with_context(|| format!("unknown Region {:?}", region.as_str()))?;
        anyhow::ensure!(
            !args.from.is_empty() || args.china == (known.partition == "aws-cn"),
            "{region} is in another price list: {} --china",
            if args.china { "leave out" } else { "give" }
        );
    }
    let list = price_list(args, quiet)?;
    let before = cache::on_top_of(PriceBook::embedded()?).or_else(|_| PriceBook::embedded())?;
    let changes = changes(&before, &list);
    let kept = match &args.into {
        _ if args.dry_run => None,
        Some(folder) => {
            into_tables(folder, &list)?;
            Some(folder.clone())
        }
        None => Some(cache::keep(merged(&list)?)?),
    };
    let destination = Destination::open(None)?;
    let style = destination.style(color, 0);
    destination.write(|out| match args.format {
        PricesFormat::Csv => Row::write(list_rows(&list), out),
        PricesFormat::Json => render_json(&changes, out),
        PricesFormat::Table => table(&list, &changes, kept.as_deref(), args, style, out),
    })?;
    Ok(ExitStatus::Done)
}

/// Reads the price list from where the options say.
fn price_list(args: &RefreshArgs, quiet: bool) -> anyhow::Result<PriceList> {
    let mut reader = Reader::new(&args.regions, args.usd_per_cny);
    if !args.from.is_empty() {
        for path in &args.from {
            let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            reader.file(unpacked(file)?).with_context(|| format!("offer file {}", path.display()))?;
        }
        return reader.finish().context("the price list cannot be used, and nothing was changed");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if args.offer_files {
        let offers = OfferFiles::new(args.offers_url.as_deref(), args.china);
        let files = runtime.block_on(offers.list(&args.regions))?;
        for (index, file) in files.iter().enumerate() {
            if !quiet {
                eprint(&format!("natwise: {} of {}: {} {}", index + 1, files.len(), file.offer, file.region));
            }
            let download = runtime.block_on(offers.open(file))?;
            reader
                .file(BufReader::with_capacity(1 << 18, download))
                .with_context(|| format!("offer file {} {}", file.offer, file.region))?;
        }
    } else {
        let mut products = Vec::new();
        let query =
            query_prices(args.profile.as_deref(), args.endpoint_url.as_deref(), args.china, &args.regions, |product| {
                products.push(product);
            });
        runtime.block_on(query).context(
            "the price list could not be asked, and nothing was changed (--offer-files and --from take no credentials)",
        )?;
        for product in products {
            reader.product(&product).context("an answer of pricing:GetProducts")?;
        }
    }
    reader.finish().context("the price list cannot be used, and nothing was changed")
}

/// A file's text, unpacked where it is packed.
fn unpacked(file: File) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::with_capacity(1 << 18, file);
    let packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if packed { Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))) } else { Box::new(file) })
}

/// What is to be kept: what was kept, with the list's rates in place of its own.
fn merged(list: &PriceList) -> anyhow::Result<Vec<Row>> {
    let new: BTreeSet<_> = list.rates.keys().map(|(product, region)| (product.code(), region.as_str())).collect();
    // Rows that cannot be read are not worth keeping.
    let old =
        csv::Reader::from_reader(&*cache::kept()?).into_deserialize::<Row>().filter_map(Result::ok).collect::<Vec<_>>();
    let old = old.into_iter().filter(|row| !new.contains(&(row.product.as_str(), row.region.as_str())));
    Ok(old.chain(list_rows(list)).collect())
}

fn list_rows(list: &PriceList) -> impl Iterator<Item = Row> {
    list.rates.iter().flat_map(|((product, region), rate)| Row::of(*product, region.as_str(), rate))
}

/// Renews the tables of a folder: each product in the table that has it now, other rows as they are.
fn into_tables(folder: &Path, list: &PriceList) -> anyhow::Result<()> {
    let mut rates: BTreeMap<(Product, &str), &Rate> =
        list.rates.iter().map(|((product, region), rate)| ((*product, region.as_str()), rate)).collect();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    let mut tables = Vec::new();
    for path in paths {
        let mut text = String::new();
        File::open(&path)?.read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
        let rows: Result<Vec<Row>, _> = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
        // What is not a price table, as that of the Regions, stays as it is.
        let Ok(rows) = rows else { continue };
        let products: BTreeSet<Product> = rows.iter().filter_map(|row| Product::from_code(&row.product)).collect();
        tables.push((path, rows, products));
    }
    anyhow::ensure!(!tables.is_empty(), "there are no price tables in {}", folder.display());
    for (path, rows, products) in tables {
        let new: BTreeMap<_, _> = rates
            .iter()
            .filter(|((product, _), _)| products.contains(product))
            .map(|(key, rate)| (*key, *rate))
            .collect();
        let is_new =
            |row: &Row| Product::from_code(&row.product).is_some_and(|it| new.contains_key(&(it, row.region.as_str())));
        let mut all: Vec<Row> = rows.into_iter().filter(|row| !is_new(row)).collect();
        all.extend(new.iter().flat_map(|((product, region), rate)| Row::of(*product, region, rate)));
        let key = |row: &Row| {
            let from: Decimal = row.tier_from.parse().unwrap_or_default();
            (Product::from_code(&row.product), row.region.clone(), from)
        };
        all.sort_by_key(key);
        rates.retain(|(product, _), _| !products.contains(product));
        Destination::open(Some(&path))?.write(|out| Row::write(all, out))?;
    }
    let left: BTreeSet<_> = rates.keys().map(|(product, _)| product.code()).collect();
    anyhow::ensure!(
        left.is_empty(),
        "no table in {} has a row of {}",
        folder.display(),
        Vec::from_iter(left).join(", ")
    );
    Ok(())
}

/// What is another price than the book's.
fn changes(book: &PriceBook, list: &PriceList) -> Vec<Change> {
    let change = |((product, region), rate): (&(Product, RegionName), &Rate)| {
        let old = book.rate(region, *product).ok();
        if old.is_some_and(|old| old.tiers() == rate.tiers()) {
            return None;
        }
        let first = |rate: &Rate| rate.first().0;
        let percent =
            old.map(first).filter(|old| !old.is_zero()).map(|old| (first(rate) - old) / old * Decimal::ONE_HUNDRED);
        Some(Change {
            region: region.clone(),
            product: product.code(),
            unit: product.unit(),
            before: old.map(prices),
            after: prices(rate),
            percent: percent.map(|percent| percent.round_dp(1).normalize()),
            source: rate.source.clone(),
            as_of: rate.as_of.clone(),
        })
    };
    list.rates.iter().filter_map(change).collect()
}

/// The prices of a rate's tiers.
fn prices(rate: &Rate) -> String {
    rate.tiers().iter().map(|tier| tier.usd.0.normalize().to_string()).collect::<Vec<_>>().join(" / ")
}

fn table(
    list: &PriceList,
    changes: &[Change],
    kept: Option<&Path>,
    args: &RefreshArgs,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !changes.is_empty() {
        let mut table = Table::new();
        table
            .load_style(crate::output::TABLE_STYLE)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(style.width)
            .force_no_tty()
            .set_header(["Region", "Product", "Unit", "USD before", "USD now", "Change"]);
        for change in changes {
            let number = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
            let percent = match change.percent {
                None => "new".to_owned(),
                Some(percent) if percent.is_zero() => "tiers".to_owned(),
                Some(percent) => format!("{percent:+}%"),
            };
            table.add_row([
                Cell::new(change.region.as_str()),
                Cell::new(change.product),
                Cell::new(change.unit),
                number(change.before.as_deref().unwrap_or("unknown")),
                number(&change.after),
                number(&percent),
            ]);
        }
        writeln!(out, "{table}")?;
    }
    for edition in &list.editions {
        writeln!(out, "{} {} of {}", edition.offer, edition.version, edition.date)?;
    }
    let regions: BTreeSet<_> = list.rates.keys().map(|(_, region)| region).collect();
    writeln!(
        out,
        "{} rates of {} Regions read, {} of them new or changed.",
        list.rates.len(),
        regions.len(),
        changes.len()
    )?;
    if args.regions.is_empty() {
        let partition = |region: &&Region| {
            regions.iter().any(|it| Region::find(it.as_str()).is_some_and(|it| it.partition == region.partition))
        };
        let without: Vec<_> = Region::all()
            .filter(partition)
            .filter(|region| !list.rates.contains_key(&(Product::NatGatewayHour, region.name.clone())))
            .map(|region| region.name.as_str())
            .collect();
        if !without.is_empty() {
            writeln!(out, "Without a NAT gateway's price in it: {}.", without.join(", "))?;
        }
    }
    match kept {
        Some(path) => writeln!(out, "Kept in {}.", path.display()),
        None => writeln!(out, "Kept nothing, as --dry-run asks."),
    }
}
