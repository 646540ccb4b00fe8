//! Whatever is added in whatever order and by however many, the sums are the same, and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Something that is added: gateway, flow log, hour, service, bytes.
type Item = (u32, u32, u32, u64, Bytes);

fn items() -> impl Strategy<Value = Vec<Item>> {
    let hour = prop_oneof![9 => 0..60_u32, 1 => Just(NO_HOUR), 1 => Just(70_000_000)];
    prop::collection::vec((0..3_u32, 0..2_u32, hour, 0..5_u64, 0..1_000_u64), 0..300)
}

fn add(sums: &mut Hourly, (gateway, log, hour, what, bytes): Item) {
    sums.add((Slot { gateway, log }, hour, What(what), None), bytes, what == 0);
}

/// All of it, by so many threads.
fn sums(items: &[Item], threads: usize, most: usize) -> Hourly {
    let mut parts: Vec<_> = (0..threads).map(|_| Hourly::new(most)).collect();
    for (index, item) in items.iter().enumerate() {
        add(&mut parts[index % threads], *item);
    }
    let mut whole = Hourly::new(most);
    parts.into_iter().rev().for_each(|part| whole.merge(part));
    whole
}

/// The least number of doublings with which the cells are no more than that.
fn doublings(items: &[Item], most: usize) -> u32 {
    let cells = |doublings: u32| {
        let cell = |(gateway, log, hour, what, _): &Item| {
            let stretch = if *hour == NO_HOUR { NO_HOUR } else { hour >> doublings };
            (*gateway, *log, stretch, *what)
        };
        items.iter().filter(|item| item.4 > 0).map(cell).collect::<BTreeSet<_>>().len()
    };
    (0..MOST_DOUBLINGS).find(|doublings| cells(*doublings) <= most).unwrap_or(MOST_DOUBLINGS)
}

proptest! {
    #[test]
    fn sums_are_those_of_the_items(items in items(), threads in 1..5_usize, most in 1..200_usize) {
        let sums = sums(&items, threads, most);
        prop_assert_eq!(sums.doublings, doublings(&items, most));
        let stretch = |hour: u32| if hour == NO_HOUR { hour } else { hour / sums.stretch() * sums.stretch() };
        let (mut hours, mut cells) = (BTreeMap::new(), BTreeMap::new());
        for (gateway, log, hour, what, bytes) in items {
            let slot = Slot { gateway, log };
            let sum = hours.entry((slot, hour)).or_insert(HourSum::default());
            sum.bytes += bytes;
            sum.both |= what == 0;
            if bytes > 0 {
                *cells.entry((slot, stretch(hour), What(what), None)).or_insert(0) += bytes;
            }
        }
        prop_assert_eq!(sums.hours.into_iter().collect::<BTreeMap<_, _>>(), hours);
        prop_assert_eq!(sums.cells.into_iter().collect::<BTreeMap<_, _>>(), cells);
    }
}

#[test]
fn hours_of_many_gateways_stay_apart() {
    let mut part = Hourly::new(MOST_CELLS);
    for gateway in 0..200 {
        (0..744).for_each(|hour| add(&mut part, (gateway, 0, hour, 0, 1)));
    }
    let mut whole = Hourly::new(MOST_CELLS);
    whole.merge(part);
    assert!(whole.hours.len() == 200 * 744 && whole.hours.values().all(|sum| sum.bytes == 1));
    assert_eq!((whole.cells.len(), whole.stretch()), (200 * 744, 1));
}

/// The bound is that of a hash table of a size, which one more would double.
#[test]
fn cells_that_fit_take_no_larger_table() {
    let mut sums = Hourly::new(MOST_CELLS);
    let most = u32::try_from(MOST_CELLS).unwrap();
    (0..most).for_each(|hour| sums.put((Slot { gateway: 0, log: 0 }, hour, What(0), None), 1));
    assert_eq!((sums.cells.len(), sums.cells.capacity(), sums.stretch()), (MOST_CELLS, MOST_CELLS, 1));
    sums.put((Slot { gateway: 0, log: 0 }, most, What(0), None), 1);
    assert_eq!((sums.cells.len(), sums.stretch()), (MOST_CELLS / 2 + 1, 2));
}
