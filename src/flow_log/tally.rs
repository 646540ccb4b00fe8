//! Sums in the making: bytes by gateway, flow log, client and service; and by hour and service. One for each thread, put
//! together at the end, so that no split into files or threads can change a figure.

#![expect(clippy::iter_over_hash_type, reason = "sums do not depend on the order of what is added")]

use std::net::IpAddr;

use foldhash::HashMap;

use super::Limits;
use super::blocks::number;
use super::hourly::Hourly;
use crate::traffic::{Statistics, Volume};

/// Sums of a client and service that are kept apart, at the most. What is beyond is kept by the client's subnet.
pub(super) const MOST_ENTRIES: usize = 98_304;

/// The hour of records that do not tell when they were.
pub(super) const NO_HOUR: u32 = u32::MAX;

/// Entries that were added to last: a power of two.
const RECENT: usize = 4096;

/// Interfaces of which it is not known whether they are gateways, at the most.
const MOST_UNSURE: usize = 1 << 17;

/// What bytes are for: an address's owner, and the names that DNS has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct What(pub(super) u64);

impl What {
    /// Of records that tell a client, but not what it reached.
    pub(super) const UNKNOWN: Self = Self(u64::MAX);
}

/// A gateway in one flow log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot {
    pub(super) gateway: u32,
    pub(super) log: u32,
}

/// A client's address as a number; [`NOBODY`] for records that do not tell it.
pub(super) type Client = u128;
pub(super) const NOBODY: Client = u128::MAX;

pub(super) type Entry = (Client, Slot, What);

/// What no record is of.
const NOTHING: Entry = (NOBODY, Slot { gateway: u32::MAX, log: u32::MAX }, What::UNKNOWN);

/// What becomes of a record without data, if its interface is a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fate {
    NoData,
    SkipData,
    Malformed,
}

/// The sums.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) statistics: Statistics,
    pub(super) entries: HashMap<Entry, Volume>,
    /// Most records are of few clients and services in turn, which are found here without a search.
    recent: Box<[(Entry, Volume)]>,
    /// What was too much for `entries`, by the client's place.
    pub(super) rest: HashMap<(Option<u32>, Slot, What), Volume>,
    pub(super) hourly: Hourly,
    pub(super) skipdata: HashMap<Slot, u64>,
    pub(super) duplicates: HashMap<Slot, u64>,
    /// Records that do not say whether their interface is a gateway, by interface and flow log.
    unsure: HashMap<(Box<[u8]>, u32, Fate), u64>,
    /// Twice as many of `entries` are too much.
    most_entries: usize,
    /// Clients with a hash from here on are in `rest`.
    threshold: Option<u64>,
}

/// What decides which clients are kept: the same for every split of the input, and unrelated to their addresses.
fn hash(client: Client) -> u64 {
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 29)
    };
    let low = u64::try_from(client & u128::from(u64::MAX)).unwrap_or(0);
    let high = u64::try_from(client >> 64).unwrap_or(0);
    mix(mix(mix(0x517c_c1b7_2722_0a95, high), low), 0xff51_afd7_ed55_8ccd)
}

impl Tally {
    /// Nothing yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            statistics: Statistics::default(),
            entries: HashMap::default(),
            recent: vec![(NOTHING, Volume::default()); RECENT].into(),
            rest: HashMap::default(),
            hourly: Hourly::new(limits.cells),
            skipdata: HashMap::default(),
            duplicates: HashMap::default(),
            unsure: HashMap::default(),
            most_entries: limits.entries,
            threshold: None,
        }
    }

    /// Adds bytes of a client (none: not known) with something.
    pub(super) fn add(
        &mut self,
        slot: Slot,
        client: Option<IpAddr>,
        what: What,
        volume: Volume,
        place: impl Fn(IpAddr, Slot) -> Option<u32>,
    ) {
        let entry = (client.map_or(NOBODY, number), slot, what);
        let Some(recent) = self.recent.get_mut(recent_place(entry)) else { return };
        let (held, sum) = recent;
        if *held == entry {
            *sum += volume;
            return;
        }
        let (entry, volume) = std::mem::replace(recent, (entry, volume));
        if entry != NOTHING {
            self.keep(entry, volume, place);
        }
    }

    #[inline(never)]
    fn keep(&mut self, (client, slot, what): Entry, volume: Volume, place: impl Fn(IpAddr, Slot) -> Option<u32>) {
        if self.threshold.is_some_and(|threshold| client != NOBODY && hash(client) >= threshold) {
            *self.rest.entry((place(address(client), slot), slot, what)).or_default() += volume;
            return;
        }
        *self.entries.entry((client, slot, what)).or_default() += volume;
        if self.entries.len() >= 2 * self.most_entries {
            self.trim(self.most_entries, true, place);
        }
    }

    /// Moves the clients with the largest hashes to `rest` until so many entries are left: the whole does so at the end,
    /// and each thread on the way, but inclusively, so that none drops a client that the whole keeps.
    pub(super) fn trim(&mut self, most: usize, inclusive: bool, place: impl Fn(IpAddr, Slot) -> Option<u32>) {
        if self.entries.len() <= most {
            return;
        }
        let known = self.entries.keys().filter(|(client, ..)| *client != NOBODY);
        let mut hashes: Vec<u64> = known.map(|(client, ..)| hash(*client)).collect();
        if hashes.len() <= most {
            return;
        }
        let (_, threshold, _) = hashes.select_nth_unstable(most);
        let threshold = threshold.saturating_add(u64::from(inclusive));
        self.threshold = Some(threshold);
        let rest = &mut self.rest;
        self.entries.retain(|(client, slot, what), volume| {
            let keep = *client == NOBODY || hash(*client) < threshold;
            if !keep {
                *rest.entry((place(address(*client), *slot), *slot, *what)).or_default() += *volume;
            }
            keep
        });
    }

    /// Counts a record that does not say whether its interface is a gateway.
    pub(super) fn unsure(&mut self, interface: &[u8], log: u32, fate: Fate) {
        if self.unsure.len() < MOST_UNSURE && interface.len() <= 64 {
            *self.unsure.entry((interface.into(), log, fate)).or_default() += 1;
        } else {
            self.statistics.other_interfaces += 1;
        }
    }

    /// Decides what became of those, when every record was read.
    pub(super) fn decide(&mut self, gateway: impl Fn(&[u8]) -> Option<u32>) {
        for ((interface, log, fate), count) in std::mem::take(&mut self.unsure) {
            let Some(gateway) = gateway(&interface) else {
                self.statistics.other_interfaces += count;
                continue;
            };
            match fate {
                Fate::NoData => self.statistics.nodata += count,
                Fate::Malformed => self.statistics.malformed += count,
                Fate::SkipData => {
                    self.statistics.skipdata += count;
                    *self.skipdata.entry(Slot { gateway, log }).or_default() += count;
                }
            }
        }
    }

    /// Puts another thread's sums to these.
    pub(super) fn merge(&mut self, other: Self) {
        self.statistics += other.statistics;
        for (key, volume) in other.recent.into_iter().filter(|(key, _)| *key != NOTHING) {
            *self.entries.entry(key).or_default() += volume;
        }
        for (key, volume) in other.entries {
            *self.entries.entry(key).or_default() += volume;
        }
        for (key, volume) in other.rest {
            *self.rest.entry(key).or_default() += volume;
        }
        self.hourly.merge(other.hourly);
        for (key, count) in other.unsure {
            *self.unsure.entry(key).or_default() += count;
        }
        for (mine, theirs) in [(&mut self.skipdata, other.skipdata), (&mut self.duplicates, other.duplicates)] {
            for (key, count) in theirs {
                *mine.entry(key).or_default() += count;
            }
        }
    }
}

/// Where an entry is among the recent ones.
fn recent_place((client, slot, what): Entry) -> usize {
    let word = u64::try_from(client & u128::from(u64::MAX)).unwrap_or(0)
        ^ what.0.rotate_left(24)
        ^ u64::from(slot.gateway).rotate_left(48)
        ^ u64::from(slot.log).rotate_left(56);
    let mixed = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> (u64::BITS - RECENT.ilog2())).unwrap_or(0)
}

/// The address that a number is of.
pub(super) fn address(client: Client) -> IpAddr {
    IpAddr::V6(client.into()).to_canonical()
}
