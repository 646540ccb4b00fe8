//! What it costs to open the book of addresses and to look one up: `cargo bench --bench address`.
//!
//! `NATWISE_IP_RANGES=FILE` times `ip-ranges.json` files too.

#![allow(missing_docs, clippy::unwrap_used)]

use natwise::address::AddressBook;

const LOOKUPS: u32 = 1 << 16;

fn main() {
    divan::main();
}

#[divan::bench]
fn embedded() -> AddressBook {
    AddressBook::embedded()
}

#[divan::bench]
fn from_json(bencher: divan::Bencher<'_, '_>) {
    let Some(file) = std::env::var_os("NATWISE_IP_RANGES") else { return };
    let json = std::fs::read(file).unwrap();
    bencher.bench(|| AddressBook::from_json(&json).unwrap());
}

/// All over the address space, in no order: the worst that flow logs can be.
#[divan::bench]
fn owner_of_v4_at_random(bencher: divan::Bencher<'_, '_>) {
    let book = AddressBook::embedded();
    let addresses: Vec<_> = (0..LOOKUPS).map(|n| n.wrapping_mul(0x9e37_79b9)).collect();
    bencher.counter(LOOKUPS).bench(|| addresses.iter().map(|it| book.owner_of_v4(*it).index()).sum::<usize>());
}

/// A few remotes again and again, as flow logs are.
#[divan::bench]
fn owner_of_v4_repeated(bencher: divan::Bencher<'_, '_>) {
    let book = AddressBook::embedded();
    let addresses: Vec<_> = (0..LOOKUPS).map(|n| (n % 50).wrapping_mul(0x9e37_79b9)).collect();
    bencher.counter(LOOKUPS).bench(|| addresses.iter().map(|it| book.owner_of_v4(*it).index()).sum::<usize>());
}

#[divan::bench]
fn owner_of_v6_at_random(bencher: divan::Bencher<'_, '_>) {
    let book = AddressBook::embedded();
    let spread = |n: u32| (0x2600_u128 << 112 | u128::from(n.wrapping_mul(0x9e37_79b9)) << 84).into();
    let addresses: Vec<std::net::Ipv6Addr> = (0..LOOKUPS).map(spread).collect();
    bencher.counter(LOOKUPS).bench(|| addresses.iter().map(|it| book.owner_of((*it).into()).index()).sum::<usize>());
}
