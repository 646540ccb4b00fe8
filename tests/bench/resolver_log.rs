//! How fast query logs are read, and names found in them: `cargo bench --bench resolver_log`.
//!
//! 100,000 queries of 20 VPCs over two days, two answers each.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write;
use std::net::IpAddr;

use divan::counter::{BytesCount, ItemsCount};
use natwise::address::AddressBook;
use natwise::resolver_log::{Names, NamesBuilder};

const QUERIES: u32 = 100_000;
const SERVICES: [&str; 8] = ["sqs", "sns", "kms", "logs", "ssm", "sts", "monitoring", "secretsmanager"];

fn main() {
    divan::main();
}

/// An address that AWS's ranges give to no service.
fn address(n: u32) -> IpAddr {
    std::net::Ipv4Addr::from(0x0350_0000 + n % 400).into()
}

fn log() -> String {
    let mut log = String::new();
    for n in 0..QUERIES {
        let (vpc, service, one, two) = (n % 20, SERVICES[n as usize % SERVICES.len()], address(n), address(n + 1));
        let (day, hour) = (1 + n / (QUERIES / 2), n / 1000 % 24);
        writeln!(
            log,
            r#"{{"version":"1.100000","account_id":"111122223333","region":"us-east-1","vpc_id":"vpc-{vpc:017x}","query_timestamp":"2026-10-{day:02}T{hour:02}:17:42Z","query_name":"{service}.us-east-1.amazonaws.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{{"Rdata":"{one}","Type":"A","Class":"IN"}},{{"Rdata":"{two}","Type":"A","Class":"IN"}}],"srcaddr":"10.0.1.5","srcport":"56067","transport":"UDP","srcids":{{"instance":"i-0d15cd0d3example"}}}}"#
        )
        .unwrap();
    }
    log
}

fn names(book: &AddressBook, log: &str) -> Names {
    let mut builder = NamesBuilder::new(book);
    builder.read(log.as_bytes()).unwrap();
    assert_eq!(builder.statistics().answers, u64::from(QUERIES) * 2);
    builder.build()
}

#[divan::bench(sample_count = 10)]
fn read_and_build(bencher: divan::Bencher<'_, '_>) {
    let (book, log) = (AddressBook::embedded(), log());
    bencher.counter(ItemsCount::new(QUERIES)).counter(BytesCount::of_str(&log)).bench(|| names(&book, &log));
}

#[divan::bench]
fn look_up(bencher: divan::Bencher<'_, '_>) {
    let names = names(&AddressBook::embedded(), &log());
    let vpc = names.vpc(Some(&"vpc-00000000000000001".into()));
    let start = u32::try_from("2026-10-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second() / 3600).unwrap();
    bencher
        .counter(QUERIES)
        .bench(|| (0..QUERIES).filter(|n| names.of(vpc, address(*n), start + n % 60).is_some()).count());
}
