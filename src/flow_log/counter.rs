//! From a record to the sums: what happens to each record of a gateway, whatever kind of file it came from.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::Limits;
use super::gateways::{Gateways, Watched};
use super::leg::{Direction, Ends, Leg, leg};
use super::tally::{NO_HOUR, Slot, Tally, What};
use crate::address::{AddressBook, OwnerId, plain};
use crate::model::{Bytes, Service, Window};
use crate::resolver_log::{NameSetId, Names};
use crate::sample::Plan;
use crate::traffic::Volume;

const HOUR: u64 = 3600;

/// 9999-12-31T23:59:59Z: what comes later is no time.
const LAST_SECOND: u64 = 253_402_300_799;

/// Records tell of ten minutes at most. One that claims more than a day has a time that was cut off or made up, and its
/// bytes, spread over decades, would be in no window.
const LONGEST: u64 = 24 * HOUR;

/// What a record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It tells of accepted packets.
    Accepted,
    /// It tells of refused packets.
    Rejected,
    /// There was nothing to tell.
    NoData,
    /// Something was lost.
    SkipData,
}

/// What a record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) ends: Ends,
    pub(super) bytes: Bytes,
    /// First and last second since 1970; none where the format has no times.
    pub(super) span: Option<(u64, u64)>,
}

/// What all threads share.
#[derive(Debug)]
pub(super) struct Rules<'r> {
    pub(super) gateways: Gateways,
    pub(super) book: &'r AddressBook,
    pub(super) names: Option<&'r Names>,
    pub(super) window: Option<(u64, u64)>,
    /// Of gateways that several flow logs record, which of them counts in which hour.
    pub(super) winners: HashMap<(u32, u32), u32>,
    /// The hours that count, where only a sample is read; whose clients' places are then told by hour.
    pub(super) sample: Option<BTreeSet<u32>>,
    /// Owners whose addresses DNS may name.
    is_nameable: Vec<bool>,
}

impl<'r> Rules<'r> {
    pub(super) fn new(
        gateways: Gateways,
        book: &'r AddressBook,
        names: Option<&'r Names>,
        window: Option<Window>,
        sample: Option<&Plan>,
    ) -> Self {
        let second = |instant: jiff::Timestamp| u64::try_from(instant.as_second()).unwrap_or(0);
        let own = [Service::S3, Service::DYNAMODB, Service::INTERNET, Service::PRIVATE];
        Self {
            gateways,
            book,
            names,
            window: window.map(|window| (second(window.start()), second(window.end()))),
            winners: HashMap::new(),
            sample: sample.map(Plan::hours),
            is_nameable: book.owners().iter().map(|owner| !own.contains(&owner.service)).collect(),
        }
    }

    /// Calls something with the hours of a record that count of its flow log, and the bytes of each.
    fn hours(&self, slot: Slot, record: &Record, span: Option<&Span>, mut each: impl FnMut(u32, Bytes)) {
        let wins = |hour| self.winners.get(&(slot.gateway, hour)).is_none_or(|winner| *winner == slot.log);
        let mut each = |hour, part| {
            if (self.winners.is_empty() || wins(hour)) && self.is_sampled(hour) {
                each(hour, part);
            }
        };
        match span {
            Some(span) => span.by_hour(each),
            None => each(NO_HOUR, record.bytes),
        }
    }

    fn is_sampled(&self, hour: u32) -> bool {
        self.sample.as_ref().is_none_or(|hours| hours.contains(&hour))
    }

    /// Whether some of a record is in an hour that is read.
    fn is_read(&self, span: &Span) -> bool {
        let mut any = self.sample.is_none();
        if !any {
            span.by_hour(|hour, _| any |= self.is_sampled(hour));
        }
        any
    }

    /// Where a client of a gateway is, if that is to be told by hour.
    fn hourly_place(&self, client: Option<IpAddr>, slot: Slot) -> Option<u32> {
        self.sample.as_ref().and_then(|_| self.place_of(client?, slot))
    }

    /// Where a client of a gateway is.
    pub(super) fn place_of(&self, client: IpAddr, slot: Slot) -> Option<u32> {
        self.gateways.get(slot.gateway)?.place_of(client)
    }

    fn what(&self, gateway: &Watched, client: Option<IpAddr>, (remote, owner): (IpAddr, OwnerId), hour: u32) -> What {
        let name = self
            .names
            .filter(|_| self.is_nameable.get(owner.index()).copied().unwrap_or(false))
            .and_then(|names| names.of(gateway.vpc_of(client), remote, hour));
        What::new(owner, name)
    }
}

impl What {
    fn new(owner: OwnerId, name: Option<NameSetId>) -> Self {
        let name = name.map_or(0, |name| name.index() as u64 + 1);
        Self(owner.index() as u64 | name << 16)
    }

    /// The owner's number and, where DNS names the address, the number of its set of names.
    pub(super) fn parts(self) -> (usize, Option<usize>) {
        let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        (index(self.0 & 0xffff), index(self.0 >> 16).checked_sub(1))
    }
}

/// One thread's work.
#[derive(Debug)]
pub(super) struct Counter<'r> {
    pub(super) rules: &'r Rules<'r>,
    pub(super) tally: Tally,
    /// Whose the IPv4 addresses are that were asked for last.
    owners: Box<[(u32, OwnerId)]>,
}

/// Addresses whose owners are remembered: a power of two.
const REMEMBERED: usize = 4096;

impl<'r> Counter<'r> {
    pub(super) fn new(rules: &'r Rules<'r>, limits: Limits) -> Self {
        let owners = vec![(0, rules.book.owner_of_v4(0)); REMEMBERED].into();
        Self { rules, tally: Tally::new(limits), owners }
    }

    /// Counts records of a gateway that tell of no bytes.
    pub(super) fn without_bytes(&mut self, slot: Slot, status: Status, records: u64) {
        let statistics = &mut self.tally.statistics;
        match status {
            Status::Accepted => statistics.counted += records,
            Status::Rejected => statistics.rejected += records,
            Status::NoData => statistics.nodata += records,
            Status::SkipData => {
                statistics.skipdata += records;
                *self.tally.skipdata.entry(slot).or_default() += records;
            }
        }
    }

    /// Counts an accepted record of a gateway.
    pub(super) fn of_gateway(&mut self, slot: Slot, record: &Record) {
        let Some(gateway) = self.rules.gateways.get(slot.gateway) else { return };
        match leg(gateway, &record.ends) {
            Leg::Other => self.tally.statistics.other_legs += 1,
            Leg::Both(direction, client, remote) => {
                self.count(slot, gateway, record, direction, Some(client), Some(remote));
            }
            Leg::Remote(direction, remote) => self.count(slot, gateway, record, direction, None, Some(remote)),
            Leg::Client(direction, client) => self.count(slot, gateway, record, direction, Some(client), None),
        }
    }

    /// Counts an accepted record of a client's interface.
    pub(super) fn of_client(&mut self, log: u32, record: &Record, subnet: &[u8], vpc: &[u8]) {
        let Ends { source, destination, .. } = record.ends;
        let rules = self.rules;
        let Some(clients) = &rules.gateways.clients else { return };
        for (direction, client, remote) in
            [(Direction::Upload, source, destination), (Direction::Download, destination, source)]
        {
            if let Some(number) = clients.gateway(client, remote, subnet, vpc)
                && let Some(gateway) = rules.gateways.get(number)
            {
                let slot = Slot { gateway: number, log };
                self.count(slot, gateway, record, direction, Some(client), Some(remote));
                return;
            }
        }
        self.tally.statistics.other_interfaces += 1;
    }

    fn count(
        &mut self,
        slot: Slot,
        gateway: &Watched,
        record: &Record,
        direction: Direction,
        client: Option<IpAddr>,
        remote: Option<IpAddr>,
    ) {
        let rules = self.rules;
        let span = match record.span {
            None => None,
            Some((start, end)) if start <= end && end <= LAST_SECOND && end - start <= LONGEST => {
                Some(Span::new(record.bytes, start, end))
            }
            Some(_) => {
                self.tally.statistics.malformed += 1;
                return;
            }
        };
        let span = match (span, rules.window) {
            (Some(span), Some((from, to))) => {
                let Some(span) = span.cut(from, to) else {
                    self.tally.statistics.outside_window += 1;
                    return;
                };
                Some(span)
            }
            (span, _) => span,
        };
        let hour = span.as_ref().map_or(NO_HOUR, Span::hour);
        let what = match remote {
            Some(remote) => rules.what(gateway, client, (remote, self.owner_of(remote)), hour),
            None => What::UNKNOWN,
        };
        // Records of clients only count no bytes, but are as much of their hour as others.
        let (hourly, both) = (&mut self.tally.hourly, client.is_some() && remote.is_some());
        let place = rules.hourly_place(client, slot);
        let mut bytes = None;
        rules.hours(slot, record, span.as_ref(), |hour, part| {
            hourly.add((slot, hour, what, place), if remote.is_some() { part } else { 0 }, both);
            bytes = Some(bytes.unwrap_or(0) + part);
        });
        let statistics = &mut self.tally.statistics;
        match bytes {
            Some(bytes) => {
                *(if remote.is_some() { &mut statistics.counted } else { &mut statistics.other_legs }) += 1;
                let volume = volume(direction, bytes, 1);
                self.tally.add(slot, client, what, volume, |client, slot| rules.place_of(client, slot));
            }
            None if span.as_ref().is_some_and(|span| !rules.is_read(span)) => statistics.outside_window += 1,
            None => {
                statistics.duplicates += 1;
                *self.tally.duplicates.entry(slot).or_default() += 1;
            }
        }
    }

    /// Counts what another engine summed: records whose legs and part of the window are settled.
    pub(super) fn flow(
        &mut self,
        slot: Slot,
        direction: Direction,
        (client, remote): (Option<IpAddr>, Option<IpAddr>),
        hour: Option<u32>,
        (bytes, records): (Bytes, u64),
    ) {
        let rules = self.rules;
        let Some(gateway) = rules.gateways.get(slot.gateway) else { return };
        let remote = remote.map(plain);
        let what = if let Some(remote) = remote {
            self.tally.statistics.counted += records;
            rules.what(gateway, client, (remote, self.owner_of(remote)), hour.unwrap_or(NO_HOUR))
        } else {
            self.tally.statistics.other_legs += records;
            What::UNKNOWN
        };
        if let Some(hour) = hour {
            let both = client.is_some() && remote.is_some();
            let place = rules.hourly_place(client, slot);
            let share = if remote.is_some() { bytes } else { 0 };
            self.tally.hourly.add((slot, hour, what, place), share, both);
        }
        let volume = volume(direction, bytes, records);
        self.tally.add(slot, client, what, volume, |client, slot| rules.place_of(client, slot));
    }

    /// Whose an address is.
    fn owner_of(&mut self, address: IpAddr) -> OwnerId {
        let IpAddr::V4(v4) = address else { return self.rules.book.owner_of(address) };
        let (book, v4) = (self.rules.book, v4.to_bits());
        let place = v4.wrapping_mul(0x9e37_79b9) >> (u32::BITS - REMEMBERED.ilog2());
        let Some(remembered) = self.owners.get_mut(place as usize) else { return book.owner_of_v4(v4) };
        if remembered.0 != v4 {
            *remembered = (v4, book.owner_of_v4(v4));
        }
        remembered.1
    }

    /// The sums, those of the latest hours too.
    pub(super) fn done(self, limits: Limits) -> Tally {
        let mut whole = Tally::new(limits);
        whole.merge(self.tally);
        whole
    }
}

fn volume(direction: Direction, bytes: Bytes, records: u64) -> Volume {
    match direction {
        Direction::Upload => Volume { upload: bytes, upload_records: records, ..Volume::default() },
        Direction::Download => Volume { download: bytes, download_records: records, ..Volume::default() },
    }
}

/// Bytes spread evenly over the seconds from a first to a last one.
#[derive(Debug, Clone, Copy)]
struct Span {
    bytes: Bytes,
    start: u64,
    /// The first second after.
    end: u64,
    /// What is left of it in the window.
    from: u64,
    to: u64,
}

impl Span {
    fn new(bytes: Bytes, start: u64, end: u64) -> Self {
        // What starts and ends in one second was in that second.
        let end = end.max(start + 1);
        Self { bytes, start, end, from: start, to: end }
    }

    fn cut(self, from: u64, to: u64) -> Option<Self> {
        let (from, to) = (self.from.max(from), self.to.min(to));
        (from < to).then_some(Self { from, to, ..self })
    }

    /// How many bytes there were before a second. Differences of it lose nothing to rounding.
    fn before(&self, second: u64) -> Bytes {
        if second >= self.end {
            return self.bytes;
        }
        let (passed, length) = (second.saturating_sub(self.start), self.end - self.start);
        if passed == 0 {
            return 0;
        }
        // In words that fit: whole shares of each second, and those of what is left over.
        let (each, over) = (self.bytes / length, self.bytes % length);
        each * passed + over * passed / length
    }

    fn bytes(&self) -> Bytes {
        self.before(self.to) - self.before(self.from)
    }

    /// The hour that it starts in, since 1970.
    fn hour(&self) -> u32 {
        u32::try_from(self.from / HOUR).unwrap_or(NO_HOUR)
    }

    fn by_hour(&self, mut add: impl FnMut(u32, Bytes)) {
        let (first, last) = (self.from / HOUR, (self.to - 1) / HOUR);
        if first == last {
            return add(self.hour(), self.bytes());
        }
        for hour in first..=last {
            let to = if hour == last { self.to } else { ((hour + 1) * HOUR).min(self.to) };
            let bytes = self.before(to) - self.before(self.from.max(hour * HOUR));
            add(u32::try_from(hour).unwrap_or(NO_HOUR), bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cut_into_pieces_nothing_is_lost(bytes in 0..u64::MAX, start in 0..1_000_000_u64, length in 0..100_000_u64, cuts in prop::collection::vec(0..1_200_000_u64, 0..6)) {
            let span = Span::new(bytes, start, start + length);
            let mut edges = cuts;
            edges.extend([0, 2_000_000]);
            edges.sort_unstable();
            let pieces = edges.windows(2).filter_map(|edge| span.cut(edge[0], edge[1]));
            prop_assert_eq!(pieces.map(|piece| u128::from(piece.bytes())).sum::<u128>(), u128::from(bytes));
            let mut by_hour = 0_u128;
            span.by_hour(|_, bytes| by_hour += u128::from(bytes));
            prop_assert_eq!(by_hour, u128::from(bytes));
        }
    }
}
