//! A Parquet file of flow logs or of something else, opened and read by the same rules: no more memory than its pages
//! may take, and whatever is wrong with it is an error.

use std::fs::File;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowSelection};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::metadata::ParquetStatisticsPolicy;

use super::faults::{check, guarded, wrong};
use super::pages::{Memory, Part};
use super::text::Problem;
use super::unpack::Scratch;
use super::{Limits, footer};

/// Rows that are decoded at once.
const ROWS: usize = 16 << 10;

/// A file, open.
pub(crate) struct Table {
    pub(super) file: Arc<Mutex<File>>,
    pub(super) metadata: ArrowReaderMetadata,
    limits: Limits,
}

impl Table {
    /// Reads what the file says of itself. Texts of columns that are wanted are read as dictionaries.
    pub(crate) fn open(file: File, limits: Limits, is_wanted: impl Fn(&str) -> bool) -> Result<Self, String> {
        let open = || {
            footer::check(&file, limits)?;
            let options = ArrowReaderOptions::new()
                .with_skip_arrow_metadata(true)
                .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
                .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
                .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
            let plain = ArrowReaderMetadata::load(&file, options).map_err(wrong)?;
            let as_dictionary = |field: &Arc<Field>| {
                let is_text = matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
                if !is_text || !is_wanted(field.name()) {
                    return Arc::clone(field);
                }
                let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                Arc::new(field.as_ref().clone().with_data_type(dictionary))
            };
            let schema = Schema::new(plain.schema().fields().iter().map(as_dictionary).collect::<Vec<_>>());
            let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
            let metadata = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(wrong)?;
            check(metadata.metadata(), file.metadata()?.len())?;
            Ok(metadata)
        };
        let metadata = guarded(open).map_err(|problem| problem.to_string())?;
        Ok(Self { file: Arc::new(Mutex::new(file)), metadata, limits })
    }

    /// The names of its columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.metadata.schema().fields().iter().map(|field| field.name().as_str())
    }

    /// How many parts can be read side by side.
    pub(crate) fn parts(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Hands out the rows of a part, of some columns: all of them, or those that are selected.
    pub(crate) fn read(
        &self,
        part: usize,
        columns: &[usize],
        selection: Option<RowSelection>,
        mut each: impl FnMut(&RecordBatch),
    ) -> Result<(), String> {
        let read = || -> Result<(), Problem> {
            let schema = self.metadata.parquet_schema();
            let mask = ProjectionMask::roots(schema, columns.iter().copied());
            let fields = self.metadata.schema().fields();
            let levels = parquet_to_arrow_field_levels(schema, mask, Some(fields)).map_err(wrong)?;
            let pages = Part {
                file: Arc::clone(&self.file),
                metadata: Arc::clone(self.metadata.metadata()),
                number: part,
                limits: self.limits,
                memory: Memory::default(),
                scratch: Scratch::default(),
            };
            let most = self.metadata.metadata().row_group(part).num_rows();
            let mut left = usize::try_from(most).unwrap_or(0);
            let batches = ParquetRecordBatchReader::try_new_with_row_groups(&levels, &pages, ROWS, selection);
            for batch in batches.map_err(wrong)? {
                let batch = batch.map_err(wrong)?;
                let too_many = || Problem::Parquet("it is damaged: there are more records than it says".to_owned());
                left = left.checked_sub(batch.num_rows()).ok_or_else(too_many)?;
                each(&batch);
            }
            Ok(())
        };
        guarded(read).map_err(|problem| problem.to_string())
    }
}
