//! CloudWatch: `ListMetrics` and `GetMetricData` with AWS's limits on a call, and `GetMetricStatistics`, which others than
//! natwise use. Every hour that is over has a datapoint.

use ciborium::Value;

use super::cbor::Cbor;
use super::network::{Kind, Network};
use super::page::{Tokens, page};
use super::request::{Input, Request};
use super::respond::{Answer, Refusal};
use super::series::{BYTES_PROCESSED, NAT, NAT_METRICS, PRIVATE_LINK, Source, endpoint_dimensions};
use super::traffic::HOUR;

/// Limits of the API: metrics on a page, queries in a call, datapoints on a page.
const METRICS: usize = 500;
const QUERIES: usize = 500;
const DATAPOINTS: usize = 100_800;
const DATAPOINTS_OF_STATISTICS: usize = 1_440;

pub fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    field(value, name)?.as_text()
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Tag(1, time) => whole(time),
        #[expect(clippy::cast_possible_truncation, reason = "edges of windows are whole seconds")]
        Value::Float(seconds) => Some(*seconds as i64),
        other => other.as_integer()?.try_into().ok(),
    }
}

pub fn number(value: &Value, name: &str) -> Option<i64> {
    whole(field(value, name)?)
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}

pub fn answer(network: &Network, page_size: usize, request: &Request, tokens: Tokens) -> Result<Answer, Refusal> {
    let Input::Cbor(input) = &request.input else { return Err(invalid("no CBOR")) };
    match request.operation.as_str() {
        "ListMetrics" => list_metrics(network, page_size, request, input, tokens),
        "GetMetricData" => get_metric_data(network, request, input, tokens),
        "GetMetricStatistics" => get_metric_statistics(network, input),
        other => Err(Refusal::new(404, "UnknownOperationException", other)),
    }
}

/// One metric: namespace, name, dimensions.
type Metric<'a> = (&'static str, &'static str, Vec<(&'static str, &'a str)>);

/// What was published lately: an endpoint's by itself and by each subnet.
fn metrics(network: &Network) -> Vec<Metric<'_>> {
    let mut metrics: Vec<Metric<'_>> = Vec::new();
    for gateway in &network.gateways {
        metrics.extend(NAT_METRICS.map(|it| (NAT, it.0, vec![("NatGatewayId", gateway.id.as_str())])));
    }
    for endpoint in network.endpoints.iter().filter(|it| !it.idle) {
        let Kind::Interface { subnets, .. } = &endpoint.kind else { continue };
        let whole = endpoint_dimensions(endpoint);
        for subnet in subnets {
            let mut dimensions = whole.clone();
            dimensions.push(("Subnet Id", subnet));
            metrics.push((PRIVATE_LINK, BYTES_PROCESSED, dimensions));
        }
        metrics.push((PRIVATE_LINK, BYTES_PROCESSED, whole));
    }
    metrics
}

fn list_metrics(
    network: &Network,
    page_size: usize,
    request: &Request,
    input: &Value,
    tokens: Tokens,
) -> Result<Answer, Refusal> {
    let (namespace, name) = (text(input, "Namespace"), text(input, "MetricName"));
    let filters = field(input, "Dimensions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let wanted = |metric: &Metric<'_>| {
        namespace.is_none_or(|it| it == metric.0)
            && name.is_none_or(|it| it == metric.1)
            && filters.iter().all(|filter| {
                let (name, value) = (text(filter, "Name"), text(filter, "Value"));
                metric.2.iter().any(|it| Some(it.0) == name && value.is_none_or(|value| value == it.1))
            })
    };
    let mut metrics = metrics(network);
    metrics.retain(wanted);
    let page = page(metrics.len(), METRICS.min(page_size), request.token(), tokens)?;
    let mut body = Cbor::default();
    body.map(1 + usize::from(page.next.is_some()));
    body.text("Metrics").list(page.to - page.from);
    for (namespace, name, dimensions) in &metrics[page.from..page.to] {
        body.map(3).text("Namespace").text(namespace).text("MetricName").text(name);
        body.text("Dimensions").list(dimensions.len());
        for (name, value) in dimensions {
            body.map(2).text("Name").text(name).text("Value").text(value);
        }
    }
    if let Some(next) = page.next {
        body.text("NextToken").text(&next);
    }
    Ok(Answer::cbor(body.bytes))
}

/// A query as far as it matters.
struct Query<'a> {
    id: &'a str,
    metric: &'a str,
    statistic: &'a str,
    period: i64,
    source: Source<'a>,
}

fn query<'a>(network: &'a Network, value: &'a Value) -> Option<Query<'a>> {
    let stat = field(value, "MetricStat")?;
    let metric = field(stat, "Metric")?;
    Some(Query {
        id: text(value, "Id")?,
        metric: text(metric, "MetricName")?,
        statistic: text(stat, "Stat")?,
        period: number(stat, "Period")?,
        source: Source::of(network, metric),
    })
}

/// Where the first period starts, and how many there are until now.
fn periods(start: i64, end: i64, period: i64) -> (i64, usize) {
    let now = jiff::Timestamp::now().as_second();
    let start = start - start % HOUR;
    (start, usize::try_from((end.min(now - now % HOUR) - start) / period).unwrap_or(0))
}

fn get_metric_data(network: &Network, request: &Request, input: &Value, tokens: Tokens) -> Result<Answer, Refusal> {
    let queries = field(input, "MetricDataQueries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let queries: Option<Vec<_>> = queries.iter().map(|value| query(network, value)).collect();
    let queries = queries.ok_or_else(|| invalid("a query lacks its Id, MetricStat, Metric, Stat or Period"))?;
    let (start, end) = number(input, "StartTime").zip(number(input, "EndTime")).ok_or_else(|| invalid("no window"))?;
    let period = queries.first().map_or(HOUR, |it| it.period);
    if queries.len() > QUERIES || queries.iter().any(|it| it.period != period) || period % HOUR != 0 || period <= 0 {
        return Err(invalid("500 queries at most, all with the same whole hours as their period"));
    }
    let (start, periods) = periods(start, end, period);
    let limit = number(input, "MaxDatapoints").and_then(|it| usize::try_from(it).ok()).unwrap_or(DATAPOINTS);
    // The datapoints of all queries in a row: a page is a piece of it.
    let page = page(queries.len() * periods, limit.clamp(1, DATAPOINTS), request.token(), tokens)?;
    let ascending = text(input, "ScanBy") == Some("TimestampAscending");

    let parts: Vec<_> = queries
        .iter()
        .enumerate()
        .map(|(index, query)| {
            let piece = |at: usize| at.saturating_sub(index * periods).min(periods);
            (query, piece(page.from)..piece(page.to))
        })
        .filter(|(_, hours)| !hours.is_empty() || periods == 0)
        .collect();
    let mut body = Cbor { bytes: Vec::with_capacity(200 + queries.len() * 100 + (page.to - page.from) * 15) };
    body.map(1 + usize::from(page.next.is_some())).text("MetricDataResults").list(parts.len());
    for (query, piece) in parts {
        let complete = piece.end == periods;
        let at = |index: usize| {
            let index = if ascending { index } else { periods - 1 - index };
            start + i64::try_from(index).unwrap() * period
        };
        let silent = piece.clone().next().is_none_or(|index| query.source.in_hour(at(index)).is_none());
        let points = if silent { 0..0 } else { piece };
        body.map(5).text("Id").text(query.id).text("Label").text(query.metric);
        body.text("Timestamps").list(points.len());
        for index in points.clone() {
            body.time(at(index));
        }
        body.text("Values").list(points.len());
        for index in points {
            body.float(query.source.value(query.statistic, at(index), period / HOUR).unwrap_or_default());
        }
        body.text("StatusCode").text(if complete { "Complete" } else { "PartialData" });
    }
    if let Some(next) = page.next {
        body.text("NextToken").text(&next);
    }
    Ok(Answer::cbor(body.bytes))
}

fn get_metric_statistics(network: &Network, input: &Value) -> Result<Answer, Refusal> {
    let times = number(input, "StartTime").zip(number(input, "EndTime")).zip(number(input, "Period"));
    let ((start, end), period) = times.ok_or_else(|| invalid("no StartTime, EndTime or Period"))?;
    let statistics = field(input, "Statistics").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let statistics: Vec<_> = statistics.iter().filter_map(Value::as_text).collect();
    let (start, periods) = periods(start, end, period.max(HOUR));
    if period % HOUR != 0 || period <= 0 || periods > DATAPOINTS_OF_STATISTICS {
        return Err(invalid("whole hours as the period, and 1,440 datapoints at most"));
    }
    let source = Source::of(network, input);
    let points = (0..i64::try_from(periods).unwrap()).map(|index| start + index * period);
    let points: Vec<_> = points.filter(|start| source.in_hour(*start).is_some()).collect();
    let mut body = Cbor::default();
    body.map(2).text("Label").text(text(input, "MetricName").unwrap_or_default());
    body.text("Datapoints").list(points.len());
    for start in points {
        body.map(1 + statistics.len()).text("Timestamp").time(start);
        for statistic in &statistics {
            let value = source.value(statistic, start, period / HOUR).unwrap_or_default();
            body.text(statistic).float(value);
        }
    }
    Ok(Answer::cbor(body.bytes))
}
