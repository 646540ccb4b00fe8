//! The engine and the oracle agree to the byte, whatever the logs, and however they are cut into files.

use proptest::prelude::*;

use super::super::watch::Watch;
use super::super::{Limits, attribute_within};
use super::naive::{File, Naive, Sums};
use super::random::{self, Damage};
use super::write::{self, Record, Shape};
use super::*;
use crate::traffic::Volume;

type Records = Vec<(Record, Option<Damage>)>;

/// A file to be.
#[derive(Debug, Clone)]
struct Plan {
    log: Option<&'static str>,
    kind: Kind,
    parts: Vec<(Vec<&'static str>, Records)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Windows,
    /// Packed in members of so many bytes.
    Packed(usize),
    /// Without a header line, in the format that is given; and with a time before each record, as exports have it.
    Headless(bool),
    Parquet(bool, usize),
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Plain),
        Just(Kind::Windows),
        (40..3_000_usize).prop_map(Kind::Packed),
        any::<bool>().prop_map(Kind::Headless),
        (any::<bool>(), 1..30_usize).prop_map(|(nulls, rows)| Kind::Parquet(nulls, rows)),
    ]
}

fn records() -> impl Strategy<Value = Records> {
    prop::collection::vec((random::record(), prop::option::weighted(0.12, random::damage())), 0..24)
}

fn plans(given: Vec<&'static str>, logs: bool) -> impl Strategy<Value = Vec<Plan>> {
    let log = if logs {
        prop::sample::select(vec![None, Some("fl-a"), Some("fl-b"), Some("fl-c")]).boxed()
    } else {
        Just(None).boxed()
    };
    let parts = prop::collection::vec((random::fields(true), records()), 1..3);
    let plan = (log, kind(), parts).prop_map(move |(log, kind, mut parts)| {
        match kind {
            Kind::Headless(_) => {
                parts.truncate(1);
                parts[0].0.clone_from(&given);
            }
            Kind::Parquet(..) => {
                parts.truncate(1);
                // Columns have types, so that only whole records fit.
                parts[0].1.iter_mut().for_each(|(_, damage)| *damage = None);
            }
            _ => {}
        }
        Plan { log, kind, parts }
    });
    prop::collection::vec(plan, 1..5)
}

fn header(kind: Kind, fields: &[&str]) -> Option<String> {
    (!matches!(kind, Kind::Headless(_))).then(|| fields.join(" "))
}

impl Plan {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        for (fields, records) in &self.parts {
            lines.extend(header(self.kind, fields));
            for (record, damage) in records {
                let time = if self.kind == Kind::Headless(true) { "2026-10-01T00:00:00.000Z " } else { "" };
                lines.push(format!("{time}{}", random::damaged(record, fields, damage.as_ref())));
            }
        }
        let end = if self.kind == Kind::Windows { "\r\n" } else { "\n" };
        lines.iter().flat_map(|line| [line.as_str(), end]).collect()
    }

    fn content(&self) -> Vec<u8> {
        match self.kind {
            Kind::Packed(size) => self.text().as_bytes().chunks(size).flat_map(gz).collect(),
            Kind::Parquet(nulls, rows_in_group) => {
                let records: Vec<_> = self.parts[0].1.iter().map(|(record, _)| record.clone()).collect();
                write::parquet(&records, &self.parts[0].0, &Shape { nulls, rows_in_group, ..Shape::default() })
            }
            _ => self.text().into_bytes(),
        }
    }

    fn write(&self, logs: &Logs, number: usize) {
        let name = self.log.map_or_else(|| format!("{number}.log"), |log| delivered(log, number));
        let end = match self.kind {
            Kind::Packed(_) => ".gz",
            Kind::Parquet(..) => ".parquet",
            _ => "",
        };
        logs.add(&(name + end), self.content());
    }
}

/// The engine's result in the oracle's shape.
fn sums(traffic: &Traffic) -> Sums {
    let mut sums = Sums { statistics: traffic.statistics, ..Sums::default() };
    for gateway in &traffic.gateways {
        let nat = || gateway.nat.clone();
        sums.gateways.insert(nat());
        sums.flows.extend(gateway.flows.iter().map(|(label, volume)| ((nat(), label.clone()), *volume)));
        for client in &gateway.clients {
            *sums.clients.entry((nat(), client.address, client.label.clone())).or_default() += client.volume;
        }
        let places = gateway.places.iter();
        sums.places.extend(places.map(|((place, label), volume)| ((nat(), place.clone(), label.clone()), *volume)));
        sums.hours.extend(gateway.hours.iter().map(|(hour, bytes)| ((nat(), *hour), *bytes)));
        assert_eq!(gateway.stretch, 1);
        for (label, hours) in &gateway.labels_by_hour {
            let known = hours.iter().filter(|(_, bytes)| **bytes > 0);
            sums.labels.extend(known.map(|(hour, bytes)| ((nat(), *hour, label.clone()), *bytes)));
        }
        if gateway.method != crate::traffic::Method::None {
            sums.methods.insert(nat(), gateway.method);
        }
        if gateway.skipdata > 0 {
            sums.skipdata.insert(nat(), gateway.skipdata);
        }
        sums.doubles.extend(gateway.flow_logs.iter().map(|(log, count)| ((nat(), log.clone()), *count)));
    }
    sums
}

fn window() -> impl Strategy<Value = Option<Window>> {
    prop::option::of((0..4_i64, 1..4_i64)).prop_map(|window| window.map(|(from, length)| hours(from, from + length)))
}

#[derive(Debug, Clone)]
struct Case {
    watch: Watch,
    given: Vec<&'static str>,
    plans: Vec<Plan>,
    window: Option<Window>,
    threads: usize,
    buffer: usize,
}

fn case() -> impl Strategy<Value = Case> {
    (random::fields(true), any::<bool>()).prop_flat_map(|(given, logs)| {
        let plans = plans(given.clone(), logs);
        (random::watch(), plans, window(), 1..6_usize, 700..3_000_usize).prop_map(
            move |(watch, plans, window, threads, buffer)| Case {
                watch,
                given: given.clone(),
                plans,
                window,
                threads,
                buffer,
            },
        )
    })
}

fn engine(case: &Case, logs: &Logs, limits: Limits) -> Traffic {
    let (book, given) = (random::book(), case.given.join(" "));
    let options = Options { window: case.window, threads: case.threads, log_format: Some(&given), ..options(&book) };
    attribute_within((&[logs.0.path().to_owned()]).into(), &case.watch, &options, limits).unwrap()
}

fn oracle(case: &Case) -> Sums {
    let (book, given) = (random::book(), case.given.join(" "));
    let second = |at: jiff::Timestamp| u64::try_from(at.as_second()).unwrap();
    let window = case.window.map(|window| (second(window.start()), second(window.end())));
    let files: Vec<_> =
        case.plans.iter().map(|plan| File { log: plan.log.map(str::to_owned), text: plan.text() }).collect();
    Naive { watch: &case.watch, book: &book, window, log_format: Some(&given) }.read(&files)
}

fn written(plans: &[Plan]) -> Logs {
    let logs = Logs::new();
    plans.iter().enumerate().for_each(|(number, plan)| plan.write(&logs, number));
    logs
}

/// `PROPTEST_CASES` makes them more.
fn config() -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases / 2, failure_persistence: None, ..all }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_obvious_way_comes_to_the_same(case in case()) {
        let logs = written(&case.plans);
        let traffic = engine(&case, &logs, Limits { buffer: case.buffer, ..Limits::default() });
        prop_assert!(traffic.faults.is_empty(), "{:?}", traffic.faults);
        prop_assert_eq!(traffic.statistics.records, fates(&traffic.statistics));
        let mut expected = oracle(&case);
        let by_label: u64 = expected.labels.values().sum();
        prop_assert_eq!(by_label, expected.hours.values().sum::<u64>());
        expected.labels.retain(|_, bytes| *bytes > 0);
        prop_assert_eq!(sums(&traffic), expected);
    }

    /// A bounded number of clients is kept: those exactly, the others in their places' sums.
    #[test]
    fn bounded_clients_lose_nothing(case in case(), entries in 1..8_usize) {
        let logs = written(&case.plans);
        let traffic = engine(&case, &logs, Limits { buffer: case.buffer, entries, ..Limits::default() });
        let (mut found, mut expected) = (sums(&traffic), oracle(&case));
        expected.labels.retain(|_, bytes| *bytes > 0);
        let total = |clients: &Sums| clients.clients.values().copied().sum::<Volume>();
        let mut known = total(&found);
        for gateway in &traffic.gateways {
            known += gateway.other_clients;
        }
        prop_assert_eq!(known, total(&expected));
        for (client, volume) in &found.clients {
            prop_assert_eq!(Some(volume), expected.clients.get(client));
        }
        found.clients.clear();
        expected.clients.clear();
        prop_assert_eq!(found, expected);
    }

    /// Lines in one file or many, in large pieces or small, by one thread or several.
    #[test]
    fn no_split_changes_a_figure(
        watch in random::watch(),
        fields in random::fields(true),
        records in prop::collection::vec((random::record(), prop::option::weighted(0.12, random::damage())), 0..60),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), kind()), 0..6),
        window in window(),
        threads in 1..6_usize,
        buffer in 700..3_000_usize,
        entries in 1..30_usize,
    ) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|(at, kind)| (at.index(records.len() + 1), kind)).collect();
        cuts.sort_by_key(|(at, _)| *at);
        let ends: Vec<_> = cuts.iter().map(|(at, _)| *at).chain([records.len()]).collect();
        let mut start = 0;
        let kinds = cuts.iter().map(|(_, kind)| *kind).chain([Kind::Plain]);
        let plans: Vec<_> = ends.into_iter().zip(kinds).map(|(end, kind)| {
            let records = records[start..end].to_vec();
            start = end;
            let is_whole = records.iter().all(|(_, damage)| damage.is_none());
            let kind = if matches!(kind, Kind::Parquet(..)) && !is_whole { Kind::Packed(100) } else { kind };
            Plan { log: None, kind, parts: vec![(fields.clone(), records)] }
        }).collect();
        let one = Plan { log: None, kind: Kind::Plain, parts: vec![(fields.clone(), records)] };
        let one = Case { watch, given: fields, plans: vec![one], window, threads: 1, buffer: 1 << 16 };
        let many = Case { plans, threads, buffer, ..one.clone() };
        for entries in [entries, 1_000_000] {
            let mut results = [&one, &many].map(|case| engine(case, &written(&case.plans), Limits { buffer: case.buffer, entries, ..Limits::default() }));
            for result in &mut results {
                result.statistics.files = 0;
                // Each file is asked for one.
                result.accounts.clear();
            }
            let [one, many] = results;
            prop_assert_eq!(one, many);
        }
    }
}

#[test]
fn members_may_end_anywhere() {
    let text = format!("{V2}{}{}", sent(10, 0), sent(20, 1));
    for size in 1..text.len() {
        let logs = Logs::new();
        logs.add("a.log.gz", text.as_bytes().chunks(size).flat_map(gz).collect::<Vec<u8>>());
        assert_eq!(bytes(&logs.read()), 30);
    }
}
