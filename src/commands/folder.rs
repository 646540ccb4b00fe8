//! The folder that `natwise scan -o FOLDER/` fills and audits read: a manifest, and one snapshot for each account and
//! Region, so that a run that died goes on where it was and none has to hold an organisation in memory.
//!
//! ```text
//! FOLDER/scan.json            which accounts and Regions belong to it
//! FOLDER/ACCOUNT/REGION.json  a snapshot of this one part
//! FOLDER/.lock                locked while a run writes
//! ```
//!
//! Names of accounts and Regions come from AWS or from files: only plain ones become paths, links are not followed,
//! and nothing outside of the folder is read or written. What to scan again is decided elsewhere.

mod head;

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{self, Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

pub(super) use head::Head;

use super::destination::{PREFIX, beside};
use crate::model::{AccountId, MANIFEST_SCHEMA, Manifest, Outline, RegionName, Snapshot, SnapshotError};

const MANIFEST: &str = "scan.json";
const LOCK: &str = ".lock";

/// A folder of snapshots.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Held while this run writes; the system lets go of it however the run ends.
    _lock: Option<File>,
}

impl Folder {
    /// Whether a path is to be a folder: it is one, or its name ends as one's.
    pub(super) fn is_meant(path: &Path) -> bool {
        path.is_dir() || path.as_os_str().to_string_lossy().ends_with(path::is_separator)
    }

    /// Makes a folder to write to, or opens one that an earlier run began, and keeps other runs out.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {shown}"))?;
        let entries = entries(path)?;
        let is_ours = |name: &str| name == LOCK || name.starts_with(PREFIX);
        let foreign = entries.iter().find(|entry| !is_ours(&entry.file_name().to_string_lossy()));
        if let Some(entry) = foreign.filter(|_| !is_file(&path.join(MANIFEST))) {
            let name = entry.file_name();
            anyhow::bail!(
                "{shown} has other files in it ({}), and no {MANIFEST} of an earlier scan: choose an empty folder",
                name.to_string_lossy()
            );
        }
        let lock = lock(path)?;
        let folder = Self { path: path.to_owned(), _lock: Some(lock) };
        folder.remove_left_overs()?;
        Ok(folder)
    }

    /// Opens a folder to read.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(path.is_dir(), "{} is not a folder", path.display());
        Ok(Self { path: path.to_owned(), _lock: None })
    }

    /// What the folder is to hold; none when no scan has begun here.
    pub(super) fn manifest(&self) -> anyhow::Result<Option<Manifest>> {
        #[derive(Deserialize)]
        struct Form {
            schema: String,
        }
        let path = self.path.join(MANIFEST);
        let shown = path.display();
        if !fs::exists(&path).with_context(|| format!("cannot read {shown}"))? {
            return Ok(None);
        }
        let json = read_file(&path)?;
        let form: Form = serde_json::from_slice(&json).with_context(|| format!("{shown} is not a scan's manifest"))?;
        anyhow::ensure!(
            form.schema == MANIFEST_SCHEMA,
            "{shown} is of another form, {:?}; this version of natwise reads {MANIFEST_SCHEMA:?}",
            form.schema
        );
        serde_json::from_slice(&json).map(Some).with_context(|| format!("{shown} is not a scan's manifest"))
    }

    /// Says what the folder is to hold.
    pub(super) fn write_manifest(&self, manifest: &Manifest) -> anyhow::Result<()> {
        replace(&self.path.join(MANIFEST), manifest)
    }

    /// What the beginning of a part's snapshot tells; none when it is missing, damaged, or of another part.
    pub(super) fn head(&self, account_id: &AccountId, region: &RegionName) -> Option<Head> {
        let path = self.part(account_id, region).ok().filter(|path| is_file(path))?;
        head::read(File::open(path).ok()?, account_id, region)
    }

    /// Reads a part's snapshot.
    pub(super) fn read(&self, account_id: &AccountId, region: &RegionName) -> anyhow::Result<Snapshot> {
        self.parse(
            account_id,
            region,
            Snapshot::parse,
            |snapshot| matches!(&*snapshot.regions, [scan] if scan.account_id == *account_id && scan.region == *region),
        )
    }

    /// Reads the outline of a part's snapshot.
    pub(super) fn outline(&self, account_id: &AccountId, region: &RegionName) -> anyhow::Result<Outline> {
        self.parse(
            account_id,
            region,
            Outline::parse,
            |outline| matches!(&*outline.parts, [part] if part.0 == *account_id && part.1 == *region),
        )
    }

    fn parse<T>(
        &self,
        account_id: &AccountId,
        region: &RegionName,
        parse: impl FnOnce(&[u8]) -> Result<T, SnapshotError>,
        is_it: impl FnOnce(&T) -> bool,
    ) -> anyhow::Result<T> {
        let path = self.part(account_id, region)?;
        let json = read_file(&path)?;
        let parsed = parse(&json).with_context(|| format!("snapshot {}", path.display()))?;
        anyhow::ensure!(
            is_it(&parsed),
            "{} is not a snapshot of account {account_id} in {region} alone",
            path.display()
        );
        Ok(parsed)
    }

    /// The parts that there are files of.
    pub(super) fn parts(&self) -> anyhow::Result<Vec<(AccountId, RegionName)>> {
        let mut parts = Vec::new();
        for account in entries(&self.path)? {
            let name = account.file_name();
            let Some(account_id) = name.to_str().filter(|name| is_plain(name) && !account.path().is_symlink()) else {
                continue;
            };
            for file in if account.path().is_dir() { entries(&account.path())? } else { Vec::new() } {
                let name = file.file_name();
                let region = name.to_str().and_then(|name| name.strip_suffix(".json")).filter(|name| is_plain(name));
                parts.extend(region.map(|region| (AccountId::from(account_id), RegionName::from(region))));
            }
        }
        parts.sort();
        Ok(parts)
    }

    /// The files of a folder that no scan made: all JSON in it, and in the folders in it.
    pub(super) fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in WalkDir::new(&self.path).min_depth(1).max_depth(2).sort_by_file_name() {
            let entry = entry.with_context(|| format!("cannot read the folder {}", self.path.display()))?;
            if entry.file_type().is_file() && entry.path().extension().is_some_and(|extension| extension == "json") {
                files.push(entry.into_path());
            }
        }
        Ok(files)
    }

    /// Writes a snapshot of one part: all of it or, when that fails, what was there before.
    pub(super) fn write(&self, snapshot: &Snapshot) -> anyhow::Result<()> {
        let [scan] = &*snapshot.regions else {
            anyhow::bail!("a folder takes snapshots of one Region, not of {}", snapshot.regions.len())
        };
        let path = self.part(&scan.account_id, &scan.region)?;
        if let Some(account) = path.parent() {
            fs::create_dir_all(account).with_context(|| format!("cannot make the folder {}", account.display()))?;
        }
        replace(&path, snapshot)
    }

    /// Where a part's snapshot is. Neither a name nor a link leads out of the folder.
    fn part(&self, account_id: &AccountId, region: &RegionName) -> anyhow::Result<PathBuf> {
        for name in [account_id.as_str(), region.as_str()] {
            anyhow::ensure!(is_plain(name), "{name:?} is no name of an account or Region, and names no file");
        }
        let account = self.path.join(account_id.as_str());
        anyhow::ensure!(!account.is_symlink(), "{} is a link, which is not followed", account.display());
        Ok(account.join(format!("{region}.json")))
    }

    /// Removes what runs that were killed in the middle of a file have left.
    fn remove_left_overs(&self) -> anyhow::Result<()> {
        let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let accounts = entries(&self.path)?.into_iter().filter(|entry| is_folder(entry));
        let accounts = accounts.filter(|entry| entry.file_name().to_str().is_some_and(is_plain));
        for folder in accounts.map(|entry| entry.path()).chain([self.path.clone()]) {
            for entry in entries(&folder)? {
                if entry.file_name().to_string_lossy().starts_with(PREFIX) && !is_folder(&entry) {
                    let path = entry.path();
                    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a name is made of what accounts' and Regions' names are made of.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-'))
}

/// Whether a path is a file itself: no link to one, and no pipe that would never end.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_file())
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let there = fs::symlink_metadata(path).with_context(|| format!("cannot read {shown}"))?;
    anyhow::ensure!(there.is_file(), "cannot read {shown}: it is not a file");
    fs::read(path).with_context(|| format!("cannot read {shown}"))
}

fn entries(folder: &Path) -> anyhow::Result<Vec<fs::DirEntry>> {
    let cannot = || format!("cannot read the folder {}", folder.display());
    fs::read_dir(folder).and_then(Iterator::collect).with_context(cannot)
}

/// Locks a folder against other runs.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(LOCK);
    anyhow::ensure!(!path.is_symlink(), "{} is a link, which is not followed", path.display());
    let cannot = || format!("cannot lock {}", path.display());
    let file = File::options().write(true).create(true).truncate(false).open(&path).with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another run is writing to {}: wait until it is done, or choose another folder",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
    }
}

/// Writes a file beside its place and moves it there.
fn replace(path: &Path, content: &impl Serialize) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = beside(path)?;
    let mut out = BufWriter::with_capacity(1 << 16, file.as_file_mut());
    let written = serde_json::to_writer(&mut out, content).map_err(io::Error::from);
    written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).with_context(cannot)?;
    drop(out);
    file.persist(path).with_context(cannot)?;
    Ok(())
}

#[cfg(test)]
mod tests;
