//! What is compared, as the command line says it.

use std::path::PathBuf;

use clap::Args;

use super::{Outputs, PriceArgs, dollars};
use crate::model::Usd;
use crate::output::{DifferenceFormat, HistoryFormat};

/// `natwise diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What it was: a snapshot of `natwise scan`, a folder of snapshots, or a report of `natwise audit --format json`
    /// (- for standard input).
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// What it is now, likewise.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    #[command(flatten)]
    pub prices: PriceArgs,
    #[command(flatten)]
    pub outputs: Outputs<DifferenceFormat>,
    /// Rows of each part of the table, and of markdown; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 50, help_heading = "Output")]
    pub top: usize,
    /// End with exit code 1 when a month costs this many dollars more than then, or more than that. What only one side
    /// knows does not count.
    #[arg(long, value_name = "USD", help_heading = "Output", value_parser = dollars)]
    pub fail_on: Option<Usd>,
}

/// `natwise history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Folder of snapshots, of reports (`natwise audit --format json`) and of folders of them: each is one month, or
    /// another window.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub prices: PriceArgs,
    #[command(flatten)]
    pub outputs: Outputs<HistoryFormat>,
}
