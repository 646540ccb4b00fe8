//! Names by address and time, worked out once so that a lookup is a hash and a halving.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use super::{Named, NamesBuilder, ResolverStatistics, in_order};
use crate::address::plain;
use crate::model::VpcId;

/// How long an answer is evidence for what follows, and how long after a flow the first one still counts.
const HOURS: u32 = 24;

/// Shares kept of a set, the largest; the rest joins what is of no service.
const MOST_SHARES: usize = 8;

/// What addresses were called, by the VPC of the clients and the hour.
#[derive(Debug)]
pub struct Names {
    vpcs: HashMap<Box<str>, u32>,
    /// Where the points of an address lie.
    addresses: HashMap<(VpcIndex, IpAddr), Range<usize>>,
    /// From which hour on which names hold.
    points: Vec<(u32, NameSetId)>,
    sets: Vec<NameSet>,
    statistics: ResolverStatistics,
}

/// Whose queries count: of one VPC, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VpcIndex(u32);

/// Which set of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameSetId(u32);

/// What an address was called, the most frequent first. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSet {
    /// Each service once.
    pub shares: Vec<NameShare>,
}

/// How often an address was called by the names of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameShare {
    /// The service; none for names that are of no service with an endpoint: the address's own class then says more.
    pub named: Option<Arc<Named>>,
    /// Queries, in proportion to the other shares: three of four and 75 of 100 are the same set.
    pub queries: u64,
}

impl VpcIndex {
    /// All VPCs together, for flows of which the client's VPC is not known.
    pub const ALL: Self = Self(u32::MAX);
    /// A VPC without a query in the logs.
    const NONE: Self = Self(u32::MAX - 1);
}

impl NameSetId {
    /// Its number, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl NameSet {
    /// All queries: what [`NameShare::queries`] is a share of.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.shares.iter().map(|share| share.queries).sum()
    }
}

impl Names {
    pub(super) fn new(builder: NamesBuilder<'_>) -> Self {
        // Names by the alphabet instead of first appearance: the order of files does not show.
        let met = in_order(builder.names);
        let mut sorted: Vec<_> = met.iter().collect();
        sorted.sort_unstable();
        let place = |name| u32::try_from(sorted.binary_search(&name).unwrap_or(0)).unwrap_or(0);
        let places: Vec<u32> = met.iter().map(place).collect();

        let query = |((series, hour, name), times)| Query { series, hour, name: places[name as usize], times };
        let queries: Vec<_> = builder.queries.into_iter().map(query).collect();
        let mut by_address = BTreeMap::<IpAddr, Vec<(VpcIndex, &[Query])>>::new();
        for (queries, (vpc, address)) in queries.chunk_by(|a, b| a.series == b.series).zip(in_order(builder.series)) {
            by_address.entry(address).or_default().push((VpcIndex(vpc), queries));
        }

        let mut points = Points::default();
        let mut addresses = HashMap::new();
        let statistics = ResolverStatistics { addresses: by_address.len() as u64, ..builder.statistics };
        for (address, vpcs) in by_address {
            for (vpc, queries) in &vpcs {
                addresses.insert((*vpc, address), points.add(queries));
            }
            let mut all: Vec<_> = vpcs.into_iter().flat_map(|(_, queries)| queries).copied().collect();
            all.sort_by_key(|query| query.hour);
            addresses.insert((VpcIndex::ALL, address), points.add(&all));
        }
        let named: Vec<_> = sorted.into_iter().map(|name| name.clone().map(Arc::new)).collect();
        let share =
            |(name, queries): &(u32, u64)| NameShare { named: named[*name as usize].clone(), queries: *queries };
        let sets =
            in_order(points.sets).iter().map(|set| NameSet { shares: set.iter().map(share).collect() }).collect();
        Self { vpcs: builder.vpcs, addresses, points: points.list, sets, statistics }
    }

    /// Whether there is no name at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Whose queries are to count for a client in a VPC, or in one that is not known.
    #[must_use]
    pub fn vpc(&self, vpc: Option<&VpcId>) -> VpcIndex {
        let Some(vpc) = vpc else { return VpcIndex::ALL };
        self.vpcs.get(vpc.as_str()).map_or(VpcIndex::NONE, |index| VpcIndex(*index))
    }

    /// What an address was called around an hour (since the epoch, UTC), if it was called anything.
    #[must_use]
    pub fn of(&self, vpc: VpcIndex, address: IpAddr, hour: u32) -> Option<NameSetId> {
        let points = self.points.get(self.addresses.get(&(vpc, plain(address)))?.clone())?;
        match points.partition_point(|(from, _)| *from <= hour) {
            0 => points.first().filter(|(from, _)| from - hour <= HOURS),
            after => points.get(after - 1),
        }
        .map(|(_, set)| *set)
    }

    /// Every set, by number.
    #[must_use]
    pub fn sets(&self) -> &[NameSet] {
        &self.sets
    }

    /// A set of these names.
    ///
    /// # Panics
    /// With an id of other names.
    #[must_use]
    pub fn set(&self, id: NameSetId) -> &NameSet {
        &self.sets[id.0 as usize]
    }

    /// What was read, and what of it could be used.
    #[must_use]
    pub fn statistics(&self) -> &ResolverStatistics {
        &self.statistics
    }
}

/// How often an address was called something in an hour.
#[derive(Debug, Clone, Copy)]
struct Query {
    series: u32,
    hour: u32,
    /// Its place in the alphabet.
    name: u32,
    times: u32,
}

/// Points of all addresses one after the other.
#[derive(Debug, Default)]
struct Points {
    list: Vec<(u32, NameSetId)>,
    sets: HashMap<Box<[(u32, u64)]>, u32>,
}

impl Points {
    /// Adds the points of an address from its queries by hour: the names of each hour and of those that it outlives.
    fn add(&mut self, queries: &[Query]) -> Range<usize> {
        let start = self.list.len();
        let mut window = BTreeMap::<u32, u64>::new();
        let mut leaving = queries.iter().peekable();
        for of_hour in queries.chunk_by(|a, b| a.hour == b.hour) {
            let hour = of_hour[0].hour;
            for query in of_hour {
                *window.entry(query.name).or_default() += u64::from(query.times);
            }
            while let Some(query) = leaving.next_if(|query| hour - query.hour >= HOURS) {
                *window.entry(query.name).or_default() -= u64::from(query.times);
            }
            window.retain(|_, times| *times > 0);
            let set = self.set(&window);
            if self.list[start..].last().is_none_or(|(_, last)| *last != set) {
                self.list.push((hour, set));
            }
        }
        start..self.list.len()
    }

    fn set(&mut self, window: &BTreeMap<u32, u64>) -> NameSetId {
        let mut shares: Vec<_> = window.iter().map(|(name, queries)| (*name, *queries)).collect();
        let by_size = |(name, queries): &(u32, u64)| (Reverse(*queries), *name);
        shares.sort_unstable_by_key(by_size);
        if shares.len() > MOST_SHARES {
            let rest = shares.drain(MOST_SHARES..).map(|(_, queries)| queries).sum::<u64>();
            // What is of no service is the first of all names.
            match shares.iter_mut().find(|(name, _)| *name == 0) {
                Some((_, queries)) => *queries += rest,
                None => shares.push((0, rest)),
            }
            shares.sort_unstable_by_key(by_size);
        }
        let divisor = shares.iter().map(|(_, queries)| *queries).fold(0, gcd).max(1);
        for (_, queries) in &mut shares {
            *queries /= divisor;
        }
        NameSetId(super::intern(&mut self.sets, shares.into()))
    }
}

/// The greatest common divisor.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
