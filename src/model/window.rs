//! The span of time that is audited: whole hours in UTC, end exclusive.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Hours;

/// A span of whole hours in UTC; `end` is outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Bounds", into = "Bounds")]
#[schemars(with = "Bounds")]
pub struct Window {
    start: Timestamp,
    end: Timestamp,
}

/// How a window is written.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Bounds {
    #[schemars(with = "String", extend("format" = "date-time"))]
    start: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    end: Timestamp,
    /// Whole hours from start to end.
    #[serde(default)]
    hours: Hours,
}

/// Why two instants do not make a window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It ends where it starts.
    #[error("the window is empty: it starts and ends at {0}")]
    Empty(Timestamp),
    /// It ends before it starts.
    #[error("the window is reversed: it starts at {start} and ends at {end}")]
    Reversed {
        /// The later instant, given as the start.
        start: Timestamp,
        /// The earlier instant, given as the end.
        end: Timestamp,
    },
    /// An edge is inside an hour; metrics and charges are by the hour.
    #[error("the window must start and end on a whole hour (UTC), but {0} is not one")]
    NotWholeHours(Timestamp),
}

const HOUR: i64 = 3600;

impl Window {
    /// How far back CloudWatch keeps hourly datapoints: 455 days.
    pub const MOST_HOURS: Hours = 455 * 24;

    /// A window of whole hours.
    ///
    /// # Errors
    /// When the edges are not whole hours, or not in order.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, WindowError> {
        for edge in [start, end] {
            if edge.as_nanosecond() % (i128::from(HOUR) * 1_000_000_000) != 0 {
                return Err(WindowError::NotWholeHours(edge));
            }
        }
        match start.cmp(&end) {
            std::cmp::Ordering::Less => Ok(Self { start, end }),
            std::cmp::Ordering::Equal => Err(WindowError::Empty(start)),
            std::cmp::Ordering::Greater => Err(WindowError::Reversed { start, end }),
        }
    }

    /// The first instant inside.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The first instant after.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// Its length.
    #[must_use]
    pub fn hours(&self) -> Hours {
        u64::try_from((self.end.as_second() - self.start.as_second()) / HOUR).unwrap_or(0)
    }

    /// Which hour of the window an instant lies in.
    #[must_use]
    pub fn hour_of(&self, instant: Timestamp) -> Option<usize> {
        if instant < self.start || instant >= self.end {
            return None;
        }
        usize::try_from((instant.as_second() - self.start.as_second()) / HOUR).ok()
    }

    /// When an hour of the window starts.
    #[must_use]
    pub fn instant_of(&self, hour: usize) -> Timestamp {
        let hours = i64::try_from(hour).unwrap_or(i64::MAX / HOUR);
        self.start.saturating_add(SignedDuration::from_secs(hours.saturating_mul(HOUR))).unwrap_or(self.end)
    }

    /// What is left without a part of it: what lies before that, and what lies after.
    pub fn without(&self, part: &Self) -> impl Iterator<Item = Self> + use<> {
        let before = (self.start, part.start.min(self.end));
        let after = (part.end.max(self.start), self.end);
        [before, after].into_iter().filter_map(|(start, end)| Self::new(start, end).ok())
    }

    /// The billed hours of something that existed from `created` to `deleted`: a started hour counts whole. No
    /// `created` means since before the window, no `deleted` until after it.
    #[must_use]
    pub fn hours_of_life(&self, created: Option<Timestamp>, deleted: Option<Timestamp>) -> Hours {
        let from = created.map_or(self.start, |instant| instant.max(self.start));
        let to = deleted.map_or(self.end, |instant| instant.min(self.end));
        if from >= to {
            return 0;
        }
        // AWS counts from the moment of creation, so 10:30 to 12:10 is two hours (1:40 begun), not three.
        let hour = i128::from(HOUR) * 1_000_000_000;
        let nanoseconds = to.as_nanosecond() - from.as_nanosecond();
        Hours::try_from((nanoseconds + hour - 1) / hour).unwrap_or(Hours::MAX)
    }
}

impl TryFrom<Bounds> for Window {
    type Error = WindowError;

    fn try_from(bounds: Bounds) -> Result<Self, WindowError> {
        Self::new(bounds.start, bounds.end)
    }
}

impl From<Window> for Bounds {
    fn from(window: Window) -> Self {
        Self { start: window.start, end: window.end, hours: window.hours() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn october() -> Window {
        Window::new(at("2026-10-01T00:00:00Z"), at("2026-11-01T00:00:00Z")).unwrap()
    }

    #[test]
    fn october_has_744_hours() {
        assert_eq!(october().hours(), 744);
    }

    #[test]
    fn a_started_hour_counts_whole() {
        let life = |from, to| october().hours_of_life(from, to);
        assert_eq!(life(None, None), 744);
        assert_eq!(life(Some(at("2026-10-31T22:30:00Z")), None), 2);
        assert_eq!(life(None, Some(at("2026-10-01T00:00:01Z"))), 1);
        assert_eq!(life(Some(at("2026-11-02T00:00:00Z")), None), 0);
        assert_eq!(life(None, Some(at("2026-09-30T00:00:00Z"))), 0);
    }

    #[test]
    fn what_is_left_lies_before_and_after() {
        let new = |a: &str, b: &str| Window::new(at(a), at(b)).unwrap();
        let left = |a, b| october().without(&new(a, b)).map(|left| left.hours()).collect::<Vec<_>>();
        assert_eq!(left("2026-10-02T00:00:00Z", "2026-10-31T00:00:00Z"), [24, 24]);
        assert_eq!(left("2026-09-02T00:00:00Z", "2026-10-31T00:00:00Z"), [24]);
        assert_eq!(left("2026-10-02T00:00:00Z", "2026-11-01T00:00:00Z"), [24]);
        assert_eq!(left("2026-09-01T00:00:00Z", "2026-12-01T00:00:00Z"), [0_u64; 0]);
        assert_eq!(left("2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"), [744]);
        assert_eq!(left("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"), [744]);
    }

    #[test]
    fn windows_are_whole_hours_in_order() {
        let new = |a: &str, b: &str| Window::new(at(a), at(b));
        assert!(matches!(new("2026-10-01T00:30:00Z", "2026-10-02T00:00:00Z"), Err(WindowError::NotWholeHours(_))));
        assert!(matches!(new("2026-10-02T00:00:00Z", "2026-10-02T00:00:00Z"), Err(WindowError::Empty(_))));
        assert!(matches!(new("2026-10-03T00:00:00Z", "2026-10-02T00:00:00Z"), Err(WindowError::Reversed { .. })));
    }
}
