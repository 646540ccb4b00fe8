//! Sums of records that another engine made where the flow logs are: the same result as from the records themselves,
//! by the same owners, names, places and choice between several flow logs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::counter::{Counter, Rules, Status};
use super::disputes::Disputes;
use super::gateways::Gateways;
pub use super::leg::Direction;
use super::tally::{NO_HOUR, Slot, Tally};
use super::watch::Watch;
use super::{Limits, Options, finish};
use crate::model::Bytes;
use crate::traffic::Traffic;

/// What an engine summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The interface (`eni-…`), or a regional gateway's id (`nat-…`).
    pub nat: String,
    /// The flow log (`fl-…`) that wrote the records, where the engine can tell.
    pub flow_log: Option<String>,
    /// What the records are of.
    pub of: SumOf,
    /// The hour since 1970-01-01T00:00Z, where the engine tells hours apart.
    pub hour: Option<u32>,
    /// Their bytes in the window.
    pub bytes: Bytes,
    /// How many there are; those of several hours in the first one.
    pub records: u64,
}

/// What records are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumOf {
    /// Payload bytes, each once: by the remote address and, where the records tell both, the client. Without a remote
    /// address the bytes are counted by others.
    Flow {
        /// Which way.
        direction: Direction,
        /// Whose.
        client: Option<IpAddr>,
        /// With whom.
        remote: Option<IpAddr>,
    },
    /// All flows of an hour, where the flows themselves come without hours.
    Hour {
        /// Whether records told both ends.
        both: bool,
    },
    /// The same bytes once more, on the gateway's other side.
    OtherLeg,
    /// `REJECT`.
    Rejected,
    /// `NODATA`.
    NoData,
    /// `SKIPDATA`.
    SkipData,
    /// Not a record.
    Malformed,
    /// Of the gateway, but not of the window.
    OutsideWindow,
    /// Of interfaces that are no gateway.
    OtherInterfaces,
}

/// Attributes sums. Where two flow logs share some hours of a gateway, but not all, it takes sums that tell their hours
/// to leave out one of them there only.
#[must_use]
pub fn attribute_sums(sums: impl IntoIterator<Item = Sum>, watch: &Watch, options: &Options<'_>) -> Traffic {
    let sums: Vec<Sum> = sums.into_iter().collect();
    let gateways = Gateways::new(watch, options.names);
    let mut rules = Rules::new(gateways, options.book, options.names, options.window, options.sample);
    let limits = Limits::default();
    let (mut tally, logs) = count(&sums, &rules, limits);
    let disputes = Disputes::new(&tally, &logs);
    let tell_hours = sums.iter().all(|sum| sum.hour.is_some() || !matches!(sum.of, SumOf::Flow { .. }));
    if disputes.need_another_pass() && tell_hours {
        rules.winners = disputes.winners;
        (tally, _) = count(&sums, &rules, limits);
        tally.trim(limits.entries, false, |client, slot| rules.place_of(client, slot));
    } else {
        tally.trim(limits.entries, false, |client, slot| rules.place_of(client, slot));
        disputes.settle(&mut tally);
    }
    let mut traffic = finish::finish(&rules, &logs, tally);
    traffic.window = options.window;
    traffic.sample = options.sample.cloned();
    traffic
}

/// Whether flow logs share some hours of a gateway, but not all, so that sums by hour would tell more.
#[must_use]
pub fn overlap_in_part(sums: &[Sum]) -> bool {
    let mut hours = BTreeMap::<&str, BTreeMap<Option<&str>, BTreeSet<u32>>>::new();
    for sum in sums.iter().filter(|sum| matches!(sum.of, SumOf::Hour { .. })) {
        hours.entry(&sum.nat).or_default().entry(sum.flow_log.as_deref()).or_default().extend(sum.hour);
    }
    hours.values().any(|logs| {
        let logs: Vec<_> = logs.values().collect();
        let pairs =
            logs.iter().enumerate().flat_map(|(index, one)| logs.iter().skip(index + 1).map(move |other| (one, other)));
        pairs.into_iter().any(|(one, other)| one != other && !one.is_disjoint(other))
    })
}

fn count(sums: &[Sum], rules: &Rules<'_>, limits: Limits) -> (Tally, Vec<Option<String>>) {
    let mut counter = Counter::new(rules, limits);
    let mut logs = vec![None];
    for sum in sums {
        let log = logs.iter().position(|log| *log == sum.flow_log).unwrap_or_else(|| {
            logs.push(sum.flow_log.clone());
            logs.len() - 1
        });
        let id = sum.nat.as_bytes();
        let learned = || rules.gateways.learn.then(|| rules.gateways.learn(id, id.starts_with(b"nat-"))).flatten();
        let gateway = rules.gateways.of_interface(id).or_else(|| rules.gateways.of_resource(id)).or_else(learned);
        counter.sum(gateway.map(|gateway| Slot { gateway, log: u32::try_from(log).unwrap_or(0) }), sum);
    }
    (counter.done(limits), logs)
}

impl Counter<'_> {
    fn sum(&mut self, slot: Option<Slot>, sum: &Sum) {
        let Sum { of, hour, bytes, records, .. } = sum;
        let (of, bytes, records) = (*of, *bytes, *records);
        let statistics = &mut self.tally.statistics;
        if !matches!(of, SumOf::Hour { .. }) {
            statistics.records = statistics.records.saturating_add(records);
        }
        let lost = |slot: Slot| {
            let winner = self.rules.winners.get(&(slot.gateway, hour.unwrap_or(NO_HOUR)));
            winner.is_some_and(|winner| *winner != slot.log)
        };
        match (of, slot) {
            (SumOf::Hour { .. }, Some(slot)) if lost(slot) => {}
            (SumOf::Flow { .. }, Some(slot)) if lost(slot) => {
                statistics.duplicates += records;
                *self.tally.duplicates.entry(slot).or_default() += records;
            }
            (SumOf::Malformed, _) => statistics.malformed += records,
            (SumOf::OtherInterfaces, _) | (_, None) => {
                statistics.other_interfaces += if matches!(of, SumOf::Hour { .. }) { 0 } else { records };
            }
            (SumOf::OtherLeg, _) => statistics.other_legs += records,
            (SumOf::OutsideWindow, _) => statistics.outside_window += records,
            (SumOf::Rejected, Some(slot)) => self.without_bytes(slot, Status::Rejected, records),
            (SumOf::NoData, Some(slot)) => self.without_bytes(slot, Status::NoData, records),
            (SumOf::SkipData, Some(slot)) => self.without_bytes(slot, Status::SkipData, records),
            (SumOf::Hour { both }, Some(slot)) => {
                if let Some(hour) = *hour {
                    self.tally.hourly.add_hour(slot, hour, bytes, both);
                }
            }
            (SumOf::Flow { direction, client, remote }, Some(slot)) => {
                self.flow(slot, direction, (client, remote), *hour, (bytes, records));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_logs_overlap_in_part_where_only_some_of_their_hours_are_the_same() {
        let hour = |nat: &str, log: &str, hour| Sum {
            nat: nat.to_owned(),
            flow_log: Some(log.to_owned()),
            of: SumOf::Hour { both: true },
            hour: Some(hour),
            bytes: 1,
            records: 1,
        };
        let overlap = |hours: &[(&str, &str, u32)]| {
            overlap_in_part(&hours.iter().map(|(nat, log, number)| hour(nat, log, *number)).collect::<Vec<_>>())
        };
        assert!(!overlap(&[("eni-1", "fl-1", 1), ("eni-1", "fl-1", 2)]));
        assert!(!overlap(&[("eni-1", "fl-1", 1), ("eni-1", "fl-2", 2)]));
        assert!(!overlap(&[("eni-1", "fl-1", 1), ("eni-1", "fl-2", 1), ("eni-2", "fl-1", 2)]));
        assert!(overlap(&[("eni-1", "fl-1", 1), ("eni-1", "fl-2", 1), ("eni-1", "fl-2", 2)]));
    }
}
