//! The span of time to audit, as the command line says it.

use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::{Window, WindowError};

/// Datapoints arrive some minutes late: an hour counts as over a little after it is.
const SETTLING: SignedDuration = SignedDuration::from_mins(5);

/// Which span of time to audit: whole hours in UTC, the end exclusive.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Window (UTC, whole hours, end exclusive)")]
pub struct WindowArgs {
    /// The last so many days, hours or weeks, such as 30d, 36h or 4w. Default: 30d.
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["month", "from", "to"])]
    pub last: Option<String>,
    /// A calendar month, such as 2026-10; the current one up to now.
    #[arg(long, value_name = "YYYY-MM", conflicts_with_all = ["from", "to"])]
    pub month: Option<String>,
    /// First instant, such as 2026-10-01 or 2026-10-01T06:00Z.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// First instant after it. Default: now.
    #[arg(long, value_name = "TIME", requires = "from")]
    pub to: Option<String>,
}

/// Why the command line does not say a window.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowArgsError {
    /// Not a span of time.
    #[error("--last {0:?} is not a number of days, hours or weeks, such as 30d, 36h or 4w")]
    Last(String),
    /// Not a month.
    #[error("--month {0:?} is not a month, such as 2026-10")]
    Month(String),
    /// Not an instant.
    #[error("{option} {text:?} is neither a date, such as 2026-10-01, nor a time, such as 2026-10-01T06:00Z")]
    Instant {
        /// The option.
        option: &'static str,
        /// What it was given.
        text: String,
    },
    /// Not in order, or not whole hours.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// There is nothing to see yet.
    #[error("the window ends in the future, at {end}; now it is {now}")]
    Future {
        /// Its end.
        end: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// CloudWatch has forgotten it.
    #[error(
        "the window starts at {start}, but CloudWatch keeps hourly datapoints for {} days only, since {oldest}",
        Window::MOST_HOURS / 24
    )]
    TooOld {
        /// Its start.
        start: Timestamp,
        /// The earliest start there can be.
        oldest: Timestamp,
    },
}

impl WindowArgs {
    /// The options, for conflicts with what carries its own window.
    pub const IDS: [&str; 4] = ["last", "month", "from", "to"];

    /// The window they mean at an instant.
    ///
    /// # Errors
    /// When they mean none, or one of which CloudWatch cannot know.
    pub fn window(&self, now: Timestamp) -> Result<Window, WindowArgsError> {
        let window = self.span(now)?;
        let (start, end) = (window.start(), window.end());
        if end > now {
            return Err(WindowArgsError::Future { end, now });
        }
        let kept = SignedDuration::from_hours(i64::try_from(Window::MOST_HOURS).unwrap_or(i64::MAX));
        let oldest = last_whole_hour(now).saturating_sub(kept).unwrap_or(start);
        if start < oldest {
            return Err(WindowArgsError::TooOld { start, oldest });
        }
        Ok(window)
    }

    /// The window they mean at an instant, for files, which are older than CloudWatch's memory perhaps; none where they
    /// say nothing.
    ///
    /// # Errors
    /// When they mean none.
    pub fn of_files(&self, now: Timestamp) -> Result<Option<Window>, WindowArgsError> {
        let said = self.last.is_some() || self.month.is_some() || self.from.is_some();
        said.then(|| self.span(now)).transpose()
    }

    /// Whether they mean another window an hour later.
    #[must_use]
    pub fn is_relative(&self, now: Timestamp) -> bool {
        let later = now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now);
        self.span(now) != self.span(later)
    }

    fn span(&self, now: Timestamp) -> Result<Window, WindowArgsError> {
        let latest = last_whole_hour(now);
        let (start, end) = match (&self.month, &self.from) {
            (Some(month), _) => {
                let (start, end) = month_bounds(month)?;
                if start >= latest {
                    return Err(WindowArgsError::Future { end, now });
                }
                (start, end.min(latest))
            }
            (None, Some(from)) => {
                let start = instant("--from", from)?;
                let end = self.to.as_deref().map_or(Ok(latest), |to| instant("--to", to))?;
                (start, end)
            }
            (None, None) => {
                let span = hours(self.last.as_deref().unwrap_or("30d"))?;
                let too_old = || WindowArgsError::Last(self.last.clone().unwrap_or_default());
                (latest.checked_sub(SignedDuration::from_hours(span)).map_err(|_| too_old())?, latest)
            }
        };
        Ok(Window::new(start, end)?)
    }
}

/// The end of the last hour that is over, its datapoints in.
fn last_whole_hour(now: Timestamp) -> Timestamp {
    let settled = now.saturating_sub(SETTLING).unwrap_or(now).as_second();
    Timestamp::from_second(settled - settled.rem_euclid(3600)).unwrap_or(now)
}

fn hours(text: &str) -> Result<i64, WindowArgsError> {
    let error = || WindowArgsError::Last(text.to_owned());
    let split = text.len() - text.chars().last().map_or(0, char::len_utf8);
    let (count, unit) = text.split_at(split);
    let hours = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 7 * 24,
        _ => return Err(error()),
    };
    // No window reaches back further than the retention, so ten thousand is plenty and cannot overflow.
    let count: u16 = count.parse().map_err(|_| error())?;
    Ok(i64::from(count) * hours)
}

fn month_bounds(text: &str) -> Result<(Timestamp, Timestamp), WindowArgsError> {
    let error = || WindowArgsError::Month(text.to_owned());
    if text.len() != "2026-10".len() {
        return Err(error());
    }
    let first: Date = format!("{text}-01").parse().map_err(|_| error())?;
    let next = first.checked_add(1.month()).map_err(|_| error())?;
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| error());
    Ok((midnight(first)?, midnight(next)?))
}

fn instant(option: &'static str, text: &str) -> Result<Timestamp, WindowArgsError> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let error = || WindowArgsError::Instant { option, text: text.to_owned() };
    if text.contains(['T', 't', ' ']) {
        return Err(error());
    }
    let date: Date = text.parse().map_err(|_| error())?;
    date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| error())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-23T10:20:30Z";

    fn window(last: Option<&str>, month: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<String, String> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let args = WindowArgs { last: owned(last), month: owned(month), from: owned(from), to: owned(to) };
        let window = args.window(NOW.parse().unwrap()).map_err(|error| error.to_string())?;
        Ok(format!("{} {} {}", window.start(), window.end(), window.hours()))
    }

    #[test]
    fn windows_end_with_the_last_whole_hour() {
        assert_eq!(window(None, None, None, None).unwrap(), "2026-10-24T10:00:00Z 2026-11-23T10:00:00Z 720");
        assert_eq!(window(Some("36h"), None, None, None).unwrap(), "2026-11-21T22:00:00Z 2026-11-23T10:00:00Z 36");
        assert_eq!(last_whole_hour("2026-11-23T10:03:00Z".parse().unwrap()).to_string(), "2026-11-23T09:00:00Z");
    }

    #[test]
    fn months_are_whole_or_up_to_now() {
        assert_eq!(window(None, Some("2026-10"), None, None).unwrap(), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z 744");
        assert_eq!(window(None, Some("2026-11"), None, None).unwrap(), "2026-11-01T00:00:00Z 2026-11-23T10:00:00Z 538");
        assert!(window(None, Some("2026-12"), None, None).unwrap_err().contains("future"));
        for bad in ["2026-13", "2026", "oct", "2026-1", "2026-10-1", "٢٠٢٦-10"] {
            assert!(window(None, Some(bad), None, None).unwrap_err().contains("is not a month"), "{bad}");
        }
    }

    #[test]
    fn dates_and_times_are_read() {
        let from_to = |from, to| window(None, None, Some(from), to);
        assert_eq!(
            from_to("2026-10-01", Some("2026-10-01T06:00Z")).unwrap(),
            "2026-10-01T00:00:00Z 2026-10-01T06:00:00Z 6"
        );
        assert_eq!(from_to("2026-11-23", None).unwrap(), "2026-11-23T00:00:00Z 2026-11-23T10:00:00Z 10");
        assert!(from_to("2026-10-02", Some("2026-10-01")).unwrap_err().contains("reversed"));
        assert!(from_to("2026-10-02", Some("2026-10-02")).unwrap_err().contains("empty"));
        assert!(from_to("2026-10-02T00:30Z", Some("2026-10-03")).unwrap_err().contains("whole hour"));
        assert!(from_to("2026-10-02", Some("2026-12-01")).unwrap_err().contains("future"));
        assert!(from_to("2025-01-01", Some("2025-02-01")).unwrap_err().contains("455 days"));
        assert!(from_to("yesterday", None).unwrap_err().contains("--from"));
        assert!(from_to("2026-10-01T06:00", None).unwrap_err().contains("--from"), "no zone: whose six o'clock?");
    }

    #[test]
    fn spans_are_counts_of_a_unit() {
        for bad in ["", "d", "30", "-1d", "1.5d", "30 d", "30m", "99999999999d", "3٠d", "0x1d", "日"] {
            let error = window(Some(bad), None, None, None).unwrap_err();
            assert!(error.contains("--last"), "{bad}: {error}");
        }
        assert!(window(Some("0d"), None, None, None).unwrap_err().contains("empty"));
        assert!(window(Some("456d"), None, None, None).unwrap_err().contains("455 days"));
        assert!(window(Some("455d"), None, None, None).is_ok());
    }
}
