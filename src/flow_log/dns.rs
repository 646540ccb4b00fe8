//! The files of Route 53 Resolver query logs.

use std::io::BufReader;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::source::{Content, Input, Inputs};
use crate::address::AddressBook;
use crate::resolver_log::{Names, NamesBuilder};
use crate::traffic::FileFault;

/// Reads names from files and folders, and says which of them could not be read.
#[must_use]
pub fn read_names(paths: &[PathBuf], book: &AddressBook, threads: usize) -> (Names, Vec<FileFault>) {
    let Inputs { files, mut faults, .. } = Inputs::find_queries(paths);
    let next = AtomicUsize::new(0);
    let whole = Mutex::new((NamesBuilder::new(book), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, files.len().max(1)) {
            scope.spawn(|| {
                let mut names = NamesBuilder::new(book);
                let mut faults = Vec::new();
                while let Some(input) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    faults.extend(read(input, &mut names));
                }
                let mut whole = whole.lock().unwrap_or_else(PoisonError::into_inner);
                whole.0.merge(names);
                whole.1.append(&mut faults);
            });
        }
    });
    let (names, read) = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
    faults.extend(read);
    faults.sort();
    (names.build(), faults)
}

fn read(input: &Input, names: &mut NamesBuilder<'_>) -> Option<FileFault> {
    let fault = |problem: String, partly_read| Some(FileFault { file: input.name(), problem, partly_read });
    match input.open() {
        Ok(Content::Text(text)) => {
            let lines = names.statistics().lines;
            let error = names.read(BufReader::with_capacity(1 << 18, text)).err()?;
            fault(error.to_string(), names.statistics().lines > lines)
        }
        Ok(Content::Parquet(_)) => fault("Resolver query logs are JSON lines, and this is Parquet".to_owned(), false),
        Err(error) => fault(error.to_string(), false),
    }
}
