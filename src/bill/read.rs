//! Reading a bill: files and folders of it, side by side, each line looked at once.
//!
//! What is no line of ours is told by its usage type and skipped before a number of it is read. Memory does not grow
//! with the input: text passes through a buffer, of Parquet only the columns that are needed are unpacked, and sums are
//! kept of a bounded number of resources.

mod table;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Bill;
use super::form::{Form, FormError};
use super::ledger::{Ledger, thin_out};
use crate::flow_log::parquet::Table;
use crate::flow_log::piped::Piped;
use crate::flow_log::source::{Content, Input, Inputs};
use crate::model::Window;
use crate::traffic::FileFault;

/// Why a bill cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// There is no file.
    #[error("there is no bill in {0}: no file whose name ends with .csv, .csv.gz or .parquet")]
    NoFile(String),
    /// None of the files is a bill that can be read.
    #[error("{file}: {problem}")]
    NoBill {
        /// The first of them.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The same lines are there twice.
    #[error(
        "{one} and {other} are of the same payer and billing period, and would count twice ({why}): give one of them"
    )]
    Twice {
        /// The first.
        one: String,
        /// The second.
        other: String,
        /// Why they are taken for the same.
        why: &'static str,
    },
}

/// Why a file was not read, or not to its end.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0}")]
    Form(#[from] FormError),
    #[error("{0}")]
    Read(#[from] std::io::Error),
    #[error("{0}")]
    Parquet(String),
    #[error("a line of it is longer than {} MB: it is damaged, or no CSV", text::LONGEST >> 20)]
    LongLine,
    #[error("it is empty")]
    Empty,
    #[error("it is a ZIP archive: unpack it first")]
    Zip,
}

impl Problem {
    /// Whether something that was billed is missing for it.
    fn is_loss(&self) -> bool {
        !matches!(self, Self::Form(FormError::NoBill) | Self::Zip)
    }
}

/// Of which billing periods of which payers a file's lines are, and its form.
type Origins = BTreeMap<String, (Option<Form>, BTreeSet<(String, String)>)>;

/// Looks whether there is a bill that can be read, before anything that takes time.
///
/// # Errors
/// When there is none.
pub fn check(paths: &[PathBuf]) -> Result<(), BillError> {
    let inputs = Inputs::find_bills(paths);
    let problem = |input: &Input| form(input).err().map(|problem| (input.name(), problem.to_string()));
    // Standard input is read once only.
    let problems = inputs.files.iter().map(|input| input.is_lasting().then(|| problem(input)).flatten());
    let problems: Vec<_> = problems.collect();
    usable(paths, &inputs, problems)
}

/// Reads a bill's lines of a window, or all of them.
///
/// # Errors
/// When there is none, or some of it is there twice. What is wrong with single files is part of the result.
pub fn read(
    paths: &[PathBuf],
    window: Option<Window>,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Bill, BillError> {
    let inputs = Inputs::find_bills(paths);
    let units = units(&inputs.files, threads);
    let next = AtomicUsize::new(0);
    let whole = Mutex::new((Bill::default(), Origins::new()));
    // With more threads than files each file gets two: one unpacks, one parses.
    let piped = threads > units.len();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, units.len().max(1)) {
            scope.spawn(|| {
                let mut ledger = Ledger::new(window);
                let mut origins = Origins::new();
                while let Some((input, part)) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let before = ledger.bill.statistics.lines;
                    let (form, periods) = origins.entry(input.name()).or_default();
                    let done = file(input, *part, piped, &mut ledger, form);
                    periods.extend(ledger.take_periods());
                    if let Err(problem) = done {
                        let partly_read = ledger.bill.statistics.lines > before;
                        ledger.bill.incomplete |= problem.is_loss();
                        let fault = FileFault { file: input.name(), problem: problem.to_string(), partly_read };
                        ledger.bill.faults.push(fault);
                    }
                    progress(if part.is_none_or(|part| part == 0) { input.size } else { 0 });
                }
                let mut whole = whole.lock().unwrap_or_else(PoisonError::into_inner);
                whole.0.add(ledger.into_bill());
                for (file, (form, periods)) in origins {
                    let known = whole.1.entry(file).or_default();
                    known.0 = known.0.or(form);
                    known.1.extend(periods);
                }
            });
        }
    });
    let (mut bill, origins) = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
    thin_out(&mut bill);
    let problem = |name: &String| bill.faults.iter().find(|fault| fault.file == *name);
    let problems = origins.iter().map(|(file, (form, _))| match form {
        // What of it could be read counts.
        Some(_) => None,
        None => problem(file).map(|fault| (file.clone(), fault.problem.clone())),
    });
    usable(paths, &inputs, problems.collect())?;
    twice(&origins)?;
    bill.incomplete |= inputs.faults.iter().any(|fault| !fault.is_copy());
    bill.faults.extend(inputs.faults);
    bill.faults.sort();
    // Each part of a file may say the same.
    bill.faults.dedup_by(|next, first| (&next.file, &next.problem) == (&first.file, &first.problem));
    bill.forms = origins.values().filter_map(|(form, _)| *form).collect();
    bill.files = origins.into_iter().filter(|(_, (form, _))| form.is_some()).map(|(file, _)| file).collect();
    bill.statistics.other_files = inputs.others;
    Ok(bill)
}

/// Whether one file at least is good.
fn usable(paths: &[PathBuf], inputs: &Inputs, problems: Vec<Option<(String, String)>>) -> Result<(), BillError> {
    let missing = || inputs.faults.iter().map(|fault| (fault.file.clone(), fault.problem.clone()));
    if problems.iter().any(Option::is_none) {
        return Ok(());
    }
    if let Some((file, problem)) = problems.into_iter().flatten().chain(missing()).next() {
        return Err(BillError::NoBill { file, problem });
    }
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    Err(BillError::NoFile(paths.join(", ")))
}

/// What is read side by side: files, and the parts of those in Parquet where files are few.
fn units(files: &[Input], threads: usize) -> Vec<(&Input, Option<usize>)> {
    let parts = |input: &Input| match input.is_parquet().then(|| input.open()) {
        Some(Ok(Content::Parquet(file))) if files.len() < 4 * threads => table::open(file).map_or(0, |t| t.parts()),
        _ => 0,
    };
    let units = files.iter().flat_map(|input| match parts(input) {
        0 | 1 => vec![(input, None)],
        parts => (0..parts).map(|part| (input, Some(part))).collect(),
    });
    units.collect()
}

/// Adds a file's lines, or those of a part, and tells its form as soon as that is known.
fn file(
    input: &Input,
    part: Option<usize>,
    piped: bool,
    ledger: &mut Ledger,
    form: &mut Option<Form>,
) -> Result<(), Problem> {
    match input.open()? {
        Content::Text(text) if piped => text::read(Piped::new(text), ledger, form),
        Content::Text(text) => text::read(text, ledger, form),
        Content::Parquet(file) => table::read(&table::open(file)?, part, ledger, form),
    }
}

/// What a file's columns are those of.
fn form(input: &Input) -> Result<Form, Problem> {
    match input.open()? {
        Content::Text(text) => text::form(text),
        Content::Parquet(file) => table::open(file).and_then(|table: Table| table::form(&table)),
    }
}

/// Whether some lines are there twice: in two forms, or in two copies of one export.
fn twice(origins: &Origins) -> Result<(), BillError> {
    let mut seen = BTreeMap::<&(String, String), Vec<(&str, Option<Form>)>>::new();
    for (file, (form, periods)) in origins {
        for period in periods {
            let before = seen.entry(period).or_default();
            let twin = before.iter().find_map(|(other, of)| {
                let why = match () {
                    () if of != form => Some("they are of two forms"),
                    () if are_versions(Path::new(other), Path::new(file)) => Some("two copies of one export"),
                    () => None,
                };
                why.map(|why| ((*other).to_owned(), why))
            });
            if let Some((one, why)) = twin {
                return Err(BillError::Twice { one, other: file.clone(), why });
            }
            before.push((file, *form));
        }
    }
    Ok(())
}

/// Whether files of one payer and billing period are an export's at two times, or packed and not: each time has a folder
/// of its own, with files of the same names. Folders such as `account=1` are partitions instead.
fn are_versions(one: &Path, other: &Path) -> bool {
    let name = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        [".csv", ".parquet"].iter().find_map(|ending| plain.strip_suffix(ending)).unwrap_or(plain).to_owned()
    };
    if name(one) != name(other) {
        return false;
    }
    let differing = one.components().zip(other.components()).find(|(a, b)| a != b);
    let is_partition = |part: Component<'_>| part.as_os_str().to_string_lossy().contains('=');
    differing.is_some_and(|(a, b)| !is_partition(a) && !is_partition(b))
}

#[cfg(test)]
mod tests;
