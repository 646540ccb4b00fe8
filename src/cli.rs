//! The command line: what can be said, and what it means once checked.

#![expect(missing_docs, clippy::doc_markdown, reason = "doc comments here are the text of --help")]

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use rust_decimal::Decimal;

use crate::model::{RegionName, Usd};
use crate::output::{CsvTable, EstimateFormat, TrafficFormat};
use crate::sample::Sampling;

mod accounts;
mod compare;
mod location;
mod outputs;
mod prices;
mod window;

pub use accounts::{AccountArgs, FleetArgs};
pub use compare::{DiffArgs, HistoryArgs};
pub use location::Location;
pub use outputs::Outputs;
pub use prices::{PriceArgs, PricesArgs, PricesCommand, PricesFormat, RefreshArgs};
pub use window::{WindowArgs, WindowArgsError};

/// What do NAT gateways and VPC endpoints cost, what part of it is waste, and what exactly to change?
#[derive(Debug, Parser)]
#[command(name = "natwise", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub color: When,
    /// Say nothing but the report and errors.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Log each API call on stderr; twice for more.
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Also in files and pipes.
    Always,
    /// Nowhere.
    Never,
}

/// What natwise can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan and analyse: what it costs, what is waste, what to change.
    Audit(Box<AuditArgs>),
    /// Flow logs to bytes by NAT gateway, service and direction, without a price.
    Attribute(Box<AttributeArgs>),
    /// Collect only: write a snapshot of an account, for later or for someone else to analyse.
    Scan(Box<ScanArgs>),
    /// Compare two windows: what cost more or less, what moved it, and what fixes saved.
    Diff(Box<DiffArgs>),
    /// Months, or other windows, in a row: cost, bytes, waste, and what changed.
    History(Box<HistoryArgs>),
    /// The manual of a rule; without one, the list of rules.
    Explain(ExplainArgs),
    /// The price book in use: every rate, its date and its source.
    Prices(PricesArgs),
    /// Before the move: what architectures cost that do not exist yet, side by side, from a plan of their traffic.
    Estimate(EstimateArgs),
    /// The least IAM policy that a scan needs, as JSON.
    IamPolicy(Box<IamPolicyArgs>),
    /// The JSON Schema of the report.
    Schema(SchemaArgs),
    /// A completion script for a shell.
    Completions(CompletionsArgs),
}

/// `natwise audit`
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    pub account: AccountArgs,
    /// Analyse a snapshot that `natwise scan` wrote (repeatable; a file, a folder, or - for standard input) instead of
    /// the live account.
    #[arg(long = "snapshot", value_name = "PATH", help_heading = "Account",
          conflicts_with_all = AccountArgs::IDS, conflicts_with_all = WindowArgs::IDS)]
    pub snapshots: Vec<PathBuf>,
    /// Analyse a bundled example account: no network, no credentials.
    #[arg(long, help_heading = "Account", conflicts_with = "snapshots",
          conflicts_with_all = AccountArgs::IDS, conflicts_with_all = WindowArgs::IDS)]
    pub demo: bool,
    #[command(flatten)]
    pub window: WindowArgs,
    /// VPC flow logs that tell what the NAT gateways' bytes are: files and folders (- for standard input),
    /// s3://BUCKET/PREFIX, insights:LOG-GROUP, athena:DATABASE.TABLE, or auto: where the account's flow logs are.
    #[arg(long, value_name = "PLACE", num_args = 1.., help_heading = "Traffic")]
    pub flow_logs: Vec<Location>,
    #[command(flatten)]
    pub reading: FlowLogArgs,
    /// Share of every NAT gateway's bytes that goes to a service, such as s3=60% (repeatable), where no flow log
    /// tells.
    #[arg(long = "assume", value_name = "SERVICE=PERCENT%", help_heading = "Traffic")]
    pub assumptions: Vec<String>,
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Bills to compare with, whose rates are then the prices: Cost and Usage Reports (2.0 or legacy) and FOCUS exports
    /// (1.0 or 1.2), in CSV (also .gz) or Parquet, files and folders (- for standard input).
    #[arg(long = "bill", value_name = "FILE", num_args = 1.., help_heading = "Prices", conflicts_with = "discount")]
    pub bills: Vec<PathBuf>,
    #[command(flatten)]
    pub outputs: Outputs,
    /// Rows of --format csv; an empty cell is unknown, or there is no such figure.  [default: findings]
    #[arg(long, value_enum, value_name = "TABLE", help_heading = "Output")]
    pub table: Option<CsvTable>,
    /// Rows of each part of the table, and of markdown; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 50, help_heading = "Output")]
    pub top: usize,
    /// End with exit code 1 when the low end of the monthly saving is this many dollars or more.
    #[arg(long, value_name = "USD", help_heading = "Output", value_parser = dollars)]
    pub fail_on: Option<Usd>,
    /// End with exit code 2 when a call failed.
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
}

/// How flow logs are read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Traffic")]
pub struct FlowLogArgs {
    /// Route 53 Resolver query logs, which name the AWS services behind addresses (files and folders).
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub resolver_logs: Vec<PathBuf>,
    /// Fields of flow logs without a header line, such as '${version} ${account-id} ${interface-id} …'.
    #[arg(long, value_name = "FIELDS")]
    pub log_format: Option<String>,
    /// AWS's address ranges (ip-ranges.json), in place of those that natwise comes with.
    #[arg(long, value_name = "FILE")]
    pub ip_ranges: Option<PathBuf>,
    /// Threads that read flow logs and bills. Default: one for each processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Read only so many hours of each day, such as 2h/day, and estimate the rest with a 95% confidence interval.
    #[arg(long, value_name = "HOURS/day")]
    pub sample: Option<Sampling>,
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// How flow logs are read that are not on this machine.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Flow logs elsewhere")]
pub struct RemoteArgs {
    /// Profile of the AWS configuration for the flow logs, where they are another account's.
    #[arg(long, value_name = "NAME")]
    pub logs_profile: Option<String>,
    /// Role to assume for the flow logs.
    #[arg(long, value_name = "ARN")]
    pub logs_role_arn: Option<String>,
    /// Region of the log group or table. Default: the configured one. A bucket's is found out.
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub logs_region: Option<RegionName>,
    /// Athena workgroup.  [default: primary]
    #[arg(long, value_name = "NAME")]
    pub workgroup: Option<String>,
    /// Where Athena writes its results, where the workgroup does not say: s3://BUCKET/PREFIX.
    #[arg(long, value_name = "S3-URI")]
    pub output_location: Option<String>,
    /// Dollars that reading may cost without asking; any: whatever it costs, known or not.  [default: 1]
    #[arg(long, value_name = "USD", value_parser = max_cost)]
    pub max_cost: Option<MaxCost>,
}

/// `natwise attribute`
#[derive(Debug, Args)]
pub struct AttributeArgs {
    /// VPC flow logs: files and folders (- for standard input), s3://BUCKET/PREFIX, insights:LOG-GROUP or
    /// athena:DATABASE.TABLE.
    #[arg(value_name = "PLACE", required = true)]
    pub places: Vec<Location>,
    /// Snapshot (of `natwise scan`) that tells which interfaces are NAT gateways, where their clients are, and which
    /// addresses gateway endpoints carry (repeatable).
    #[arg(long = "snapshot", value_name = "FILE", help_heading = "NAT gateways")]
    pub snapshots: Vec<PathBuf>,
    /// A NAT gateway: its interface and its private addresses, the primary one first, or a regional gateway's id and
    /// public addresses (repeatable). Without this and --snapshot the records must say (interface-type, resource-id).
    #[arg(
        long = "nat",
        value_name = "ENI=ADDRESS[,ADDRESS]",
        help_heading = "NAT gateways",
        conflicts_with = "snapshots"
    )]
    pub gateways: Vec<String>,
    /// Where clients are (repeatable). Default: every private address, or the snapshot's VPCs.
    #[arg(long = "client-cidr", value_name = "CIDR", help_heading = "NAT gateways", requires = "gateways")]
    pub client_cidrs: Vec<ipnet::IpNet>,
    #[command(flatten)]
    pub reading: FlowLogArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// Write the SQL statement that an Athena table would be asked, and ask nothing.
    #[arg(long, help_heading = "Output", conflicts_with = "print_ddl")]
    pub print_sql: bool,
    /// Write a CREATE EXTERNAL TABLE statement for flow logs in a bucket (s3://BUCKET/PREFIX): Athena can be asked then.
    #[arg(long, help_heading = "Output", conflicts_with_all = ["gateways", "client_cidrs"])]
    pub print_ddl: bool,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: TrafficFormat,
    /// Write the result to a file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Clients that are listed, the largest first; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Output")]
    pub top: usize,
    /// End with exit code 2 when a file could not be read to its end.
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
}

/// `natwise scan`
#[derive(Debug, Args)]
pub struct ScanArgs {
    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub window: WindowArgs,
    /// Write the snapshot to a file, or one snapshot for each account and Region into a folder (one that exists, or a
    /// name that ends with /), instead of to standard output. A scan into a folder that was stopped goes on with the
    /// same command.
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// In a folder, keep complete snapshots of the same window that are no older, such as 12h or 7d.  [default: 1d]
    #[arg(long, value_name = "SPAN", value_parser = span, help_heading = "Output")]
    pub max_age: Option<SignedDuration>,
    /// Take the hours that earlier snapshots already have from there, and ask CloudWatch only for the new ones. PATH is
    /// a file or a folder; without it, what is written to.
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, help_heading = "Output")]
    pub since_last: Option<Option<PathBuf>>,
    /// Put pseudonyms in place of account ids, names, tags and addresses.
    #[arg(long, help_heading = "Output")]
    pub redact: bool,
    /// Key that the pseudonyms are made with: the same key, the same pseudonyms. Made when it is not there.
    #[arg(long, value_name = "FILE", requires = "redact", help_heading = "Output")]
    pub redact_key: Option<PathBuf>,
    /// End with exit code 2 when a call failed.
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
}

/// `natwise explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Rule to explain.
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,
}

/// `natwise iam-policy`
#[derive(Debug, Args)]
pub struct IamPolicyArgs {
    /// For whoever scans an organisation: lists its accounts and enters them by --role-name, whose own policy is the one
    /// without this.
    #[arg(long, requires = "role_name")]
    pub org: bool,
    /// Also what `natwise prices refresh` needs.
    #[arg(long)]
    pub prices: bool,
    /// Role that is entered in each account (with its path, where it has one).
    #[arg(long, value_name = "NAME")]
    pub role_name: Option<String>,
    /// A role that is entered, for the account that it is in (repeatable).
    #[arg(long = "role-arn", value_name = "ARN")]
    pub role_arns: Vec<String>,
    /// Where flow logs will be read, for what that needs on top: s3://BUCKET/PREFIX, insights:LOG-GROUP or
    /// athena:DATABASE.TABLE (repeatable; with an Athena table, also the place of its data).
    #[arg(long, value_name = "PLACE", num_args = 1..)]
    pub flow_logs: Vec<Location>,
    /// Role that will be assumed for the flow logs.
    #[arg(long, value_name = "ARN")]
    pub logs_role_arn: Option<String>,
    /// Region of the log group or table.  [default: any]
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub logs_region: Option<RegionName>,
    /// Athena workgroup.  [default: primary]
    #[arg(long, value_name = "NAME")]
    pub workgroup: Option<String>,
    /// Where Athena will write its results: s3://BUCKET/PREFIX.  [default: aws-athena-query-results-*]
    #[arg(long, value_name = "S3-URI")]
    pub output_location: Option<String>,
}

/// `natwise estimate`
#[derive(Debug, Args)]
pub struct EstimateArgs {
    /// The plan (TOML; - for standard input): VPCs with their Region, Availability Zones and GB a month by service and
    /// zone. The README shows its form.
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    #[command(flatten)]
    pub prices: PriceArgs,
    /// Form of the estimate.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: EstimateFormat,
    /// Write the estimate to a file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// `natwise schema`
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Which one.
    #[arg(value_enum, default_value_t)]
    pub of: SchemaOf,
}

/// What has a published schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SchemaOf {
    /// `audit --format json`
    #[default]
    Report,
    /// `attribute --format json`
    Traffic,
    /// `diff --format json`
    Difference,
    /// `history --format json`
    History,
    /// `estimate --format json`
    Estimate,
}

/// `natwise completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// A Region's code as far as its form goes: whether there is such a Region only AWS can tell.
fn region(text: &str) -> Result<RegionName, String> {
    let plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let parts = text.split('-').count();
    if plain && parts >= 3 && text.split('-').all(|part| !part.is_empty()) {
        return Ok(text.into());
    }
    Err("not a Region's code, such as us-east-1".to_owned())
}

/// A span of time, such as 90s, 15m, 12h or 7d.
fn span(text: &str) -> Result<SignedDuration, String> {
    let form = || "not a span of time, such as 90s, 15m, 12h or 7d".to_owned();
    let span: Span = text.parse().map_err(|_| form())?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| form())?;
    if span.is_positive() { Ok(span) } else { Err(form()) }
}

/// What reading may cost without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxCost {
    /// So much.
    Usd(Usd),
    /// Whatever it costs.
    Any,
}

fn max_cost(text: &str) -> Result<MaxCost, String> {
    if text == "any" {
        return Ok(MaxCost::Any);
    }
    dollars(text).map(MaxCost::Usd).map_err(|error| error + ", nor any")
}

fn dollars(text: &str) -> Result<Usd, String> {
    match text.strip_prefix('$').unwrap_or(text).parse::<Decimal>() {
        Ok(amount) if amount >= Decimal::ZERO => Ok(Usd(amount)),
        _ => Err("not an amount of dollars, such as 100 or 49.90".to_owned()),
    }
}

fn percent(text: &str) -> Result<Decimal, String> {
    let form = || "not a percentage from 0% to below 100%, such as 8%".to_owned();
    let percent: Decimal = text.strip_suffix('%').ok_or_else(form)?.trim().parse().map_err(|_| form())?;
    if percent < Decimal::ZERO || percent >= Decimal::ONE_HUNDRED {
        Err(form())
    } else {
        Ok(percent / Decimal::ONE_HUNDRED)
    }
}

/// The current instant; the only place where natwise asks for it.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
