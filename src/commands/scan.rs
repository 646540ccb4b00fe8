//! `natwise scan`, and the scan that `natwise audit` starts with.

mod calls;
mod into_folder;

use std::io;
use std::path::Path;

use anyhow::Context as _;
use tempfile::TempDir;

use self::into_folder::Job;
use super::ExitStatus;
use super::accounts;
use super::audit::eprint;
use super::destination::Destination;
use super::folder::Folder;
use super::redaction;
use crate::aws::{self, CollectError};
use crate::cli::{AccountArgs, ScanArgs, WindowArgs, now};
use crate::model::Snapshot;
use crate::progress::ScanProgress;

pub(super) fn run(args: &ScanArgs, quiet: bool) -> anyhow::Result<ExitStatus> {
    let folder = args.output.as_deref().filter(|path| Folder::is_meant(path));
    let gaps = if let Some(path) = folder {
        let redactor = redaction::redactor(args, quiet)?;
        let ScanArgs { account, window, max_age, .. } = args;
        into_folder::run(path, Job { account, window, max_age: *max_age, redactor }, quiet)?
    } else {
        anyhow::ensure!(args.max_age.is_none(), "--max-age is about the snapshots of a folder: give -o FOLDER/");
        into_file(args.output.as_deref(), args, quiet)?
    };
    if gaps > 0 && !quiet {
        eprint(&format!("natwise: {gaps} call(s) failed; the snapshot says which"));
    }
    Ok(if args.strict && gaps > 0 { ExitStatus::Failed } else { ExitStatus::Done })
}

/// Writes one snapshot of everything, and counts its gaps.
fn into_file(path: Option<&Path>, args: &ScanArgs, quiet: bool) -> anyhow::Result<usize> {
    let destination = Destination::open(path)?;
    let redactor = redaction::redactor(args, quiet)?;
    let mut snapshot = collect(&args.account, &args.window, quiet)?;
    redactor.iter().for_each(|redactor| redactor.snapshot(&mut snapshot));
    destination.write(|out| {
        serde_json::to_writer(&mut *out, &snapshot)?;
        out.write_all(b"\n")
    })?;
    Ok(snapshot.gaps.len() + snapshot.regions.iter().map(|scan| scan.gaps.len()).sum::<usize>())
}

/// Reads the accounts of an organisation, which need not fit into memory, into a folder that is gone with its handle.
/// None where one account is meant.
pub(super) fn collect_aside(
    account: &AccountArgs,
    window: &WindowArgs,
    quiet: bool,
) -> anyhow::Result<Option<TempDir>> {
    if account.is_one() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("natwise-").tempdir().context("cannot make a temporary folder")?;
    into_folder::run_aside(folder.path(), account, window, quiet)?;
    Ok(Some(folder))
}

/// Reads live accounts into memory.
pub(super) fn collect(account: &AccountArgs, window: &WindowArgs, quiet: bool) -> anyhow::Result<Snapshot> {
    let now = now();
    let options = accounts::options(account, window.window(now)?)?;
    let listener = |progress: &ScanProgress| progress.listener();
    let collected = wait(quiet, |progress| {
        let on_progress = listener(progress);
        async move {
            let (bases, gaps) = aws::bases(&options).await?;
            let mut collected = aws::collect(bases, &options, on_progress).await?;
            collected.snapshot.gaps.extend(gaps);
            Ok::<_, CollectError>(collected)
        }
    })?
    .context("interrupted; nothing was written")??;
    if !quiet {
        calls::tell(&collected.calls);
    }
    Ok(Snapshot { scanned_at: Some(now), ..collected.snapshot })
}

/// Runs a scan, showing how far it is, to its end or to Ctrl-C: then there is nothing.
fn wait<T, F: Future<Output = T>>(quiet: bool, work: impl FnOnce(&ScanProgress) -> F) -> io::Result<Option<T>> {
    // Logged calls and a moving line would overwrite each other.
    let progress = ScanProgress::new(quiet || tracing::enabled!(tracing::Level::DEBUG));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let interruption = Interruption::listen()?;
        tokio::select! {
            done = work(&progress) => Ok(Some(done)),
            () = interruption.wait() => Ok(None),
            () = progress.tell_now_and_then() => Ok(None),
        }
    });
    // What is still under way (after Ctrl-C, a credential process, say) must not keep the process.
    runtime.shutdown_background();
    done
}

/// Ctrl-C and polite requests to end, listened to from here on.
pub(super) struct Interruption {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Interruption {
    pub(super) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    pub(super) async fn wait(mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _no_handler = tokio::signal::ctrl_c().await;
    }
}
