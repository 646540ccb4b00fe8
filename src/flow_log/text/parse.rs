//! The words of a record: where they are, and the numbers and addresses among them.

use std::net::IpAddr;

use wide::u8x16;

use super::SPACES;

/// Where the spaces of a line are, after one that stands before it all; 64 bytes at a time, as they are close together
/// and each call of a search would cost more than the search. None when they are too many, or nothing is between two
/// of them.
pub(super) fn spaces(line: &[u8], found: &mut [usize; SPACES]) -> Option<usize> {
    let (blocks, rest) = line.as_chunks::<64>();
    let mut last = [b'-'; 64];
    last.get_mut(..rest.len())?.copy_from_slice(rest);
    let (mut count, mut empty, mut before) = (0, 0, 1);
    *found.first_mut()? = usize::MAX;
    for (index, block) in blocks.iter().chain([&last]).enumerate() {
        let mut hits = spaces_of(block);
        empty |= hits & (hits << 1 | before);
        before = hits >> 63;
        while hits != 0 {
            count += 1;
            *found.get_mut(count)? = index * 64 + hits.trailing_zeros() as usize;
            hits &= hits - 1;
        }
    }
    (empty == 0).then_some(count)
}

/// A bit for each space of a block, the first byte's the lowest.
fn spaces_of(block: &[u8; 64]) -> u64 {
    let (lanes, _) = block.as_chunks::<16>();
    let bits = lanes.iter().map(|lane| u64::from(u8x16::from(*lane).simd_eq(u8x16::splat(b' ')).to_bitmask()));
    bits.rev().fold(0, |all, bits| all << 16 | bits)
}

/// A number of more digits is none: it may not fit.
pub(in super::super) const MOST_DIGITS: usize = 18;

/// Digits only, and at most so many: no more than 19.
pub(in super::super) fn number(text: &[u8], most: usize) -> Option<u64> {
    if text.is_empty() || text.len() > most {
        return None;
    }
    let (words, rest) = text.as_chunks::<8>();
    let mut value = 0_u64;
    for word in words {
        value = value.wrapping_mul(100_000_000).wrapping_add(eight_digits(u64::from_le_bytes(*word))?);
    }
    let mut bad = false;
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        bad |= digit > 9;
        value = value.wrapping_mul(10).wrapping_add(digit.into());
    }
    (!bad).then_some(value)
}

/// The number of eight digits, the first in the lowest byte: neighbours are put together, then pairs, then fours.
fn eight_digits(text: u64) -> Option<u64> {
    const HIGH: u64 = u64::from_ne_bytes([0xf0; 8]);
    const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
    const SIXES: u64 = u64::from_ne_bytes([6; 8]);
    if (text & HIGH) != ZEROS || (text.wrapping_add(SIXES) & HIGH) != ZEROS {
        return None;
    }
    let digits = text & !HIGH;
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff)
}

/// An address. IPv4's are so many that they are not left to the standard library, which wants text.
pub(in super::super) fn address(text: &[u8]) -> Option<IpAddr> {
    let mut rest = text;
    let mut value = 0;
    for _ in 0..3 {
        match part(rest) {
            Some((part, [b'.', next @ ..])) => (value, rest) = (value << 8 | part, next),
            _ => return other_address(text),
        }
    }
    match part(rest) {
        Some((part, [])) => Some(IpAddr::V4((value << 8 | part).into())),
        _ => other_address(text),
    }
}

/// The number that a text starts with, up to 255 and without leading zeros, and what follows.
#[inline]
fn part(text: &[u8]) -> Option<(u32, &[u8])> {
    let digit = |byte: u8| Some(u32::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    let (first, text) = text.split_first()?;
    let mut value = digit(*first)?;
    let Some((second, rest)) = text.split_first() else { return Some((value, text)) };
    let Some(next) = digit(*second) else { return Some((value, text)) };
    if value == 0 {
        return None;
    }
    value = value * 10 + next;
    let Some((third, last)) = rest.split_first() else { return Some((value, rest)) };
    let Some(next) = digit(*third) else { return Some((value, rest)) };
    value = value * 10 + next;
    (value < 256).then_some((value, last))
}

/// An address that is not four numbers and three dots.
fn other_address(text: &[u8]) -> Option<IpAddr> {
    let is_of_one = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    if text.contains(&b':') && text.iter().all(is_of_one) { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::MOST_FIELDS;
    use super::*;

    proptest! {
        #[test]
        fn spaces_are_where_a_search_finds_them(line in prop::collection::vec(prop::sample::select(b"  ab- 7\xff\xa0\x1f!".to_vec()), 0..90)) {
            let expected: Vec<_> = line.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at).collect();
            let empty = line.first() == Some(&b' ') || line.windows(2).any(|pair| pair == b"  ");
            let mut found = [0; SPACES];
            match spaces(&line, &mut found) {
                Some(count) => {
                    prop_assert!(!empty);
                    prop_assert_eq!(&found[1..=count], &expected[..]);
                }
                None => prop_assert!(empty),
            }
        }

        #[test]
        fn numbers_are_what_the_library_reads(text in "[0-9]{0,20}|[0-9/:a ]{0,20}") {
            let expected = text.parse::<u64>().ok().filter(|_| text.len() <= 18 && !text.starts_with('+'));
            prop_assert_eq!(number(text.as_bytes(), 18), expected);
        }

        #[test]
        fn addresses_are_what_the_library_reads(text in "([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9.]{0,12}|[0-9a-f:]{0,20}|[0-9.a-z%]{0,9}") {
            prop_assert_eq!(address(text.as_bytes()), text.parse().ok());
        }
    }

    #[test]
    fn too_many_fields_are_no_record() {
        assert_eq!(spaces(&b"a ".repeat(MOST_FIELDS - 1), &mut [0; SPACES]), Some(MOST_FIELDS - 1));
        assert_eq!(spaces(&b"a ".repeat(MOST_FIELDS + 1), &mut [0; SPACES]), None);
    }
}
