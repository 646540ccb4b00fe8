//! From a record's fields to what is counted, whatever kind of file they are in.

use std::net::IpAddr;

use super::counter::{Counter, Record, Status};
use super::format::Field;
use super::leg::Ends;
use super::tally::Slot;

/// Whose record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Gateway(u32),
    /// An interface that is no gateway.
    Other,
    /// No interface at all: a regional gateway that is not watched, or whose clients' own records are counted.
    NoInterface,
    /// An interface that is a gateway if other records say so.
    Unsure,
    /// No interface can be read.
    Unread,
}

/// A record's fields.
pub(super) trait Row {
    /// Whether the format has a field.
    fn has(&self, field: Field) -> bool;
    /// A field's text; `-` where it does not apply, empty where the format does not have it.
    fn text(&self, field: Field) -> &[u8];
    /// A field's number; none where it is none, or too large to be one.
    fn number(&self, field: Field) -> Option<u64>;
    /// A field's address.
    fn address(&self, field: Field) -> Option<IpAddr>;

    /// What the record is of; none when that makes no sense.
    fn verdict(&self) -> Option<Status> {
        verdict(self.status(), self.text(Field::Action))
    }

    /// Whether the packets' own addresses are there, and whether they are the record's.
    fn packet(&self) -> Packet {
        let packet = (self.text(Field::PacketSource), self.text(Field::PacketDestination));
        if let (b"" | b"-", _) | (_, b"" | b"-") = packet {
            return Packet::Absent;
        }
        let (from, to) = (self.text(Field::Source), self.text(Field::Destination));
        if packet == (from, to) && !from.contains(&b':') { Packet::SameV4 } else { Packet::There }
    }

    /// The packets' own addresses; one of them is mostly the record's own.
    fn packet_ends(&self, (source, destination): (IpAddr, IpAddr)) -> Option<(IpAddr, IpAddr)> {
        let end = |own: Field, known, field| {
            if self.text(own) == self.text(field) { Some(known) } else { self.address(field) }
        };
        let source = end(Field::Source, source, Field::PacketSource);
        source.zip(end(Field::Destination, destination, Field::PacketDestination))
    }

    /// What the record says of itself; empty when the format does not have that. Then one without bytes has no data.
    fn status(&self) -> &[u8] {
        match self.text(Field::Status) {
            b"" if self.text(Field::Bytes) == b"-" => b"NODATA",
            status => status,
        }
    }

    /// Whether it is a record of the gateway that others say its interface is.
    fn is_of_learned(&self) -> bool {
        let has_data = !matches!(self.status(), b"NODATA" | b"SKIPDATA");
        match self.text(Field::InterfaceType) {
            b"nat_gateway" => true,
            // Regional ones have no interface, and are told by resource.
            _ if matches!(self.text(Field::Interface), b"-" | b"") => true,
            kind => kind == b"-" && !has_data,
        }
    }
}

/// The packets' own addresses in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packet {
    Absent,
    /// There, and the same IPv4 addresses as the record's own.
    SameV4,
    There,
}

enum Parsed {
    Record(Record),
    /// The gateway's other side of the same bytes.
    OtherLeg,
    Malformed,
}

impl Counter<'_> {
    /// Takes a gateway's record, or any where clients' are looked for.
    pub(super) fn take(&mut self, gate: Gate, log: u32, row: &impl Row) {
        // What the line before told is no proof for a record that says otherwise.
        if let Gate::Gateway(gateway) = gate
            && self.rules.gateways.is_learned(gateway)
            && !row.is_of_learned()
        {
            self.tally.statistics.other_interfaces += 1;
            return;
        }
        let slot = |gateway| Slot { gateway, log };
        let Some(status) = row.verdict() else {
            self.tally.statistics.malformed += 1;
            return;
        };
        match (gate, status) {
            (Gate::Gateway(gateway), Status::Accepted) => match parse(row, true) {
                Parsed::Record(record) => self.of_gateway(slot(gateway), &record),
                Parsed::OtherLeg => self.tally.statistics.other_legs += 1,
                Parsed::Malformed => self.tally.statistics.malformed += 1,
            },
            (Gate::Gateway(gateway), status) => self.without_bytes(slot(gateway), status, 1),
            (_, Status::Accepted) => match parse(row, false) {
                Parsed::Record(record) => self.of_client(log, &record, row.text(Field::Subnet), row.text(Field::Vpc)),
                Parsed::OtherLeg | Parsed::Malformed => self.tally.statistics.malformed += 1,
            },
            // Of a client, which may have nothing to do with any gateway.
            (_, _) => self.tally.statistics.other_interfaces += 1,
        }
    }
}

/// What a record is of, by its status and action; none when that makes no sense.
pub(super) fn verdict(status: &[u8], action: &[u8]) -> Option<Status> {
    match (status, action) {
        (b"OK" | b"", b"ACCEPT" | b"") => Some(Status::Accepted),
        (b"OK" | b"", b"REJECT") => Some(Status::Rejected),
        (b"NODATA", _) => Some(Status::NoData),
        (b"SKIPDATA", _) => Some(Status::SkipData),
        _ => None,
    }
}

fn parse(row: &impl Row, of_gateway: bool) -> Parsed {
    let Some(bytes) = row.number(Field::Bytes) else { return Parsed::Malformed };
    let packet = row.packet();
    // Nobody else's packets: the gateway's with the rest of the world. A regional gateway's and NAT64's are told apart
    // otherwise.
    if of_gateway && packet == Packet::SameV4 && !matches!(row.text(Field::Interface), b"-" | b"") {
        return Parsed::OtherLeg;
    }
    let span = match (row.has(Field::Start), row.has(Field::End)) {
        (false, _) => None,
        (true, has_end) => {
            let start = row.number(Field::Start);
            match start.zip(if has_end { row.number(Field::End) } else { start }) {
                Some(span) => Some(span),
                None => return Parsed::Malformed,
            }
        }
    };
    let Some(source) = row.address(Field::Source) else { return Parsed::Malformed };
    let Some(destination) = row.address(Field::Destination) else { return Parsed::Malformed };
    let packet = match packet {
        Packet::Absent => None,
        Packet::SameV4 => Some((source, destination)),
        Packet::There => match row.packet_ends((source, destination)) {
            Some(ends) => Some(ends),
            None => return Parsed::Malformed,
        },
    };
    Parsed::Record(Record { ends: Ends { source, destination, packet }, bytes, span })
}
