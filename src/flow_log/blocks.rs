//! Blocks of addresses, the longest prefix deciding.

use std::net::IpAddr;

use ipnet::IpNet;

/// Blocks and what each stands for.
#[derive(Debug, Clone)]
pub(super) struct Blocks<T> {
    rows: Vec<Block<T>>,
}

#[derive(Debug, Clone)]
struct Block<T> {
    first: u128,
    last: u128,
    /// The block that it lies in. Blocks are nested or apart, so no other can hold what this one does not.
    parent: Option<usize>,
    value: T,
}

/// One number for both families: IPv4 addresses as IPv4-mapped ones.
pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

impl<T: Copy> Blocks<T> {
    /// Of equal blocks the last one counts.
    pub(super) fn new(blocks: impl IntoIterator<Item = (IpNet, T)>) -> Self {
        let mut rows: Vec<_> = blocks
            .into_iter()
            .map(|(net, value)| Block {
                first: number(net.network()),
                last: number(net.broadcast()),
                parent: None,
                value,
            })
            .collect();
        rows.sort_by_key(|row| (row.first, std::cmp::Reverse(row.last)));
        let mut open: Vec<(usize, u128)> = Vec::new();
        for (index, row) in rows.iter_mut().enumerate() {
            while open.pop_if(|(_, last)| *last < row.first).is_some() {}
            row.parent = open.last().map(|(index, _)| *index);
            open.push((index, row.last));
        }
        Self { rows }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn find(&self, address: IpAddr) -> Option<T> {
        let address = number(address);
        let mut row = self.rows.get(self.rows.partition_point(|row| row.first <= address).checked_sub(1)?)?;
        while row.last < address {
            row = self.rows.get(row.parent?)?;
        }
        Some(row.value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_longest_prefix_decides(nets in prop::collection::vec((0..64_u32, 20..=32_u8), 0..40), address in 0..4096_u32) {
            let net = |(start, length): &(u32, u8)| {
                let address = std::net::Ipv4Addr::from(0x0a00_0000 + start * 64);
                IpNet::V4(ipnet::Ipv4Net::new(address, *length).unwrap().trunc())
            };
            let nets: Vec<_> = nets.iter().map(net).collect();
            let address = IpAddr::V4((0x0a00_0000 + address).into());
            let blocks = Blocks::new(nets.iter().map(|net| (*net, *net)));
            let expected = nets.iter().filter(|net| net.contains(&address)).max_by_key(|net| net.prefix_len());
            prop_assert_eq!(blocks.find(address), expected.copied());
        }
    }
}
