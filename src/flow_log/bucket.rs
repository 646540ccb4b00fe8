//! From the layout of a bucket to what is listed of it: the folders of the days and hours that a window touches, in
//! every account and Region below a prefix, and of them the files that can hold the window's records.
//!
//! AWS writes `[PREFIX/]AWSLogs/ACCOUNT/vpcflowlogs/REGION/YYYY/MM/DD/[HH/]`, or with Hive-compatible names
//! `aws-account-id=…/aws-service=vpcflowlogs/aws-region=…/year=…/month=…/day=…/[hour=…/]`. A folder is never listed to
//! find the next one where that can be told, so whatever else lies beside the days costs nothing.
//!
//! Nothing here does I/O: a [`Search`] says what to list, and is told the folders that were found.

mod folder;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::source::{Delivered, is_flow_log};
use crate::model::Window;
use folder::{Layout, last};

/// A file holds the records that ended in the five minutes from the time in its name on. Before that: for clocks.
const EARLY: i64 = 15 * 60;
/// A record of ten minutes that began in a window may end that much after it, and delivery is best effort.
const LATE: i64 = 30 * 60;
/// Folders in which `AWSLogs/` is looked for where the prefix has none of its own: so many levels down.
const DEEPEST: u8 = 2;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A listing to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// How its keys begin.
    pub prefix: String,
    /// Whether only what lies directly below is listed (by the delimiter `/`): files, and the names of folders.
    pub flat: bool,
    step: Step,
}

/// What the folders are that a listing finds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Accounts, below `AWSLogs/`.
    Accounts,
    /// Regions of an account.
    Regions(Layout),
    /// Hours of a day, which starts then; or files, where days are not split.
    Hours(i64),
    /// None: all files below.
    Files,
    /// Perhaps some with `AWSLogs/` in them, so many levels below the prefix.
    Unknown(u8),
}

impl Listing {
    /// Whether its files can be flow logs; else only its folders are of interest.
    #[must_use]
    pub fn has_files(&self) -> bool {
        matches!(self.step, Step::Hours(_) | Step::Files)
    }

    /// Whether it only looks whether there are folders of interest at all.
    #[must_use]
    pub fn is_look(&self) -> bool {
        matches!(self.step, Step::Unknown(_))
    }

    fn folders(prefix: impl Into<String>, step: Step) -> Self {
        Self { prefix: prefix.into(), flat: true, step }
    }

    fn files(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), flat: false, step: Step::Files }
    }
}

/// A search for the files of some windows below a prefix.
#[derive(Debug, Clone)]
pub struct Search {
    prefix: String,
    /// Which times files of interest have in their names: seconds, inclusive, in order and apart.
    spans: Vec<(i64, i64)>,
}

impl Search {
    /// A search below a prefix. It may end anywhere: above `AWSLogs/`, at an account, a Region or a day, or in the
    /// middle of a name.
    #[must_use]
    pub fn new(prefix: &str, windows: &[Window]) -> Self {
        let span = |window: &Window| (window.start().as_second() - EARLY, window.end().as_second() + LATE);
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for (from, to) in windows.iter().map(span) {
            match spans.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        Self { prefix: prefix.to_owned(), spans }
    }

    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What to list first: where AWS's layout is, as far as the prefix tells.
    #[must_use]
    pub fn begin(&self) -> Vec<Listing> {
        let (folder, rest) = self.prefix.split_at(self.prefix.rfind('/').map_or(0, |slash| slash + 1));
        let Some((above, below)) = folder::split(folder) else {
            let mut roots = vec![if rest.is_empty() { folder.to_owned() } else { format!("{}/", self.prefix) }];
            if !rest.is_empty() && "AWSLogs".starts_with(rest) {
                roots.push(folder.to_owned());
            }
            return roots.iter().map(|root| Listing::folders(format!("{root}AWSLogs/"), Step::Accounts)).collect();
        };
        let Some(account) = below.first() else { return vec![Listing::folders(&self.prefix, Step::Accounts)] };
        let Some(layout) = Layout::of_account(account) else { return Vec::new() };
        let account = format!("{above}{account}/");
        if below.len() == 1 {
            return self.regions(&account, layout).into_iter().collect();
        }
        if below.get(1).is_none_or(|service| *service != layout.service()) {
            return Vec::new();
        }
        match below.get(2) {
            None => vec![Listing::folders(&self.prefix, Step::Regions(layout))],
            Some(region) if layout.is_region(region) => {
                self.days(&format!("{account}{}/{region}/", layout.service()), layout)
            }
            Some(_) => Vec::new(),
        }
    }

    /// Where nothing was found at first: folders that may have AWS's layout in them.
    #[must_use]
    pub fn look(&self) -> Listing {
        Listing::folders(&self.prefix, Step::Unknown(0))
    }

    /// Where no layout was found: every key that begins with the prefix.
    #[must_use]
    pub fn everything(&self) -> Listing {
        Listing::files(&self.prefix)
    }

    /// What to list next, by the folders that a listing found. Their names end with a slash, as the service writes them.
    #[must_use]
    pub fn follow(&self, listing: &Listing, folders: &[String]) -> Vec<Listing> {
        let next = |folder: &String| match listing.step {
            Step::Accounts => {
                Layout::of_account(last(folder)).and_then(|layout| self.regions(folder, layout)).into_iter().collect()
            }
            Step::Regions(layout) if layout.is_region(last(folder)) => self.days(folder, layout),
            Step::Hours(day) => {
                let start = folder::hour(last(folder)).map(|hour| day + hour * HOUR);
                let touched = start.is_some_and(|start| self.touches(start, start + HOUR));
                touched.then(|| Listing::files(folder)).into_iter().collect()
            }
            Step::Unknown(depth) => {
                let deeper = (depth < DEEPEST).then(|| Listing::folders(folder, Step::Unknown(depth + 1)));
                let here = Listing::folders(format!("{folder}AWSLogs/"), Step::Accounts);
                std::iter::once(here).chain(deeper).collect()
            }
            Step::Regions(_) | Step::Files => Vec::new(),
        };
        // `s3://bucket/logs` is the folder `logs/`, and not `logs-of-others/`, where there is one.
        if matches!(listing.step, Step::Unknown(0)) && !self.prefix.ends_with('/') {
            let mine = format!("{}/", self.prefix);
            if let Some(folder) = folders.iter().find(|folder| **folder == mine) {
                return next(folder);
            }
        }
        folders.iter().flat_map(next).collect()
    }

    /// Whether a listing of a step of AWS's layout found it.
    #[must_use]
    pub fn is_layout(&self, listing: &Listing, next: &[Listing]) -> bool {
        match listing.step {
            Step::Accounts | Step::Unknown(_) => false,
            Step::Regions(_) => !next.is_empty(),
            Step::Hours(_) | Step::Files => true,
        }
    }

    /// Whether a key is a flow log's file that can hold records of the windows.
    #[must_use]
    pub fn wants(&self, key: &str) -> bool {
        let name = key.rsplit('/').next().unwrap_or_default();
        is_flow_log(name) && time_of(name).is_none_or(|time| self.touches(time, time + 1))
    }

    /// The days whose folders are of interest, for people: `2026/10/01`.
    #[must_use]
    pub fn days_touched(&self) -> Vec<String> {
        folder::days(&self.spans).into_iter().map(|day| Layout::Plain.day(day)).collect()
    }

    fn regions(&self, account: &str, layout: Layout) -> Option<Listing> {
        let prefix = self.within(format!("{account}{}/", layout.service()))?;
        Some(Listing::folders(prefix, Step::Regions(layout)))
    }

    /// The listings of the days in a Region's folder.
    fn days(&self, region: &str, layout: Layout) -> Vec<Listing> {
        let listing = |day: i64| {
            let folder = format!("{region}{}/", layout.day(day));
            let prefix = self.within(folder.clone())?;
            let whole = self.spans.iter().any(|(from, to)| *from <= day && day + DAY <= *to);
            // With a prefix inside the day, its files: there are no more of them than the user asked for.
            if whole || prefix != folder {
                return Some(Listing::files(prefix));
            }
            Some(Listing::folders(prefix, Step::Hours(day)))
        };
        folder::days(&self.spans).into_iter().filter_map(listing).collect()
    }

    /// The prefix that lists a folder as far as it is below the user's prefix.
    fn within(&self, folder: String) -> Option<String> {
        if folder.starts_with(&self.prefix) {
            return Some(folder);
        }
        self.prefix.starts_with(&folder).then(|| self.prefix.clone())
    }

    /// Whether some instant from one second to before another is of interest.
    fn touches(&self, from: i64, to: i64) -> bool {
        self.spans.iter().any(|span| from <= span.1 && span.0 < to)
    }
}

/// The time in the name of a file that AWS delivered.
fn time_of(name: &str) -> Option<i64> {
    let time = DateTime::strptime("%Y%m%dT%H%MZ", Delivered::parse(name)?.time).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests;
