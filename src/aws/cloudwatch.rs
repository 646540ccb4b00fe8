//! CloudWatch: which metrics there are, and their hourly values.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode};
use aws_smithy_types::DateTime;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use super::calls::Counter;
use super::metrics::{Dimensions, Query};
use super::operation::Operation::{GetMetricData, ListMetrics};
use super::reader::{Listing, Reader};
use crate::model::{Series, Window};

/// One Region's CloudWatch.
#[derive(Debug)]
pub(super) struct CloudWatch<'a> {
    pub(super) client: &'a Client,
    pub(super) reader: &'a Reader,
    pub(super) counter: &'a Counter,
}

/// Seconds of a datapoint: hours are kept for 455 days, finer ones for weeks.
const PERIOD: i32 = 3600;
/// Queries in one call: the API's limit.
const QUERIES_LIMIT: usize = 500;
/// Datapoints that one call may ask for: the API's limit.
const DATAPOINTS_LIMIT: usize = 100_800;
/// Calls under way at once in a Region: CloudWatch allows 396,000 datapoints a second, and a full call takes about one.
const CALLS_AT_ONCE: usize = 4;

impl CloudWatch<'_> {
    /// The dimension sets that a metric was published under lately.
    pub(super) async fn list(&self, namespace: &str, metric: &str) -> Vec<Dimensions> {
        let call = self.client.list_metrics().namespace(namespace).metric_name(metric);
        let Listing { items, .. } = self
            .reader
            .pages(
                ListMetrics,
                |token| call.clone().set_next_token(token).send(),
                |page| (page.metrics, page.next_token),
            )
            .await;
        items.into_iter().map(dimensions).collect()
    }

    /// Hourly values for each query in order, by hour of the window; none where they could not be read in full.
    pub(super) async fn series(&self, window: &Window, queries: Vec<Query>) -> Vec<Option<Series>> {
        let mut series = vec![None; queries.len()];
        // A call is for one span, and the shorter that is, the more queries fit in.
        let mut by_span: BTreeMap<Window, Vec<(usize, Query)>> = BTreeMap::new();
        for (place, query) in queries.into_iter().enumerate() {
            by_span.entry(query.span).or_default().push((place, query));
        }
        let mut batches: Vec<(Window, Vec<(usize, Query)>)> = Vec::new();
        for (span, queries) in by_span {
            let hours = usize::try_from(span.hours()).unwrap_or(usize::MAX);
            let batch = (DATAPOINTS_LIMIT / hours.max(1)).clamp(1, QUERIES_LIMIT);
            // Owned pieces: a borrowed chunk in a spawned stream is more than the compiler can follow.
            batches.extend(queries.chunks(batch).map(|queries| (span, queries.to_vec())));
        }
        let answers: Vec<_> = stream::iter(batches)
            .map(|(span, batch)| async move {
                let (places, batch): (Vec<usize>, Vec<Query>) = batch.into_iter().unzip();
                (places, self.batch(window, &span, batch).await)
            })
            .buffered(CALLS_AT_ONCE)
            .collect()
            .await;
        for (places, answers) in answers {
            for (place, answer) in places.into_iter().zip(answers) {
                if let Some(series) = series.get_mut(place) {
                    *series = answer;
                }
            }
        }
        series
    }

    async fn batch(&self, window: &Window, span: &Window, batch: Vec<Query>) -> Vec<Option<Series>> {
        let mut call = self
            .client
            .get_metric_data()
            .start_time(date_time(span.start()))
            .end_time(date_time(span.end()))
            .scan_by(ScanBy::TimestampAscending)
            .max_datapoints(i32::try_from(DATAPOINTS_LIMIT).unwrap_or(i32::MAX));
        let count = batch.len();
        for (index, query) in batch.into_iter().enumerate() {
            call = call.metric_data_queries(metric_data_query(index, query));
        }
        let ask = |token| {
            self.counter.metrics_requested(count);
            call.clone().set_next_token(token).send()
        };
        let split = |page: GetMetricDataOutput| (page.metric_data_results, page.next_token);
        let listing = self.reader.pages(GetMetricData, ask, split).await;
        if !listing.complete {
            return vec![None; count];
        }
        let mut answers: Vec<Answer> = std::iter::repeat_with(Answer::default).take(count).collect();
        for result in listing.items {
            let index = result.id.as_deref().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
            if let Some(answer) = index.and_then(|index| answers.get_mut(index)) {
                answer.add(window, span, result);
            }
        }
        answers.into_iter().map(|answer| self.finish(answer)).collect()
    }

    fn finish(&self, answer: Answer) -> Option<Series> {
        let Answer { points, status, message } = answer;
        match status {
            Some(StatusCode::Complete) => return Some(Series::from_points(points)),
            Some(status) => {
                let message = message.unwrap_or_else(|| "CloudWatch did not return all of a metric".to_owned());
                self.reader.miss(GetMetricData, status.as_str(), &message);
            }
            None => self.reader.miss(GetMetricData, "MissingResult", "CloudWatch did not answer for a metric"),
        }
        None
    }
}

/// What the pages said of one query.
#[derive(Default)]
struct Answer {
    points: Vec<(usize, u64)>,
    /// The last page's: all but the last may be partial.
    status: Option<StatusCode>,
    message: Option<String>,
}

impl Answer {
    fn add(&mut self, window: &Window, span: &Window, result: MetricDataResult) {
        let failed = |status: &StatusCode| !matches!(status, StatusCode::Complete | StatusCode::PartialData);
        if !self.status.as_ref().is_some_and(failed) {
            self.status = Some(result.status_code.unwrap_or(StatusCode::Complete));
            self.message = result.messages.into_iter().flatten().find_map(|message| message.value);
        }
        let (times, values) = (result.timestamps.unwrap_or_default(), result.values.unwrap_or_default());
        self.points.extend(times.into_iter().zip(values).filter_map(|(time, value)| {
            let time = Timestamp::from_second(time.secs()).ok()?;
            // What was not asked for is known already, and must not count twice.
            span.hour_of(time)?;
            Some((window.hour_of(time)?, count(value)?))
        }));
    }
}

/// CloudWatch counts in floating point; what is not a count is no datapoint.
fn count(value: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
    (value >= 0.0).then(|| value.round() as u64)
}

fn date_time(instant: Timestamp) -> DateTime {
    DateTime::from_secs(instant.as_second())
}

fn dimensions(metric: Metric) -> Dimensions {
    metric.dimensions.into_iter().flatten().filter_map(|it| Some((it.name?, it.value?))).collect()
}

fn metric_data_query(index: usize, query: Query) -> MetricDataQuery {
    let dimensions =
        query.dimensions.into_iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder()
        .namespace(query.namespace)
        .metric_name(query.metric)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let stat = MetricStat::builder().metric(metric).period(PERIOD).stat(query.statistic).build();
    MetricDataQuery::builder().id(format!("m{index}")).metric_stat(stat).return_data(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_count_is_no_datapoint() {
        assert_eq!(count(1.5), Some(2));
        assert_eq!(count(0.0), Some(0));
        assert_eq!(count(-1.0), None);
        assert_eq!(count(f64::NAN), None);
    }
}
