//! What a NAT gateway costs: an hour for being there (in each zone, where it is regional), a gigabyte for what passes
//! through, and its public addresses.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-pricing.html>

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{Amount, Charge, Component, Unknown, charge, monthly, unlisted, whole};
use crate::model::{
    AccountId, AvailabilityMode, Bytes, Gigabytes, Hours, NatGateway, NatGatewayId, NatGatewayMetrics, NatGatewayState,
    RegionName, RegionScan, Series, Usd, Window,
};
use crate::pricing::{PriceBook, Product};

/// A NAT gateway, its use and its cost in the window.
#[derive(Debug)]
pub struct NatGatewayCost<'a> {
    /// The account that pays.
    pub account_id: &'a AccountId,
    /// The Region.
    pub region: &'a RegionName,
    /// Its id.
    pub id: &'a NatGatewayId,
    /// Its description; none when it was deleted in the window and only its metrics tell of it.
    pub gateway: Option<&'a NatGateway>,
    /// Whether it is known to be gone: deleted, or not in a list that could be read.
    pub gone: bool,
    /// Whether it is billed as a regional gateway.
    pub regional: bool,
    /// The zones it was billed in, each with its hours. One, for a zonal gateway.
    pub zone_hours: BTreeMap<&'a str, Hours>,
    /// The billed hours of its life inside the window; none when its end is not known.
    pub hours: Option<Hours>,
    /// Its metrics: one set, or one for each zone of a regional gateway.
    pub metrics: Vec<&'a NatGatewayMetrics>,
    /// What they say.
    pub bytes: NatBytes,
    /// Whether every zone it is in published something: what did not may be anything.
    pub all_zones_published: bool,
    /// In how many hours it published something.
    pub published_hours: usize,
    /// The charge for its hours.
    pub hours_usd: Amount,
    /// The charge for its bytes.
    pub data_usd: Amount,
    /// The charge for its public addresses.
    pub addresses_usd: Amount,
    /// The same, line by line.
    pub charges: Vec<Charge>,
}

/// Bytes by metric; none where CloudWatch had no datapoint and nothing proves silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NatBytes {
    /// Uploads entering.
    pub in_from_source: Option<Bytes>,
    /// Downloads entering.
    pub in_from_destination: Option<Bytes>,
    /// Uploads leaving.
    pub out_to_destination: Option<Bytes>,
    /// Downloads leaving.
    pub out_to_source: Option<Bytes>,
}

impl NatBytes {
    /// What is billed: every byte that entered, in either direction, once. The two `Out` metrics are the same bytes
    /// leaving, so all four together would be double.
    #[must_use]
    pub fn processed(&self) -> Option<Bytes> {
        Some(self.in_from_source?.saturating_add(self.in_from_destination?))
    }

    fn read(metrics: &[&NatGatewayMetrics]) -> Self {
        let sum = |series: fn(&NatGatewayMetrics) -> &Series| {
            metrics.iter().filter_map(|metrics| series(metrics).sum()).reduce(u64::saturating_add)
        };
        let mut bytes = Self {
            in_from_source: sum(|m| &m.bytes_in_from_source),
            in_from_destination: sum(|m| &m.bytes_in_from_destination),
            out_to_destination: sum(|m| &m.bytes_out_to_destination),
            out_to_source: sum(|m| &m.bytes_out_to_source),
        };
        let connections = metrics.iter().filter_map(|m| m.active_connection_count.max()).max();
        // A gateway that published, hour by hour, that nobody was connected carried nothing.
        if bytes == Self::default() && connections == Some(0) {
            bytes = Self {
                in_from_source: Some(0),
                in_from_destination: Some(0),
                out_to_destination: Some(0),
                out_to_source: Some(0),
            };
        }
        bytes
    }
}

impl NatGatewayCost<'_> {
    /// The whole cost in the window; none when a part is unknown.
    #[must_use]
    pub fn window_usd(&self) -> Option<Usd> {
        whole([&self.hours_usd, &self.data_usd, &self.addresses_usd])
    }

    /// The whole cost of a month at the window's rate.
    #[must_use]
    pub fn monthly_usd(&self) -> Option<Usd> {
        monthly(self.window_usd(), self.hours)
    }

    /// A month of its bytes at the window's rate.
    #[must_use]
    pub fn monthly_data_usd(&self) -> Option<Usd> {
        monthly(self.data_usd.as_ref().ok().copied(), self.hours)
    }

    /// A month of its hours and addresses.
    #[must_use]
    pub fn monthly_standing_usd(&self) -> Option<Usd> {
        monthly(whole([&self.hours_usd, &self.addresses_usd]), self.hours)
    }

    /// A month of what is known of its cost, for totals that say that they are partial.
    #[must_use]
    pub fn monthly_known_usd(&self) -> Usd {
        let known = [&self.hours_usd, &self.data_usd, &self.addresses_usd].into_iter().flatten().copied().sum::<Usd>();
        self.hours.map_or(Usd::ZERO, |hours| known.per_month(hours))
    }

    /// A month of its processed gigabytes.
    #[must_use]
    pub fn monthly_gb(&self) -> Option<Decimal> {
        self.monthly_gb_of(Decimal::from(self.bytes.processed()?))
    }

    /// A month of some of the window's bytes, in gigabytes.
    #[must_use]
    pub fn monthly_gb_of(&self, bytes: Decimal) -> Option<Decimal> {
        let hours = self.hours.filter(|hours| *hours > 0)?;
        Some(Usd(Gigabytes::of(bytes).0).per_month(hours).0)
    }

    /// Its processed bytes by hour of the window.
    #[must_use]
    pub fn processed_by_hour(&self) -> BTreeMap<usize, Bytes> {
        let mut by_hour = BTreeMap::<usize, Bytes>::new();
        let series = self.metrics.iter().flat_map(|m| [&m.bytes_in_from_source, &m.bytes_in_from_destination]);
        for (hour, bytes) in series.flat_map(|series| series.iter().enumerate()) {
            let sum = by_hour.entry(hour).or_default();
            *sum = sum.saturating_add(bytes.unwrap_or(0));
        }
        by_hour
    }

    /// The rate of its gigabytes.
    #[must_use]
    pub fn data_product(&self) -> Product {
        if self.regional { Product::RegionalNatGatewayGb } else { Product::NatGatewayGb }
    }

    /// Why parts of its cost are unknown.
    #[must_use]
    pub fn unknowns(&self) -> Vec<&Unknown> {
        let mut reasons: Vec<_> = [&self.hours_usd, &self.data_usd, &self.addresses_usd]
            .into_iter()
            .filter_map(|a| a.as_ref().err())
            .collect();
        reasons.dedup();
        reasons
    }
}

/// Prices a Region's NAT gateways: those described, then those known only by their metrics.
pub(super) fn price<'a>(scan: &'a RegionScan, window: Window, prices: &PriceBook) -> Vec<NatGatewayCost<'a>> {
    let mut metrics = BTreeMap::<&NatGatewayId, Vec<&NatGatewayMetrics>>::new();
    for series in &scan.metrics.nat_gateways {
        metrics.entry(&series.nat_gateway_id).or_default().push(series);
    }
    let zone_of: BTreeMap<_, _> =
        scan.subnets.iter().map(|subnet| (&subnet.subnet_id, subnet.availability_zone.as_str())).collect();
    let mut costs = Vec::new();
    for gateway in &scan.nat_gateways {
        let series = metrics.remove(&gateway.nat_gateway_id).unwrap_or_default();
        let regional = gateway.availability_mode == AvailabilityMode::Regional;
        let hours = hours_of(gateway, window);
        let zones = gateway.addresses.iter().filter_map(|address| address.availability_zone.as_deref());
        let zone_hours = if regional {
            regional_hours(zones.collect(), &series, hours)
        } else {
            let subnet = gateway.subnet_id.as_ref().and_then(|id| zone_of.get(id).copied());
            subnet.or_else(|| zones.into_iter().next()).map(|zone| (zone, hours.unwrap_or(0))).into_iter().collect()
        };
        let addresses = gateway.addresses.iter().filter(|a| a.allocation_id.is_some() || a.public_ip.is_some()).count();
        costs.push(
            Draft { gateway: Some(gateway), series, regional, hours, zone_hours, addresses: Some(addresses) }.price(
                scan,
                &gateway.nat_gateway_id,
                prices,
            ),
        );
    }
    for (id, series) in metrics {
        let regional = series.iter().any(|series| series.availability_zone.is_some());
        let alive: Vec<_> = series.iter().filter_map(|series| span(series)).collect();
        let (Some(first), Some(last)) = (alive.iter().map(|span| span.0).min(), alive.iter().map(|span| span.1).max())
        else {
            continue;
        };
        // It published as long as it lived, so its first and last hours are those of its metrics.
        let hours = Some((last - first + 1) as Hours);
        let zone_hours = if regional { regional_hours(BTreeSet::new(), &series, hours) } else { BTreeMap::new() };
        costs.push(
            Draft { gateway: None, series, regional, hours, zone_hours, addresses: None }.price(scan, id, prices),
        );
    }
    costs
}

/// What is known of a gateway before it is priced.
struct Draft<'a> {
    gateway: Option<&'a NatGateway>,
    series: Vec<&'a NatGatewayMetrics>,
    regional: bool,
    hours: Option<Hours>,
    zone_hours: BTreeMap<&'a str, Hours>,
    /// Public addresses; unknown for a gateway that nothing describes any more.
    addresses: Option<usize>,
}

impl<'a> Draft<'a> {
    fn price(self, scan: &'a RegionScan, id: &'a NatGatewayId, prices: &PriceBook) -> NatGatewayCost<'a> {
        let zones =
            self.gateway.iter().flat_map(|gateway| &gateway.addresses).filter_map(|a| a.availability_zone.as_ref());
        // A zone whose metrics were not answered leaves the whole unknown.
        let answered = |zone: &String| self.series.iter().any(|series| series.availability_zone.as_ref() == Some(zone));
        let complete = !self.regional || zones.into_iter().all(answered);
        let bytes = if complete { NatBytes::read(&self.series) } else { NatBytes::default() };
        let unlisted = unlisted(scan, "DescribeNatGateways");
        let gone = self.gateway.map_or(unlisted == Unknown::Lifetime, |nat| nat.state == NatGatewayState::Deleted);
        let life = self.hours.ok_or(Unknown::Lifetime);
        let (hour, gigabyte, billed_hours) = if self.regional {
            let sum = self.zone_hours.values().sum::<Hours>();
            (Product::RegionalNatGatewayAzHour, Product::RegionalNatGatewayGb, life.clone().map(|_| sum))
        } else {
            (Product::NatGatewayHour, Product::NatGatewayGb, life.clone())
        };
        // What did not exist in the window processed nothing in it.
        let processed = match (bytes.processed(), self.hours) {
            (Some(bytes), _) => Ok(Gigabytes::from_bytes(bytes).0),
            (None, Some(0)) => Ok(Decimal::ZERO),
            (None, _) => Err(Unknown::Bytes),
        };
        let address_hours = match (self.addresses, life) {
            (Some(addresses), Ok(hours)) => Ok(Decimal::from(addresses as u64 * hours)),
            (Some(0), Err(_)) => Ok(Decimal::ZERO),
            (None, _) => Err(unlisted),
            (Some(_), Err(unknown)) => Err(unknown),
        };
        let region = &scan.region;
        let (hours_charge, hours_usd) = charge(Component::Hours, region, hour, billed_hours.map(Decimal::from), prices);
        let (data_charge, data_usd) = charge(Component::Data, region, gigabyte, processed, prices);
        let (address_charge, addresses_usd) =
            charge(Component::Addresses, region, Product::PublicIpv4Hour, address_hours, prices);
        NatGatewayCost {
            account_id: &scan.account_id,
            region,
            id,
            gateway: self.gateway,
            gone,
            regional: self.regional,
            zone_hours: self.zone_hours,
            hours: self.hours,
            bytes,
            all_zones_published: complete && self.series.iter().all(|series| span(series).is_some()),
            published_hours: self.series.iter().map(|series| points(series)).max().unwrap_or(0),
            metrics: self.series,
            hours_usd,
            data_usd,
            addresses_usd,
            charges: vec![hours_charge, data_charge, address_charge],
        }
    }
}

/// The billed hours of a gateway's life: none for one that never worked.
fn hours_of(gateway: &NatGateway, window: Window) -> Option<Hours> {
    match gateway.state {
        NatGatewayState::Failed | NatGatewayState::Pending => Some(0),
        NatGatewayState::Deleted if gateway.delete_time.is_none() => {
            // Nothing says when it ended; but what began after the window cost nothing in it.
            gateway.create_time.is_some_and(|created| created >= window.end()).then_some(0)
        }
        _ => Some(window.hours_of_life(gateway.create_time, gateway.delete_time)),
    }
}

/// First and last hour of any datapoint.
fn span(series: &NatGatewayMetrics) -> Option<(usize, usize)> {
    let all = [
        &series.bytes_in_from_source,
        &series.bytes_in_from_destination,
        &series.bytes_out_to_destination,
        &series.bytes_out_to_source,
        &series.active_connection_count,
    ];
    let first = all.iter().filter_map(|series| series.first_hour()).min()?;
    let last = all.iter().filter_map(|series| series.last_hour()).max()?;
    Some((first, last))
}

/// A regional gateway is billed by the hour in each zone it is active in.
///
/// The zones it has now are taken to have been active all its life, unless its metrics show otherwise: in one zone
/// they begin with its life, in another only later. A zone that it has left counts from its first to its last
/// datapoint.
fn regional_hours<'a>(
    zones: BTreeSet<&'a str>,
    series: &[&'a NatGatewayMetrics],
    hours: Option<Hours>,
) -> BTreeMap<&'a str, Hours> {
    let Some(hours) = hours else { return BTreeMap::new() };
    let spans: BTreeMap<_, _> = series
        .iter()
        .filter_map(|metrics| Some((metrics.availability_zone.as_deref()?, (span(metrics)?, points(metrics)))))
        .collect();
    let last = spans.values().map(|((_, last), _)| *last).max().unwrap_or_default();
    // Only a zone that published every single hour shows that a missing hour elsewhere means absence.
    let dense = spans.values().any(|(_, points)| *points as Hours >= hours);
    let mut zone_hours = BTreeMap::new();
    for zone in zones {
        let since = spans.get(zone).filter(|_| dense).map(|((first, _), _)| (last + 1 - first) as Hours);
        zone_hours.insert(zone, since.unwrap_or(hours).min(hours));
    }
    for (zone, ((first, last), _)) in spans {
        zone_hours.entry(zone).or_insert((last + 1 - first) as Hours);
    }
    zone_hours
}

/// How many hours have a datapoint. A gateway publishes as long as it lives.
fn points(series: &NatGatewayMetrics) -> usize {
    let counts = [&series.bytes_in_from_source, &series.active_connection_count].map(|s| s.iter().flatten().count());
    counts.into_iter().max().unwrap_or(0)
}
