//! Reads an account: every call only reads, Regions go in parallel, and what fails becomes a gap instead of an end.

pub mod athena;
mod calls;
mod cloudwatch;
mod ec2;
mod error;
mod insights;
mod logs;
mod metrics;
mod operation;
mod reader;
mod region;
pub mod s3;
mod session;

use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;
use tokio::task::JoinSet;

pub use calls::{CallLog, OnProgress, OperationCalls, Progress};
pub use error::CollectError;
pub use insights::{InsightsError, LogGroup, LogGroupFacts, QueryAnswer};
pub use logs::{LogsAccess, logs_config};
pub use operation::iam_actions;
pub use session::{http_client, load_config, retry_config, timeout_config};

use self::calls::Counter;
use self::error::{gap_of, is_expiry, is_unknown_caller};
use self::operation::Operation;
use self::reader::Reader;
use self::region::Part;
use self::session::Clients;
use crate::model::{AccountId, Gap, RegionName, RegionScan, Snapshot, Window};

/// What to collect, and how to get there.
#[derive(Debug, Clone)]
pub struct CollectOptions {
    /// A profile of the shared configuration; it wins over keys in the environment.
    pub profile: Option<String>,
    /// The Regions to scan; empty for the configured one.
    pub regions: Vec<RegionName>,
    /// Whether to scan every Region that is enabled for the account.
    pub all_regions: bool,
    /// Where to send every call instead of to AWS.
    pub endpoint_url: Option<String>,
    /// The span of the metrics.
    pub window: Window,
}

/// An account as far as it could be read.
#[derive(Debug)]
pub struct Collected {
    /// What was seen, and the gaps.
    pub snapshot: Snapshot,
    /// What was asked.
    pub calls: CallLog,
}

/// Where calls for no Region in particular go when none is configured.
const HOME: &str = "us-east-1";

/// Collects from the account of the SDK's default credentials.
///
/// # Errors
/// When there is nothing to collect with, or nothing could be read at all.
pub async fn collect(options: &CollectOptions, on_progress: OnProgress) -> Result<Collected, CollectError> {
    let config = load_config(options.profile.as_deref(), options.endpoint_url.as_deref()).await?;
    collect_from(&config, options, on_progress).await
}

/// Collects with a given set-up, of which the options' profile and endpoint are already a part.
///
/// # Errors
/// When there is nothing to collect with, or nothing could be read at all.
pub async fn collect_from(
    config: &SdkConfig,
    options: &CollectOptions,
    on_progress: OnProgress,
) -> Result<Collected, CollectError> {
    let configured = config.region().map(|region| RegionName::from(region.as_ref()));
    let named: BTreeSet<RegionName> = options.regions.iter().cloned().collect();
    let named = if named.is_empty() { configured.iter().cloned().collect() } else { named };
    if named.is_empty() && !options.all_regions {
        return Err(CollectError::NoRegion);
    }
    let config = session::with_credentials(config).await?;
    let counter = Counter::new(on_progress);
    let home = configured.or_else(|| named.first().cloned()).unwrap_or_else(|| HOME.into());
    let home = Clients::new(&config, &home, &counter);

    let regions = async {
        let (regions, missed) = if options.all_regions { enabled_regions(&home, named).await } else { (named, vec![]) };
        counter.regions(regions.len());
        let mut tasks = JoinSet::new();
        for region in regions {
            let clients = Clients::new(&config, &region, &counter);
            let window = options.window;
            tasks.spawn(async move {
                let counter = clients.counter.clone();
                let part = Box::pin(region::scan(clients, window)).await;
                counter.region_done();
                part
            });
        }
        (tasks.join_all().await, missed)
    };
    let (identity, (parts, mut missed)) = tokio::join!(identity(&home), regions);
    let account_id = match identity {
        Ok(account_id) => Some(account_id),
        Err(gap) => {
            missed.push(gap);
            owner(&parts)
        }
    };
    let scans = readable(parts, missed)?;
    let regions = scans.into_iter().map(|scan| with_account(scan, account_id.as_ref())).collect();
    Ok(Collected { snapshot: Snapshot::new(options.window, regions), calls: counter.log() })
}

/// The Regions enabled for the account; when they cannot be listed, those named.
async fn enabled_regions(home: &Clients, named: BTreeSet<RegionName>) -> (BTreeSet<RegionName>, Vec<Gap>) {
    let reader = Reader::new(home.region.clone());
    let regions = ec2::Ec2 { client: &home.ec2, reader: &reader }.regions().await;
    let missed = reader.take_gaps();
    (if regions.is_empty() { named } else { regions.into_iter().collect() }, missed)
}

async fn identity(home: &Clients) -> Result<AccountId, Gap> {
    let operation = Operation::GetCallerIdentity;
    let identity = home.sts.get_caller_identity().send().await.map_err(|error| gap_of(operation, None, &error))?;
    let missing = || error::gap(operation, None, "InvalidResponse", "the answer names no account");
    identity.account.map(AccountId::from).ok_or_else(missing)
}

/// The account that owns most of what was seen: VPCs, and so their parts, may be shared by another.
fn owner(parts: &[Part]) -> Option<AccountId> {
    let mut owned: BTreeMap<&AccountId, usize> = BTreeMap::new();
    for Part { scan, .. } in parts {
        let endpoints = scan.vpc_endpoints.iter().filter_map(|endpoint| endpoint.owner_id.as_ref());
        let tables = scan.route_tables.iter().filter_map(|table| table.owner_id.as_ref());
        for owner in endpoints.chain(tables) {
            *owned.entry(owner).or_default() += 1;
        }
    }
    owned.into_iter().max_by_key(|(_, count)| *count).map(|(owner, _)| owner.clone())
}

/// The scans with the gaps of no Region added to the first, or why there is nothing in them.
fn readable(parts: Vec<Part>, missed: Vec<Gap>) -> Result<Vec<RegionScan>, CollectError> {
    let caller_is_known = missed.iter().all(|gap| gap.operation != Operation::GetCallerIdentity.name());
    let answered = parts.iter().any(|part| part.answered);
    let mut scans: Vec<RegionScan> = parts.into_iter().map(|part| part.scan).collect();
    scans.sort_by(|a, b| a.region.cmp(&b.region));
    if answered {
        if let Some(first) = scans.first_mut() {
            first.gaps.extend(missed);
            first.gaps.sort();
        }
        return Ok(scans);
    }
    let mut gaps = missed;
    gaps.extend(scans.into_iter().flat_map(|scan| scan.gaps));
    let find = |is: fn(&str) -> bool| gaps.iter().find(|gap| is(&gap.code));
    if let Some(Gap { code, message, .. }) = find(is_expiry).cloned() {
        return Err(CollectError::ExpiredCredentials { code, message });
    }
    if let Some(Gap { code, message, .. }) = find(is_unknown_caller).filter(|_| !caller_is_known).cloned() {
        return Err(CollectError::InvalidCredentials { code, message });
    }
    Err(CollectError::NothingRead(gaps))
}

fn with_account(mut scan: RegionScan, account_id: Option<&AccountId>) -> RegionScan {
    for gap in &mut scan.gaps {
        gap.account_id = account_id.cloned();
    }
    scan.account_id = account_id.cloned().unwrap_or_else(|| "unknown".into());
    scan
}
