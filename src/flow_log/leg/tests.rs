//! Records as AWS's documentation shows them, and what each tells, worked out by hand.

use ipnet::IpNet;

use super::*;

const CLIENT: &str = "10.0.1.5";
const HOST: &str = "203.0.113.5";

/// A gateway by what is known of it. No blocks: every private address is a client's.
#[derive(Default)]
struct Known {
    regional: bool,
    addresses: Vec<IpAddr>,
    blocks: Vec<IpNet>,
}

impl Sides for Known {
    fn is_regional(&self) -> bool {
        self.regional
    }

    fn owns(&self, address: &IpAddr) -> Option<bool> {
        (!self.addresses.is_empty()).then(|| self.addresses.contains(address))
    }

    fn is_inside(&self, address: &IpAddr) -> bool {
        if self.blocks.is_empty() {
            is_private(address)
        } else {
            self.blocks.iter().any(|block| block.contains(address))
        }
    }
}

fn at(address: &str) -> IpAddr {
    address.parse().unwrap()
}

fn zonal(addresses: &[&str]) -> Known {
    Known { addresses: addresses.iter().map(|address| at(address)).collect(), ..Known::default() }
}

impl Known {
    fn inside(mut self, blocks: &[&str]) -> Self {
        self.blocks = blocks.iter().map(|block| block.parse().unwrap()).collect();
        self
    }

    fn regional(mut self) -> Self {
        self.regional = true;
        self
    }

    /// What a record says: `srcaddr dstaddr`, and `pkt-srcaddr pkt-dstaddr` where there are four.
    fn says(&self, record: &str) -> Leg {
        let ends: Vec<_> = record.split(' ').map(at).collect();
        let packet = (ends.len() == 4).then(|| (ends[2], ends[3]));
        leg(self, &Ends { source: ends[0], destination: ends[1], packet })
    }
}

fn up(client: &str, host: &str) -> Leg {
    Leg::Both(Direction::Upload, at(client), at(host))
}

fn down(client: &str, host: &str) -> Leg {
    Leg::Both(Direction::Download, at(client), at(host))
}

/// AWS's example of a zonal gateway: legs 1 to 4.
const ZONAL: [&str; 4] = [
    "10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
    "10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
    "203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
    "10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5",
];

/// The same without `pkt-` fields.
const ZONAL_PLAIN: [&str; 4] =
    ["10.0.1.5 10.0.0.220", "10.0.0.220 203.0.113.5", "203.0.113.5 10.0.0.220", "10.0.0.220 10.0.1.5"];

/// AWS's example of a regional gateway.
const REGIONAL: [&str; 4] = [
    "10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5",
    "107.22.182.139 203.0.113.5 107.22.182.139 203.0.113.5",
    "203.0.113.5 107.22.182.139 203.0.113.5 107.22.182.139",
    "203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5",
];

#[test]
fn of_a_zonal_gateway_the_clients_side_tells_both_ends() {
    let expected = [up(CLIENT, HOST), Leg::Other, Leg::Other, down(CLIENT, HOST)];
    let known = zonal(&["10.0.0.220"]);
    assert_eq!(ZONAL.map(|record| known.says(record)), expected);
    assert_eq!(ZONAL.map(|record| zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]).says(record)), expected);
    assert_eq!(ZONAL.map(|record| Known::default().says(record)), expected, "addresses that are not known");
    assert_eq!(ZONAL.map(|record| Known::default().inside(&["10.0.0.0/16"]).says(record)), expected);
}

#[test]
fn clients_behind_a_transit_gateway_are_clients_known_or_not() {
    let known = zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]);
    assert_eq!(known.says("10.9.1.5 10.0.0.220 10.9.1.5 203.0.113.5"), up("10.9.1.5", HOST));
    assert_eq!(known.says("10.0.0.220 10.9.1.5 203.0.113.5 10.9.1.5"), down("10.9.1.5", HOST));
}

#[test]
fn clients_may_have_public_addresses() {
    let vpc = ["10.0.0.0/16", "198.51.100.0/24"];
    let legs = [
        "198.51.100.7 10.0.0.220 198.51.100.7 203.0.113.5",
        "10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
        "203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
        "10.0.0.220 198.51.100.7 203.0.113.5 198.51.100.7",
    ];
    let expected = [up("198.51.100.7", HOST), Leg::Other, Leg::Other, down("198.51.100.7", HOST)];
    assert_eq!(legs.map(|record| zonal(&["10.0.0.220"]).inside(&vpc).says(record)), expected);
    assert_eq!(legs.map(|record| zonal(&["10.0.0.220"]).says(record)), expected, "blocks that are not known");
    assert_eq!(legs.map(|record| Known::default().inside(&vpc).says(record)), expected);
    // Of nothing known, nothing is guessed.
    assert_eq!(legs.map(|record| Known::default().says(record)), [Leg::Other; 4]);
    // Without `pkt-` fields the VPC's blocks tell them from the world.
    let plain = zonal(&["10.0.0.220"]).inside(&vpc);
    assert_eq!(plain.says("198.51.100.7 10.0.0.220"), Leg::Client(Direction::Upload, at("198.51.100.7")));
    assert_eq!(plain.says("10.0.0.220 198.51.100.7"), Leg::Client(Direction::Download, at("198.51.100.7")));
}

/// `srcaddr` and `dstaddr` show the primary address, whichever one the packets have.
#[test]
fn secondary_addresses_make_no_clients() {
    let legs = [
        "10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
        "10.0.0.220 203.0.113.5 10.0.0.221 203.0.113.5",
        "203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.221",
        "10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5",
    ];
    let expected = [up(CLIENT, HOST), Leg::Other, Leg::Other, down(CLIENT, HOST)];
    for known in [
        zonal(&["10.0.0.220", "10.0.0.221"]),
        zonal(&["10.0.0.220", "10.0.0.221"]).inside(&["10.0.0.0/16"]),
        // Not listed.
        zonal(&["10.0.0.220"]),
        zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]),
        Known::default(),
        Known::default().inside(&["10.0.0.0/16"]),
    ] {
        assert_eq!(legs.map(|record| known.says(record)), expected);
    }
}

#[test]
fn a_private_gateway_has_private_hosts() {
    // 192.168.7.7 is on premises; it is no client's address where the blocks are known.
    let legs = [
        "10.0.1.5 10.0.0.220 10.0.1.5 192.168.7.7",
        "10.0.0.220 192.168.7.7 10.0.0.220 192.168.7.7",
        "192.168.7.7 10.0.0.220 192.168.7.7 10.0.0.220",
        "10.0.0.220 10.0.1.5 192.168.7.7 10.0.1.5",
    ];
    let expected = [up(CLIENT, "192.168.7.7"), Leg::Other, Leg::Other, down(CLIENT, "192.168.7.7")];
    for known in [
        zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]),
        zonal(&["10.0.0.220"]),
        Known::default().inside(&["10.0.0.0/16"]),
        Known::default(),
    ] {
        assert_eq!(legs.map(|record| known.says(record)), expected);
    }
    // A host that is in a block of clients itself, and the gateway's secondary address in use.
    let known = zonal(&["10.0.0.220", "10.0.0.221"]).inside(&["10.0.0.0/8"]);
    assert_eq!(known.says("10.0.0.220 10.7.0.1 10.0.0.221 10.7.0.1"), Leg::Other);
    assert_eq!(known.says("10.7.0.1 10.0.0.220 10.7.0.1 10.0.0.221"), Leg::Other);
    assert_eq!(known.says("10.0.1.5 10.0.0.220 10.0.1.5 10.7.0.1"), up(CLIENT, "10.7.0.1"));
    assert_eq!(known.says("10.0.0.220 10.0.1.5 10.7.0.1 10.0.1.5"), down(CLIENT, "10.7.0.1"));
    // Not listed, but the host is outside.
    let known = zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]);
    assert_eq!(known.says("10.0.0.220 192.168.7.7 10.0.0.221 192.168.7.7"), Leg::Other);
    assert_eq!(known.says("192.168.7.7 10.0.0.220 192.168.7.7 10.0.0.221"), Leg::Other);
}

#[test]
fn without_packet_fields_each_side_tells_one_end() {
    let client = |direction| Leg::Client(direction, at(CLIENT));
    let remote = |direction| Leg::Remote(direction, at(HOST));
    let (upload, download) = (Direction::Upload, Direction::Download);
    let expected = [client(upload), remote(upload), remote(download), client(download)];
    assert_eq!(ZONAL_PLAIN.map(|record| zonal(&["10.0.0.220"]).says(record)), expected);
    assert_eq!(ZONAL_PLAIN.map(|record| zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]).says(record)), expected);
    // A gateway whose address is not known cannot be told from its clients: only what leaves is counted.
    let expected = [Leg::Other, remote(upload), remote(download), Leg::Other];
    assert_eq!(ZONAL_PLAIN.map(|record| Known::default().says(record)), expected);
    assert_eq!(ZONAL_PLAIN.map(|record| Known::default().inside(&["10.0.0.0/16"]).says(record)), expected);
}

#[test]
fn without_packet_fields_a_private_host_is_told_by_the_blocks() {
    let known = zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]);
    assert_eq!(known.says("10.0.0.220 192.168.7.7"), Leg::Remote(Direction::Upload, at("192.168.7.7")));
    assert_eq!(known.says("192.168.7.7 10.0.0.220"), Leg::Remote(Direction::Download, at("192.168.7.7")));
}

#[test]
fn a_regional_gateways_clients_side_tells_both_ends() {
    let expected = [up(CLIENT, HOST), Leg::Other, Leg::Other, down(CLIENT, HOST)];
    let public = zonal(&["107.22.182.139"]).regional();
    assert_eq!(REGIONAL.map(|record| public.says(record)), expected);
    let plain = |record: &str| record.split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert_eq!(REGIONAL.map(|record| public.says(&plain(record))), expected, "without pkt- fields");
    let unknown = Known::default().regional();
    assert_eq!(REGIONAL.map(|record| unknown.says(record)), expected, "public addresses that are not known");
    let blocks = Known::default().regional().inside(&["10.0.0.0/16"]);
    assert_eq!(REGIONAL.map(|record| blocks.says(record)), expected);
    assert_eq!(REGIONAL.map(|record| blocks.says(&plain(record))), expected);
}

#[test]
fn a_regional_gateways_clients_may_have_public_addresses() {
    let known = zonal(&["107.22.182.139"]).regional().inside(&["10.0.0.0/16", "198.51.100.0/24"]);
    assert_eq!(known.says("198.51.100.7 203.0.113.5"), up("198.51.100.7", HOST));
    assert_eq!(known.says("203.0.113.5 198.51.100.7"), down("198.51.100.7", HOST));
}

/// 203.0.113.5 is `64:ff9b::cb00:7105`.
#[test]
fn nat64_shows_the_host_inside_an_ipv6_address() {
    let legs = [
        "2001:db8::5 64:ff9b::cb00:7105 2001:db8::5 64:ff9b::cb00:7105",
        "10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
        "203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
        "64:ff9b::cb00:7105 2001:db8::5 64:ff9b::cb00:7105 2001:db8::5",
    ];
    let expected = [up("2001:db8::5", HOST), Leg::Other, Leg::Other, down("2001:db8::5", HOST)];
    for known in [zonal(&["10.0.0.220"]), zonal(&["10.0.0.220"]).inside(&["10.0.0.0/16"]), Known::default()] {
        assert_eq!(legs.map(|record| known.says(record)), expected);
    }
    // Whether the interface's own address stands in `dstaddr` or not.
    let known = zonal(&["10.0.0.220", "2001:db8::220"]);
    assert_eq!(known.says("2001:db8::5 2001:db8::220 2001:db8::5 64:ff9b::cb00:7105"), up("2001:db8::5", HOST));
    assert_eq!(known.says("2001:db8::220 2001:db8::5 64:ff9b::cb00:7105 2001:db8::5"), down("2001:db8::5", HOST));
    // Without `pkt-` fields the IPv4 side counts the bytes, so this one names the client only.
    assert_eq!(known.says("2001:db8::5 64:ff9b::cb00:7105"), Leg::Client(Direction::Upload, at("2001:db8::5")));
    assert_eq!(known.says("64:ff9b::cb00:7105 2001:db8::5"), Leg::Client(Direction::Download, at("2001:db8::5")));
    let regional = zonal(&["107.22.182.139"]).regional();
    assert_eq!(regional.says("2001:db8::5 64:ff9b::cb00:7105"), up("2001:db8::5", HOST));
    assert_eq!(regional.says("64:ff9b::cb00:7105 2001:db8::5"), down("2001:db8::5", HOST));
}

#[test]
fn private_addresses_are_what_no_other_network_routes() {
    for address in ["10.0.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.127.255.255", "fd00::1"] {
        assert!(is_private(&at(address)), "{address}");
    }
    for address in ["172.32.0.1", "100.63.0.1", "100.128.0.1", "8.8.8.8", "2600:1f00::1", "64:ff9b::a00:1"] {
        assert!(!is_private(&at(address)), "{address}");
    }
}
