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
    /// What the options name; without a place, the folder or file that is written to.
    pub(super) fn of(
        args: &ScanArgs,
        own: Option<&Arc<Folder>>,
        redactor: Option<&Arc<Redactor>>,
    ) -> anyhow::Result<Option<Self>> {
        let Some(place) = &args.since_last else { return Ok(None) };
        let source = match (place, own, args.output.as_deref().filter(|path| *path != Path::new("-"))) {
            (Some(place), ..) => named(place)?,
            (None, Some(folder), _) => Source::Folder(Arc::clone(folder)),
            // The first scan of many has none before it.
            (None, None, Some(file)) if !file.exists() => Source::Parts(BTreeMap::new()),
            (None, None, Some(file)) => named(file)?,
            (None, None, None) => anyhow::bail!(
                "--since-last takes metrics from what is written to, but that is standard output: say --since-last=PATH"
            ),
        };
        Ok(Some(Self { source, redactor: redactor.cloned() }))
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
