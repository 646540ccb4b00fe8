//! An hourly series of counts, as CloudWatch keeps them: some hours have no datapoint.
//!
//! A month of one gateway is 3,600 numbers, an organisation has tens of millions. In memory a series is therefore a
//! run of variable-length integers (about five bytes for an hour of gigabytes); in the snapshot it is a plain JSON
//! array with `null` where there was no datapoint, so that `jq` and people can read it.

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Window;

/// Values for consecutive hours from the window's start; hours past the last datapoint are not stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// LEB128 of the value plus one; zero is an hour without a datapoint.
    encoded: Vec<u8>,
}

/// The largest value kept; one below the top, since the stored form is shifted by one.
const MAX: u64 = u64::MAX - 1;

impl Series {
    /// A series from `(hour, value)` pairs in any order; values of one hour add up.
    #[must_use]
    pub fn from_points(points: impl IntoIterator<Item = (usize, u64)>) -> Self {
        let mut by_hour = std::collections::BTreeMap::<usize, u64>::new();
        for (hour, value) in points {
            let sum = by_hour.entry(hour).or_default();
            *sum = sum.saturating_add(value);
        }
        let mut series = Self::default();
        let mut next = 0;
        for (hour, value) in by_hour {
            series.encoded.extend(std::iter::repeat_n(0, hour - next));
            series.push(Some(value));
            next = hour + 1;
        }
        series
    }

    fn push(&mut self, value: Option<u64>) {
        let mut rest = value.map_or(0, |value| value.min(MAX) + 1);
        loop {
            let low = (rest & 0x7f) as u8;
            rest >>= 7;
            if rest == 0 {
                self.encoded.push(low);
                return;
            }
            self.encoded.push(low | 0x80);
        }
    }

    /// Each hour from the window's start to the last datapoint.
    pub fn iter(&self) -> impl Iterator<Item = Option<u64>> + '_ {
        let mut bytes = self.encoded.iter();
        std::iter::from_fn(move || {
            let mut value = 0_u64;
            let mut shift = 0;
            loop {
                let byte = *bytes.next()?;
                value |= u64::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    return Some(value.checked_sub(1));
                }
                shift += 7;
            }
        })
    }

    /// The datapoints in a span, by hour of another window; this series' own hours are those of `own`.
    #[must_use]
    pub fn part(&self, own: &Window, span: &Window, window: &Window) -> Self {
        Self::from_points(self.iter().enumerate().filter_map(|(hour, value)| {
            let instant = own.instant_of(hour);
            span.hour_of(instant)?;
            Some((window.hour_of(instant)?, value?))
        }))
    }

    /// One series of several over the same window, each with other hours.
    #[must_use]
    pub fn joined(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut parts: Vec<Self> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.len() < 2 {
            return parts.pop().unwrap_or_default();
        }
        let points = parts.iter().flat_map(|part| part.iter().enumerate());
        Self::from_points(points.filter_map(|(hour, value)| Some((hour, value?))))
    }

    /// Whether there is no datapoint at all: the measured thing is unknown, or (for what publishes only when used) idle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }

    /// The sum over all hours; `None` without a datapoint, since unknown is not zero.
    #[must_use]
    pub fn sum(&self) -> Option<u64> {
        self.iter().flatten().reduce(u64::saturating_add)
    }

    /// The largest hour; `None` without a datapoint.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        self.iter().flatten().max()
    }

    /// The hour of the first datapoint.
    #[must_use]
    pub fn first_hour(&self) -> Option<usize> {
        self.iter().position(|value| value.is_some())
    }

    /// The hour of the last datapoint.
    #[must_use]
    pub fn last_hour(&self) -> Option<usize> {
        self.iter().enumerate().filter_map(|(hour, value)| value.map(|_| hour)).last()
    }
}

impl FromIterator<Option<u64>> for Series {
    /// A series of consecutive hours from the window's start.
    fn from_iter<I: IntoIterator<Item = Option<u64>>>(hours: I) -> Self {
        let mut series = Self::default();
        let mut length_to_last_point = 0;
        for value in hours {
            series.push(value);
            if value.is_some() {
                length_to_last_point = series.encoded.len();
            }
        }
        series.encoded.truncate(length_to_last_point);
        series.encoded.shrink_to_fit();
        series
    }
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        for value in self.iter() {
            sequence.serialize_element(&value)?;
        }
        sequence.end()
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hours;

        impl<'de> Visitor<'de> for Hours {
            type Value = Series;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array of counts, null where an hour has no datapoint")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Series, A::Error> {
                std::iter::from_fn(|| sequence.next_element().transpose()).collect()
            }
        }

        deserializer.deserialize_seq(Hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_datapoint_is_not_zero() {
        assert_eq!(Series::default().sum(), None);
        assert_eq!(Series::from_points([(3, 0)]).sum(), Some(0));
    }

    #[test]
    fn holes_are_null_and_the_tail_is_cut() {
        let series = Series::from_points([(1, 7), (3, 300)]);
        assert_eq!(serde_json::to_string(&series).unwrap(), "[null,7,null,300]");
        assert_eq!(serde_json::from_str::<Series>("[null,7,null,300,null]").unwrap(), series);
        assert_eq!((series.first_hour(), series.last_hour(), series.max()), (Some(1), Some(3), Some(300)));
    }

    proptest! {
        #[test]
        fn json_round_trips(points in prop::collection::btree_map(0_usize..500, 0..=MAX, 0..60)) {
            let series = Series::from_points(points.clone());
            let back: Series = serde_json::from_str(&serde_json::to_string(&series).unwrap()).unwrap();
            prop_assert_eq!(&back, &series);
            let read = back.iter().enumerate().filter_map(|(hour, value)| Some((hour, value?))).collect();
            prop_assert_eq!(points, read);
        }
    }
}
