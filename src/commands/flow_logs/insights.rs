//! `--flow-logs insights:LOG-GROUP`: the log group is asked by CloudWatch Logs Insights, within what may be spent.

use anyhow::Context as _;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::prelude::ToPrimitive;

use super::Request;
use super::remote::Remote;
use super::spend::{Estimate, dollars, size};
use crate::aws::{InsightsError, LogGroup, LogGroupFacts, QueryAnswer};
use crate::cli::{MaxCost, now};
use crate::commands::audit::eprint;
use crate::flow_log::Sum;
use crate::insights::{Answers, Layout, MOST_ROWS, Piece, Plan, Watched, recorded_twice};
use crate::model::{Bytes, Gigabytes, RegionName, Usd, Window};
use crate::pricing::{PriceBook, Product};

/// Queries at once: an account can have 30 under way, dashboards' among them.
const AT_ONCE: usize = 4;
/// How often the window is read at the most: for the counts, for the sums, and once more in all for what had too many
/// rows the first time.
const READINGS: u64 = 3;
/// Where no record was found, events of so many seconds are looked at.
const SAMPLE: i64 = 3600;

pub(super) fn sums(remote: &Remote, log_group: &str, request: &Request<'_>) -> anyhow::Result<Vec<Sum>> {
    let group = LogGroup::new(&remote.config, log_group);
    let what = || format!("log group {log_group}");
    let layout = Layout::of(log_group, request.log_format, request.flow_logs).with_context(what)?;
    let watched = Watched::of(request.gateways, &layout);
    anyhow::ensure!(
        !watched.is_empty(),
        "{}: {}",
        what(),
        if request.gateways.is_empty() {
            "CloudWatch Logs Insights is asked for gateways that are known: pass --snapshot FILE, or --nat eni-…=ADDRESS for each"
        } else {
            "a regional NAT gateway's records are told by resource-id, which this log group's format does not have"
        }
    );
    if let Some((nat, logs)) = recorded_twice(log_group, request.flow_logs, request.gateways) {
        anyhow::bail!(
            "{}: the flow logs {} all write {nat}'s records to it, and CloudWatch Logs Insights cannot tell whose are whose, so its bytes would be counted twice; read one of them elsewhere, or delete it and give a window after that",
            what(),
            logs.join(", ")
        );
    }
    let reading = Reading { group: &group, layout: &layout, region: region(remote), windows: &request.windows };
    let stop = || group.stop();
    let estimate = remote.wait(reading.estimate(log_group, watched.len()), stop()).with_context(what)?;
    remote.budget.allow(&estimate)?;
    let most = reading.most(&estimate, remote.budget.most);
    let work = async {
        let done = reading.read(request, &watched, most).await;
        // Of several under way, one may have failed.
        group.stop().await;
        done
    };
    let (sums, spent) = remote.wait(work, stop()).with_context(what)?;
    if !remote.quiet {
        let usd = reading.usd(spent.bytes).map_or_else(|| "at an unknown price".to_owned(), dollars);
        eprint(&format!("natwise: {} queries read {}, {usd}", spent.queries, size(spent.bytes)));
    }
    Ok(sums)
}

fn region(remote: &Remote) -> RegionName {
    remote.config.region().map_or_else(|| "unknown".into(), |region| region.as_ref().into())
}

/// What is read.
struct Reading<'r> {
    group: &'r LogGroup,
    layout: &'r Layout,
    region: RegionName,
    windows: &'r [Window],
}

/// What was read.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    queries: u64,
    bytes: Bytes,
    events: u64,
}

impl Spent {
    fn add(&mut self, answer: &QueryAnswer) {
        self.queries += 1;
        self.bytes += answer.scanned;
        self.events += answer.events;
    }
}

impl Reading<'_> {
    /// What it will cost, as far as the log group's metrics tell.
    async fn estimate(&self, log_group: &str, parts: usize) -> anyhow::Result<Estimate> {
        let mut notes = Vec::new();
        match self.group.describe().await {
            Ok(Some(facts)) => notes.extend(self.kept(&facts)),
            Ok(None) => anyhow::bail!("there is no such log group in {}", self.region),
            Err(error) if error.is_no_group() => anyhow::bail!("there is no such log group in {}", self.region),
            Err(error) => notes.push(format!("it could not be looked up: {error}")),
        }
        let incoming = match self.group.incoming(self.windows).await {
            Ok(Some(bytes)) => Some(bytes),
            Ok(None) => {
                notes.push(
                    "CloudWatch has no IncomingBytes of it in the window, which tell what a query reads".to_owned(),
                );
                None
            }
            Err(error) => {
                notes.push(format!("what a query reads is not known: {error}"));
                None
            }
        };
        let readings = READINGS.saturating_mul(u64::try_from(parts).unwrap_or(u64::MAX));
        let bytes = incoming.map(|bytes| bytes.saturating_mul(readings));
        if let Some(incoming) = incoming {
            notes.push(format!(
                "{} came into the log group in the window; that is read {} times, and once more for answers that had too many rows; where those are more still, up to --max-cost",
                size(incoming),
                readings - 1
            ));
        }
        Ok(Estimate {
            what: format!("CloudWatch Logs Insights of {log_group} in {}", self.region),
            bytes,
            usd: bytes.and_then(|bytes| self.usd(bytes)),
            notes,
        })
    }

    fn kept(&self, facts: &LogGroupFacts) -> Option<String> {
        let days = facts.retention_days?;
        let oldest = now().checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok()?;
        let start = self.windows.iter().map(Window::start).min()?;
        let until: Timestamp = oldest.round(jiff::Unit::Second).ok()?;
        (start < oldest).then(|| format!("the log group keeps {days} days: what is older than {until} is gone"))
    }

    fn usd(&self, bytes: Bytes) -> Option<Usd> {
        Some(Usd(self.price()?.0 * Gigabytes::from_bytes(bytes).0))
    }

    /// Dollars of a gigabyte.
    fn price(&self) -> Option<Usd> {
        PriceBook::embedded().ok()?.unit(&self.region, Product::LogsInsightsGb).ok()
    }

    /// Bytes beyond which no answer is asked for again: what was allowed, or could have been without asking. None where
    /// that cannot be told, and reading was allowed all the same.
    fn most(&self, estimate: &Estimate, allowed: MaxCost) -> Option<Bytes> {
        let MaxCost::Usd(allowed) = allowed else { return None };
        let (bytes, price) = estimate.bytes.zip(self.price())?;
        let affordable = allowed.0.checked_div(price.0)?.checked_mul(Gigabytes::SIZE.into())?;
        Some(bytes.max(affordable.to_u64().unwrap_or(u64::MAX)))
    }

    /// Counts first, as they tell whether there is anything to sum.
    async fn read(
        &self,
        request: &Request<'_>,
        watched: &[Watched],
        most: Option<Bytes>,
    ) -> anyhow::Result<(Vec<Sum>, Spent)> {
        let mut spent = Spent::default();
        let mut answers = Answers::new(self.layout, request.gateways);
        let counts =
            Plan::counts(self.windows, watched).map(|piece| self.ask(self.layout.statistics(&piece.watched), piece));
        let mut counts = futures::stream::iter(counts).buffered(AT_ONCE);
        while let Some(done) = counts.next().await {
            let (_, answer) = done?;
            spent.add(&answer);
            answers.statistics(&answer.rows)?;
        }
        if answers.records() == 0 {
            if spent.events > 0 {
                self.look(&mut spent).await?;
            }
            return Ok((answers.done(), spent));
        }
        self.flows(Plan::flows(self.windows, watched), &mut answers, &mut spent, most).await?;
        Ok((answers.done(), spent))
    }

    /// The sums, what had too many rows again in smaller pieces.
    async fn flows(
        &self,
        mut plan: Plan,
        answers: &mut Answers<'_>,
        spent: &mut Spent,
        most: Option<Bytes>,
    ) -> anyhow::Result<()> {
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < plan.at_once(AT_ONCE) {
                let Some(piece) = plan.next() else { break };
                under_way.push(self.ask(self.layout.flows(&piece), piece));
            }
            let Some(done) = under_way.next().await else { return Ok(()) };
            let (piece, answer) = done?;
            spent.add(&answer);
            if answer.rows.len() < MOST_ROWS {
                plan.whole();
                answers.flows(&answer.rows)?;
                continue;
            }
            plan.too_much(&piece)?;
            if let Some(most) = most.filter(|most| spent.bytes > *most) {
                anyhow::bail!(
                    "so many answers had too many rows that reading them in smaller pieces would take more than the {} that were allowed; {} were read. Give a shorter window, or read these flow logs from S3 or Athena",
                    size(most),
                    size(spent.bytes)
                );
            }
        }
    }

    async fn ask(&self, query: String, piece: Piece) -> Result<(Piece, QueryAnswer), InsightsError> {
        // Both ends are inside for CloudWatch, and records start at whole seconds.
        let answer = self.group.ask(&query, (piece.from, piece.to - 1)).await?;
        tracing::debug!(from = piece.from, to = piece.to, rows = answer.rows.len(), scanned = answer.scanned, "query");
        Ok((piece, answer))
    }

    /// Where there are events, but no record of the gateways: says so where they are of another format.
    async fn look(&self, spent: &mut Spent) -> anyhow::Result<()> {
        for window in self.windows.iter().rev() {
            let to = window.end().as_second();
            let from = window.start().as_second().max(to - SAMPLE);
            let answer = self.group.ask(&Layout::sample(), (from, to - 1)).await?;
            spent.add(&answer);
            let messages = answer.rows.iter().flatten().filter(|(field, _)| field == "@message");
            let messages: Vec<&str> = messages.map(|(_, message)| message.as_str()).collect();
            let Some(first) = messages.first() else { continue };
            anyhow::ensure!(
                messages.iter().any(|message| self.layout.fits(message)),
                "its events are not records of the {} fields that were expected, such as {:?}; pass their format with --log-format, as the flow log's configuration says it",
                self.layout.fields(),
                first.chars().take(200).collect::<String>()
            );
            return Ok(());
        }
        Ok(())
    }
}
