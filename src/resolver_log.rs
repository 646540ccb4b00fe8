//! What addresses are called: Route 53 Resolver's query logs, for the addresses that AWS's ranges do not name.
//!
//! Each line of a log is a query and its answers, in JSON. Every A and AAAA answer of a successful query was called by
//! the *query's* name, whatever aliases lie between. That is evidence, not proof: many names share an address, and the
//! resolver answers from its cache without a line. So a flow is joined to names like this:
//!
//! - Only queries of the flow's VPC count, or those of all VPCs where the flow's is unknown.
//! - In the latest hour up to the flow's that has answers with the address, and the 23 hours before that one, the
//!   queries by service are the shares of the flow. Connections and caches outlive a query, and a later name does not
//!   rename what was before.
//! - Where there is no such hour, the first one after counts if it is at most 24 hours later: the log may have begun
//!   when the answer was in the cache already. Otherwise the address has no name.
//!
//! Names of no service with an endpoint have a share too. Addresses that the ranges already name as S3's or
//! DynamoDB's, or that are not AWS's, are left out.

mod names;
mod record;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::io::{self, BufRead, Read};
use std::net::IpAddr;

pub use names::{NameSet, NameSetId, NameShare, Names, VpcIndex};
use record::Record;

use crate::address::{AddressBook, Owner, plain};
use crate::catalogue::service_of_hostname;
use crate::model::{RegionName, Service};

/// Distinct VPC, address, hour and service that are kept, some 25 bytes each. What comes after is counted as dropped.
const MOST_ENTRIES: usize = 8_000_000;

/// More services and Regions than this are made up; those that come after are of no service.
const MOST_NAMES: usize = 1 << 16;

/// Longer lines are no records: a whole DNS message is 64 KiB.
const LONGEST_LINE: u64 = 1 << 20;

/// A service that a name is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    /// The suffix of its endpoint service: `ecr.api`.
    pub service: Service,
    /// The Region that the name has.
    pub region: Option<RegionName>,
}

/// What was read, and what of it could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, schemars::JsonSchema)]
pub struct ResolverStatistics {
    /// Files read.
    pub files: u64,
    /// Lines read, without blank ones.
    pub lines: u64,
    /// Lines that are no records.
    pub malformed: u64,
    /// Answers that name an address.
    pub answers: u64,
    /// Answers that are no address: aliases, texts, names.
    pub not_an_address: u64,
    /// Answers with an address that needs no name: not AWS's, or S3's or DynamoDB's by its range.
    pub not_wanted: u64,
    /// Answers left out because there were too many different ones to keep.
    pub dropped: u64,
    /// Distinct addresses that have a name.
    pub addresses: u64,
}

/// Names in the making. Read files into several and merge them to use more threads.
#[derive(Debug)]
pub struct NamesBuilder<'b> {
    book: &'b AddressBook,
    vpcs: HashMap<Box<str>, u32>,
    /// An address as the clients of one VPC know it.
    series: HashMap<(u32, IpAddr), u32>,
    /// None is any name of no service, and the first.
    names: HashMap<Option<Named>, u32>,
    /// By series, hour and name.
    queries: BTreeMap<(u32, u32, u32), u32>,
    most_entries: usize,
    statistics: ResolverStatistics,
}

impl<'b> NamesBuilder<'b> {
    /// No names yet. The book tells which addresses need one.
    #[must_use]
    pub fn new(book: &'b AddressBook) -> Self {
        Self {
            book,
            vpcs: HashMap::new(),
            series: HashMap::new(),
            names: HashMap::from([(None, 0)]),
            queries: BTreeMap::new(),
            most_entries: MOST_ENTRIES,
            statistics: ResolverStatistics::default(),
        }
    }

    /// Adds a file: a record per line, as delivered to S3 or exported from CloudWatch Logs (a time before each).
    ///
    /// # Errors
    /// Only when reading fails. Lines that are no records are counted.
    pub fn read(&mut self, mut lines: impl BufRead) -> io::Result<()> {
        self.statistics.files += 1;
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            self.statistics.lines += 1;
            let is_cut = line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n");
            if is_cut {
                lines.skip_until(b'\n')?;
            }
            match (!is_cut).then(|| Record::parse(&line)).flatten() {
                Some(record) => self.add(&record),
                None => self.statistics.malformed += 1,
            }
        }
    }

    fn add(&mut self, record: &Record<'_>) {
        let mut name = None;
        for answer in &record.answers {
            let Some(address) = answer.address().map(plain) else {
                self.statistics.not_an_address += 1;
                continue;
            };
            if !needs_name(self.book.owner(self.book.owner_of(address))) {
                self.statistics.not_wanted += 1;
                continue;
            }
            let name = *name.get_or_insert_with(|| {
                let service = service_of_hostname(&record.query_name);
                self.number(service.map(|(service, region)| Named { service, region }))
            });
            self.statistics.answers += 1;
            self.count(&record.vpc_id, address, record.hour, name, 1);
        }
    }

    /// The number of a name.
    fn number(&mut self, name: Option<Named>) -> u32 {
        match self.names.get(&name) {
            Some(number) => *number,
            None if self.names.len() < MOST_NAMES => intern(&mut self.names, name),
            None => 0,
        }
    }

    /// Adds queries, unless there are too many different ones already.
    fn count(&mut self, vpc: &str, address: IpAddr, hour: u32, name: u32, queries: u32) {
        if self.queries.len() >= self.most_entries && !self.is_known(vpc, address, hour, name) {
            self.statistics.answers -= u64::from(queries);
            self.statistics.dropped += u64::from(queries);
            return;
        }
        let vpc = self.vpcs.get(vpc).copied().unwrap_or_else(|| intern(&mut self.vpcs, vpc.into()));
        let series = intern(&mut self.series, (vpc, address));
        let count = self.queries.entry((series, hour, name)).or_default();
        *count = count.saturating_add(queries);
    }

    fn is_known(&self, vpc: &str, address: IpAddr, hour: u32, name: u32) -> bool {
        let series = self.vpcs.get(vpc).and_then(|vpc| self.series.get(&(*vpc, address)));
        series.is_some_and(|series| self.queries.contains_key(&(*series, hour, name)))
    }

    /// Adds what another one read.
    pub fn merge(&mut self, other: Self) {
        self.statistics.add(&other.statistics);
        let (vpcs, series) = (in_order(other.vpcs), in_order(other.series));
        let names: Vec<_> = in_order(other.names).into_iter().map(|name| self.number(name)).collect();
        for ((at, hour, name), queries) in other.queries {
            let (vpc, address) = series[at as usize];
            self.count(&vpcs[vpc as usize], address, hour, names[name as usize], queries);
        }
    }

    /// What was read so far. How many addresses have a name is not known before they are built.
    #[must_use]
    pub fn statistics(&self) -> &ResolverStatistics {
        &self.statistics
    }

    /// The names, ready to be looked up.
    #[must_use]
    pub fn build(self) -> Names {
        Names::new(self)
    }
}

impl ResolverStatistics {
    fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.lines += other.lines;
        self.malformed += other.malformed;
        self.answers += other.answers;
        self.not_an_address += other.not_an_address;
        self.not_wanted += other.not_wanted;
        self.dropped += other.dropped;
    }
}

/// Whether an address is AWS's, but not of a service that the address names well enough.
fn needs_name(owner: &Owner) -> bool {
    owner.region.is_some() && !owner.by_prefix_list && !Service::WITH_GATEWAY_ENDPOINT.contains(&owner.service)
}

/// The number of a key, in the order of first appearance.
fn intern<K: Hash + Eq>(keys: &mut HashMap<K, u32>, key: K) -> u32 {
    let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    *keys.entry(key).or_insert(next)
}

/// The keys by number.
fn in_order<K>(keys: HashMap<K, u32>) -> Vec<K> {
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_unstable_by_key(|(_, number)| *number);
    keys.into_iter().map(|(key, _)| key).collect()
}
