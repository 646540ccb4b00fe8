//! Query logs as AWS documents them, as they should never be, and the rule of time against the obvious way.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::model::VpcId;

/// Neither S3's nor DynamoDB's, but AMAZON's, EC2's and nobody's.
const RANGES: &str = r#"{"syncToken": "1", "createDate": "2026-08-22-21-17-05", "prefixes": [
    {"ip_prefix": "3.0.0.0/8", "region": "us-east-1", "service": "AMAZON"},
    {"ip_prefix": "3.5.0.0/16", "region": "us-east-1", "service": "S3"}
]}"#;
const SQS: &str = "sqs.us-east-1.amazonaws.com.";
const KMS: &str = "kms.us-east-1.amazonaws.com.";
const OTHER: &str = "www.example.com.";

fn book() -> AddressBook {
    AddressBook::from_json(RANGES.as_bytes()).unwrap()
}

fn time(hour: u32) -> String {
    jiff::Timestamp::from_second(i64::from(hour) * 3600 + 1234).unwrap().to_string()
}

/// A record with the fields of the documentation's example.
fn line(vpc: &str, hour: u32, name: &str, address: &str) -> String {
    let kind = if address.contains(':') { "AAAA" } else { "A" };
    let record = serde_json::json!({
        "srcaddr": "4.5.64.102", "vpc_id": vpc, "query_name": name, "query_class": "IN", "rcode": "NOERROR",
        "answers": [{"Rdata": "alias.example.", "Type": "CNAME", "Class": "IN"},
                    {"Rdata": address, "Type": kind, "Class": "IN"}],
        "srcids": {"instance": "i-0d15cd0d3example"}, "query_type": kind, "transport": "UDP", "version": "1.100000",
        "account_id": "111122223333", "srcport": "56067", "query_timestamp": time(hour), "region": "us-east-1",
    });
    format!("{record}\n")
}

fn names(log: &str) -> Names {
    let book = book();
    let mut builder = NamesBuilder::new(&book);
    builder.read(log.as_bytes()).unwrap();
    builder.build()
}

/// What an address was called: `sqs 3, - 1`.
fn said(names: &Names, vpc: Option<&str>, address: &str, hour: u32) -> Option<String> {
    let set = names.of(names.vpc(vpc.map(VpcId::from).as_ref()), address.parse().unwrap(), hour)?;
    let service = |share: &NameShare| share.named.as_ref().map_or("-".to_owned(), |named| named.service.to_string());
    let shares = names.set(set).shares.iter().map(|share| format!("{} {}", service(share), share.queries));
    Some(shares.collect::<Vec<_>>().join(", "))
}

#[test]
fn the_documented_example_names_nothing_and_is_no_fault() {
    let example = r#"{"srcaddr":"4.5.64.102","vpc_id":"vpc-7example","answers":[{"Rdata":"203.0.113.9","Type":"PTR",
        "Class":"IN"}],"firewall_rule_group_id":"rslvr-frg-01234567890abcdef","firewall_rule_action":"BLOCK",
        "query_name":"15.3.4.32.in-addr.arpa.","firewall_domain_list_id":"rslvr-fdl-01234567890abcdef",
        "query_class":"IN","srcids":{"instance":"i-0d15cd0d3example"},"rcode":"NOERROR","query_type":"PTR",
        "transport":"UDP","version":"1.100000","account_id":"111122223333","srcport":"56067",
        "query_timestamp":"2021-02-04T17:51:55Z","region":"us-east-1"}"#;
    let names = names(&example.replace('\n', ""));
    assert!(names.is_empty());
    let expected = ResolverStatistics { files: 1, lines: 1, not_an_address: 1, ..ResolverStatistics::default() };
    assert_eq!(*names.statistics(), expected);
}

#[test]
fn an_address_is_called_what_was_asked_for() {
    let log = [
        line("vpc-1", 100, SQS, "3.0.0.1"),
        line("vpc-1", 100, &SQS.to_uppercase(), "3.0.0.1"),
        line("vpc-1", 100, "sqs-fips.us-east-1.amazonaws.com", "3.0.0.1"),
        line("vpc-1", 100, OTHER, "3.0.0.1"),
        line("vpc-1", 100, SQS, "3.5.0.1"),
        line("vpc-1", 100, SQS, "8.8.8.8"),
        line("vpc-1", 100, SQS, "no address"),
        line("vpc-1", 100, SQS, "3.0.0.2").replace("NOERROR", "SERVFAIL"),
        format!("2021-02-04T17:51:55.000Z {}", line("vpc-1", 100, KMS, "64:ff9b::300:3")),
    ];
    let names = names(&log.concat());
    assert_eq!(said(&names, Some("vpc-1"), "3.0.0.1", 100).as_deref(), Some("sqs 3, - 1"));
    assert_eq!(said(&names, Some("vpc-1"), "::ffff:3.0.0.1", 100).as_deref(), Some("sqs 3, - 1"));
    assert_eq!(said(&names, None, "3.0.0.3", 100).as_deref(), Some("kms 1"), "DNS64's answer");
    for address in ["3.5.0.1", "8.8.8.8", "3.0.0.2", "3.0.0.9"] {
        assert_eq!(said(&names, None, address, 100), None, "{address}");
    }
    let first = names.of(VpcIndex::ALL, "3.0.0.1".parse().unwrap(), 100).unwrap();
    assert_eq!(names.set(first).queries(), 4);
    assert_eq!(names.set(first).shares[0].named.as_ref().unwrap().region, Some("us-east-1".into()));
    let expected = ResolverStatistics {
        files: 1,
        lines: 9,
        answers: 5,
        not_an_address: 9,
        not_wanted: 2,
        addresses: 2,
        ..ResolverStatistics::default()
    };
    assert_eq!(*names.statistics(), expected);
}

#[test]
fn names_hold_from_the_hour_they_were_asked_for() {
    let log =
        [line("vpc-1", 100, SQS, "3.0.0.1"), line("vpc-1", 110, KMS, "3.0.0.1"), line("vpc-1", 500, KMS, "3.0.0.1")];
    let names = names(&log.concat());
    let at = |hour| said(&names, Some("vpc-1"), "3.0.0.1", hour);
    assert_eq!(at(75), None, "more than a day before the first answer");
    assert_eq!(at(76).as_deref(), Some("sqs 1"), "the resolver's cache had it");
    assert_eq!(at(109).as_deref(), Some("sqs 1"));
    assert_eq!(at(110).as_deref(), Some("kms 1, sqs 1"));
    assert_eq!(at(499).as_deref(), Some("kms 1, sqs 1"), "long after, but nothing newer");
    assert_eq!(at(500).as_deref(), Some("kms 1"), "the past is not the present");
}

#[test]
fn vpcs_have_names_of_their_own() {
    let log = [line("vpc-1", 100, SQS, "3.0.0.1"), line("vpc-2", 101, KMS, "3.0.0.1")];
    let names = names(&log.concat());
    assert_eq!(said(&names, Some("vpc-1"), "3.0.0.1", 200).as_deref(), Some("sqs 1"));
    assert_eq!(said(&names, Some("vpc-2"), "3.0.0.1", 200).as_deref(), Some("kms 1"));
    assert_eq!(said(&names, Some("vpc-3"), "3.0.0.1", 200), None);
    assert_eq!(said(&names, None, "3.0.0.1", 200).as_deref(), Some("kms 1, sqs 1"));
}

#[test]
fn a_set_keeps_the_largest_shares() {
    let services = ["sqs", "sns", "kms", "logs", "ssm", "sts", "ecs", "rds", "xray", "states"];
    let asked = |(n, service): (usize, &&str)| {
        line("vpc-1", 100, &format!("{service}.us-east-1.amazonaws.com"), "3.0.0.1").repeat(10 - n)
    };
    let names = names(&services.iter().enumerate().map(asked).collect::<String>());
    let expected = "sqs 10, sns 9, kms 8, logs 7, ssm 6, sts 5, ecs 4, - 3, rds 3";
    assert_eq!(said(&names, None, "3.0.0.1", 100).as_deref(), Some(expected));
}

#[test]
fn hostile_logs_are_counted() {
    let good = line("vpc-1", 100, SQS, "3.0.0.1");
    let bad: [&[u8]; 8] = [
        b"\xff\xfe\x00{\n",
        b"{\"vpc_id\":\"vpc-1\",\"query_name\":\"\xff\"}\n",
        b"no record\n",
        b"{}\n",
        &good.as_bytes()[..good.len() / 2],
        b"\n",
        &[b'[', b'{'].repeat(1000),
        b"\n",
    ];
    let mut log = bad.concat();
    for (from, to) in [("NOERROR\"", "NOERROR\",\"rcode\":3"), ("vpc-1", &"vpc-".repeat(20)), ("1970-", "1960-")] {
        log.extend_from_slice(good.replace(from, to).as_bytes());
    }
    log.extend_from_slice(&vec![b'{'; 10_000_000]);
    log.extend_from_slice(b"\n\n  \r\n");
    log.extend_from_slice(good.as_bytes());
    log.extend_from_slice(good.trim_end().as_bytes());
    let book = book();
    let mut builder = NamesBuilder::new(&book);
    builder.read(Cursor::new(&log)).unwrap();
    builder.read(std::io::empty()).unwrap();
    let names = builder.build();
    let ResolverStatistics { files, lines, malformed, answers, .. } = *names.statistics();
    assert_eq!((files, lines, malformed, answers), (2, 12, 10, 2));
}

#[test]
fn what_is_too_much_is_dropped_and_said() {
    let log = |from: u32, to: u32| (from..to).map(|hour| line("vpc-1", hour, SQS, "3.0.0.1")).collect::<String>();
    let book = book();
    let with = |log: &str| {
        let mut builder = NamesBuilder { most_entries: 3, ..NamesBuilder::new(&book) };
        builder.read(log.as_bytes()).unwrap();
        builder
    };
    let mut builder = with(&(log(0, 4) + &log(0, 4)));
    builder.merge(with(&log(2, 5)));
    assert_eq!(builder.queries.len(), 3);
    assert_eq!((builder.statistics.answers, builder.statistics.dropped), (7, 4));
}

/// A query: VPC, last byte of the address, hour, name.
type Asked = (u8, u8, u32, usize);
const NAMES: [(&str, &str); 3] = [(SQS, "sqs"), (KMS, "kms"), (OTHER, "-")];

/// The rule as the module says it: queries by name.
fn oracle(log: &[Asked], vpc: Option<u8>, address: u8, hour: u32) -> Option<BTreeMap<&'static str, usize>> {
    let own: Vec<_> = log.iter().filter(|asked| vpc.is_none_or(|vpc| vpc == asked.0) && asked.1 == address).collect();
    let before = own.iter().map(|asked| asked.2).filter(|at| *at <= hour).max();
    let after = || own.iter().map(|asked| asked.2).filter(|at| *at <= hour + 24).min();
    let latest = before.or_else(after)?;
    let mut counts = BTreeMap::new();
    for asked in own.iter().filter(|asked| asked.2 <= latest && asked.2 + 24 > latest) {
        *counts.entry(NAMES[asked.3].1).or_default() += 1;
    }
    Some(counts)
}

proptest! {
    #[test]
    fn names_agree_with_the_rule(
        log in prop::collection::vec((0..2_u8, 0..2_u8, 100..200_u32, 0..3_usize), 0..40),
        split in 0..40_usize,
    ) {
        let book = book();
        let read = |log: &[Asked]| {
            let mut builder = NamesBuilder::new(&book);
            let lines = log.iter().map(|(vpc, low, hour, name)| {
                line(&format!("vpc-{vpc}"), *hour, NAMES[*name].0, &format!("3.0.0.{low}"))
            });
            builder.read(lines.collect::<String>().as_bytes()).unwrap();
            builder
        };
        let (one, other) = log.split_at(split.min(log.len()));
        let mut builder = read(other);
        builder.merge(read(one));
        let (merged, names) = (builder.build(), read(&log).build());
        prop_assert_eq!(names.is_empty(), log.is_empty());
        for (vpc, address) in [(Some(0), 0), (Some(1), 0), (Some(0), 1), (Some(2), 0), (None, 0), (None, 1)] {
            for hour in 70..230 {
                let own = vpc.map(|vpc| format!("vpc-{vpc}"));
                let shares = said(&names, own.as_deref(), &format!("3.0.0.{address}"), hour);
                prop_assert_eq!(&shares, &said(&merged, own.as_deref(), &format!("3.0.0.{address}"), hour));
                let expected = oracle(&log, vpc, address, hour);
                prop_assert_eq!(shares.is_some(), expected.is_some());
                let (Some(shares), Some(expected)) = (shares, expected) else { continue };
                let shares: BTreeMap<_, usize> = shares
                    .split(", ")
                    .map(|share| share.split_once(' ').unwrap())
                    .map(|(name, queries)| (name, queries.parse().unwrap()))
                    .collect();
                let (own, all) = (shares.values().sum::<usize>(), expected.values().sum::<usize>());
                let expected: BTreeMap<_, _> = expected.into_iter().map(|(name, queries)| (name, queries * own)).collect();
                let shares: BTreeMap<_, _> = shares.into_iter().map(|(name, queries)| (name, queries * all)).collect();
                prop_assert_eq!(shares, expected, "at {}", hour);
            }
        }
    }
}
