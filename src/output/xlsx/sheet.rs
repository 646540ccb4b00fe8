//! A sheet of rows: gateways, endpoints or findings.

use rust_xlsxwriter::utility::{column_number_to_name, quote_sheet_name};
use rust_xlsxwriter::{ColNum, Format, IgnoreError, RowNum, Worksheet, XlsxError};

use super::{Look, UNKNOWN, figure, lines, text};
use crate::output::grid::{Column, Facts, Value};

/// How a column's cells look, by its name, which ends with the unit of what it holds.
fn format<'l>(column: &str, look: &'l Look) -> &'l Format {
    match column.rsplit('_').next() {
        Some("usd") => &look.usd,
        Some("gb") => &look.gigabytes,
        Some("hours" | "finding" | "findings" | "gateways" | "endpoints") => &look.count,
        Some("title" | "detail" | "reason") => &look.wrapped,
        _ => &look.plain,
    }
}

/// A sheet in the making.
pub(super) struct Sheet<'a, R: 'static> {
    pub(super) title: &'static str,
    columns: &'static [Column<R>],
    rows: &'a [R],
    limit: usize,
}

/// What formulas can refer to.
pub(super) trait Range {
    /// The sum of a column; none when rows are left out, so that it would be less than the truth.
    fn sum(&self, column: &str) -> Option<String>;
    /// The sheet, how many rows there were, and how many of them it has no room for.
    fn cut(&self) -> (&'static str, usize, usize);
}

impl<'a, R> Sheet<'a, R> {
    pub(super) fn new(title: &'static str, columns: &'static [Column<R>], rows: &'a [R], limit: usize) -> Self {
        Self { title, columns, rows, limit }
    }

    fn shown(&self) -> &'a [R] {
        self.rows.get(..self.limit).unwrap_or(self.rows)
    }

    /// The columns that the workbook has.
    fn visible(&self) -> impl Iterator<Item = (ColNum, &'static Column<R>, &'static str, u16)> {
        let columns =
            self.columns.iter().filter_map(|column| column.sheet.map(|(title, width)| (column, title, width)));
        (0..).zip(columns).map(|(at, (column, title, width))| (at, column, title, width))
    }

    pub(super) fn worksheet(&self, facts: &Facts<'a>, look: &Look) -> Result<Worksheet, XlsxError> {
        let mut sheet = Worksheet::new();
        let heading = |(_, column, title, width): (_, &Column<R>, _, _)| (title, width, format(column.name, look));
        let headings: Vec<_> = self.visible().map(heading).collect();
        head(&mut sheet, self.title, &headings, self.shown().len(), look)?;
        for (row, (index, of)) in (1..).zip(self.shown().iter().enumerate()) {
            for (at, column, ..) in self.visible() {
                write(&mut sheet, (row, at), (column.value)(facts, index, of), look)?;
            }
        }
        Ok(sheet)
    }
}

impl<R> Range for Sheet<'_, R> {
    fn sum(&self, column: &str) -> Option<String> {
        let at = self.visible().find(|(_, found, _, _)| found.name == column).map_or(0, |(at, ..)| at);
        (self.cut().2 == 0).then(|| range(self.title, at, self.shown().len()))
    }

    fn cut(&self) -> (&'static str, usize, usize) {
        (self.title, self.rows.len(), self.rows.len() - self.shown().len())
    }
}

/// `SUM` of a sheet's column.
pub(super) fn range(sheet: &str, column: ColNum, rows: usize) -> String {
    let (sheet, column) = (quote_sheet_name(sheet), column_number_to_name(column));
    format!("SUM({sheet}!{column}2:{column}{})", rows.max(1) + 1)
}

/// A sheet's name, its header, and how it is read and printed. Cells look as their column does: a format of its own
/// for each would take half of the time.
pub(super) fn head(
    sheet: &mut Worksheet,
    title: &str,
    headings: &[(&str, u16, &Format)],
    rows: usize,
    look: &Look,
) -> Result<(), XlsxError> {
    sheet.set_name(title)?;
    for (at, (heading, width, format)) in (0..).zip(headings) {
        sheet.set_column_width(at, *width)?.set_column_format(at, format)?;
        sheet.write_string_with_format(0, at, *heading, &look.header)?;
    }
    let last = ColNum::try_from(headings.len().saturating_sub(1)).unwrap_or_default();
    let bottom = RowNum::try_from(rows.max(1)).unwrap_or_default();
    sheet.set_freeze_panes(1, 0)?.autofilter(0, 0, bottom, last)?;
    // Account numbers are text that looks like numbers.
    sheet.ignore_error_range(1, 0, bottom, last, IgnoreError::NumberStoredAsText)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    Ok(())
}

/// One cell.
fn write(
    sheet: &mut Worksheet,
    (row, column): (RowNum, ColNum),
    value: Value<'_>,
    look: &Look,
) -> Result<(), XlsxError> {
    let unknown =
        |sheet: &mut Worksheet| sheet.write_string_with_format(row, column, UNKNOWN, &look.unknown).map(|_| ());
    match value {
        Value::Text(value) => {
            sheet.write_string(row, column, text(&value))?;
        }
        Value::Lines(value) => {
            sheet.write_string(row, column, lines(&value))?;
        }
        Value::Usd(Some(usd)) => {
            sheet.write_number(row, column, figure(usd.0))?;
        }
        Value::Gigabytes(Some(amount)) => {
            sheet.write_number(row, column, figure(amount))?;
        }
        Value::Number(value) => {
            sheet.write_number(row, column, figure(value))?;
        }
        Value::Count(Some(count)) => {
            sheet.write_number(row, column, figure(count.into()))?;
        }
        Value::Usd(None) | Value::Gigabytes(None) | Value::Count(None) => unknown(sheet)?,
        Value::Nothing => {}
    }
    Ok(())
}
