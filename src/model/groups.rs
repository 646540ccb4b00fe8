//! Things that are tied to each other, directly or through others, put into groups.

use std::collections::{BTreeMap, HashMap};

/// Groups in the making: numbered things, and who of them came first with each tie.
#[derive(Debug, Default)]
pub struct Groups {
    /// For each thing one that it is together with, itself where it is its group's first.
    with: BTreeMap<usize, usize>,
    first: HashMap<u64, usize>,
}

impl Groups {
    /// Adds a thing to the group of everything that has one of its ties, which become one group by that.
    pub fn add(&mut self, thing: usize, ties: impl IntoIterator<Item = u64>) {
        self.with.entry(thing).or_insert(thing);
        for tie in ties {
            let other = *self.first.entry(tie).or_insert(thing);
            let (a, b) = (self.root(thing), self.root(other));
            self.with.insert(a.max(b), a.min(b));
        }
    }

    /// The first of a thing's group; the way to it becomes shorter for next time.
    fn root(&mut self, thing: usize) -> usize {
        let mut at = thing;
        while let Some(next) = self.with.get(&at).copied().filter(|next| *next != at) {
            let beyond = self.with.get(&next).copied().unwrap_or(next);
            self.with.insert(at, beyond);
            at = next;
        }
        at
    }

    /// The groups in the order of their first things, each in order.
    #[must_use]
    pub fn into_groups(mut self) -> Vec<Vec<usize>> {
        let things: Vec<_> = self.with.keys().copied().collect();
        let mut groups = BTreeMap::<usize, Vec<usize>>::new();
        for thing in things {
            groups.entry(self.root(thing)).or_default().push(thing);
        }
        groups.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn groups(things: &[&[u64]]) -> Vec<Vec<usize>> {
        let mut groups = Groups::default();
        for (thing, ties) in things.iter().enumerate() {
            groups.add(thing, ties.iter().copied());
        }
        groups.into_groups()
    }

    #[test]
    fn ties_make_groups() {
        assert!(groups(&[]).is_empty());
        assert_eq!(groups(&[&[], &[]]), [[0], [1]]);
        assert_eq!(groups(&[&[1], &[2], &[1, 3], &[4], &[3]]), [vec![0, 2, 4], vec![1], vec![3]]);
        // What comes last may bring together what came before.
        assert_eq!(groups(&[&[1], &[2], &[3], &[3, 2, 1]]), [[0, 1, 2, 3]]);
    }

    proptest! {
        #[test]
        fn every_thing_is_in_one_group_and_no_tie_leads_out(things in prop::collection::vec(prop::collection::vec(0..40_u64, 0..4), 0..30)) {
            let slices: Vec<_> = things.iter().map(|ties| &ties[..]).collect();
            let groups = groups(&slices);
            let mut all: Vec<_> = groups.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..things.len()).collect::<Vec<_>>());
            for (index, group) in groups.iter().enumerate() {
                for other in &groups[..index] {
                    let tied = |a: usize, b: usize| things[a].iter().any(|tie| things[b].contains(tie));
                    prop_assert!(!group.iter().any(|a| other.iter().any(|b| tied(*a, *b))));
                }
            }
            let mut backwards = Groups::default();
            for (thing, ties) in things.iter().enumerate().rev() {
                backwards.add(thing, ties.iter().copied());
            }
            prop_assert_eq!(backwards.into_groups(), groups);
        }
    }
}
