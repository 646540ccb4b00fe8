//! A NAT gateway's bytes over time.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cost::NatGatewayCost;
use crate::model::{Bytes, Window};

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
