use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Made once: the embedded ranges take a while to unpack.
static ADDRESSES: LazyLock<Addresses> = LazyLock::new(Addresses::new);
static OWN: LazyLock<Vec<IpNet>> = LazyLock::new(crate::address::gateway_service_blocks);

fn block(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn any_block() -> impl Strategy<Value = IpNet> {
    let near = prop::sample::select(vec![
        "0.0.0.0",
        "10.0.0.0",
        "11.1.2.3",
        "52.216.0.0",
        "52.94.0.9",
        "100.64.3.3",
        "169.254.1.1",
        "172.16.9.9",
        "172.32.0.0",
        "192.168.1.7",
        "203.0.113.5",
        "240.0.0.1",
    ]);
    let v4 = prop_oneof![
        any::<u32>(),
        (near, 0..1_u32 << 18)
            .prop_map(|(base, off)| { u32::from(base.parse::<Ipv4Addr>().unwrap()).wrapping_add(off) })
    ];
    let v4 =
        (v4, 0..=32_u8).prop_map(|(bits, length)| IpNet::new(Ipv4Addr::from(bits).into(), length).unwrap().trunc());
    let near = prop::sample::select(vec!["::", "fd00::", "2600:1fa0::", "2a05:d018::", "64:ff9b::", "fe80::"]);
    let v6 = (near, any::<u64>(), 0..=128_u8).prop_map(|(base, bits, length)| {
        let bits = u128::from(base.parse::<Ipv6Addr>().unwrap()) ^ u128::from(bits) << 24;
        IpNet::new(Ipv6Addr::from(bits).into(), length).unwrap().trunc()
    });
    prop_oneof![2 => v4, 1 => v6]
}

/// How many leading bits two addresses share.
fn shared(a: &IpNet, b: &IpNet) -> Option<u32> {
    (a.addr().is_ipv4() == b.addr().is_ipv4()).then(|| (bits(a.addr()) ^ bits(b.addr())).leading_zeros())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn leading_bits_in_common_stay_and_so_does_containment(a in any_block(), b in any_block(), key in any::<[u8; 32]>()) {
        let (key, addresses) = (Key::new(&key), &ADDRESSES);
        let (x, y) = (addresses.block(&key, a), addresses.block(&key, b));
        prop_assert_eq!((x.prefix_len(), y.prefix_len()), (a.prefix_len(), b.prefix_len()));
        prop_assert_eq!(a.contains(&b), x.contains(&y));
        prop_assert_eq!(b.contains(&a), y.contains(&x));
        prop_assert_eq!(a == b, x == y);
        let whole = |net: IpNet| IpNet::from(addresses.address(&key, net.addr()));
        prop_assert_eq!(shared(&a, &b), shared(&whole(a), &whole(b)));
    }

    #[test]
    fn classes_stay_classes_and_gateway_services_stay_themselves(a in any_block(), key in any::<[u8; 32]>()) {
        let (key, addresses) = (Key::new(&key), &ADDRESSES);
        let mixed = addresses.block(&key, a);
        for class in CLASSES.iter().map(|text| block(text)) {
            prop_assert_eq!(class.contains(&a), class.contains(&mixed));
            if a.contains(&class) {
                prop_assert_eq!(mixed, a);
            }
        }
        for own in OWN.iter().copied().chain([block(LINK_LOCAL)]) {
            if own.contains(&a) || a.contains(&own) {
                prop_assert_eq!(mixed, a);
            }
            prop_assert_eq!(own.contains(&a), own.contains(&mixed));
        }
    }
}

#[test]
fn routes_that_everybody_has_stay() {
    let addresses = &ADDRESSES;
    for text in ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1", "2000::/3", "64:ff9b::/96"] {
        for key in 0..50 {
            assert_eq!(addresses.block(&Key::new(&[key; 32]), block(text)), block(text));
        }
    }
}

#[test]
fn every_bit_that_is_free_is_mixed() {
    let addresses = &ADDRESSES;
    let of = |text: &str| -> BTreeSet<String> {
        (0..250).map(|key| addresses.block(&Key::new(&[key; 32]), block(text)).to_string()).collect()
    };
    assert_eq!(of("10.0.0.0/10").len(), 4);
    assert_eq!(of("172.16.0.0/14").len(), 4);
    assert_eq!(of("192.168.64.0/18").len(), 4);
    // Between 203.0.113.0 and any address of S3 or DynamoDB there is room for more than that.
    assert!(of("203.0.113.0/24").len() > 200);
    // What AWS gives to a VPC, and what it rents out.
    assert!(of("2600:1f18:1234:5600::/56").len() > 200);
    assert!(of("52.20.30.40/32").len() > 200);
    let ours = of("10.0.0.0/16");
    assert!(ours.len() > 100 && ours.iter().all(|text| text.starts_with("10.") && text.ends_with(".0.0/16")));
}

#[test]
fn lists_of_aws_stay_also_where_the_embedded_ranges_are_older() {
    let list = |cidrs: &[&str]| PrefixList {
        prefix_list_id: "pl-s3".into(),
        name: "com.amazonaws.us-east-1.s3".into(),
        cidrs: cidrs.iter().map(|text| block(text)).collect(),
    };
    let lists = [list(&["198.51.100.0/24", "10.1.0.0/16", "0.0.0.0/0"])];
    let addresses = ADDRESSES.with_lists_of_aws(lists.iter());
    let key = Key::new(&[3; 32]);
    for text in ["198.51.100.0/24", "198.51.100.128/25", "198.51.100.7/32"] {
        assert_eq!(addresses.block(&key, block(text)), block(text));
        assert_ne!(ADDRESSES.block(&key, block(text)), block(text));
    }
    // A list cannot lift the veil from private addresses, nor from all of them.
    assert_ne!(addresses.block(&key, block("10.1.0.0/16")), block("10.1.0.0/16"));
    assert_ne!(addresses.block(&key, block("203.0.113.0/24")), block("203.0.113.0/24"));
}

#[test]
fn public_addresses_become_nobodys() {
    let key = Key::new(&[3; 32]);
    let all: BTreeSet<_> = (0..1_000_u32).map(|n| nobodys(&key, Ipv4Addr::from(0x3414_0000 + n))).collect();
    assert!(all.len() > 998 && all.iter().all(|address| address.octets()[0] >= 240));
}
