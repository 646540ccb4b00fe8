//! Parquet files that ask for memory: each is told as a fault, and takes none. Each is read by a process of its own, so
//! that what is measured is the reading.

use std::io::Write;
use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::WriterProperties;

use super::{memory, targets};

/// All of a process that reads one file with one thread and with two, and then eight of them with eight.
const MOST_MEMORY: u64 = 128 << 20;

/// Names the file to the process that reads it.
const FILE: &str = "NATWISE_TEST_HOSTILE_FILE";

/// What the process says before each fault, and before how much memory it had.
const FAULT: &str = "its fault: ";
const MEMORY: &str = "its memory: ";

/// Not a test, but what reads a file for one.
#[test]
#[ignore = "is started by the other tests"]
#[allow(clippy::print_stdout)]
fn a_file_by_itself() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let path = std::path::Path::new(&path);
    let faults = targets::parquet_faults(path, 1);
    assert_eq!(faults, targets::parquet_faults(path, 2));
    let eight = path.parent().unwrap().join("eight");
    std::fs::create_dir(&eight).unwrap();
    for number in 0..8 {
        std::fs::copy(path, eight.join(format!("{number}.parquet"))).unwrap();
    }
    assert_eq!(vec![faults.clone(); 8].concat(), targets::parquet_faults(&eight, 8));
    for fault in faults {
        println!("{FAULT}{fault}");
    }
    println!("{MEMORY}{}", memory().unwrap_or(0));
}

/// What is wrong with a file, and how much memory it took to find out.
fn read(content: &[u8]) -> (Vec<String>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    std::fs::write(&path, content).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child
        .args(["--exact", "hostile::a_file_by_itself", "--ignored", "--nocapture"])
        .env(FILE, path)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    let after = |mark: &'static str| said.lines().filter_map(move |line| Some(line.split_once(mark)?.1));
    let memory = after(MEMORY).next().unwrap().parse().unwrap();
    (after(FAULT).map(str::to_owned).collect(), memory)
}

fn faults(content: &[u8]) -> Vec<String> {
    let (faults, memory) = read(content);
    assert!(memory < MOST_MEMORY, "{faults:?} took {memory} bytes of memory");
    faults
}

const ROWS: usize = 20_000;

/// The place of a text column in [`sound`].
const SOURCE: usize = 1;

/// A file without nulls, so that its pages are nothing but values.
fn sound() -> Vec<u8> {
    let columns = [
        ("interface_id", "eni-0a"),
        ("srcaddr", "10.0.1.5"),
        ("dstaddr", "10.0.0.220"),
        ("pkt_srcaddr", "10.0.1.5"),
        ("pkt_dstaddr", "203.0.113.5"),
        ("bytes", "700"),
        ("start", "1790812800"),
        ("end", "1790812859"),
    ];
    let columns = columns.map(|(name, word)| {
        let column: ArrayRef = match word.parse() {
            Ok(number) => Arc::new(Int64Array::from_value(number, ROWS)),
            Err(_) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(word, ROWS))),
        };
        (name, column, false)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROWS)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// The same with other pages in one column.
fn with(column: usize, codec: Compression, pages: &[u8], has_dictionary: bool) -> Vec<u8> {
    let mut file = sound();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::from(file.clone())).unwrap();
    let start = i64::try_from(file.len()).unwrap();
    file.extend(pages);
    let other = |of: &ColumnChunkMetaData| {
        of.clone()
            .into_builder()
            .set_compression(codec)
            .set_dictionary_page_offset(has_dictionary.then_some(start))
            .set_data_page_offset(start)
            .set_total_compressed_size(i64::try_from(pages.len()).unwrap())
            .build()
            .unwrap()
    };
    let part = metadata.row_group(0);
    let columns =
        part.columns().iter().enumerate().map(|(place, of)| if place == column { other(of) } else { of.clone() });
    let part = part.clone().into_builder().set_column_metadata(columns.collect()).build().unwrap();
    let metadata = ParquetMetaData::new(metadata.file_metadata().clone(), vec![part]);
    ParquetMetaDataWriter::new(&mut file, &metadata).finish().unwrap();
    file
}

fn varint(number: usize, to: &mut Vec<u8>) {
    let mut left = number;
    while left > 0x7f {
        to.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
        left >>= 7;
    }
    to.push(u8::try_from(left).unwrap());
}

/// With the sign in the last bit.
fn number(number: usize, to: &mut Vec<u8>) {
    varint(2 * number, to);
}

const PLAIN: usize = 0;
const DELTA_LENGTH: usize = 6;
const DELTA: usize = 7;
const BY_DICTIONARY: usize = 8;

/// A page behind its header: of which kind, what it says that it comes to, how many values, and how they are encoded.
fn page(is_dictionary: bool, size: usize, values: usize, encoding: usize, packed: &[u8]) -> Vec<u8> {
    let mut page = Vec::new();
    for field in [if is_dictionary { 2 } else { 0 }, size, packed.len()] {
        page.push(0x15);
        number(field, &mut page);
    }
    page.push(if is_dictionary { 0x4c } else { 0x2c });
    for field in [values, encoding, 3, 3].into_iter().take(if is_dictionary { 2 } else { 4 }) {
        page.push(0x15);
        number(field, &mut page);
    }
    page.extend([0, 0]);
    page.extend(packed);
    page
}

fn gz(data: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(data).unwrap();
    packed.finish().unwrap()
}

/// A gigabyte of zeros, in members of eight megabytes.
fn gz_bomb() -> Vec<u8> {
    gz(&vec![0; 8 << 20]).repeat(128)
}

fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<u8> {
    let mut page = Vec::new();
    for text in texts {
        page.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        page.extend(text.bytes());
    }
    page
}

/// The first value of a dictionary, so many times.
fn firsts(rows: usize) -> Vec<u8> {
    let mut page = vec![1];
    number(rows, &mut page);
    page.push(0);
    page
}

fn is_a_fault(name: &str, file: &[u8], problem: &str) {
    let (faults, memory) = read(file);
    assert!(matches!(&faults[..], [one] if one.contains(problem)), "{name}: {faults:?}");
    assert!(memory < MOST_MEMORY, "{name} took {memory} bytes of memory");
}

const HUGE: usize = (1 << 31) - 1;
const GZIP: fn() -> Compression = || Compression::GZIP(GzipLevel::default());

#[test]
fn sound_files_are_none() {
    assert_eq!(faults(&sound()), Vec::<String>::new());
    let addresses = texts(std::iter::repeat_n("10.0.1.5", ROWS));
    // What a page says that it comes to is not asked.
    for size in [addresses.len(), 1, HUGE] {
        let pages = page(false, size, ROWS, PLAIN, &gz(&addresses));
        assert_eq!(faults(&with(SOURCE, GZIP(), &pages, false)), Vec::<String>::new(), "{size}");
    }
    let dictionary = page(true, 12, 1, PLAIN, &gz(&texts(["10.0.1.5"])));
    let pages = [dictionary, page(false, 5, ROWS, BY_DICTIONARY, &gz(&firsts(ROWS)))].concat();
    assert_eq!(faults(&with(SOURCE, GZIP(), &pages, true)), Vec::<String>::new());
}

type Pack<'p> = dyn Fn(&[u8]) -> Vec<u8> + 'p;

/// Larger than what is unpacked beside others, by every codec.
#[test]
fn large_pages_are_read() {
    let dictionary = texts(std::iter::once("10.0.1.5").chain(std::iter::repeat_n(&*"1".repeat(250), 15_000)));
    let hadoop = |data: &[u8]| {
        let packed = lz4_flex::block::compress(data);
        let size = |size: usize| u32::try_from(size).unwrap().to_be_bytes();
        [&size(data.len())[..], &size(packed.len()), &packed].concat()
    };
    let codecs: [(Compression, &Pack<'_>); 6] = [
        (Compression::UNCOMPRESSED, &<[u8]>::to_vec),
        (GZIP(), &gz),
        (Compression::SNAPPY, &|data| snap::raw::Encoder::new().compress_vec(data).unwrap()),
        (Compression::ZSTD(ZstdLevel::default()), &|data| zstd::bulk::compress(data, 1).unwrap()),
        (Compression::LZ4_RAW, &lz4_flex::block::compress),
        (Compression::LZ4, &hadoop),
    ];
    for (codec, pack) in codecs {
        let rows = firsts(ROWS);
        let pages = [
            page(true, dictionary.len(), 15_001, PLAIN, &pack(&dictionary)),
            page(false, rows.len(), ROWS, BY_DICTIONARY, &pack(&rows)),
        ];
        assert_eq!(faults(&with(SOURCE, codec, &pages.concat(), true)), Vec::<String>::new(), "{codec:?}");
    }
}

#[test]
fn pages_that_unpack_to_too_much() {
    let bomb = gz_bomb();
    for size in [10, 1 << 30, HUGE] {
        for column in [0, SOURCE, 5] {
            let pages = page(false, size, ROWS, PLAIN, &bomb);
            is_a_fault("gzip", &with(column, GZIP(), &pages, false), "more than 8 MB");
            let pages = [page(true, size, 10, PLAIN, &bomb), page(false, 5, ROWS, BY_DICTIONARY, &gz(&firsts(ROWS)))];
            is_a_fault("gzip, of a dictionary", &with(column, GZIP(), &pages.concat(), true), "more than 8 MB");
        }
    }
    let snappy = [&b"\xff\xff\xff\xff\x07"[..], &[0; 100]].concat();
    let zeros = zstd::bulk::compress(&vec![0; 17 << 20], 1).unwrap();
    let raw_lz4 = [&b"\x1f\0\x01\0"[..], &vec![255; 400_000], &b"\0\0"[..]].concat();
    let hadoop = [&b"\x7f\xff\xff\xff\0\0\0\x04\x1f\0\x01\0"[..]].concat();
    for (codec, packed) in [
        (Compression::SNAPPY, snappy),
        (Compression::ZSTD(ZstdLevel::default()), zeros),
        (Compression::LZ4_RAW, raw_lz4.clone()),
        (Compression::LZ4, raw_lz4),
        (Compression::LZ4, hadoop),
        (Compression::UNCOMPRESSED, vec![0; 17 << 20]),
    ] {
        let pages = page(false, HUGE, ROWS, PLAIN, &packed);
        is_a_fault(&format!("{codec:?}"), &with(SOURCE, codec, &pages, false), "");
        let pages = page(true, HUGE, ROWS, PLAIN, &packed);
        is_a_fault(&format!("{codec:?}"), &with(SOURCE, codec, &pages, true), "");
    }
}

#[test]
fn dictionaries_that_promise_too_much() {
    let plain = Compression::UNCOMPRESSED;
    let of = |values, dictionary: &[u8], after: &[u8]| {
        let rows = page(false, 5, ROWS / 2, BY_DICTIONARY, &firsts(ROWS / 2));
        let pages = [page(true, dictionary.len(), values, PLAIN, dictionary), rows, after.to_vec()].concat();
        with(SOURCE, plain, &pages, true)
    };
    let address = texts(["10.0.1.5"]);
    is_a_fault("many values", &of(HUGE, &address, &[]), "shorter than it says");
    let after = page(false, 12 * ROWS / 2, ROWS / 2, PLAIN, &address.repeat(ROWS / 2));
    assert_eq!(faults(&of(1, &address, &after)), Vec::<String>::new());
    // Written out once for each row, where the column leaves its dictionary.
    let long = texts([&*"1".repeat(4 << 20)]);
    is_a_fault("long values", &of(1, &long, &after), "longer than any field");
    // A value is four bytes here, and more in memory.
    is_a_fault("empty values", &of(2 << 20, &vec![0; 8 << 20], &after), "too large");
    // As much as is let through, and written out behind it.
    let large = texts(std::iter::repeat_n(&*"1".repeat(250), 30_000));
    assert_eq!(faults(&of(30_000, &large, &after)), Vec::<String>::new());
    // The same of numbers.
    let pages = [page(true, 8, HUGE, PLAIN, &[0; 8]), page(false, 5, ROWS, BY_DICTIONARY, &firsts(ROWS))].concat();
    is_a_fault("many numbers", &with(5, plain, &pages, true), "shorter than it says");
}

#[test]
fn texts_that_grow() {
    let long = texts([&*"1".repeat(1 << 20)]);
    let pages = page(false, long.len(), 1, PLAIN, &long).repeat(8);
    is_a_fault("one by one", &with(SOURCE, Compression::UNCOMPRESSED, &pages, false), "longer than any field");
    // Two billion lengths that are no bytes each: blocks of 128 in four, and so many values.
    let lengths = [0x80, 0x01, 0x04, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0, 0, 0, 0];
    for encoding in [DELTA_LENGTH, DELTA] {
        let pages = page(false, lengths.len(), ROWS, encoding, &lengths);
        is_a_fault("differences", &with(SOURCE, Compression::UNCOMPRESSED, &pages, false), "longer than any field");
    }
    // A megabyte, and then always all of it again. Two values at a time: the second is the first and a difference.
    let two = |first: usize, second: usize| {
        let mut numbers = vec![0x80, 0x01, 0x04, 2];
        number(first, &mut numbers);
        // Negative numbers are odd.
        let least = if second < first { 2 * (first - second) - 1 } else { 2 * (second - first) };
        varint(least, &mut numbers);
        numbers.extend([0; 4]);
        numbers
    };
    let same = [two(0, 1 << 20), two(1 << 20, 0), vec![b'1'; 1 << 20]].concat();
    let pages = page(false, same.len(), 2, DELTA, &same).repeat(4);
    is_a_fault("prefixes", &with(SOURCE, Compression::UNCOMPRESSED, &pages, false), "longer than any field");
}

#[test]
fn more_rows_than_are_said() {
    for column in 0..8 {
        let first = if column < 5 { texts(["10.0.1.5"]) } else { vec![0; 8] };
        let rows = 100 * ROWS;
        let pages = [page(true, 12, 1, PLAIN, &first), page(false, 5, rows, BY_DICTIONARY, &firsts(rows))].concat();
        let file = with(column, Compression::UNCOMPRESSED, &pages, true);
        match column {
            0 => is_a_fault("interfaces", &file, "more records than it says"),
            // Of others only the rows are read that there are.
            _ => assert_eq!(faults(&file), Vec::<String>::new()),
        }
    }
}

/// Footers by hand: what the decoder would make room for, or go down into, before it finds out.
#[test]
fn footers_that_promise_too_much() {
    let file = |footer: &[u8]| {
        let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
        [b"PAR1", footer, &length[..], b"PAR1"].concat()
    };
    // Groups of one group each, with a name of no letters.
    let group = [0x48, 0, 0x15, 2, 0];
    let nested = |depth: usize| {
        let mut footer = vec![0x15, 2, 0x19, 0xfc];
        varint(depth, &mut footer);
        footer.extend(group.repeat(depth));
        footer.push(0);
        file(&footer)
    };
    for depth in [200, 257, 10_000, 300_000] {
        is_a_fault(&format!("{depth} groups"), &nested(depth), "");
    }
    // A list of two billion columns, or rows; a group of two billion columns.
    for footer in [
        &b"\x15\x02\x19\xfc\xff\xff\xff\xff\x07"[..],
        b"\x15\x02\x19\x0c\x16\x00\x19\xfc\xff\xff\xff\xff\x07",
        b"\x15\x02\x19\x1c\x48\0\x15\xfe\xff\xff\xff\x0f\0\0",
    ] {
        is_a_fault("footer", &file(footer), "footer makes no sense");
    }
    is_a_fault("long footer", &file(&vec![0; 3 << 20]), "footer has more than");
}
