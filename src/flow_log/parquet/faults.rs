//! Parquet files that are no good: what the decoder does not look at itself, and what it does then.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::super::text::Problem;

/// Rows that a part may have whatever its size, and for each byte: those of constants take next to none.
const ROWS: u64 = 1 << 20;
const ROWS_OF_A_BYTE: u64 = 1_000;

/// The decoder takes for granted that columns are where they can be. They are in no other's place either, and have no
/// more rows than there can be: else a small file could be read for ever.
pub(super) fn check(metadata: &ParquetMetaData, size: u64) -> Result<(), Problem> {
    let is_column = |column: &ColumnChunkMetaData| {
        let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let end = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
        end.is_some_and(|(start, length)| start.checked_add(length).is_some_and(|end| end <= size))
    };
    let is_part = |part: &RowGroupMetaData| part.num_rows() >= 0 && part.columns().iter().all(is_column);
    if !metadata.row_groups().iter().all(is_part) {
        return Err(Problem::Parquet("it is damaged: a column is not where its metadata says".to_owned()));
    }
    let bytes = |part: &RowGroupMetaData| {
        let sizes = part.columns().iter().map(|column| u64::try_from(column.compressed_size()).unwrap_or(u64::MAX));
        sizes.fold(0, u64::saturating_add)
    };
    let has_room = |part: &RowGroupMetaData| {
        let most = bytes(part).saturating_mul(ROWS_OF_A_BYTE).saturating_add(ROWS);
        u64::try_from(part.num_rows()).is_ok_and(|rows| rows <= most)
    };
    let all = metadata.row_groups().iter().map(bytes).fold(0, u64::saturating_add);
    if all <= size.saturating_mul(2) && metadata.row_groups().iter().all(has_room) {
        return Ok(());
    }
    Err(Problem::Parquet("it is damaged: it says that there is more in it than can be".to_owned()))
}

/// What the decoder puts before what is wrong, once for each of its layers.
const LAYERS: [&str; 3] = ["Parquet argument error: ", "Parquet error: ", "External: "];

pub(super) fn wrong(error: impl std::fmt::Display) -> Problem {
    let error = error.to_string();
    let mut said = &*error;
    while let Some(inner) = LAYERS.iter().find_map(|layer| said.strip_prefix(layer)) {
        said = inner;
    }
    Problem::Parquet(said.to_owned())
}

thread_local! {
    /// Whether a panic of this thread is told as a fault of the file, and not on standard error.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The decoder takes much of a file for granted: where one that is no good makes it panic, that is the file's fault.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                before(panic);
            }
        }));
    });
    IS_GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(false);
    result.unwrap_or_else(|_| Err(Problem::Parquet("it is damaged: its decoder failed".to_owned())))
}
