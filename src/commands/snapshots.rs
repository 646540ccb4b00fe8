//! The snapshots that `--snapshot` names, files and folders of scans: found, grouped, and audited group by group.
//!
//! What must be seen together is a group, and no more than one group (for each processor) is in memory at once. Which
//! parts those are is told by outlines, for which every file is read once more than for the analysis.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::audit::eprint;
use super::folder::Folder;
use super::parallel::each;
use super::read;
use crate::model::{AccountId, Gap, Groups, Manifest, Outline, RegionName, Snapshot, SnapshotError, Window};
use crate::report::Report;

/// So many files are outlined before what ties them is put together.
const AT_ONCE: usize = 256;

/// So many names are listed in a warning.
const NAMED: usize = 3;

/// What is to be audited.
#[derive(Default)]
pub(super) struct Snapshots {
    sources: Vec<Source>,
    /// What the manifests of folders tell of gaps, and what they list and is not there.
    gaps: Vec<Gap>,
    /// The windows of manifests.
    windows: Vec<Window>,
}

/// Where a snapshot is.
enum Source {
    /// In a file that the user named, or standard input's.
    File(PathBuf),
    /// Read already, from standard input or a pipe, which can be read only once.
    Input(PathBuf, Vec<u8>),
    /// In a folder that a scan made.
    Part(Arc<Folder>, Window, AccountId, RegionName),
}

impl Snapshots {
    /// Finds what some paths are: files, folders, `-` for standard input.
    pub(super) fn find(paths: &[PathBuf], quiet: bool) -> anyhow::Result<Self> {
        let mut found = Self::default();
        for path in paths {
            if path == Path::new("-") {
                found.sources.push(Source::Input(path.clone(), read(path)?));
            } else if path.is_dir() {
                let folder = Folder::open(path)?;
                if let Some(manifest) = folder.manifest()? {
                    found.add_scan(folder, path, manifest, quiet)?;
                } else {
                    let files = folder.files()?;
                    anyhow::ensure!(!files.is_empty(), "there is no snapshot in {}", path.display());
                    found.sources.extend(files.into_iter().map(Source::File));
                }
            } else {
                found.sources.push(Source::File(path.clone()));
            }
        }
        Ok(found)
    }

    /// One that was read already, from a file or pipe of some name.
    pub(super) fn of_json(path: &Path, json: Vec<u8>) -> Self {
        Self { sources: vec![Source::Input(path.to_owned(), json)], ..Self::default() }
    }

    /// Adds what a scan's manifest lists.
    fn add_scan(&mut self, folder: Folder, path: &Path, manifest: Manifest, quiet: bool) -> anyhow::Result<()> {
        let folder = Arc::new(folder);
        let there: BTreeSet<_> = folder.parts()?.into_iter().collect();
        let mut listed = BTreeSet::new();
        self.windows.push(manifest.window);
        self.gaps.extend(manifest.gaps);
        if manifest.finished_at.is_none() {
            let why = "the scan is not finished, and there may be more accounts: run it again, it goes on where it was";
            self.gaps.push(not_scanned(None, None, why));
        }
        for (account_id, account) in manifest.accounts {
            if account.regions.is_none() && account.gaps.is_empty() {
                let why = "it is not known yet which Regions it has: run the scan again, it goes on where it was";
                self.gaps.push(not_scanned(Some(&account_id), None, why));
            }
            self.gaps.extend(account.gaps);
            for region in account.regions.into_iter().flatten() {
                let part = (account_id.clone(), region);
                if there.contains(&part) {
                    listed.insert(part.clone());
                    self.sources.push(Source::Part(folder.clone(), manifest.window, part.0, part.1));
                } else {
                    let why = "there is no snapshot of it yet: run the scan again, it goes on where it was";
                    self.gaps.push(not_scanned(Some(&part.0), Some(&part.1), why));
                }
            }
        }
        let others: Vec<_> = there.difference(&listed).map(|(account, region)| format!("{account}/{region}")).collect();
        if !others.is_empty() && !quiet {
            let named = others.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if others.len() > NAMED { ", …" } else { "" };
            eprint(&format!(
                "natwise: left out {} snapshot(s) in {} that its scan.json does not list: {named}{more}",
                others.len(),
                path.display()
            ));
        }
        Ok(())
    }

    /// The window of the first of them; all have the same.
    pub(super) fn window(&self) -> anyhow::Result<Window> {
        if let Some(window) = self.windows.first() {
            return Ok(*window);
        }
        match self.sources.first().ok_or(SnapshotError::None)?.outline()? {
            Outlined::Seen(outline) => Ok(outline.window),
            Outlined::Unusable(gap) => anyhow::bail!("{}", gap.message),
        }
    }

    /// Audits everything, group by group.
    pub(super) fn report(mut self, analyse: impl Fn(&Snapshot) -> Report + Sync) -> anyhow::Result<Report> {
        let groups = self.groups()?;
        let window = self.windows.first().copied();
        // What belongs to no part, and all there is where there is no part.
        let gaps = std::mem::take(&mut self.gaps);
        let rest = window.map(|window| analyse(&Snapshot { gaps, ..Snapshot::new(window, Vec::new()) }));
        let reports = each(groups.len(), |index| {
            let group = groups.get(index).map_or(&[][..], Vec::as_slice);
            Ok(analyse(&self.load(group)?))
        })?;
        Report::merge(rest.into_iter().chain(reports)).ok_or(SnapshotError::None.into())
    }

    /// Everything in memory at once.
    pub(super) fn whole(mut self) -> anyhow::Result<Snapshot> {
        let all = self.groups()?.concat();
        let mut whole = if all.is_empty() {
            let window = self.windows.first().copied().ok_or(SnapshotError::None)?;
            Snapshot::new(window, Vec::new())
        } else {
            self.load(&all)?
        };
        whole.gaps.append(&mut self.gaps);
        whole.gaps.sort();
        Ok(whole)
    }

    /// Which sources are to be seen together. What cannot be used of a scan's folder becomes a gap.
    fn groups(&mut self) -> anyhow::Result<Vec<Vec<usize>>> {
        // One file is one group, whatever is in it, and is read but once.
        if let ([Source::File(_) | Source::Input(..)], []) = (&*self.sources, &*self.windows) {
            return Ok(vec![vec![0]]);
        }
        let mut groups = Groups::default();
        let mut seen = BTreeSet::new();
        for first in (0..self.sources.len()).step_by(AT_ONCE) {
            let count = AT_ONCE.min(self.sources.len() - first);
            let outlines = each(count, |index| self.sources.get(first + index).map(Source::outline).transpose())?;
            for (index, outline) in outlines.into_iter().flatten().enumerate() {
                let outline = match outline {
                    Outlined::Seen(outline) => outline,
                    Outlined::Unusable(gap) => {
                        self.gaps.push(gap);
                        continue;
                    }
                };
                for (account_id, region) in outline.parts {
                    if !seen.insert((account_id.clone(), region.clone())) {
                        return Err(together(SnapshotError::Duplicate { account_id, region }));
                    }
                }
                self.windows.push(outline.window);
                groups.add(first + index, outline.ties);
            }
            self.windows.dedup();
        }
        if let [one, other, ..] = *self.windows {
            return Err(together(SnapshotError::Windows { one, other }));
        }
        Ok(groups.into_groups())
    }

    fn load(&self, group: &[usize]) -> anyhow::Result<Snapshot> {
        let sources = group.iter().filter_map(|index| self.sources.get(*index));
        let snapshots = sources.map(Source::load).collect::<anyhow::Result<_>>()?;
        Snapshot::merge(snapshots).map_err(together)
    }
}

/// A source's outline, or why it is to be left out.
enum Outlined {
    Seen(Outline),
    Unusable(Gap),
}

impl Source {
    fn outline(&self) -> anyhow::Result<Outlined> {
        let (folder, window, account_id, region) = match self {
            Self::File(path) => return Ok(Outlined::Seen(of_file(path, Outline::parse(&read(path)?))?)),
            Self::Input(path, json) => return Ok(Outlined::Seen(of_file(path, Outline::parse(json))?)),
            Self::Part(folder, window, account_id, region) => (folder, window, account_id, region),
        };
        let why = match folder.outline(account_id, region) {
            Ok(outline) if outline.window == *window => return Ok(Outlined::Seen(outline)),
            Ok(_) => "its snapshot is of another window: run the scan again, it goes on where it was".to_owned(),
            Err(error) => {
                format!("its snapshot cannot be read ({error:#}): run the scan again, it goes on where it was")
            }
        };
        Ok(Outlined::Unusable(not_scanned(Some(account_id), Some(region), why)))
    }

    fn load(&self) -> anyhow::Result<Snapshot> {
        match self {
            Self::File(path) => of_file(path, Snapshot::parse(&read(path)?)),
            Self::Input(path, json) => of_file(path, Snapshot::parse(json)),
            Self::Part(folder, _, account_id, region) => folder.read(account_id, region),
        }
    }
}

fn of_file<T>(path: &Path, parsed: Result<T, SnapshotError>) -> anyhow::Result<T> {
    parsed.with_context(|| format!("snapshot {}", path.display()))
}

fn together(error: SnapshotError) -> anyhow::Error {
    anyhow::Error::from(error).context("these snapshots cannot be audited together")
}

/// A part that is missing.
fn not_scanned(account_id: Option<&AccountId>, region: Option<&RegionName>, why: impl Display) -> Gap {
    Gap {
        account_id: account_id.cloned(),
        region: region.cloned(),
        operation: "Scan".to_owned(),
        code: "NotScanned".to_owned(),
        message: why.to_string(),
        iam_action: None,
    }
}

#[cfg(test)]
mod tests;
