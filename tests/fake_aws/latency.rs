//! How long answers take.

use std::str::FromStr;
use std::time::Duration;

use super::organisation::mix;

/// A span of latencies, evenly spread, with a tail where one is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latency {
    pub low: Duration,
    pub high: Duration,
    /// What 99 of 100 answers do not exceed.
    pub p99: Option<Duration>,
}

/// Reads `50ms`, `1s` or `250us`.
pub fn span(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1_000), ("us", 1), ("s", 1_000_000)];
    let micros = |(unit, micros)| Some(text.strip_suffix(unit)?.parse::<u64>().ok()? * micros);
    let parsed = units.into_iter().find_map(micros).map(Duration::from_micros);
    parsed.ok_or_else(|| format!("{text:?} is no span such as 50ms"))
}

impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        Ok(Self { low: span(low)?, high: span(high)?, p99: None })
    }
}

impl Latency {
    /// The latency of the answer of this number: a hundredth of them may be beyond the tail's measure, by a third.
    pub fn of(&self, answer: u64) -> Duration {
        let rank = mix(answer.wrapping_add(0x51ed_270b)) % 10_000;
        let body = self.low + (self.high.saturating_sub(self.low)) * u32::try_from(rank).unwrap() / 10_000;
        match self.p99 {
            Some(p99) if rank >= 9_000 => {
                // The cube of how far beyond the 90th percentile: 1 at the 99th.
                let beyond = u128::from(rank - 9_000);
                let tail = p99.saturating_sub(self.high).as_micros() * beyond.pow(3) / 900_u128.pow(3);
                self.high + Duration::from_micros(u64::try_from(tail).unwrap_or(u64::MAX))
            }
            _ => body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_take_their_span_and_one_in_a_hundred_longer_than_its_tail() {
        let latency = Latency { p99: Some(Duration::from_millis(300)), ..("40ms..60ms".parse().unwrap()) };
        let mut all: Vec<_> = (0..10_000).map(|answer| latency.of(answer)).collect();
        all.sort();
        assert!(all[0] >= Duration::from_millis(40) && all[8_900] <= Duration::from_millis(61));
        assert!(all[9_850] < Duration::from_millis(300) && all[9_950] > Duration::from_millis(300));
        assert!(span("fast").is_err());
    }
}
