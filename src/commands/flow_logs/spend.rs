//! What reading flow logs elsewhere costs, said before it does.

use std::io::{self, BufRead, IsTerminal};

use rust_decimal::RoundingStrategy;

use crate::cli::MaxCost;
use crate::commands::audit::eprint;
use crate::model::{Bytes, Usd};

/// What a reading will cost, as far as that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Estimate {
    /// What will be done, such as `Athena query of logs.flow in us-east-1`.
    pub(super) what: String,
    /// Bytes that will be read at the most. None: not known.
    pub(super) bytes: Option<Bytes>,
    /// What that costs at list price at the most. None: not known, as the bytes or the price are not.
    pub(super) usd: Option<Usd>,
    /// What else is to be said of it, such as how the figure is made.
    pub(super) notes: Vec<String>,
}

/// How much may be spent without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    pub(super) most: MaxCost,
    pub(super) quiet: bool,
}

impl Budget {
    /// Whether so much (none: nobody knows how much) may be spent without asking.
    pub(super) fn includes(&self, usd: Option<Usd>) -> bool {
        match self.most {
            MaxCost::Any => true,
            MaxCost::Usd(most) => usd.is_some_and(|usd| usd.0 <= most.0),
        }
    }

    /// Says what a reading costs, and asks where that is more than may be spent, or not known.
    ///
    /// # Errors
    /// When it must not be spent.
    pub(super) fn allow(&self, estimate: &Estimate) -> anyhow::Result<()> {
        let within = self.includes(estimate.usd);
        if !self.quiet || !within {
            eprint(&format!("natwise: {}", estimate.line()));
            for note in &estimate.notes {
                eprint(&format!("         {note}"));
            }
        }
        let MaxCost::Usd(most) = self.most else { return Ok(()) };
        if within {
            return Ok(());
        }
        let most = most.0.normalize();
        let (why, instead) = match estimate.usd {
            Some(_) => (format!("that is more than --max-cost ${most}"), "a higher --max-cost"),
            None => {
                (format!("what that costs is not known, so it may be more than --max-cost ${most}"), "--max-cost any")
            }
        };
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            anyhow::bail!("{why}: nothing was read; allow it with {instead}, or read less with --sample");
        }
        eprint(&format!("natwise: {why}. Read them? [y/N]"));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        anyhow::ensure!(matches!(answer.trim(), "y" | "Y" | "yes"), "nothing was read");
        Ok(())
    }
}

impl Estimate {
    fn line(&self) -> String {
        let bytes = self.bytes.map_or_else(|| "an unknown number of bytes".to_owned(), size);
        let usd = self.usd.map_or_else(|| "at an unknown price".to_owned(), |usd| format!("at most {}", dollars(usd)));
        format!("{}: {bytes}, {usd}", self.what)
    }
}

/// Bytes for people, in binary units as AWS bills them.
pub(super) fn size(bytes: Bytes) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// Dollars, as exact as small amounts need, and never rounded down.
pub(super) fn dollars(usd: Usd) -> String {
    let places = if usd.0 < rust_decimal::Decimal::ONE { 4 } else { 2 };
    format!("${}", usd.0.round_dp_with_strategy(places, RoundingStrategy::AwayFromZero))
}
