//! `natwise estimate`: a plan's architectures, priced.

use std::io::{self, Read};
use std::path::Path;

use anyhow::Context as _;

use super::destination::Destination;
use super::{ExitStatus, price_book};
use crate::cli::{EstimateArgs, When};
use crate::estimate::{EstimateReport, MAX_BYTES, Plan};
use crate::output::render_estimate;

pub(super) fn run(args: &EstimateArgs, color: When) -> anyhow::Result<ExitStatus> {
    let plan = Plan::parse(&text(&args.plan)?).with_context(|| format!("plan {}", args.plan.display()))?;
    let book = price_book(&args.prices)?;
    let destination = Destination::open(args.output.as_deref())?;
    let style = destination.style(color, 0);
    let report = EstimateReport::new(&plan, &book);
    destination.write(|out| render_estimate(&report, args.format, style, out))?;
    Ok(ExitStatus::Done)
}

/// A plan's text. No plan is long, and a device may never end.
fn text(path: &Path) -> anyhow::Result<String> {
    let file: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(bytes.len() as u64 <= MAX_BYTES, "plan {}: it is longer than {MAX_BYTES} bytes", path.display());
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("plan {}: it is not UTF-8 text", path.display()))
}
