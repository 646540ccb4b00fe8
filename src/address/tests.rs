//! The book against the rule written the obvious way, and against what is known of AWS's ranges.

use std::cmp::Reverse;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::ranges::PRIVATE;
use super::*;

/// A row of the ranges, or of the prefix list of a service (as its code) and Region.
#[derive(Debug, Clone)]
struct Entry {
    block: IpNet,
    region: String,
    code: String,
    listed: bool,
}

fn entry(block: &str, region: &str, code: &str) -> Entry {
    Entry { block: block.parse().unwrap(), region: region.into(), code: code.into(), listed: false }
}

fn json(entries: &[Entry]) -> Vec<u8> {
    let rows = |v6: bool, key: &str| -> Vec<_> {
        let own = entries.iter().filter(|entry| !entry.listed && matches!(entry.block, IpNet::V6(_)) == v6);
        own.map(|it| serde_json::json!({key: it.block, "region": it.region, "service": it.code})).collect()
    };
    let document = serde_json::json!({
        "syncToken": "1787433425", "createDate": "2026-08-22-21-17-05",
        "prefixes": rows(false, "ip_prefix"), "ipv6_prefixes": rows(true, "ipv6_prefix"),
    });
    serde_json::to_vec(&document).unwrap()
}

fn list(region: &str, name: &str, blocks: &[&str]) -> (RegionName, PrefixList) {
    let cidrs = blocks.iter().map(|block| block.parse().unwrap()).collect();
    let list = PrefixList { prefix_list_id: "pl-1".into(), name: format!("com.amazonaws.{region}.{name}"), cidrs };
    (region.into(), list)
}

fn book(entries: &[Entry]) -> AddressBook {
    let lists = entries.iter().filter(|entry| entry.listed).map(|entry| {
        let family = if matches!(entry.block, IpNet::V6(_)) { "ipv6." } else { "" };
        list(&entry.region, &format!("{family}{}", entry.code.to_lowercase()), &[&entry.block.to_string()])
    });
    let lists: Vec<_> = lists.collect();
    let book = AddressBook::from_json(&json(entries)).unwrap();
    book.with_prefix_lists(lists.iter().map(|(region, list)| (region, list)))
}

/// The rule as the module says it.
fn oracle(entries: &[Entry], address: IpAddr) -> Owner {
    let address = match address {
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0, 0, 0, 0, 0, 0xffff, a, b] => {
                Ipv4Addr::from(u32::from(a) << 16 | u32::from(b)).into()
            }
            _ => address,
        },
        IpAddr::V4(_) => address,
    };
    if PRIVATE.iter().any(|block| block.parse::<IpNet>().unwrap().contains(&address)) {
        return Owner::outside(Service::PRIVATE);
    }
    let class = |entry: &Entry| match (entry.listed, entry.code.as_str()) {
        (true, _) => 0,
        (false, "S3" | "DYNAMODB") => 1,
        (false, "EC2") => 3,
        (false, "AMAZON") => 4,
        (false, _) => 2,
    };
    let service = |entry: &Entry| match entry.code.as_str() {
        "AMAZON" => "aws".to_owned(),
        code => code.to_lowercase(),
    };
    let best = entries
        .iter()
        .filter(|entry| entry.block.contains(&address))
        .min_by_key(|entry| (class(entry), Reverse(entry.block.prefix_len()), service(entry), entry.region.clone()));
    let Some(best) = best else { return INTERNET.clone() };
    let list_known = entries.iter().any(|entry| {
        let same_family = matches!(entry.block, IpNet::V4(_)) == address.is_ipv4();
        entry.listed && same_family && (&entry.code, &entry.region) == (&best.code, &best.region)
    });
    Owner {
        service: Service::new(&service(best)),
        region: Some(best.region.as_str().into()),
        by_prefix_list: best.listed,
        gateway_endpoint: best.listed || (class(best) == 1 && best.region != GLOBAL && !list_known),
    }
}

/// Where an owner can change: the edges of every block, and what is next to them.
fn edges(entries: &[Entry]) -> Vec<IpAddr> {
    let blocks = entries.iter().map(|entry| entry.block).chain(PRIVATE.iter().map(|block| block.parse().unwrap()));
    let around = |block: IpNet| match block {
        IpNet::V4(block) => [block.network(), block.broadcast()]
            .map(u32::from)
            .into_iter()
            .flat_map(|at| [at.wrapping_sub(1), at, at.wrapping_add(1)])
            .map(|at| IpAddr::V4(at.into()))
            .collect::<Vec<_>>(),
        IpNet::V6(block) => [block.network(), block.broadcast()]
            .map(u128::from)
            .into_iter()
            .flat_map(|at| [at.wrapping_sub(1), at, at.wrapping_add(1)])
            .map(|at| IpAddr::V6(at.into()))
            .collect(),
    };
    blocks.flat_map(around).collect()
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let codes = ["S3", "S3", "DYNAMODB", "EC2", "AMAZON", "CLOUDFRONT", "API_GATEWAY"];
    let regions = ["us-east-1", "eu-west-1", GLOBAL];
    // A narrow space, so that blocks meet; the widest and the narrowest; a private one.
    let v4 = (0..64_u32, prop_oneof![26..=32_u8, Just(0), Just(8), Just(31)], prop::sample::select(vec![3_u32, 9, 10]))
        .prop_map(|(low, length, high)| IpNet::V4(Ipv4Net::new((high << 24 | low).into(), length).unwrap().trunc()));
    let v6 = (0..64_u128, prop_oneof![122..=128_u8, Just(0), Just(40)])
        .prop_map(|(low, length)| IpNet::V6(Ipv6Net::new((0x2600 << 112 | low).into(), length).unwrap().trunc()));
    (
        prop_oneof![3 => v4, 1 => v6],
        prop::sample::select(codes.to_vec()),
        prop::sample::select(regions.to_vec()),
        0..5_u8,
    )
        .prop_map(|(block, code, region, list)| {
            let listed = list == 0 && ["S3", "DYNAMODB"].contains(&code) && region != GLOBAL;
            Entry { block, region: region.into(), code: code.into(), listed }
        })
}

proptest! {
    #[test]
    fn the_book_agrees_with_the_rule(entries in prop::collection::vec(any_entry(), 1..24)) {
        prop_assume!(entries.iter().any(|entry| !entry.listed));
        let book = book(&entries);
        for address in edges(&entries) {
            prop_assert_eq!(book.owner(book.owner_of(address)), &oracle(&entries, address), "{}", address);
        }
        prop_assert!(book.v4.cuts().is_sorted() && book.v6.cuts().is_sorted());
    }

    #[test]
    fn nothing_read_as_ranges_panics(json in "\\PC{0,200}", cut in 0..400_usize) {
        let _ = AddressBook::from_json(json.as_bytes());
        let whole = self::json(&[entry("3.0.0.0/8", "us-east-1", "EC2")]);
        prop_assert!(AddressBook::from_json(&whole[..cut.min(whole.len() - 1)]).is_err());
    }
}

/// The embedded ranges as the tool packed them.
fn published() -> Vec<Entry> {
    let text = ranges::unpack().unwrap();
    let fields = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    fields.map(|fields| entry(fields[0], fields[1], fields[2])).collect()
}

#[test]
fn the_embedded_ranges_agree_with_the_rule_at_every_edge() {
    let entries = published();
    assert_eq!(entries.len(), 16_826);
    let book = AddressBook::embedded();
    let from_json = AddressBook::from_json(&json(&entries)).unwrap();
    assert_eq!(book.published().sync_token, "1787433425");
    assert_eq!(book.published().create_date.to_string(), "2026-08-22T21:17:05Z");
    assert_eq!(book.published(), from_json.published());
    // Scanning all rows for each edge would take minutes.
    let mut by_first_bits = HashMap::<(bool, u32), Vec<Entry>>::new();
    for entry in &entries {
        let (v4, bits) = first_bits(entry.block.network());
        by_first_bits.entry((v4, bits)).or_default().push(entry.clone());
    }
    for address in edges(&entries) {
        let near = by_first_bits.get(&first_bits(address)).map_or(&[][..], Vec::as_slice);
        let expected = oracle(near, address);
        assert_eq!(book.owner(book.owner_of(address)), &expected, "{address}");
        assert_eq!(from_json.owner(from_json.owner_of(address)), &expected, "{address}");
    }
}

/// The bits that all blocks of an address family have at least: no published block is wider.
fn first_bits(address: IpAddr) -> (bool, u32) {
    match address {
        IpAddr::V4(address) => (true, u32::from(address) >> 21),
        IpAddr::V6(address) => (false, (u128::from(address) >> 96).try_into().unwrap()),
    }
}

fn said(book: &AddressBook, address: &str) -> (String, Option<String>, bool) {
    let owner = book.owner(book.owner_of(address.parse().unwrap()));
    (owner.service.to_string(), owner.region.as_ref().map(ToString::to_string), owner.gateway_endpoint)
}

fn of(service: &str, region: &str, gateway_endpoint: bool) -> (String, Option<String>, bool) {
    (service.to_owned(), Some(region.to_owned()), gateway_endpoint)
}

#[test]
fn the_service_decides_before_the_prefix() {
    let book = AddressBook::embedded();
    // AWS's ranges have an EC2 row inside this row of S3's: /21 and /22.
    assert_eq!(said(&book, "83.118.240.1"), of("s3", "eusc-de-east-1", true));
    // One of S3's rows that EC2 has too, block for block.
    assert_eq!(said(&book, "3.5.0.1"), of("s3", "us-east-1", true));
    assert_eq!(said(&book, "52.95.128.179").0, "s3");
    assert_eq!(said(&book, "52.94.0.1").0, "dynamodb");
}

#[test]
fn what_is_no_networks_or_everybodys() {
    let book = AddressBook::embedded();
    let outside = |service: &str| (service.to_owned(), None, false);
    for address in ["10.0.1.5", "100.64.0.1", "127.0.0.1", "169.254.169.254", "0.0.0.0", "192.168.255.255"] {
        assert_eq!(said(&book, address), outside("private"), "{address}");
    }
    for address in ["::1", "::", "fd00:ec2::254", "fe80::1", "ff02::1", "64:ff9b::a00:105", "::ffff:10.0.1.5"] {
        assert_eq!(said(&book, address), outside("private"), "{address}");
    }
    for address in ["203.0.113.5", "8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "64:ff9b:1::1"] {
        assert_eq!(said(&book, address), outside("internet"), "{address}");
    }
    assert_eq!(book.owner_of_v4(0x0808_0808), OwnerId::INTERNET);
    assert_eq!(book.owner_of_v4(0x0a00_0001), OwnerId::PRIVATE);
}

#[test]
fn an_address_of_nat64_is_the_one_it_stands_for() {
    let book = AddressBook::embedded();
    for address in ["64:ff9b::305:1", "::ffff:3.5.0.1"] {
        assert_eq!(said(&book, address), of("s3", "us-east-1", true), "{address}");
    }
}

#[test]
fn a_prefix_list_says_what_a_gateway_endpoint_carries() {
    let rows = [
        entry("3.5.0.0/19", "us-east-1", "S3"),
        entry("3.5.64.0/19", "eu-west-1", "S3"),
        entry("2600:1fa0::/32", "us-east-1", "S3"),
        entry("52.94.0.0/22", "us-east-1", "DYNAMODB"),
    ];
    let lists = [
        list("us-east-1", "s3", &["3.5.0.0/20", "18.34.0.0/19"]),
        list("us-east-1", "s3express", &["18.40.0.0/20"]),
        list("us-east-1", "dynamodb", &[]),
        list("us-east-1", "vpc-lattice", &["169.254.171.0/24", "99.0.0.0/8"]),
    ];
    let book = AddressBook::from_json(&json(&rows)).unwrap();
    let book = book.with_prefix_lists(lists.iter().map(|(region, list)| (region, list)));
    assert_eq!(said(&book, "3.5.0.1"), of("s3", "us-east-1", true));
    assert_eq!(said(&book, "18.34.0.1"), of("s3", "us-east-1", true), "only the list knows");
    assert_eq!(said(&book, "3.5.16.1"), of("s3", "us-east-1", false), "only the ranges know");
    assert_eq!(said(&book, "3.5.64.1"), of("s3", "eu-west-1", true), "another Region's list is not known");
    assert_eq!(said(&book, "2600:1fa0::1"), of("s3", "us-east-1", true), "nor that of IPv6");
    assert_eq!(said(&book, "52.94.0.1"), of("dynamodb", "us-east-1", true), "entries could not be read");
    assert_eq!(said(&book, "18.40.0.1"), of("s3express", "us-east-1", true));
    assert_eq!(said(&book, "99.0.0.1").0, "internet", "not a gateway endpoint's list");
    let listed = |address: &str| book.owner(book.owner_of(address.parse().unwrap())).by_prefix_list;
    assert!(listed("3.5.0.1") && !listed("3.5.16.1"));
}

#[test]
fn files_that_are_no_ranges_are_told() {
    let error = |text: &str| AddressBook::from_json(text.as_bytes()).unwrap_err().to_string();
    let with = |create_date: &str, prefixes: &str| {
        error(&format!(r#"{{"syncToken":"1","createDate":"{create_date}","prefixes":[{prefixes}]}}"#))
    };
    assert!(error("").starts_with("not an ip-ranges.json as AWS publishes it: EOF"));
    assert!(error("[]").starts_with("not an ip-ranges.json"));
    assert!(error("}{").starts_with("not an ip-ranges.json"));
    assert!(error(&"[".repeat(100_000)).starts_with("not an ip-ranges.json"));
    assert!(error(r#"{"prefixes":[]}"#).contains("missing field"));
    assert_eq!(with("2026-08-22-21-17-05", ""), "it has no prefixes");
    assert_eq!(with("yesterday", ""), "its createDate \"yesterday\" is not of the form 2026-08-22-21-17-05");
    let row = |block: &str| format!(r#"{{"ip_prefix":"{block}","region":"us-east-1","service":"S3"}}"#);
    for block in ["3.5.0.0/33", "3.5.0.0", "3.5.0.300/24", "24/3.5.0.0", ""] {
        let expected = format!("{block:?} is not a block of addresses such as 3.5.140.0/22");
        assert_eq!(with("2026-08-22-21-17-05", &row(block)), expected);
    }
    let many: Vec<_> = (0..=30_000).map(|n| row("3.5.0.0/24").replace("S3", &format!("S{n}"))).collect();
    assert_eq!(with("2026-08-22-21-17-05", &many.join(",")), "it names more than 30000 pairs of service and Region");
}
