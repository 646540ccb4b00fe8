//! Bytes by hour and service: they add up to the hours and to the services, however the input is cut up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Limits, attribute_within};
use super::*;
use crate::model::Bytes;
use crate::resolver_log::{Names, NamesBuilder};
use crate::traffic::NamedBy;

const FIVE: &str =
    "version account-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status\n";
const RANGES: &str = r#"{"syncToken": "1", "createDate": "2026-08-22-21-17-05", "prefixes": [
    {"ip_prefix": "3.0.0.0/8", "region": "us-east-1", "service": "AMAZON"},
    {"ip_prefix": "3.5.0.0/16", "region": "us-east-1", "service": "S3"}
]}"#;
/// Of several names, of one, of S3, of nobody.
const HOSTS: [&str; 4] = ["3.0.0.1", "3.0.0.2", "3.5.0.1", "8.8.8.8"];

/// What a client sent to a host, in seconds since the first hour, by one of two flow logs.
#[derive(Debug, Clone)]
struct Sent {
    log: usize,
    client: usize,
    host: usize,
    bytes: Bytes,
    from: u64,
    to: u64,
}

impl Sent {
    fn line(&self) -> String {
        let (client, host, bytes) = (format!("10.0.1.{}", self.client), HOSTS[self.host], self.bytes);
        let (start, end) = (START + self.from, START + self.to);
        format!("5 111122223333 {NAT} {client} 10.0.0.220 {client} {host} {bytes} {start} {end} ACCEPT OK\n")
    }

    /// By hour, from what was sent until each second.
    fn hours(&self) -> BTreeMap<u32, Bytes> {
        let to = self.to.max(self.from + 1);
        let until = |second: u64| self.bytes * (second - self.from) / (to - self.from);
        let mut hours = BTreeMap::new();
        for second in self.from..to {
            let hour = FIRST_HOUR + u32::try_from(second / 3600).unwrap();
            *hours.entry(hour).or_default() += until(second + 1) - until(second);
        }
        hours
    }
}

fn any_sent(logs: usize) -> impl Strategy<Value = Vec<Sent>> {
    let length = prop_oneof![3 => 0..600_u64, 1 => 0..20_000_u64];
    let one = (0..logs, 0..4_usize, 0..HOSTS.len(), 0..100_000_u64, 0..80_000_u64, length);
    let sent = one.prop_map(|(log, client, host, bytes, from, length)| Sent {
        log,
        client,
        host,
        bytes,
        from,
        to: from + length,
    });
    prop::collection::vec(sent, 1..60)
}

fn book() -> AddressBook {
    AddressBook::from_json(RANGES.as_bytes()).unwrap()
}

/// The first host is three parts of one service and two of another, and one of neither; the second has one name.
fn names(book: &AddressBook) -> Names {
    let line = |service: &str, host: &str| {
        format!(
            r#"{{"vpc_id": "vpc-1", "query_name": "{service}.", "rcode": "NOERROR", "query_type": "A",
                "answers": [{{"Rdata": "{host}", "Type": "A", "Class": "IN"}}],
                "query_timestamp": "2026-10-01T00:30:00Z"}}"#
        )
        .replace('\n', "")
    };
    let (sqs, kms, other) = ("sqs.us-east-1.amazonaws.com", "kms.us-east-1.amazonaws.com", "www.example.com");
    let hosts = [(sqs, 0), (sqs, 0), (sqs, 0), (kms, 0), (kms, 0), (other, 0), (kms, 1)];
    let text: Vec<_> = hosts.iter().map(|(name, host)| line(name, HOSTS[*host])).collect();
    let mut names = NamesBuilder::new(book);
    names.read(text.join("\n").as_bytes()).unwrap();
    names.build()
}

/// What natwise says of it, in so many files for each flow log.
fn attributed(sent: &[Sent], files: usize, change: impl FnOnce(&mut Options<'_>), limits: Limits) -> Traffic {
    let logs = Logs::new();
    for log in 0..2 {
        for file in 0..files {
            let lines = sent.iter().enumerate().filter(|(index, sent)| sent.log == log && index % files == file);
            let text: String = lines.map(|(_, sent)| sent.line()).collect();
            logs.add(&delivered(&format!("fl-{log}"), file), format!("{FIVE}{text}"));
        }
    }
    let book = book();
    let names = names(&book);
    let mut options = Options { names: Some(&names), ..options(&book) };
    change(&mut options);
    attribute_within((&[logs.0.path().to_owned()]).into(), &watch(), &options, limits).unwrap()
}

/// Both ways to add it up.
fn adds_up(gateway: &GatewayTraffic) -> Result<(), TestCaseError> {
    let mut stretches = BTreeMap::<u32, Bytes>::new();
    for (hour, bytes) in &gateway.hours {
        *stretches.entry(hour / gateway.stretch * gateway.stretch).or_default() += bytes;
    }
    let mut sums = BTreeMap::<u32, Bytes>::new();
    for (label, hours) in &gateway.labels_by_hour {
        prop_assert_eq!(hours.values().sum::<Bytes>(), gateway.flows[label].bytes(), "{:?}", label);
        for (hour, bytes) in hours {
            *sums.entry(*hour).or_default() += bytes;
        }
    }
    prop_assert_eq!(sums, stretches);
    let labels = gateway.flows.iter().filter(|(_, volume)| volume.bytes() > 0).map(|(label, _)| label);
    prop_assert!(labels.eq(gateway.labels_by_hour.keys()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn services_add_up_however_the_records_are_split(
        sent in any_sent(2),
        files in 2..5_usize,
        threads in 2..5_usize,
        cells in prop::sample::select(vec![3, 20, 1_000]),
        entries in prop::sample::select(vec![2, 1_000]),
        windowed in any::<bool>(),
    ) {
        let limits = Limits { entries, cells, ..Limits::default() };
        let window = windowed.then(|| hours(2, 20));
        let one = attributed(&sent, 1, |options| options.window = window, limits);
        let many = attributed(&sent, files, |options| (options.window, options.threads) = (window, threads), limits);
        adds_up(only(&one))?;
        prop_assert_eq!(only(&one), only(&many));
        prop_assert!(only(&one).labels_by_hour.values().map(BTreeMap::len).max() <= Some(cells));
    }

    #[test]
    fn each_hour_has_what_its_seconds_had(sent in any_sent(1)) {
        let mut expected = BTreeMap::<(&str, u32), Bytes>::new();
        for sent in &sent {
            let service = ["aws", "aws", "s3", "internet"][sent.host];
            sent.hours().into_iter().for_each(|(hour, bytes)| *expected.entry((service, hour)).or_default() += bytes);
        }
        expected.retain(|_, bytes| *bytes > 0);
        let traffic = attributed(&sent, 2, |options| options.names = None, Limits::default());
        let gateway = only(&traffic);
        let found = gateway.labels_by_hour.iter().flat_map(|(label, hours)| {
            hours.iter().map(|(hour, bytes)| ((label.service.as_str(), *hour), *bytes))
        });
        prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    }
}

/// The names of one address have their shares of each hour's bytes.
#[test]
fn several_names_share_each_hour() {
    let at = |hour: u64, bytes| Sent { log: 0, client: 1, host: 0, bytes, from: hour * 3600, to: hour * 3600 + 59 };
    let traffic = attributed(&[at(0, 600), at(1, 59), at(1, 1)], 1, |_| {}, Limits::default());
    let hours = &only(&traffic).labels_by_hour;
    assert!(hours.keys().all(|label| label.named_by == NamedBy::DnsShare));
    let found: BTreeMap<_, Vec<_>> =
        hours.iter().map(|(label, hours)| (label.service.as_str(), hours.values().copied().collect())).collect();
    assert_eq!(found, [("aws", vec![100, 10]), ("kms", vec![200, 20]), ("sqs", vec![300, 30])].into());
}

/// Two flow logs of which one is left out in some hours, and records without a service.
#[test]
fn what_is_left_out_is_left_out_of_the_services_too() {
    let at =
        |log, hour: u64, host, bytes| Sent { log, client: 1, host, bytes, from: hour * 3600, to: hour * 3600 + 59 };
    let sent = [at(0, 0, 2, 10), at(0, 1, 2, 20), at(0, 2, 2, 30), at(1, 1, 3, 7)];
    let traffic = attributed(&sent, 1, |_| {}, Limits::default());
    let found: Vec<_> = only(&traffic).labels_by_hour.values().flat_map(|hours| hours.values().copied()).collect();
    assert_eq!(found, [10, 20, 30]);
    let logs = Logs::new();
    let remote = super::sent(5, 61);
    logs.add("a.log", format!("{V2}{remote}{}", remote.replace("10.0.0.220 203.0.113.5", "10.0.1.9 10.0.0.220")));
    let traffic = logs.read();
    let hours: Vec<_> = only(&traffic).labels_by_hour.values().collect();
    assert_eq!(hours, [&[(FIRST_HOUR + 1, 5)].into()]);
}

/// Without times there are services, but no hours.
#[test]
fn no_hour_is_none_of_them() {
    let logs = Logs::new();
    logs.add("a.log", format!("interface-id srcaddr dstaddr bytes\n{NAT} 10.0.0.220 203.0.113.5 7\n"));
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), only(&traffic).labels_by_hour.len(), only(&traffic).hours.len()), (7, 0, 0));
}
