//! What one record of a NAT gateway tells: every payload byte passes it on two legs, towards its clients and towards
//! the rest of the world, and is to be counted on one of them.
//!
//! AWS's own example: client 10.0.1.5, a zonal gateway's private address 10.0.0.220, host 203.0.113.5.
//!
//! | leg | `srcaddr` | `dstaddr` | `pkt-srcaddr` | `pkt-dstaddr` |
//! |---|---|---|---|---|
//! | 1, client to gateway | 10.0.1.5 | 10.0.0.220 | 10.0.1.5 | 203.0.113.5 |
//! | 2, gateway to host | 10.0.0.220 | 203.0.113.5 | 10.0.0.220 | 203.0.113.5 |
//! | 3, host to gateway | 203.0.113.5 | 10.0.0.220 | 203.0.113.5 | 10.0.0.220 |
//! | 4, gateway to client | 10.0.0.220 | 10.0.1.5 | 203.0.113.5 | 10.0.1.5 |
//!
//! With `pkt-` fields legs 1 and 4 have both ends of each byte. Without them legs 2 and 3 have the remote end, legs 1
//! and 4 the client. A regional gateway's legs 1 and 4 name client and host in either case. Behind NAT64 the client's
//! legs are IPv6, with the host's address inside `64:ff9b::/96`.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>

use std::net::{IpAddr, Ipv6Addr};

use crate::address::plain;

/// Who a record is between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// The packets' own source and destination, where the format has them.
    pub(super) packet: Option<(IpAddr, IpAddr)>,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client outwards.
    Upload,
    /// Back to the client.
    Download,
}

/// What a record tells of the bytes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leg {
    /// Whose they are and where they go.
    Both(Direction, IpAddr, IpAddr),
    /// Where they go, but not whose they are.
    Remote(Direction, IpAddr),
    /// Whose they are, but not where they go; another record counts them.
    Client(Direction, IpAddr),
    /// The other side of bytes that another record tells more of.
    Other,
}

/// What tells a gateway's two sides apart.
pub(super) trait Sides {
    /// Whether it is regional.
    fn is_regional(&self) -> bool;
    /// Whether an address is the gateway's own. None when its addresses are not known.
    fn owns(&self, address: &IpAddr) -> Option<bool>;
    /// Whether an address is a client's.
    fn is_inside(&self, address: &IpAddr) -> bool;
}

/// What a record of a gateway tells.
pub(super) fn leg(gateway: &impl Sides, ends: &Ends) -> Leg {
    // By reference: copies of what was just written would wait for it.
    let own = (&ends.source, &ends.destination);
    let (source, destination) = ends.packet.as_ref().map_or(own, |(source, destination)| (source, destination));
    if [source, destination, own.0, own.1].into_iter().any(IpAddr::is_ipv6)
        && let Some(leg) = behind_nat64(gateway, ends, source, destination)
    {
        return leg;
    }
    if gateway.is_regional() {
        return regional(gateway, source, destination);
    }
    match ends.packet {
        Some(_) => with_packet(gateway, ends, source, destination),
        None => without_packet(gateway, ends),
    }
}

fn behind_nat64(gateway: &impl Sides, ends: &Ends, source: &IpAddr, destination: &IpAddr) -> Option<Leg> {
    for (inner, outer, direction) in
        [(destination, &ends.destination, Direction::Upload), (source, &ends.source, Direction::Download)]
    {
        if let Some(host) = [inner, outer].into_iter().find(|address| is_nat64(address)) {
            let client = *if direction == Direction::Upload { source } else { destination };
            let both = ends.packet.is_some() || gateway.is_regional();
            return Some(if both {
                Leg::Both(direction, client, plain(*host))
            } else {
                Leg::Client(direction, client)
            });
        }
    }
    None
}

fn regional(gateway: &impl Sides, source: &IpAddr, destination: &IpAddr) -> Leg {
    let is_own = |address: &IpAddr| gateway.owns(address) == Some(true);
    if is_own(source) || is_own(destination) {
        Leg::Other
    } else if gateway.is_inside(source) {
        Leg::Both(Direction::Upload, *source, *destination)
    } else if gateway.is_inside(destination) {
        Leg::Both(Direction::Download, *destination, *source)
    } else {
        Leg::Other
    }
}

fn with_packet(gateway: &impl Sides, ends: &Ends, source: &IpAddr, destination: &IpAddr) -> Leg {
    // `srcaddr` and `dstaddr` show the interface's primary address, the packet's may be a secondary one of the gateway:
    // then legs 2 and 3 look like 4 and 1. The gateway's own addresses tell; where not all of them are known, a client
    // out in the world that talks to a private host is none.
    let is_own = |address: &IpAddr| gateway.owns(address) == Some(true);
    let at_gateway = |address: &IpAddr| gateway.owns(address).unwrap_or(true);
    let plausible = |client: &IpAddr, host: &IpAddr| match gateway.owns(client) {
        Some(_) => gateway.is_inside(client) || !gateway.is_inside(host),
        None => gateway.is_inside(client),
    };
    if at_gateway(&ends.destination)
        && *destination != ends.destination
        && !is_own(destination)
        && plausible(source, destination)
    {
        Leg::Both(Direction::Upload, *source, *destination)
    } else if at_gateway(&ends.source) && *source != ends.source && !is_own(source) && plausible(destination, source) {
        Leg::Both(Direction::Download, *destination, *source)
    } else {
        Leg::Other
    }
}

fn without_packet(gateway: &impl Sides, ends: &Ends) -> Leg {
    let Ends { source, destination, .. } = ends;
    let inside = |address: &IpAddr| gateway.is_inside(address);
    match (gateway.owns(source), gateway.owns(destination)) {
        (Some(true), _) if inside(destination) => Leg::Client(Direction::Download, *destination),
        (Some(true), _) => Leg::Remote(Direction::Upload, *destination),
        (_, Some(true)) if inside(source) => Leg::Client(Direction::Upload, *source),
        (_, Some(true)) => Leg::Remote(Direction::Download, *source),
        // Of a gateway whose address is not known: whoever has a counterpart outside is the gateway itself.
        (None, None) if inside(source) && !inside(destination) => Leg::Remote(Direction::Upload, *destination),
        (None, None) if inside(destination) && !inside(source) => Leg::Remote(Direction::Download, *source),
        _ => Leg::Other,
    }
}

fn is_nat64(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]))
}

/// Whether an address is of no use outside private networks: a client's, where nothing else tells.
pub(super) fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || (a == 100 && b & 0xc0 == 64)
        }
        // A VPC's IPv6 addresses are public ones, and NAT64's clients are told by what they talk to.
        IpAddr::V6(v6) => Ipv6Addr::is_unique_local(v6),
    }
}

#[cfg(test)]
mod tests;
