//! Flow logs in Parquet: the same records in columns come to the same sums, and a file that is no good is named.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    StringViewArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterVersion;
use parquet::file::reader::FileReader;

use super::write::{self, Record, Shape};
use super::*;

const FIVE: [&str; 12] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Both ways of a hundred clients through the gateway, and some of everything else.
fn records() -> Vec<Record> {
    let mut records = Vec::new();
    for number in 0..100_u64 {
        let (client, host) = (format!("10.0.1.{number}"), format!("203.0.113.{}", number % 7));
        let (start, end) = (START + number * 60, START + number * 60 + 59);
        for (interface, source, target, from, to, said) in [
            (NAT, &*client, "10.0.0.220", &*client, &*host, "ACCEPT OK"),
            (NAT, "10.0.0.220", &host, "10.0.0.220", &host, "ACCEPT OK"),
            (NAT, "10.0.0.220", &client, &host, &client, "ACCEPT OK"),
            (NAT, &client, "10.0.0.220", &client, &host, "REJECT OK"),
            ("eni-0b", &client, &host, &client, &host, "ACCEPT OK"),
        ] {
            let line = format!(
                "5 111122223333 {interface} {source} {target} {from} {to} {} {start} {end} {said}",
                number * number
            );
            records.push(write::record(&FIVE, &line));
        }
        let nothing = format!("5 111122223333 {NAT} - - - - - {start} {end} - NODATA");
        records.push(write::record(&FIVE, &nothing));
    }
    records
}

fn text(records: &[Record]) -> String {
    let lines = records.iter().map(|record| write::line(record, &FIVE) + "\n");
    lines.fold(FIVE.join(" ") + "\n", |text, line| text + &line)
}

/// What a file's content comes to, by its only gateway and in all.
fn of(name: &str, content: impl AsRef<[u8]>) -> Traffic {
    let logs = Logs::new();
    logs.add(name, content);
    let mut traffic = logs.read();
    traffic.faults.iter_mut().for_each(|fault| fault.file = name.to_owned());
    assert_eq!(traffic.statistics.records, fates(&traffic.statistics));
    traffic
}

#[test]
fn the_same_records_come_to_the_same_however_they_are_written() {
    let records = records();
    let expected = of("a.log", text(&records));
    assert_eq!(expected.statistics.counted, 200);
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
    ];
    for codec in codecs {
        for (dictionary, nulls, rows_in_group, rows_in_page) in
            [(true, true, 1_000, 1_000), (true, false, 70, 7), (false, true, 101, 10), (false, false, 600, 99)]
        {
            let shape = Shape { codec, dictionary, nulls, rows_in_group, rows_in_page };
            assert_eq!(of("a.log.parquet", write::parquet(&records, &FIVE, &shape)), expected, "{shape:?}");
        }
    }
}

/// One dictionary may end in the middle of a column, when it has grown too large.
#[test]
fn pages_of_one_column_may_be_of_two_kinds() {
    let columns = |field: &str| {
        let records = records();
        StringArray::from_iter_values(records.iter().map(|record| write::word(record, field)))
    };
    let records = records();
    let batch = {
        let texts = |field: &str| Arc::new(columns(field)) as ArrayRef;
        let bytes: Int64Array = records.iter().map(|record| write::word(record, "bytes").parse().ok()).collect();
        let start: Int64Array = records.iter().map(|record| write::word(record, "start").parse().ok()).collect();
        let end: Int64Array = records.iter().map(|record| write::word(record, "end").parse().ok()).collect();
        let named = FIVE.iter().map(|field| {
            let column = match *field {
                "bytes" => Arc::new(bytes.clone()) as ArrayRef,
                "start" => Arc::new(start.clone()),
                "end" => Arc::new(end.clone()),
                _ => texts(field),
            };
            (field.replace('-', "_"), column)
        });
        RecordBatch::try_from_iter(named).unwrap()
    };
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_dictionary_page_size_limit(200)
        .set_write_batch_size(50)
        .build();
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    assert_eq!(of("a.parquet", writer.into_inner().unwrap()), of("a.log", text(&records)));
}

#[test]
fn texts_may_be_differences_and_levels_apart() {
    let records = records();
    let expected = of("a.log", text(&records));
    for codec in [Compression::UNCOMPRESSED, Compression::GZIP(GzipLevel::default()), Compression::SNAPPY] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for encoding in [Encoding::PLAIN, Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY] {
                let batch = write::batch(&records, &FIVE, true);
                let texts = batch.schema();
                let texts = texts.fields().iter().filter(|field| *field.data_type() == DataType::Utf8);
                let properties = parquet::file::properties::WriterProperties::builder()
                    .set_writer_version(version)
                    .set_compression(codec)
                    .set_dictionary_enabled(false)
                    .set_write_batch_size(50)
                    .set_data_page_row_count_limit(150);
                let properties = texts.fold(properties, |properties, field| {
                    properties.set_column_encoding(field.name().as_str().into(), encoding)
                });
                let properties = Some(properties.build());
                let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), properties).unwrap();
                writer.write(&batch).unwrap();
                let found = of("a.parquet", writer.into_inner().unwrap());
                assert_eq!(found, expected, "{codec:?} {version:?} {encoding:?}");
            }
        }
    }
}

#[test]
fn parts_are_read_side_by_side() {
    let records = records();
    let logs = Logs::new();
    let file = logs.add("a.parquet", write::parquet(&records, &FIVE, &Shape { rows_in_group: 40, ..Shape::default() }));
    let one = read(&[&file]);
    for threads in [2, 7] {
        assert_eq!(read_with(&[&file], &watch(), |options| options.threads = threads), one);
    }
    assert_eq!((one.statistics.files, one.statistics.records), (1, 600));
}

#[test]
fn a_file_without_rows_is_none_without_faults() {
    let traffic = of("a.parquet", write::parquet(&[], &FIVE, &Shape::default()));
    assert_eq!((traffic.statistics.records, traffic.faults.len()), (0, 0));
}

#[test]
fn names_of_columns_may_have_hyphens() {
    let records = records();
    let columns = FIVE.map(|field| {
        let words = records.iter().map(|record| write::word(record, field));
        let column: ArrayRef = match field {
            "bytes" | "start" | "end" => Arc::new(words.map(|word| word.parse().ok()).collect::<Int64Array>()),
            _ => Arc::new(words.map(Some).collect::<StringArray>()),
        };
        (field, column, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    assert_eq!(of("a.parquet", write::parquet_of(batch, &Shape::default())), of("a.log", text(&records)));
}

#[test]
fn a_column_that_lacks_is_named() {
    for (field, is_needed) in FIVE.iter().zip([0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0]) {
        let fields: Vec<_> = FIVE.into_iter().filter(|known| known != field).collect();
        let traffic = of("a.parquet", write::parquet(&records(), &fields, &Shape::default()));
        let problem = format!("its records have no {field}");
        let expected = [("a.parquet", &*problem, false)];
        assert_eq!(faults(&traffic), expected[..is_needed], "{field}");
        assert_eq!(bytes(&traffic) == 0, is_needed == 1, "{field}");
    }
}

#[test]
fn without_times_nothing_is_in_a_window() {
    let fields: Vec<_> = FIVE.into_iter().filter(|field| *field != "start").collect();
    let logs = Logs::new();
    logs.add("a.parquet", write::parquet(&records(), &fields, &Shape::default()));
    let traffic = read_with(&[logs.0.path()], &watch(), |options| options.window = Some(hours(0, 1)));
    assert!(matches!(faults(&traffic)[..], [("a.parquet", problem, false)] if problem.contains("no start")));
}

#[test]
fn a_window_cuts_as_it_cuts_text() {
    let (columns, lines) = (Logs::new(), Logs::new());
    let shape = Shape { rows_in_group: 50, ..Shape::default() };
    columns.add("a.parquet", write::parquet(&records(), &FIVE, &shape));
    lines.add("a.log", text(&records()));
    let within = |logs: &Logs| read_with(&[logs.0.path()], &watch(), |options| options.window = Some(hours(1, 2)));
    let traffic = within(&columns);
    assert!(traffic.statistics.outside_window > 0 && bytes(&traffic) > 0);
    assert_eq!(traffic, within(&lines));
}

/// A row without an interface is a regional gateway's or nobody's; of others the gateway's own null is malformed.
#[test]
fn nulls_are_what_does_not_apply() {
    let whole = write::record(&FIVE, &text(&records()).lines().nth(1).unwrap().replace(" 0 1", " 7 1"));
    let expect = |field: &'static str, count: fn(&Statistics) -> u64| {
        let mut record = whole.clone();
        record.insert(field, "-".to_owned());
        let traffic = of("a.parquet", write::parquet(&[record], &FIVE, &Shape::default()));
        assert_eq!(
            (traffic.statistics.records, count(&traffic.statistics)),
            (1, 1),
            "{field}: {:?}",
            traffic.statistics
        );
    };
    for field in ["version", "account-id", "pkt-srcaddr", "pkt-dstaddr"] {
        expect(field, |statistics| statistics.counted + statistics.other_legs);
    }
    expect("interface-id", |statistics| statistics.other_interfaces);
    for field in ["srcaddr", "dstaddr", "bytes", "start", "end", "action", "log-status"] {
        expect(field, |statistics| statistics.malformed);
    }
}

fn batch(changed: &str, column: ArrayRef) -> RecordBatch {
    let line = format!("5 111122223333 {NAT} 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 10 {START} {START} ACCEPT OK");
    let record = write::record(&FIVE, &line);
    let columns = FIVE.map(|field| {
        let of = |word: &str| -> ArrayRef {
            match field {
                "version" => Arc::new(Int32Array::from(vec![word.parse::<i32>().unwrap()])),
                "bytes" | "start" | "end" => Arc::new(Int64Array::from(vec![word.parse::<i64>().unwrap()])),
                _ => Arc::new(StringArray::from(vec![word])),
            }
        };
        let column = if field == changed { Arc::clone(&column) } else { of(write::word(&record, field)) };
        (field.replace('-', "_"), column)
    });
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Types that no flow log has: whatever comes of them, it is no panic, and no bytes that nobody sent.
#[test]
fn columns_of_other_types_are_read_or_refused() {
    let same: [(&str, ArrayRef); 4] = [
        ("bytes", Arc::new(Int32Array::from(vec![10]))),
        ("bytes", Arc::new(StringArray::from(vec!["10"]))),
        ("start", Arc::new(StringArray::from(vec![START.to_string()]))),
        ("srcaddr", Arc::new(StringViewArray::from(vec!["10.0.1.5"]))),
    ];
    for (field, column) in same {
        assert_eq!(bytes(&of("a.parquet", write::parquet_of(batch(field, column), &Shape::default()))), 10, "{field}");
    }
    for field in FIVE {
        let others: [ArrayRef; 7] = [
            Arc::new(Float64Array::from(vec![10.5])),
            Arc::new(BooleanArray::from(vec![true])),
            Arc::new(UInt64Array::from(vec![u64::MAX])),
            Arc::new(Int64Array::from(vec![-1])),
            Arc::new(Int64Array::from(vec![i64::MAX])),
            Arc::new(BinaryArray::from(vec![&b"\xff\xfe"[..]])),
            Arc::new(Int32Array::from(vec![None])),
        ];
        for column in others {
            let kind = column.data_type().clone();
            let traffic = of("a.parquet", write::parquet_of(batch(field, column), &Shape::default()));
            let expected = if matches!(field, "version" | "account-id") { 10 } else { 0 };
            assert_eq!(bytes(&traffic), expected, "{field} {kind:?}: {:?}", traffic.statistics);
        }
    }
}

#[test]
fn nested_columns_are_none_of_ours() {
    let list = {
        let mut builder = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new());
        builder.append_value([Some("10.0.1.5"), None]);
        Arc::new(builder.finish()) as ArrayRef
    };
    let nested = {
        let field = Arc::new(Field::new("srcaddr", DataType::Utf8, true));
        let inner: ArrayRef = Arc::new(StringArray::from(vec!["10.0.1.9"]));
        Arc::new(arrow_array::StructArray::from(vec![(field, inner)])) as ArrayRef
    };
    for column in [list, nested] {
        let traffic = of("a.parquet", write::parquet_of(batch("srcaddr", Arc::clone(&column)), &Shape::default()));
        assert_eq!(bytes(&traffic), 0);
        // Beside the others it moves nothing.
        let whole = batch("", Arc::clone(&column));
        let fields = [Arc::new(Field::new("tags", column.data_type().clone(), true))];
        let fields: Vec<_> = fields.into_iter().chain(whole.schema().fields().iter().cloned()).collect();
        let columns: Vec<_> = std::iter::once(column).chain(whole.columns().iter().cloned()).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        assert_eq!(bytes(&of("a.parquet", write::parquet_of(batch, &Shape::default()))), 10);
    }
}

/// Of two columns of one name neither is better; no record may count twice.
#[test]
fn a_column_may_come_twice() {
    let whole = batch("", Arc::new(StringArray::from(vec![""])));
    let schema = whole.schema();
    let fields: Vec<_> = schema.fields().iter().chain(schema.fields().iter()).cloned().collect();
    let columns: Vec<_> = whole.columns().iter().chain(whole.columns()).cloned().collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    assert!(bytes(&of("a.parquet", write::parquet_of(batch, &Shape::default()))) <= 10);
}

#[test]
fn a_codec_that_is_not_there_is_said() {
    let plain = write::parquet(&records(), &FIVE, &Shape { codec: Compression::UNCOMPRESSED, ..Shape::default() });
    assert_eq!(of("a.parquet", &plain).faults.len(), 0);
    // Nothing here writes Brotli either: the codec's number in the metadata is all there is of it.
    let brotli = Compression::BROTLI(BrotliLevel::default());
    let shape = Shape { codec: brotli, ..Shape::default() };
    assert!(std::panic::catch_unwind(|| write::parquet(&records(), &FIVE, &shape)).is_err());
}

#[test]
fn a_file_that_is_cut_off_is_named() {
    let whole = write::parquet(&records(), &FIVE, &Shape::default());
    for kept in [4, 8, 100, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
        let traffic = of("a.parquet", &whole[..kept]);
        assert!(matches!(faults(&traffic)[..], [("a.parquet", _, false)]), "{kept}: {:?}", traffic.faults);
        assert_eq!(bytes(&traffic), 0);
    }
    // Its first bytes are not there.
    let traffic = of("a.parquet", &whole[4..]);
    assert_eq!((traffic.faults.len(), bytes(&traffic)), (1, 0));
}

/// How long a file's metadata is.
fn footer(file: &[u8]) -> usize {
    u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap()) as usize
}

/// What comes before a damaged part counts.
#[test]
fn a_damaged_part_ends_the_file_there() {
    let shape = Shape { codec: Compression::ZSTD(ZstdLevel::default()), rows_in_group: 100, ..Shape::default() };
    let whole = write::parquet(&records(), &FIVE, &shape);
    let expected = of("a.parquet", &whole);
    let logs = Logs::new();
    let file = std::fs::File::open(logs.add("a.parquet", &whole)).unwrap();
    let reader = parquet::file::reader::SerializedFileReader::new(file).unwrap();
    let (first, length) = reader.metadata().row_group(3).column(3).byte_range();
    let mut damaged = whole;
    damaged[usize::try_from(first).unwrap()..usize::try_from(first + length).unwrap()].fill(0xaa);
    // Whether its parts are read one after the other, as of many files, or for themselves.
    for others in [0, 9] {
        let logs = Logs::new();
        let file = logs.add("a.parquet", &damaged);
        let others = (0..others).map(|number| logs.add(&format!("{number}.log"), ""));
        let files: Vec<_> = others.chain([file]).collect();
        let traffic = read(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
        assert!(matches!(faults(&traffic)[..], [("a.parquet", _, true)]), "{:?}", traffic.faults);
        assert!(0 < bytes(&traffic) && bytes(&traffic) < bytes(&expected));
    }
}

/// Every byte of the footer, and of the first pages, changed in turn.
#[test]
fn hostile_metadata_is_no_panic() {
    let shape = Shape { rows_in_group: 300, rows_in_page: 50, ..Shape::default() };
    let whole = write::parquet(&records()[..30], &FIVE, &shape);
    let places = (4..200).chain(whole.len() - 8 - footer(&whole)..whole.len());
    let logs = Logs::new();
    for place in places.step_by(13) {
        for value in [0x7f, 0xff, whole[place] ^ 0x10] {
            let mut content = whole.clone();
            content[place] = value;
            let traffic = read(&[&logs.add("a.parquet", content)]);
            assert_eq!(traffic.statistics.records, fates(&traffic.statistics));
        }
    }
}

#[test]
fn records_of_nobody_here_tell_their_account() {
    let other = write::record(
        &FIVE,
        &format!("5 999988887777 eni-other 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 10 {START} {START} ACCEPT OK"),
    );
    let traffic = of("a.parquet", write::parquet(&[other.clone(), other], &FIVE, &Shape::default()));
    assert_eq!(traffic.accounts, [crate::model::AccountId::from("999988887777")].into());
    assert_eq!((traffic.statistics.records, traffic.statistics.other_interfaces), (2, 2));
}
