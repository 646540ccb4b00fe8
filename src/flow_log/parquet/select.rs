//! Which rows of a part are of the interfaces that are looked for, by their column alone: of all others nothing else is
//! unpacked.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection, RowSelector};

use super::super::text::Problem;
use super::Texts;
use super::faults::wrong;
use super::read::ROWS;

/// Runs of rows that are told apart before the rows are read: as many as take some megabytes.
const MOST_RUNS: usize = 256 << 10;

/// Some rows of a part.
pub(super) struct Span {
    /// Those that are kept, from the part's beginning on.
    pub(super) selection: RowSelection,
    pub(super) kept: u64,
    pub(super) left_out: u64,
}

/// A part's column of interfaces.
pub(super) struct Interfaces {
    batches: ParquetRecordBatchReader,
    wanted: HashSet<Vec<u8>>,
    /// A dictionary, and which of its values are wanted.
    known: Option<(ArrayRef, Vec<bool>)>,
    rows: usize,
}

impl Interfaces {
    pub(super) fn new(batches: ParquetRecordBatchReader, wanted: HashSet<Vec<u8>>) -> Self {
        Self { batches, wanted, known: None, rows: 0 }
    }

    /// How many rows there were so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows as u64
    }

    pub(super) fn next_span(&mut self) -> Result<Option<Span>, Problem> {
        let before = self.rows;
        let mut runs = Runs::default();
        runs.add(false, before);
        let mut kept = 0;
        while runs.0.len() + ROWS < MOST_RUNS {
            let Some(batch) = self.batches.next().transpose().map_err(wrong)? else { break };
            kept += self.add(&batch, &mut runs);
            self.rows += batch.num_rows();
        }
        let rows = self.rows - before;
        let selection = RowSelection::from(runs.0);
        let span = Span { selection, kept: kept as u64, left_out: (rows - kept) as u64 };
        Ok((rows > 0).then_some(span))
    }

    /// Adds a batch's rows, and tells how many are kept.
    fn add(&mut self, batch: &RecordBatch, runs: &mut Runs) -> usize {
        let texts = batch.columns().first().and_then(|column| column.as_any().downcast_ref::<Texts>());
        let Some(texts) = texts else {
            runs.add(true, batch.num_rows());
            return batch.num_rows();
        };
        let wanted = of_values(&mut self.known, texts.values(), &self.wanted);
        let keys = texts.keys();
        let is_wanted = |key: &i32| usize::try_from(*key).ok().and_then(|key| wanted.get(key)).is_none_or(|is| *is);
        let mut kept = 0;
        let mut add = |is_kept: bool, rows: usize| {
            runs.add(is_kept, rows);
            kept += if is_kept { rows } else { 0 };
        };
        match keys.nulls().filter(|nulls| nulls.null_count() > 0) {
            // Rows without an interface may be a regional gateway's.
            Some(nulls) => {
                for (key, is_valid) in keys.values().iter().zip(nulls) {
                    add(!is_valid || is_wanted(key), 1);
                }
            }
            None => {
                for same in keys.values().chunk_by(|a, b| a == b) {
                    add(same.first().is_none_or(is_wanted), same.len());
                }
            }
        }
        kept
    }
}

/// Which values are interfaces that are wanted, or none.
fn of_values<'k>(
    known: &'k mut Option<(ArrayRef, Vec<bool>)>,
    values: &ArrayRef,
    interfaces: &HashSet<Vec<u8>>,
) -> &'k [bool] {
    if known.as_ref().is_none_or(|(before, _)| !Arc::ptr_eq(before, values)) {
        let is_one = |value: Option<&str>| {
            value.is_none_or(|value| !value.starts_with("eni-") || interfaces.contains(value.as_bytes()))
        };
        let texts = values.as_any().downcast_ref::<StringArray>();
        let wanted = texts.map(|texts| texts.iter().map(is_one).collect()).unwrap_or_default();
        *known = Some((Arc::clone(values), wanted));
    }
    known.as_ref().map_or(&[], |(_, wanted)| wanted)
}

/// Rows after one another that are kept, and that are not.
#[derive(Default)]
struct Runs(Vec<RowSelector>);

impl Runs {
    fn add(&mut self, is_kept: bool, rows: usize) {
        match self.0.last_mut() {
            _ if rows == 0 => {}
            Some(last) if last.skip != is_kept => last.row_count += rows,
            _ if is_kept => self.0.push(RowSelector::select(rows)),
            _ => self.0.push(RowSelector::skip(rows)),
        }
    }
}
