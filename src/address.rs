//! Whose address is it? AWS's published ranges and an account's prefix lists as one book to look addresses up in.
//!
//! Several published ranges cover most of AWS's addresses: S3's lie in EC2's, everything lies in AMAZON's. What names
//! an address best is the most specific *service* of all ranges that cover it, not the longest prefix: a prefix list;
//! S3 or DynamoDB; another named service; EC2; AMAZON. Only among equals the longer prefix wins, then the alphabet.
//! Addresses that no network outside of one's own routes are `private`, whatever a range says; what nothing covers is
//! `internet`.
//!
//! The embedded ranges are AWS's <https://ip-ranges.amazonaws.com/ip-ranges.json>, packed by `tests/tools/ip_ranges.py`;
//! [`AddressBook::published`] tells from when.

mod ranges;
mod stretches;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;

pub use ranges::AddressError;
use ranges::Ranges;
pub(crate) use ranges::gateway_service_blocks;
use stretches::{Address, Row, Stretches};

use crate::model::{PrefixList, RegionName, Service};

/// What stands for a Region where a range serves all of them.
pub const GLOBAL: &str = "GLOBAL";

/// What precedes the 32 bits of an IPv4 address that NAT64 made an IPv6 one: `64:ff9b::/96` (RFC 6052).
const NAT64: u128 = 0x0064_ff9b << 64;
/// The same of an IPv4-mapped address: `::ffff:0:0/96`.
const MAPPED: u128 = 0xffff;

/// Owners by address. Immutable, and cheap to look up in: a dozen nanoseconds.
#[derive(Debug, Clone)]
pub struct AddressBook {
    ranges: Ranges,
    owners: Vec<Owner>,
    v4: Stretches<u32>,
    v6: Stretches<u128>,
}

/// Which owner of a book's: an index into [`AddressBook::owners`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerId(u16);

/// Who an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// `s3`, `dynamodb`, another code of the ranges in lower case, `aws`, `internet` or `private`.
    pub service: Service,
    /// The Region of the range, [`GLOBAL`] where it serves all. None for what is not AWS's.
    pub region: Option<RegionName>,
    /// Whether a prefix list says so, not the published ranges.
    pub by_prefix_list: bool,
    /// Whether a gateway endpoint in the owner's own Region carries it: the prefix list decides where it is known,
    /// else the range of a service that has one.
    pub gateway_endpoint: bool,
}

static INTERNET: Owner = Owner::outside(Service::INTERNET);

/// Which edition of the ranges it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Published {
    /// When AWS made it.
    pub create_date: Timestamp,
    /// AWS's serial number of it.
    pub sync_token: String,
}

impl OwnerId {
    /// Nobody that is known.
    pub const INTERNET: Self = Self(0);
    /// Addresses that no other network routes.
    pub const PRIVATE: Self = Self(1);

    /// Its place in [`AddressBook::owners`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

impl Owner {
    const fn outside(service: Service) -> Self {
        Self { service, region: None, by_prefix_list: false, gateway_endpoint: false }
    }
}

impl Default for AddressBook {
    /// The book that knows private addresses only.
    fn default() -> Self {
        Self::new(Ranges::default())
    }
}

impl AddressBook {
    /// The ranges that come with the program.
    #[must_use]
    pub fn embedded() -> Self {
        // A test holds that the program was built with whole ranges.
        Ranges::embedded().map(Self::new).unwrap_or_default()
    }

    /// The ranges of a user's `ip-ranges.json`.
    ///
    /// # Errors
    /// When it is not one: no JSON, no prefixes, a block or date that cannot be read.
    pub fn from_json(json: &[u8]) -> Result<Self, AddressError> {
        Ranges::from_json(json).map(Self::new)
    }

    /// The book in which an account's prefix lists of services with a gateway endpoint decide what such an endpoint
    /// carries. Other lists, and lists whose entries could not be read, change nothing.
    ///
    /// What the ranges call S3 of a Region but its list leaves out stays S3 of the Region, without an endpoint that
    /// would carry it. Each address family has a list of its own.
    #[must_use]
    pub fn with_prefix_lists<'l>(self, lists: impl IntoIterator<Item = (&'l RegionName, &'l PrefixList)>) -> Self {
        let mut ranges = self.ranges;
        for (region, list) in lists {
            ranges.add_prefix_list(region, list);
        }
        Self::new(ranges)
    }

    fn new(ranges: Ranges) -> Self {
        let mut owners = Owners::default();
        let v4 = owners.stretches(&ranges, &ranges.v4);
        let v6 = owners.stretches(&ranges, &ranges.v6);
        Self { owners: owners.list, v4, v6, ranges }
    }

    /// Whose an address is. IPv4 addresses inside IPv6 ones (NAT64, IPv4-mapped) are looked up as what they stand for.
    #[must_use]
    pub fn owner_of(&self, address: IpAddr) -> OwnerId {
        match plain(address) {
            IpAddr::V4(address) => self.owner_of_v4(address.into()),
            IpAddr::V6(address) => self.v6.owner_of(address.into()),
        }
    }

    /// Whose an IPv4 address is.
    #[must_use]
    pub fn owner_of_v4(&self, address: u32) -> OwnerId {
        self.v4.owner_of(address)
    }

    /// An owner of this book. Another book's id means somebody else here.
    #[must_use]
    pub fn owner(&self, id: OwnerId) -> &Owner {
        self.owners.get(id.index()).unwrap_or(&INTERNET)
    }

    /// Every owner, by id.
    #[must_use]
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// Which edition of AWS's ranges the book has.
    #[must_use]
    pub fn published(&self) -> &Published {
        &self.ranges.published
    }
}

/// An address, or the IPv4 one that it stands for.
pub(crate) fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [.., a, b, c, d] = v6.octets();
    let stands_for_v4 = [NAT64, MAPPED].contains(&(u128::from(v6) >> 32));
    if stands_for_v4 { Ipv4Addr::new(a, b, c, d).into() } else { address }
}

/// The owners met so far.
#[derive(Debug)]
struct Owners {
    list: Vec<Owner>,
    ids: HashMap<Owner, OwnerId>,
}

impl Default for Owners {
    fn default() -> Self {
        let mut owners = Self { list: Vec::new(), ids: HashMap::new() };
        owners.id(INTERNET.clone());
        owners.id(Owner::outside(Service::PRIVATE));
        owners
    }
}

impl Owners {
    fn id(&mut self, owner: Owner) -> OwnerId {
        *self.ids.entry(owner).or_insert_with_key(|owner| {
            self.list.push(owner.clone());
            // The ranges' own limit keeps this in range.
            OwnerId(u16::try_from(self.list.len() - 1).unwrap_or(0))
        })
    }

    fn stretches<A: Address>(&mut self, ranges: &Ranges, rows: &[Row<A>]) -> Stretches<A> {
        Stretches::new(rows, &ranges.ranking(rows, |owner| self.id(owner)))
    }
}
