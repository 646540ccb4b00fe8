//! Where refreshed prices are kept: a price file in the user's cache folder, which every audit reads.

use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use etcetera::BaseStrategy as _;

use crate::commands::destination::Destination;
use crate::pricing::{PriceBook, Row};

/// Names another folder than the system's.
const FOLDER: &str = "NATWISE_CACHE_DIR";

/// The file.
fn path() -> anyhow::Result<PathBuf> {
    let set = std::env::var_os(FOLDER).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_user = || etcetera::choose_base_strategy().ok().map(|strategy| strategy.cache_dir().join("natwise"));
    let folder = set.or_else(of_user);
    Ok(folder.with_context(|| format!("there is no cache folder: name one by {FOLDER}"))?.join("prices.csv"))
}

/// A book with what is kept there.
pub(in crate::commands) fn on_top_of(book: PriceBook) -> anyhow::Result<PriceBook> {
    // Without a home there is nothing kept there.
    let Ok(path) = path() else { return Ok(book) };
    let csv = match std::fs::read(&path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(book);
        }
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    book.with_refreshed(&csv).with_context(|| {
        format!(
            "the refreshed prices in {} (run `natwise prices refresh`, remove the file, or leave it out with \
             --embedded-prices)",
            path.display()
        )
    })
}

/// What is kept there, whatever state it is in: its rows are only to be replaced.
pub(super) fn kept() -> anyhow::Result<Vec<u8>> {
    let path = path()?;
    match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Keeps a price file there: all of it, or what was there before.
pub(super) fn keep(rows: impl IntoIterator<Item = Row>) -> anyhow::Result<PathBuf> {
    let path = path()?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Destination::open(Some(&path))?.write(|out| Row::write(rows, out))?;
    Ok(path)
}
