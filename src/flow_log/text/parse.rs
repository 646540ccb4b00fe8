//! The words of a record: where they are, and the numbers and addresses among them.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use memchr::memchr;
use wide::u8x16;

use super::SPACES;

/// Where the line ends that a text begins with, and where its spaces are, after one that stands before it all; 64 bytes
/// at a time, as all these are close together and each call of a search would cost more than the search. No spaces
/// when they are too many, or nothing is between two of them.
pub(super) fn spaces(text: &[u8], found: &mut [usize; SPACES]) -> (usize, Option<usize>) {
    let (mut count, mut wrong, mut before) = (0, 0, 1);
    found[0] = usize::MAX;
    let mut start = 0;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        let last;
        let block = if let Some(block) = rest.first_chunk() {
            block
        } else {
            last = block_of(rest);
            &last
        };
        let end = places(block, b'\n');
        // Those before the first newline.
        let mut hits = places(block, b' ') & (end & end.wrapping_neg()).wrapping_sub(1);
        wrong |= hits & (hits << 1 | before);
        before = hits >> 63;
        while hits != 0 {
            count += 1;
            match found.get_mut(count) {
                Some(place) => *place = start + hits.trailing_zeros() as usize,
                None => wrong = 1,
            }
            hits &= hits - 1;
        }
        if end != 0 {
            return (start + end.trailing_zeros() as usize, (wrong == 0).then_some(count));
        }
        start += 64;
    }
}

/// Where a line ends.
pub(super) fn line_end(text: &[u8]) -> usize {
    let (blocks, rest) = text.as_chunks();
    for (start, block) in (0..).step_by(64).zip(blocks) {
        let end = places(block, b'\n');
        if end != 0 {
            return start + end.trailing_zeros() as usize;
        }
    }
    text.len() - rest.len() + memchr(b'\n', rest).unwrap_or(rest.len())
}

/// The last bytes of a text, with newlines after them.
fn block_of(rest: &[u8]) -> [u8; 64] {
    let mut block = [b'\n'; 64];
    if let Some(place) = block.get_mut(..rest.len()) {
        place.copy_from_slice(rest);
    }
    block
}

/// A bit for each place of a block where a byte is, the first byte's the lowest.
fn places(block: &[u8; 64], byte: u8) -> u64 {
    let (lanes, _) = block.as_chunks::<16>();
    let bits = lanes.iter().map(|lane| u64::from(u8x16::from(*lane).simd_eq(u8x16::splat(byte)).to_bitmask()));
    bits.rev().fold(0, |all, bits| all << 16 | bits)
}

/// A number of more digits is none: it may not fit.
pub(in super::super) const MOST_DIGITS: usize = 18;

/// Digits only, and at most so many: no more than 19.
pub(in super::super) fn number(text: &[u8], most: usize) -> Option<u64> {
    if text.is_empty() || text.len() > most {
        return None;
    }
    let mut bad = false;
    let value = text.iter().fold(0_u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        bad |= digit > 9;
        value.wrapping_mul(10).wrapping_add(digit.into())
    });
    (!bad).then_some(value)
}

/// The number that stands in a line, at most [`MOST_DIGITS`] long: eight digits at once, whatever is behind them.
pub(super) fn number_in(line: &[u8], place: Range<usize>) -> Option<u64> {
    let eight = |start: usize| line.get(start..)?.first_chunk().map(|word| u64::from_le_bytes(*word));
    match place.len() {
        length @ 1..=8 if let Some(word) = eight(place.start) => digits(word, length),
        length @ 9..=16 if let Some((high, low)) = eight(place.start).zip(eight(place.end - 8)) => {
            Some(digits(high, length - 8)? * 100_000_000 + digits(low, 8)?)
        }
        _ => number(line.get(place)?, MOST_DIGITS),
    }
}

/// The number of the first of eight digits, as many as are said, the first in the lowest byte: neighbours are put
/// together, then pairs, then fours.
fn digits(text: u64, length: usize) -> Option<u64> {
    const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    const TO_HIGH: u64 = u64::from_ne_bytes([0x80 - 10; 8]);
    // Shorter ones get zeros before them.
    let digits = (text ^ ZEROS) << (64 - 8 * length);
    if (digits | digits.wrapping_add(TO_HIGH)) & HIGH != 0 {
        return None;
    }
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff)
}

/// An address.
pub(in super::super) fn address(text: &[u8]) -> Option<IpAddr> {
    v4_address(text).map(IpAddr::V4).or_else(|| other_address(text))
}

/// An address of IPv4: they are so many that they are not left to the standard library, which wants text.
pub(in super::super) fn v4_address(text: &[u8]) -> Option<Ipv4Addr> {
    let (mut rest, mut value) = (text, 0);
    for _ in 0..3 {
        let (part, [b'.', next @ ..]) = part(rest)? else { return None };
        (value, rest) = (value << 8 | part, next);
    }
    match part(rest)? {
        (part, []) => Some((value << 8 | part).into()),
        _ => None,
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
pub(in super::super) fn other_address(text: &[u8]) -> Option<IpAddr> {
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
        fn spaces_are_where_a_search_finds_them(text in prop::collection::vec(prop::sample::select(b"  ab- 7\xff\x8a\xa0\x1f!".to_vec()), 0..150), end in 0..200_usize) {
            let mut text = text;
            text.splice(end.min(text.len()).., *b"\n x");
            let end = memchr::memchr(b'\n', &text).unwrap_or(text.len());
            let line = &text[..end];
            let expected: Vec<_> = memchr::memchr_iter(b' ', line).collect();
            let empty = line.first() == Some(&b' ') || line.windows(2).any(|pair| pair == b"  ");
            let mut found = [0; SPACES];
            let (length, count) = spaces(&text, &mut found);
            prop_assert_eq!((length, line_end(&text)), (end, end));
            prop_assert_eq!((line_end(line), count.is_none()), (end, empty));
            if let Some(count) = count {
                prop_assert_eq!(&found[1..=count], &expected[..]);
            }
        }

        #[test]
        fn numbers_are_what_the_library_reads(text in "[0-9]{0,20}|[0-9/:a ]{0,20}") {
            let expected = text.parse::<u64>().ok().filter(|_| text.len() <= 18 && !text.starts_with('+'));
            prop_assert_eq!(number(text.as_bytes(), MOST_DIGITS), expected);
            for behind in ["", " ", " 1 2 ACCEPT OK"] {
                let line = format!("1 {text}{behind}");
                prop_assert_eq!(number_in(line.as_bytes(), 2..2 + text.len()), expected);
            }
        }

        #[test]
        fn addresses_are_what_the_library_reads(text in "([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9.]{0,12}|[0-9a-f:]{0,20}|[0-9.a-z%]{0,9}") {
            prop_assert_eq!(address(text.as_bytes()), text.parse().ok());
        }
    }

    #[test]
    fn too_many_fields_are_no_record() {
        let spaces_of = |fields| spaces(&b"a ".repeat(fields), &mut [0; SPACES]);
        assert_eq!(spaces_of(MOST_FIELDS - 1), (2 * MOST_FIELDS - 2, Some(MOST_FIELDS - 1)));
        assert_eq!(spaces_of(MOST_FIELDS + 1), (2 * MOST_FIELDS + 2, None));
    }
}
