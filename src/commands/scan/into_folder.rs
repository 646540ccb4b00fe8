//! A scan into a folder: each Region is written when it is done and then forgotten, so that memory holds what is being
//! read and no more; and what is there already is not read again, so that a scan that was stopped goes on.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::{calls, wait};
use crate::aws::{self, CollectOptions, Earlier, Event};
use crate::cli::{AccountArgs, WindowArgs, now};
use crate::commands::accounts;
use crate::commands::audit::eprint;
use crate::commands::folder::Folder;
use crate::model::{AccountId, Gap, Manifest, RegionName, Snapshot, Window};
use crate::redact::Redactor;

/// How old a snapshot may be, where that is not said.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// How often the manifest is written while accounts are found.
const MANIFEST_EVERY: Duration = Duration::from_secs(2);
/// Regions that wait to be written.
const EVENTS: usize = 16;

/// What the folder has of this very window.
struct Current {
    folder: Arc<Folder>,
    window: Window,
    /// Snapshots from before are too old.
    since: Timestamp,
    redactor: Option<Arc<Redactor>>,
}

impl Earlier for Current {
    fn is_current(&self, account_id: &AccountId, region: &RegionName) -> bool {
        let account_id = self.redactor.as_ref().map_or_else(|| account_id.clone(), |it| it.account(account_id));
        self.folder.head(&account_id, region).is_some_and(|head| {
            head.complete && head.window == self.window && head.scanned_at.is_some_and(|at| at >= self.since)
        })
    }
}

/// What came of it.
#[derive(Debug, Default)]
struct Written {
    gaps: usize,
    regions: usize,
    known: usize,
}

/// What is to be scanned into a folder.
pub(super) struct Job<'a> {
    pub(super) account: &'a AccountArgs,
    pub(super) window: &'a WindowArgs,
    pub(super) max_age: Option<SignedDuration>,
    pub(super) redactor: Option<Redactor>,
}

/// Scans into a folder, tells what that took, and counts the gaps.
pub(super) fn run(path: &Path, job: Job<'_>, quiet: bool) -> anyhow::Result<usize> {
    let done = scan_into(path, job, quiet)?;
    let shown = path.display();
    let Some((made, written)) = done.with_context(|| format!("the scan into {shown} is not complete"))? else {
        anyhow::bail!("interrupted; what is done is in {shown}, and the same command goes on from there");
    };
    if !quiet {
        calls::tell(&made);
        let Written { regions, known, .. } = written;
        let kept = known.saturating_sub(regions);
        let kept = if kept > 0 { format!("; {kept} were there already") } else { String::new() };
        eprint(&format!("natwise: {regions} Regions written to {shown}{kept}"));
    }
    Ok(written.gaps)
}

/// Scans into a folder that is for this run alone.
pub(super) fn run_aside(path: &Path, account: &AccountArgs, window: &WindowArgs, quiet: bool) -> anyhow::Result<()> {
    let job = Job { account, window, max_age: None, redactor: None };
    let (made, _) = scan_into(path, job, quiet)??.context("interrupted; nothing was written")?;
    if !quiet {
        calls::tell(&made);
    }
    Ok(())
}

type Done = (Vec<aws::AccountCalls>, Written);

/// The outer result is about what was asked for, the inner one about what came of it: none when it was interrupted.
fn scan_into(path: &Path, job: Job<'_>, quiet: bool) -> anyhow::Result<anyhow::Result<Option<Done>>> {
    let now = now();
    let asked = job.window.window(now)?;
    accounts::options(job.account, asked)?;
    let folder = Arc::new(Folder::create(path)?);
    let earlier = folder.manifest()?;
    let redactor = job.redactor.map(Arc::new);
    let redaction = redactor.as_ref().map(|redactor| redactor.fingerprint());
    anyhow::ensure!(
        earlier.as_ref().is_none_or(|earlier| earlier.redaction == redaction),
        "{} was begun {}, so that an account would be in it twice: choose another folder",
        path.display(),
        if redaction.is_none() { "with --redact" } else { "without --redact, or with another key" }
    );
    let max_age = job.max_age.unwrap_or(MAX_AGE);
    let window = earlier.as_ref().map_or(asked, |earlier| {
        let goes_on = job.window.is_relative(now) && continues(earlier.window, asked, max_age);
        if goes_on { earlier.window } else { asked }
    });
    let manifest = match earlier {
        Some(earlier) if earlier.window == window => Manifest { finished_at: None, gaps: Vec::new(), ..earlier },
        _ => Manifest { redaction, ..Manifest::new(window) },
    };
    folder.write_manifest(&manifest)?;
    let options = accounts::options(job.account, window)?;
    let since = now.saturating_sub(max_age).unwrap_or(now);
    let current = Arc::new(Current { folder: Arc::clone(&folder), window, since, redactor: redactor.clone() });
    let keeper = Keeper { folder, manifest, window, redactor, written: Written::default(), saved: Instant::now() };

    let done = wait(quiet, |progress| scan(options, progress.listener(), current, keeper))?;
    Ok(done.transpose())
}

/// Whether a window that moves with the present is still the one of an earlier scan.
fn continues(earlier: Window, asked: Window, max_age: SignedDuration) -> bool {
    let behind = asked.end().duration_since(earlier.end());
    let alike = earlier.hours() == asked.hours() || earlier.start() == asked.start();
    alike && !behind.is_negative() && behind <= max_age
}

async fn scan(
    options: CollectOptions,
    on_progress: aws::OnProgress,
    current: Arc<Current>,
    mut keeper: Keeper,
) -> anyhow::Result<Done> {
    let (bases, gaps) = aws::bases(&options).await?;
    gaps.into_iter().for_each(|gap| keeper.miss(gap));
    let (events, found) = mpsc::channel(EVENTS);
    let mut keeping = tokio::task::spawn_blocking(move || keeper.keep(found));
    let scan = aws::scan(bases, options, on_progress, Some(current), events);
    let (calls, kept) = tokio::select! {
        // What cannot be written need not be read either.
        kept = &mut keeping => {
            kept??;
            anyhow::bail!("the scan ended too early");
        }
        calls = scan => (calls, keeping.await??),
    };
    let (keeper, calls) = (kept, calls?);
    let written = tokio::task::spawn_blocking(move || keeper.finish()).await??;
    Ok((calls, written))
}

/// What is found, as it may be written.
fn redacted(redactor: &Redactor, mut event: Event) -> Event {
    match &mut event {
        Event::Account(id, account) => {
            id.iter_mut().for_each(|id| *id = redactor.account(id));
            redactor.scanned_account(account);
        }
        Event::Region(scan) => redactor.region(scan),
        Event::Gap(gap) => redactor.gaps(std::slice::from_mut(gap)),
    }
    event
}

/// Writes what is found.
struct Keeper {
    folder: Arc<Folder>,
    manifest: Manifest,
    window: Window,
    redactor: Option<Arc<Redactor>>,
    written: Written,
    saved: Instant,
}

impl Keeper {
    fn keep(mut self, mut found: mpsc::Receiver<Event>) -> anyhow::Result<Self> {
        while let Some(event) = found.blocking_recv() {
            let event = match &self.redactor {
                Some(redactor) => redacted(redactor, event),
                None => event,
            };
            match event {
                Event::Account(Some(account_id), account) => {
                    self.written.known += account.regions.as_ref().map_or(0, |regions| regions.len());
                    self.manifest.accounts.insert(account_id, account);
                    if self.saved.elapsed() >= MANIFEST_EVERY {
                        self.folder.write_manifest(&self.manifest)?;
                        self.saved = Instant::now();
                    }
                }
                Event::Account(None, account) => self.manifest.gaps.extend(account.gaps),
                Event::Gap(gap) => self.manifest.gaps.push(gap),
                Event::Region(scan) => {
                    self.written.gaps += scan.gaps.len();
                    self.written.regions += 1;
                    let snapshot = Snapshot { scanned_at: Some(now()), ..Snapshot::new(self.window, vec![*scan]) };
                    self.folder.write(&snapshot)?;
                }
            }
        }
        Ok(self)
    }

    fn miss(&mut self, mut gap: Gap) {
        if let Some(redactor) = &self.redactor {
            redactor.gaps(std::slice::from_mut(&mut gap));
        }
        self.manifest.gaps.push(gap);
    }

    /// Says that everything is there.
    fn finish(mut self) -> anyhow::Result<Written> {
        self.manifest.gaps.sort();
        self.manifest.finished_at = Some(now());
        self.folder.write_manifest(&self.manifest)?;
        let of_accounts = self.manifest.accounts.values().map(|account| account.gaps.len());
        self.written.gaps += self.manifest.gaps.len() + of_accounts.sum::<usize>();
        Ok(self.written)
    }
}
