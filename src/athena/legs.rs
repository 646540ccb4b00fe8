//! The leg rules of `flow_log::leg` in SQL, and the gateways they are applied to.
//!
//! Addresses are compared as keys, texts that sort as the addresses do: `4` and three digits for each byte of IPv4, `6`
//! and 32 hexadecimal digits of IPv6. Trino has a type for addresses and one for CIDR blocks, but then only Trino could
//! run the statement, and no other engine check it; and a text that is no address would end the query.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::quote;
use crate::flow_log::watch::Gateway;

/// The key of an address.
pub(super) fn key(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("4{a:03}{b:03}{c:03}{d:03}")
        }
        IpAddr::V6(v6) => format!("6{:032x}", u128::from(v6)),
    }
}

const OCTET: &str = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

/// An expression for the key of a text; null for what is no address. IPv6 with IPv4's dots at its end is none here:
/// flow logs do not write it.
pub(super) fn key_of(text: &str) -> String {
    let v4 = format!("^({OCTET}\\.){{3}}{OCTET}$");
    let group = "[0-9a-fA-F]{1,4}";
    let mut forms = vec![
        format!("({group}:){{7}}{group}"),
        format!("({group}:){{1,7}}:"),
        format!(":(:{group}){{1,7}}"),
        "::".to_owned(),
    ];
    forms.extend((1..=6).map(|before| format!("({group}:){{1,{before}}}(:{group}){{1,{}}}", 7 - before)));
    let v6 = format!("^({})$", forms.join("|"));
    let octets: Vec<_> = (1..=4).map(|n| format!("lpad(split_part({text}, '.', {n}), 3, '0')")).collect();
    let digits = |n: u8| {
        format!("array_join(transform(split(split_part(lower({text}), '::', {n}), ':'), g -> lpad(g, 4, '0')), '')")
    };
    // What `::` stands for is filled with zeros between the two halves.
    let after = format!("CASE WHEN strpos({text}, '::') > 0 THEN {} ELSE '' END", digits(2));
    format!(
        "CASE
            WHEN regexp_like({text}, '{v4}') THEN '4' || {}
            WHEN regexp_like({text}, '{v6}') THEN '6' || rpad({}, CAST(32 - length({after}) AS INTEGER), '0') || {after}
        END",
        octets.join(" || "),
        digits(1),
    )
}

/// What keys of `64:ff9b::/96` begin with.
const NAT64: &str = "60064ff9b0000000000000000";

/// An expression that is true for NAT64's addresses.
pub(super) fn is_nat64(key: &str) -> String {
    format!("substr({key}, 1, {}) = '{NAT64}'", NAT64.len())
}

/// An expression that is true where a key is in one of the ranges of `inside`.
pub(super) fn is_inside(key: &str) -> String {
    format!("cardinality(filter(inside, r -> {key} BETWEEN r[1] AND r[2])) > 0")
}

/// An expression that is true where a key is one of the keys in `own`.
pub(super) fn is_own(key: &str) -> String {
    format!("strpos(own, ',' || {key} || ',') > 0")
}

/// What a record is. The names are those of `rows`.
pub(super) const KIND: &str = "CASE
            WHEN state <> 'accepted' THEN state
            WHEN bytes IS NULL THEN 'malformed'
            WHEN has_interface AND has_packet AND packet_source = source AND packet_destination = destination
                AND strpos(source, ':') = 0 THEN 'other leg'
            WHEN started IS NULL OR ended IS NULL THEN 'malformed'
            WHEN source_key IS NULL OR destination_key IS NULL OR from_key IS NULL OR to_key IS NULL THEN 'malformed'
            WHEN to_nat64 OR destination_nat64
                THEN CASE WHEN has_packet OR is_regional THEN 'upload' ELSE 'upload of client' END
            WHEN from_nat64 OR source_nat64
                THEN CASE WHEN has_packet OR is_regional THEN 'download' ELSE 'download of client' END
            WHEN is_regional THEN CASE
                WHEN owns_from OR owns_to THEN 'other leg'
                WHEN from_inside THEN 'upload'
                WHEN to_inside THEN 'download'
                ELSE 'other leg' END
            WHEN has_packet THEN CASE
                WHEN (own = '' OR owns_destination) AND to_key <> destination_key AND NOT owns_to
                    AND (from_inside OR (own <> '' AND NOT to_inside)) THEN 'upload'
                WHEN (own = '' OR owns_source) AND from_key <> source_key AND NOT owns_from
                    AND (to_inside OR (own <> '' AND NOT from_inside)) THEN 'download'
                ELSE 'other leg' END
            WHEN owns_source THEN CASE WHEN to_inside THEN 'download of client' ELSE 'upload to remote' END
            WHEN owns_destination THEN CASE WHEN from_inside THEN 'upload of client' ELSE 'download to remote' END
            WHEN own = '' AND from_inside AND NOT to_inside THEN 'upload to remote'
            WHEN own = '' AND to_inside AND NOT from_inside THEN 'download to remote'
            ELSE 'other leg'
        END";

/// The gateways of a statement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gateways {
    /// Their interfaces.
    pub(super) interfaces: Vec<String>,
    /// Those that records name as their resource.
    pub(super) resources: Vec<String>,
    rows: BTreeMap<String, String>,
    sites: BTreeMap<Vec<(String, String)>, usize>,
}

impl Gateways {
    pub(super) fn new(gateways: &[Gateway]) -> Self {
        let mut all = Self::default();
        for gateway in gateways {
            let next = all.sites.len();
            let site = *all.sites.entry(ranges(gateway)).or_insert(next);
            let own: Vec<_> = gateway.addresses.iter().map(|address| key(*address)).collect();
            let own = if own.is_empty() { String::new() } else { format!(",{},", own.join(",")) };
            let resource = gateway.nat_gateway_id.as_ref().map(|id| id.as_str().to_owned());
            for name in gateway.interfaces.iter().chain(&resource) {
                let row = format!("({}, {site}, {}, '{own}')", quote::text(name), gateway.regional);
                all.rows.entry(name.clone()).or_insert(row);
            }
            all.interfaces.extend(gateway.interfaces.iter().cloned());
            all.resources.extend(resource);
        }
        for names in [&mut all.interfaces, &mut all.resources] {
            names.sort();
            names.dedup();
        }
        all
    }

    /// Rows of `gateway (nat, site, is_regional, own)`.
    pub(super) fn rows(&self) -> String {
        self.rows.values().cloned().collect::<Vec<_>>().join(",\n        ")
    }

    /// Rows of `site (site, inside)`.
    pub(super) fn sites(&self) -> String {
        let mut sites: Vec<_> = self.sites.iter().map(|(ranges, site)| (site, ranges)).collect();
        sites.sort();
        let row = |(site, ranges): (&usize, &Vec<(String, String)>)| {
            let ranges: Vec<_> = ranges.iter().map(|(first, last)| format!("ARRAY['{first}', '{last}']")).collect();
            format!("({site}, ARRAY[{}])", ranges.join(", "))
        };
        sites.into_iter().map(row).collect::<Vec<_>>().join(",\n        ")
    }
}

/// Where a gateway's clients are: ranges of keys, apart from each other. Where that is not known, every private address.
fn ranges(gateway: &Gateway) -> Vec<(String, String)> {
    let private = || {
        let v4 = |a, b, c, d, length| IpNet::new(Ipv4Addr::new(a, b, c, d).into(), length).ok();
        let unique_local = IpNet::new(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0).into(), 7).ok();
        [v4(10, 0, 0, 0, 8), v4(100, 64, 0, 0, 10), v4(172, 16, 0, 0, 12), v4(192, 168, 0, 0, 16), unique_local]
    };
    let known = gateway.inside.iter().map(|inside| inside.net);
    let nets: Vec<IpNet> =
        if gateway.inside.is_empty() { private().into_iter().flatten().collect() } else { known.collect() };
    let mut ranges: Vec<_> = nets.iter().map(|net| (key(net.network()), key(net.broadcast()))).collect();
    ranges.sort();
    let mut apart: Vec<(String, String)> = Vec::new();
    for (first, last) in ranges {
        match apart.last_mut() {
            Some((_, end)) if first <= *end => {
                if last > *end {
                    *end = last;
                }
            }
            _ => apart.push((first, last)),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow_log::watch::Inside;
    use crate::traffic::Place;

    #[test]
    fn keys_sort_as_addresses_do() {
        let addresses = ["9.255.255.255", "10.0.0.0", "10.0.0.220", "100.64.0.1", "::", "64:ff9b::1", "fd00::1"];
        let keys: Vec<_> = addresses.iter().map(|address| key(address.parse().unwrap())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(keys[2], "4010000000220");
        assert!(keys[5].starts_with(NAT64), "{}", keys[5]);
        assert!(!key("64:ff9b:1::1".parse().unwrap()).starts_with(NAT64));
    }

    fn gateway(nat: &str, nets: &[&str]) -> Gateway {
        let place = Place { vpc_id: "vpc-1".into(), subnet_id: None };
        let inside = |net: &&str| Inside { net: net.parse().unwrap(), place: place.clone() };
        Gateway {
            nat: nat.to_owned(),
            interfaces: vec![nat.to_owned()],
            addresses: vec!["10.0.0.220".parse().unwrap()],
            inside: nets.iter().map(inside).collect(),
            ..Gateway::default()
        }
    }

    #[test]
    fn gateways_of_one_place_share_its_ranges() {
        let nets = ["10.0.0.0/16", "10.0.1.0/24", "10.1.0.0/16"];
        let all = Gateways::new(&[gateway("eni-2", &nets), gateway("eni-1", &nets), gateway("eni-o'3", &[])]);
        assert_eq!(
            all.rows(),
            "('eni-1', 0, false, ',4010000000220,'),\n        ('eni-2', 0, false, ',4010000000220,'),\n        ('eni-o''3', 1, false, ',4010000000220,')"
        );
        let sites = all.sites();
        assert!(
            sites.starts_with(
                "(0, ARRAY[ARRAY['4010000000000', '4010000255255'], ARRAY['4010001000000', '4010001255255']]),"
            ),
            "{sites}"
        );
        assert!(sites.contains("ARRAY['4100064000000', '4100127255255']"), "{sites}");
        assert!(
            sites.ends_with("ARRAY['6fc000000000000000000000000000000', '6fdffffffffffffffffffffffffffffff']])"),
            "{sites}"
        );
    }
}
