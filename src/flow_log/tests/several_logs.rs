//! Several flow logs over one gateway: each byte once, and what was left out is told.

use super::super::tally::{Slot, Tally};
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
