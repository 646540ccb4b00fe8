//! What flow logs that are not on this machine are read with: whose credentials, and how much may be spent.

use aws_config::SdkConfig;
use rust_decimal::Decimal;
use tokio::runtime::Runtime;

use super::spend::Budget;
use crate::aws::{self, LogsAccess};
use crate::cli::{AccountArgs, RemoteArgs};
use crate::commands::scan::Interruption;
use crate::model::Usd;

/// The means.
pub(super) struct Remote {
    /// On which all calls are made.
    pub(super) runtime: Runtime,
    /// Credentials, Region, endpoint, patience.
    pub(super) config: SdkConfig,
    pub(super) budget: Budget,
    pub(super) workgroup: Option<String>,
    pub(super) output_location: Option<String>,
    pub(super) quiet: bool,
}

impl Remote {
    /// Sets up what the options say; the account's own profile and endpoint where those for logs are not named.
    pub(super) fn new(args: &RemoteArgs, account: &AccountArgs, quiet: bool) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let access = LogsAccess {
            profile: args.logs_profile.clone().or_else(|| account.profile.clone()),
            role_arn: args.logs_role_arn.clone(),
            region: args.logs_region.clone().or_else(|| account.regions.first().cloned()),
            endpoint_url: account.endpoint_url.clone(),
        };
        let config = runtime.block_on(aws::logs_config(&access))?;
        let most = args.max_cost.unwrap_or(Usd(Decimal::ONE));
        Ok(Self {
            runtime,
            config,
            budget: Budget { most, quiet },
            workgroup: args.workgroup.clone(),
            output_location: args.output_location.clone(),
            quiet,
        })
    }

    /// Waits for something, or for Ctrl-C; `stop` is then what is still to be done, such as cancelling a query.
    pub(super) fn wait<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<T> {
        self.runtime.block_on(async {
            let interruption = Interruption::listen()?;
            tokio::select! {
                done = work => done,
                () = interruption.wait() => {
                    stop.await;
                    Err(anyhow::anyhow!("interrupted; nothing was written"))
                }
            }
        })
    }
}
