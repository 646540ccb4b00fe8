//! Several flow logs over one gateway: each byte once, and what was left out is told.

use super::super::{Limits, attribute_within};
use super::*;

const FIVE: &str =
    "version account-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status\n";

/// Leg 1 of some bytes from a client, over a span of seconds since the first hour.
fn leg_1(client: &str, bytes: u64, from: u64, to: u64) -> String {
    let (start, end) = (START + from, START + to);
    format!("5 111122223333 {NAT} {client} 10.0.0.220 {client} 203.0.113.5 {bytes} {start} {end} ACCEPT OK\n")
}

/// The same from a client in the default format: its two legs.
fn plain_legs(client: &str, bytes: u64, minute: u64) -> String {
    sent(bytes, minute) + &sent(bytes, minute).replace("10.0.0.220 203.0.113.5", &format!("{client} 10.0.0.220"))
}

/// One flow log's file.
fn file(logs: &Logs, log: &str, text: String) {
    logs.add(&delivered(log, 1), text);
}

#[test]
fn the_one_that_tells_both_ends_counts() {
    let logs = Logs::new();
    file(&logs, "fl-a", format!("{V2}{}", plain_legs("10.0.1.5", 1_000, 0)));
    file(&logs, "fl-b", format!("{FIVE}{}", leg_1("10.0.1.5", 10, 0, 59)));
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), only(&traffic).clients.len()), (10, 1));
    assert_eq!(only(&traffic).flow_logs, [("fl-a".to_owned(), 2), ("fl-b".to_owned(), 0)].into());
    let Statistics { records, counted, other_legs, duplicates, .. } = traffic.statistics;
    assert_eq!((records, counted, other_legs, duplicates), (3, 1, 0, 2));
}

/// A record of bytes in two hours is counted where its flow log is, and left out where another one's is.
#[test]
fn a_record_across_hours_is_cut_where_another_log_begins() {
    let logs = Logs::new();
    // fl-a has hours 0 and 1; fl-b, which is better for having more, hour 1 only.
    file(
        &logs,
        "fl-a",
        format!("{FIVE}{}{}", leg_1("10.0.1.5", 600, 3_300, 3_899), leg_1("10.0.1.5", 60, 3_900, 3_959)),
    );
    file(&logs, "fl-b", format!("{FIVE}{}", leg_1("10.0.1.5", 9_000, 3_600, 3_959)));
    let traffic = logs.read();
    // 300 of 599 seconds' bytes, to the whole byte below.
    assert_eq!(only(&traffic).hours, [(FIRST_HOUR, 300), (FIRST_HOUR + 1, 9_000)].into());
    assert_eq!(bytes(&traffic), 9_300);
    assert_eq!((traffic.statistics.counted, traffic.statistics.duplicates), (2, 1));
    assert_eq!(only(&traffic).flow_logs, [("fl-a".to_owned(), 1), ("fl-b".to_owned(), 0)].into());
}

/// Clients without bytes that would be counted do not come from the log that is left out.
#[test]
fn the_log_that_is_left_out_adds_no_clients() {
    let logs = Logs::new();
    file(&logs, "fl-a", format!("{FIVE}{}{}", leg_1("10.0.1.5", 10, 0, 59), leg_1("10.0.1.5", 20, 3_600, 3_659)));
    // In hour 1 it has nothing but a client's leg.
    let late = sent(9, 60).replace("10.0.0.220 203.0.113.5", "10.0.1.9 10.0.0.220");
    file(&logs, "fl-b", format!("{V2}{}{late}{}", plain_legs("10.0.1.5", 1, 0), plain_legs("10.0.1.5", 40, 130)));
    let traffic = logs.read();
    assert_eq!(bytes(&traffic), 70);
    let clients: Vec<_> =
        only(&traffic).clients.iter().map(|client| (client.address.to_string(), client.volume.bytes())).collect();
    assert_eq!(clients, [("10.0.1.5".to_owned(), 40), ("10.0.1.5".to_owned(), 30)]);
    assert_eq!(traffic.statistics.records, fates(&traffic.statistics));
}

#[test]
fn a_log_without_times_may_be_of_any_time() {
    let timeless = format!("interface-id srcaddr dstaddr bytes\n{NAT} 10.0.0.220 203.0.113.5 7\n");
    for (timed, expected) in [(sent(10, 0), 10), (sent(1, 0), 7)] {
        let logs = Logs::new();
        file(&logs, "fl-a", timeless.clone());
        file(&logs, "fl-b", format!("{V2}{timed}"));
        let traffic = logs.read();
        assert_eq!((bytes(&traffic), traffic.statistics.counted, traffic.statistics.duplicates), (expected, 1, 1));
    }
}

/// Bounded memory is no reason to tell half of what a client had.
#[test]
fn kept_clients_are_whole_beside_a_log_that_is_left_out() {
    let client = |number: u64| format!("10.0.{}.{}", 1 + number / 200, number % 200);
    let book = AddressBook::default();
    for threads in [1, 3] {
        let logs = Logs::new();
        for part in 0..6 {
            let text: String = (0..40).map(|number| leg_1(&client(part % 2 * 40 + number), 10, 0, 59)).collect();
            logs.add(&delivered("fl-a", usize::try_from(part).unwrap()), format!("{FIVE}{text}"));
            let text: String = (0..40).map(|number| leg_1(&client(number), 1, 0, 59)).collect();
            logs.add(&delivered("fl-b", usize::try_from(part).unwrap()), format!("{FIVE}{text}"));
        }
        let options = Options { threads, ..options(&book) };
        let limits = Limits { entries: 20, ..Limits::default() };
        let traffic = attribute_within((&[logs.0.path().to_owned()]).into(), &watch(), &options, limits).unwrap();
        let gateway = only(&traffic);
        assert_eq!(bytes(&traffic), 2_400);
        assert!(gateway.clients.iter().all(|client| client.volume.bytes() == 30), "{:?}", gateway.clients);
        let known: u64 = gateway.clients.iter().map(|client| client.volume.bytes()).sum();
        assert_eq!(known + gateway.other_clients.bytes(), 2_400);
    }
}

/// A configured format is not taken for that of another flow log, whose own is of no use.
#[test]
fn the_only_format_is_the_only_one() {
    let log = |id: &str, format: &str| crate::model::FlowLog {
        flow_log_id: id.into(),
        resource_id: "vpc-1".to_owned(),
        traffic_type: None,
        log_destination_type: None,
        log_destination: None,
        log_group_name: None,
        log_format: Some(format.to_owned()),
        file_format: None,
        hive_compatible_partitions: false,
        per_hour_partition: false,
        max_aggregation_interval: None,
        deliver_logs_status: None,
    };
    let useful = log("fl-a", "${interface-id} ${srcaddr} ${dstaddr} ${bytes}");
    let useless = log("fl-b", "${interface-id} ${srcaddr} ${dstaddr} ${packets}");
    let line = format!("{NAT} 10.0.0.220 203.0.113.5 7\n");
    let logs = Logs::new();
    logs.add("000000.log", &line);
    let book = AddressBook::default();
    let with = |flow_logs: &[&_]| {
        let options = Options { flow_logs, ..options(&book) };
        let traffic = attribute(&[logs.0.path().to_owned()], &watch(), &options).unwrap();
        (bytes(&traffic), traffic.faults.len())
    };
    assert_eq!(with(&[&useful]), (7, 0));
    assert_eq!(with(&[&useful, &useless]), (0, 1));
    assert_eq!(with(&[&useless, &useful]), (0, 1));
    assert_eq!(with(&[&useless]), (0, 1));
}

/// A second reading, which another log's loss of some hours makes necessary, finds what one would have found.
#[test]
fn clients_alone_are_of_their_hour_too() {
    let late = sent(9, 300).replace("10.0.0.220 203.0.113.5", "10.0.1.9 10.0.0.220");
    for other_hours in ["", &leg_1("10.0.1.5", 1, 7_200, 7_259)] {
        let logs = Logs::new();
        file(&logs, "fl-a", format!("{FIVE}{}", leg_1("10.0.1.5", 10, 0, 59)));
        file(&logs, "fl-b", format!("{FIVE}{}{other_hours}", leg_1("10.0.1.5", 1, 0, 59)));
        file(&logs, "fl-c", format!("{V2}{}{late}", sent(5, 0)));
        let traffic = logs.read();
        assert_eq!(bytes(&traffic), 10 + u64::from(!other_hours.is_empty()));
        assert_eq!((only(&traffic).clients.len(), traffic.statistics.duplicates), (2, 2));
    }
}
