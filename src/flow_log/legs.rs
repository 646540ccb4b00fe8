//! What sums by both ends are of: the rule for single records, for engines that group records by their addresses.

use std::net::IpAddr;

use super::gateways::Gateways;
use super::leg::{Ends, Leg, leg};
use super::summed::SumOf;
use super::text::address;
use super::watch::{Gateway, Watch};

/// The addresses that records have in common, as they stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordEnds<'e> {
    /// `srcaddr` and `dstaddr`.
    pub ends: (&'e str, &'e str),
    /// `pkt-srcaddr` and `pkt-dstaddr`, where the format has both.
    pub packet: Option<(&'e str, &'e str)>,
}

/// Some gateways, to tell which leg records of theirs are.
#[derive(Debug)]
pub struct Legs {
    gateways: Gateways,
}

impl Legs {
    /// Of these gateways.
    #[must_use]
    pub fn new(gateways: &[Gateway]) -> Self {
        let watch = Watch::Gateways { known: gateways.to_vec(), learn: false };
        Self { gateways: Gateways::new(&watch, None) }
    }

    /// What accepted records of an interface, or of a regional gateway (`nat-…`), tell.
    #[must_use]
    pub fn of(&self, nat: &str, record: RecordEnds<'_>) -> SumOf {
        let interface = self.gateways.of_interface(nat.as_bytes());
        let Some(number) = interface.or_else(|| self.gateways.of_resource(nat.as_bytes())) else {
            return SumOf::OtherInterfaces;
        };
        let Some(gateway) = self.gateways.get(number) else { return SumOf::OtherInterfaces };
        let packet = record.packet.filter(|packet| !matches!(packet, ("" | "-", _) | (_, "" | "-")));
        // As of single records: nobody else's packets.
        if interface.is_some() && packet == Some(record.ends) && !record.ends.0.contains(':') {
            return SumOf::OtherLeg;
        }
        let Some((source, destination)) = both(record.ends) else { return SumOf::Malformed };
        let packet = match packet.map(both) {
            Some(None) => return SumOf::Malformed,
            Some(packet) => packet,
            None => None,
        };
        match leg(gateway, &Ends { source, destination, packet }) {
            Leg::Both(direction, client, remote) => {
                SumOf::Flow { direction, client: Some(client), remote: Some(remote) }
            }
            Leg::Remote(direction, remote) => SumOf::Flow { direction, client: None, remote: Some(remote) },
            Leg::Client(direction, client) => SumOf::Flow { direction, client: Some(client), remote: None },
            Leg::Other => SumOf::OtherLeg,
        }
    }
}

fn both((source, destination): (&str, &str)) -> Option<(IpAddr, IpAddr)> {
    address(source.as_bytes()).zip(address(destination.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow_log::Direction;

    fn legs() -> Legs {
        let zonal = Gateway {
            nat: "nat-1".to_owned(),
            nat_gateway_id: Some("nat-1".into()),
            interfaces: vec!["eni-1".to_owned()],
            addresses: vec!["10.0.0.220".parse().unwrap()],
            ..Gateway::default()
        };
        let regional = Gateway {
            nat: "nat-2".to_owned(),
            nat_gateway_id: Some("nat-2".into()),
            regional: true,
            ..Gateway::default()
        };
        Legs::new(&[zonal, regional])
    }

    #[test]
    fn the_four_legs_of_awss_example() {
        let of = |ends, packet| legs().of("eni-1", RecordEnds { ends, packet });
        let (client, nat, host) = ("10.0.1.5", "10.0.0.220", "203.0.113.5");
        let flow = |direction, client: Option<&str>, remote: Option<&str>| {
            let parse = |text: Option<&str>| text.map(|text| text.parse().unwrap());
            SumOf::Flow { direction, client: parse(client), remote: parse(remote) }
        };
        assert_eq!(of((client, nat), Some((client, host))), flow(Direction::Upload, Some(client), Some(host)));
        assert_eq!(of((nat, host), Some((nat, host))), SumOf::OtherLeg);
        assert_eq!(of((host, nat), Some((host, nat))), SumOf::OtherLeg);
        assert_eq!(of((nat, client), Some((host, client))), flow(Direction::Download, Some(client), Some(host)));
        assert_eq!(of((client, nat), None), flow(Direction::Upload, Some(client), None));
        assert_eq!(of((nat, host), None), flow(Direction::Upload, None, Some(host)));
        assert_eq!(of((nat, host), Some(("-", "-"))), flow(Direction::Upload, None, Some(host)));
    }

    #[test]
    fn what_is_no_address_is_malformed_and_who_is_not_known_is_another() {
        let record = |ends, packet| RecordEnds { ends, packet };
        assert_eq!(legs().of("eni-1", record(("10.0.1", "x"), None)), SumOf::Malformed);
        assert_eq!(legs().of("eni-1", record(("10.0.1.5", "10.0.0.220"), Some(("10.0.1.5", "y")))), SumOf::Malformed);
        assert_eq!(legs().of("eni-9", record(("10.0.1.5", "10.0.0.220"), None)), SumOf::OtherInterfaces);
        assert!(matches!(legs().of("nat-2", record(("10.0.1.5", "1.1.1.1"), None)), SumOf::Flow { .. }));
    }
}
