//! The report for a spreadsheet or a database: one row for each gateway, endpoint or finding, or for each Region of each
//! account, and every one of them.
//!
//! Figures are plain numbers in the unit that the column's name ends with. An empty one is not 0: it is unknown, or
//! there is none. Gateways and endpoints say in the column `unknown` what is not known, findings in `money` whether it
//! is `known`, `unknown` or there is `none`. The columns `monthly_adds_…` add up to the totals; savings of single
//! findings may not, as two of them can be about the same dollar.

mod history;

use std::io::{self, Write};

pub(super) use self::history::render as render_history;
use super::cell::cell;
use super::grid::{ACCOUNTS, Column, ENDPOINTS, FINDINGS, Facts, NAT_GATEWAYS, Place, RECONCILIATION, Reconciled};
use crate::report::Report;

/// What the rows of the CSV are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum CsvTable {
    /// NAT gateways, dearest first.
    NatGateways,
    /// Endpoints, dearest first.
    Endpoints,
    /// Findings, most money first.
    #[default]
    Findings,
    /// Regions of accounts, dearest first.
    Accounts,
    /// The bill beside what was computed (with --bill).
    Reconciliation,
}

/// Writes a table of the report.
///
/// # Errors
/// When writing fails.
pub fn render_csv(report: &Report, table: CsvTable, out: &mut dyn Write) -> io::Result<()> {
    let places = Place::all(report);
    let facts = Facts::new(report);
    match table {
        CsvTable::NatGateways => write(NAT_GATEWAYS, &report.nat_gateways, &facts, out),
        CsvTable::Endpoints => write(ENDPOINTS, &report.endpoints, &facts, out),
        CsvTable::Findings => write(FINDINGS, &report.findings, &facts, out),
        CsvTable::Accounts => write(ACCOUNTS, &places, &facts, out),
        CsvTable::Reconciliation => write(RECONCILIATION, &Reconciled::all(report), &facts, out),
    }
}

fn write<'a, R>(columns: &[Column<R>], rows: &'a [R], facts: &Facts<'a>, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns.iter().map(|column| column.name)).map_err(failed)?;
    for (index, row) in rows.iter().enumerate() {
        csv.write_record(columns.iter().map(|column| cell((column.value)(facts, index, row)))).map_err(failed)?;
    }
    csv.flush()
}

/// What went wrong with the writer below: a closed pipe stays one.
pub(super) fn failed(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Account;

    fn csv(report: &Report, table: CsvTable) -> Vec<std::collections::HashMap<String, String>> {
        let mut out = Vec::new();
        render_csv(report, table, &mut out).unwrap();
        ::csv::Reader::from_reader(out.as_slice()).into_deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn unknown_is_empty_and_says_why() {
        let report = Account::plain("us-east-1").report();
        let rows = csv(&report, CsvTable::NatGateways);
        assert_eq!(rows[0]["window_hours_usd"], "32.85");
        assert_eq!(rows[0]["window_data_usd"], "");
        assert_eq!(rows[0]["processed_bytes"], "");
        assert!(rows[0]["unknown"].contains("no metric"), "{}", rows[0]["unknown"]);
    }

    #[test]
    fn every_region_of_every_account_has_its_sums() {
        let account = Account::plain("us-east-1").traffic("nat-1", 100, 400);
        let account = account.scan(|scan| scan.account_name = Some("=HYPERLINK(1)".into()));
        let report = account.and("444455556666", "eu-west-1").report();
        let rows = csv(&report, CsvTable::Accounts);
        let of = |column: &str| rows.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
        assert_eq!(of("account_id"), ["111122223333", "444455556666"]);
        assert_eq!(of("account_name"), ["'=HYPERLINK(1)", ""]);
        assert_eq!(of("region"), ["us-east-1", "eu-west-1"]);
        assert_eq!(of("monthly_known_usd"), ["59", "0"]);
        assert_eq!(of("complete"), ["yes", "yes"]);
    }

    #[test]
    fn what_findings_add_comes_to_the_total() {
        let report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
        let rows = csv(&report, CsvTable::Findings);
        let sum = |column: &str| rows.iter().filter_map(|row| row[column].parse::<rust_decimal::Decimal>().ok()).sum();
        assert_eq!(Some(report.totals.monthly_usd.saving_high.0.normalize()), Some(sum("monthly_adds_high_usd")));
        assert!(rows.iter().any(|row| row["money"] == "known") && rows.len() == report.findings.len());
    }
}
