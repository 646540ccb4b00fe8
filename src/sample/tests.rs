use proptest::prelude::*;

use super::*;
use crate::testing::{FIRST, World};

fn window(hours: i64) -> Window {
    let at = |hour: i64| jiff::Timestamp::from_second((i64::from(FIRST) + hour) * 3600).unwrap();
    Window::new(at(0), at(hours)).unwrap()
}

fn plan(hours_per_day: u8, hours: i64, sizes: &BTreeMap<u32, Bytes>) -> Plan {
    Plan::new(Sampling { hours_per_day }, window(hours), sizes)
}

impl World {
    fn truth(&self) -> Decimal {
        let sum = |of: &BTreeMap<u32, Bytes>| of.values().copied().map(Decimal::from).sum::<Decimal>();
        sum(&self.part) / sum(&self.whole)
    }

    fn share(&self, plan: &Plan) -> Share {
        let of = |of: &BTreeMap<u32, Bytes>, hour| of.get(&hour).copied().unwrap_or(0);
        plan.share(&|hour| of(&self.part, hour), &|hour| of(&self.whole, hour)).unwrap()
    }
}

#[test]
fn the_truth_lies_in_the_interval_of_95_in_100_samples() {
    for hours_per_day in [1, 2, 4] {
        let worlds = 240;
        let mut held = 0;
        for seed in 0..worlds {
            let world = World::new(seed, 720);
            let share = world.share(&plan(hours_per_day, 720, &world.whole));
            held += u32::from(share.low <= world.truth() && world.truth() <= share.high);
        }
        assert!(held * 100 >= 93 * u32::try_from(worlds).unwrap(), "{held} of {worlds} at {hours_per_day}h/day");
    }
}

#[test]
fn half_the_hours_widen_it() {
    for seed in 0..6 {
        let world = World::new(seed, 720);
        let width = |hours| {
            let share = world.share(&plan(hours, 720, &world.whole));
            share.high - share.low
        };
        assert!(width(8) < width(4) && width(4) < width(2), "world {seed}");
    }
}

#[test]
fn forms() {
    assert_eq!("2h/day".parse(), Ok(Sampling { hours_per_day: 2 }));
    for text in ["0h/day", "24h/day", "2h", "2/day", "h/day", "-1h/day", "2h/week"] {
        assert!(text.parse::<Sampling>().is_err(), "{text}");
    }
}

#[test]
fn a_large_hour_is_not_missed() {
    let mut sizes: BTreeMap<u32, Bytes> = (0..720).map(|hour| (FIRST + hour, 1)).collect();
    for day in 0..30 {
        sizes.insert(FIRST + day * 24 + 3, 1_000);
    }
    let hours = plan(2, 720, &sizes).hours();
    assert!((0..30).all(|day| hours.contains(&(FIRST + day * 24 + 3))));
}

#[test]
fn what_no_draw_tells_of_is_not_ruled_out() {
    let sizes = BTreeMap::new();
    let plan = plan(2, 720, &sizes);
    let share = plan.share(&|_| 0, &|_| 10).unwrap();
    assert_eq!((share.low, share.best), (Decimal::ZERO, Decimal::ZERO));
    assert!(share.high > Decimal::new(1, 2) && share.high < Decimal::new(5, 2), "{share:?}");
    assert_eq!(plan.share(&|_| 0, &|_| 0), None);
}

proptest! {
    #[test]
    fn a_plan_has_about_as_many_hours_as_it_says(
        hours_per_day in 1..24_u8,
        hours in 1..2_000_i64,
        sizes in prop::collection::vec(0..1_000_000_u64, 0..300),
    ) {
        let sizes: BTreeMap<u32, Bytes> = (FIRST..).zip(sizes).collect();
        let plan = plan(hours_per_day, hours, &sizes);
        let drawn = plan.hours();
        prop_assert!(drawn.iter().all(|hour| (0..hours).contains(&(i64::from(*hour) - i64::from(FIRST)))));
        let wanted = i64::from(hours_per_day) * hours / 24;
        let slack = 2 + hours / 24;
        prop_assert!((i64::try_from(drawn.len()).unwrap() - wanted).abs() <= slack, "{} of {wanted}", drawn.len());
        let covered: u64 = plan.windows().iter().map(Window::hours).sum();
        prop_assert_eq!(covered, drawn.len() as u64);
        prop_assert_eq!(&plan, &super::tests::plan(hours_per_day, hours, &sizes));
        // What each hour stands for comes to about the window.
        let share = plan.share(&|_| 7, &|_| 7);
        prop_assert_eq!(share.map(|share| share.best), Some(Decimal::ONE));
    }
}
