//! `natwise scan`, and the scan that `natwise audit` starts with.

use std::io;

use super::ExitStatus;
use super::audit::eprint;
use super::destination::Destination;
use super::redaction;
use crate::aws::{self, CallLog, CollectOptions};
use crate::cli::{AccountArgs, ScanArgs, WindowArgs, now};
use crate::model::Snapshot;
use crate::progress::ScanProgress;

pub(super) fn run(args: &ScanArgs, quiet: bool) -> anyhow::Result<ExitStatus> {
    let destination = Destination::open(args.output.as_deref())?;
    let redactor = redaction::redactor(args, quiet)?;
    let mut snapshot = collect(&args.account, &args.window, quiet)?;
    redactor.iter().for_each(|redactor| redactor.snapshot(&mut snapshot));
    destination.write(|out| {
        serde_json::to_writer(&mut *out, &snapshot)?;
        out.write_all(b"\n")
    })?;
    let gaps: usize = snapshot.regions.iter().map(|scan| scan.gaps.len()).sum();
    if gaps > 0 && !quiet {
        eprint(&format!("natwise: {gaps} call(s) failed; the snapshot says which"));
    }
    Ok(if args.strict && gaps > 0 { ExitStatus::Failed } else { ExitStatus::Done })
}

/// Reads the live account.
pub(super) fn collect(account: &AccountArgs, window: &WindowArgs, quiet: bool) -> anyhow::Result<Snapshot> {
    let options = CollectOptions {
        profile: account.profiles.first().cloned(),
        regions: account.regions.clone(),
        all_regions: account.all_regions,
        endpoint_url: account.endpoint_url.clone(),
        window: window.window(now())?,
    };
    // Logged calls and a moving line would overwrite each other.
    let progress = ScanProgress::new(quiet || tracing::enabled!(tracing::Level::DEBUG));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let collected = runtime.block_on(async {
        let interruption = Interruption::listen()?;
        tokio::select! {
            collected = aws::collect(&options, progress.listener()) => collected.map_err(anyhow::Error::from),
            () = interruption.wait() => Err(anyhow::anyhow!("interrupted; nothing was written")),
        }
    });
    // What is still under way (after Ctrl-C, a credential process, say) must not keep the process.
    runtime.shutdown_background();
    drop(progress);
    let collected = collected?;
    if !quiet {
        tell(&collected.calls);
    }
    Ok(collected.snapshot)
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

/// What the scan asked, by operation, and what that costs.
fn tell(calls: &CallLog) {
    for (operation, counts) in &calls.operations {
        tracing::debug!(calls = counts.calls, retries = counts.retries(), throttles = counts.throttles, "{operation}");
    }
    let total = calls.total();
    eprint(&format!(
        "natwise: {} API calls ({} retries, {} throttled); {} CloudWatch metrics read, about ${}",
        total.calls,
        total.retries(),
        total.throttles,
        calls.metrics_requested,
        calls.metrics_cost().0.round_dp(4).normalize()
    ));
}
