//! `natwise audit`: arguments → snapshot → report → renderer.

use std::path::PathBuf;

use anyhow::Context as _;

use super::destination::Destination;
use super::flow_logs::{Account, traffic};
use super::{ExitStatus, price_book, read, scan};
use crate::assumption::Assumptions;
use crate::cli::{AuditArgs, When};
use crate::model::Snapshot;
use crate::output::{Format, render, render_csv};
use crate::report::Report;

/// The example account of `--demo`, made by `tests/tools/make_demo.py`.
const DEMO: &[u8] = include_bytes!("../demo/account.json");

pub(super) fn run(args: &AuditArgs, color: When, quiet: bool) -> anyhow::Result<ExitStatus> {
    // Everything that can be wrong with the arguments is found out before the account is asked anything.
    let prices = price_book(&args.prices)?;
    let assumptions = Assumptions::parse(args.assumptions.iter().map(String::as_str)).context("--assume")?;
    let csv = args.outputs.0.iter().any(|(format, _)| *format == Format::Csv);
    anyhow::ensure!(csv || args.table.is_none(), "--table chooses the rows of --format csv, which is not asked for");
    let open = |(format, path): &(Format, Option<PathBuf>)| Ok((*format, Destination::open(path.as_deref())?));
    let outputs: Vec<_> = args.outputs.0.iter().map(open).collect::<anyhow::Result<_>>()?;
    for (format, destination) in &outputs {
        anyhow::ensure!(
            !format.is_binary() || !destination.is_terminal(),
            "this format is a binary file, and would only garble a terminal: write it to a file with -o FILE, or into a pipe"
        );
    }
    let snapshot = snapshot(args, quiet)?;
    let traffic = match &*args.flow_logs {
        [] => None,
        places => {
            let account = Account::Scanned(&snapshot);
            Some(traffic(places, &args.reading, &account, Some(snapshot.window), &args.account, quiet)?)
        }
    };
    let report = Report::new(&snapshot, traffic.as_ref(), &prices, &assumptions);
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

/// What is to be analysed.
fn snapshot(args: &AuditArgs, quiet: bool) -> anyhow::Result<Snapshot> {
    if args.demo {
        let demo = Snapshot::parse(DEMO).and_then(|snapshot| Snapshot::merge(vec![snapshot]));
        return demo.context("the bundled example account");
    }
    if args.snapshots.is_empty() {
        return scan::collect(&args.account, &args.window, None, quiet);
    }
    let parse = |path: &PathBuf| -> anyhow::Result<Snapshot> {
        Snapshot::parse(&read(path)?).with_context(|| format!("snapshot {}", path.display()))
    };
    let snapshots: Vec<_> = args.snapshots.iter().map(parse).collect::<Result<_, _>>()?;
    Snapshot::merge(snapshots).context("these snapshots cannot be audited together")
}

/// A line on stderr that no log level hides.
pub(super) fn eprint(line: &str) {
    use std::io::Write;
    let _closed = writeln!(std::io::stderr(), "{line}");
}
