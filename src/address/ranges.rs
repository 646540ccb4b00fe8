//! The rows behind a book: published ranges, prefix lists and private networks, and who claims what by them.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use flate2::read::GzDecoder;
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::stretches::Row;
use super::{GLOBAL, Owner, OwnerId, Published};
use crate::model::{PrefixList, RegionName, Service};

/// `createDate,syncToken,` and then `prefix,region,service` per line.
const EMBEDDED: &[u8] = include_bytes!("ip-ranges.csv.gz");

/// What no other network routes, or nothing at all (IANA's special-purpose registries). Not the documentation
/// blocks: examples use them as somebody on the internet.
pub(super) const PRIVATE: [&str; 14] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
    "::/128",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// More pairs of service and Region than this are no ranges of AWS's, which have hundreds. Each can become two
/// owners, and their ids have 16 bits.
const MOST_CLAIMS: usize = 30_000;

/// Why ranges cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is not JSON, or lacks a field.
    #[error("not an ip-ranges.json as AWS publishes it: {0}")]
    Json(#[from] serde_json::Error),
    /// The packed ranges cannot be unpacked.
    #[error("cannot unpack the ranges: {0}")]
    Packed(#[from] std::io::Error),
    /// When it was made cannot be read.
    #[error("its createDate {0:?} is not of the form 2026-08-22-21-17-05")]
    Date(String),
    /// It has no rows.
    #[error("it has no prefixes")]
    Empty,
    /// A row's prefix is none.
    #[error("{0:?} is not a block of addresses such as 3.5.140.0/22")]
    Block(String),
    /// It names too much.
    #[error("it names more than {MOST_CLAIMS} pairs of service and Region")]
    Claims,
}

/// How strong a claim to an address is, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Strength {
    Private,
    PrefixList,
    GatewayService,
    Service,
    Ec2,
    Amazon,
}

/// In whose name a row claims its addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Claim {
    strength: Strength,
    service: Service,
    region: Option<RegionName>,
}

/// Every row.
#[derive(Debug, Clone)]
pub(super) struct Ranges {
    pub(super) published: Published,
    pub(super) v4: Vec<Row<u32>>,
    pub(super) v6: Vec<Row<u128>>,
    claims: Vec<Claim>,
}

/// An `ip-ranges.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'j> {
    sync_token: String,
    create_date: String,
    #[serde(borrow, default)]
    prefixes: Vec<Prefix<'j>>,
    #[serde(borrow, default, rename = "ipv6_prefixes")]
    ipv6_prefixes: Vec<Prefix<'j>>,
}

#[derive(Deserialize)]
struct Prefix<'j> {
    #[serde(borrow, rename = "ip_prefix", alias = "ipv6_prefix")]
    block: Cow<'j, str>,
    #[serde(borrow)]
    region: Cow<'j, str>,
    #[serde(borrow)]
    service: Cow<'j, str>,
}

impl Claim {
    fn published(code: &str, region: &str) -> Self {
        let (strength, service) = match code {
            "S3" => (Strength::GatewayService, Service::S3),
            "DYNAMODB" => (Strength::GatewayService, Service::DYNAMODB),
            "EC2" => (Strength::Ec2, Service::new("ec2")),
            "AMAZON" => (Strength::Amazon, Service::AWS),
            other => (Strength::Service, Service::new(&other.to_ascii_lowercase())),
        };
        Self { strength, service, region: Some(region.into()) }
    }

    fn place(&self) -> (&Service, &Option<RegionName>) {
        (&self.service, &self.region)
    }
}

impl Default for Ranges {
    fn default() -> Self {
        let private = Claim { strength: Strength::Private, service: Service::PRIVATE, region: None };
        let published = Published::default();
        let mut ranges = Self { published, v4: Vec::new(), v6: Vec::new(), claims: vec![private] };
        PRIVATE.iter().filter_map(|block| block.parse().ok()).for_each(|block| ranges.add(block, 0));
        ranges
    }
}

impl Ranges {
    pub(super) fn embedded() -> Result<Self, AddressError> {
        let text = unpack()?;
        let mut lines = text.lines().map(|line| {
            let mut fields = line.splitn(3, ',');
            [(); 3].map(|()| fields.next().unwrap_or_default())
        });
        let [create_date, sync_token, _] = lines.next().unwrap_or_default();
        Self::read(create_date, sync_token, lines)
    }

    pub(super) fn from_json(json: &[u8]) -> Result<Self, AddressError> {
        let document: Document<'_> = serde_json::from_slice(json)?;
        let rows = document.prefixes.iter().chain(&document.ipv6_prefixes);
        let rows = rows.map(|row| [&*row.block, &*row.region, &*row.service]);
        Self::read(&document.create_date, &document.sync_token, rows)
    }

    fn read<'t>(
        create_date: &str,
        sync_token: &str,
        rows: impl Iterator<Item = [&'t str; 3]>,
    ) -> Result<Self, AddressError> {
        let create_date = date(create_date).ok_or_else(|| AddressError::Date(excerpt(create_date)))?;
        let published = Published { create_date, sync_token: sync_token.to_owned() };
        let mut ranges = Self { published, ..Self::default() };
        let mut claims = HashMap::new();
        for [block, region, service] in rows {
            let block = IpNet::from_str(block).map_err(|_| AddressError::Block(excerpt(block)))?;
            let claim = match claims.entry((region, service)) {
                Entry::Occupied(claim) => *claim.get(),
                Entry::Vacant(place) => {
                    *place.insert(ranges.claim(Claim::published(service, region)).ok_or(AddressError::Claims)?)
                }
            };
            ranges.add(block, claim);
        }
        if claims.is_empty() { Err(AddressError::Empty) } else { Ok(ranges) }
    }

    /// Adds the entries of a prefix list, where it is one of a service with a gateway endpoint.
    pub(super) fn add_prefix_list(&mut self, region: &RegionName, list: &PrefixList) {
        let Some(service) = Service::of_prefix_list(&list.name, region).filter(|_| !list.cidrs.is_empty()) else {
            return;
        };
        let claim = Claim { strength: Strength::PrefixList, service, region: Some(region.clone()) };
        if let Some(claim) = self.claim(claim) {
            list.cidrs.iter().for_each(|block| self.add(*block, claim));
        }
    }

    /// A new claim's index; none when there are too many.
    fn claim(&mut self, claim: Claim) -> Option<u16> {
        let index = u16::try_from(self.claims.len()).ok().filter(|_| self.claims.len() < MOST_CLAIMS)?;
        self.claims.push(claim);
        Some(index)
    }

    fn add(&mut self, block: IpNet, claim: u16) {
        let length = block.prefix_len();
        match block {
            IpNet::V4(block) => {
                let (first, last) = (block.network().into(), block.broadcast().into());
                self.v4.push(Row { first, last, length, claim });
            }
            IpNet::V6(block) => {
                let (first, last) = (block.network().into(), block.broadcast().into());
                self.v6.push(Row { first, last, length, claim });
            }
        }
    }

    /// For every claim what decides between it and others, and whom the rows of an address family thereby name.
    pub(super) fn ranking<A>(&self, rows: &[Row<A>], mut id: impl FnMut(Owner) -> OwnerId) -> Vec<(u8, u16, OwnerId)> {
        let claim_of = |row: &Row<A>| self.claims.get(usize::from(row.claim));
        let listed: HashSet<_> = rows
            .iter()
            .filter_map(claim_of)
            .filter(|claim| claim.strength == Strength::PrefixList)
            .map(Claim::place)
            .collect();
        let mut places: Vec<_> = self.claims.iter().map(Claim::place).collect();
        places.sort_unstable();
        places.dedup();
        let rank = |claim: &Claim| {
            let place = places.binary_search(&claim.place()).unwrap_or_else(|place| place);
            let by_prefix_list = claim.strength == Strength::PrefixList;
            let is_regional = claim.region.as_ref().is_some_and(|region| region.as_str() != GLOBAL);
            let by_ranges = claim.strength == Strength::GatewayService && is_regional;
            let owner = Owner {
                service: claim.service.clone(),
                region: claim.region.clone(),
                by_prefix_list,
                gateway_endpoint: by_prefix_list || (by_ranges && !listed.contains(&claim.place())),
            };
            (claim.strength as u8, u16::try_from(place).unwrap_or(u16::MAX), id(owner))
        };
        self.claims.iter().map(rank).collect()
    }
}

/// The embedded ranges of the services that have a gateway endpoint.
pub(crate) fn gateway_service_blocks() -> Vec<IpNet> {
    let Ok(ranges) = Ranges::embedded() else { return Vec::new() };
    let is_one = |claim: u16| {
        ranges.claims.get(usize::from(claim)).is_some_and(|claim| claim.strength == Strength::GatewayService)
    };
    let v4 = ranges.v4.iter().filter(|row| is_one(row.claim));
    let v4 = v4.filter_map(|row| IpNet::new(Ipv4Addr::from(row.first).into(), row.length).ok());
    let v6 = ranges.v6.iter().filter(|row| is_one(row.claim));
    v4.chain(v6.filter_map(|row| IpNet::new(Ipv6Addr::from(row.first).into(), row.length).ok())).collect()
}

/// The embedded file.
pub(super) fn unpack() -> std::io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(EMBEDDED).read_to_string(&mut text)?;
    Ok(text)
}

fn date(text: &str) -> Option<Timestamp> {
    let date = DateTime::strptime("%Y-%m-%d-%H-%M-%S", text).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Enough of a text to find it by.
fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}
