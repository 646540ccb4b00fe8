//! Bills in CSV, packed or not.
//!
//! Most lines are of other services. Such a line is walked up to its usage type and dates, and from there on only its
//! end is looked for; quotes are followed all the way, so that a line break within a tag ends no line.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};
use std::ops::Range;

use jiff::Timestamp;
use memchr::{memchr, memchr2};

use super::super::form::{Columns, Field, Form};
use super::super::ledger::Ledger;
use super::super::line::{Cells, instant, is_usage};
use super::super::usage_type::Meaning;
use super::Problem;

/// What is read at once.
const BUFFER: usize = 512 << 10;

/// No line is longer.
pub(super) const LONGEST: usize = 4 << 20;

/// What the first bytes of other files are.
const ZIP: &[u8] = b"PK\x03\x04";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the form from the first line.
pub(super) fn form(input: impl Read) -> Result<Form, Problem> {
    let mut lines = Lines::new(input);
    Ok(header(&mut lines)?.form)
}

/// Adds all lines.
pub(super) fn read(input: impl Read, ledger: &mut Ledger, form: &mut Option<Form>) -> Result<(), Problem> {
    let mut lines = Lines::new(input);
    let columns = header(&mut lines)?;
    *form = Some(columns.form);
    let told = [Field::UsageType, Field::Class, Field::Start, Field::End];
    let told = told.map(|field| columns.place(field).unwrap_or(usize::MAX));
    let last_told = told.into_iter().max().unwrap_or(0);
    let mut period = Period::default();
    let mut kept = (Vec::new(), Meaning::Foreign);
    let done = loop {
        let line = match lines.next(last_told + 1) {
            Ok(Some(line)) => line,
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        };
        if line.cells.len() == 1 && line.bytes.trim_ascii().is_empty() {
            continue;
        }
        ledger.bill.statistics.lines += 1;
        let [usage_type, class, start, end] = told.map(|place| line.cell(place));
        if is_usage(&class) {
            period.add(&start, &end, ledger);
        }
        if kept.0 != *usage_type {
            kept = (usage_type.to_vec(), ledger.meaning(&usage_type));
        }
        let meaning = kept.1;
        drop((usage_type, class, start, end));
        if meaning != Meaning::Foreign {
            match line.whole().filter(|cells| cells.len() == columns.count) {
                Some(cells) => {
                    ledger.add(meaning, &columns, &Row { bytes: line.bytes, cells: &cells, columns: &columns });
                }
                None => ledger.bill.statistics.malformed += 1,
            }
        }
    };
    period.end(ledger);
    done
}

fn header(lines: &mut Lines<impl Read>) -> Result<Columns, Problem> {
    let line = lines.next(usize::MAX)?.ok_or(Problem::Empty)?;
    if line.bytes.starts_with(ZIP) {
        return Err(Problem::Zip);
    }
    let names: Vec<_> =
        line.cells.iter().map(|range| unquoted(line.bytes.get(range.clone()).unwrap_or_default())).collect();
    let names = names.iter().map(|name| String::from_utf8_lossy(name.strip_prefix(BYTE_ORDER_MARK).unwrap_or(name)));
    let names: Vec<_> = names.collect();
    Ok(Columns::recognise(names.iter().map(|name| &**name))?)
}

/// The time that usage is of. Times of one file are written alike, so that they stand in the order of their letters.
#[derive(Default)]
struct Period {
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Period {
    fn add(&mut self, start: &[u8], end: &[u8], ledger: &mut Ledger) {
        if self.first.len() != start.len() || self.last.len() != end.len() {
            self.end(ledger);
            (self.first, self.last) = (start.to_vec(), end.to_vec());
            return;
        }
        if start < self.first.as_slice() {
            self.first.copy_from_slice(start);
        }
        if end > self.last.as_slice() {
            self.last.copy_from_slice(end);
        }
    }

    fn end(&self, ledger: &mut Ledger) {
        let time = |text: &[u8]| -> Option<Timestamp> { instant(std::str::from_utf8(text).ok()?) };
        if let Some((start, end)) = time(&self.first).zip(time(&self.last)) {
            ledger.saw(start, end);
        }
    }
}

/// Lines as they come.
struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer is filled, and not a line that was given out.
    filled: Range<usize>,
    is_at_end: bool,
    cells: Vec<Range<usize>>,
}

/// A line, of which some cells are told apart.
struct Line<'l> {
    bytes: &'l [u8],
    cells: &'l [Range<usize>],
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self { input, buffer: vec![0; BUFFER], filled: 0..0, is_at_end: false, cells: Vec::new() }
    }

    /// The next line, with so many of its cells, or all.
    fn next(&mut self, cells: usize) -> Result<Option<Line<'_>>, Problem> {
        loop {
            let text = self.buffer.get(self.filled.clone()).unwrap_or_default();
            if let Some((length, ending)) = walk(text, cells, self.is_at_end, &mut self.cells) {
                let start = self.filled.start;
                self.filled.start += length + ending;
                let bytes = self.buffer.get(start..start + length).unwrap_or_default();
                return Ok(Some(Line { bytes, cells: &self.cells }));
            }
            if self.is_at_end {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), Problem> {
        let held = self.filled.len();
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..held;
        if held == self.buffer.len() {
            if held >= LONGEST {
                return Err(Problem::LongLine);
            }
            self.buffer.resize(2 * held, 0);
        }
        loop {
            match self.input.read(self.buffer.get_mut(held..).unwrap_or_default()) {
                Ok(read) => {
                    self.filled.end += read;
                    self.is_at_end = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Walks a line, and notes its first cells. Its length, and that of its ending; none where there is no whole line.
fn walk(text: &[u8], wanted: usize, is_at_end: bool, cells: &mut Vec<Range<usize>>) -> Option<(usize, usize)> {
    cells.clear();
    if text.is_empty() {
        return None;
    }
    let mut start = 0;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        if cells.len() >= wanted {
            // Where no quote comes before the next line break, that one is the line's end.
            match memchr2(b'\n', b'"', rest) {
                Some(at) if rest.get(at) == Some(&b'\n') => return Some((start + at, 1)),
                None if is_at_end => return Some((text.len(), 0)),
                None => return None,
                Some(_) => {}
            }
        }
        let length = cell(rest, is_at_end)?;
        if cells.len() < wanted {
            cells.push(start..start + length);
        }
        start += length;
        match text.get(start) {
            Some(b',') => start += 1,
            Some(_) => return Some((start, 1)),
            None => return Some((start, 0)),
        }
    }
}

/// The length of the cell that a text begins with; none where its end is not there.
fn cell(text: &[u8], is_at_end: bool) -> Option<usize> {
    let end = is_at_end.then_some(text.len());
    if text.first() != Some(&b'"') {
        return memchr2(b',', b'\n', text).or(end);
    }
    let mut at = 1;
    loop {
        let Some(quote) = memchr(b'"', text.get(at..).unwrap_or_default()) else { return end };
        at += quote + 1;
        match text.get(at) {
            Some(b'"') => at += 1,
            Some(b',' | b'\n') => return Some(at),
            // A line's end of two bytes, or something behind a quote that belongs to nothing.
            Some(_) => {
                let behind = text.get(at..).unwrap_or_default();
                return memchr2(b',', b'\n', behind).map(|more| at + more).or(end);
            }
            None => return end,
        }
    }
}

impl Line<'_> {
    fn cell(&self, place: usize) -> Cow<'_, [u8]> {
        let range = self.cells.get(place).cloned().unwrap_or_default();
        unquoted(self.bytes.get(range).unwrap_or_default())
    }

    /// All cells.
    fn whole(&self) -> Option<Vec<Range<usize>>> {
        let mut cells = Vec::with_capacity(self.cells.len() * 4);
        walk(self.bytes, usize::MAX, true, &mut cells).map(|_| cells)
    }
}

/// A cell without what only CSV needs.
fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
    let cell = cell.strip_suffix(b"\r").unwrap_or(cell);
    let Some(inner) = cell.strip_prefix(b"\"") else { return Cow::Borrowed(cell) };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    if memchr(b'"', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((first, more)) = rest.split_first() {
        plain.push(*first);
        rest = if *first == b'"' { more.strip_prefix(b"\"").unwrap_or(more) } else { more };
    }
    Cow::Owned(plain)
}

/// A line that is ours.
struct Row<'r> {
    bytes: &'r [u8],
    cells: &'r [Range<usize>],
    columns: &'r Columns,
}

impl Cells for Row<'_> {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        let range = self.cells.get(self.columns.place(field)?)?;
        let text = match unquoted(self.bytes.get(range.clone())?) {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the well-known reader has it.
    fn by_csv(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let record = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
        reader.records().map(Result::unwrap).map(record).collect()
    }

    fn by_walking(text: &str, first: usize, step: usize) -> Vec<Vec<String>> {
        struct Dribble<'t>(&'t [u8], usize);
        impl Read for Dribble<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let length = self.1.min(self.0.len()).min(into.len());
                (&self.0[..length]).read(into)?;
                self.0 = &self.0[length..];
                Ok(length)
            }
        }
        let mut lines = Lines::new(Dribble(text.as_bytes(), step));
        let mut rows = Vec::new();
        while let Some(line) = lines.next(first).unwrap() {
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            let cells = line.whole().unwrap();
            let cell = |range: Range<usize>| String::from_utf8(unquoted(&line.bytes[range]).into_owned()).unwrap();
            rows.push(cells.into_iter().map(cell).collect());
        }
        rows
    }

    #[test]
    fn lines_and_cells_are_those_of_the_csv_crate() {
        for text in [
            "a,b,c\n1,2,3\n",
            "a,b,c\r\n1,2,3\r\n",
            "a,\"b,c\",\"d\"\"e\"\n,,\n\"\",\"x\ny\",z\nlast,one,without end",
            "\"two\nlines\",\"a \"\" quote\"\r\n\"x\",\"\"\r\n",
            "a,b\n\n1,2\n",
            "in \"the\" middle,b\nc,5\" pipe\n",
            "\"never closed,b\nc,d\n",
        ] {
            for first in [1, 2, 100] {
                for step in [1, 3, 1_000] {
                    assert_eq!(by_walking(text, first, step), by_csv(text), "{text:?} {first} {step}");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_table_is_read_as_it_was_written(
            rows in proptest::collection::vec(proptest::collection::vec("[a,\"\n\r é]{0,6}", 3), 1..8),
            first in 1..5_usize,
            step in 1..40_usize,
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            proptest::prop_assert_eq!(by_walking(&text, first, step), rows);
        }
    }
}
