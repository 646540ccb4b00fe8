//! The fuzz targets' functions on arbitrary bytes and on damaged files, with the stable toolchain: never a panic, never
//! long, never much memory. `PROPTEST_CASES` makes it more; `tests/fuzz/Cargo.toml` says how to fuzz for real.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

#[path = "hostile.rs"]
mod hostile;
#[path = "src/lib.rs"]
mod targets;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use proptest::sample::Index;

/// Of the whole program here, tests side by side; an input is a few kilobytes.
const MOST_MEMORY: u64 = 256 << 20;

/// Of one input, on a machine that does much else.
const LONGEST: Duration = Duration::from_secs(30);

const HEADERS: [&str; 3] = [
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
    "version interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status",
    "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status interface-type resource-id",
];

const LINES: [&str; 9] = [
    "2 111122223333 eni-0a 10.0.0.220 203.0.113.5 1 443 6 1 700 1790812800 1790812859 ACCEPT OK",
    "2 111122223333 eni-0a 10.0.1.5 10.0.0.220 1 443 6 1 700 1790812800 1790899200 ACCEPT OK",
    "2 111122223333 eni-0a - - - - - - - 1790812800 1790812859 - SKIPDATA",
    "5 eni-0a 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 999999999999999999 1790812800 1790816459 ACCEPT OK",
    "5 eni-0a 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5 5 1790812800 1790816459 REJECT OK",
    "5 eni-0a 2001:db8::5 64:ff9b::cb00:7105 2001:db8::5 64:ff9b::cb00:7105 5 0 253402300799 ACCEPT OK",
    "eni-0b 10.0.1.5 10.0.0.9 10.0.1.5 203.0.113.5 700 1790000000 1790000060 ACCEPT OK nat_gateway -",
    "- 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5 300 1790000000 1790000060 ACCEPT OK regional_nat_gateway nat-0c",
    "eni-0d 10.0.1.5 10.0.0.9 10.0.1.5 203.0.113.5 700 1790000000 1790000060 ACCEPT OK - -",
];

const QUERY: &str = r#"{"version":"1.100000","account_id":"111122223333","region":"us-east-1","vpc_id":"vpc-1","query_timestamp":"2026-10-01T00:00:00Z","query_name":"sqs.us-east-1.amazonaws.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"3.0.0.1","Type":"A","Class":"IN"},{"Rdata":"2600:1f00::1","Type":"AAAA","Class":"IN"}],"srcaddr":"10.0.1.5","srcport":"56067","transport":"UDP","srcids":{"instance":"i-1"}}"#;

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Without(Index, usize),
    Insert(Index, Vec<u8>),
    Again(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..20),
        prop::sample::select(vec![
            &b"\n"[..],
            b" ",
            b"-",
            b"\r\n",
            b"\xff\xff\xff\xff\x0f",
            b"\x80\x80\x80\x80\x08",
            b"1e999"
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop_oneof![
        (at(), prop::sample::select(vec![0, 1, 0x0a, 0x20, 0x7f, 0x80, 0xff]))
            .prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, 1 << bit)),
        at().prop_map(Change::Cut),
        (at(), 1..40_usize).prop_map(|(at, length)| Change::Without(at, length)),
        (at(), bytes).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), at()).prop_map(|(from, to)| Change::Again(from, to)),
    ]
}

fn changed(whole: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut data = whole.to_vec();
    for change in changes {
        let index = |at: &Index| at.index(data.len().max(1)).min(data.len());
        match change {
            Change::Set(at, byte) => {
                let at = index(at);
                data.get_mut(at).into_iter().for_each(|old| *old = *byte);
            }
            Change::Flip(at, bits) => {
                let at = index(at);
                data.get_mut(at).into_iter().for_each(|old| *old ^= bits);
            }
            Change::Cut(at) => data.truncate(index(at)),
            Change::Without(at, length) => {
                let at = index(at);
                drop(data.drain(at..(at + length).min(data.len())));
            }
            Change::Insert(at, bytes) => {
                let at = index(at);
                data.splice(at..at, bytes.iter().copied());
            }
            Change::Again(from, to) => {
                let (from, to) = (index(from), index(to));
                let piece = data[from.min(to)..from.max(to)].to_vec();
                data.extend(piece);
            }
        }
    }
    data
}

fn figure() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "0",
        "-1",
        "999999999.999999",
        "-999999999",
        "1e9",
        "1e-9",
        "18446744073709551615",
        "1e999",
        "null",
    ])
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 0..5)
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..12);
    (prop::sample::select(HEADERS.to_vec()), lines).prop_map(|(header, lines)| {
        lines.iter().fold(format!("{header}\n"), |text, line| text + line + "\n").into_bytes()
    })
}

fn gz(data: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(data).unwrap();
    packed.finish().unwrap()
}

/// The records of [`LINES`] in columns.
fn columns(codec: Compression, rows: usize, dictionary: bool) -> Vec<u8> {
    let fields =
        ["interface_id", "resource_id", "srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr", "bytes", "start", "end"];
    let words = [
        ["eni-0a", "-", "10.0.1.5", "10.0.0.220", "10.0.1.5", "203.0.113.5", "700", "1790812800", "1790812859"],
        ["eni-0a", "-", "10.0.0.220", "10.0.1.5", "203.0.113.5", "10.0.1.5", "70", "1790812800", "1790899200"],
        ["-", "nat-r", "203.0.113.5", "10.0.1.5", "203.0.113.5", "10.0.1.5", "7", "1790812800", "1790812859"],
        ["eni-0b", "-", "10.0.1.5", "203.0.113.5", "10.0.1.5", "203.0.113.5", "5", "1790812800", "1790812859"],
    ];
    let columns = fields.iter().enumerate().map(|(place, field)| {
        let words = (0..rows).map(|row| words[row % words.len()][place]);
        let column: ArrayRef = match *field {
            "bytes" | "start" | "end" => Arc::new(words.map(|word| word.parse().ok()).collect::<Int64Array>()),
            _ => Arc::new(words.map(|word| Some(word).filter(|word| *word != "-")).collect::<StringArray>()),
        };
        (*field, column, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_dictionary_enabled(dictionary)
        .set_max_row_group_row_count(Some(rows.div_ceil(2)))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn parquet() -> impl Strategy<Value = Vec<u8>> {
    let codecs = vec![Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(GzipLevel::default())];
    (prop::sample::select(codecs), 1..60_usize, any::<bool>())
        .prop_map(|(codec, rows, dictionary)| columns(codec, rows, dictionary))
}

const BILL: &str = "bill_payer_account_id,line_item_usage_account_id,line_item_line_item_type,line_item_usage_start_date,line_item_usage_end_date,line_item_usage_type,line_item_operation,line_item_resource_id,line_item_usage_amount,line_item_unblended_cost,line_item_currency_code
9,1,Usage,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,NatGateway-Bytes,NatGateway,arn:x/nat-1,1.5,0.0675,USD
9,1,Usage,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,EU-VpcEndpoint-Bytes,VpcEndpoint,arn:x/vpce-1,1e12,-1e12,USD
9,1,Tax,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,MOON1-NatGateway-Hours,\"a \"\"b\"\",\n\",,0.0000000000000000000000000001,1e12,EUR
9,1,EdpDiscount,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,USE1-PublicIPv4:InUseAddress,,eni-1,730,-3.65,USD
";

/// The same bill in columns, with all texts or with numbers and times.
fn bill_columns(codec: Compression, typed: bool) -> Vec<u8> {
    let mut reader = csv::Reader::from_reader(BILL.as_bytes());
    let names = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let columns = names.iter().enumerate().map(|(place, name)| {
        let words = || rows.iter().map(|row| row.get(place).filter(|word| !word.is_empty()));
        let column: ArrayRef = if typed && name.ends_with("amount") {
            Arc::new(words().map(|word| word?.parse().ok()).collect::<Float64Array>())
        } else if typed && name.ends_with("date") {
            Arc::new(TimestampMillisecondArray::from(vec![1_790_812_800_000; rows.len()]))
        } else {
            Arc::new(words().collect::<StringArray>())
        };
        (name.to_owned(), column, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<_>>()).unwrap();
    let properties = WriterProperties::builder().set_compression(codec).set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// The most memory that this program ever had, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

fn bounded(target: fn(&[u8]), data: &[u8]) {
    let start = Instant::now();
    target(data);
    let (took, memory) = (start.elapsed(), memory().unwrap_or(0));
    assert!(took < LONGEST, "{} bytes took {took:?}", data.len());
    assert!(memory < MOST_MEMORY, "{} bytes took {memory} bytes of memory", data.len());
}

/// `PROPTEST_CASES` makes them more.
fn config(share: u32) -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases / share, max_shrink_iters: 500, failure_persistence: None, ..all }
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn any_bytes_at_all(data in prop::collection::vec(any::<u8>(), 0..600)) {
        for target in [
            targets::flow_log_text,
            targets::resolver_log,
            targets::snapshot,
            targets::report,
            targets::bill,
        ] {
            bounded(target, &data);
        }
        // Behind what makes them a packed file or Parquet.
        bounded(targets::flow_log_text, &[&[0x1f, 0x8b, 8, 0][..], &data].concat());
        bounded(targets::flow_log_text, &gz(&data));
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        bounded(targets::flow_log_parquet, &[b"PAR1", &data[..], &length[..], b"PAR1"].concat());
    }

    #[test]
    fn damaged_queries(lines in 1..4_usize, changes in changes()) {
        bounded(targets::resolver_log, &changed(format!("{QUERY}\n").repeat(lines).as_bytes(), &changes));
    }
}

proptest! {
    #![proptest_config(config(3))]

    #[test]
    fn damaged_text(text in text(), before in changes(), after in changes()) {
        let text = changed(&text, &before);
        bounded(targets::flow_log_text, &text);
        bounded(targets::flow_log_text, &changed(&gz(&text), &after));
    }

    #[test]
    fn damaged_bills(changes in changes(), codec in any::<bool>(), typed in any::<bool>()) {
        let text = changed(BILL.as_bytes(), &changes);
        bounded(targets::bill, &text);
        bounded(targets::bill, &gz(&text));
        let codec = if codec { Compression::SNAPPY } else { Compression::UNCOMPRESSED };
        bounded(targets::bill, &changed(&bill_columns(codec, typed), &changes));
    }

    #[test]
    fn damaged_columns(file in parquet(), changes in changes()) {
        bounded(targets::flow_log_parquet, &changed(&file, &changes));
    }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn damaged_snapshots(changes in changes()) {
        static DEMO: &[u8] = include_bytes!("../../src/demo/account.json");
        bounded(targets::snapshot, &changed(DEMO, &changes));
    }

    #[test]
    fn damaged_reports(changes in changes(), figures in prop::collection::vec((any::<Index>(), figure()), 0..6)) {
        // Bytes seldom make a report that can be read; other figures do.
        let mut text = String::from_utf8(targets::sound_report().to_vec()).unwrap();
        for (at, figure) in figures {
            let places: Vec<_> = text.match_indices(':').map(|(place, _)| place + 1).collect();
            let from = places[at.index(places.len())];
            let length = text[from..].find([',', '}', '[', '{', '"']).unwrap_or(0);
            text.replace_range(from..from + length, figure);
        }
        bounded(targets::report, text.as_bytes());
        bounded(targets::report, &changed(text.as_bytes(), &changes));
    }
}

/// Some megabytes of what is the worst to read: no end of a line, no record, one record over and over.
#[test]
fn large_files_take_no_more_memory() {
    let header = format!("{}\n", HEADERS[0]);
    for piece in ["7", " ", "\n", "eni-0a ", LINES[0], "\u{0}"] {
        let mut data = header.clone().into_bytes();
        data.extend(piece.repeat((2 << 20) / piece.len()).bytes());
        bounded(targets::flow_log_text, &gz(&data));
    }
    let header = BILL.lines().next().unwrap_or_default();
    for piece in ["7", ",", "\"", "\n", "9,1,Usage,", "\u{0}"] {
        let mut data = format!("{header}\n").into_bytes();
        data.extend(piece.repeat((2 << 20) / piece.len()).bytes());
        bounded(targets::bill, &gz(&data));
    }
    bounded(targets::resolver_log, "{\"answers\":[".repeat(1 << 17).as_bytes());
}
