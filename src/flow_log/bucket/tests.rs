//! What is listed of buckets of every layout, by an in-memory bucket that lists as S3 does.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn window(start: &str, end: &str) -> Window {
    Window::new(at(start), at(end)).unwrap()
}

/// What was listed of a bucket, and what was found there.
#[derive(Debug, Default)]
struct Run {
    listed: Vec<String>,
    found: BTreeSet<String>,
}

/// Makes a search as the collector does: AWS's layout, folders that may have it, everything.
fn run(keys: &[String], search: &Search) -> Run {
    let mut done = Run::default();
    let mut is_layout = false;
    for round in 0..3 {
        let mut waiting = match round {
            0 => search.begin(),
            1 => vec![search.look()],
            _ => vec![search.everything()],
        };
        while let Some(listing) = waiting.pop() {
            let (mut folders, mut files) = (BTreeSet::new(), BTreeSet::new());
            for key in keys.iter().filter(|key| key.starts_with(&listing.prefix)) {
                match key[listing.prefix.len()..].find('/').filter(|_| listing.flat) {
                    Some(slash) => {
                        folders.insert(key[..=listing.prefix.len() + slash].to_owned());
                    }
                    None => {
                        files.insert(key.clone());
                    }
                }
            }
            done.listed.push(listing.prefix.clone());
            done.found.extend(files.into_iter().filter(|key| listing.has_files() && search.wants(key)));
            let next = search.follow(&listing, &Vec::from_iter(folders));
            is_layout |= search.is_layout(&listing, &next);
            waiting.extend(next);
        }
        if is_layout || !done.found.is_empty() {
            break;
        }
    }
    done.listed.sort();
    done
}

/// The key of a file of an account and Region at a time, in one of the four layouts.
fn key(above: &str, account: &str, region: &str, time: &str, hive: bool, hourly: bool) -> String {
    let (year, month, day, hour) = (&time[..4], &time[4..6], &time[6..8], &time[9..11]);
    let folder = match (hive, hourly) {
        (false, false) => format!("{account}/vpcflowlogs/{region}/{year}/{month}/{day}"),
        (false, true) => format!("{account}/vpcflowlogs/{region}/{year}/{month}/{day}/{hour}"),
        (true, _) => {
            let hour = if hourly { format!("/hour={hour}") } else { String::new() };
            format!(
                "aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/year={year}/month={month}/day={day}{hour}"
            )
        }
    };
    format!("{above}AWSLogs/{folder}/{account}_vpcflowlogs_{region}_fl-1234abcd_{time}_fe123456.log.gz")
}

/// A file every five minutes of some days.
fn files(days: &[&str], above: &str, account: &str, region: &str, hive: bool, hourly: bool) -> Vec<String> {
    let times = days.iter().flat_map(|day| (0..288).map(move |i| format!("{day}T{:02}{:02}Z", i / 12, i % 12 * 5)));
    times.map(|time| key(above, account, region, &time, hive, hourly)).collect()
}

const LAYOUTS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];
const ME: &str = "123456789012";
const OTHER: &str = "999988887777";

#[test]
fn every_layout_gives_the_files_of_the_window_and_a_little_more() {
    let window = window("2026-10-05T10:00:00Z", "2026-10-05T12:00:00Z");
    for (hive, hourly) in LAYOUTS {
        let days = ["20261004", "20261005", "20261006"];
        let keys = files(&days, "logs/", ME, "us-east-1", hive, hourly);
        let done = run(&keys, &Search::new("logs/", &[window]));
        // From 09:45 to 12:30, both included.
        let expected: BTreeSet<_> = keys
            .iter()
            .filter(|key| {
                let time = key.rsplit('_').nth(1).unwrap();
                ("20261005T0945Z"..="20261005T1230Z").contains(&time)
            })
            .cloned()
            .collect();
        assert_eq!(expected.len(), 34);
        assert_eq!(done.found, expected, "hive {hive}, hourly {hourly}");
        assert!(done.listed.iter().all(|prefix| !prefix.contains("04/") && !prefix.contains("06/")), "{done:?}");
        let hours = if hourly { 4 } else { 0 };
        assert_eq!(done.listed.len(), 3 + hours, "{done:?}");
    }
}

#[test]
fn a_window_at_the_edge_of_a_day_month_or_year_reaches_over_it() {
    for (hive, hourly) in LAYOUTS {
        let keys = files(&["20261231", "20270101"], "", ME, "us-east-1", hive, hourly);
        let before = run(&keys, &Search::new("", &[window("2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z")]));
        let late = key("", ME, "us-east-1", "20270101T0030Z", hive, hourly);
        assert!(before.found.contains(&late) && before.found.len() == 3 + 12 + 7, "{before:?}");
        let after = run(&keys, &Search::new("", &[window("2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z")]));
        let early = key("", ME, "us-east-1", "20261231T2345Z", hive, hourly);
        assert!(after.found.contains(&early) && after.found.len() == 3 + 12 + 7, "{after:?}");
    }
}

#[test]
fn whole_days_are_listed_whole_and_those_at_the_edges_by_the_hour() {
    let keys = files(&["20261004", "20261005", "20261006"], "", ME, "us-east-1", false, true);
    let done = run(&keys, &Search::new("", &[window("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z")]));
    let base = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/10/";
    let days: Vec<_> = done.listed.iter().filter_map(|prefix| prefix.strip_prefix(base)).collect();
    assert_eq!(days, ["04/", "04/23/", "05/", "06/", "06/00/"]);
    assert_eq!(done.found.len(), 3 + 288 + 7);
}

#[test]
fn apart_windows_do_not_read_what_is_between_them() {
    let windows = [
        window("2026-10-05T02:00:00Z", "2026-10-05T03:00:00Z"),
        window("2026-10-05T20:00:00Z", "2026-10-05T21:00:00Z"),
        window("2026-10-07T20:00:00Z", "2026-10-07T21:00:00Z"),
    ];
    let keys = files(&["20261005", "20261006", "20261007"], "", ME, "us-east-1", false, true);
    let search = Search::new("", &windows);
    let done = run(&keys, &search);
    assert_eq!(done.found.len(), 3 * (3 + 12 + 7));
    assert!(done.listed.iter().all(|prefix| !prefix.contains("10/06/")), "{done:?}");
    assert_eq!(search.days_touched(), ["2026/10/05", "2026/10/07"]);
}

#[test]
fn a_prefix_may_end_anywhere() {
    let window = window("2026-10-05T10:00:00Z", "2026-10-05T12:00:00Z");
    let keys: Vec<_> = [(ME, "us-east-1"), (ME, "eu-west-1"), (OTHER, "us-east-1")]
        .iter()
        .flat_map(|(account, region)| files(&["20261005"], "logs/", account, region, false, true))
        .collect();
    let found = |prefix: &str| run(&keys, &Search::new(prefix, &[window])).found.len();
    for (prefix, files) in [
        ("", 3 * 34),
        ("l", 3 * 34),
        ("logs", 3 * 34),
        ("logs/", 3 * 34),
        ("logs/AWS", 3 * 34),
        ("logs/AWSLogs", 3 * 34),
        ("logs/AWSLogs/", 3 * 34),
        ("logs/AWSLogs/12", 2 * 34),
        ("logs/AWSLogs/123456789012", 2 * 34),
        ("logs/AWSLogs/123456789012/", 2 * 34),
        ("logs/AWSLogs/123456789012/vpc", 2 * 34),
        ("logs/AWSLogs/123456789012/vpcflowlogs/", 2 * 34),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us", 34),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/", 34),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026", 34),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/10/0", 34),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/10/05/", 34),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/10/05/10/", 12),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/10/05/1", 31),
        ("logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/10/04/", 0),
        ("logs/AWSLogs/123456789012/CloudTrail/", 0),
        ("elsewhere/", 0),
    ] {
        assert_eq!(found(prefix), files, "{prefix}");
    }
}

#[test]
fn what_lies_beside_the_days_is_not_listed() {
    let window = window("2026-10-05T10:00:00Z", "2026-10-05T12:00:00Z");
    let mut keys = files(&["20261005"], "", ME, "us-east-1", false, false);
    let others: Vec<_> = (0..5_000)
        .flat_map(|i| {
            [
                format!("backup-{i}.tar"),
                format!("AWSLogs/{ME}/CloudTrail/us-east-1/{i}.json.gz"),
                format!("AWSLogs/{ME}/vpcflowlogs/us-east-1/{i}.log.gz"),
                format!("AWSLogs/{ME}/vpcflowlogs/us-east-1/2026/{i}.log.gz"),
                format!("AWSLogs/{ME}/vpcflowlogs/us-east-1/2026/10/{i}.log.gz"),
            ]
        })
        .collect();
    keys.extend(others);
    let done = run(&keys, &Search::new("", &[window]));
    assert_eq!(done.found.len(), 34);
    assert_eq!(
        done.listed,
        ["AWSLogs/", "AWSLogs/123456789012/vpcflowlogs/", "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/10/05/"]
    );
}

#[test]
fn a_folder_is_preferred_to_others_that_begin_alike() {
    let window = window("2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z");
    let mut keys = files(&["20261005"], "team/vpc/", ME, "us-east-1", false, false);
    keys.extend(files(&["20261005"], "team-b/vpc/", ME, "us-east-1", false, false));
    assert_eq!(run(&keys, &Search::new("team", &[window])).found.len(), 22);
    assert_eq!(run(&keys, &Search::new("team/", &[window])).found.len(), 22);
    assert_eq!(run(&keys, &Search::new("tea", &[window])).found.len(), 44);
}

#[test]
fn without_the_layout_names_decide() {
    let window = window("2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z");
    let name = |time: &str| format!("copied/{ME}_vpcflowlogs_us-east-1_fl-1_{time}_a.log.parquet");
    let keys = [
        name("20261005T1000Z"),
        name("20261004T1000Z"),
        "copied/october.log.gz".to_owned(),
        "copied/README.md".to_owned(),
        "copied/".to_owned(),
    ];
    let done = run(&keys, &Search::new("copied/", &[window]));
    assert_eq!(done.found, BTreeSet::from([keys[0].clone(), keys[2].clone()]));
}

#[test]
fn names_that_are_no_times_are_read_whatever_they_are() {
    let search = Search::new("", &[window("2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z")]);
    let wants = |time: &str| search.wants(&format!("{ME}_vpcflowlogs_us-east-1_fl-1_{time}_a.log.gz"));
    assert!(wants("20261005T1000Z") && !wants("20261005T0944Z") && wants("20261005T0945Z"));
    assert!(wants("20261005T1130Z") && !wants("20261005T1131Z"));
    // Daylight saving time is nobody's business: 02:30 of that day is an instant like any other.
    assert!(!wants("20260329T0230Z"));
    assert!(wants("yesterday") && wants("20261399T9999Z"));
    assert!(!search.wants("x/_SUCCESS") && !search.wants("x/2026/"));
}
