use proptest::prelude::*;

use super::*;

fn window(hours: i64) -> Window {
    let at = |hour: i64| jiff::Timestamp::from_second((493_000 + hour) * 3600).unwrap();
    Window::new(at(0), at(hours)).unwrap()
}

fn plan(hours_per_day: u8, hours: i64, sizes: &BTreeMap<u32, Bytes>) -> Plan {
    Plan::new(Sampling { hours_per_day }, window(hours), sizes)
}

/// A made-up gateway: bytes to S3 and bytes in all, by hour.
struct World {
    part: BTreeMap<u32, Bytes>,
    whole: BTreeMap<u32, Bytes>,
}

impl World {
    /// Days and nights, noise, and one of several habits: a nightly backup to S3, bursts of either kind, a weekly job,
    /// office hours.
    fn new(seed: u64, hours: u32) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let share = 0.05 + 0.65 * random.f64();
        let (backup, weekday, phase) = (random.u32(0..24), random.u32(0..7), random.f64() * 6.0);
        let big = 2.0 + 25.0 * random.f64();
        let mut world = Self { part: BTreeMap::new(), whole: BTreeMap::new() };
        for hour in 0..hours {
            let of_day = f64::from(hour % 24);
            let base = (0.3 * (random.f64() + random.f64() + random.f64() - 1.5) * 2.0).exp()
                * (1.0 + 0.6 * (of_day / 24.0 * std::f64::consts::TAU + phase).sin());
            let mut s3 = base * (share + 0.16 * (random.f64() - 0.5)).clamp(0.0, 1.0);
            let mut other = base - s3;
            let burst = |random: &mut fastrand::Rng| (1.5 + 0.8 * 3.0 * (random.f64() - 0.5)).exp();
            match seed % 6 {
                1 if hour % 24 == backup => s3 += big * (0.5 + random.f64()),
                2 if random.f64() < 0.05 => s3 += burst(&mut random),
                3 if random.f64() < 0.03 => other += burst(&mut random),
                4 if hour / 24 % 7 == weekday && hour % 24 < 3 => s3 += big,
                5 if !(8..18).contains(&(hour % 24)) => (s3, other) = (0.0, 0.0),
                _ => {}
            }
            let bytes = |size: f64| (size * 1e9) as Bytes;
            world.part.insert(493_000 + hour, bytes(s3));
            world.whole.insert(493_000 + hour, bytes(s3) + bytes(other));
        }
        world
    }

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
    let mut sizes: BTreeMap<u32, Bytes> = (0..720).map(|hour| (493_000 + hour, 1)).collect();
    for day in 0..30 {
        sizes.insert(493_000 + day * 24 + 3, 1_000);
    }
    let hours = plan(2, 720, &sizes).hours();
    assert!((0..30).all(|day| hours.contains(&(493_000 + day * 24 + 3))));
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
        let sizes: BTreeMap<u32, Bytes> = sizes.into_iter().enumerate().map(|(at, size)| (493_000 + at as u32, size)).collect();
        let plan = plan(hours_per_day, hours, &sizes);
        let drawn = plan.hours();
        prop_assert!(drawn.iter().all(|hour| (493_000..493_000 + i64::from(u32::MAX)).contains(&i64::from(*hour)) && i64::from(*hour) < 493_000 + hours));
        let wanted = i64::from(hours_per_day) * hours / 24;
        let slack = 2 + hours / 24;
        prop_assert!((drawn.len() as i64 - wanted).abs() <= slack, "{} of {wanted}", drawn.len());
        let covered: u64 = plan.windows().iter().map(Window::hours).sum();
        prop_assert_eq!(covered, drawn.len() as u64);
        prop_assert_eq!(&plan, &super::tests::plan(hours_per_day, hours, &sizes));
        // What each hour stands for comes to about the window.
        let share = plan.share(&|_| 7, &|_| 7);
        prop_assert_eq!(share.map(|share| share.best), Some(Decimal::ONE));
    }
}
