//! Records of clients' own interfaces, for gateways that have none.

use super::super::watch::ClientSubnet;
use super::*;

/// Two subnets of a VPC: one leads to the gateway, the other, where the gateway is, to an internet gateway.
fn subnets() -> Watch {
    let subnet = |net: &str, id: &str, way| ClientSubnet {
        net: net.parse().unwrap(),
        vpc_id: "vpc-1".into(),
        subnet_id: id.into(),
        routes: vec![("10.0.0.0/16".parse().unwrap(), None), ("0.0.0.0/0".parse().unwrap(), way)],
    };
    let subnets = vec![subnet("10.0.1.0/24", "subnet-a", Some(0)), subnet("10.0.0.0/24", "subnet-p", None)];
    Watch::Clients { gateways: vec![gateway()], subnets }
}

#[test]
fn what_leaves_by_the_route_to_the_gateway_is_its_traffic() {
    let logs = Logs::new();
    let record = |ends: &str| format!("2 111122223333 eni-0c {ends} 1 443 6 1 10 {START} {START} ACCEPT OK\n");
    let ends = [
        "10.0.1.5 203.0.113.5",
        "203.0.113.5 10.0.1.5",
        // In the VPC, by the internet gateway, of nobody here.
        "10.0.1.5 10.0.0.9",
        "10.0.0.9 203.0.113.5",
        "192.0.2.1 203.0.113.5",
    ];
    logs.add("a.log", format!("{V2}{}", ends.map(record).concat()));
    let traffic = read_with(&[logs.0.path()], &subnets(), |_| {});
    let total = only(&traffic).total();
    assert_eq!((total.upload, total.download), (10, 10));
    assert_eq!((traffic.statistics.counted, traffic.statistics.other_interfaces), (2, 3));
}

/// A regional gateway's record of its client looks like the client's own.
#[test]
fn a_gateways_own_records_are_none_of_a_client() {
    let logs = Logs::new();
    let header = "interface-id resource-id srcaddr dstaddr bytes\n";
    let text = "eni-0c - 10.0.1.5 203.0.113.5 10\n- nat-r 10.0.1.5 203.0.113.5 10\n- - 10.0.1.5 203.0.113.5 10\n";
    logs.add("a.log", format!("{header}{text}"));
    logs.add("b.log", "resource-id srcaddr dstaddr bytes\nnat-r 10.0.1.5 203.0.113.5 10\n");
    let traffic = read_with(&[logs.0.path()], &subnets(), |_| {});
    assert_eq!((bytes(&traffic), traffic.statistics.counted, traffic.statistics.other_interfaces), (10, 1, 3));
}

#[test]
fn a_subnet_may_have_both_address_families() {
    let Watch::Clients { gateways, mut subnets } = subnets() else { unreachable!() };
    subnets.push(ClientSubnet {
        net: "2001:db8::/64".parse().unwrap(),
        routes: vec![("64:ff9b::/96".parse().unwrap(), Some(0)), ("::/0".parse().unwrap(), None)],
        ..subnets[0].clone()
    });
    let logs = Logs::new();
    let ends =
        ["2001:db8::5 64:ff9b::cb00:7105", "10.0.1.5 203.0.113.5", "2001:db8::5 2600::1", "10.0.0.9 203.0.113.5"];
    let record = |ends: &str| format!("eni-0c subnet-a {ends} 10\n");
    logs.add("a.log", format!("interface-id subnet-id srcaddr dstaddr bytes\n{}", ends.map(record).concat()));
    let traffic = read_with(&[logs.0.path()], &Watch::Clients { gateways, subnets }, |_| {});
    assert_eq!((bytes(&traffic), traffic.statistics.other_interfaces), (20, 2));
}
