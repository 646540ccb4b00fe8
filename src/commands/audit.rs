//! `natwise audit`: arguments → snapshot, bill → report → renderer.

use anyhow::Context as _;

use super::bill::Priced;
use super::destination::Destination;
use super::flow_logs::{Account, traffic};
use super::snapshots::Snapshots;
use super::{ExitStatus, price_book, scan};
use crate::assumption::Assumptions;
use crate::cli::{AuditArgs, When};
use crate::model::Snapshot;
use crate::output::{CsvTable, Format, render, render_csv};
use crate::pricing::PriceBook;
use crate::report::Report;
use crate::traffic::Traffic;

/// The example account of `--demo`, made by `tests/tools/make_demo.py`.
const DEMO: &[u8] = include_bytes!("../demo/account.json");

pub(super) fn run(args: &AuditArgs, color: When, quiet: bool) -> anyhow::Result<ExitStatus> {
    // Everything that can be wrong with the arguments is found out before the account is asked anything.
    let prices = price_book(&args.prices)?;
    Priced::check(&args.bills)?;
    let assumptions = Assumptions::parse(args.assumptions.iter().map(String::as_str)).context("--assume")?;
    let csv = args.outputs.0.iter().any(|(format, _)| *format == Format::Csv);
    anyhow::ensure!(csv || args.table.is_none(), "--table chooses the rows of --format csv, which is not asked for");
    anyhow::ensure!(
        args.table != Some(CsvTable::Reconciliation) || !args.bills.is_empty(),
        "--table reconciliation compares with a bill: name one with --bill"
    );
    let outputs = Destination::open_all(&args.outputs)?;
    for (format, destination) in &outputs {
        anyhow::ensure!(
            !format.is_binary() || !destination.is_terminal(),
            "this format is a binary file, and would only garble a terminal: write it to a file with -o FILE, or into a pipe"
        );
    }
    let report = report(args, &prices, &assumptions, quiet)?;
    for (format, destination) in outputs {
        let style = destination.style(color, args.top);
        destination.write(|out| match format {
            Format::Csv => render_csv(&report, args.table.unwrap_or_default(), out),
            _ => render(&report, format, style, out),
        })?;
    }
    if args.strict && !report.gaps.is_empty() {
        eprint(&format!("natwise: {} call(s) failed, and --strict makes that an error", report.gaps.len()));
        return Ok(ExitStatus::Failed);
    }
    Ok(match args.fail_on {
        // By the figure that the report shows.
        Some(limit) if report.totals.monthly_usd.saving_low.rounded() >= limit.0 => ExitStatus::AboveThreshold,
        _ => ExitStatus::Done,
    })
}

/// Reads what is to be analysed, and analyses it.
fn report(args: &AuditArgs, prices: &PriceBook, assumptions: &Assumptions, quiet: bool) -> anyhow::Result<Report> {
    let live = args.snapshots.is_empty() && !args.demo;
    let aside = if live { scan::collect_aside(&args.account, &args.window, quiet)? } else { None };
    let folder = aside.as_ref().map(|folder| folder.path().to_owned());
    let paths = folder.as_ref().map_or(&*args.snapshots, std::slice::from_ref);
    let snapshot = if args.demo {
        let demo = Snapshot::parse(DEMO).and_then(|snapshot| Snapshot::merge(vec![snapshot]));
        demo.context("the bundled example account")?
    } else if paths.is_empty() {
        scan::collect(&args.account, &args.window, None, quiet)?
    } else {
        let snapshots = Snapshots::find(paths, quiet)?;
        if args.flow_logs.is_empty() {
            let window = if args.bills.is_empty() { None } else { Some(snapshots.window()?) };
            let book = Priced::new(prices, &args.bills, window, args.reading.threads, quiet)?;
            let report = snapshots.report(|snapshot| Report::new(snapshot, None, book.book(), assumptions))?;
            return Ok(book.reconciled(report));
        }
        // Whose gateway a record is of can only be told when all are known.
        snapshots.whole()?
    };
    let book = Priced::new(prices, &args.bills, Some(snapshot.window), args.reading.threads, quiet)?;
    let analyse = |traffic: Option<&Traffic>| Report::new(&snapshot, traffic, book.book(), assumptions);
    if args.flow_logs.is_empty() {
        return Ok(book.reconciled(analyse(None)));
    }
    let account = Account::Scanned(&snapshot);
    let traffic = traffic(&args.flow_logs, &args.reading, &account, Some(snapshot.window), &args.account, quiet)?;
    Ok(book.reconciled(analyse(Some(&traffic))))
}

/// A line on stderr that no log level hides.
pub(super) fn eprint(line: &str) {
    use std::io::Write;
    let _closed = writeln!(std::io::stderr(), "{line}");
}
