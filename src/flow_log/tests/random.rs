//! Logs at random: of several gateways, known and not, in any format, whole and damaged.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::watch::{ClientSubnet, Gateway, Inside, Watch};
use super::START;
use super::write::{Record, line};
use crate::address::AddressBook;
use crate::traffic::Place;

const RANGES: &str = r#"{"syncToken": "1", "createDate": "2026-08-22-21-17-05", "prefixes": [
    {"ip_prefix": "52.216.0.0/15", "region": "us-east-1", "service": "AMAZON"},
    {"ip_prefix": "52.216.0.0/16", "region": "us-east-1", "service": "S3"},
    {"ip_prefix": "52.218.0.0/16", "region": "eu-west-1", "service": "S3"}
], "ipv6_prefixes": [
    {"ipv6_prefix": "2600:1f00::/24", "region": "us-east-1", "service": "EC2"}
]}"#;

/// Fields that decide, and some that do not.
pub(super) const FIELDS: [&str; 20] = [
    "interface-id",
    "resource-id",
    "srcaddr",
    "dstaddr",
    "bytes",
    "start",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "end",
    "action",
    "log-status",
    "interface-type",
    "vpc-id",
    "subnet-id",
    "version",
    "account-id",
    "srcport",
    "packets",
    "flow-direction",
    "a-field-of-2031",
];

const CLIENTS: [&str; 6] = ["10.0.1.5", "10.0.1.6", "10.0.2.7", "10.1.7.7", "10.9.0.3", "10.2.3.4"];
const HOSTS: [&str; 6] = ["203.0.113.5", "52.216.10.1", "52.217.10.1", "52.218.10.1", "192.168.5.5", "10.0.1.6"];
/// Anything may talk to anything.
const ANYONE: [&str; 20] = [
    "10.0.0.220",
    "10.0.0.221",
    "10.1.0.5",
    "10.0.1.5",
    "10.0.1.6",
    "10.0.2.7",
    "10.1.7.7",
    "10.9.0.3",
    "10.2.3.4",
    "107.22.182.139",
    "203.0.113.5",
    "52.216.10.1",
    "192.168.5.5",
    "100.64.3.3",
    "64:ff9b::cb00:7105",
    "64:ff9b::34d8:a01",
    "2001:db8:1::5",
    "2600:1f00::1",
    "fd00::1",
    "-",
];

pub(super) fn book() -> AddressBook {
    AddressBook::from_json(RANGES.as_bytes()).unwrap()
}

fn place(vpc: &str, subnet: Option<&str>) -> Place {
    Place { vpc_id: vpc.into(), subnet_id: subnet.map(Into::into) }
}

fn gateways() -> Vec<Gateway> {
    let gateway = |nat: &str, eni: Option<&str>, addresses: &[&str], inside: &[(&str, &str, Option<&str>)]| Gateway {
        nat: nat.to_owned(),
        nat_gateway_id: Some(nat.into()),
        interfaces: eni.map(str::to_owned).into_iter().collect(),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        regional: eni.is_none(),
        inside: inside
            .iter()
            .map(|(net, vpc, subnet)| Inside { net: net.parse().unwrap(), place: place(vpc, *subnet) })
            .collect(),
        ..Gateway::default()
    };
    let a = [
        ("10.0.0.0/16", "vpc-1", None),
        ("2001:db8:1::/56", "vpc-1", None),
        ("10.0.1.0/24", "vpc-1", Some("subnet-a")),
        ("10.0.0.0/24", "vpc-1", Some("subnet-p")),
    ];
    let b = [("10.1.0.0/16", "vpc-2", None), ("10.9.0.0/16", "vpc-9", None)];
    vec![
        gateway("nat-a", Some("eni-0a"), &["10.0.0.220", "10.0.0.221"], &a),
        gateway("nat-b", Some("eni-0b"), &["10.1.0.5"], &b),
        gateway("nat-r", None, &["107.22.182.139", "107.22.182.140"], &[("10.2.0.0/16", "vpc-3", None)]),
        // Of this one nothing is known but its interface.
        gateway("eni-0d", Some("eni-0d"), &[], &[]),
    ]
}

fn clients() -> Watch {
    let subnet = |net: &str, vpc: &str, id: &str, routes: &[(&str, Option<usize>)]| ClientSubnet {
        net: net.parse().unwrap(),
        vpc_id: vpc.into(),
        subnet_id: id.into(),
        routes: routes.iter().map(|(net, way)| (net.parse().unwrap(), *way)).collect(),
    };
    let subnets = vec![
        subnet("10.0.1.0/24", "vpc-1", "subnet-a", &[("10.0.0.0/16", None), ("0.0.0.0/0", Some(0))]),
        subnet("2001:db8:1::/64", "vpc-1", "subnet-a", &[("64:ff9b::/96", Some(0)), ("::/0", None)]),
        subnet("10.0.0.0/24", "vpc-1", "subnet-p", &[("0.0.0.0/0", None)]),
        subnet("10.0.2.0/24", "vpc-1", "subnet-b", &[("52.216.0.0/16", None), ("0.0.0.0/0", Some(1))]),
        subnet("10.0.2.0/24", "vpc-2", "subnet-c", &[("0.0.0.0/0", Some(1))]),
        subnet("10.1.0.0/16", "vpc-2", "subnet-d", &[("10.0.0.0/8", None), ("0.0.0.0/0", Some(1))]),
    ];
    Watch::Clients { gateways: gateways(), subnets }
}

fn known() -> impl Strategy<Value = Vec<Gateway>> {
    prop::sample::subsequence(gateways(), 0..=4)
}

pub(super) fn watch() -> impl Strategy<Value = Watch> {
    prop_oneof![
        4 => known().prop_map(|known| Watch::Gateways { known, learn: false }),
        3 => known().prop_map(|known| Watch::Gateways { known, learn: true }),
        2 => Just(clients()),
    ]
}

/// Whose records there are: interface, resource, type.
const WHO: [(&str, &str, &str); 12] = [
    ("eni-0a", "-", "nat_gateway"),
    ("eni-0a", "-", "nat_gateway"),
    ("eni-0b", "-", "nat_gateway"),
    ("eni-0d", "-", "nat_gateway"),
    ("eni-0e", "-", "nat_gateway"),
    ("-", "nat-r", "regional_nat_gateway"),
    ("-", "nat-s", "regional_nat_gateway"),
    ("eni-0a1", "-", "vpc_endpoint"),
    ("eni-c1", "-", "-"),
    ("eni-c2", "-", "-"),
    ("-", "-", "-"),
    ("eni-", "nat-a", "-"),
];

/// Source and destination as the interface has them, and as the packet has.
fn ends(who: usize, leg: usize, client: usize, host: usize, secondary: bool, nat64: bool) -> [String; 4] {
    let (own, real) = match WHO[who].0 {
        "eni-0a" => ("10.0.0.220", if secondary { "10.0.0.221" } else { "10.0.0.220" }),
        "-" => ("107.22.182.139", "107.22.182.139"),
        _ => ("10.1.0.5", "10.1.0.5"),
    };
    let (client, host) = (CLIENTS[client], HOSTS[host]);
    let (client, seen) = if nat64 {
        let address: std::net::Ipv4Addr = host.parse().unwrap();
        let [a, b, c, d] = address.octets();
        ("2001:db8:1::5", format!("64:ff9b::{a:02x}{b:02x}:{c:02x}{d:02x}"))
    } else {
        (client, host.to_owned())
    };
    let regional = WHO[who].0 == "-";
    // NAT64's client talks to the embedded address, and a regional gateway shows no address of its own inside.
    let inner = |text: &str| if regional || nat64 { seen.clone() } else { text.to_owned() };
    match leg {
        0 => [client.to_owned(), inner(own), client.to_owned(), seen.clone()],
        1 => [own, host, real, host].map(str::to_owned),
        2 => [host, own, host, real].map(str::to_owned),
        3 => [inner(own), client.to_owned(), seen.clone(), client.to_owned()],
        // On a client's own interface.
        4 => [client, &seen, client, &seen].map(str::to_owned),
        _ => [&seen, client, &seen, client].map(str::to_owned),
    }
}

/// Seconds over some days, mostly near the hours' edges and each other.
fn seconds() -> impl Strategy<Value = (u64, u64)> {
    let start = prop_oneof![
        6 => (0..30_u64, 0..4_u64).prop_map(|(step, hour)| START + hour * 3600 + step * 240 - 1200),
        1 => START..START + 3 * 86_400,
    ];
    let length = prop_oneof![8 => 0..700_u64, 2 => 0..9_000_u64, 1 => 86_390..86_410_u64];
    (start, length, 0..40_u8).prop_map(|(start, length, turned)| match turned {
        0 => (start, start - 1),
        1 => (start * 1_000, start * 1_000 + length * 1_000),
        _ => (start, start + length),
    })
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    let bytes = prop_oneof![6 => 0..100_000_u64, 1 => Just(0), 1 => 0..10_000_000_000_000_000_u64];
    let address = prop::sample::select(ANYONE.to_vec());
    let of_nobody = prop::array::uniform4(address.prop_map(str::to_owned));
    let of_gateway = (0..6_usize, 0..6_usize, 0..6_usize, any::<bool>(), prop::bool::weighted(0.15));
    let vpc = prop::sample::select(vec!["-", "-", "vpc-1", "vpc-2", "vpc-x"]);
    let subnet = prop::sample::select(vec!["-", "-", "-", "subnet-a", "subnet-b", "subnet-c", "subnet-x"]);
    let all =
        (0..WHO.len(), prop::option::weighted(0.25, of_nobody), of_gateway, bytes, seconds(), (vpc, subnet), 0..24_u8);
    all.prop_map(|(who, nobody, (leg, client, host, secondary, nat64), bytes, (start, end), (vpc, subnet), kind)| {
        let (interface, resource, mut of) = WHO[who];
        let (mut ends, mut bytes, mut said) = (
            nobody.unwrap_or_else(|| ends(who, leg, client, host, secondary, nat64)),
            bytes.to_string(),
            ("ACCEPT", "OK"),
        );
        match kind {
            0 | 1 => said.0 = "REJECT",
            2..=4 => {
                ends = ["-"; 4].map(str::to_owned);
                bytes = "-".to_owned();
                said = ("-", if kind == 2 { "SKIPDATA" } else { "NODATA" });
                if kind == 4 {
                    of = "-";
                }
            }
            5 => ends[2..].fill("-".to_owned()),
            6 => said = ("-", "OK"),
            7 => said = ("ACCEPT", "-"),
            8 => bytes = "-".to_owned(),
            _ => {}
        }
        let [source, destination, from, to] = ends;
        let words = [
            ("interface-id", interface.to_owned()),
            ("resource-id", resource.to_owned()),
            ("interface-type", of.to_owned()),
            ("srcaddr", source),
            ("dstaddr", destination),
            ("pkt-srcaddr", from),
            ("pkt-dstaddr", to),
            ("bytes", bytes),
            ("start", start.to_string()),
            ("end", end.to_string()),
            ("action", said.0.to_owned()),
            ("log-status", said.1.to_owned()),
            ("vpc-id", vpc.to_owned()),
            ("subnet-id", subnet.to_owned()),
            ("account-id", "111122223333".to_owned()),
            ("flow-direction", "-".to_owned()),
        ];
        BTreeMap::from(words)
    })
}

/// A format that can be used; with times if need be.
pub(super) fn fields(with_time: bool) -> impl Strategy<Value = Vec<&'static str>> {
    (Just(FIELDS.to_vec()).prop_shuffle(), prop::collection::vec(prop::bool::weighted(0.75), FIELDS.len()), 0..4_u8)
        .prop_map(move |(order, kept, by)| {
            let is_kept = |field: &str| match field {
                "srcaddr" | "dstaddr" | "bytes" => true,
                "start" if with_time => true,
                "interface-id" if by > 0 => true,
                "resource-id" if by == 0 => true,
                _ => kept[FIELDS.iter().position(|known| *known == field).unwrap()],
            };
            let mut order: Vec<_> = order.into_iter().filter(|field| is_kept(field)).collect();
            // Where it is both first and all there is to tell a gateway by, even noise is a record of nobody.
            if order[0] == "resource-id" {
                order.rotate_left(1);
            }
            order
        })
}

/// What is wrong with a line.
#[derive(Debug, Clone)]
pub(super) enum Damage {
    Cut(prop::sample::Index),
    Without(prop::sample::Index),
    Emptied(prop::sample::Index),
    Instead(prop::sample::Index, &'static str),
    Longer(&'static str),
    Noise(&'static str),
}

const JUNK: [&str; 18] = [
    "x",
    "-",
    "12x",
    "-5",
    "+5",
    "99999999999999999999",
    "999999999999999999",
    "0000000000000000007",
    "1e3",
    "10.0.0.256",
    "10.0.0",
    "010.0.0.1",
    "::g",
    "\u{fffd}",
    "ACCEPT",
    "NODATA",
    "eni-",
    "1\t2",
];
const NOISE: [&str; 8] =
    ["7777777", "\u{0}\u{1}\u{2}", " ", "x y z", "{\"a\": 1}", "eni-0a", "2 111122223333 eni-0a", "\u{20ac} \u{20ac}"];

pub(super) fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        at().prop_map(Damage::Cut),
        at().prop_map(Damage::Without),
        at().prop_map(Damage::Emptied),
        (at(), prop::sample::select(JUNK.to_vec())).prop_map(|(at, junk)| Damage::Instead(at, junk)),
        prop::sample::select(vec![" ", " x", "  y", " 1 2 3"]).prop_map(Damage::Longer),
        prop::sample::select(NOISE.to_vec()).prop_map(Damage::Noise),
    ]
}

/// A record's line, whole or not. An interface keeps its one type: engines may rely on that.
pub(super) fn damaged(record: &Record, fields: &[&str], damage: Option<&Damage>) -> String {
    let whole = line(record, fields);
    let mut words: Vec<&str> = whole.split(' ').collect();
    match damage {
        None => {}
        Some(Damage::Cut(at)) => return whole[..=at.index(whole.len() - 1)].to_owned(),
        Some(Damage::Without(at)) => drop(words.remove(at.index(words.len()))),
        Some(Damage::Emptied(at)) => words[at.index(fields.len())] = "",
        Some(Damage::Instead(at, junk)) => {
            let at = at.index(fields.len());
            if fields[at] != "interface-type" {
                words[at] = junk;
            }
        }
        Some(Damage::Longer(more)) => return whole.clone() + more,
        Some(Damage::Noise(noise)) => return (*noise).to_owned(),
    }
    words.join(" ")
}
