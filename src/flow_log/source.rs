//! The files of flow logs: found in folders, opened, unpacked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::gzip::Gzip;
use crate::traffic::FileFault;

/// What is read at once of a file.
const READ: usize = 128 << 10;

/// A flow log's file that is not on this machine.
pub trait Object: std::fmt::Debug + Send + Sync {
    /// What reports call it, such as `s3://BUCKET/KEY`; what is behind the last slash is the file's name.
    fn name(&self) -> String;

    /// Its bytes, as it is stored.
    fn size(&self) -> u64;

    /// Begins to fetch it, because it is read soon.
    fn prefetch(&self);

    /// Its bytes from the first one on. Those of an object that was opened before come once more.
    ///
    /// # Errors
    /// When it cannot be fetched; a fetch that breaks off later is an error of the reader.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

/// Where flow logs are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'s> {
    /// Files and folders; `-` for standard input.
    pub paths: &'s [PathBuf],
    /// Files elsewhere.
    pub objects: &'s [Arc<dyn Object>],
}

impl<'s> From<&'s [PathBuf]> for Sources<'s> {
    fn from(paths: &'s [PathBuf]) -> Self {
        Self { paths, objects: &[] }
    }
}

impl<'s> From<&'s Vec<PathBuf>> for Sources<'s> {
    fn from(paths: &'s Vec<PathBuf>) -> Self {
        Self { paths, objects: &[] }
    }
}

impl<'s, const N: usize> From<&'s [PathBuf; N]> for Sources<'s> {
    fn from(paths: &'s [PathBuf; N]) -> Self {
        Self { paths, objects: &[] }
    }
}

/// Where a file is.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Stdin,
    File(PathBuf),
    Object(Arc<dyn Object>),
}

/// A file to read.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) origin: Origin,
    pub(crate) size: u64,
    /// The flow log that wrote it, by its name: `fl-…`.
    pub(super) log: Option<String>,
    /// The account of its name.
    pub(super) account: Option<String>,
}

/// What a file is, by its first bytes.
pub(crate) enum Content {
    Text(Box<dyn Read + Send>),
    Parquet(File),
}

/// The files to read, the largest first, and what is wrong with the others.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) files: Vec<Input>,
    pub(crate) faults: Vec<FileFault>,
    /// Files in folders that are no flow logs by their names.
    pub(crate) others: u64,
}

impl Inputs {
    /// Finds them. A file that is named is read whatever it is called; in a folder names decide.
    pub(super) fn find(sources: Sources<'_>) -> Self {
        let mut inputs = Self::find_by(sources.paths, is_flow_log);
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for object in sources.objects {
            let file = object.name();
            let name = file.rsplit('/').next().filter(|name| Delivered::parse(name).is_some());
            if let Some(name) = name.and_then(|name| name.split('.').next()) {
                if let Some(same) = names.get(name) {
                    inputs.faults.push(FileFault::copy(file, Path::new(same)));
                    continue;
                }
                names.insert(name.to_owned(), file.clone());
            }
            inputs.files.push(Input::of_object(object));
        }
        inputs.sort();
        inputs
    }

    /// The same for Resolver query logs, which are delivered as `.log.gz` too, and exported as JSON.
    pub(super) fn find_queries(paths: &[PathBuf]) -> Self {
        let is_json =
            |name: &str| [".json", ".jsonl", ".ndjson"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        Self::find_by(paths, |name| is_json(name) || is_flow_log(name))
    }

    /// The same for bills.
    pub(crate) fn find_bills(paths: &[PathBuf]) -> Self {
        let is_bill =
            |name: &str| [".csv", ".csv.gz", ".parquet"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        Self::find_by(paths, is_bill)
    }

    fn find_by(paths: &[PathBuf], is_wanted: impl Fn(&str) -> bool) -> Self {
        let mut inputs = Self::default();
        let mut seen = Seen::default();
        for path in paths {
            if path == Path::new("-") {
                if seen.stdin() {
                    inputs.files.push(Input { origin: Origin::Stdin, size: u64::MAX, log: None, account: None });
                }
                continue;
            }
            if !path.is_dir() {
                inputs.add(path, &mut seen);
                continue;
            }
            let is_hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
            let entries = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
            for entry in entries.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name())) {
                match entry {
                    Ok(entry) if entry.file_type().is_dir() => {}
                    Ok(entry) if is_wanted(&entry.file_name().to_string_lossy()) => inputs.add(entry.path(), &mut seen),
                    Ok(_) => inputs.others += 1,
                    Err(error) => {
                        let file = error.path().unwrap_or(path).display().to_string();
                        inputs.faults.push(FileFault { file, problem: error.to_string(), partly_read: false });
                    }
                }
            }
        }
        inputs.sort();
        inputs
    }

    /// The largest first, so that no thread is left with one at the end.
    fn sort(&mut self) {
        self.files.sort_by_cached_key(|input| (std::cmp::Reverse(input.size), input.name()));
    }

    fn add(&mut self, path: &Path, seen: &mut Seen) {
        let file = path.display().to_string();
        let fault = match std::fs::metadata(path) {
            Err(error) => FileFault { file, problem: error.to_string(), partly_read: false },
            Ok(found) if found.is_dir() => return,
            Ok(found) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let delivered = Delivered::parse(&name);
                match seen.before(path, delivered.is_some().then_some(&*name)) {
                    None => {
                        self.files.push(Input {
                            origin: Origin::File(path.to_owned()),
                            size: found.len(),
                            log: delivered.as_ref().map(|name| name.log.to_owned()),
                            account: delivered.map(|name| name.account.to_owned()),
                        });
                        return;
                    }
                    Some(same) => FileFault::copy(file, &same),
                }
            }
        };
        self.faults.push(fault);
    }
}

/// Files that were met.
#[derive(Default)]
struct Seen {
    places: BTreeMap<PathBuf, PathBuf>,
    /// AWS names no two files alike: a second one is a copy, unpacked or not. So these are names up to the first dot.
    names: BTreeMap<String, PathBuf>,
    stdin: bool,
}

impl Seen {
    fn stdin(&mut self) -> bool {
        !std::mem::replace(&mut self.stdin, true)
    }

    /// The file that this one is the same as.
    fn before(&mut self, path: &Path, name: Option<&str>) -> Option<PathBuf> {
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = name.and_then(|name| name.split('.').next());
        let named = name.and_then(|name| self.names.get(name));
        if let Some(same) = self.places.get(&place).or(named) {
            return Some(same.clone());
        }
        self.places.insert(place, path.to_owned());
        if let Some(name) = name {
            self.names.insert(name.to_owned(), path.to_owned());
        }
        None
    }
}

/// The name of a file that AWS delivered:
/// `123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz`.
pub(super) struct Delivered<'n> {
    account: &'n str,
    log: &'n str,
    /// `20180620T1620Z`
    pub(super) time: &'n str,
}

impl<'n> Delivered<'n> {
    pub(super) fn parse(name: &'n str) -> Option<Self> {
        let mut parts = name.split('_');
        let (account, kind, _region, log) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let time = parts.next()?;
        let whole = kind == "vpcflowlogs" && log.starts_with("fl-") && parts.next().is_some();
        whole.then_some(Self { account, log, time })
    }
}

/// Whether a file in a folder is a flow log, by its name.
pub(super) fn is_flow_log(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".log", ".gz", ".parquet", ".txt"].iter().any(|end| name.ends_with(end)) || Delivered::parse(&name).is_some()
}

/// The flow logs that wrote the files, by number: the first stands for files whose names do not say.
pub(super) fn logs(files: &[Input]) -> Vec<Option<String>> {
    let named: BTreeSet<_> = files.iter().filter_map(|file| file.log.clone()).collect();
    std::iter::once(None).chain(named.into_iter().map(Some)).collect()
}

impl Input {
    fn of_object(object: &Arc<dyn Object>) -> Self {
        let name = object.name();
        let delivered = Delivered::parse(name.rsplit('/').next().unwrap_or_default());
        Self {
            origin: Origin::Object(Arc::clone(object)),
            size: object.size(),
            log: delivered.as_ref().map(|name| name.log.to_owned()),
            account: delivered.map(|name| name.account.to_owned()),
        }
    }

    /// What reports call it.
    pub(crate) fn name(&self) -> String {
        match &self.origin {
            Origin::Stdin => "standard input".to_owned(),
            Origin::File(path) => path.display().to_string(),
            Origin::Object(object) => object.name(),
        }
    }

    /// Whether it can be read a second time.
    pub(crate) fn is_lasting(&self) -> bool {
        !matches!(self.origin, Origin::Stdin)
    }

    /// Whether it is a file of this machine whose name says that it is Parquet.
    pub(crate) fn is_parquet(&self) -> bool {
        let Origin::File(path) = &self.origin else { return false };
        path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"))
    }

    /// Has it fetched, if it is not here.
    pub(super) fn prefetch(&self) {
        if let Origin::Object(object) = &self.origin {
            object.prefetch();
        }
    }

    /// Opens it.
    pub(crate) fn open(&self) -> io::Result<Content> {
        match &self.origin {
            Origin::Stdin => {
                let mut stdin = io::stdin();
                let start = beginning(&mut stdin)?;
                if start.starts_with(PARQUET) {
                    return Err(io::Error::other("Parquet cannot be read from standard input: name the file"));
                }
                let is_gzip = start.starts_with(GZIP);
                Ok(text(Box::new(io::Cursor::new(start).chain(stdin)), is_gzip))
            }
            Origin::File(path) => open_file(path),
            Origin::Object(object) => open_object(&**object),
        }
    }
}

fn open_file(path: &Path) -> io::Result<Content> {
    let mut file = File::open(path)?;
    let start = beginning(&mut file)?;
    if start.is_empty() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
        return Err(empty());
    }
    io::Seek::rewind(&mut file).map_err(|error| match error.kind() {
        // A pipe cannot go back.
        io::ErrorKind::NotSeekable => io::Error::other("a pipe: pass it as standard input (-)"),
        _ => error,
    })?;
    if start.starts_with(PARQUET) {
        return Ok(Content::Parquet(file));
    }
    Ok(text(Box::new(file), start.starts_with(GZIP)))
}

/// Text is read as it comes. Parquet begins at its end, so it goes through a file that nobody else sees.
fn open_object(object: &dyn Object) -> io::Result<Content> {
    let mut bytes = object.open()?;
    let start = beginning(&mut bytes)?;
    if start.is_empty() && object.name().to_ascii_lowercase().ends_with(".gz") {
        return Err(empty());
    }
    let (is_parquet, is_gzip) = (start.starts_with(PARQUET), start.starts_with(GZIP));
    let mut bytes = io::Cursor::new(start).chain(bytes);
    if is_parquet {
        let mut file = BufWriter::with_capacity(READ, tempfile::tempfile()?);
        io::copy(&mut bytes, &mut file)?;
        return Ok(Content::Parquet(file.into_inner().map_err(io::IntoInnerError::into_error)?));
    }
    Ok(text(Box::new(bytes), is_gzip))
}

/// Most often a download that failed. Without packing nothing tells it from a log of nothing.
fn empty() -> io::Error {
    io::Error::other("it is empty: not even gzip's header is there")
}

const PARQUET: &[u8] = b"PAR1";
const GZIP: &[u8] = &[0x1f, 0x8b];

fn text(raw: Box<dyn Read + Send>, is_gzip: bool) -> Content {
    if is_gzip {
        return Content::Text(Box::new(Gzip::new(BufReader::with_capacity(READ, raw))));
    }
    Content::Text(raw)
}

/// The first four bytes, or as many as there are.
fn beginning(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    input.take(4).read_to_end(&mut start)?;
    Ok(start)
}
