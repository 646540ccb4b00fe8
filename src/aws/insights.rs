//! CloudWatch Logs Insights: queries are started, waited for, and stopped when nobody wants them any more.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::{QueryStatus, ResultField};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::error::{chain, is_refusal};
use crate::model::{Bytes, Window};

/// Between looks at a query: each twice as long as the one before. Five looks a second is what AWS allows an account.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Others may have as many queries under way as the account can have: they end.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
const MOST_BACKOFFS: u32 = 20;
/// Log groups are looked up by how their names begin: so many pages of others are read.
const MOST_PAGES: u32 = 20;
/// Seconds of a datapoint: hours are kept for 455 days.
const PERIOD: i32 = 3600;

/// A log group that can be asked.
#[derive(Debug)]
pub struct LogGroup {
    logs: Client,
    metrics: aws_sdk_cloudwatch::Client,
    /// Its name, or its ARN.
    group: String,
    /// Queries under way.
    running: Mutex<BTreeSet<String>>,
}

/// What is known of a log group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogGroupFacts {
    /// For how many days events are kept; none: for ever.
    pub retention_days: Option<i32>,
    /// Bytes in it, as AWS stores them.
    pub stored: Option<Bytes>,
}

/// What came of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryAnswer {
    /// Rows of fields and values.
    pub rows: Vec<Vec<(String, String)>>,
    /// Bytes that were read for it, which is what AWS charges for.
    pub scanned: Bytes,
    /// Log events that were read for it.
    pub events: u64,
}

/// Why a log group could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum InsightsError {
    /// A call failed.
    #[error("{operation}: {code}: {message}{}", refused(.code, .operation))]
    Call {
        /// The operation of the API.
        operation: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// A query did not succeed.
    #[error("the query ended as {status}{}", advice(.status))]
    Ended {
        /// How.
        status: String,
    },
    /// An answer makes no sense.
    #[error("{0} answered without {1}")]
    Missing(&'static str, &'static str),
}

fn refused(code: &str, operation: &str) -> String {
    if is_refusal(code) { format!(" (IAM action to allow: logs:{operation})") } else { String::new() }
}

fn advice(status: &str) -> &'static str {
    match status {
        "Timeout" => {
            ": it ran for longer than 60 minutes, which is all that CloudWatch Logs allows; give a shorter window"
        }
        "Cancelled" => ": somebody stopped it",
        _ => "",
    }
}

impl InsightsError {
    fn of<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().unwrap_or("Unreachable").to_owned();
        let message = error.message().map_or_else(|| chain(error), str::to_owned);
        Self::Call { operation, code, message: message.chars().take(500).collect() }
    }

    /// Whether it is that there is no such log group.
    #[must_use]
    pub fn is_no_group(&self) -> bool {
        matches!(self, Self::Call { code, .. } if code == "ResourceNotFoundException")
    }

    fn is_too_many(&self) -> bool {
        let busy = ["LimitExceededException", "ThrottlingException", "ServiceUnavailableException"];
        matches!(self, Self::Call { code, .. } if busy.contains(&code.as_str()))
    }
}

impl LogGroup {
    /// A log group by name or ARN.
    #[must_use]
    pub fn new(config: &SdkConfig, group: &str) -> Self {
        Self {
            logs: Client::new(config),
            metrics: aws_sdk_cloudwatch::Client::new(config),
            group: group.strip_suffix(":*").unwrap_or(group).to_owned(),
            running: Mutex::default(),
        }
    }

    fn is_arn(&self) -> bool {
        self.group.starts_with("arn:")
    }

    fn name(&self) -> &str {
        self.group.split_once(":log-group:").filter(|_| self.is_arn()).map_or(self.group.as_str(), |(_, name)| name)
    }

    /// Looks the log group up. None: there is no such one.
    ///
    /// # Errors
    /// When it cannot be looked up.
    pub async fn describe(&self) -> Result<Option<LogGroupFacts>, InsightsError> {
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let call = self.logs.describe_log_groups().set_next_token(token);
            let call = if self.is_arn() {
                call.log_group_identifiers(&self.group)
            } else {
                call.log_group_name_prefix(&self.group)
            };
            let page = call.send().await.map_err(|error| InsightsError::of("DescribeLogGroups", &error))?;
            let found = page.log_groups().iter().find(|group| group.log_group_name() == Some(self.name()));
            if let Some(group) = found {
                let stored = group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok());
                return Ok(Some(LogGroupFacts { retention_days: group.retention_in_days(), stored }));
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// Bytes that came into the log group in some windows, uncompressed, which is what a query of those reads. None
    /// where CloudWatch has no datapoint.
    ///
    /// # Errors
    /// When the metric cannot be read.
    pub async fn incoming(&self, windows: &[Window]) -> Result<Option<Bytes>, InsightsError> {
        let Some((start, end)) = windows.iter().map(Window::start).min().zip(windows.iter().map(Window::end).max())
        else {
            return Ok(None);
        };
        let dimension = Dimension::builder().name("LogGroupName").value(self.name()).build();
        let metric = Metric::builder().namespace("AWS/Logs").metric_name("IncomingBytes").dimensions(dimension).build();
        let stat = MetricStat::builder().metric(metric).period(PERIOD).stat("Sum").build();
        let query = MetricDataQuery::builder().id("m0").metric_stat(stat).build();
        let time = |instant: Timestamp| DateTime::from_secs(instant.as_second());
        // A datapoint for each hour of 455 days fits into one page.
        let call =
            self.metrics.get_metric_data().metric_data_queries(query).start_time(time(start)).end_time(time(end));
        let answer = call.send().await.map_err(|error| InsightsError::of("GetMetricData", &error))?;
        let points = answer.metric_data_results().iter().flat_map(|it| it.timestamps().iter().zip(it.values()));
        let wanted = points.filter(|(time, _)| {
            let instant = Timestamp::from_second(time.secs()).ok();
            instant.is_some_and(|instant| windows.iter().any(|window| window.hour_of(instant).is_some()))
        });
        Ok(wanted.map(|(_, value)| count(*value)).reduce(|sum, value| sum.saturating_add(value)))
    }

    /// Asks, and waits for the answer. Both seconds are inside.
    ///
    /// # Errors
    /// When the query cannot be started, or does not succeed.
    pub async fn ask(&self, query: &str, (from, to): (i64, i64)) -> Result<QueryAnswer, InsightsError> {
        let id = self.start(query, from, to).await?;
        self.lock().insert(id.clone());
        let answer = self.wait(&id).await;
        self.lock().remove(&id);
        answer
    }

    async fn start(&self, query: &str, from: i64, to: i64) -> Result<String, InsightsError> {
        let call = self.logs.start_query().start_time(from).end_time(to).query_string(query);
        let call =
            if self.is_arn() { call.log_group_identifiers(&self.group) } else { call.log_group_name(&self.group) };
        let mut backoff = FIRST_BACKOFF;
        let mut tries = 0;
        loop {
            match call.clone().send().await.map_err(|error| InsightsError::of("StartQuery", &error)) {
                Ok(started) => return started.query_id.ok_or(InsightsError::Missing("StartQuery", "a query")),
                Err(error) if error.is_too_many() && tries < MOST_BACKOFFS => {
                    tracing::debug!(%error, "too many queries at once: waiting");
                    tokio::time::sleep(backoff).await;
                    backoff = (backoff * 2).min(LONGEST_BACKOFF);
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn wait(&self, id: &str) -> Result<QueryAnswer, InsightsError> {
        let mut wait = FIRST_WAIT;
        let mut token = None;
        let mut rows = Vec::new();
        loop {
            let call = self.logs.get_query_results().query_id(id).set_next_token(token.take());
            let page = call.send().await.map_err(|error| InsightsError::of("GetQueryResults", &error))?;
            match page.status() {
                Some(QueryStatus::Complete) => {}
                Some(QueryStatus::Failed | QueryStatus::Cancelled | QueryStatus::Timeout) => {
                    let status = page.status().map_or("unknown", |status| status.as_str());
                    return Err(InsightsError::Ended { status: status.to_owned() });
                }
                _ => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                    continue;
                }
            }
            rows.extend(page.results().iter().map(|row| row.iter().filter_map(field).collect()));
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                let statistics = page.statistics();
                let scanned = statistics.map_or(0, |statistics| count(statistics.bytes_scanned()));
                let events = statistics.map_or(0, |statistics| count(statistics.records_scanned()));
                return Ok(QueryAnswer { rows, scanned, events });
            }
        }
    }

    /// Stops every query that is under way, which would be charged for what it still reads.
    pub async fn stop(&self) {
        let running: Vec<String> = self.lock().iter().cloned().collect();
        for id in running {
            match self.logs.stop_query().query_id(&id).send().await {
                Ok(_) => drop(self.lock().remove(&id)),
                Err(error) => tracing::warn!("the query {id} could not be stopped: {}", chain(&error)),
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn field(field: &ResultField) -> Option<(String, String)> {
    Some((field.field()?.to_owned(), field.value()?.to_owned()))
}

/// AWS counts in floating point.
fn count(value: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
    if value >= 0.0 { value.round() as u64 } else { 0 }
}
