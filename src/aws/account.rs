//! One account: entered, its Regions found, and each of them read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_config::SdkConfig;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::calls::Counter;
use super::ec2::Ec2;
use super::error::{self, DEADLINE, gap, gap_of};
use super::fleet::{Event, Fleet};
use super::operation::Operation::{AssumeRole, GetCallerIdentity};
use super::partition::{home_of, partition_of};
use super::reader::Reader;
use super::region::{self, Part};
use super::role::{self, Role};
use super::session::Clients;
use crate::model::{AccountId, Gap, RegionName, RegionScan, ScannedAccount};

/// An account to read.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Its id; none while only its credentials are known.
    pub(super) account_id: Option<AccountId>,
    /// The name that the organisation gave it.
    pub(super) name: Option<String>,
    pub(super) entry: Entry,
}

/// How an account is entered.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// By the credentials of a set-up.
    Caller(SdkConfig),
    /// By a role that a set-up's credentials may assume.
    Role(SdkConfig, Role),
}

/// An account that is entered.
struct Inside<'a> {
    fleet: &'a Arc<Fleet>,
    name: Option<String>,
    config: SdkConfig,
    home: Clients,
    counter: Arc<Counter>,
    /// The Regions that were named, as far as they are in the account's partition.
    named: BTreeSet<RegionName>,
    deadline: Instant,
}

/// Reads an account, and sends on what is found.
pub(super) async fn scan(fleet: Arc<Fleet>, member: Member) {
    let deadline = fleet.deadline();
    let counter = Counter::new(&fleet.tally);
    let (Entry::Caller(base) | Entry::Role(base, _)) = &member.entry;
    let configured = base.region().map(|region| RegionName::from(region.as_ref()));
    let named = fleet.named(configured.as_ref());
    let of_caller = Fleet::partition_of_caller(configured.as_ref(), &named);
    let partition = match &member.entry {
        Entry::Role(_, Role { partition: Some(partition), .. }) => partition.clone(),
        _ => of_caller.to_owned(),
    };
    let named: BTreeSet<_> = named.into_iter().filter(|region| partition_of(region) == partition).collect();
    fleet.covers(&named);
    let home = configured.filter(|region| partition_of(region) == partition);
    let home = home.or_else(|| named.first().cloned()).unwrap_or_else(|| home_of(&partition));
    let clients = |config: &SdkConfig| Clients::new(config, &home, &counter, &fleet.budget);
    let entered = match &member.entry {
        Entry::Caller(config) => Ok(config.clone()),
        Entry::Role(base, role) => {
            let entering = clients(base);
            let entering = role::enter(base, &entering, (role, &partition), &fleet.options.session_name);
            match timeout_at(deadline, entering).await {
                Ok(entered) => entered,
                Err(_) => Err(gap(AssumeRole, None, DEADLINE, "no time left")),
            }
        }
    };
    match entered {
        Ok(config) => {
            let home = clients(&config);
            let inside = Inside {
                fleet: &fleet,
                name: member.name,
                home,
                config,
                counter: Arc::clone(&counter),
                named,
                deadline,
            };
            let account_id = inside.scan(member.account_id).await;
            fleet.done(account_id, counter.log());
        }
        Err(gap) => {
            fleet.missed(std::slice::from_ref(&gap));
            fleet.account(member.account_id.clone(), member.name, None, vec![gap]).await;
            fleet.done(member.account_id, counter.log());
        }
    }
}

impl Inside<'_> {
    /// Reads the Regions. Where it is known whose they are each is sent on when it is done, else they wait for that.
    async fn scan(&self, account_id: Option<AccountId>) -> Option<AccountId> {
        let Some(account_id) = account_id else { return self.scan_unknown().await };
        let (regions, gaps) = self.regions().await;
        self.fleet.missed(&gaps);
        let wanted = regions.iter().filter(|region| self.fleet.is_wanted(&account_id, region)).cloned().collect();
        self.fleet.account(Some(account_id.clone()), self.name.clone(), Some(regions), gaps).await;
        self.read(&wanted, Some(&account_id)).await;
        Some(account_id)
    }

    /// Whose credentials these are is asked at the same time as the Regions are read, unless snapshots of earlier scans
    /// may spare some of them.
    async fn scan_unknown(&self) -> Option<AccountId> {
        if self.fleet.earlier.is_some()
            && let Ok(account_id) = self.identity().await
        {
            return Box::pin(self.scan(Some(account_id))).await;
        }
        let read = async {
            let (regions, gaps) = self.regions().await;
            (self.read(&regions, None).await, regions, gaps)
        };
        let (identity, (parts, regions, mut gaps)) = tokio::join!(self.identity(), read);
        let account_id = match identity {
            Ok(account_id) => Some(account_id),
            Err(gap) => {
                gaps.push(gap);
                owner(&parts)
            }
        };
        self.fleet.missed(&gaps);
        self.fleet.account(account_id.clone(), self.name.clone(), Some(regions), gaps).await;
        for part in parts {
            self.fleet.send(Event::Region(Box::new(self.named_scan(part.scan, account_id.as_ref())))).await;
        }
        account_id
    }

    /// The Regions to read: those enabled for the account, or those named.
    async fn regions(&self) -> (BTreeSet<RegionName>, Vec<Gap>) {
        if !self.fleet.options.all_regions {
            return (self.named.clone(), Vec::new());
        }
        let reader = Reader::new(self.home.region.clone(), Arc::clone(&self.home.pace), self.deadline);
        let regions = Ec2 { client: &self.home.ec2, reader: &reader }.regions().await;
        let missed = reader.take_gaps();
        (if regions.is_empty() { self.named.clone() } else { regions.into_iter().collect() }, missed)
    }

    async fn identity(&self) -> Result<AccountId, Gap> {
        let asking = timeout_at(self.deadline, self.home.sts.get_caller_identity().send());
        let no_time = |_| gap(GetCallerIdentity, None, DEADLINE, "no time left");
        let identity = asking.await.map_err(no_time)?.map_err(|error| gap_of(GetCallerIdentity, None, &error))?;
        let missing = || error::gap(GetCallerIdentity, None, "InvalidResponse", "the answer names no account");
        identity.account.map(AccountId::from).ok_or_else(missing)
    }

    /// Reads Regions side by side, as far as there is room, and sends them on where it is known whose they are.
    async fn read(&self, regions: &BTreeSet<RegionName>, account_id: Option<&AccountId>) -> Vec<Part> {
        self.fleet.tally.advance(|progress| progress.regions += regions.len());
        let mut tasks = JoinSet::new();
        for region in regions {
            let fleet = Arc::clone(self.fleet);
            let (config, region, counter) = (self.config.clone(), region.clone(), Arc::clone(&self.counter));
            let deadline = self.deadline;
            let whose = account_id.map(|id| (id.clone(), self.name.clone()));
            tasks.spawn(async move {
                let _room = fleet.room.acquire().await;
                let config = fleet.patience(&region, config);
                let clients = Clients::new(&config, &region, &counter, &fleet.budget);
                let previous = match &whose {
                    Some((id, _)) => fleet.previous(id, &region).await,
                    None => None,
                };
                let part = Box::pin(region::scan(clients, fleet.options.window, deadline, previous)).await;
                fleet.heard(&part);
                fleet.tally.advance(|progress| progress.regions_done += 1);
                let Some((id, name)) = whose else { return Some(part) };
                let scan = with_account(part.scan, Some(&id), name);
                fleet.send(Event::Region(Box::new(scan))).await;
                None
            });
        }
        tasks.join_all().await.into_iter().flatten().collect()
    }

    fn named_scan(&self, scan: RegionScan, account_id: Option<&AccountId>) -> RegionScan {
        with_account(scan, account_id, self.name.clone())
    }
}

impl Fleet {
    /// Says what is known of an account before its Regions are read.
    async fn account(
        &self,
        account_id: Option<AccountId>,
        name: Option<String>,
        regions: Option<BTreeSet<RegionName>>,
        mut gaps: Vec<Gap>,
    ) {
        for gap in &mut gaps {
            gap.account_id.clone_from(&account_id);
        }
        self.send(Event::Account(account_id, ScannedAccount { name, regions, gaps })).await;
    }
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

fn with_account(mut scan: RegionScan, account_id: Option<&AccountId>, name: Option<String>) -> RegionScan {
    for gap in &mut scan.gaps {
        gap.account_id = account_id.cloned();
    }
    scan.account_id = account_id.cloned().unwrap_or_else(|| "unknown".into());
    scan.account_name = name;
    scan
}
