//! What each command does: wiring between the command line, the account or a file, the analysis and the output.

mod accounts;
mod attribute;
mod audit;
mod bill;
mod compare;
mod destination;
mod estimate;
mod explain;
mod flow_logs;
mod folder;
mod iam_policy;
mod parallel;
mod previous;
mod prices;
mod redaction;
mod scan;
mod side;
mod snapshots;

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory;

use crate::cli::{Cli, Command, PriceArgs, SchemaOf};
use crate::difference::Difference;
use crate::estimate::EstimateReport;
use crate::history::History;
use crate::pricing::PriceBook;
use crate::report::{Report, TrafficReport};

/// How a run ended; its values are the process's exit codes, and part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Done = 0,
    /// Done, and the low end of the monthly saving, or the rise of the monthly cost, is at or above `--fail-on`.
    AboveThreshold = 1,
    /// Could not do it.
    Failed = 2,
}

/// Runs a command.
///
/// # Errors
/// When it could not be done: the message is for the user, the exit code is [`ExitStatus::Failed`].
pub fn run(cli: Cli) -> anyhow::Result<ExitStatus> {
    start_log(&cli);
    let color = cli.color;
    match cli.command {
        Command::Audit(args) => audit::run(&args, color, cli.quiet),
        Command::Attribute(args) => attribute::run(&args, color, cli.quiet),
        Command::Scan(args) => scan::run(&args, cli.quiet),
        Command::Diff(args) => compare::diff(&args, color, cli.quiet),
        Command::History(args) => compare::history(&args, color, cli.quiet),
        Command::Explain(args) => explain::run(args.rule.as_deref()),
        Command::Prices(args) => prices::run(&args, color, cli.quiet),
        Command::Estimate(args) => estimate::run(&args, color),
        Command::IamPolicy(args) => iam_policy::run(&args),
        Command::Schema(args) => {
            let schema = match args.of {
                SchemaOf::Report => Report::json_schema(),
                SchemaOf::Traffic => TrafficReport::json_schema(),
                SchemaOf::Difference => Difference::json_schema(),
                SchemaOf::History => History::json_schema(),
                SchemaOf::Estimate => EstimateReport::json_schema(),
            };
            print(&(serde_json::to_string_pretty(&schema)? + "\n"))
        }
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "natwise", &mut script);
            print(&String::from_utf8(script)?)
        }
    }
}

/// Writes to standard output.
fn print(text: &str) -> anyhow::Result<ExitStatus> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::Done)
}

/// The book that some options ask for.
fn price_book(args: &PriceArgs) -> anyhow::Result<PriceBook> {
    let mut book = PriceBook::embedded()?;
    if !args.embedded_prices {
        book = prices::cache::on_top_of(book)?;
    }
    if let Some(path) = &args.prices {
        let csv = read(path)?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        book = book.with_overrides(&name, &csv).with_context(|| format!("price file {}", path.display()))?;
    }
    if let Some(discount) = args.discount {
        book = book.with_discount(discount)?;
    }
    Ok(book)
}

/// A file's bytes, or standard input's for `-`.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes).context("cannot read standard input")?;
        return Ok(bytes);
    }
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Logs go to stderr: nothing but natwise's own by default, each API call with `-v`, the SDK's as well with `-vv`.
fn start_log(cli: &Cli) {
    use tracing_subscriber::EnvFilter;
    let filter = match cli.verbose {
        _ if cli.quiet => "off",
        0 => "natwise=warn",
        1 => "natwise=debug",
        2 => "natwise=debug,aws_config=debug",
        _ => "natwise=trace,aws_config=debug,aws_smithy_runtime=debug",
    };
    let _already_set = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .try_init();
}
