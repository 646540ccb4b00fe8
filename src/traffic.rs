//! What passed through NAT gateways, as flow logs tell it: bytes by client, service and direction, each payload byte
//! once, with everything that was not counted and why.
//!
//! Flow logs become this; it knows nothing of files, prices or metrics. Shapes and units: bytes are IP-level bytes of
//! accepted records; `upload` is from the client through the gateway outwards, `download` the way back.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use crate::model::{AccountId, Bytes, NatGatewayId, RegionName, Service, SubnetId, VpcId, Window};
use crate::resolver_log::ResolverStatistics;
use crate::sample::Plan;

/// The bytes that flow logs attribute to NAT gateways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// The span that was asked for; records across its edges were taken pro rata. None: everything in the logs.
    pub window: Option<Window>,
    /// Every gateway that was looked for, by name, those without any record included.
    pub gateways: Vec<GatewayTraffic>,
    /// How many records there were, and what became of them.
    pub statistics: Statistics,
    /// Files that could not be read, or not to their end.
    pub faults: Vec<FileFault>,
    /// Files in folders that are no flow logs by their names.
    pub other_files: u64,
    /// Accounts that the records are of.
    pub accounts: BTreeSet<AccountId>,
    /// What Resolver query logs were read, if any.
    pub names: Option<ResolverStatistics>,
    /// From when the published address ranges are.
    pub ranges_published: String,
    /// The hours of the window that were read; none: all of them.
    pub sample: Option<Plan>,
}

/// One gateway's traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayTraffic {
    /// `nat-…` where it is known, else the interface: `eni-…`.
    pub nat: String,
    /// The gateway's id, where it is known.
    pub nat_gateway_id: Option<NatGatewayId>,
    /// How its bytes were told apart.
    pub method: Method,
    /// Bytes by what they were for. Their sum is everything that was counted.
    pub flows: BTreeMap<Label, Volume>,
    /// The clients, the largest first: exact figures, all of them up to a bound.
    pub clients: Vec<ClientTraffic>,
    /// Bytes of clients beyond that bound.
    pub other_clients: Volume,
    /// Bytes by the client's subnet (none: a client outside the known subnets) and label (none: as for clients); exact
    /// whatever the number of clients.
    pub places: BTreeMap<(Option<Place>, Option<Label>), Volume>,
    /// Bytes of both directions by hour (hours since 1970-01-01T00:00Z).
    pub hours: BTreeMap<u32, Bytes>,
    /// The same by what they were for: by the first hour of a stretch of `stretch` hours. In each stretch they add up
    /// to its hours, and of each label to `flows` (but for records that do not tell their hour).
    pub labels_by_hour: BTreeMap<Label, BTreeMap<u32, Bytes>>,
    /// Of a sample: the same by the clients' place too, as in `places`.
    pub places_by_hour: BTreeMap<(Option<Place>, Option<Label>), BTreeMap<u32, Bytes>>,
    /// For how many hours together `labels_by_hour` tells bytes: a power of two. More than 1 only where single hours of
    /// all gateways would be too many to keep.
    pub stretch: u32,
    /// `SKIPDATA` records: each says that records were lost.
    pub skipdata: u64,
    /// The flow logs (`fl-…`) that recorded it, and how many records of each were left out as another's doubles.
    pub flow_logs: BTreeMap<String, u64>,
}

/// Which records show each byte once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// No record of it was found.
    None,
    /// The gateway's own records between it and its clients, with `pkt-` fields (or a regional gateway's): client and
    /// service of each byte are known.
    ClientLegs,
    /// The gateway's own records in a format without `pkt-` fields: those between it and the remote side tell the
    /// service, those between it and the clients tell the client, and nothing joins the two.
    RemoteLegs,
    /// Records of the clients' own interfaces, because there were none of the gateway.
    ClientInterfaces,
}

/// Where a client is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its subnet; none for a VPC behind a transit gateway whose subnets are not known.
    pub subnet_id: Option<SubnetId>,
}

/// What bytes were for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The service, or the class of address.
    pub service: Service,
    /// The Region the address belongs to; `GLOBAL` as published; none outside AWS.
    pub region: Option<RegionName>,
    /// Whether a gateway endpoint in that Region would carry it.
    pub gateway_endpoint: bool,
    /// How the service is known.
    pub named_by: NamedBy,
}

/// How the service of some bytes is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NamedBy {
    /// By the published address ranges.
    Address,
    /// By the Region's prefix list for the service, which is what a gateway endpoint routes.
    PrefixList,
    /// By the one name that clients resolved the address from.
    Dns,
    /// By several names of one address, its bytes split by their shares of the queries.
    DnsShare,
}

/// Bytes and records by direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Volume {
    /// From the client outwards.
    pub upload: Bytes,
    /// The way back.
    pub download: Bytes,
    /// Records of uploads.
    pub upload_records: u64,
    /// Records of downloads.
    pub download_records: u64,
}

/// One client's traffic through a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTraffic {
    /// Its address as the gateway sees it.
    pub address: std::net::IpAddr,
    /// Where it is, when that is known.
    pub place: Option<Place>,
    /// What for; none when the records cannot tell.
    pub label: Option<Label>,
    /// How much.
    pub volume: Volume,
}

/// What became of the records. `records` is the sum of all below it but `files`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, schemars::JsonSchema)]
pub struct Statistics {
    /// Files, row groups counted as one file.
    pub files: u64,
    /// Records of any kind, malformed ones included; headers and blank lines are none.
    pub records: u64,
    /// Records whose bytes were counted.
    pub counted: u64,
    /// Accepted records of gateways that show the same bytes once more, on their other side.
    pub other_legs: u64,
    /// Records of interfaces that are no gateway; nothing else of them was read.
    pub other_interfaces: u64,
    /// `REJECT`: never forwarded, never billed.
    pub rejected: u64,
    /// Nothing was seen in the interval.
    pub nodata: u64,
    /// Records were lost in the interval.
    pub skipdata: u64,
    /// Lines that are no record, of gateways or of nobody.
    pub malformed: u64,
    /// Outside the window.
    pub outside_window: u64,
    /// The same bytes as another flow log's records.
    pub duplicates: u64,
}

/// A file that was not read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct FileFault {
    /// The file.
    pub file: String,
    /// What was wrong.
    pub problem: String,
    /// Whether the records before the fault were counted.
    pub partly_read: bool,
}

impl FileFault {
    /// A file that was met before under another name.
    #[must_use]
    pub fn copy(file: String, same: &std::path::Path) -> Self {
        Self { file, problem: format!("{COPY}{}: not read again", same.display()), partly_read: false }
    }

    /// Whether it is one of those, which are no loss.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.problem.starts_with(COPY)
    }
}

const COPY: &str = "the same file as ";

impl AddAssign for Statistics {
    fn add_assign(&mut self, other: Self) {
        // Named one by one, so that a new one is not forgotten.
        let Self {
            files,
            records,
            counted,
            other_legs,
            other_interfaces,
            rejected,
            nodata,
            skipdata,
            malformed,
            outside_window,
            duplicates,
        } = other;
        self.files += files;
        self.records += records;
        self.counted += counted;
        self.other_legs += other_legs;
        self.other_interfaces += other_interfaces;
        self.rejected += rejected;
        self.nodata += nodata;
        self.skipdata += skipdata;
        self.malformed += malformed;
        self.outside_window += outside_window;
        self.duplicates += duplicates;
    }
}

impl Volume {
    /// Both directions.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.upload.saturating_add(self.download)
    }
}

impl AddAssign for Volume {
    fn add_assign(&mut self, other: Self) {
        self.upload = self.upload.saturating_add(other.upload);
        self.download = self.download.saturating_add(other.download);
        self.upload_records += other.upload_records;
        self.download_records += other.download_records;
    }
}

impl std::iter::Sum for Volume {
    fn sum<I: Iterator<Item = Self>>(volumes: I) -> Self {
        volumes.fold(Self::default(), |mut sum, volume| {
            sum += volume;
            sum
        })
    }
}

impl GatewayTraffic {
    /// A gateway without any record.
    #[must_use]
    pub fn unseen(nat: &str, nat_gateway_id: Option<NatGatewayId>) -> Self {
        Self {
            nat: nat.to_owned(),
            nat_gateway_id,
            method: Method::None,
            flows: BTreeMap::new(),
            clients: Vec::new(),
            other_clients: Volume::default(),
            places: BTreeMap::new(),
            hours: BTreeMap::new(),
            labels_by_hour: BTreeMap::new(),
            places_by_hour: BTreeMap::new(),
            stretch: 1,
            skipdata: 0,
            flow_logs: BTreeMap::new(),
        }
    }

    /// Everything that was counted.
    #[must_use]
    pub fn total(&self) -> Volume {
        self.flows.values().copied().sum()
    }
}

/// Splits a total in proportion to some parts, in whole bytes, by largest remainder.
#[must_use]
pub(crate) fn apportion(total: Bytes, parts: &[Bytes]) -> Vec<Bytes> {
    let sum: u128 = parts.iter().map(|part| u128::from(*part)).sum();
    if sum == 0 {
        return vec![0; parts.len()];
    }
    let scaled = |part: &Bytes| u128::from(*part) * u128::from(total);
    let mut shares: Vec<Bytes> = parts.iter().map(|part| u64::try_from(scaled(part) / sum).unwrap_or(total)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(parts.get(*index).map(|part| scaled(part) % sum)));
    let rest = total.saturating_sub(shares.iter().sum());
    for index in order.into_iter().take(usize::try_from(rest).unwrap_or(usize::MAX)) {
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
        }
    }
    shares
}

/// Splits parts of a whole by the parts of another division of it, in proportion and in whole bytes, so that lines and
/// columns both come to what they were.
#[must_use]
pub(crate) fn spread(rows: &[Bytes], columns: &[Bytes]) -> Vec<Vec<Bytes>> {
    let whole: u128 = rows.iter().map(|row| u128::from(*row)).sum();
    let mut left = columns.to_vec();
    let share = |row: Bytes, column: Bytes| {
        let share = (u128::from(row) * u128::from(column)).checked_div(whole);
        share.and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
    };
    let line = |row: &Bytes| -> Vec<Bytes> { columns.iter().map(|column| share(*row, *column)).collect() };
    let mut table: Vec<Vec<Bytes>> = rows.iter().map(line).collect();
    for line in &table {
        left.iter_mut().zip(line).for_each(|(left, cell)| *left = left.saturating_sub(*cell));
    }
    // What rounding leaves goes where both a line and a column lack something.
    for (row, line) in rows.iter().zip(&mut table) {
        let mut missing = line.iter().fold(*row, |row, cell| row.saturating_sub(*cell));
        for (cell, left) in line.iter_mut().zip(&mut left) {
            let more = missing.min(*left);
            *cell += more;
            *left -= more;
            missing -= more;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_divisions_keep_their_parts(
            rows in prop::collection::vec(0..1_000_u64, 1..6),
            weights in prop::collection::vec(0..1_000_u64, 1..6),
            scale in prop::sample::select(vec![1, 7, 1 << 40]),
        ) {
            let rows: Vec<_> = rows.iter().map(|row| row * scale).collect();
            let whole: Bytes = rows.iter().sum();
            let columns = apportion(whole, &weights);
            prop_assume!(columns.iter().sum::<Bytes>() == whole);
            let table = spread(&rows, &columns);
            for (row, line) in rows.iter().zip(&table) {
                prop_assert_eq!(*row, line.iter().sum::<Bytes>());
                for (column, cell) in columns.iter().zip(line) {
                    let exact = u128::from(*row) * u128::from(*column) / u128::from(whole.max(1));
                    prop_assert!(u128::from(*cell).abs_diff(exact) <= (rows.len() + columns.len()) as u128);
                }
            }
            for (index, column) in columns.iter().enumerate() {
                prop_assert_eq!(*column, table.iter().map(|line| line[index]).sum::<Bytes>());
            }
        }
    }
}
