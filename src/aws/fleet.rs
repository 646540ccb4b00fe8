//! Many accounts at once: as fast as AWS and the machine allow, fair between accounts, and each within its own time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::account::{self, Entry, Member};
use super::budget::Budget;
use super::calls::{CallLog, Counter, OnProgress, Tally};
use super::error::{CollectError, is_expiry, is_silence, is_unknown_caller};
use super::operation::Operation::GetCallerIdentity;
use super::organization::Roll;
use super::partition::partition_of;
use super::previous::Previous;
use super::region::Part;
use super::session::{retry_config, timeout_config};
use super::{CollectOptions, Members};
use crate::model::{AccountId, Gap, RegionName, RegionScan, ScannedAccount, Snapshot};

/// Accounts in progress at once: enough to keep the budget busy while some wait to be let in.
const ACCOUNTS_AT_ONCE: usize = 32;
/// Regions are read at once for each so many requests of the budget: it is them that take memory.
const REQUESTS_OF_A_REGION: usize = 4;
/// In so many accounts a Region must have been silent before the others wait for it less.
const SILENCES: usize = 3;
/// Gaps kept to say why nothing could be read.
const REASONS: usize = 200;

/// What a scan finds, as it finds it.
#[derive(Debug)]
pub enum Event {
    /// An account, before its Regions are read; its id is not known where nobody could tell.
    Account(Option<AccountId>, ScannedAccount),
    /// A Region that is done.
    Region(Box<RegionScan>),
    /// Something that could not be seen of no account in particular.
    Gap(Gap),
}

/// What earlier scans left, and this one need not read again.
pub trait Earlier: Send + Sync {
    /// Whether a Region's snapshot is there, complete and new enough.
    fn is_current(&self, account_id: &AccountId, region: &RegionName) -> bool;

    /// The snapshot of a Region whose metrics are to be taken over, as far as they are in the window. May read files.
    fn previous(&self, account_id: &AccountId, region: &RegionName) -> Option<Snapshot>;
}

/// What an account was asked.
#[derive(Debug, Clone)]
pub struct AccountCalls {
    /// The account, where known.
    pub account_id: Option<AccountId>,
    /// Its calls.
    pub calls: CallLog,
}

/// Everything that the accounts of a scan share.
pub(super) struct Fleet {
    pub(super) options: CollectOptions,
    pub(super) tally: Arc<Tally>,
    pub(super) budget: Budget,
    /// Room for Regions that are read at once.
    pub(super) room: Semaphore,
    pub(super) earlier: Option<Arc<dyn Earlier>>,
    events: mpsc::Sender<Event>,
    answered: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<AccountCalls>,
    reasons: Vec<Gap>,
    /// In how many accounts a Region was silent, none after any answer.
    silences: BTreeMap<RegionName, usize>,
    covered: BTreeSet<RegionName>,
}

impl Fleet {
    pub(super) fn new(
        options: CollectOptions,
        on_progress: OnProgress,
        earlier: Option<Arc<dyn Earlier>>,
        events: mpsc::Sender<Event>,
    ) -> Arc<Self> {
        let requests = options.max_concurrency.max(1);
        Arc::new(Self {
            tally: Tally::new(on_progress),
            budget: Budget::new(requests),
            room: Semaphore::new(requests.div_ceil(REQUESTS_OF_A_REGION)),
            options,
            earlier,
            events,
            answered: AtomicBool::new(false),
            state: Mutex::default(),
        })
    }

    /// Reads every account that the bases lead to.
    pub(super) async fn run(self: Arc<Self>, bases: Vec<SdkConfig>) -> Result<Vec<AccountCalls>, CollectError> {
        let (found, mut members) = mpsc::unbounded_channel();
        let listing = tokio::spawn(Arc::clone(&self).find(bases, found));
        let mut accounts = JoinSet::new();
        while let Some(member) = members.recv().await {
            self.tally.advance(|progress| progress.accounts += 1);
            while accounts.len() >= ACCOUNTS_AT_ONCE {
                accounts.join_next().await;
            }
            accounts.spawn(account::scan(Arc::clone(&self), member));
        }
        while accounts.join_next().await.is_some() {}
        let _listed = listing.await;
        self.miss_uncovered().await;
        self.verdict()
    }

    /// Sends on the members that there are, as they are found.
    async fn find(self: Arc<Self>, bases: Vec<SdkConfig>, found: mpsc::UnboundedSender<Member>) {
        let send = |account_id, entry| {
            let _given_up = found.send(Member { account_id, name: None, entry });
        };
        let mut bases = bases.into_iter();
        match &self.options.members {
            Members::Callers => bases.for_each(|base| send(None, Entry::Caller(base))),
            Members::Roles(roles) => {
                let Some(base) = bases.next() else { return };
                for role in roles {
                    send(Some(role.account_id.clone()), Entry::Role(base.clone(), role.clone()));
                }
            }
            Members::Organization(organization) => {
                let Some(base) = bases.next() else { return };
                let counter = Counter::new(&self.tally);
                let home = base.region().map(|region| RegionName::from(region.as_ref()));
                let home = home.or_else(|| self.options.regions.first().cloned()).unwrap_or_else(|| super::HOME.into());
                let clients = super::session::Clients::new(&base, &home, &counter, &self.budget);
                let identity = tokio::time::timeout_at(self.deadline(), clients.sts.get_caller_identity().send());
                let caller = identity.await.ok().and_then(Result::ok).and_then(|it| it.account).map(AccountId::from);
                let own = caller.clone();
                let is_meant = |id: &AccountId, name: Option<&str>| self.options.is_meant(id, name);
                let roll = Roll { organization, base: &base, caller, is_meant: &is_meant, members: found };
                let gaps = roll.call(&home, &counter, self.deadline()).await;
                self.missed(&gaps);
                for gap in gaps {
                    self.send(Event::Gap(gap)).await;
                }
                self.asked(own, counter.log());
            }
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.options.timeout
    }

    pub(super) async fn send(&self, event: Event) {
        // Who does not listen any more has ended the scan, and is told so himself.
        let _closed = self.events.send(event).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The Regions that were named; without any, the configured one.
    pub(super) fn named(&self, configured: Option<&RegionName>) -> BTreeSet<RegionName> {
        let named = &self.options.regions;
        if named.is_empty() { configured.into_iter().cloned().collect() } else { named.iter().cloned().collect() }
    }

    /// Credentials do not say which partition they are of: the configured Region does, unless the Regions that were
    /// named are all of another one.
    pub(super) fn partition_of_caller(configured: Option<&RegionName>, named: &BTreeSet<RegionName>) -> &'static str {
        let partitions: BTreeSet<_> = named.iter().map(partition_of).collect();
        let configured = configured.map(partition_of);
        match configured {
            Some(partition) if partitions.is_empty() || partitions.contains(partition) => partition,
            _ => partitions.first().copied().unwrap_or("aws"),
        }
    }

    /// Whether a Region is to be read.
    pub(super) fn is_wanted(&self, account_id: &AccountId, region: &RegionName) -> bool {
        !self.earlier.as_ref().is_some_and(|earlier| earlier.is_current(account_id, region))
    }

    /// What an earlier scan knows of a Region's metrics.
    pub(super) async fn previous(&self, account_id: &AccountId, region: &RegionName) -> Option<Previous> {
        let earlier = Arc::clone(self.earlier.as_ref()?);
        let (account_id, region, window) = (account_id.clone(), region.clone(), self.options.window);
        let read = move || Previous::new(&earlier.previous(&account_id, &region)?, &region, &window);
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    /// Some account is looked at in these Regions.
    pub(super) fn covers(&self, regions: &BTreeSet<RegionName>) {
        self.state().covered.extend(regions.iter().cloned());
    }

    async fn miss_uncovered(&self) {
        let covered = std::mem::take(&mut self.state().covered);
        let uncovered = self.options.regions.iter().filter(|region| !covered.contains(region));
        for region in uncovered.collect::<BTreeSet<_>>() {
            let message = format!("{region} is of partition {}, in which no account was scanned", partition_of(region));
            self.send(Event::Gap(super::error::gap(
                super::operation::Operation::DescribeRegions,
                Some(region),
                "OtherPartition",
                &message,
            )))
            .await;
        }
    }

    /// The set-up for a Region. One that was silent in several accounts is probably out of reach: it is asked again, but
    /// not waited for as long.
    pub(super) fn patience(&self, region: &RegionName, config: SdkConfig) -> SdkConfig {
        if self.state().silences.get(region).is_none_or(|silences| *silences < SILENCES) {
            return config;
        }
        let short = Duration::from_secs(10);
        let timeouts = config.timeout_config().cloned().unwrap_or_else(timeout_config);
        let timeouts = timeouts.to_builder().operation_attempt_timeout(short).operation_timeout(short).build();
        config.to_builder().timeout_config(timeouts).retry_config(retry_config().with_max_attempts(2)).build()
    }

    /// Notes whether a Region answered.
    pub(super) fn heard(&self, part: &Part) {
        let mut state = self.state();
        if part.answered {
            self.answered.store(true, Relaxed);
            state.silences.remove(&part.scan.region);
            return;
        }
        if part.scan.gaps.iter().any(|gap| is_silence(&gap.code)) {
            *state.silences.entry(part.scan.region.clone()).or_default() += 1;
        }
        keep(&mut state.reasons, &part.scan.gaps);
    }

    /// Notes what may be the reason when nothing can be read.
    pub(super) fn missed(&self, gaps: &[Gap]) {
        keep(&mut self.state().reasons, gaps);
    }

    /// Notes that an account is done.
    pub(super) fn done(&self, account_id: Option<AccountId>, calls: CallLog) {
        self.asked(account_id, calls);
        self.tally.advance(|progress| progress.accounts_done += 1);
    }

    fn asked(&self, account_id: Option<AccountId>, calls: CallLog) {
        self.state().calls.push(AccountCalls { account_id, calls });
    }

    /// What was asked, or why nothing could be read at all.
    fn verdict(&self) -> Result<Vec<AccountCalls>, CollectError> {
        let State { calls, reasons: gaps, .. } = std::mem::take(&mut *self.state());
        if self.answered.load(Relaxed) || self.earlier.is_some() && gaps.is_empty() {
            return Ok(calls);
        }
        let caller_is_known = gaps.iter().all(|gap| gap.operation != GetCallerIdentity.name());
        let find = |is: fn(&str) -> bool| gaps.iter().find(|gap| is(&gap.code));
        if let Some(Gap { code, message, .. }) = find(is_expiry).cloned() {
            return Err(CollectError::ExpiredCredentials { code, message });
        }
        if let Some(Gap { code, message, .. }) = find(is_unknown_caller).filter(|_| !caller_is_known).cloned() {
            return Err(CollectError::InvalidCredentials { code, message });
        }
        Err(CollectError::NothingRead(gaps))
    }
}

fn keep(reasons: &mut Vec<Gap>, gaps: &[Gap]) {
    let room = REASONS.saturating_sub(reasons.len());
    reasons.extend(gaps.iter().take(room).cloned());
}
