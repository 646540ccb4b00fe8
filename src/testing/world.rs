//! Gateways that are made up by the hour, for samples.

#![expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "made-up bytes need no more digits"
)]

use std::collections::BTreeMap;

use crate::model::Bytes;

/// The hour that a world begins in, since 1970.
pub(crate) const FIRST: u32 = 497_448;

/// A made-up gateway: bytes to S3 and bytes in all, by hour.
pub(crate) struct World {
    pub(crate) part: BTreeMap<u32, Bytes>,
    pub(crate) whole: BTreeMap<u32, Bytes>,
}

impl World {
    /// Days and nights, noise, and one of several habits: a nightly backup to S3, bursts of either kind, a weekly job,
    /// office hours.
    pub(crate) fn new(seed: u64, hours: u32) -> Self {
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
            world.part.insert(FIRST + hour, bytes(s3));
            world.whole.insert(FIRST + hour, bytes(s3) + bytes(other));
        }
        world
    }
}
