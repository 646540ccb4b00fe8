//! `--bill`: what was billed, and the prices that come of it.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use anyhow::Context as _;
use jiff::ToSpan;

use crate::bill::{Bill, read};
use crate::model::Window;
use crate::pricing::PriceBook;
use crate::progress::ReadProgress;
use crate::reconciliation::{RateRow, rates};
use crate::report::Report;

/// A price book, perhaps with a bill's rates in it.
pub(super) struct Priced<'p> {
    list: &'p PriceBook,
    measured: Option<Measured>,
}

struct Measured {
    bill: Bill,
    rates: Vec<RateRow>,
    book: PriceBook,
}

impl<'p> Priced<'p> {
    /// Whether there are bills that can be read, if any are asked for.
    pub(super) fn check(bills: &[PathBuf]) -> anyhow::Result<()> {
        if bills.is_empty() { Ok(()) } else { read::check(bills).context("--bill") }
    }

    /// Reads the bills' lines of a window, and measures their rates.
    pub(super) fn new(
        list: &'p PriceBook,
        bills: &[PathBuf],
        window: Option<Window>,
        threads: Option<u16>,
        quiet: bool,
    ) -> anyhow::Result<Self> {
        if bills.is_empty() {
            return Ok(Self { list, measured: None });
        }
        let threads = threads.map_or_else(|| thread::available_parallelism().map_or(1, NonZero::get), usize::from);
        let progress = ReadProgress::new(quiet);
        let bill = read::read(bills, window, threads, &|bytes| progress.add(bytes)).context("--bill")?;
        let rates = rates(&bill, list);
        let newest = bill.period.and_then(|(_, end)| end.checked_sub(1.second()).ok());
        let as_of = newest.map(|instant| instant.to_string()).unwrap_or_default();
        let measured = rates.iter().filter_map(|row| Some((row.product, row.region.clone(), row.price()?)));
        let book = list.clone().with_measured(&bill.name(), as_of.get(..10).unwrap_or_default(), measured);
        Ok(Self { list, measured: Some(Measured { bill, rates, book }) })
    }

    /// The prices to compute with.
    pub(super) fn book(&self) -> &PriceBook {
        self.measured.as_ref().map_or(self.list, |measured| &measured.book)
    }

    /// A report with the bill beside it.
    pub(super) fn reconciled(&self, mut report: Report) -> Report {
        if let Some(Measured { bill, rates, .. }) = &self.measured {
            report.reconcile(bill, rates.clone());
        }
        report
    }
}
