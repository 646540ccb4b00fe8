//! Token buckets, as AWS throttles by: each account and Region has its own, and every request takes a token.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use super::organisation::Place;
use super::request::{Input, Request, Service};

/// How much a bucket holds, and what comes back in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Rate {
    capacity: u64,
    per_second: u64,
}

/// Parts of a token: refills are counted exactly.
const PARTS: u64 = 1_000_000;

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    parts: u64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, at: Instant) -> Self {
        Self { rate, parts: rate.capacity * PARTS, at }
    }

    /// Takes a token, if there is one.
    fn take(&mut self, now: Instant) -> bool {
        let micros = u64::try_from(now.saturating_duration_since(self.at).as_micros()).unwrap_or(u64::MAX);
        self.at = self.at.max(now);
        let refilled = self.parts.saturating_add(micros.saturating_mul(self.rate.per_second));
        self.parts = refilled.min(self.rate.capacity * PARTS);
        let taken = self.parts >= PARTS;
        self.parts -= if taken { PARTS } else { 0 };
        taken
    }
}

/// The bucket that a request takes its token from. The numbers are AWS's published ones:
/// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html> and CloudWatch's service quotas.
fn rate(request: &Request) -> Option<(&'static str, Rate)> {
    let rate = |name, capacity, per_second| Some((name, Rate { capacity, per_second }));
    match (request.service, request.operation.as_str()) {
        (Service::Ec2, _) if is_unbounded(request) => rate("unbounded", 50, 10),
        (Service::Ec2, _) => rate("read", 100, 20),
        (Service::CloudWatch, "GetMetricData") => rate("GetMetricData", 50, 50),
        (Service::CloudWatch, "ListMetrics") => rate("ListMetrics", 25, 25),
        (Service::Sts, "AssumeRole") => rate("AssumeRole", 600, 600),
        _ => None,
    }
}

/// Whether a listing is asked for whole: neither by pages nor by filter.
fn is_unbounded(request: &Request) -> bool {
    const NEVER_PAGED: [&str; 2] = ["DescribeRegions", "DescribeAvailabilityZones"];
    let Input::Query(parameters) = &request.input else { return false };
    !NEVER_PAGED.contains(&request.operation.as_str())
        && !parameters.contains_key("MaxResults")
        && !parameters.contains_key("NextToken")
        && !parameters.keys().any(|name| name.starts_with("Filter.") || name.ends_with(".1"))
        && request.operation.starts_with("Describe")
}

/// The buckets of everybody.
#[derive(Debug, Default)]
pub struct Buckets {
    buckets: Mutex<HashMap<(Place, &'static str), Bucket>>,
}

impl Buckets {
    /// Whether a request may pass.
    pub fn admit(&self, request: &Request, now: Instant) -> bool {
        let Some((name, rate)) = rate(request) else { return true };
        // A role is assumed at the cost of the one who assumes it.
        let place = Place { account: request.caller, region: request.place.region };
        let mut buckets = self.buckets.lock().unwrap();
        buckets.entry((place, name)).or_insert_with(|| Bucket::full(rate, now)).take(now)
    }

    /// Fills them all.
    pub fn reset(&self) {
        self.buckets.lock().unwrap().clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_holds_its_burst_and_refills_at_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(Rate { capacity: 100, per_second: 20 }, start);
        let burst = (0..150).filter(|_| bucket.take(start)).count();
        assert_eq!(burst, 100);
        assert!(!bucket.take(start + Duration::from_millis(49)));
        assert!(bucket.take(start + Duration::from_millis(50)));
        let later = start + Duration::from_secs(2);
        assert_eq!((0..150).filter(|_| bucket.take(later)).count(), 39);
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_capacity() {
        let start = Instant::now();
        let mut bucket = Bucket::full(Rate { capacity: 3, per_second: 20 }, start);
        let much_later = start + Duration::from_hours(1);
        assert_eq!((0..10).filter(|_| bucket.take(much_later)).count(), 3);
    }
}
