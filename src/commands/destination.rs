//! Where output goes: opened before the slow work starts, and complete or not there at all.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::cli::{Outputs, When};
use crate::output::Style;

/// Standard output, or a file that appears when it is finished.
pub(super) enum Destination {
    Stdout,
    /// Written beside its place and moved there at the end.
    Beside(PathBuf),
    /// A device or pipe, which cannot be replaced.
    Direct(File, PathBuf),
}

impl Destination {
    /// Checks it, so that a place that cannot be written to is known at once. A file that is there stays as it is.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(Self::Stdout) };
        let cannot = || format!("cannot write {}", path.display());
        if let Ok(there) = std::fs::metadata(path) {
            anyhow::ensure!(!there.is_dir(), "cannot write {}: it is a folder", path.display());
            let file = File::options().write(true).open(path).with_context(cannot)?;
            if !there.is_file() {
                return Ok(Self::Direct(file, path.to_owned()));
            }
        }
        // A link is followed, so that its target is replaced and not the link.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        // Made and gone again: a run that is killed while it scans leaves nothing behind.
        beside(&path)?;
        Ok(Self::Beside(path))
    }

    /// The same for each form that is asked for.
    pub(super) fn open_all<F: Copy>(outputs: &Outputs<F>) -> anyhow::Result<Vec<(F, Self)>> {
        outputs.0.iter().map(|(format, path)| Ok((*format, Self::open(path.as_deref())?))).collect()
    }

    /// Writes all of it.
    pub(super) fn write(self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        let buffered = |out: &mut dyn Write| -> io::Result<()> {
            let mut out = BufWriter::with_capacity(1 << 16, out);
            render(&mut out)?;
            out.flush()
        };
        match self {
            Self::Stdout => buffered(&mut io::stdout().lock())?,
            Self::Direct(mut file, path) => {
                buffered(&mut file).with_context(|| format!("cannot write {}", path.display()))?;
            }
            Self::Beside(path) => {
                let cannot = || format!("cannot write {}", path.display());
                let mut file = beside(&path)?;
                buffered(file.as_file_mut()).with_context(cannot)?;
                file.persist(&path).with_context(cannot)?;
            }
        }
        Ok(())
    }

    /// Whether a person looks at it.
    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Direct(file, _) => file.is_terminal(),
            Self::Beside(_) => false,
        }
    }

    /// How text for it is laid out.
    pub(super) fn style(&self, color: When, rows: usize) -> Style {
        let terminal = matches!(self, Self::Stdout) && io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let color = match color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb"),
        };
        let columns = set("COLUMNS").and_then(|columns| columns.to_str()?.parse().ok());
        let measured = || terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| width.0);
        // Narrower than this no table can be read.
        let width = columns.or_else(measured).unwrap_or(100_u16).clamp(60, 400);
        Style { color, width, rows: (rows > 0).then_some(rows) }
    }
}

/// How the names of files begin that are not finished yet.
pub(super) const PREFIX: &str = ".natwise-";

/// A new file in the folder of another one.
pub(super) fn beside(path: &Path) -> anyhow::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).with_context(|| format!("cannot write {}", path.display()))
}
