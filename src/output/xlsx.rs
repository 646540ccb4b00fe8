//! The report as a workbook: a summary whose totals are formulas over the other sheets, so that who filters or edits
//! a row sees what it does; accounts, where there are several; gateways, endpoints, findings; and each gateway's gigabytes by day.
//!
//! Every formula is stored with its result, which a reader that does not recalculate shows. Text is always written as
//! text, never as a formula or a link.

mod daily;
mod sheet;
mod summary;

use std::io::{self, Write};

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use self::sheet::Sheet;
use super::clean;
use super::grid::{ACCOUNTS, ENDPOINTS, FINDINGS, Facts, NAT_GATEWAYS, Place, RECONCILIATION, Reconciled};
use crate::report::Report;

/// The rows of a sheet below its header: a limit of the file's form.
const ROWS: usize = 1_048_575;

/// The longest text of a cell, in UTF-16 units: a limit of the file's form.
const TEXT: usize = 32_767;

/// What is shown for a figure that is not known. Sums pass over it.
const UNKNOWN: &str = "unknown";

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&workbook(report, ROWS).map_err(io::Error::other)?)
}

fn workbook(report: &Report, limit: usize) -> Result<Vec<u8>, XlsxError> {
    let look = Look::new();
    let places = Place::all(report);
    let reconciled = Reconciled::all(report);
    let facts = Facts::new(report);
    let mut summary = Worksheet::new();
    let nat_gateways = Sheet::new("NAT gateways", NAT_GATEWAYS, &report.nat_gateways, limit);
    let endpoints = Sheet::new("Endpoints", ENDPOINTS, &report.endpoints, limit);
    let findings = Sheet::new("Findings", FINDINGS, &report.findings, limit);
    summary::write(&mut summary, report, [&nat_gateways, &endpoints, &findings], limit, &look)?;
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(report)?);
    // The fastest, for a file that is a tenth larger.
    workbook.set_zip_compression_level(1);
    workbook.push_worksheet(summary);
    if report.accounts.len() > 1 {
        workbook.push_worksheet(Sheet::new("Accounts", ACCOUNTS, &places, limit).worksheet(&facts, &look)?);
    }
    workbook.push_worksheet(nat_gateways.worksheet(&facts, &look)?);
    workbook.push_worksheet(endpoints.worksheet(&facts, &look)?);
    workbook.push_worksheet(findings.worksheet(&facts, &look)?);
    if !reconciled.is_empty() {
        workbook.push_worksheet(Sheet::new("Bill", RECONCILIATION, &reconciled, limit).worksheet(&facts, &look)?);
    }
    workbook.push_worksheet(daily::worksheet(report, limit, &look)?);
    workbook.save_to_buffer()
}

/// The file's properties: the time is the window's end, so that two runs are alike.
fn properties(report: &Report) -> Result<DocProperties, XlsxError> {
    let end = report.window.end().to_zoned(TimeZone::UTC);
    let (year, month, day) = (end.year(), end.month(), end.day());
    let date = ExcelDateTime::from_ymd(small(year), small(month), small(day))?;
    let created = date.and_hms(small(end.hour()), small(end.minute()), 0)?;
    Ok(DocProperties::new()
        .set_title("NAT gateways and VPC endpoints")
        .set_comment(report.generated_by)
        .set_creation_datetime(&created))
}

/// A part of a date, none of which is negative or large.
fn small<T: TryInto<U>, U: Default>(part: T) -> U {
    part.try_into().unwrap_or_default()
}

/// How cells look.
struct Look {
    plain: Format,
    wrapped: Format,
    bold: Format,
    title: Format,
    header: Format,
    usd: Format,
    total: Format,
    gigabytes: Format,
    count: Format,
    date: Format,
    unknown: Format,
}

impl Look {
    fn new() -> Self {
        let plain = Format::new().set_align(FormatAlign::Top);
        let usd = plain.clone().set_num_format("$#,##0.00");
        Self {
            wrapped: plain.clone().set_text_wrap(),
            bold: plain.clone().set_bold(),
            title: plain.clone().set_bold().set_font_size(16),
            header: plain
                .clone()
                .set_bold()
                .set_text_wrap()
                .set_background_color(Color::RGB(0x00DD_E6F0))
                .set_border_bottom(FormatBorder::Thin),
            total: usd.clone().set_bold().set_border_top(FormatBorder::Thin),
            gigabytes: plain.clone().set_num_format("#,##0.0 \"GB\""),
            count: plain.clone().set_num_format("#,##0"),
            date: plain.clone().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            unknown: plain.clone().set_italic().set_align(FormatAlign::Right).set_font_color(Color::RGB(0x00A6_4B00)),
            usd,
            plain,
        }
    }
}

/// Text that a cell can hold.
fn text(text: &str) -> String {
    let cleaned = clean(text);
    let mut units = 0;
    let end = cleaned.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > TEXT
    });
    if end.is_none() {
        return cleaned.into_owned();
    }
    fit(&cleaned)
}

/// The start of a text that is too long, with an ellipsis.
fn fit(text: &str) -> String {
    let mut units = 1;
    let mut start: String = text
        .chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= TEXT
        })
        .collect();
    start.push('…');
    start
}

/// Several lines that one cell can hold.
fn lines<T: AsRef<str>>(lines: &[T]) -> String {
    let joined = lines.iter().map(|line| clean(line.as_ref())).collect::<Vec<_>>().join("\n");
    if joined.encode_utf16().count() > TEXT { fit(&joined) } else { joined }
}

/// A figure as the file's form has it.
fn figure(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Account;

    #[test]
    fn two_runs_are_alike() {
        let report = Account::sound("us-east-1").report();
        let mut first = Vec::new();
        render(&report, &mut first).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        let mut second = Vec::new();
        render(&report, &mut second).unwrap();
        assert!(first.starts_with(b"PK"));
        assert!(first == second, "some time of day is in it");
    }

    #[test]
    fn texts_fit_into_cells() {
        let long = "😀".repeat(20_000);
        assert_eq!(text(&long).encode_utf16().count(), TEXT);
        assert_eq!(lines(&[&long, &long]).encode_utf16().count(), TEXT);
        let just = "x".repeat(TEXT);
        assert_eq!(text(&just), just);
        assert_eq!(text("a\u{0}\u{ffff}b"), "a\\u{0}\\u{ffff}b");
    }

    #[test]
    fn what_a_sheet_has_no_room_for_is_no_part_of_a_formula() {
        use super::sheet::Range;
        let report = Account::sound("us-east-1").report();
        assert!(workbook(&report, 1).is_ok());
        let sheet = |limit| Sheet::new("NAT gateways", NAT_GATEWAYS, &report.nat_gateways, limit);
        assert_eq!(sheet(1).cut(), ("NAT gateways", 2, 1));
        assert_eq!(sheet(1).sum("window_data_usd"), None);
        assert_eq!(sheet(2).sum("window_data_usd").as_deref(), Some("SUM('NAT gateways'!M2:M3)"));
        let (shown, more) = daily::rows(&report, 5);
        assert_eq!((shown, shown + more), (5, daily::rows(&report, ROWS).0));
    }

    #[test]
    fn an_empty_account_has_a_workbook_too() {
        let mut out = Vec::new();
        render(&Account::new("us-east-1").report(), &mut out).unwrap();
        assert!(!out.is_empty());
    }
}
