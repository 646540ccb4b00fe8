//! What an earlier snapshot knows of a Region's metrics, so that CloudWatch is asked for the rest only. Pure.
//!
//! A datapoint that CloudWatch once gave stays what it was, but for the youngest: they come late, so the last hours
//! before an earlier scan are asked for anew. A series is the same one exactly if its dimensions are: gateways and
//! endpoints have ids that nothing else ever has.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::metrics::Subject;
use super::operation::Operation;
use crate::model::{EndpointMetrics, Metrics, NatGatewayMetrics, RegionName, Series, Snapshot, Window};

/// Hours before the end of an earlier scan whose datapoints may have come after it.
const UNSETTLED: SignedDuration = SignedDuration::from_hours(3);

/// Series of a Region that are known for some hours of a new window.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Previous {
    /// The hours.
    pub(super) span: Window,
    /// Every subject's series, in the order of its queries and by hour of the new window.
    known: BTreeMap<Subject, Vec<Series>>,
}

impl Previous {
    /// What a snapshot knows of a Region in a new window, if anything.
    pub(super) fn new(snapshot: &Snapshot, region: &RegionName, window: &Window) -> Option<Self> {
        let span = settled(snapshot, window)?;
        let part = snapshot.regions.iter().find(|part| part.region == *region)?;
        // Where some metrics could not be read, others may have been read in part.
        if part.gaps.iter().any(|gap| gap.operation == Operation::GetMetricData.name()) {
            return None;
        }
        let cut = |series: &Series| series.part(&snapshot.window, &span, window);
        let known = subjects(&part.metrics).map(|(subject, series)| (subject, series.into_iter().map(cut).collect()));
        Some(Self { span, known: known.collect() })
    }

    /// A subject's series, if they are known.
    pub(super) fn take(&mut self, subject: &Subject) -> Option<Vec<Series>> {
        self.known.remove(subject)
    }
}

/// The hours of a new window that a snapshot has, and that no late datapoint can change any more.
fn settled(snapshot: &Snapshot, window: &Window) -> Option<Window> {
    let earlier = &snapshot.window;
    let scanned = snapshot.scanned_at.map_or(earlier.end(), |instant| instant.min(earlier.end()));
    let settled = earlier.hour_of(scanned.saturating_sub(UNSETTLED).ok()?)?;
    let (start, end) = (earlier.start().max(window.start()), earlier.instant_of(settled).min(window.end()));
    Window::new(start, end).ok()
}

/// Every subject's series, in the order of its queries.
fn subjects(metrics: &Metrics) -> impl Iterator<Item = (Subject, Vec<&Series>)> {
    let gateways = metrics.nat_gateways.iter().map(|metrics| {
        let NatGatewayMetrics {
            nat_gateway_id,
            availability_zone,
            bytes_in_from_source,
            bytes_in_from_destination,
            bytes_out_to_destination,
            bytes_out_to_source,
            active_connection_count,
        } = metrics;
        let subject = Subject::Nat { id: nat_gateway_id.clone(), zone: availability_zone.clone() };
        let series = vec![
            bytes_in_from_source,
            bytes_in_from_destination,
            bytes_out_to_destination,
            bytes_out_to_source,
            active_connection_count,
        ];
        (subject, series)
    });
    let endpoints = metrics.endpoints.iter().map(|metrics| {
        let EndpointMetrics { vpc_endpoint_id, endpoint_type, service_name, vpc_id, subnet_id, bytes_processed } =
            metrics;
        let subject = Subject::Endpoint {
            id: vpc_endpoint_id.clone(),
            endpoint_type: endpoint_type.clone(),
            service: service_name.clone(),
            vpc: vpc_id.clone(),
            subnet: subnet_id.clone(),
        };
        (subject, vec![bytes_processed])
    });
    gateways.chain(endpoints)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::RegionScan;
    use crate::testing::at;

    /// So many hours after the first one of a world.
    fn hour(hours: i64) -> jiff::Timestamp {
        at("2026-10-01T00:00:00Z") + SignedDuration::from_hours(hours)
    }

    fn window(start: i64, end: i64) -> Window {
        Window::new(hour(start), hour(end)).unwrap()
    }

    /// What a scan over a window sees of a series.
    fn seen(world: &BTreeMap<i64, u64>, start: i64, end: i64) -> Series {
        let points = world.range(start..end).map(|(hour, value)| (usize::try_from(hour - start).unwrap(), *value));
        Series::from_points(points)
    }

    fn snapshot(window: Window, scanned_at: Option<jiff::Timestamp>, series: Series) -> Snapshot {
        let mut scan = RegionScan::new("111122223333".into(), "us-east-1".into());
        scan.metrics.endpoints.push(EndpointMetrics {
            vpc_endpoint_id: "vpce-1".into(),
            endpoint_type: "Interface".into(),
            service_name: "s".into(),
            vpc_id: "vpc-1".into(),
            subnet_id: None,
            bytes_processed: series,
        });
        Snapshot { scanned_at, ..Snapshot::new(window, vec![scan]) }
    }

    fn subject(id: &str) -> Subject {
        let (id, endpoint_type) = (id.into(), "Interface".into());
        Subject::Endpoint { id, endpoint_type, service: "s".into(), vpc: "vpc-1".into(), subnet: None }
    }

    proptest! {
        #[test]
        fn old_hours_and_new_ones_come_to_what_a_full_scan_sees(
            world in prop::collection::btree_map(0..200_i64, any::<u64>(), 0..120),
            old in (0..180_i64, 1..100_i64),
            new in (0..180_i64, 1..100_i64),
            scanned in prop::option::of(0..300_i64),
        ) {
            let (old, new) = ((old.0, old.0 + old.1), (new.0, new.0 + new.1));
            let asked = window(new.0, new.1);
            // What came late, the earlier scan has not seen.
            let settled = scanned.map_or(old.1, |hour| hour.min(old.1)) - 3;
            let early: BTreeMap<_, _> = world.range(..settled.max(0)).map(|(hour, value)| (*hour, *value)).collect();
            let earlier = snapshot(window(old.0, old.1), scanned.map(hour), seen(&early, old.0, old.1));
            let previous = Previous::new(&earlier, &"us-east-1".into(), &asked);
            let usable = (old.0.max(new.0), settled.min(new.1));
            prop_assert_eq!(previous.as_ref().map(|it| it.span), (usable.0 < usable.1).then(|| window(usable.0, usable.1)));
            let Some(mut previous) = previous else { return Ok(()) };
            let fresh = asked.without(&previous.span).map(|span| {
                let from = |instant: jiff::Timestamp| (instant.as_second() - hour(0).as_second()) / 3600;
                let series = seen(&world, from(span.start()), from(span.end()));
                series.part(&span, &span, &asked)
            });
            let known = previous.take(&subject("vpce-1")).unwrap();
            prop_assert_eq!(Series::joined(known.into_iter().chain(fresh)), seen(&world, new.0, new.1));
        }
    }

    #[test]
    fn what_was_not_read_in_full_or_is_of_something_else_is_not_known() {
        let earlier = || snapshot(window(0, 100), None, Series::from_points([(5, 7)]));
        let of = |earlier: &Snapshot| Previous::new(earlier, &"us-east-1".into(), &window(50, 150));
        let mut known = of(&earlier()).unwrap();
        assert_eq!(known.span, window(50, 97));
        // Silence is known as silence.
        assert_eq!(known.take(&subject("vpce-1")), Some(vec![Series::default()]));
        assert_eq!(known.take(&subject("vpce-2")), None);
        assert_eq!(Previous::new(&earlier(), &"eu-west-1".into(), &window(50, 150)), None);
        assert_eq!(Previous::new(&earlier(), &"us-east-1".into(), &window(97, 150)), None);
        for (operation, is_known) in [("GetMetricData", false), ("DescribeVpcs", true)] {
            let mut earlier = earlier();
            earlier.regions[0].gaps.push(crate::model::Gap {
                account_id: None,
                region: None,
                operation: operation.to_owned(),
                code: "Timeout".to_owned(),
                message: String::new(),
                iam_action: None,
            });
            assert_eq!(of(&earlier).is_some(), is_known, "{operation}");
        }
    }
}
