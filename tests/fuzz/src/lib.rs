//! What is done with arbitrary bytes, by fuzzing and by the ordinary tests: it must end without a panic, and what it
//! tells must add up.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use natwise::address::AddressBook;
use natwise::assumption::Assumptions;
use natwise::bill::Bill;
use natwise::bill::read::read as read_bill;
use natwise::difference::{Difference, Side};
use natwise::flow_log::watch::{Gateway, Inside, Watch};
use natwise::flow_log::{Options, attribute};
use natwise::history::{Entry, History};
use natwise::model::{Snapshot, Usd, Window};
use natwise::output::{
    DifferenceFormat, Format, HistoryFormat, Style, TrafficFormat, render, render_difference, render_history,
    render_traffic,
};
use natwise::pricing::PriceBook;
use natwise::reconciliation::rates;
use natwise::report::{Report, TrafficReport};
use natwise::resolver_log::NamesBuilder;
use natwise::traffic::{Place, Traffic};

/// Without the embedded ranges: those cost more than what is looked for here.
static BOOK: LazyLock<AddressBook> = LazyLock::new(AddressBook::default);
static PRICES: LazyLock<PriceBook> = LazyLock::new(|| PriceBook::embedded().expect("the prices are under test"));

/// A report as it should be.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let snapshot =
        Snapshot::parse(include_bytes!("../../../src/demo/account.json")).expect("the example is under test");
    serde_json::to_vec(&Report::new(&snapshot, None, &PRICES, &Assumptions::default()))
        .expect("a report can be written")
});

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder for files");
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    FOLDER.with(|folder| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    })
}

/// A zonal gateway that is known, and a regional one; others may be learned.
fn watch(learn: bool) -> Watch {
    let gateway = |nat: &str, eni: Option<&str>, address: &str| Gateway {
        nat: nat.to_owned(),
        nat_gateway_id: Some(nat.into()),
        interfaces: eni.map(str::to_owned).into_iter().collect(),
        addresses: vec![address.parse().expect("an address")],
        regional: eni.is_none(),
        inside: vec![Inside {
            net: "10.0.0.0/16".parse().expect("a net"),
            place: Place { vpc_id: "vpc-1".into(), subnet_id: None },
        }],
        ..Gateway::default()
    };
    let known = vec![gateway("nat-a", Some("eni-0a"), "10.0.0.220"), gateway("nat-r", None, "107.22.182.139")];
    Watch::Gateways { known, learn }
}

fn traffic(path: PathBuf, learn: bool, threads: usize) -> Traffic {
    let options = Options {
        window: None,
        sample: None,
        threads,
        log_format: None,
        flow_logs: &[],
        book: &BOOK,
        names: None,
        progress: &|_| {},
    };
    attribute(&[path], &watch(learn), &options).expect("no format was given that could be wrong")
}

/// What holds of every result.
fn check(traffic: &Traffic) {
    let s = &traffic.statistics;
    let fates = s.counted
        + s.other_legs
        + s.other_interfaces
        + s.rejected
        + s.nodata
        + s.skipdata
        + s.malformed
        + s.outside_window
        + s.duplicates;
    assert_eq!(s.records, fates, "{s:?}");
    for gateway in &traffic.gateways {
        let (total, places) = (gateway.total(), gateway.places.values().copied());
        let records = total.upload_records + total.download_records;
        assert!(records <= s.counted, "{gateway:?}");
        let known = gateway.clients.iter().map(|client| client.volume).chain([gateway.other_clients]);
        assert_eq!(known.sum::<natwise::traffic::Volume>(), places.sum());
    }
    let style = Style { color: false, width: 100, rows: Some(10) };
    let report = TrafficReport::new(traffic, BTreeSet::new(), 10);
    for format in [TrafficFormat::Table, TrafficFormat::Json] {
        render_traffic(&report, format, style, &mut std::io::sink()).expect("nothing is written");
    }
}

/// A flow log in text, packed or not.
pub fn flow_log_text(data: &[u8]) {
    let path = file("a.log", data);
    for learn in [false, true] {
        let one = traffic(path.clone(), learn, 1);
        check(&one);
        // By a thread that unpacks and one that parses.
        assert_eq!(one, traffic(path.clone(), learn, 2));
    }
}

/// A flow log in Parquet.
pub fn flow_log_parquet(data: &[u8]) {
    let path = file("a.parquet", data);
    for learn in [false, true] {
        let one = traffic(path.clone(), learn, 1);
        check(&one);
        assert_eq!(one, traffic(path.clone(), learn, 2));
    }
}

/// What is wrong with a flow log in Parquet.
pub fn parquet_faults(path: &std::path::Path, threads: usize) -> Vec<String> {
    let found = traffic(path.to_owned(), false, threads);
    check(&found);
    found.faults.into_iter().map(|fault| fault.problem).collect()
}

/// A bill in any form, beside an account with nothing in it.
pub fn bill(data: &[u8]) {
    let paths = [file("a.csv", data)];
    let read = |threads| read_bill(&paths, None, threads, &|_| {}).ok();
    let sums = |bill: &Bill| (bill.lines.clone(), bill.statistics, bill.period);
    let one = read(1);
    // By a thread that unpacks and one that parses.
    assert_eq!(one.as_ref().map(sums), read(2).as_ref().map(sums));
    let Some(bill) = one else { return };
    let s = &bill.statistics;
    assert!(s.counted + s.outside_window + s.malformed <= s.lines, "{s:?}");
    let rates = rates(&bill, &PRICES);
    let measured = rates.iter().filter_map(|row| Some((row.product, row.region.clone(), row.price()?)));
    let book = PRICES.clone().with_measured(&bill.name(), "", measured);
    let time = |text: &str| text.parse().expect("an instant");
    let window = Window::new(time("2026-10-01T00:00:00Z"), time("2026-11-01T00:00:00Z")).expect("a window");
    let snapshot = Snapshot::new(window, Vec::new());
    let mut report = Report::new(&snapshot, None, &book, &Assumptions::default());
    report.reconcile(&bill, rates);
    let style = Style { color: false, width: 80, rows: Some(20) };
    for format in [Format::Table, Format::Json, Format::Markdown] {
        render(&report, format, style, &mut std::io::sink()).expect("nothing is written");
    }
}

/// A Resolver query log.
pub fn resolver_log(data: &[u8]) {
    let mut names = NamesBuilder::new(&BOOK);
    let mut twice = NamesBuilder::new(&BOOK);
    names.read(data).expect("memory can be read");
    twice.read(data).expect("memory can be read");
    twice.merge(names);
    let s = *twice.build().statistics();
    assert!(s.malformed <= s.lines && s.lines <= 2 * (data.len() as u64 + 1), "{s:?}");
}

/// A snapshot, audited.
pub fn snapshot(data: &[u8]) {
    let Ok(snapshot) = Snapshot::parse(data).and_then(|snapshot| Snapshot::merge(vec![snapshot])) else { return };
    let report = Report::new(&snapshot, None, &PRICES, &Assumptions::default());
    let style = Style { color: false, width: 80, rows: Some(20) };
    for format in [Format::Table, Format::Json] {
        render(&report, format, style, &mut std::io::sink()).expect("nothing is written");
    }
}

/// The report that [`report`] compares others with.
pub fn sound_report() -> &'static [u8] {
    &SOUND
}

/// A report, compared with a sound one.
pub fn report(data: &[u8]) {
    let Ok(side) = Side::parse(data) else { return };
    let sound = Side::parse(&SOUND).expect("a report that natwise wrote can be read");
    let style = Style { color: false, width: 80, rows: Some(20) };
    for (then, now) in [(&side, &sound), (&sound, &side)] {
        let difference = Difference::new(then, now);
        let effects = difference.effects.iter().map(|effect| effect.monthly_usd).sum::<Usd>();
        assert_eq!(effects, difference.monthly_usd.change);
        for format in
            [DifferenceFormat::Table, DifferenceFormat::Json, DifferenceFormat::Markdown, DifferenceFormat::Html]
        {
            render_difference(&difference, format, style, &mut std::io::sink()).expect("nothing is written");
        }
    }
    let history = History::new(vec![Entry::of("a", &sound), Entry::of("b", &side)], &[]);
    for format in
        [HistoryFormat::Table, HistoryFormat::Json, HistoryFormat::Markdown, HistoryFormat::Html, HistoryFormat::Csv]
    {
        render_history(&history, format, style, &mut std::io::sink()).expect("nothing is written");
    }
}
