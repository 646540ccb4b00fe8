//! `natwise diff` and `natwise history`: reports read, compared and written.

use std::path::PathBuf;

use super::audit::eprint;
use super::destination::Destination;
use super::side::{self, Reader};
use super::{ExitStatus, price_book};
use crate::cli::{DiffArgs, HistoryArgs, When};
use crate::difference::Difference;
use crate::history::{Entry, History};
use crate::output::{render_difference, render_history};

/// Files that are left out are named up to this many.
const NAMED: usize = 3;

pub(super) fn diff(args: &DiffArgs, color: When, quiet: bool) -> anyhow::Result<ExitStatus> {
    let prices = price_book(&args.prices)?;
    let outputs = Destination::open_all(&args.outputs)?;
    side::once(&args.old, &args.new)?;
    let reader = Reader { prices: &prices, quiet };
    let then = reader.read(&args.old)?;
    let now = reader.read(&args.new)?;
    let difference = Difference::new(&then, &now);
    if then.window.start() > now.window.start() && !quiet {
        eprint("natwise: OLD starts after NEW: are they the other way round?");
    }
    for (format, destination) in outputs {
        let style = destination.style(color, args.top);
        destination.write(|out| render_difference(&difference, format, style, out))?;
    }
    Ok(match args.fail_on {
        Some(limit) if difference.monthly_usd.comparable_change >= limit => ExitStatus::AboveThreshold,
        _ => ExitStatus::Done,
    })
}

pub(super) fn history(args: &HistoryArgs, color: When, quiet: bool) -> anyhow::Result<ExitStatus> {
    let prices = price_book(&args.prices)?;
    let outputs = Destination::open_all(&args.outputs)?;
    let reader = Reader { prices: &prices, quiet };
    let found = side::find(&args.folder)?;
    let entry = |(name, path): &(String, PathBuf)| Ok(Entry::of(name, &reader.read(path)?));
    let entries = found.sides.iter().map(entry).collect::<anyhow::Result<_>>()?;
    let history = History::new(entries, &found.left_out);
    if !quiet && !found.left_out.is_empty() {
        let named = found.left_out.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if found.left_out.len() > NAMED { ", …" } else { "" };
        let count = found.left_out.len();
        let line = format!("natwise: left out {count} file(s) that are neither snapshots nor reports: {named}{more}");
        eprint(&crate::output::clean(&line));
    }
    for (format, destination) in outputs {
        let style = destination.style(color, 0);
        destination.write(|out| render_history(&history, format, style, out))?;
    }
    Ok(ExitStatus::Done)
}
