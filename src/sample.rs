//! Reading flow logs of some hours only, and what that tells of the whole: which hours, and how sure the shares are.
//!
//! CloudWatch says how many bytes every hour had, so the hours are drawn within each day with chances that follow
//! those: the hour of a nightly backup is nearly always among them, and no hour is never. What hours that were not
//! read are made of is estimated by those that were: shares of CloudWatch's total, each with an interval that holds
//! what is true in 95 of 100 samples.

mod interval;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::model::{Bytes, Window};
use interval::{chances, interval};

/// How many hours of each day are read: `2h/day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// From 1 to 23.
    pub hours_per_day: u8,
}

impl FromStr for Sampling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hours = text.strip_suffix("/day").and_then(|hours| hours.strip_suffix('h')).and_then(|h| h.parse().ok());
        match hours.filter(|hours| (1..=23).contains(hours)) {
            Some(hours_per_day) => Ok(Self { hours_per_day }),
            None => Err("not a number of hours of each day, from 1h/day to 23h/day".to_owned()),
        }
    }
}

/// A chance of one, as the chances of hours are counted.
const CERTAIN: u32 = 1_000_000;

/// The hours that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How many of each day.
    pub hours_per_day: u8,
    strata: Vec<Vec<Drawn>>,
}

/// An hour that was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Drawn {
    /// Since 1970-01-01T00:00Z.
    hour: u32,
    /// How probable that was, in millionths.
    chance: u32,
}

/// A part of a whole, as a sample tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The low end of the 95% confidence interval.
    pub low: Decimal,
    /// The estimate.
    pub best: Decimal,
    /// The high end.
    pub high: Decimal,
}

impl Plan {
    /// Draws hours. `sizes` are the bytes of each hour as far as they are known; the same ones give the same hours.
    #[must_use]
    pub fn new(sampling: Sampling, window: Window, sizes: &BTreeMap<u32, Bytes>) -> Self {
        let first = u32::try_from(window.start().as_second() / 3600).unwrap_or(0);
        let hours: Vec<u32> = (first..).take(usize::try_from(window.hours()).unwrap_or(0)).collect();
        // Two draws at the least tell how far hours differ.
        let (days, draws) = match sampling.hours_per_day {
            1 => (2, 2),
            many => (1, usize::from(many)),
        };
        let length = days * 24;
        let mut random = fastrand::Rng::with_seed(first.into());
        let mut strata: Vec<&[u32]> = hours.chunks(length).collect();
        // What is left at the end is a part of the day before it, unless it is most of one.
        if let Some(last) = strata.pop_if(|last| last.len() < length / 2)
            && let Some(before) = strata.pop()
        {
            strata.push(hours.get(hours.len() - before.len() - last.len()..).unwrap_or(before));
        }
        if strata.is_empty() {
            strata.push(&hours);
        }
        let draw = |hours: &[u32]| {
            let draws = (draws * hours.len()).div_ceil(length).max(2);
            let sizes: Vec<Bytes> = hours.iter().map(|hour| sizes.get(hour).copied().unwrap_or(0)).collect();
            pick(hours, &chances(&sizes, draws), &mut random)
        };
        Self { hours_per_day: sampling.hours_per_day, strata: strata.into_iter().map(draw).collect() }
    }

    /// The hours that are read, since 1970-01-01T00:00Z.
    #[must_use]
    pub fn hours(&self) -> BTreeSet<u32> {
        self.strata.iter().flatten().map(|drawn| drawn.hour).collect()
    }

    /// The same as spans of time.
    #[must_use]
    pub fn windows(&self) -> Vec<Window> {
        let mut spans: Vec<(u32, u32)> = Vec::new();
        for hour in self.hours() {
            match spans.last_mut() {
                Some((_, end)) if *end == hour => *end += 1,
                _ => spans.push((hour, hour + 1)),
            }
        }
        let at = |hour: u32| jiff::Timestamp::from_second(i64::from(hour) * 3600).ok();
        spans.into_iter().filter_map(|(from, to)| Window::new(at(from)?, at(to)?).ok()).collect()
    }

    /// What the sampled hours' bytes of something stand for, in all hours.
    #[must_use]
    pub fn whole(&self, part: &dyn Fn(u32) -> Bytes) -> Decimal {
        let stands_for = |drawn: &Drawn| {
            let bytes = Decimal::from(part(drawn.hour)) * Decimal::from(CERTAIN);
            bytes.checked_div(Decimal::from(drawn.chance)).unwrap_or_default()
        };
        self.strata.iter().flatten().map(stands_for).sum()
    }

    /// A part's share of a whole, both by hour. None where the sampled hours have nothing of the whole.
    #[must_use]
    pub fn share(&self, part: &dyn Fn(u32) -> Bytes, whole: &dyn Fn(u32) -> Bytes) -> Option<Share> {
        interval(&self.strata, part, whole)
    }
}

/// Draws hours by their chances: every so many millionths of chance in a row, from a random place on, of the hours in
/// a random order.
fn pick(hours: &[u32], chances: &[u32], random: &mut fastrand::Rng) -> Vec<Drawn> {
    let mut order: Vec<_> = hours.iter().copied().zip(chances.iter().copied()).collect();
    random.shuffle(&mut order);
    let mut next = u64::from(random.u32(0..CERTAIN));
    let mut passed = 0_u64;
    let mut drawn = Vec::new();
    for (hour, chance) in order {
        passed += u64::from(chance);
        if passed > next {
            drawn.push(Drawn { hour, chance });
            next += u64::from(CERTAIN);
        }
    }
    drawn.sort_unstable_by_key(|drawn| drawn.hour);
    drawn
}

#[cfg(test)]
mod tests;
