//! Progress on the terminal: of a scan, and of finding and reading logs.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

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

/// How far a scan is, on stderr: a line that moves and is gone when it ends, or, where that is no terminal, a line a
/// minute.
#[derive(Debug)]
pub struct ScanProgress {
    line: Line,
    latest: Arc<Mutex<Progress>>,
    quiet: bool,
    started: Instant,
}

/// Between two lines where there is no terminal.
const MINUTE: Duration = Duration::from_mins(1);

impl ScanProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let line = Line::new(quiet, "{spinner} {msg} ({elapsed})");
        Self { line, latest: Arc::default(), quiet, started: Instant::now() }
    }

    /// What the collector tells its progress to.
    #[must_use]
    pub fn listener(&self) -> OnProgress {
        let (bar, latest, started) = (self.line.0.clone(), Arc::clone(&self.latest), self.started);
        Arc::new(move |progress: Progress| {
            *latest.lock().unwrap_or_else(PoisonError::into_inner) = progress;
            // A hidden line's text is not made.
            if !bar.is_hidden() {
                bar.set_message(text(progress, started.elapsed()));
            }
        })
    }

    /// Writes a line a minute where no line moves; never ends.
    pub async fn tell_now_and_then(&self) {
        loop {
            tokio::time::sleep(MINUTE).await;
            if self.line.0.is_hidden() && !self.quiet {
                let progress = *self.latest.lock().unwrap_or_else(PoisonError::into_inner);
                let line = format!("natwise: {}\n", text(progress, self.started.elapsed()));
                let _closed = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
            }
        }
    }
}

fn text(progress: Progress, elapsed: Duration) -> String {
    let Progress { accounts, accounts_done, regions, regions_done, calls, throttles } = progress;
    let mut text = match (accounts, regions) {
        (0, _) => format!("looking for accounts, {calls} calls"),
        (_, 0) => format!("looking for Regions, {calls} calls"),
        (1, _) => format!("{regions_done} of {regions} Regions, {calls} calls"),
        _ => format!("{accounts_done} of {accounts} accounts, {regions_done} of {regions} Regions, {calls} calls"),
    };
    if throttles > 0 {
        text.push_str(&format!(", {throttles} throttled"));
    }
    if let Some(left) = left(progress, elapsed) {
        text.push_str(&format!(", about {} left", HumanDuration(left)));
    }
    text
}

/// How long it will go on, if what is left is like what is done: by accounts, as the Regions of those to come are not
/// known; by Regions where there is only one.
fn left(progress: Progress, elapsed: Duration) -> Option<Duration> {
    let (all, done) = match progress.accounts {
        0 | 1 => (progress.regions, progress.regions_done),
        _ => (progress.accounts, progress.accounts_done),
    };
    let (left, done) = (u32::try_from(all.checked_sub(done)?).ok()?, u32::try_from(done).ok()?);
    let enough = elapsed > Duration::from_secs(5) && done > 0 && left > 0;
    enough.then(|| elapsed.saturating_mul(left) / done)
}

/// How much of logs and bills is read, on stderr: gone when it ends, hidden when that is no terminal.
#[derive(Debug)]
pub struct ReadProgress {
    line: Line,
}

impl ReadProgress {
    /// Starts to show progress, unless it is to be quiet.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self { line: Line::new(quiet, "{spinner} reading {bytes} ({elapsed})") }
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
