//! The fields of a line: found once, and read one by one as they are asked for.

use std::net::IpAddr;
use std::ops::Range;

use super::super::format::{Field, Format};
use super::super::record::Row;
use super::SPACES;
use super::parse::{address, number_in, spaces};

/// A line's fields.
pub(super) struct Fields<'l> {
    /// What begins with the line; what is behind it is no part of any field.
    pub(super) line: &'l [u8],
    pub(super) spaces: &'l mut [usize; SPACES],
    pub(super) format: &'l Format,
}

impl Fields<'_> {
    /// Finds where the line ends, and its spaces; false when there are not as many fields as there should be, or one
    /// is empty: what does not apply is `-`.
    pub(super) fn split(&mut self) -> (usize, bool) {
        let (end, count) = spaces(self.line, self.spaces);
        let Some(count) = count else { return (end, false) };
        let length = end - usize::from(self.line.get(..end).is_some_and(|line| line.ends_with(b"\r")));
        if let Some(last) = self.spaces.get_mut(count + 1) {
            *last = length;
        }
        let last = self.spaces.get(count).map_or(0, |last| last.wrapping_add(1));
        (end, count + 1 == self.format.fields && last < length)
    }

    /// Where a field is in the line; nowhere if the format does not have it.
    fn place(&self, field: Field) -> Option<Range<usize>> {
        let place = self.format.place(field)?;
        let [before, after] = self.spaces.get(place..place + 2)? else { return None };
        Some(before.wrapping_add(1)..*after)
    }
}

impl Row for Fields<'_> {
    fn has(&self, field: Field) -> bool {
        self.format.place(field).is_some()
    }

    fn text(&self, field: Field) -> &[u8] {
        self.place(field).and_then(|place| self.line.get(place)).unwrap_or_default()
    }

    fn number(&self, field: Field) -> Option<u64> {
        number_in(self.line, self.place(field)?)
    }

    fn address(&self, field: Field) -> Option<IpAddr> {
        address(self.text(field))
    }
}
