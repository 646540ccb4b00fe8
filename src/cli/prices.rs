//! What prices are computed with, and how the price book is shown and renewed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rust_decimal::Decimal;

use super::{percent, region};
use crate::model::RegionName;

/// What to pay.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Prices")]
pub struct PriceArgs {
    /// Prices on top of the embedded ones: CSV with the columns region, product and usd (and unit, tier_from,
    /// tier_to, source, as_of), as `natwise prices --format csv` writes it.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Leave out what `natwise prices refresh` brought: the same figures on every machine.
    #[arg(long)]
    pub embedded_prices: bool,
    /// What you pay less than list price, such as 8%.
    #[arg(long, value_name = "PERCENT%", value_parser = percent)]
    pub discount: Option<Decimal>,
}

/// `natwise prices`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PricesArgs {
    #[command(subcommand)]
    pub command: Option<PricesCommand>,
    /// Only what holds in this Region (repeatable).
    #[arg(long = "region", value_name = "REGION", value_parser = region)]
    pub regions: Vec<RegionName>,
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Form of the book; csv is what --prices reads.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: PricesFormat,
}

/// What is done to the price book.
#[derive(Debug, Subcommand)]
pub enum PricesCommand {
    /// Read today's prices from AWS's price list, for all runs from now on, and show what changed.
    Refresh(Box<RefreshArgs>),
}

/// `natwise prices refresh`
#[derive(Debug, Args)]
pub struct RefreshArgs {
    /// Offer files that are here already, JSON or CSV (AmazonEC2, AmazonVPC, AWSDataTransfer; .gz too), in place of
    /// asking AWS.
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Source",
          conflicts_with_all = ["offer_files", "profile", "endpoint_url"])]
    pub from: Vec<PathBuf>,
    /// Read AWS's public offer files, which takes no credentials but gigabytes of download for each Region.
    #[arg(long, help_heading = "Source", conflicts_with_all = ["profile", "endpoint_url"])]
    pub offer_files: bool,
    /// Where the offer files are.
    #[arg(long, value_name = "URL", help_heading = "Source", requires = "offer_files")]
    pub offers_url: Option<String>,
    /// Profile of the AWS configuration to ask the Price List API with (pricing:GetProducts).
    #[arg(long, value_name = "NAME", help_heading = "Source")]
    pub profile: Option<String>,
    /// Where to ask instead of at AWS.
    #[arg(long, value_name = "URL", help_heading = "Source")]
    pub endpoint_url: Option<String>,
    /// Only this Region (repeatable). Default: all that the price list has.
    #[arg(long = "region", value_name = "REGION", help_heading = "Source", value_parser = region)]
    pub regions: Vec<RegionName>,
    /// China's price list, whose prices are in CNY.
    #[arg(long, help_heading = "Source", requires = "usd_per_cny")]
    pub china: bool,
    /// What a yuan is worth, such as 0.14: natwise counts in USD.
    #[arg(long, value_name = "USD", help_heading = "Source", value_parser = positive)]
    pub usd_per_cny: Option<Decimal>,
    /// Show what would change, and keep nothing.
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
    /// Write into the price tables of a folder (the project's pricing/) instead of the cache.
    #[arg(long, value_name = "FOLDER", help_heading = "Output", conflicts_with = "dry_run")]
    pub into: Option<PathBuf>,
    /// Form of what changed.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: PricesFormat,
}

/// Forms of the price book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PricesFormat {
    /// For a person at a terminal.
    #[default]
    Table,
    /// What `--prices` reads.
    Csv,
    /// For programs.
    Json,
}

fn positive(text: &str) -> Result<Decimal, String> {
    let number: Option<Decimal> = text.parse().ok();
    number.filter(|number| *number > Decimal::ZERO).ok_or_else(|| "not a number above 0, such as 0.14".to_owned())
}
