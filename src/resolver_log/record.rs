//! A line of a query log.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::Deserialize;

/// A VPC's id is much shorter; a longer one is kept nowhere.
const LONGEST_ID: usize = 64;

/// A query and what it was answered.
#[derive(Debug)]
pub(super) struct Record<'l> {
    pub(super) vpc_id: Cow<'l, str>,
    /// Hours since the epoch.
    pub(super) hour: u32,
    pub(super) query_name: Cow<'l, str>,
    /// Empty unless the query succeeded.
    pub(super) answers: Vec<Answer<'l>>,
}

/// A resource record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer<'l> {
    #[serde(borrow)]
    rdata: Cow<'l, str>,
    #[serde(borrow)]
    r#type: Cow<'l, str>,
}

/// The line as it is written.
#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    vpc_id: Cow<'l, str>,
    #[serde(borrow)]
    query_timestamp: Cow<'l, str>,
    #[serde(borrow)]
    query_name: Cow<'l, str>,
    #[serde(borrow)]
    rcode: Cow<'l, str>,
    #[serde(borrow, default)]
    answers: Vec<Answer<'l>>,
}

impl<'l> Record<'l> {
    /// Reads a line; none when it is not of a query log.
    pub(super) fn parse(line: &'l [u8]) -> Option<Self> {
        // CloudWatch Logs exports the time of each event before it.
        let start = line.iter().position(|byte| *byte == b'{')?;
        let line: Line<'l> = serde_json::from_slice(line.get(start..)?).ok()?;
        let time: Timestamp = line.query_timestamp.parse().ok()?;
        let hour = u32::try_from(time.as_second().div_euclid(3600)).ok()?;
        let answers = if line.rcode.eq_ignore_ascii_case("NOERROR") { line.answers } else { Vec::new() };
        let record = Self { vpc_id: line.vpc_id, hour, query_name: line.query_name, answers };
        (record.vpc_id.len() <= LONGEST_ID).then_some(record)
    }
}

impl Answer<'_> {
    /// The address, where it is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        matches!(&*self.r#type, "A" | "AAAA").then(|| self.rdata.parse().ok()).flatten()
    }
}
