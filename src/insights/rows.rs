//! From the rows of answers to sums.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::layout::{Field, Layout};
use super::query::{BYTES, HOUR, RECORDS};
use crate::flow_log::watch::Gateway;
use crate::flow_log::{Legs, RecordEnds, Sum, SumOf};

/// A row: fields and values. What a record does not have is not there.
pub type Row = Vec<(String, String)>;

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Not what was asked for.
    #[error("CloudWatch Logs Insights answered without {0}")]
    Missing(&'static str),
    /// Not what was asked for.
    #[error("CloudWatch Logs Insights answered {1:?} for {0}, which is no such thing")]
    Odd(&'static str, String),
}

/// What came of the queries so far.
#[derive(Debug)]
pub struct Answers<'a> {
    layout: &'a Layout,
    legs: Legs,
    sums: Vec<Sum>,
    /// Accepted records by interface or gateway: those that were counted, less those that came with addresses.
    accepted: BTreeMap<String, (u64, u64)>,
    /// Records of the gateways, whatever they tell.
    records: u64,
}

impl<'a> Answers<'a> {
    /// None yet.
    #[must_use]
    pub fn new(layout: &'a Layout, gateways: &[Gateway]) -> Self {
        Self { layout, legs: Legs::new(gateways), sums: Vec::new(), accepted: BTreeMap::new(), records: 0 }
    }

    /// How many records of the gateways there are.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Takes the rows of [`Layout::flows`].
    ///
    /// # Errors
    /// When they are not what was asked for.
    pub fn flows(&mut self, rows: &[Row]) -> Result<(), RowError> {
        for row in rows {
            let nat = self.nat(row);
            let hour = hour(get(row, HOUR).ok_or(RowError::Missing("the hour"))?)?;
            let bytes = number("a sum of bytes", get(row, BYTES).ok_or(RowError::Missing("bytes"))?)?;
            let records = number("a count", get(row, RECORDS).ok_or(RowError::Missing("a count"))?)?;
            let text = |field| self.field(row, field).unwrap_or_default();
            let ends = (text(Field::Source), text(Field::Destination));
            let packet = self.layout.has_packet().then(|| (text(Field::PacketSource), text(Field::PacketDestination)));
            let of = self.legs.of(&nat, RecordEnds { ends, packet });
            self.accepted.entry(nat.clone()).or_default().1 += records;
            self.sums.push(Sum { nat, flow_log: None, of, hour: Some(hour), bytes, records });
        }
        Ok(())
    }

    /// Takes the rows of [`Layout::statistics`].
    ///
    /// # Errors
    /// When they are not what was asked for.
    pub fn statistics(&mut self, rows: &[Row]) -> Result<(), RowError> {
        for row in rows {
            let nat = self.nat(row);
            let records = number("a count", get(row, RECORDS).ok_or(RowError::Missing("a count"))?)?;
            self.records += records;
            let (action, status) = (self.field(row, Field::Action), self.field(row, Field::Status));
            let of = match (status, action) {
                (Some("NODATA"), _) | (None, Some("-")) => SumOf::NoData,
                (Some("SKIPDATA"), _) => SumOf::SkipData,
                (Some("OK") | None, Some("ACCEPT") | None) => {
                    self.accepted.entry(nat).or_default().0 += records;
                    continue;
                }
                (Some("OK") | None, Some("REJECT")) => SumOf::Rejected,
                _ => SumOf::Malformed,
            };
            self.sums.push(Sum { nat, flow_log: None, of, hour: None, bytes: 0, records });
        }
        Ok(())
    }

    /// All sums: accepted records that came with no addresses are of legs that the query left out.
    #[must_use]
    pub fn done(self) -> Vec<Sum> {
        let mut sums = self.sums;
        for (nat, (counted, with_addresses)) in self.accepted {
            let records = counted.saturating_sub(with_addresses);
            if records > 0 {
                sums.push(Sum { nat, flow_log: None, of: SumOf::OtherLeg, hour: None, bytes: 0, records });
            }
        }
        sums
    }

    fn field<'r>(&self, row: &'r Row, field: Field) -> Option<&'r str> {
        get(row, self.layout.name(field)?)
    }

    fn nat(&self, row: &Row) -> String {
        let interface = self.field(row, Field::Interface).filter(|id| *id != "-");
        interface.or_else(|| self.field(row, Field::Resource)).unwrap_or_default().to_owned()
    }
}

fn get<'r>(row: &'r Row, field: &str) -> Option<&'r str> {
    row.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
}

/// A whole number: `1234`, `1234.0` or, as Insights writes large ones, `1.234E12`.
fn number(what: &'static str, text: &str) -> Result<u64, RowError> {
    let odd = || RowError::Odd(what, text.chars().take(40).collect());
    let scientific = text.contains(['e', 'E']);
    let decimal = if scientific { Decimal::from_scientific(text).ok() } else { text.parse::<Decimal>().ok() };
    decimal.filter(|number| number.is_integer()).and_then(|number| number.to_u64()).ok_or_else(odd)
}

/// `2026-10-01 05:00:00.000` as hours since 1970.
fn hour(text: &str) -> Result<u32, RowError> {
    let odd = || RowError::Odd("an hour", text.chars().take(40).collect());
    let time: jiff::civil::DateTime = text.parse().map_err(|_| odd())?;
    let instant = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| odd())?.timestamp();
    u32::try_from(instant.as_second() / 3600).map_err(|_| odd())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow_log::Direction;

    fn row(fields: &[(&str, &str)]) -> Row {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn gateway() -> Gateway {
        Gateway {
            nat: "nat-1".to_owned(),
            interfaces: vec!["eni-1".to_owned()],
            addresses: vec!["10.0.0.220".parse().unwrap()],
            ..Gateway::default()
        }
    }

    #[test]
    fn large_numbers_are_read_and_others_refused() {
        assert_eq!(number("", "1234"), Ok(1234));
        assert_eq!(number("", "1.234E12"), Ok(1_234_000_000_000));
        assert_eq!(number("", "9007199254740993"), Ok(9_007_199_254_740_993));
        assert_eq!(number("", "17.0"), Ok(17));
        for text in ["1.5", "-1", "", "many", "1E40"] {
            assert!(number("x", text).is_err(), "{text}");
        }
        assert_eq!(hour("1970-01-02 05:00:00.000"), Ok(29));
        assert!(hour("yesterday").is_err());
    }

    #[test]
    fn rows_become_sums_and_what_is_left_is_of_other_legs() {
        let layout = Layout::of("/vpc", None, &[]).unwrap();
        let mut answers = Answers::new(&layout, &[gateway()]);
        let flow = row(&[
            ("bin(1h)", "1970-01-01 02:00:00.000"),
            ("interfaceId", "eni-1"),
            ("srcAddr", "10.0.0.220"),
            ("dstAddr", "203.0.113.5"),
            ("sumOfBytes", "100"),
            ("records", "2"),
        ]);
        answers.flows(&[flow]).unwrap();
        let count = |action, status, records| {
            row(&[("interfaceId", "eni-1"), ("action", action), ("logStatus", status), ("records", records)])
        };
        let counts = [
            count("ACCEPT", "OK", "5"),
            count("REJECT", "OK", "1"),
            count("-", "NODATA", "7"),
            count("-", "SKIPDATA", "8"),
            count("MAYBE", "OK", "9"),
        ];
        answers.statistics(&counts).unwrap();
        assert_eq!(answers.records(), 30);
        let sums = answers.done();
        let remote = Some("203.0.113.5".parse().unwrap());
        assert_eq!(sums[0].of, SumOf::Flow { direction: Direction::Upload, client: None, remote });
        assert_eq!((sums[0].hour, sums[0].bytes, sums[0].records), (Some(2), 100, 2));
        let others: Vec<_> = sums[1..].iter().map(|sum| (sum.of, sum.records)).collect();
        assert_eq!(
            others,
            [
                (SumOf::Rejected, 1),
                (SumOf::NoData, 7),
                (SumOf::SkipData, 8),
                (SumOf::Malformed, 9),
                (SumOf::OtherLeg, 3)
            ]
        );
    }

    #[test]
    fn an_answer_to_something_else_is_an_error() {
        let layout = Layout::of("/vpc", None, &[]).unwrap();
        let mut answers = Answers::new(&layout, &[gateway()]);
        let error = answers.flows(&[row(&[("interfaceId", "eni-1")])]).unwrap_err().to_string();
        assert_eq!(error, "CloudWatch Logs Insights answered without the hour");
        let error = answers.statistics(&[row(&[("records", "x")])]).unwrap_err().to_string();
        assert!(error.contains("\"x\" for a count"), "{error}");
    }
}
