//! Progress on the terminal: of a scan, and of reading logs.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::aws::{OnProgress, Progress};

/// A line on stderr that says how far a scan is, gone when it ends. Hidden when stderr is no terminal.
#[derive(Debug)]
pub struct ScanProgress {
    bar: ProgressBar,
}

impl ScanProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if shown {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar }
    }

    /// What the collector tells its progress to.
    #[must_use]
    pub fn listener(&self) -> OnProgress {
        let bar = self.bar.clone();
        Arc::new(move |Progress { regions, regions_done, calls }: Progress| {
            bar.set_message(match regions {
                0 => format!("looking for Regions, {calls} calls"),
                _ => format!("{regions_done} of {regions} Regions, {calls} calls"),
            });
        })
    }
}

impl Drop for ScanProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How much of the logs is read, on stderr: gone when it ends, hidden when that is no terminal.
#[derive(Debug)]
pub struct ReadProgress {
    bar: ProgressBar,
}

impl ReadProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if shown {
            if let Ok(style) = ProgressStyle::with_template("{spinner} reading logs: {bytes} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar }
    }

    /// So many more bytes of files are read.
    pub fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

impl Drop for ReadProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How many keys of a bucket were seen, on stderr: gone when they all were, hidden when that is no terminal.
#[derive(Debug)]
pub struct ListProgress {
    bar: ProgressBar,
}

impl ListProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if shown {
            if let Ok(style) = ProgressStyle::with_template("{spinner} listing flow logs: {pos} keys ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar }
    }

    /// So many keys were seen.
    pub fn set(&self, keys: u64) {
        self.bar.set_position(keys);
    }

    /// Does something while nothing is shown, such as asking a question.
    pub fn suspend<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }
}

impl Drop for ListProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
