//! Records as files of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

/// A record: words by the names of fields. What it has no word for is of no interest.
pub(super) type Record = BTreeMap<&'static str, String>;

pub(super) fn word<'r>(record: &'r Record, field: &str) -> &'r str {
    record.get(field).map_or("1", String::as_str)
}

/// A record's line, without its end.
pub(super) fn line(record: &Record, fields: &[&str]) -> String {
    fields.iter().map(|field| word(record, field)).collect::<Vec<_>>().join(" ")
}

/// A record from such a line.
pub(super) fn record(fields: &[&'static str], line: &str) -> Record {
    fields.iter().copied().zip(line.trim_end().split(' ').map(str::to_owned)).collect()
}

/// A column as AWS writes it.
fn column(field: &str, records: &[Record], has_nulls: bool) -> ArrayRef {
    let words = records.iter().map(|record| word(record, field));
    match field {
        "version" | "srcport" | "dstport" | "protocol" | "tcp-flags" | "traffic-path" => {
            Arc::new(words.map(|word| word.parse().ok()).collect::<Int32Array>())
        }
        "packets" | "bytes" | "start" | "end" => Arc::new(words.map(|word| word.parse().ok()).collect::<Int64Array>()),
        _ => Arc::new(words.map(|word| Some(word).filter(|word| *word != "-" || !has_nulls)).collect::<StringArray>()),
    }
}

/// How a Parquet file is written.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) codec: Compression,
    /// Whether texts are kept once and numbered.
    pub(super) dictionary: bool,
    /// Whether what does not apply is null, or `-`.
    pub(super) nulls: bool,
    pub(super) rows_in_group: usize,
    pub(super) rows_in_page: usize,
}

impl Default for Shape {
    fn default() -> Self {
        let codec = Compression::GZIP(parquet::basic::GzipLevel::default());
        Self { codec, dictionary: true, nulls: true, rows_in_group: 1_000, rows_in_page: 1_000 }
    }
}

pub(super) fn parquet(records: &[Record], fields: &[&str], shape: &Shape) -> Vec<u8> {
    parquet_of(batch(records, fields, shape.nulls), shape)
}

pub(super) fn batch(records: &[Record], fields: &[&str], has_nulls: bool) -> RecordBatch {
    let columns = fields.iter().map(|field| (field.replace('-', "_"), column(field, records, has_nulls), true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// Any columns at all.
pub(super) fn parquet_of(batch: RecordBatch, shape: &Shape) -> Vec<u8> {
    let properties: WriterPropertiesBuilder = WriterProperties::builder()
        .set_compression(shape.codec)
        .set_dictionary_enabled(shape.dictionary)
        .set_max_row_group_row_count(Some(shape.rows_in_group))
        .set_write_batch_size(shape.rows_in_page)
        .set_data_page_row_count_limit(shape.rows_in_page);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
