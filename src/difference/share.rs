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
