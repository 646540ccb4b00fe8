//! A table of any length: its first rows in the page, all of them in the page's data.

use rust_decimal::Decimal;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// Rows that are in the page itself, and on each page that its script shows.
pub(super) const PAGE: usize = 50;

/// A table.
pub(super) struct List<'r> {
    /// What the page's elements for it are named after.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) columns: Vec<Column>,
    /// What its rows can be filtered by, besides words.
    pub(super) facets: &'static [&'static str],
    pub(super) len: usize,
    pub(super) row: Box<dyn Fn(usize) -> askama::Result<Row> + 'r>,
}

/// A column. Rows can be sorted by it.
pub(super) struct Column {
    pub(super) label: &'static str,
    pub(super) number: bool,
}

/// One row.
#[derive(Serialize)]
pub(super) struct Row {
    /// A `tr` element.
    pub(super) html: String,
    /// What it is sorted by, column by column.
    pub(super) keys: Vec<Key>,
    /// Its value of each facet.
    pub(super) facets: Vec<String>,
}

/// What a row is sorted by.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Key {
    /// A figure; unknown ones come last.
    Figure(#[serde(serialize_with = "crate::report::number")] Option<Decimal>),
    /// Words.
    Words(String),
}

impl Key {
    pub(super) fn words(text: &str) -> Self {
        Self::Words(super::text::short(text))
    }
}

/// A column of words.
pub(super) fn words(label: &'static str) -> Column {
    Column { label, number: false }
}

/// A column of figures.
pub(super) fn figures(label: &'static str) -> Column {
    Column { label, number: true }
}

impl List<'_> {
    /// The rows in the page itself.
    pub(super) fn first(&self) -> askama::Result<String> {
        (0..self.len.min(PAGE)).map(|index| Ok((self.row)(index)?.html)).collect()
    }

    /// How many rows those are, when they are not all.
    pub(super) fn cut(&self) -> Option<usize> {
        (self.len > PAGE).then_some(PAGE)
    }
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'l, 'r> {
            id: &'static str,
            facets: &'static [&'static str],
            rows: Rows<'l, 'r>,
        }
        Whole { id: self.id, facets: self.facets, rows: Rows(self) }.serialize(serializer)
    }
}

struct Rows<'l, 'r>(&'l List<'r>);

impl Serialize for Rows<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.len))?;
        for index in 0..self.0.len {
            rows.serialize_element(&(self.0.row)(index).map_err(serde::ser::Error::custom)?)?;
        }
        rows.end()
    }
}
