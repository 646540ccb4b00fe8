//! Which partitions hold the records of a window: a condition on partition columns whose meaning is certain.
//!
//! Files are in the folder of the day (and hour) of their delivery, some minutes after the records' own time. So the
//! hour before a window and the hour after it are read too.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::columns::{Column, Metadata};
use super::{TableError, quote};
use crate::model::{RegionName, Window};

/// Hours since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours(BTreeSet<i64>);

const HOUR: i64 = 3600;

/// Hours before and after a window in whose folders its records may be.
const MARGIN: i64 = 1;

impl Hours {
    /// Those whose folders hold the records of windows.
    #[must_use]
    pub fn of_folders(windows: &[Window]) -> Self {
        let hours = |window: &Window| {
            let (start, end) = (window.start().as_second() / HOUR, window.end().as_second() / HOUR);
            start - MARGIN..end + MARGIN
        };
        Self(windows.iter().flat_map(hours).collect())
    }

    /// By day: which of its hours, a bit for each.
    pub(super) fn by_day(&self) -> BTreeMap<Date, u32> {
        let mut days = BTreeMap::new();
        for hour in &self.0 {
            if let Ok(instant) = Timestamp::from_second(hour * HOUR) {
                let day = instant.to_zoned(TimeZone::UTC).date();
                *days.entry(day).or_default() |= 1_u32 << hour.rem_euclid(24);
            }
        }
        days
    }

    /// All of them, each text once.
    pub(super) fn written(&self, pattern: &Pattern) -> Vec<String> {
        self.0.iter().map(|hour| pattern.write(*hour)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// First and last hours of stretches without a gap.
    fn stretches(&self) -> Vec<(i64, i64)> {
        let mut stretches: Vec<(i64, i64)> = Vec::new();
        for hour in &self.0 {
            match stretches.last_mut() {
                Some((_, last)) if *last + 1 == *hour => *last = *hour,
                _ => stretches.push((*hour, *hour)),
            }
        }
        stretches
    }
}

/// What a partition column says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The day, or the hour, as a text that sorts by time.
    Date(Pattern),
    /// The day, as a date.
    Day,
    /// A part of the day.
    Year,
    /// A part of the day.
    Month,
    /// A part of the day.
    DayOfMonth,
    /// The hour of the day.
    Hour,
    /// The Region.
    Region,
    /// `vpcflowlogs`
    Service,
    /// The account: a gateway's interfaces are in one only, so it is not needed.
    Account,
    /// Not known.
    Unknown,
}

/// How a date is written: Java's letters, and what is between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    has_hour: bool,
}

impl Pattern {
    /// Reads one; none for what does not sort by time, or has more to it.
    fn parse(text: &str) -> Option<Self> {
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
        let known = text.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '-' | '_' | '.' | ' '));
        let has_hour = match letters.as_str() {
            "yyyyMMdd" => false,
            "yyyyMMddHH" => true,
            _ => return None,
        };
        (known && ["yyyy", "MM", "dd"].iter().all(|part| text.contains(part)))
            .then(|| Self { text: text.to_owned(), has_hour })
    }

    /// An hour, so written.
    pub(super) fn write(&self, hour: i64) -> String {
        let Ok(instant) = Timestamp::from_second(hour * HOUR) else { return String::new() };
        let instant = instant.to_zoned(TimeZone::UTC);
        self.text
            .replace("yyyy", &format!("{:04}", instant.year()))
            .replace("MM", &format!("{:02}", instant.month()))
            .replace("dd", &format!("{:02}", instant.day()))
            .replace("HH", &format!("{:02}", instant.hour()))
    }
}

/// What the partition columns of a table say.
pub(super) fn meanings(metadata: &Metadata) -> Vec<(&Column, Meaning)> {
    let keys = &metadata.partition_keys;
    let has = |name: &str| keys.iter().any(|key| key.plain_name() == name);
    let is_split = has("year") && has("month");
    let property = |key: &Column, what: &str| {
        let wanted = format!("projection.{}.{what}", key.name);
        let found = metadata.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(&wanted));
        found.map(|(_, value)| value.trim())
    };
    let meaning = |key: &Column| {
        if key.kind == "date" {
            return Meaning::Day;
        }
        let is_date = property(key, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("date"));
        if let Some(format) = property(key, "format").filter(|_| is_date && key.is_text()) {
            return Pattern::parse(format).map_or(Meaning::Unknown, Meaning::Date);
        }
        match key.plain_name().as_str() {
            "year" => Meaning::Year,
            "month" if has("year") => Meaning::Month,
            "day" if is_split => Meaning::DayOfMonth,
            "hour" => Meaning::Hour,
            "region" | "awsregion" if key.is_text() => Meaning::Region,
            "awsservice" if key.is_text() => Meaning::Service,
            "awsaccountid" | "accid" | "accountid" | "account" => Meaning::Account,
            _ => Meaning::Unknown,
        }
    };
    keys.iter()
        .map(|key| (key, meaning(key)))
        .filter(|(key, _)| key.is_text() || key.is_integer() || key.kind == "date")
        .collect()
}

/// The condition, and what is to be said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// All of them hold.
    pub(super) conditions: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Makes it.
pub(super) fn filter(
    metadata: &Metadata,
    hours: &Hours,
    regions: Option<&BTreeSet<RegionName>>,
) -> Result<Filter, TableError> {
    let mut filter = Filter::default();
    let meanings = meanings(metadata);
    let by_time = by_time(&meanings, hours);
    if by_time.is_none() {
        filter.notes.push(if metadata.is_view {
            "the table is a view: natwise cannot tell which of its columns are partitions, so it may read everything behind it".to_owned()
        } else {
            "no partition column tells days in a way that natwise knows: all of the table is read".to_owned()
        });
    }
    filter.conditions.extend(by_time);
    for (key, meaning) in &meanings {
        let name = quote::name(&key.name);
        let is_injected = metadata
            .parameters
            .get(&format!("projection.{}.type", key.name))
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("injected"));
        match (meaning, regions) {
            (Meaning::Region, Some(regions)) if !regions.is_empty() => {
                let values: Vec<_> = regions.iter().map(|region| quote::text(region.as_str())).collect();
                filter.conditions.push(format!("{name} IN ({})", values.join(", ")));
            }
            (Meaning::Service, _) => filter.conditions.push(format!("{name} = 'vpcflowlogs'")),
            (Meaning::Region | Meaning::Account | Meaning::Unknown, _) if is_injected => {
                return Err(TableError::Injected(key.name.clone()));
            }
            (Meaning::Unknown, _) => filter.notes.push(format!(
                "the partition column {:?} does not tell what it means: all of its partitions are read",
                key.name
            )),
            _ => {}
        }
    }
    Ok(filter)
}

fn by_time(meanings: &[(&Column, Meaning)], hours: &Hours) -> Option<String> {
    let find = |wanted: fn(&Meaning) -> bool| meanings.iter().find(|(_, meaning)| wanted(meaning));
    let date = find(|meaning| matches!(meaning, Meaning::Date(_)));
    if let Some((key, Meaning::Date(pattern))) =
        date.filter(|(_, meaning)| matches!(meaning, Meaning::Date(pattern) if pattern.has_hour))
    {
        let ranges = hours.stretches().into_iter().map(|(first, last)| (pattern.write(first), pattern.write(last)));
        return Some(any(ranges
            .map(|(first, last)| between(&quote::name(&key.name), &quote::text(&first), &quote::text(&last)))
            .collect()));
    }
    let part = |wanted: fn(&Meaning) -> bool| find(wanted).map(|(key, _)| *key);
    let day = find(|meaning| matches!(meaning, Meaning::Day));
    let (year, month) = (part(|m| *m == Meaning::Year), part(|m| *m == Meaning::Month));
    let (of_month, hour) = (part(|m| *m == Meaning::DayOfMonth), part(|m| *m == Meaning::Hour));
    let days_condition = |days: &[Date]| match (date, day, year) {
        (Some((key, Meaning::Date(pattern))), ..) => {
            let write = |day: Date| quote::text(&pattern.write(hour_of(day)));
            any(ranges(days).into_iter().map(|(a, b)| between(&quote::name(&key.name), &write(a), &write(b))).collect())
        }
        (_, Some((key, _)), _) => {
            let write = |day: Date| format!("DATE '{day}'");
            any(ranges(days).into_iter().map(|(a, b)| between(&quote::name(&key.name), &write(a), &write(b))).collect())
        }
        (_, _, Some(year)) => split(year, month, of_month, days),
        _ => String::new(),
    };
    if date.is_none() && day.is_none() && year.is_none() {
        return None;
    }
    // Days of which the same hours are read go together.
    let mut groups = BTreeMap::<u32, Vec<Date>>::new();
    for (day, mask) in hours.by_day() {
        let tells_hours = hour.is_some() && (of_month.is_some() || year.is_none());
        groups.entry(if tells_hours { mask } else { ALL_HOURS }).or_default().push(day);
    }
    let group = |(mask, days): (u32, Vec<Date>)| {
        let days = days_condition(&days);
        match hour.filter(|_| mask != ALL_HOURS) {
            Some(hour) => format!("({days} AND {})", one_of(hour, (0_u8..24).filter(|hour| mask >> hour & 1 == 1))),
            None => days,
        }
    };
    Some(any(groups.into_iter().map(group).collect()))
}

const ALL_HOURS: u32 = (1 << 24) - 1;

fn hour_of(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(0, |start| start.timestamp().as_second() / HOUR)
}

/// By columns for year, month and day.
fn split(year: &Column, month: Option<&Column>, day: Option<&Column>, days: &[Date]) -> String {
    let mut months = BTreeMap::<(i16, i8), Vec<u8>>::new();
    for date in days {
        months.entry((date.year(), date.month())).or_default().push(date.day().unsigned_abs());
    }
    let condition = |((of_year, of_month), days): ((i16, i8), Vec<u8>)| {
        let mut all = vec![one_of(year, [of_year.unsigned_abs()].into_iter())];
        if let Some(month) = month {
            all.push(one_of(month, [of_month.unsigned_abs()].into_iter()));
            all.extend(day.map(|day| one_of(day, days.into_iter())));
        }
        format!("({})", all.join(" AND "))
    };
    any(months.into_iter().map(condition).collect())
}

/// Numbers of a column. As text they may or may not have a leading zero.
fn one_of<N: std::fmt::Display + Copy + Into<u64>>(column: &Column, numbers: impl Iterator<Item = N>) -> String {
    let write = |number: N| -> Vec<String> {
        let small = number.into() < 10;
        match column.is_text() {
            false => vec![number.to_string()],
            true if small => vec![format!("'{number}'"), format!("'0{number}'")],
            true => vec![format!("'{number}'")],
        }
    };
    format!("{} IN ({})", quote::name(&column.name), numbers.flat_map(write).collect::<Vec<_>>().join(", "))
}

/// First and last of days that follow each other.
fn ranges(days: &[Date]) -> Vec<(Date, Date)> {
    let mut ranges: Vec<(Date, Date)> = Vec::new();
    for day in days {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1.day()).is_ok_and(|next| next == *day) => *last = *day,
            _ => ranges.push((*day, *day)),
        }
    }
    ranges
}

fn between(name: &str, first: &str, last: &str) -> String {
    if first == last { format!("{name} = {first}") } else { format!("{name} BETWEEN {first} AND {last}") }
}

fn any(mut conditions: Vec<String>) -> String {
    if conditions.len() == 1 { conditions.remove(0) } else { format!("({})", conditions.join(" OR ")) }
}

#[cfg(test)]
mod tests;
