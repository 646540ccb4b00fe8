//! The leg rules, as the reference has them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::super::watch::Gateway;
use crate::traffic::Place;

fn is_in(net: &str, address: IpAddr) -> bool {
    net.parse::<IpNet>().unwrap().contains(&address)
}

fn is_inside(gateway: &Gateway, address: IpAddr) -> bool {
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
    if gateway.inside.is_empty() {
        return private.iter().any(|net| is_in(net, address));
    }
    gateway.inside.iter().any(|inside| inside.net.contains(&address))
}

pub(super) fn place_of(gateway: &Gateway, client: IpAddr) -> Option<Place> {
    let holding = gateway.inside.iter().filter(|inside| inside.net.contains(&client));
    Some(holding.max_by_key(|inside| inside.net.prefix_len())?.place.clone())
}

/// Whether a record of a gateway counts: the way of its bytes, the client and the remote address as far as it tells.
pub(super) fn leg(
    gateway: &Gateway,
    source: IpAddr,
    destination: IpAddr,
    packet: Option<(IpAddr, IpAddr)>,
) -> Option<(bool, Option<IpAddr>, Option<IpAddr>)> {
    let (from, to) = packet.unwrap_or((source, destination));
    // NAT64's clients: IPv6, with the remote address in the last 32 bits. Either of the two fields may show it.
    let embedded = |address: IpAddr| match address {
        IpAddr::V6(v6) if is_in("64:ff9b::/96", address) => {
            let [.., a, b, c, d] = v6.octets();
            Some(IpAddr::from([a, b, c, d]))
        }
        _ => None,
    };
    let tells_both = packet.is_some() || gateway.regional;
    if let Some(remote) = embedded(to).or(embedded(destination)) {
        return Some((true, Some(from), Some(remote).filter(|_| tells_both)));
    }
    if let Some(remote) = embedded(from).or(embedded(source)) {
        return Some((false, Some(to), Some(remote).filter(|_| tells_both)));
    }
    let own = &gateway.addresses;
    if gateway.regional {
        return match (is_inside(gateway, from), is_inside(gateway, to)) {
            _ if own.contains(&from) || own.contains(&to) => None,
            (true, _) => Some((true, Some(from), Some(to))),
            (false, true) => Some((false, Some(to), Some(from))),
            (false, false) => None,
        };
    }
    let at_gateway = |address| own.is_empty() || own.contains(&address);
    if packet.is_some() {
        // Reference: `dstaddr` is the gateway's and `pkt-dstaddr` is not, and the other way round. A client is inside;
        // of a gateway whose addresses are known it may be anywhere unless the remote end is inside.
        let is_likely = |client, remote| is_inside(gateway, client) || (!own.is_empty() && !is_inside(gateway, remote));
        let is_leg_1 = at_gateway(destination) && !own.contains(&to) && to != destination && is_likely(from, to);
        let is_leg_4 = at_gateway(source) && !own.contains(&from) && from != source && is_likely(to, from);
        return match (is_leg_1, is_leg_4) {
            (true, _) => Some((true, Some(from), Some(to))),
            (false, true) => Some((false, Some(to), Some(from))),
            (false, false) => None,
        };
    }
    let (from_inside, to_inside) = (is_inside(gateway, source), is_inside(gateway, destination));
    if own.is_empty() {
        return match (from_inside, to_inside) {
            (true, false) => Some((true, None, Some(destination))),
            (false, true) => Some((false, None, Some(source))),
            _ => None,
        };
    }
    if own.contains(&source) {
        let leg_4 = (false, Some(destination), None);
        return Some(if to_inside { leg_4 } else { (true, None, Some(destination)) });
    }
    if own.contains(&destination) {
        let leg_1 = (true, Some(source), None);
        return Some(if from_inside { leg_1 } else { (false, None, Some(source)) });
    }
    None
}
