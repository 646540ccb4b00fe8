//! How many of a NAT gateway's bytes were for one service, from the least to the most that flow logs leave possible.

use rust_decimal::Decimal;

use super::pair::View;
use super::resource::{Kind, Resource};
use crate::model::{AccountId, Bytes, RegionName, Service};

/// From the least to the most, in gigabytes a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) low: Decimal,
    pub(super) high: Decimal,
    /// All bytes of the gateway.
    pub(super) all: Decimal,
}

impl Share {
    const NOTHING: Self = Self { low: Decimal::ZERO, high: Decimal::ZERO, all: Decimal::ZERO };

    /// Whether it is known to the byte.
    pub(super) fn is_exact(&self) -> bool {
        self.low == self.high
    }
}

/// A service's bytes through a gateway; none where even the gateway's are not known.
pub(super) fn share(view: &View<'_>, id: &str, place: (&AccountId, &RegionName), service: &Service) -> Option<Share> {
    let Some(nat) = view.resources.get(id) else {
        // What is not there carries nothing, where it would be listed.
        return view.lists(Kind::NatGateway, place.0, place.1).then_some(Share::NOTHING);
    };
    let all = nat.bytes?;
    let (low, high) = bytes(nat, all, service);
    let month = |bytes| view.month.gigabytes(bytes);
    Some(Share { low: month(low), high: month(high), all: month(all) })
}

fn bytes(nat: &Resource<'_>, all: Bytes, service: &Service) -> (Bytes, Bytes) {
    if nat.traffic.is_empty() {
        return (0, all);
    }
    let sum = |bytes: fn(&super::side::Traffic) -> Bytes, of: &dyn Fn(&super::side::Traffic) -> bool| {
        nat.traffic.iter().filter(|row| of(row)).fold(0, |sum: Bytes, row| sum.saturating_add(bytes(row)))
    };
    let of_service = |row: &super::side::Traffic| row.service == *service && row.region.as_ref() == Some(nat.region);
    let logged = |row: &super::side::Traffic| row.logged_bytes.unwrap_or(row.bytes);
    let has = |basis: &str| nat.traffic.iter().any(|row| row.basis == basis);
    let (low, mut high) = if nat.traffic.iter().all(|row| row.basis == "measured") {
        let bytes = sum(|row| row.bytes, &of_service);
        (bytes, bytes)
    } else if has("measured (sampled)") && !has("measured (partial)") {
        let low = sum(|row| row.bytes_low.unwrap_or(0), &of_service);
        (low, sum(|row| row.bytes_high.unwrap_or(row.bytes), &of_service))
    } else {
        // What the logs did not see may be anything.
        let low = sum(logged, &of_service);
        (low, low.saturating_add(all.saturating_sub(sum(logged, &|_| true))))
    };
    // Only DNS names most services: without it their bytes are among those of AWS that have no name.
    let by_address = Service::WITH_GATEWAY_ENDPOINT.contains(service);
    if !by_address && !nat.traffic.iter().any(|row| row.named_by.as_deref() == Some("dns")) {
        high = high.saturating_add(sum(|row| row.bytes, &|row| row.service == Service::AWS));
    }
    (low.min(all), high.min(all))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::difference::Side;
    use crate::testing::{Account, ME};

    const GB: u64 = 1 << 30;

    fn row(service: &str, gb: u64, more: &Value) -> Value {
        let mut row = json!({"service": service, "region": "us-east-1", "bytes": gb * GB, "basis": "measured"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    }

    /// A service's least and most of 1,000 GB, where the report has these rows of traffic.
    fn share_of(service: &str, rows: &[Value]) -> (u64, u64) {
        let report = Account::plain("us-east-1").traffic("nat-1", 0, 1_000).report();
        let mut report = serde_json::to_value(&report).unwrap();
        report["nat_gateways"][0]["traffic"] = json!(rows);
        let side = Side::parse(&serde_json::to_vec(&report).unwrap()).unwrap();
        let place = (&ME.into(), &"us-east-1".into());
        let share = share(&View::of(&side), "nat-1", place, &Service::new(service)).unwrap();
        assert_eq!(share.all, Decimal::from(1_000));
        (share.low.try_into().unwrap(), share.high.try_into().unwrap())
    }

    #[test]
    fn logs_of_all_bytes_tell_exactly() {
        assert_eq!(share_of("s3", &[]), (0, 1_000), "no logs, nothing known");
        let elsewhere = json!({"region": "eu-west-1"});
        let rows =
            [row("s3", 600, &json!({})), row("s3", 100, &elsewhere), row("internet", 300, &json!({"region": null}))];
        assert_eq!(share_of("s3", &rows), (600, 600), "another Region's S3 takes no gateway endpoint");
        assert_eq!(share_of("dynamodb", &rows), (0, 0));
    }

    #[test]
    fn logs_of_some_bytes_tell_bounds() {
        let partly = |gb: u64| json!({"basis": "measured (partial)", "logged_bytes": gb * GB});
        let rows = [row("s3", 600, &partly(300)), row("internet", 400, &partly(200))];
        assert_eq!(share_of("s3", &rows), (300, 800));
        let sampled = json!({"basis": "measured (sampled)", "bytes_low": 500 * GB, "bytes_high": 650 * GB});
        assert_eq!(share_of("s3", &[row("s3", 600, &sampled)]), (500, 650));
    }

    #[test]
    fn only_dns_tells_most_services() {
        let rows = [row("aws", 50, &json!({})), row("internet", 950, &json!({}))];
        assert_eq!(share_of("sqs", &rows), (0, 50), "it may be among AWS's bytes without a name");
        assert_eq!(share_of("s3", &rows), (0, 0), "S3 has its addresses");
        let named = row("sns", 10, &json!({"named_by": "dns"}));
        assert_eq!(share_of("sqs", &[&rows[..], &[named]].concat()), (0, 0));
    }

    #[test]
    fn what_is_not_there_carries_nothing_where_it_would_be_listed() {
        let side = |account: Account| Side::of(&account.report()).unwrap();
        let exact =
            |side: &Side, region: &str| share(&View::of(side), "nat-9", (&ME.into(), &region.into()), &Service::S3);
        let seen = side(Account::plain("us-east-1"));
        assert_eq!(exact(&seen, "us-east-1"), Some(Share::NOTHING));
        assert_eq!(exact(&seen, "eu-west-1"), None, "nobody looked");
        let refused = side(Account::plain("us-east-1").refused("DescribeNatGateways", "ec2:DescribeNatGateways"));
        assert_eq!(exact(&refused, "us-east-1"), None);
    }
}
