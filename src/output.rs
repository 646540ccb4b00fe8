//! The forms a report is written in: one file each, over the same [`Report`].

mod bill;
mod cell;
mod change;
mod cli;
mod cloudformation;
mod console;
mod csv;
mod focus;
mod grid;
mod html;
mod markdown;
mod steps;
mod table;
mod terraform;
mod text;
mod xlsx;

use std::io::{self, Write};

use comfy_table::{LineStyle, TableStyle};
use serde::Serialize;
pub(crate) use text::is_plain;
pub use text::{clean, clip};

pub use self::csv::{CsvTable, render_csv};

use crate::difference::Difference;
use crate::estimate::EstimateReport;
use crate::history::History;
use crate::report::{Report, TrafficReport};

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Table,
    /// For programs; `natwise schema report` describes it.
    Json,
    /// One file for a browser, a mail or a printer.
    Html,
    /// For pull requests, wikis and chat.
    Markdown,
    /// For spreadsheets and databases; see `--table`.
    Csv,
    /// A workbook: summary, gateways, endpoints, findings, days.
    Xlsx,
    /// The waste as FOCUS 1.2 rows (CSV), for a FinOps platform.
    Focus,
    /// The fixes as Terraform.
    Terraform,
    /// The fixes as `CloudFormation` templates, YAML.
    #[cfg_attr(feature = "cli", value(name = "cloudformation"))]
    CloudFormation,
    /// The fixes as a bash script with AWS CLI commands, which changes nothing until it is told to.
    Cli,
    /// The fixes as steps in the AWS console.
    Console,
}

impl Format {
    /// Whether it is nothing for a terminal.
    #[must_use]
    pub fn is_binary(self) -> bool {
        self == Self::Xlsx
    }
}

/// A form of what flow logs say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum TrafficFormat {
    /// For a person at a terminal.
    #[default]
    Table,
    /// For programs; `natwise schema traffic` describes it.
    Json,
}

/// A form of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum DifferenceFormat {
    /// For a person at a terminal.
    #[default]
    Table,
    /// For programs; `natwise schema difference` describes it.
    Json,
    /// One file for a browser, a mail or a printer.
    Html,
    /// For pull requests, wikis and chat.
    Markdown,
}

/// A form of an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum EstimateFormat {
    /// For a person at a terminal.
    #[default]
    Table,
    /// For programs; `natwise schema estimate` describes it.
    Json,
    /// For pull requests, wikis and chat.
    Markdown,
}

/// A form of months in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum HistoryFormat {
    /// For a person at a terminal.
    #[default]
    Table,
    /// For programs; `natwise schema history` describes it.
    Json,
    /// One file for a browser, a mail or a printer.
    Html,
    /// For pull requests, wikis and chat.
    Markdown,
    /// For spreadsheets and databases; an empty cell is unknown.
    Csv,
}

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Columns.
    pub width: u16,
    /// Rows of each table; none for all.
    pub rows: Option<usize>,
}

/// The look of every table: lines above, below and under the header only.
pub const TABLE_STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// Writes anything for programs.
pub(crate) fn render_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Writes a report.
///
/// # Errors
/// When writing fails.
pub fn render(report: &Report, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table::render(report, style, out),
        Format::Json => render_json(report, out),
        Format::Html => html::render(report, out),
        Format::Markdown => markdown::render(report, style, out),
        Format::Csv => render_csv(report, CsvTable::default(), out),
        Format::Xlsx => xlsx::render(report, out),
        Format::Focus => focus::render(report, out),
        Format::Terraform => terraform::render(report, out),
        Format::CloudFormation => cloudformation::render(report, out),
        Format::Cli => cli::render(report, out),
        Format::Console => console::render(report, out),
    }
}

/// Writes an estimate.
///
/// # Errors
/// When writing fails.
pub fn render_estimate(
    report: &EstimateReport,
    format: EstimateFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        EstimateFormat::Table => table::render_estimate(report, style, out),
        EstimateFormat::Json => render_json(report, out),
        EstimateFormat::Markdown => markdown::render_estimate(report, out),
    }
}

/// Writes what flow logs say.
///
/// # Errors
/// When writing fails.
pub fn render_traffic(
    report: &TrafficReport,
    format: TrafficFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        TrafficFormat::Table => table::render_traffic(report, style, out),
        TrafficFormat::Json => render_json(report, out),
    }
}

/// Writes a comparison.
///
/// # Errors
/// When writing fails.
pub fn render_difference(
    difference: &Difference,
    format: DifferenceFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        DifferenceFormat::Table => table::render_difference(difference, style, out),
        DifferenceFormat::Json => render_json(difference, out),
        DifferenceFormat::Html => html::render_difference(difference, out),
        DifferenceFormat::Markdown => markdown::render_difference(difference, style, out),
    }
}

/// Writes months in a row.
///
/// # Errors
/// When writing fails.
pub fn render_history(history: &History, format: HistoryFormat, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        HistoryFormat::Table => table::render_history(history, style, out),
        HistoryFormat::Json => render_json(history, out),
        HistoryFormat::Html => html::render_history(history, out),
        HistoryFormat::Markdown => markdown::render_history(history, out),
        HistoryFormat::Csv => csv::render_history(history, out),
    }
}
