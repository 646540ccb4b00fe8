//! A NAT gateway's bytes over time: as CloudWatch meters them, and by service as flow logs show them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cost::NatGatewayCost;
use crate::model::{Bytes, Service, Window};
use crate::traffic::{GatewayTraffic, spread};

/// Services that are told apart over time: more colours than these cannot be.
const MOST_SERVICES: usize = 7;

/// A gateway's logged bytes by service and hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourlyTraffic {
    /// The services with the most bytes, the largest first.
    pub services: Vec<Service>,
    /// The bytes of each of them, and then of all others together, by hour of the window: as in
    /// [`hourly_bytes`](super::NatGatewayRow::hourly_bytes). Hours are left out of which the logs show nothing.
    pub hours: BTreeMap<usize, Vec<Bytes>>,
    /// For how many hours together the logs' reading told services: more than 1 where single hours of all gateways
    /// were too many to keep. Then the bytes of an hour are exact, and the services' are in proportion.
    pub stretch: u32,
}

impl HourlyTraffic {
    pub(super) fn new(traffic: &GatewayTraffic, window: Window) -> Self {
        let mut by_service = BTreeMap::<&Service, BTreeMap<u32, Bytes>>::new();
        for (label, hours) in &traffic.labels_by_hour {
            let sums = by_service.entry(&label.service).or_default();
            for (hour, bytes) in hours {
                add(sums, *hour, *bytes);
            }
        }
        let mut order: Vec<_> = by_service.into_iter().collect();
        let total = |hours: &BTreeMap<u32, Bytes>| hours.values().fold(0_u64, |sum, bytes| sum.saturating_add(*bytes));
        order.sort_by_cached_key(|(service, hours)| (Reverse(total(hours)), *service));
        let others = order.split_off(order.len().min(MOST_SERVICES));
        let mut rest = BTreeMap::new();
        for (hour, bytes) in others.iter().flat_map(|(_, hours)| hours) {
            add(&mut rest, *hour, *bytes);
        }
        let columns: Vec<_> = order.iter().map(|(_, hours)| hours).chain([&rest]).collect();
        let stretch = traffic.stretch.max(1);
        let mut stretches = BTreeMap::<u32, Vec<(u32, Bytes)>>::new();
        for (hour, bytes) in &traffic.hours {
            stretches.entry(hour / stretch * stretch).or_default().push((*hour, *bytes));
        }
        let mut hours = BTreeMap::new();
        for (first, parts) in stretches {
            let columns: Vec<_> = columns.iter().map(|hours| hours.get(&first).copied().unwrap_or(0)).collect();
            let rows: Vec<_> = parts.iter().map(|(_, bytes)| *bytes).collect();
            for ((hour, _), line) in parts.into_iter().zip(spread(&rows, &columns)) {
                let instant = jiff::Timestamp::from_second(i64::from(hour) * 3600).ok();
                hours.extend(instant.and_then(|instant| window.hour_of(instant)).map(|hour| (hour, line)));
            }
        }
        Self { services: order.into_iter().map(|(service, _)| service.clone()).collect(), hours, stretch }
    }
}

fn add(sums: &mut BTreeMap<u32, Bytes>, hour: u32, bytes: Bytes) {
    let sum = sums.entry(hour).or_default();
    *sum = sum.saturating_add(bytes);
}

/// What a gateway processed in each hour of the window; none where CloudWatch has no datapoint. Empty for a window that
/// is longer than CloudWatch keeps hours, which only a made-up snapshot has.
pub(super) fn hourly(cost: &NatGatewayCost<'_>, window: Window) -> Vec<Option<Bytes>> {
    if window.hours() > Window::MOST_HOURS {
        return Vec::new();
    }
    // Zeros that its connections prove have no datapoints of their own.
    let silence = (cost.bytes.processed() == Some(0)).then_some(0);
    let mut hours = vec![silence; usize::try_from(window.hours()).unwrap_or(0)];
    for metrics in &cost.metrics {
        for series in [&metrics.bytes_in_from_source, &metrics.bytes_in_from_destination] {
            for (sum, value) in hours.iter_mut().zip(series.iter()) {
                *sum = value.map_or(*sum, |value| Some(value.saturating_add(sum.unwrap_or(0))));
            }
        }
    }
    hours
}

/// The same by UTC day.
pub(super) fn daily(hourly: &[Option<Bytes>], window: Window) -> BTreeMap<Date, Option<Bytes>> {
    let mut days = BTreeMap::<Date, Option<Bytes>>::new();
    for (hour, bytes) in hourly.iter().enumerate() {
        let sum = days.entry(window.instant_of(hour).to_zoned(TimeZone::UTC).date()).or_default();
        *sum = bytes.map_or(*sum, |bytes| Some(bytes.saturating_add(sum.unwrap_or(0))));
    }
    days
}

#[cfg(test)]
mod tests;
