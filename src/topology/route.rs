//! Where a route table sends traffic for a set of addresses.

use std::collections::BTreeSet;

use ipnet::{IpNet, Ipv4Net};

use super::Part;
use crate::model::{NatGatewayId, Route, RouteState, RouteTable, Service, TransitGatewayId, VpcEndpoint};

/// The next hop of some traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way<'a> {
    /// A NAT gateway.
    Nat(&'a NatGatewayId),
    /// A transit gateway.
    TransitGateway(&'a TransitGatewayId),
    /// A VPC endpoint: a gateway endpoint by prefix list, or a Gateway Load Balancer endpoint by CIDR.
    Endpoint(&'a str),
    /// An internet gateway: traffic leaves without NAT.
    Internet,
    /// Within the VPC, a peering, a VPN, an instance …
    Elsewhere,
    /// Its target is gone: traffic is dropped.
    Nowhere,
}

impl<'a> Way<'a> {
    fn of(route: &'a Route) -> Self {
        if route.state == RouteState::Blackhole {
            return Self::Nowhere;
        }
        if let Some(nat) = &route.nat_gateway_id {
            return Self::Nat(nat);
        }
        if let Some(transit_gateway) = &route.transit_gateway_id {
            return Self::TransitGateway(transit_gateway);
        }
        match route.gateway_id.as_deref() {
            Some(id) if id.starts_with("vpce-") => Self::Endpoint(id),
            Some(id) if id.starts_with("igw-") => Self::Internet,
            _ => Self::Elsewhere,
        }
    }
}

/// A route's destination, reduced to what decides between routes.
struct Candidate<'a> {
    net: Ipv4Net,
    /// A static CIDR route beats a prefix list of the same length.
    by_cidr: bool,
    way: Way<'a>,
}

impl<'a> Part<'a> {
    /// Where a table sends a service's addresses: every way that some of them take, the longest prefix deciding.
    ///
    /// Where the service's prefix list is not known, its addresses are taken to follow the default route.
    #[must_use]
    pub fn ways_to(&self, table: &'a RouteTable, service: &Service) -> BTreeSet<Way<'a>> {
        let space = self.prefixes.of_service(service, self.region());
        if !space.is_empty() {
            return ways(&self.candidates(table), space);
        }
        match self.endpoint_route_of(table, service) {
            Some(way) => BTreeSet::from([way]),
            None => default_ways(&self.candidates(table)),
        }
    }

    /// Where a table sends what has no more specific route: the internet at large.
    #[must_use]
    pub fn default_ways(&self, table: &'a RouteTable) -> BTreeSet<Way<'a>> {
        default_ways(&self.candidates(table))
    }

    /// The route by which a table leads to a gateway endpoint of this VPC for a service.
    fn endpoint_route_of(&self, table: &'a RouteTable, service: &Service) -> Option<Way<'a>> {
        let view = self.vpc(&table.vpc_id)?;
        let leads = |route: &&Route, endpoint: &VpcEndpoint| {
            route.gateway_id.as_deref() == Some(endpoint.vpc_endpoint_id.as_str())
        };
        let mut endpoints = view.gateway_endpoints(service, self.region());
        endpoints.find_map(|endpoint| table.routes.iter().find(|route| leads(route, endpoint))).map(Way::of)
    }

    /// Every route by its addresses; of two with the same the later one decides.
    pub(super) fn routes(&self, table: &'a RouteTable) -> Vec<(IpNet, Way<'a>)> {
        let mut candidates = self.candidates(table);
        candidates.sort_by_key(|candidate| candidate.by_cidr);
        let v4 = candidates.iter().map(|candidate| (IpNet::V4(candidate.net), candidate.way));
        let v6 = table.routes.iter().filter_map(|route| match route.destination_cidr {
            Some(IpNet::V6(net)) => Some((IpNet::V6(net.trunc()), Way::of(route))),
            _ => None,
        });
        v4.chain(v6).collect()
    }

    fn candidates(&self, table: &'a RouteTable) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::with_capacity(table.routes.len());
        for route in &table.routes {
            let way = Way::of(route);
            if let Some(IpNet::V4(net)) = route.destination_cidr {
                candidates.push(Candidate { net: net.trunc(), by_cidr: true, way });
            }
            if let Some(list) = &route.destination_prefix_list_id {
                let nets = self.prefixes.of_list(list.as_str());
                candidates.extend(nets.iter().map(|net| Candidate { net: net.trunc(), by_cidr: false, way }));
            }
        }
        candidates
    }
}

fn ways<'a>(candidates: &[Candidate<'a>], space: &[Ipv4Net]) -> BTreeSet<Way<'a>> {
    let mut ways = BTreeSet::new();
    for part in space {
        let covering = candidates
            .iter()
            .filter(|candidate| candidate.net.contains(part))
            .max_by_key(|candidate| (candidate.net.prefix_len(), candidate.by_cidr));
        ways.extend(covering.map(|candidate| candidate.way));
        // A route to a part of this block takes that part elsewhere.
        ways.extend(
            candidates.iter().filter(|c| c.net != *part && part.contains(&c.net)).map(|candidate| candidate.way),
        );
    }
    ways
}

/// `0.0.0.0/0`, or its two halves, which some write instead to leave the default route alone.
fn default_ways<'a>(candidates: &[Candidate<'a>]) -> BTreeSet<Way<'a>> {
    let of_length = |length| candidates.iter().filter(move |candidate| candidate.net.prefix_len() == length);
    let halves: BTreeSet<_> = of_length(1).map(|candidate| candidate.net).collect();
    let whole = of_length(0).filter(|_| halves.len() < 2);
    of_length(1).chain(whole).map(|candidate| candidate.way).collect()
}

/// Where a transit gateway's routes lead for the internet at large, by the longest prefix that covers it.
pub(super) fn is_default(net: &IpNet) -> bool {
    matches!(net, IpNet::V4(net) if net.prefix_len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(net: &str, by_cidr: bool, way: Way<'static>) -> Candidate<'static> {
        Candidate { net: net.parse().unwrap(), by_cidr, way }
    }

    fn to_s3(candidates: &[Candidate<'static>]) -> Vec<Way<'static>> {
        ways(candidates, &["52.216.0.0/15".parse().unwrap(), "3.5.0.0/19".parse().unwrap()]).into_iter().collect()
    }

    #[test]
    fn the_longest_prefix_decides() {
        let endpoint = Way::Endpoint("vpce-1");
        let all = candidate("0.0.0.0/0", true, Way::Internet);
        let list = |net| candidate(net, false, endpoint);
        assert_eq!(to_s3(&[all, list("52.216.0.0/15"), list("3.5.0.0/19")]), [endpoint]);
        let all = candidate("0.0.0.0/0", true, Way::Internet);
        assert_eq!(to_s3(&[all, list("52.216.0.0/15")]), [endpoint, Way::Internet]);
    }

    #[test]
    fn a_more_specific_static_route_takes_its_part_past_the_endpoint() {
        let routes = [
            candidate("52.216.0.0/15", false, Way::Endpoint("vpce-1")),
            candidate("3.5.0.0/19", false, Way::Endpoint("vpce-1")),
            candidate("52.217.0.0/16", true, Way::Elsewhere),
        ];
        assert_eq!(to_s3(&routes), [Way::Endpoint("vpce-1"), Way::Elsewhere]);
    }

    #[test]
    fn a_static_route_beats_a_list_of_the_same_length() {
        let routes = [
            candidate("52.216.0.0/15", false, Way::Endpoint("vpce-1")),
            candidate("52.216.0.0/15", true, Way::Internet),
            candidate("3.5.0.0/16", true, Way::Internet),
        ];
        assert_eq!(to_s3(&routes), [Way::Internet]);
    }

    #[test]
    fn halves_are_a_default_route() {
        let routes = [
            candidate("0.0.0.0/0", true, Way::Internet),
            candidate("0.0.0.0/1", true, Way::Elsewhere),
            candidate("128.0.0.0/1", true, Way::Elsewhere),
        ];
        assert_eq!(default_ways(&routes).into_iter().collect::<Vec<_>>(), [Way::Elsewhere]);
    }
}
