//! The names of the folders that AWS writes flow logs to.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::DAY;

/// How the folders below `AWSLogs/` are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `123456789012/vpcflowlogs/us-east-1/2026/10/01/`
    Plain,
    /// `aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=10/day=01/`
    Hive,
}

impl Layout {
    /// The layout that names an account's folder so.
    pub(super) fn of_account(name: &str) -> Option<Self> {
        if name.strip_prefix("aws-account-id=").is_some_and(|account| !account.is_empty()) {
            return Some(Self::Hive);
        }
        (name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit())).then_some(Self::Plain)
    }

    /// The folder of flow logs in an account's.
    pub(super) fn service(self) -> &'static str {
        match self {
            Self::Plain => "vpcflowlogs",
            Self::Hive => "aws-service=vpcflowlogs",
        }
    }

    /// Whether a folder is a Region's.
    pub(super) fn is_region(self, name: &str) -> bool {
        match self {
            Self::Plain => !name.is_empty() && !name.contains('='),
            Self::Hive => name.strip_prefix("aws-region=").is_some_and(|region| !region.is_empty()),
        }
    }

    /// The folders of a day, from the Region's on.
    pub(super) fn day(self, start: i64) -> String {
        let date = Timestamp::from_second(start).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let (year, month, day) = (date.year(), date.month(), date.day());
        match self {
            Self::Plain => format!("{year:04}/{month:02}/{day:02}"),
            Self::Hive => format!("year={year:04}/month={month:02}/day={day:02}"),
        }
    }
}

/// The hour of a folder in a day's: `07` or `hour=07`.
pub(super) fn hour(name: &str) -> Option<i64> {
    let digits = name.strip_prefix("hour=").unwrap_or(name);
    digits.parse().ok().filter(|hour| digits.len() == 2 && (0..24).contains(hour))
}

/// The name of a folder whose key ends with a slash.
pub(super) fn last(folder: &str) -> &str {
    folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// A folder up to `AWSLogs/`, and the names of those below it. None: there is no `AWSLogs/` in it.
pub(super) fn split(folder: &str) -> Option<(&str, Vec<&str>)> {
    const ROOT: &str = "AWSLogs/";
    let is_name = |at: &usize| *at == 0 || folder.get(..*at).is_some_and(|before| before.ends_with('/'));
    let at = folder.match_indices(ROOT).map(|(at, _)| at).filter(is_name).last()? + ROOT.len();
    let (above, below) = folder.split_at_checked(at)?;
    Some((above, below.split('/').filter(|name| !name.is_empty()).collect()))
}

/// The starts of the days (UTC) that some spans of seconds touch, each once.
pub(super) fn days(spans: &[(i64, i64)]) -> Vec<i64> {
    let mut days: Vec<_> =
        spans.iter().flat_map(|(from, to)| from.div_euclid(DAY)..=to.div_euclid(DAY)).map(|day| day * DAY).collect();
    days.dedup();
    days
}
