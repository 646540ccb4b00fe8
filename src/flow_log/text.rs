//! Flow logs as text: one record a line, fields parted by single spaces.
//!
//! Two thirds of a VPC's records are of interfaces that are no gateway. Such a line is told by the bytes up to its
//! interface field, which are mostly those of the line before, and skipped to its end unread.

use std::collections::{BTreeSet, HashMap};
use std::io::{ErrorKind, Read};
use std::net::IpAddr;

use memchr::{memchr, memrchr};
use wide::u8x16;

use super::counter::Counter;
use super::format::{Field, Format, FormatError, MOST_FIELDS};
use super::record::{Gate, Row};
use super::tally::Fate;
use crate::model::AccountId;

/// Lines longer than this are no records.
pub(super) const BUFFER: usize = 512 << 10;

/// The spaces around the fields of a record: one before the first, one after each.
const SPACES: usize = MOST_FIELDS + 1;

/// Accounts that are remembered.
const MOST_ACCOUNTS: usize = 1_000;

/// Why a file was not read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// The medium, or the compression.
    #[error("{0}")]
    Read(#[from] std::io::Error),
    /// Its header.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// There is no header.
    #[error("it has no header line, and its format is not known: give it with --log-format")]
    NoFormat,
    /// A window was asked for.
    #[error("its records have no start, so that nothing tells which of them are in the window")]
    NoTime,
    /// The Parquet metadata.
    #[error("{0}")]
    Parquet(String),
}

/// Formats of files without a header.
#[derive(Debug, Clone, Default)]
pub(super) struct Formats {
    /// The one the user gave, for all.
    pub(super) given: Option<Format>,
    /// By the flow log's id, as its configuration says.
    pub(super) by_log: HashMap<String, Format>,
    /// The only one that is configured.
    pub(super) only: Option<Format>,
}

/// Reads one file's lines.
pub(super) struct Text<'c, 'r, 'f> {
    counter: &'c mut Counter<'r>,
    formats: &'f Formats,
    /// The id of the flow log that wrote the file, and its number.
    log: (Option<&'f str>, u32),
    accounts: &'c mut BTreeSet<AccountId>,
    format: Option<Format>,
    /// Whether no record was read yet.
    first: bool,
    /// How the line before began, up to behind its interface field, and whose it was.
    before: (Vec<u8>, Gate),
    spaces: Box<[usize; SPACES]>,
}

impl<'c, 'r, 'f> Text<'c, 'r, 'f> {
    pub(super) fn new(
        counter: &'c mut Counter<'r>,
        formats: &'f Formats,
        log: (Option<&'f str>, u32),
        accounts: &'c mut BTreeSet<AccountId>,
    ) -> Self {
        Self {
            counter,
            formats,
            log,
            accounts,
            format: None,
            first: true,
            before: (Vec::new(), Gate::Unread),
            spaces: Box::new([0; SPACES]),
        }
    }

    /// Reads to the end, or to where that fails: what came before is counted.
    pub(super) fn read(mut self, mut input: impl Read, buffer: &mut [u8]) -> Result<(), Problem> {
        // `buffer[..held]` is the beginning of a line.
        let (mut held, mut too_long) = (0, false);
        loop {
            if held == buffer.len() {
                (held, too_long) = (0, true);
            }
            let read = match input.read(buffer.get_mut(held..).unwrap_or_default()) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    // What was cut off in the middle is no record.
                    self.malformed(u64::from(held > 0 || too_long));
                    return Err(error.into());
                }
            };
            let filled = held + read;
            let text = buffer.get(..filled).unwrap_or_default();
            if read == 0 {
                self.malformed(u64::from(too_long));
                return if too_long { Ok(()) } else { self.lines(text) };
            }
            let fresh = text.get(held..).unwrap_or_default();
            let Some(last) = memrchr(b'\n', fresh).map(|at| held + at + 1) else {
                held = filled;
                continue;
            };
            let mut first = 0;
            if too_long {
                self.malformed(1);
                too_long = false;
                first = memchr(b'\n', text).map_or(last, |at| at + 1);
            }
            self.lines(text.get(first..last).unwrap_or_default())?;
            buffer.copy_within(last..filled, 0);
            held = filled - last;
        }
    }

    fn malformed(&mut self, lines: u64) {
        self.counter.tally.statistics.records += lines;
        self.counter.tally.statistics.malformed += lines;
    }

    /// Takes whole lines.
    fn lines(&mut self, mut text: &[u8]) -> Result<(), Problem> {
        let (mut others, mut result) = (0, Ok(()));
        while result.is_ok() && !text.is_empty() {
            let known = self.before.0.len();
            let same = known > 0 && text.starts_with(&self.before.0);
            let rest = text.get(if same { known } else { 0 }..).unwrap_or_default();
            let skipped = text.len() - rest.len();
            let end = skipped + memchr(b'\n', rest).unwrap_or(rest.len());
            let (line, next) = text.split_at(end);
            text = next.get(1..).unwrap_or_default();
            match self.before.1 {
                Gate::Other if same => others += 1,
                gate if same => {
                    self.counter.tally.statistics.records += 1;
                    self.record(line, gate);
                }
                _ => result = self.line(line),
            }
        }
        self.counter.tally.statistics.records += others;
        self.counter.tally.statistics.other_interfaces += others;
        result
    }

    /// Takes a line of which nothing is known.
    fn line(&mut self, line: &[u8]) -> Result<(), Problem> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Ok(());
        }
        if self.format.is_none() && self.begin(line)? {
            return Ok(());
        }
        let Some(format) = &self.format else { return Ok(()) };
        let (gate, read) = self.gate(line, format);
        if gate == Gate::Unread {
            if Format::is_header(line) {
                return self.switch(line);
            }
            self.malformed(1);
            return Ok(());
        }
        let account = self.first.then(|| nth(line, format.place(Field::Account)?)).flatten();
        if let Some(account) = account {
            self.first = false;
            note_account(self.accounts, account);
        }
        if let Some(prefix) = read.and_then(|read| line.get(..read)) {
            self.before.0.clear();
            self.before.0.extend_from_slice(prefix);
            self.before.1 = gate;
        }
        self.counter.tally.statistics.records += 1;
        let is_read = gate != Gate::Other || self.counter.rules.gateways.clients.is_some();
        if gate == Gate::NoInterface || !is_read {
            self.counter.tally.statistics.other_interfaces += 1;
            return Ok(());
        }
        if gate == Gate::Unsure {
            self.unsure(line);
        } else {
            self.record(line, gate);
        }
        Ok(())
    }

    /// Takes a record that does not say whether it is a gateway's.
    fn unsure(&mut self, line: &[u8]) {
        let Some(format) = &self.format else { return };
        let mut fields = Fields { line, spaces: &mut self.spaces, format };
        let fate = match (fields.split(), fields.status()) {
            (false, _) => Fate::Malformed,
            (true, b"NODATA") => Fate::NoData,
            (true, b"SKIPDATA") => Fate::SkipData,
            _ => {
                self.counter.tally.statistics.other_interfaces += 1;
                return;
            }
        };
        let interface = format.place(Field::Interface).and_then(|place| nth(line, place)).unwrap_or_default();
        self.counter.tally.unsure(interface, self.log.1, fate);
    }

    /// Finds out the format by the first line; true when that is a header.
    fn begin(&mut self, line: &[u8]) -> Result<bool, Problem> {
        if Format::is_header(line) {
            self.switch(line)?;
            return Ok(true);
        }
        let mut words = line.split(|byte| *byte == b' ');
        let first = words.next().unwrap_or_default();
        let timed = is_time(first);
        let (version, fields) = if timed { (words.next().unwrap_or_default(), 1) } else { (first, 1) };
        let fields = fields + words.count();
        let Formats { given, by_log, only } = self.formats;
        let configured = given.as_ref().or_else(|| by_log.get(self.log.0?)).or(only.as_ref()).cloned();
        let format =
            configured.or_else(|| Format::default_format().filter(|format| version == b"2" && fields == format.fields));
        let format = format.ok_or(Problem::NoFormat)?;
        self.take(if timed { format.behind_a_time() } else { format })?;
        Ok(false)
    }

    fn switch(&mut self, header: &[u8]) -> Result<(), Problem> {
        self.take(Format::parse(&String::from_utf8_lossy(header))?)
    }

    fn take(&mut self, format: Format) -> Result<(), Problem> {
        if self.counter.rules.window.is_some() && !format.has_time() {
            return Err(Problem::NoTime);
        }
        self.format = Some(format);
        self.before = (Vec::new(), Gate::Unread);
        Ok(())
    }

    /// Whose record it is; and how long the beginning is that tells, where that is all that tells.
    fn gate(&self, line: &[u8], format: &Format) -> (Gate, Option<usize>) {
        let gateways = &self.counter.rules.gateways;
        if let Some(place) = format.place(Field::Interface) {
            let Some((interface, end)) = nth_and_end(line, place) else { return (Gate::Unread, None) };
            if interface.starts_with(b"eni-") {
                // Only a whole field tells: the space behind it belongs to what the next line is compared with.
                let told = (end < line.len()).then_some(end + 1);
                return match gateways.of_interface(interface) {
                    Some(gateway) => (Gate::Gateway(gateway), told),
                    None if gateways.clients.is_some() => (Gate::Other, None),
                    None if gateways.learn => self.learn(line, interface, format, told),
                    None => (Gate::Other, told),
                };
            }
            if interface != b"-" {
                return (Gate::Unread, None);
            }
        }
        let Some(place) = format.place(Field::Resource) else { return (Gate::NoInterface, None) };
        match nth(line, place) {
            Some(resource) if resource.starts_with(b"nat-") => {
                let known = gateways.of_resource(resource);
                // A name that is cut off would be a gateway that is none.
                if known.is_none() && gateways.learn && !format.is_whole(line) {
                    return (Gate::Unread, None);
                }
                let learned = || gateways.learn.then(|| gateways.learn(resource, true)).flatten();
                (known.or_else(learned).map_or(Gate::NoInterface, Gate::Gateway), None)
            }
            // Where records have no interface, nothing else tells a second header from them.
            Some(word) if word != b"-" && Format::is_header(line) => (Gate::Unread, None),
            Some(_) if format.place(Field::Interface).is_some() => (Gate::NoInterface, None),
            Some(_) => (Gate::Other, None),
            None => (Gate::Unread, None),
        }
    }

    /// Whether an interface is a gateway's, by what its record says.
    fn learn(&self, line: &[u8], interface: &[u8], format: &Format, told: Option<usize>) -> (Gate, Option<usize>) {
        let Some(place) = format.place(Field::InterfaceType) else { return (Gate::Other, told) };
        match nth(line, place).filter(|_| format.is_whole(line)) {
            Some(b"nat_gateway") => {
                let gateway = self.counter.rules.gateways.learn(interface, false);
                (gateway.map_or(Gate::Other, Gate::Gateway), told)
            }
            // One without data does not say, nor does one that is cut off: whether it is a gateway's the others tell,
            // wherever they are.
            Some(b"-" | b"") | None => (Gate::Unsure, None),
            // `nat_gatew` at the end of a line that is cut off says nothing of the lines that follow.
            Some([b'n', ..]) => (Gate::Other, None),
            Some(_) => (Gate::Other, told),
        }
    }

    /// Takes a gateway's record, or any where clients' are looked for.
    fn record(&mut self, line: &[u8], gate: Gate) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(format) = &self.format else { return };
        let mut fields = Fields { line, spaces: &mut self.spaces, format };
        if !fields.split() {
            self.counter.tally.statistics.malformed += 1;
            return;
        }
        self.counter.take(gate, self.log.1, &fields);
    }
}

/// A line's fields.
struct Fields<'l> {
    line: &'l [u8],
    spaces: &'l mut [usize; SPACES],
    format: &'l Format,
}

impl Fields<'_> {
    /// Finds the spaces; false when there are not as many fields as there should be, or one is empty: what does not
    /// apply is `-`.
    fn split(&mut self) -> bool {
        let Some(count) = spaces(self.line, self.spaces) else { return false };
        if count + 1 != self.format.fields || self.line.last() == Some(&b' ') {
            return false;
        }
        if let Some(end) = self.spaces.get_mut(count + 1) {
            *end = self.line.len();
        }
        true
    }
}

impl Row for Fields<'_> {
    fn has(&self, field: Field) -> bool {
        self.format.place(field).is_some()
    }

    fn text(&self, field: Field) -> &[u8] {
        let Some(place) = self.format.place(field) else { return b"" };
        let Some([before, after]) = self.spaces.get(place..place + 2) else { return b"" };
        self.line.get(before.wrapping_add(1)..*after).unwrap_or_default()
    }

    fn number(&self, field: Field) -> Option<u64> {
        number(self.text(field), MOST_DIGITS)
    }

    fn address(&self, field: Field) -> Option<IpAddr> {
        address(self.text(field))
    }
}

/// Remembers an account that a record is of.
pub(super) fn note_account(accounts: &mut BTreeSet<AccountId>, id: &[u8]) {
    if let Ok(id) = std::str::from_utf8(id)
        && id.len() == 12
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && accounts.len() < MOST_ACCOUNTS
    {
        accounts.insert(id.into());
    }
}

/// Where the spaces of a line are, after one that stands before it all; 64 bytes at a time, as they are close together
/// and each call of a search would cost more than the search. None when they are too many, or nothing is between two
/// of them.
fn spaces(line: &[u8], found: &mut [usize; SPACES]) -> Option<usize> {
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
pub(super) const MOST_DIGITS: usize = 18;

/// Digits only, and at most so many: no more than 19.
pub(super) fn number(text: &[u8], most: usize) -> Option<u64> {
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
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
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

/// Whether a word is a time, as exports of CloudWatch Logs put before each event.
fn is_time(word: &[u8]) -> bool {
    word.len() >= 20
        && word.first().is_some_and(u8::is_ascii_digit)
        && std::str::from_utf8(word).is_ok_and(|word| word.parse::<jiff::Timestamp>().is_ok())
}

/// A line's field, and where it ends.
fn nth_and_end(line: &[u8], place: usize) -> Option<(&[u8], usize)> {
    let mut start = 0;
    for _ in 0..place {
        start += memchr(b' ', line.get(start..)?)? + 1;
    }
    let rest = line.get(start..)?;
    let end = memchr(b' ', rest).unwrap_or(rest.len());
    Some((rest.get(..end)?, start + end))
}

fn nth(line: &[u8], place: usize) -> Option<&[u8]> {
    nth_and_end(line, place).map(|(field, _)| field)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
