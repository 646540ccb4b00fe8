//! Addresses: other ones in their place, so that what lay in a block still lies in it.
//!
//! The construction is Crypto-PAn's (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization, 2002) with HMAC:
//! addresses are leaves of a binary tree, and at each of its nodes a secret coin decides whether the two sides change
//! places. So two addresses have as many leading bits in common as before, and of any two blocks one contains the
//! other exactly if it did before. Longest prefixes, security groups and VPCs' blocks decide as they did.
//!
//! At some nodes the sides do not change, and the same holds for everything above them:
//! - **Classes** (private, shared, link-local, NAT64 … addresses) stay what they are, and their insides are mixed.
//!   Blocks that are wider than a class, `0.0.0.0/0` and its halves among them, are above one, and therefore stay.
//! - **S3's and DynamoDB's** published addresses, and those in AWS's own prefix lists, stay as they are, since gateway
//!   endpoints carry exactly these: a route into or around them says the same as before, and nothing of anybody.
//!   AWS's other addresses are rented out (an Elastic IP is one of EC2's), so they are mixed like everybody else's.
//! - **Other public addresses** move within the largest block around them that holds nothing of the above: they stay
//!   public, are never taken for S3's, and a wide route covers them exactly if it did before.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::key::Key;
use crate::model::PrefixList;

/// Blocks whose addresses stay in them: networks' own, and those with a meaning to every machine.
const CLASSES: [&str; 17] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "fc00::/7",
    "fd00::/8",
    "fe80::/10",
    "ff00::/8",
];

/// A block that stays with all that is in it: AWS puts its own services' addresses there.
const LINK_LOCAL: &str = "169.254.0.0/16";

/// What happens to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// It stays, and its inside is mixed.
    Place,
    /// It stays, and so does everything in it.
    Everything,
}

/// A block of addresses: its first one with its bits at the top, and how many of them the block shares.
type Block = (u128, u8);

/// The blocks of an address family that something is known of.
#[derive(Debug, Clone)]
struct Tree {
    kind: &'static str,
    width: u8,
    kept: BTreeMap<Block, Keep>,
}

/// Where every address goes.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    v4: Tree,
    v6: Tree,
}

impl Addresses {
    /// The addresses of any snapshot.
    pub(super) fn new() -> Self {
        let tree = |kind, width| Tree { kind, width, kept: BTreeMap::new() };
        let mut addresses = Self { v4: tree("IPv4", 32), v6: tree("IPv6", 128) };
        CLASSES.iter().filter_map(|text| text.parse().ok()).for_each(|block| addresses.keep(block, Keep::Place));
        let own = crate::address::gateway_service_blocks();
        own.into_iter().chain(LINK_LOCAL.parse()).for_each(|block| addresses.keep(block, Keep::Everything));
        addresses
    }

    /// The addresses of a snapshot with AWS's own prefix lists. They hardly ever tell of a block that is not embedded;
    /// what lies beside such a block may then have another pseudonym than elsewhere.
    pub(super) fn with_lists_of_aws<'l>(&self, lists: impl Iterator<Item = &'l PrefixList>) -> Self {
        let classes: Vec<IpNet> = CLASSES.iter().filter_map(|text| text.parse().ok()).collect();
        let is_public = |block: &&IpNet| !classes.iter().any(|class| class.contains(*block) || block.contains(class));
        let mut addresses = self.clone();
        for block in lists.flat_map(|list| &list.cidrs).filter(is_public) {
            addresses.keep(*block, Keep::Everything);
        }
        addresses
    }

    fn keep(&mut self, block: IpNet, how: Keep) {
        let first = bits(block.network());
        let tree = if block.addr().is_ipv4() { &mut self.v4 } else { &mut self.v6 };
        tree.kept.insert((first, block.prefix_len()), how);
    }

    /// The address in place of another one.
    pub(super) fn address(&self, key: &Key, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => self.v4(key, address).into(),
            IpAddr::V6(address) => self.v6(key, address).into(),
        }
    }

    fn v4(&self, key: &Key, address: Ipv4Addr) -> Ipv4Addr {
        let [a, b, c, d, ..] = self.v4.mixed(key, bits(address.into())).to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    }

    fn v6(&self, key: &Key, address: Ipv6Addr) -> Ipv6Addr {
        self.v6.mixed(key, address.into()).into()
    }

    /// The block in place of another one.
    pub(super) fn block(&self, key: &Key, block: IpNet) -> IpNet {
        match block {
            IpNet::V4(block) => self.v4_block(key, block).into(),
            IpNet::V6(block) => self.v6_block(key, block).into(),
        }
    }

    /// The IPv4 block in place of another one.
    pub(super) fn v4_block(&self, key: &Key, block: Ipv4Net) -> Ipv4Net {
        Ipv4Net::new(self.v4(key, block.network()), block.prefix_len()).map_or(block, |mixed| mixed.trunc())
    }

    /// The IPv6 block in place of another one.
    pub(super) fn v6_block(&self, key: &Key, block: Ipv6Net) -> Ipv6Net {
        Ipv6Net::new(self.v6(key, block.network()), block.prefix_len()).map_or(block, |mixed| mixed.trunc())
    }
}

/// A public address in place of another one: nobody's, since `240.0.0.0/4` was never given to anyone.
pub(super) fn nobodys(key: &Key, address: Ipv4Addr) -> Ipv4Addr {
    let [_, _, _, _, a, b, c, d] = key.number("public address", &[&address.octets()]).to_be_bytes();
    Ipv4Addr::new(a | 0xf0, b, c, d)
}

/// An address as a number, IPv4's 32 bits at its top.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => address.into(),
    }
}

impl Tree {
    /// Walks down to an address, and changes sides where the coin says so.
    fn mixed(&self, key: &Key, address: u128) -> u128 {
        let bytes = address.to_be_bytes();
        let mut mixed = address;
        let mut inside = false;
        // One hash has a coin for each of the 255 nodes of eight levels.
        let (mut coins, mut node) = ([0; 32], 1);
        for depth in 0..self.width {
            if depth % 8 == 0 {
                (coins, node) = (key.hash(self.kind, &[&bytes[..usize::from(depth / 8)]]), 1);
            }
            let block = (address & !(u128::MAX >> depth), depth);
            inside |= self.kept.get(&block) == Some(&Keep::Everything);
            let side = 1_u128 << (127 - depth);
            if !inside && !self.is_above(block) && coins[node / 8] >> (node % 8) & 1 == 1 {
                mixed ^= side;
            }
            node = 2 * node + usize::from(address & side != 0);
        }
        mixed
    }

    /// Whether a smaller kept block lies in a block. Of blocks in order, those in another one come right after it.
    fn is_above(&self, (first, length): Block) -> bool {
        let last = first | u128::MAX >> length;
        let before = self.kept.range(..=(last, u8::MAX)).next_back();
        before.is_some_and(|(&(start, smaller), _)| start >= first && smaller > length)
    }
}

#[cfg(test)]
mod tests;
