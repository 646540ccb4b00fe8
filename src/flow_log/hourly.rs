//! Bytes by hour, and by hour and what they were for, in bounded memory.
//!
//! The hours themselves are exact. What an hour's bytes were for is exact for single hours while all gateways' cells
//! fit; when they do not, for two hours together, then four, and so on. How many is decided by the number of cells
//! alone, which no split of the input into files or threads changes: a part never has more of them than the whole.

#![expect(clippy::iter_over_hash_type, reason = "sums do not depend on the order of what is added")]

use foldhash::HashMap;

use super::tally::{NO_HOUR, Slot, What};
use crate::model::Bytes;

/// Hours that are kept apart, at the most, of all gateways and flow logs: a month of some 700. Later ones are one.
const MOST_HOURS: usize = 1 << 19;

/// Cells of an hour, gateway and service, at the most: what a hash table of 8 MB holds. A month of 30 gateways with ten
/// services in each hour.
pub(super) const MOST_CELLS: usize = (1 << 18) / 8 * 7;

/// No hour until 9999 is beyond one stretch of so many doublings.
const MOST_DOUBLINGS: u32 = 27;

/// Cells that were added to last: a power of two.
const RECENT: usize = 256;

/// What one gateway has in one flow log and hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct HourSum {
    pub(super) bytes: Bytes,
    /// Whether records told both ends.
    pub(super) both: bool,
}

/// The sums.
#[derive(Debug)]
pub(super) struct Hourly {
    pub(super) hours: HashMap<(Slot, u32), HourSum>,
    /// By the first hour of a stretch.
    pub(super) cells: HashMap<Key, Bytes>,
    /// A stretch is this power of two in hours.
    doublings: u32,
    most_cells: usize,
    /// Records of one hour follow each other, and few services are in turn in it.
    recent: Box<[Option<(Key, HourSum)>; RECENT]>,
}

/// A gateway's hour, what bytes of it were for and, where that is told, the place of their clients.
pub(super) type Key = (Slot, u32, What, Option<u32>);

impl Hourly {
    /// Nothing yet.
    pub(super) fn new(most_cells: usize) -> Self {
        Self {
            hours: HashMap::default(),
            cells: HashMap::default(),
            doublings: 0,
            most_cells,
            recent: Box::new([None; RECENT]),
        }
    }

    /// Hours that the cells take together.
    pub(super) fn stretch(&self) -> u32 {
        1 << self.doublings
    }

    /// Adds bytes of an hour.
    pub(super) fn add(&mut self, key: Key, bytes: Bytes, both: bool) {
        let Some(recent) = self.recent.get_mut(place(key)) else { return };
        let sum = match recent {
            Some((held, sum)) if *held == key => sum,
            _ => {
                let before = recent.replace((key, HourSum { bytes, both }));
                return self.keep(before);
            }
        };
        sum.bytes = sum.bytes.saturating_add(bytes);
        sum.both |= both;
    }

    #[inline(never)]
    fn keep(&mut self, sum: Option<(Key, HourSum)>) {
        let Some((key, sum)) = sum else { return };
        let (slot, hour, ..) = key;
        self.add_hour(slot, hour, sum.bytes, sum.both);
        self.put(key, sum.bytes);
    }

    /// Adds bytes of an hour that nothing more is known of.
    pub(super) fn add_hour(&mut self, slot: Slot, hour: u32, bytes: Bytes, both: bool) {
        let key = (slot, hour);
        let full = self.hours.len() >= MOST_HOURS && !self.hours.contains_key(&key);
        let kept = self.hours.entry(if full { (slot, NO_HOUR) } else { key }).or_default();
        kept.bytes = kept.bytes.saturating_add(bytes);
        kept.both |= both;
    }

    fn put(&mut self, (slot, hour, what, place): Key, bytes: Bytes) {
        // Records that tell a client, but not what it reached, have none.
        if bytes > 0 {
            let cell = self.cells.entry((slot, self.first_of(hour), what, place)).or_default();
            *cell = cell.saturating_add(bytes);
            while self.cells.len() > self.most_cells && self.doublings < MOST_DOUBLINGS {
                self.widen(self.doublings + 1);
            }
        }
    }

    /// The first hour of a stretch.
    fn first_of(&self, hour: u32) -> u32 {
        if hour == NO_HOUR { NO_HOUR } else { hour >> self.doublings << self.doublings }
    }

    fn widen(&mut self, doublings: u32) {
        if doublings > self.doublings {
            self.doublings = doublings;
            for ((slot, hour, what, place), bytes) in std::mem::take(&mut self.cells) {
                let cell = self.cells.entry((slot, self.first_of(hour), what, place)).or_default();
                *cell = cell.saturating_add(bytes);
            }
        }
    }

    /// Forgets what some flow logs have of some gateways.
    pub(super) fn retain(&mut self, keep: impl Fn(&Slot) -> bool) {
        self.hours.retain(|(slot, _), _| keep(slot));
        self.cells.retain(|(slot, ..), _| keep(slot));
    }

    /// Puts another thread's sums to these.
    pub(super) fn merge(&mut self, mut other: Self) {
        for index in 0..RECENT {
            let sum = other.recent.get_mut(index).and_then(Option::take);
            other.keep(sum);
        }
        for (key, sum) in other.hours {
            let mine = self.hours.entry(key).or_default();
            mine.bytes = mine.bytes.saturating_add(sum.bytes);
            mine.both |= sum.both;
        }
        self.widen(other.doublings);
        for (key, bytes) in other.cells {
            self.put(key, bytes);
        }
    }
}

/// Where a cell is among the recent ones.
fn place((slot, hour, what, place): Key) -> usize {
    let word = u64::from(place.unwrap_or(0)).rotate_left(40)
        ^ what.0
        ^ u64::from(slot.gateway).rotate_left(20)
        ^ u64::from(slot.log).rotate_left(52);
    let mixed = (word ^ u64::from(hour).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> (u64::BITS - RECENT.ilog2())).unwrap_or(0)
}

#[cfg(test)]
mod tests;
