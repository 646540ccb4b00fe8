//! Sums of records that another engine made where the flow logs are: the same result as from the records themselves,
//! by the same owners, names, places and choice between several flow logs.

use std::net::IpAddr;

use super::counter::{Counter, Rules, Status};
use super::disputes::Disputes;
use super::gateways::Gateways;
pub use super::leg::Direction;
use super::tally::Slot;
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

/// Attributes sums.
#[must_use]
pub fn attribute_sums(sums: impl IntoIterator<Item = Sum>, watch: &Watch, options: &Options<'_>) -> Traffic {
    let gateways = Gateways::new(watch, options.names);
    let rules = Rules::new(gateways, options.book, options.names, options.window, options.sample);
    let limits = Limits::default();
    let mut counter = Counter::new(&rules, limits);
    let mut logs = vec![None];
    for sum in sums {
        let log = logs.iter().position(|log| *log == sum.flow_log).unwrap_or_else(|| {
            logs.push(sum.flow_log.clone());
            logs.len() - 1
        });
        let id = sum.nat.as_bytes();
        let learned = || rules.gateways.learn.then(|| rules.gateways.learn(id, id.starts_with(b"nat-"))).flatten();
        let gateway = rules.gateways.of_interface(id).or_else(|| rules.gateways.of_resource(id)).or_else(learned);
        counter.sum(gateway.map(|gateway| Slot { gateway, log: u32::try_from(log).unwrap_or(0) }), &sum);
    }
    let mut tally = counter.done(limits);
    let disputes = Disputes::new(&tally, &logs);
    tally.trim(limits.entries, false, |client, slot| rules.place_of(client, slot));
    disputes.settle(&mut tally);
    let mut traffic = finish::finish(&rules, &logs, tally);
    traffic.window = options.window;
    traffic.sample = options.sample.cloned();
    traffic
}

impl Counter<'_> {
    fn sum(&mut self, slot: Option<Slot>, sum: &Sum) {
        let Sum { of, hour, bytes, records, .. } = sum;
        let (of, bytes, records) = (*of, *bytes, *records);
        let statistics = &mut self.tally.statistics;
        if !matches!(of, SumOf::Hour { .. }) {
            statistics.records = statistics.records.saturating_add(records);
        }
        match (of, slot) {
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
