//! CloudWatch over RPC v2 CBOR: `ListMetrics` and `GetMetricData`, with AWS's limits on a call.

use std::collections::BTreeMap;

use ciborium::Value;

use super::{Answer, Request, World};

/// Namespace, name and dimensions of a series.
pub type Key = (String, String, BTreeMap<String, String>);

/// Every series with its datapoints: seconds since the epoch, and value.
pub type Metrics = BTreeMap<Key, Vec<(i64, f64)>>;

/// One series that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    pub id: String,
    pub metric: String,
    pub statistic: String,
    pub period: i64,
    /// Datapoints that the call's span has.
    pub hours: i64,
    pub dimensions: BTreeMap<String, String>,
}

pub(super) fn operation(path: &str) -> Option<&str> {
    path.strip_prefix("/service/GraniteServiceVersion20100801/operation/")
}

pub(super) fn decode(body: &[u8]) -> Value {
    ciborium::from_reader(body).unwrap()
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    field(value, name)?.as_text().map(str::to_owned)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    field(value, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn dimensions(metric: &Value) -> BTreeMap<String, String> {
    list(metric, "Dimensions").iter().map(|it| (text(it, "Name").unwrap(), text(it, "Value").unwrap())).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the window's edges are whole seconds")]
fn seconds(value: &Value, name: &str) -> i64 {
    let Some(Value::Tag(1, time)) = field(value, name) else { panic!("{name} is no timestamp") };
    time.as_integer().map_or_else(|| time.as_float().unwrap() as i64, |it| i64::try_from(it).unwrap())
}

/// The series that a `GetMetricData` asks for.
pub(super) fn queries(input: &Value) -> Vec<Query> {
    let span = |period: i64| (seconds(input, "EndTime") - seconds(input, "StartTime")) / period;
    let query = |it: &Value| {
        let stat = field(it, "MetricStat").unwrap();
        let metric = field(stat, "Metric").unwrap();
        let period = field(stat, "Period").and_then(Value::as_integer).unwrap().try_into().unwrap();
        Query {
            hours: span(period),
            id: text(it, "Id").unwrap(),
            metric: text(metric, "MetricName").unwrap(),
            statistic: text(stat, "Stat").unwrap(),
            period,
            dimensions: dimensions(metric),
        }
    };
    list(input, "MetricDataQueries").iter().map(query).collect()
}

fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect())
}

fn cbor(status: u16, value: &Value) -> Answer {
    let mut body = Vec::new();
    ciborium::into_writer(value, &mut body).unwrap();
    Answer { status, content_type: "application/cbor", body }
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    let kind = format!("com.amazonaws.cloudwatch#{code}");
    cbor(status, &map([("__type", Value::from(kind)), ("message", Value::from(message))]))
}

pub(super) fn answer(world: &World, request: &Request, input: &Value) -> Answer {
    let Some(region) = world.regions.get(&request.region) else {
        return error(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
    };
    match request.operation.as_str() {
        "ListMetrics" => list_metrics(&region.metrics, world.page_size, request, input),
        "GetMetricData" => get_metric_data(&region.metrics, world.points_page, request, input),
        other => error(400, "UnknownOperation", other),
    }
}

fn offset(request: &Request) -> usize {
    request.token.as_deref().map_or(0, |token| token.strip_prefix("page-").unwrap().parse().unwrap())
}

fn list_metrics(metrics: &Metrics, page: usize, request: &Request, input: &Value) -> Answer {
    let (namespace, name) = (text(input, "Namespace"), text(input, "MetricName"));
    let wanted: Vec<&Key> = metrics
        .keys()
        .filter(|key| namespace.as_ref().is_none_or(|wanted| *wanted == key.0))
        .filter(|key| name.as_ref().is_none_or(|wanted| *wanted == key.1))
        .collect();
    let from = offset(request);
    let entry = |(namespace, name, dimensions): &Key| {
        let dimensions = dimensions
            .iter()
            .map(|(name, value)| map([("Name", Value::from(name.as_str())), ("Value", Value::from(value.as_str()))]));
        map([
            ("Namespace", Value::from(namespace.as_str())),
            ("MetricName", Value::from(name.as_str())),
            ("Dimensions", Value::Array(dimensions.collect())),
        ])
    };
    let listed = Value::Array(wanted.iter().skip(from).take(page.min(500)).copied().map(entry).collect());
    let next = from + page.min(500);
    if next < wanted.len() {
        return cbor(200, &map([("Metrics", listed), ("NextToken", Value::from(format!("page-{next}")))]));
    }
    cbor(200, &map([("Metrics", listed)]))
}

#[expect(clippy::float_arithmetic, reason = "CloudWatch counts in floating point")]
fn get_metric_data(metrics: &Metrics, page: usize, request: &Request, input: &Value) -> Answer {
    let (start, end) = (seconds(input, "StartTime"), seconds(input, "EndTime"));
    let asked: i64 = request.queries.iter().map(|query| query.hours).sum();
    if request.queries.len() > 500 || asked > 100_800 {
        return error(400, "ValidationError", "too many metrics or datapoints");
    }
    let namespaces: Vec<String> = list(input, "MetricDataQueries")
        .iter()
        .map(|it| text(field(field(it, "MetricStat").unwrap(), "Metric").unwrap(), "Namespace").unwrap())
        .collect();
    let from = offset(request);
    let mut more = false;
    let result = |(query, namespace): (&Query, &String)| {
        let key = (namespace.clone(), query.metric.clone(), query.dimensions.clone());
        let points = metrics.get(&key).map_or(&[][..], Vec::as_slice);
        let mut periods: BTreeMap<i64, f64> = BTreeMap::new();
        for (time, value) in points.iter().filter(|it| (start..end).contains(&it.0)) {
            let period = time - (time - start) % query.period;
            let entry = periods.entry(period).or_insert(0.0);
            *entry = if query.statistic == "Maximum" { entry.max(*value) } else { *entry + value };
        }
        let partial = periods.len() > from.saturating_add(page);
        more |= partial;
        let shown = || periods.iter().skip(from).take(page);
        map([
            ("Id", Value::from(query.id.as_str())),
            ("Label", Value::from(query.metric.as_str())),
            ("Timestamps", Value::Array(shown().map(|(time, _)| Value::Tag(1, Box::new((*time).into()))).collect())),
            ("Values", Value::Array(shown().map(|(_, value)| Value::from(*value)).collect())),
            ("StatusCode", Value::from(if partial { "PartialData" } else { "Complete" })),
        ])
    };
    let results = Value::Array(request.queries.iter().zip(&namespaces).map(result).collect());
    if more {
        let next = Value::from(format!("page-{}", from + page));
        return cbor(200, &map([("MetricDataResults", results), ("NextToken", next)]));
    }
    cbor(200, &map([("MetricDataResults", results)]))
}
