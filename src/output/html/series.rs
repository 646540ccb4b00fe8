//! NAT bytes over time: by hour for the largest gateways, by day for more, and no more than a page can carry.

use std::iter::repeat;

use jiff::civil::Date;
use serde::Serialize;

use super::text::short;
use crate::model::Bytes;
use crate::report::{NatGatewayRow, Report};

/// What the gateways drawn by hour may come to, in points: 24 gateways in a month, one in a year.
const HOURLY_POINTS: usize = 18_000;
/// The same for those drawn by service too, where flow logs tell.
const SPLIT_POINTS: usize = 6_000;
/// The same for those drawn by day: 400 gateways in a month.
const DAILY_POINTS: usize = 12_400;
/// Gateways drawn together, and in the table.
pub(super) const TOGETHER: usize = 6;

/// What the chart of bytes over time shows.
#[derive(Serialize)]
pub(super) struct Series<'r> {
    /// Seconds since 1970 when the window starts.
    start: i64,
    hours: u64,
    /// The days of the window.
    days: Vec<Date>,
    /// How many of the gateways are drawn together.
    together: usize,
    /// The gateways, the one with the most bytes first.
    pub(super) gateways: Vec<GatewaySeries<'r>>,
    /// Gateways that are not drawn.
    pub(super) left_out: usize,
}

/// One gateway's bytes.
#[derive(Serialize)]
pub(super) struct GatewaySeries<'r> {
    id: &'r str,
    pub(super) label: String,
    daily: Vec<Option<Bytes>>,
    /// By hour; none for the smaller gateways.
    hourly: Option<Vec<Option<Bytes>>>,
    /// By service, where flow logs tell.
    services: Vec<ServiceSeries>,
}

/// What of a gateway's bytes was for one service, as far as flow logs saw it.
#[derive(Serialize)]
struct ServiceSeries {
    name: String,
    hourly: Vec<Option<Bytes>>,
}

impl<'r> Series<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let mut rows: Vec<_> = report.nat_gateways.iter().filter(|row| !row.daily_bytes.is_empty()).collect();
        // A stable sort: those with the same bytes stay in the report's order.
        rows.sort_by_key(|row| std::cmp::Reverse(row.bytes.as_ref().map(|bytes| bytes.processed)));
        let days: Vec<_> = rows.first().map(|row| row.daily_bytes.keys().copied().collect()).unwrap_or_default();
        let hours = usize::try_from(report.window.hours()).unwrap_or(usize::MAX);
        let fit = |points: usize, each: usize| (points / each.max(1)).max(1);
        let drawn = fit(DAILY_POINTS, days.len()).max(TOGETHER);
        let (hourly, split) = (fit(HOURLY_POINTS, hours), fit(SPLIT_POINTS, hours));
        let gateway = |(index, row): (usize, &&'r NatGatewayRow)| GatewaySeries {
            id: row.nat_gateway_id.as_str(),
            label: label(row),
            daily: row.daily_bytes.values().copied().collect(),
            hourly: (index < hourly).then(|| row.hourly_bytes.iter().chain(repeat(None)).take(hours).collect()),
            services: if index < split { services(row, hours) } else { Vec::new() },
        };
        Self {
            start: report.window.start().as_second(),
            hours: report.window.hours(),
            days,
            together: TOGETHER,
            gateways: rows.iter().enumerate().take(drawn).map(gateway).collect(),
            left_out: rows.len().saturating_sub(drawn),
        }
    }

    /// The gateways drawn together.
    pub(super) fn largest(&self) -> &[GatewaySeries<'r>] {
        self.gateways.get(..TOGETHER).unwrap_or(&self.gateways)
    }

    /// Each day, and what each of those gateways processed on it.
    pub(super) fn table(&self) -> impl Iterator<Item = (&Date, Vec<Option<Bytes>>)> {
        self.days.iter().enumerate().map(|(day, date)| {
            (date, self.largest().iter().map(|gateway| gateway.daily.get(day).copied().flatten()).collect())
        })
    }
}

/// The largest services by hour, and all others together; hours that no flow log tells of are gaps.
fn services(row: &NatGatewayRow, hours: usize) -> Vec<ServiceSeries> {
    let traffic = &row.hourly_traffic;
    if traffic.hours.is_empty() {
        return Vec::new();
    }
    let names = traffic.services.iter().map(|service| short(service.as_str())).chain(["others".to_owned()]);
    let series = names.enumerate().map(|(column, name)| ServiceSeries {
        name,
        hourly: (0..hours)
            .map(|hour| traffic.hours.get(&hour).and_then(|columns| columns.get(column).copied()))
            .collect(),
    });
    series.filter(|series| series.hourly.iter().flatten().any(|bytes| *bytes > 0)).collect()
}

/// What a gateway is called.
pub(super) fn label(row: &NatGatewayRow) -> String {
    let id = row.nat_gateway_id.as_str();
    row.name.as_deref().map_or_else(|| short(id), |name| format!("{} ({})", crate::output::clip(name, 40), short(id)))
}
