//! What flow logs that are not on this machine are read with: whose credentials, and how much may be spent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_config::SdkConfig;
use rust_decimal::Decimal;
use tokio::runtime::Runtime;

use super::spend::Budget;
use crate::aws::{self, LogsAccess};
use crate::cli::{AccountArgs, MaxCost, RemoteArgs};
use crate::commands::ExitStatus;
use crate::commands::audit::eprint;
use crate::commands::scan::Interruption;
use crate::model::Usd;

/// The means.
pub(super) struct Remote {
    /// On which all calls are made; what is fetched while it is read keeps it.
    pub(super) runtime: Arc<Runtime>,
    /// Credentials, Region, endpoint, patience.
    pub(super) config: SdkConfig,
    pub(super) budget: Budget,
    pub(super) workgroup: Option<String>,
    pub(super) output_location: Option<String>,
    pub(super) quiet: bool,
    /// Whether somebody waits, who hears of interruptions.
    waiting: Arc<AtomicBool>,
}

impl Remote {
    /// Sets up what the options say; the account's own profile and endpoint where those for logs are not named.
    pub(super) fn new(args: &RemoteArgs, account: &AccountArgs, quiet: bool) -> anyhow::Result<Self> {
        let runtime = Arc::new(tokio::runtime::Builder::new_multi_thread().enable_all().build()?);
        let access = LogsAccess {
            profile: args.logs_profile.clone().or_else(|| account.profiles.first().cloned()),
            role_arn: args.logs_role_arn.clone(),
            region: args.logs_region.clone().or_else(|| account.regions.first().cloned()),
            endpoint_url: account.endpoint_url.clone(),
        };
        let config = runtime.block_on(aws::logs_config(&access))?;
        let waiting = Arc::default();
        runtime.spawn(end_when_interrupted(Arc::clone(&waiting)));
        let most = args.max_cost.unwrap_or(MaxCost::Usd(Usd(Decimal::ONE)));
        Ok(Self {
            runtime,
            config,
            budget: Budget { most, quiet },
            workgroup: args.workgroup.clone(),
            output_location: args.output_location.clone(),
            quiet,
            waiting,
        })
    }

    /// Waits for something, or for Ctrl-C; `stop` is then what is still to be done, such as cancelling a query.
    pub(super) fn wait<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<T> {
        self.waiting.store(true, Ordering::SeqCst);
        self.runtime.block_on(async {
            let interruption = Interruption::listen()?;
            tokio::select! {
                done = work => {
                    self.waiting.store(false, Ordering::SeqCst);
                    done
                }
                () = interruption.wait() => {
                    stop.await;
                    // Still waiting, so to speak: who was interrupted says so himself, as an error.
                    Err(anyhow::anyhow!("interrupted; nothing was written"))
                }
            }
        })
    }
}

/// Ends the program at Ctrl-C when nobody waits: at a question, and while threads read what is fetched. Without this
/// nothing would, because who once listened to signals has taken away what they do by themselves.
#[expect(clippy::exit, reason = "nobody else could end it, as it waits in a thread")]
async fn end_when_interrupted(waiting: Arc<AtomicBool>) {
    while let Ok(interruption) = Interruption::listen() {
        interruption.wait().await;
        if !waiting.load(Ordering::SeqCst) {
            eprint("natwise: interrupted; nothing was written");
            std::process::exit(ExitStatus::Failed as i32);
        }
    }
}
