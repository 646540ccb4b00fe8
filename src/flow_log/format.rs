//! Which field stands where in a flow log's records: told by its header line, or by the flow log's configuration.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>

/// The fields that count here; of all others only the place is known, by those around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Account,
    Interface,
    Resource,
    InterfaceType,
    Source,
    Destination,
    PacketSource,
    PacketDestination,
    Bytes,
    Start,
    End,
    Action,
    Status,
    Vpc,
    Subnet,
}

/// Every field here, by its name in text headers; Parquet's columns have underscores instead of hyphens.
pub(super) const FIELDS: [(Field, &str); 15] = [
    (Field::Account, "account-id"),
    (Field::Interface, "interface-id"),
    (Field::Resource, "resource-id"),
    (Field::InterfaceType, "interface-type"),
    (Field::Source, "srcaddr"),
    (Field::Destination, "dstaddr"),
    (Field::PacketSource, "pkt-srcaddr"),
    (Field::PacketDestination, "pkt-dstaddr"),
    (Field::Bytes, "bytes"),
    (Field::Start, "start"),
    (Field::End, "end"),
    (Field::Action, "action"),
    (Field::Status, "log-status"),
    (Field::Vpc, "vpc-id"),
    (Field::Subnet, "subnet-id"),
];

/// The format of flow logs that were made without choosing one.
pub(crate) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// More fields than any version has.
pub(super) const MOST_FIELDS: usize = 128;

/// Where the fields of a record stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    places: [u8; FIELDS.len()],
    /// How many fields a record has.
    pub(super) fields: usize,
}

/// Why records of a format cannot be attributed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A field that nothing can do without.
    #[error("its records have no {0}")]
    Missing(&'static str),
    /// Not a format.
    #[error("{0:?} is not a list of flow-log fields, such as '${{version}} ${{account-id}} ${{interface-id}} …'")]
    NoFields(String),
}

const NOWHERE: u8 = u8::MAX;

impl Format {
    /// Reads a header line, or a format as `DescribeFlowLogs` shows it: `${version} ${account-id} …`.
    ///
    /// # Errors
    /// When it names too few of the fields.
    pub(super) fn parse(text: &str) -> Result<Self, FormatError> {
        let words = text.split_ascii_whitespace();
        let plain = |word| str::strip_prefix(word, "${").and_then(|word| word.strip_suffix('}')).unwrap_or(word);
        let format = Self::new(words.map(plain))?;
        if format.known() == 0 {
            return Err(FormatError::NoFields(text.chars().take(80).collect()));
        }
        format.usable()?;
        Ok(format)
    }

    fn new<'x>(names: impl Iterator<Item = &'x str>) -> Result<Self, FormatError> {
        let mut format = Self { places: [NOWHERE; FIELDS.len()], fields: 0 };
        for name in names {
            if format.fields == MOST_FIELDS {
                return Err(FormatError::NoFields("more than 128 fields".to_owned()));
            }
            if let Some((field, _)) = FIELDS.iter().find(|(_, known)| *known == name)
                && let Some(place) = format.places.get_mut(*field as usize)
            {
                *place = u8::try_from(format.fields).unwrap_or(NOWHERE);
            }
            format.fields += 1;
        }
        Ok(format)
    }

    /// What flow logs have where nothing else was asked for.
    pub(super) fn default_format() -> Option<Self> {
        Self::parse(DEFAULT).ok()
    }

    /// Whether a line is a header and not a record: names of fields, two of them known at least.
    pub(super) fn is_header(line: &[u8]) -> bool {
        let is_name =
            |word: &[u8]| word.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
        if !line.first().is_some_and(u8::is_ascii_lowercase) || line.len() > 1 << 13 {
            return false;
        }
        let words = || line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let known = words().filter(|word| FIELDS.iter().any(|(_, name)| name.as_bytes() == *word)).count();
        known >= 2 && words().all(is_name)
    }

    fn usable(&self) -> Result<(), FormatError> {
        if self.place(Field::Interface).is_none() && self.place(Field::Resource).is_none() {
            return Err(FormatError::Missing("interface-id"));
        }
        for (field, name) in [(Field::Source, "srcaddr"), (Field::Destination, "dstaddr"), (Field::Bytes, "bytes")] {
            if self.place(field).is_none() {
                return Err(FormatError::Missing(name));
            }
        }
        Ok(())
    }

    fn known(&self) -> usize {
        self.places.iter().filter(|place| **place != NOWHERE).count()
    }

    /// Where a field stands, the first being 0.
    pub(super) fn place(&self, field: Field) -> Option<usize> {
        self.places.get(field as usize).copied().filter(|place| *place != NOWHERE).map(usize::from)
    }

    /// Whether a line has as many fields as a record.
    pub(super) fn is_whole(&self, line: &[u8]) -> bool {
        memchr::memchr_iter(b' ', line).count() + 1 == self.fields
    }

    /// Whether records tell when they were.
    pub(super) fn has_time(&self) -> bool {
        self.place(Field::Start).is_some()
    }

    /// The same with one more word before each record, as exports of CloudWatch Logs have.
    pub(super) fn behind_a_time(mut self) -> Self {
        for place in self.places.iter_mut().filter(|place| **place != NOWHERE) {
            *place += 1;
        }
        self.fields += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_configurations_read_alike() {
        let header = Format::parse(DEFAULT).unwrap();
        let words: Vec<_> = DEFAULT.split(' ').map(|name| format!("${{{name}}}")).collect();
        assert_eq!(Format::parse(&words.join(" ")).unwrap(), header);
        assert_eq!((header.place(Field::Interface), header.place(Field::Status)), (Some(2), Some(13)));
        assert_eq!((header.fields, header.place(Field::PacketSource)), (14, None));
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = |text: &str| Format::parse(text).unwrap_err().to_string();
        assert_eq!(missing("version interface-id srcaddr dstaddr action"), "its records have no bytes");
        assert_eq!(missing("srcaddr dstaddr bytes"), "its records have no interface-id");
        assert!(missing("hello world").contains("not a list of flow-log fields"));
        assert!(Format::parse("resource-id srcaddr dstaddr bytes a-field-of-2031").is_ok());
    }

    #[test]
    fn headers_are_no_records() {
        assert!(Format::is_header(DEFAULT.as_bytes()));
        assert!(Format::is_header(b"srcaddr dstaddr"));
        assert!(!Format::is_header(b"2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1 1 ACCEPT OK"));
        assert!(!Format::is_header(b"eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5"));
        assert!(!Format::is_header(b"") && !Format::is_header(b"\xff\x00 bytes start"));
    }
}
