//! Progress on the terminal: of a scan, and of finding and reading logs.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::aws::{OnProgress, Progress};

/// A line on stderr, gone when it ends, hidden when that is no terminal.
#[derive(Debug)]
struct Line(ProgressBar);

impl Line {
    fn new(quiet: bool, template: &str) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if shown {
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self(bar)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A line on stderr that says how far a scan is, gone when it ends. Hidden when stderr is no terminal.
#[derive(Debug)]
pub struct ScanProgress {
    line: Line,
}

impl ScanProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self { line: Line::new(quiet, "{spinner} {msg} ({elapsed})") }
    }

    /// What the collector tells its progress to.
    #[must_use]
    pub fn listener(&self) -> OnProgress {
        let bar = self.line.0.clone();
        Arc::new(move |Progress { regions, regions_done, calls }: Progress| {
            bar.set_message(match regions {
                0 => format!("looking for Regions, {calls} calls"),
                _ => format!("{regions_done} of {regions} Regions, {calls} calls"),
            });
        })
    }
}

/// How much of the logs is read, on stderr: gone when it ends, hidden when that is no terminal.
#[derive(Debug)]
pub struct ReadProgress {
    line: Line,
}

impl ReadProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self { line: Line::new(quiet, "{spinner} reading logs: {bytes} ({elapsed})") }
    }

    /// So many more bytes of files are read.
    pub fn add(&self, bytes: u64) {
        self.line.0.inc(bytes);
    }
}

/// How many keys of a bucket were seen, on stderr: gone when they all were, hidden when that is no terminal.
#[derive(Debug)]
pub struct ListProgress {
    line: Line,
}

impl ListProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self { line: Line::new(quiet, "{spinner} listing flow logs: {pos} keys ({elapsed})") }
    }

    /// So many keys were seen.
    pub fn set(&self, keys: u64) {
        self.line.0.set_position(keys);
    }
}
