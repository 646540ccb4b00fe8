//! Which of several flow logs over one gateway counts: each would count the same bytes once more.

#![expect(clippy::iter_over_hash_type, reason = "what is found does not depend on the order of what is looked at")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::tally::{NO_HOUR, Slot, Tally, What};

/// Hours of a gateway that several flow logs recorded.
pub(super) struct Disputes {
    pub(super) winners: HashMap<(u32, u32), u32>,
    /// Whether a flow log loses some of what it has of a gateway, but not all.
    partial: bool,
}

impl Disputes {
    pub(super) fn new(tally: &Tally, logs: &[Option<String>]) -> Self {
        let mut found = Self { winners: HashMap::new(), partial: false };
        if logs.len() == 1 {
            return found;
        }
        // What each flow log has of each gateway: hours, and how good it is.
        let mut by_gateway = BTreeMap::<u32, BTreeMap<u32, (BTreeSet<u32>, (bool, u64))>>::new();
        for ((slot, hour), sum) in &tally.hourly.hours {
            let (hours, (both, bytes)) = by_gateway.entry(slot.gateway).or_default().entry(slot.log).or_default();
            hours.insert(*hour);
            *both |= sum.both;
            *bytes = bytes.saturating_add(sum.bytes);
        }
        for (gateway, logs) in by_gateway {
            let mut order: Vec<_> = logs.iter().collect();
            // The best one first: who tells both ends, then who has most; the name decides between equals.
            order.sort_by_key(|(log, (_, quality))| (std::cmp::Reverse(*quality), **log));
            let Some((best, _)) = order.first().copied() else { continue };
            let mut taken = BTreeMap::<u32, u32>::new();
            let mut disputed = false;
            for (log, (hours, _)) in order {
                // What does not tell its hour may be of any.
                let at_any_time = *log != *best && (hours.contains(&NO_HOUR) || taken.contains_key(&NO_HOUR));
                let taken_already = || hours.iter().filter(|hour| taken.contains_key(hour)).count();
                let lost = if at_any_time { hours.len() } else { taken_already() };
                disputed |= lost > 0;
                found.partial |= lost > 0 && lost < hours.len();
                for hour in hours {
                    taken.entry(*hour).or_insert(if at_any_time { *best } else { *log });
                }
            }
            if disputed {
                found.winners.extend(taken.into_iter().map(|(hour, log)| ((gateway, hour), log)));
            }
        }
        found
    }

    pub(super) fn need_another_pass(&self) -> bool {
        self.partial
    }

    /// Leaves out the flow logs that lost everything, or (where a second pass is not possible) anything.
    pub(super) fn settle(self, tally: &mut Tally) {
        let lost = |slot: &Slot, hour: u32| self.winners.get(&(slot.gateway, hour)).is_some_and(|log| *log != slot.log);
        let out: BTreeSet<Slot> =
            tally.hourly.hours.keys().filter(|(slot, hour)| lost(slot, *hour)).map(|(slot, _)| *slot).collect();
        let entries = tally.entries.iter().map(|((_, slot, what), volume)| (slot, what, volume));
        let rest = tally.rest.iter().map(|((_, slot, what), volume)| (slot, what, volume));
        let mut records = BTreeMap::<(Slot, bool), u64>::new();
        for (slot, what, volume) in entries.chain(rest).filter(|(slot, ..)| out.contains(slot)) {
            let was_counted = *what != What::UNKNOWN;
            *records.entry((*slot, was_counted)).or_default() += volume.upload_records + volume.download_records;
        }
        tally.entries.retain(|(_, slot, _), _| !out.contains(slot));
        tally.rest.retain(|(_, slot, _), _| !out.contains(slot));
        tally.hourly.retain(|slot| !out.contains(slot));
        for ((slot, was_counted), count) in records {
            let statistics = &mut tally.statistics;
            let was = if was_counted { &mut statistics.counted } else { &mut statistics.other_legs };
            *was -= count;
            statistics.duplicates += count;
            *tally.duplicates.entry(slot).or_default() += count;
        }
    }
}
