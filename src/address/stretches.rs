//! Rows that overlap, as stretches that do not: what a lookup can find by halving.

use std::cmp::Reverse;

use super::OwnerId;

/// The number that an address is.
pub(super) trait Address: Copy + Ord {
    /// The next one; none after the last.
    fn next(self) -> Option<Self>;
}

impl Address for u32 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Address for u128 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// A block of addresses and who claims it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<A> {
    pub(super) first: A,
    pub(super) last: A,
    /// Bits of the block's prefix.
    pub(super) length: u8,
    /// Index of the claim.
    pub(super) claim: u16,
}

/// What decides between claims to the same addresses; the least one wins: how strong the claim is, the longer
/// prefix, the alphabet.
pub(super) type Rank = (u8, Reverse<u8>, u16);

/// All addresses, cut where the owner changes.
#[derive(Debug, Clone)]
pub(super) struct Stretches<A> {
    cuts: Vec<A>,
    /// One more than there are cuts: who owns what lies before the first, between two of them, after the last.
    owners: Vec<OwnerId>,
}

impl<A: Address> Stretches<A> {
    /// Cuts rows up. `claims` has, for the claim of each row, how strong it is, its place in the alphabet, and its
    /// owner.
    pub(super) fn new(rows: &[Row<A>], claims: &[(u8, u16, OwnerId)]) -> Self {
        let mut rows = rows.to_vec();
        rows.sort_unstable_by_key(|row| (row.first, Reverse(row.last)));
        let mut stretches = Self { cuts: Vec::new(), owners: vec![OwnerId::INTERNET] };
        // Blocks are nested or apart, never across each other: those around an address are a stack, and each knows
        // the best claim of those that it lies in.
        let mut open: Vec<(A, Rank, OwnerId)> = Vec::new();
        for row in rows {
            stretches.close(&mut open, Some(row.first));
            let Some((strength, place, owner)) = claims.get(usize::from(row.claim)).copied() else { continue };
            let own = ((strength, Reverse(row.length), place), owner);
            let (rank, owner) = open.last().map_or(own, |(_, rank, owner)| own.min((*rank, *owner)));
            stretches.cut(row.first, owner);
            open.push((row.last, rank, owner));
        }
        stretches.close(&mut open, None);
        stretches
    }

    /// Ends the blocks that lie before an address, or all.
    fn close(&mut self, open: &mut Vec<(A, Rank, OwnerId)>, before: Option<A>) {
        while let Some((last, ..)) = open.pop_if(|(last, ..)| before.is_none_or(|before| *last < before)) {
            let owner = open.last().map_or(OwnerId::INTERNET, |(_, _, owner)| *owner);
            if let Some(next) = last.next() {
                self.cut(next, owner);
            }
        }
    }

    /// Gives what follows to an owner.
    fn cut(&mut self, at: A, owner: OwnerId) {
        if self.cuts.last() == Some(&at) {
            self.cuts.pop();
            self.owners.pop();
        }
        if self.owners.last() != Some(&owner) {
            self.cuts.push(at);
            self.owners.push(owner);
        }
    }

    pub(super) fn owner_of(&self, address: A) -> OwnerId {
        let stretch = self.cuts.partition_point(|cut| *cut <= address);
        self.owners.get(stretch).copied().unwrap_or(OwnerId::INTERNET)
    }

    #[cfg(test)]
    pub(super) fn cuts(&self) -> &[A] {
        &self.cuts
    }
}
