//! Sides of a comparison: snapshots, folders of them, or reports, told apart by what is in them.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};

use super::folder::Folder;
use super::read;
use super::snapshots::Snapshots;
use crate::assumption::Assumptions;
use crate::difference::Side;
use crate::model::{MANIFEST_SCHEMA, SNAPSHOT_SCHEMA};
use crate::pricing::PriceBook;
use crate::report::{REPORT_SCHEMA, Report};

/// Reads sides; snapshots are audited at some prices, reports have theirs.
pub(super) struct Reader<'p> {
    pub(super) prices: &'p PriceBook,
    pub(super) quiet: bool,
}

/// What is in a file, by what it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Snapshot,
    Report,
    Manifest,
    /// Something else of natwise's.
    Other(String),
    /// It says nothing of the kind.
    Unknown,
}

/// What a folder has for a history.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files and folders, each a side, by their names.
    pub(super) sides: Vec<(String, PathBuf)>,
    /// Files that are no sides.
    pub(super) left_out: Vec<String>,
}

impl Reader<'_> {
    /// Reads a file, a folder, or standard input.
    pub(super) fn read(&self, path: &Path) -> anyhow::Result<Side> {
        let shown = path.display();
        if path.is_dir() {
            let folder = Folder::open(path)?;
            if folder.manifest()?.is_some() {
                return self.snapshots(Snapshots::find(&[path.to_owned()], self.quiet)?);
            }
            let files = folder.files()?;
            anyhow::ensure!(!files.is_empty(), "there is neither a snapshot nor a report in {shown}");
            let contents = files.iter().map(|file| of_file(file)).collect::<anyhow::Result<Vec<_>>>()?;
            if contents.iter().all(|content| *content == Content::Report) {
                let report = |file: &PathBuf| report(file, &read(file)?);
                let reports = files.iter().map(report).collect::<anyhow::Result<Vec<_>>>()?;
                let merged = Side::merge(reports).with_context(|| format!("the reports in {shown} do not go together"));
                return merged?.with_context(|| format!("there is no report in {shown}"));
            }
            for (file, content) in files.iter().zip(&contents) {
                match content {
                    Content::Snapshot => {}
                    Content::Report => {
                        anyhow::bail!(
                            "{shown} has both snapshots and reports in it ({}): it is to be one",
                            file.display()
                        )
                    }
                    other => return Err(no_side(file, other)),
                }
            }
            return self.snapshots(Snapshots::find(&[path.to_owned()], self.quiet)?);
        }
        let json = read(path)?;
        match content(&json[..]) {
            Content::Report => report(path, &json),
            Content::Snapshot => self.snapshots(Snapshots::of_json(path, json)),
            other => {
                // What is no JSON is better said by whoever reads it.
                if other == Content::Unknown {
                    report(path, &json)?;
                }
                Err(no_side(path, &other))
            }
        }
    }

    fn snapshots(&self, snapshots: Snapshots) -> anyhow::Result<Side> {
        let assumptions = Assumptions::default();
        let report = snapshots.report(|snapshot| Report::new(snapshot, None, self.prices, &assumptions))?;
        Ok(Side::of(&report)?)
    }
}

/// What a folder has: one scan, or a side in each of its files and folders.
pub(super) fn find(path: &Path) -> anyhow::Result<Found> {
    let cannot = || format!("cannot read the folder {}", path.display());
    anyhow::ensure!(path.is_dir(), "{} is not a folder", path.display());
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let mut found = Found::default();
    if Folder::open(path)?.manifest()?.is_some() {
        found.sides.push((name(path), path.to_owned()));
        return Ok(found);
    }
    let mut entries: Vec<_> = std::fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>())
        .with_context(cannot)?;
    entries.sort();
    for entry in entries {
        let hidden = name(&entry).starts_with('.');
        if entry.is_dir() && !hidden {
            let folder = Folder::open(&entry)?;
            if folder.manifest()?.is_some() || !folder.files()?.is_empty() {
                found.sides.push((name(&entry), entry));
            }
        } else if entry.is_file() && !hidden && entry.extension() == Some(OsStr::new("json")) {
            match of_file(&entry)? {
                Content::Snapshot | Content::Report => found.sides.push((name(&entry), entry)),
                Content::Manifest | Content::Other(_) => found.left_out.push(name(&entry)),
                Content::Unknown => {
                    // Something else's, or a file that is broken: the latter must not go missing.
                    let json = read(&entry)?;
                    serde_json::from_slice::<IgnoredAny>(&json)
                        .with_context(|| format!("{} is broken", entry.display()))?;
                    found.left_out.push(name(&entry));
                }
            }
        }
    }
    anyhow::ensure!(!found.sides.is_empty(), "there is neither a snapshot nor a report in {}", path.display());
    Ok(found)
}

/// Refuses standard input for both sides: it can be read only once.
pub(super) fn once(old: &Path, new: &Path) -> anyhow::Result<()> {
    let is_input = |path: &Path| path == Path::new("-");
    anyhow::ensure!(!is_input(old) || !is_input(new), "standard input can be one side only");
    Ok(())
}

fn report(path: &Path, json: &[u8]) -> anyhow::Result<Side> {
    Side::parse(json).with_context(|| format!("report {}", path.display()))
}

fn no_side(path: &Path, content: &Content) -> anyhow::Error {
    let shown = path.display();
    match content {
        Content::Manifest => anyhow::anyhow!("{shown} is a scan's manifest: name the folder that it is in"),
        Content::Other(schema) => anyhow::anyhow!(
            "{shown} is {schema:?}, which has no costs of a window: name a snapshot, or a report of `natwise audit --format json`"
        ),
        _ => anyhow::anyhow!(
            "{shown} is neither a snapshot of `natwise scan` nor a report of `natwise audit --format json`"
        ),
    }
}

fn of_file(path: &Path) -> anyhow::Result<Content> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(content(BufReader::with_capacity(1 << 12, file)))
}

/// Reads no more than it takes to know: what natwise writes begins with its schema.
fn content(json: impl io::Read) -> Content {
    let mut schema = None;
    // It stops with an error where it has seen enough.
    let _stopped = serde_json::Deserializer::from_reader(json).deserialize_map(Schema(&mut schema));
    match schema {
        None => Content::Unknown,
        // Another version's is one too, and who reads it says so.
        Some(schema) if kind(&schema) == kind(SNAPSHOT_SCHEMA) => Content::Snapshot,
        Some(schema) if kind(&schema) == kind(REPORT_SCHEMA) => Content::Report,
        Some(schema) if kind(&schema) == kind(MANIFEST_SCHEMA) => Content::Manifest,
        Some(schema) => Content::Other(schema),
    }
}

/// A schema without its version.
fn kind(schema: &str) -> &str {
    schema.split_once('/').map_or(schema, |(kind, _)| kind)
}

struct Schema<'s>(&'s mut Option<String>);

impl<'de> Visitor<'de> for Schema<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a schema")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "schema" {
                *self.0 = Some(map.next_value()?);
                return Err(A::Error::custom("the schema has been read"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_says() {
        let of = |json: &str| content(json.as_bytes());
        assert_eq!(of(r#"{"schema": "natwise.report/1", "x": "#), Content::Report);
        assert_eq!(of(r#"{"a": [1, {}], "schema": "natwise.snapshot/7"}"#), Content::Snapshot);
        assert_eq!(of(r#"{"schema": "natwise.traffic/1"}"#), Content::Other("natwise.traffic/1".to_owned()));
        assert_eq!(of(r#"{"schema": "natwise/1"}"#), Content::Other("natwise/1".to_owned()));
        for other in ["", "{}", "[]", "{\"schema\": 3}", "{\"schema\": \"", "\u{feff}{}", "7"] {
            assert_eq!(of(other), Content::Unknown, "{other}");
        }
    }
}
