//! `--since-last`: the earlier snapshots whose metrics a scan takes over.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::folder::Folder;
use super::read;
use crate::aws::Earlier;
use crate::cli::ScanArgs;
use crate::model::{AccountId, RegionName, RegionScan, Snapshot};
use crate::redact::Redactor;

/// Where `--since-last` says that earlier snapshots are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// What is written to.
    Own,
    /// Elsewhere.
    Named(&'a Path),
}

impl<'a> Place<'a> {
    /// What the options say, if anything.
    pub(super) fn of(args: &'a ScanArgs) -> Option<Self> {
        args.since_last.as_ref().map(|path| path.as_deref().map_or(Self::Own, Self::Named))
    }
}

/// Earlier snapshots.
pub(super) struct Previous {
    source: Source,
    /// They may be redacted as this scan's will be, or not.
    redactor: Option<Arc<Redactor>>,
}

enum Source {
    /// A folder, of which each snapshot is read when its Region is.
    Folder(Arc<Folder>),
    /// The parts of a file.
    Parts(BTreeMap<(AccountId, RegionName), Snapshot>),
}

impl Previous {
    /// For a scan into a folder.
    pub(super) fn of_folder(
        place: Place<'_>,
        folder: &Arc<Folder>,
        redactor: Option<Arc<Redactor>>,
    ) -> anyhow::Result<Self> {
        let source = match place {
            Place::Named(path) => named(path)?,
            Place::Own => Source::Folder(Arc::clone(folder)),
        };
        Ok(Self { source, redactor })
    }

    /// For a scan into a file, or to standard output.
    pub(super) fn of_file(
        place: Place<'_>,
        file: Option<&Path>,
        redactor: Option<Arc<Redactor>>,
    ) -> anyhow::Result<Self> {
        let source = match (place, file.filter(|path| *path != Path::new("-"))) {
            (Place::Named(path), _) => named(path)?,
            // The first scan of many has none before it.
            (Place::Own, Some(file)) if !file.exists() => Source::Parts(BTreeMap::new()),
            (Place::Own, Some(file)) => named(file)?,
            (Place::Own, None) => anyhow::bail!(
                "--since-last takes metrics from what is written to, but that is standard output: say --since-last=PATH"
            ),
        };
        Ok(Self { source, redactor })
    }

    fn part(&self, account_id: &AccountId, region: &RegionName) -> Option<Snapshot> {
        match &self.source {
            // One that is missing or damaged is as good as none: everything is asked for then.
            Source::Folder(folder) => folder.read(account_id, region).ok(),
            Source::Parts(parts) => parts.get(&(account_id.clone(), region.clone())).cloned(),
        }
    }
}

fn named(path: &Path) -> anyhow::Result<Source> {
    if path.is_dir() {
        return Folder::open(path).map(|folder| Source::Folder(Arc::new(folder)));
    }
    let snapshot = read(path).context("--since-last")?;
    let snapshot = Snapshot::parse(&snapshot).with_context(|| format!("--since-last: snapshot {}", path.display()))?;
    Ok(Source::Parts(parts(snapshot)))
}

/// A snapshot of each Region, with its metrics and nothing else.
fn parts(snapshot: Snapshot) -> BTreeMap<(AccountId, RegionName), Snapshot> {
    let (window, scanned_at) = (snapshot.window, snapshot.scanned_at);
    let part = |scan: RegionScan| {
        let key = (scan.account_id.clone(), scan.region.clone());
        let only =
            RegionScan { gaps: scan.gaps, metrics: scan.metrics, ..RegionScan::new(scan.account_id, scan.region) };
        (key, Snapshot { scanned_at, ..Snapshot::new(window, vec![only]) })
    };
    snapshot.regions.into_iter().map(part).collect()
}

impl Earlier for Previous {
    fn is_current(&self, _: &AccountId, _: &RegionName) -> bool {
        false
    }

    fn previous(&self, account_id: &AccountId, region: &RegionName) -> Option<Snapshot> {
        let redacted = || self.part(&self.redactor.as_ref()?.account(account_id), region);
        self.part(account_id, region).or_else(redacted)
    }
}
