//! Reads accounts: every call only reads, Regions and accounts go in parallel, and what fails becomes a gap instead of
//! an end.

mod account;
pub mod athena;
mod budget;
mod calls;
mod cloudwatch;
mod ec2;
mod error;
mod fleet;
mod insights;
mod logs;
mod metrics;
mod mfa;
mod operation;
mod organization;
mod pace;
mod partition;
mod previous;
mod price_list;
mod reader;
mod region;
mod role;
pub mod s3;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::sync::mpsc;
use wildmatch::WildMatch;

pub use calls::{CallLog, OnProgress, OperationCalls, Progress};
pub use error::CollectError;
pub use fleet::{AccountCalls, Earlier, Event};
pub use insights::{InsightsError, LogGroup, LogGroupFacts, QueryAnswer};
pub use logs::{LogsAccess, logs_config};
pub use operation::{iam_actions, organization_actions};
pub use organization::Organization;
pub use price_list::{OfferFile, OfferFiles, PriceListError, query as query_prices};
pub use role::{Role, is_name as is_role_name};
pub use session::{http_client, load_config, retry_config, timeout_config};

use self::fleet::Fleet;
use crate::model::{AccountId, Gap, RegionName, ScannedAccount, Snapshot, Window};

/// What to collect, and how to get there.
#[derive(Debug, Clone)]
pub struct CollectOptions {
    /// Profiles of the shared configuration, which win over keys in the environment; empty for the SDK's default chain.
    pub profiles: Vec<String>,
    /// Whose accounts are read.
    pub members: Members,
    /// Only accounts of these ids or names, in which `*` stands for any characters; empty for all.
    pub include: Vec<String>,
    /// No account of these ids or names.
    pub exclude: Vec<String>,
    /// What the sessions of roles are called.
    pub session_name: String,
    /// The Regions to scan; empty for the configured one.
    pub regions: Vec<RegionName>,
    /// Whether to scan every Region that is enabled for the account.
    pub all_regions: bool,
    /// Where to send every call instead of to AWS.
    pub endpoint_url: Option<String>,
    /// The span of the metrics.
    pub window: Window,
    /// Requests under way at once, over all accounts.
    pub max_concurrency: usize,
    /// How long one account may take.
    pub timeout: Duration,
}

/// Whose accounts are read.
#[derive(Debug, Clone)]
pub enum Members {
    /// Those of the profiles, or of the default credentials.
    Callers,
    /// Those that roles are in.
    Roles(Vec<Role>),
    /// All of an organisation.
    Organization(Organization),
}

impl CollectOptions {
    /// Reads the account of the default credentials, in its configured Region.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self {
            profiles: Vec::new(),
            members: Members::Callers,
            include: Vec::new(),
            exclude: Vec::new(),
            session_name: "natwise".to_owned(),
            regions: Vec::new(),
            all_regions: false,
            endpoint_url: None,
            window,
            max_concurrency: 256,
            timeout: Duration::from_mins(15),
        }
    }

    /// Whether an account is meant.
    #[must_use]
    pub fn is_meant(&self, account_id: &AccountId, name: Option<&str>) -> bool {
        let is = |pattern: &String| {
            let pattern = WildMatch::new(pattern);
            pattern.matches(account_id.as_str()) || name.is_some_and(|name| pattern.matches(name))
        };
        (self.include.is_empty() || self.include.iter().any(is)) && !self.exclude.iter().any(is)
    }
}

/// Accounts as far as they could be read.
#[derive(Debug)]
pub struct Collected {
    /// What was seen, and the gaps.
    pub snapshot: Snapshot,
    /// What was asked, by account.
    pub calls: Vec<AccountCalls>,
}

/// Where calls for no Region in particular go when none is configured.
const HOME: &str = "us-east-1";

/// Events under way to whoever keeps them: few, so that what cannot be kept as fast as it is read is not read.
const EVENTS: usize = 16;

/// Sets the SDK up for each of the options' profiles. Where there are several, one that cannot be used is a gap.
///
/// # Errors
/// When a profile does not exist, there are no credentials, or nothing says which Region to scan.
pub async fn bases(options: &CollectOptions) -> Result<(Vec<SdkConfig>, Vec<Gap>), CollectError> {
    let mut profiles: Vec<Option<&str>> = options.profiles.iter().map(|name| Some(name.as_str())).collect();
    if profiles.is_empty() {
        profiles.push(None);
    }
    let (mut bases, mut gaps, mut first) = (Vec::new(), Vec::new(), None);
    for &profile in &profiles {
        let config = load_config(profile, options.endpoint_url.as_deref()).await?;
        match checked(&config, options).await {
            Ok(config) => bases.push(config),
            Err(error @ (CollectError::NoCredentials | CollectError::Credentials(_))) if profiles.len() > 1 => {
                gaps.push(error::of_profile(profile.unwrap_or("default"), &error));
                first.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    match first {
        Some(error) if bases.is_empty() => Err(error),
        _ => Ok((bases, gaps)),
    }
}

/// A set-up that can be scanned with: it has credentials, and it is known where.
async fn checked(config: &SdkConfig, options: &CollectOptions) -> Result<SdkConfig, CollectError> {
    if options.regions.is_empty() && config.region().is_none() && !options.all_regions {
        return Err(CollectError::NoRegion);
    }
    session::with_credentials(config).await
}

/// Reads accounts and sends on what is found; what earlier scans left is not read again.
///
/// # Errors
/// When nothing could be read at all.
pub async fn scan(
    bases: Vec<SdkConfig>,
    options: CollectOptions,
    on_progress: OnProgress,
    earlier: Option<Arc<dyn Earlier>>,
    events: mpsc::Sender<Event>,
) -> Result<Vec<AccountCalls>, CollectError> {
    Fleet::new(options, on_progress, earlier, events).run(bases).await
}

/// Collects into memory with a given set-up, of which the options' profiles and endpoint are already a part.
///
/// # Errors
/// When there is nothing to collect with, or nothing could be read at all.
pub async fn collect_from(
    config: &SdkConfig,
    options: &CollectOptions,
    on_progress: OnProgress,
) -> Result<Collected, CollectError> {
    let base = checked(config, options).await?;
    collect(vec![base], options, on_progress, None).await
}

/// Collects into memory; metrics that earlier snapshots have are not asked for again.
///
/// # Errors
/// When nothing could be read at all.
pub async fn collect(
    bases: Vec<SdkConfig>,
    options: &CollectOptions,
    on_progress: OnProgress,
    earlier: Option<Arc<dyn Earlier>>,
) -> Result<Collected, CollectError> {
    let (events, mut found) = mpsc::channel(EVENTS);
    let scan = scan(bases, options.clone(), on_progress, earlier, events);
    let gather = async {
        let (mut scans, mut gaps) = (Vec::new(), Vec::new());
        while let Some(event) = found.recv().await {
            match event {
                Event::Account(_, ScannedAccount { gaps: missed, .. }) => gaps.extend(missed),
                Event::Region(scan) => scans.push(*scan),
                Event::Gap(gap) => gaps.push(gap),
            }
        }
        (scans, gaps)
    };
    let (calls, (scans, gaps)) = tokio::join!(scan, gather);
    let calls = calls?;
    let mut snapshot = Snapshot::new(options.window, scans);
    snapshot.gaps = placed(gaps, &mut snapshot);
    Ok(Collected { snapshot, calls })
}

/// Puts the gaps of an account to those of its first Region; what is left is of none.
fn placed(gaps: Vec<Gap>, snapshot: &mut Snapshot) -> Vec<Gap> {
    let mut first: BTreeMap<AccountId, usize> = BTreeMap::new();
    for (index, scan) in snapshot.regions.iter().enumerate() {
        first.entry(scan.account_id.clone()).or_insert(index);
    }
    let unknown = AccountId::from("unknown");
    let mut left = Vec::new();
    for gap in gaps {
        let scan = first.get(gap.account_id.as_ref().unwrap_or(&unknown)).and_then(|at| snapshot.regions.get_mut(*at));
        match scan {
            Some(scan) => {
                scan.gaps.push(gap);
                scan.gaps.sort();
            }
            None => left.push(gap),
        }
    }
    left.sort();
    left
}
