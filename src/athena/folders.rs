//! Where in S3 the partitions of a window are: what a listing must look at to tell how much there is.

use std::collections::BTreeSet;

use super::columns::Metadata;
use super::partitions::{Hours, Meaning, meanings};
use crate::model::RegionName;

/// Folders of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The bucket.
    pub bucket: String,
    /// How all of their keys begin.
    pub prefix: String,
    /// What comes then.
    pub steps: Vec<Step>,
}

/// A part of the folders' keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One of these.
    Values(Vec<String>),
    /// Any folder whose name begins so.
    Any(String),
}

/// The folders of a window's partitions; none where the table does not tell where it is.
#[must_use]
pub fn folders(metadata: &Metadata, hours: &Hours, regions: Option<&BTreeSet<RegionName>>) -> Option<Folders> {
    let property =
        |name: &str| metadata.parameters.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let location = property("location");
    let template = if let Some(template) = property("storage.location.template") {
        template.to_owned()
    } else {
        let keys: Vec<_> = metadata.partition_keys.iter().map(|key| format!("{0}=${{{0}}}/", key.name)).collect();
        format!("{}/{}", location?.trim_end_matches('/'), keys.concat())
    };
    let (bucket, mut rest) = template.strip_prefix("s3://")?.split_once('/')?;
    let meanings = meanings(metadata);
    let mut steps = Vec::new();
    let mut before = String::new();
    while let Some((text, more)) = rest.split_once("${") {
        let (name, after) = more.split_once('}')?;
        before.push_str(text);
        let key = meanings.iter().find(|(key, _)| key.name.eq_ignore_ascii_case(name));
        let values = key.and_then(|(key, meaning)| values(metadata, &key.name, meaning, hours, regions));
        match values {
            Some(values) => {
                let begin = std::mem::take(&mut before);
                steps.push(Step::Values(values.into_iter().map(|value| format!("{begin}{value}")).collect()));
                rest = after;
            }
            // What follows the first folder of any name is looked for in it, where it is a folder's whole name.
            None if after.starts_with('/') => {
                steps.push(Step::Any(std::mem::take(&mut before)));
                rest = after.get(1..)?;
            }
            None => {
                rest = "";
                break;
            }
        }
    }
    before.push_str(rest);
    if !before.is_empty() {
        steps.push(Step::Values(vec![before]));
    }
    Some(Folders { bucket: bucket.to_owned(), prefix: String::new(), steps })
}

/// What a partition column is in the folders of a window, where that is known.
fn values(
    metadata: &Metadata,
    name: &str,
    meaning: &Meaning,
    hours: &Hours,
    regions: Option<&BTreeSet<RegionName>>,
) -> Option<Vec<String>> {
    let projected = |what: &str| metadata.parameters.get(&format!("projection.{name}.{what}"));
    match meaning {
        Meaning::Date(pattern) => Some(hours.written(pattern)),
        Meaning::Day => Some(hours.by_day().keys().map(ToString::to_string).collect()),
        Meaning::Region if regions.is_some_and(|regions| !regions.is_empty()) => {
            Some(regions?.iter().map(ToString::to_string).collect())
        }
        Meaning::Service => Some(vec!["vpcflowlogs".to_owned()]),
        Meaning::Year => Some(distinct(hours.by_day().keys().map(|day| format!("{:04}", day.year())))),
        _ if projected("type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("enum")) => {
            Some(projected("values")?.split(',').map(|value| value.trim().to_owned()).collect())
        }
        Meaning::Month => Some(distinct(hours.by_day().keys().map(|day| format!("{:02}", day.month())))),
        // Of the months of all years, which is more than there is to read perhaps, but not less.
        Meaning::DayOfMonth => Some(distinct(hours.by_day().keys().map(|day| format!("{:02}", day.day())))),
        Meaning::Hour => Some(distinct(
            hours
                .by_day()
                .values()
                .flat_map(|mask| (0..24).filter(move |hour| mask >> hour & 1 == 1).map(|hour| format!("{hour:02}"))),
        )),
        _ => None,
    }
}

fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    values.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::athena::Column;
    use crate::model::Window;

    fn hours() -> Hours {
        let at = |text: &str| text.parse().unwrap();
        Hours::of_folders(&[Window::new(at("2026-10-01T12:00:00Z"), at("2026-10-02T13:00:00Z")).unwrap()])
    }

    fn table(keys: &[&str], parameters: &[(&str, &str)]) -> Metadata {
        Metadata {
            partition_keys: keys.iter().map(|key| Column::new(key, "string")).collect(),
            parameters: parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Metadata::default()
        }
    }

    fn all(folders: &Folders) -> Vec<String> {
        folders.steps.iter().fold(vec![folders.prefix.clone()], |prefixes, step| match step {
            Step::Values(values) => {
                prefixes.iter().flat_map(|prefix| values.iter().map(move |value| format!("{prefix}{value}"))).collect()
            }
            Step::Any(begin) => prefixes.iter().map(|prefix| format!("{prefix}{begin}*/")).collect(),
        })
    }

    #[test]
    fn templates_are_filled() {
        let parameters = [
            ("storage.location.template", "s3://logs/a/AWSLogs/${accid}/vpcflowlogs/${region}/${day}"),
            ("projection.accid.type", "enum"),
            ("projection.accid.values", "111122223333, 444455556666"),
            ("projection.day.type", "date"),
            ("projection.day.format", "yyyy/MM/dd"),
        ];
        let regions = ["eu-west-1".into()].into();
        let found = folders(&table(&["accid", "region", "day"], &parameters), &hours(), Some(&regions)).unwrap();
        let days = ["2026/10/01", "2026/10/02"];
        let expected = ["111122223333", "444455556666"]
            .iter()
            .flat_map(|account| days.iter().map(move |day| format!("a/AWSLogs/{account}/vpcflowlogs/eu-west-1/{day}")));
        assert_eq!((found.bucket.as_str(), all(&found)), ("logs", expected.collect()));
    }

    #[test]
    fn hive_folders_are_found_by_their_names() {
        let keys = ["aws-account-id", "aws-service", "aws-region", "year", "month", "day"];
        let found = folders(&table(&keys, &[("location", "s3://logs/AWSLogs")]), &hours(), None).unwrap();
        let begin = "AWSLogs/aws-account-id=*/aws-service=vpcflowlogs/aws-region=*/year=2026/month=10/";
        assert_eq!(all(&found), [format!("{begin}day=01/"), format!("{begin}day=02/")]);
    }

    #[test]
    fn without_partitions_it_is_all_of_it() {
        let found = folders(&table(&[], &[("location", "s3://logs/AWSLogs")]), &hours(), None).unwrap();
        assert_eq!(all(&found), ["AWSLogs/"]);
        assert_eq!(folders(&table(&[], &[]), &hours(), None), None);
        assert_eq!(folders(&table(&[], &[("location", "hdfs://logs/x")]), &hours(), None), None);
    }
}
