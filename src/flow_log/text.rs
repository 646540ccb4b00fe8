//! Flow logs as text: one record a line, fields parted by single spaces.
//!
//! Two thirds of a VPC's records are of interfaces that are no gateway. Such a line is told by the bytes up to its
//! interface field, which are mostly those of the line before, and skipped to its end unread.

mod fields;
mod parse;

use std::collections::{BTreeSet, HashMap};
use std::io::{ErrorKind, Read};

use fields::Fields;
use memchr::{memchr, memrchr};
use parse::line_end;
pub(super) use parse::{MOST_DIGITS, address, number, other_address, v4_address};

use super::counter::Counter;
use super::format::{Field, Format, FormatError, MOST_FIELDS};
use super::record::{Gate, Row as _};
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
            let end = match self.before.1 {
                Gate::Other if same => {
                    others += 1;
                    known + line_end(text.get(known..).unwrap_or_default())
                }
                gate if same => {
                    self.counter.tally.statistics.records += 1;
                    self.record(text, gate)
                }
                _ => {
                    let end = line_end(text);
                    result = self.line(text.get(..end).unwrap_or_default());
                    end
                }
            };
            text = text.get(end + 1..).unwrap_or_default();
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
        let (_, is_whole) = fields.split();
        let fate = match (is_whole, fields.status()) {
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

    /// Takes a gateway's record, or any where clients' are looked for: the line that a text begins with. Tells where
    /// it ends.
    fn record(&mut self, text: &[u8], gate: Gate) -> usize {
        let Some(format) = &self.format else { return line_end(text) };
        let mut fields = Fields { line: text, spaces: &mut self.spaces, format };
        let (end, is_whole) = fields.split();
        if is_whole {
            self.counter.take(gate, self.log.1, &fields);
        } else {
            self.counter.tally.statistics.malformed += 1;
        }
        end
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
