//! The sheet of days: what each gateway processed on each.

use rust_xlsxwriter::{ExcelDateTime, Worksheet, XlsxError};

use super::sheet::head;
use super::{Look, UNKNOWN, figure, small, text};
use crate::model::Gigabytes;
use crate::report::Report;

/// Its name.
pub(super) const TITLE: &str = "Daily";

/// Where its gigabytes are.
pub(super) const GIGABYTES: u16 = 5;

/// How many rows it has, and how many more there are than a sheet has room for.
pub(super) fn rows(report: &Report, limit: usize) -> (usize, usize) {
    let all: usize = report.nat_gateways.iter().map(|gateway| gateway.daily_bytes.len()).sum();
    (all.min(limit), all.saturating_sub(limit))
}

pub(super) fn worksheet(report: &Report, limit: usize, look: &Look) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    let headings = [
        ("Day (UTC)", 12, &look.date),
        ("Account", 15, &look.plain),
        ("Region", 14, &look.plain),
        ("NAT gateway", 23, &look.plain),
        ("Name", 22, &look.plain),
        ("Processed", 16, &look.gigabytes),
    ];
    head(&mut sheet, TITLE, &headings, rows(report, limit).0, look)?;
    let mut at = 1..=u32::try_from(limit).unwrap_or(u32::MAX);
    for gateway in &report.nat_gateways {
        let id = text(gateway.nat_gateway_id.as_str());
        let (account, region) = (text(gateway.account_id.as_str()), text(gateway.region.as_str()));
        let name = text(gateway.name.as_deref().unwrap_or_default());
        for (day, bytes) in &gateway.daily_bytes {
            let Some(row) = at.next() else { return Ok(sheet) };
            let date = ExcelDateTime::from_ymd(small(day.year()), small(day.month()), small(day.day()))?;
            sheet.write_datetime(row, 0, &date)?;
            for (column, value) in (1..).zip([&account, &region, &id, &name]) {
                sheet.write_string(row, column, value.as_str())?;
            }
            match bytes {
                Some(bytes) => {
                    let amount = figure(Gigabytes::from_bytes(*bytes).0);
                    sheet.write_number(row, GIGABYTES, amount)?
                }
                None => sheet.write_string_with_format(row, GIGABYTES, UNKNOWN, &look.unknown)?,
            };
        }
    }
    Ok(sheet)
}
