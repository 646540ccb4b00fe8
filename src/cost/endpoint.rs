//! What a VPC endpoint costs: an hour in each zone, and a gigabyte by tiers of the Region's total. Gateway endpoints
//! are free.
//!
//! <https://aws.amazon.com/privatelink/pricing/>

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::{Amount, Charge, Component, Unknown, charge, charge_at, monthly, whole};
use crate::model::{
    AccountId, Bytes, EndpointMetrics, EndpointState, EndpointType, Gigabytes, Hours, RegionName, RegionScan, Usd,
    VpcEndpoint, VpcEndpointId, VpcId, Window,
};
use crate::pricing::{PriceBook, Product, Rate};

/// An endpoint, its use and its cost in the window.
#[derive(Debug)]
pub struct EndpointCost<'a> {
    /// The account that pays.
    pub account_id: &'a AccountId,
    /// The Region.
    pub region: &'a RegionName,
    /// Its id.
    pub id: &'a VpcEndpointId,
    /// Its description; none when it was deleted in the window and only its metrics tell of it.
    pub endpoint: Option<&'a VpcEndpoint>,
    /// Its type.
    pub endpoint_type: EndpointType,
    /// Its service.
    pub service_name: &'a str,
    /// Its VPC.
    pub vpc_id: &'a VpcId,
    /// The zones of its subnets, each billed by the hour.
    pub zones: Vec<&'a str>,
    /// The billed hours of its life inside the window; none when its end is not known.
    pub hours: Option<Hours>,
    /// Both directions; none when unknown (always so for gateway endpoints, which publish nothing).
    pub bytes: Option<Bytes>,
    /// Whether it existed over the whole window.
    pub whole_window: bool,
    /// The charge for its hours.
    pub hours_usd: Amount,
    /// The charge for its bytes.
    pub data_usd: Amount,
    /// The same, line by line.
    pub charges: Vec<Charge>,
}

impl EndpointCost<'_> {
    /// The whole cost in the window; none when a part is unknown.
    #[must_use]
    pub fn window_usd(&self) -> Option<Usd> {
        whole([&self.hours_usd, &self.data_usd])
    }

    /// The whole cost of a month at the window's rate.
    #[must_use]
    pub fn monthly_usd(&self) -> Option<Usd> {
        monthly(self.window_usd(), self.hours)
    }

    /// A month of its hours.
    #[must_use]
    pub fn monthly_hours_usd(&self) -> Option<Usd> {
        monthly(self.hours_usd.as_ref().ok().copied(), self.hours)
    }

    /// A month of its bytes at the window's rate.
    #[must_use]
    pub fn monthly_data_usd(&self) -> Option<Usd> {
        monthly(self.data_usd.as_ref().ok().copied(), self.hours)
    }

    /// A month of what is known of its cost, for totals that say that they are partial.
    #[must_use]
    pub fn monthly_known_usd(&self) -> Usd {
        let known = [&self.hours_usd, &self.data_usd].into_iter().flatten().copied().sum::<Usd>();
        self.hours.map_or(Usd::ZERO, |hours| known.per_month(hours))
    }

    /// A month of its gigabytes.
    #[must_use]
    pub fn monthly_gb(&self) -> Option<Decimal> {
        let hours = self.hours.filter(|hours| *hours > 0)?;
        Some(Usd(Gigabytes::from_bytes(self.bytes?).0).per_month(hours).0)
    }

    /// Whether it is proven to have carried nothing: all through the window, not just in the hours since it was made.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.bytes == Some(0) && self.whole_window
    }

    /// Why parts of its cost are unknown.
    #[must_use]
    pub fn unknowns(&self) -> Vec<&Unknown> {
        let mut reasons: Vec<_> =
            [&self.hours_usd, &self.data_usd].into_iter().filter_map(|amount| amount.as_ref().err()).collect();
        reasons.dedup();
        reasons
    }
}

/// What an endpoint of a type is billed by: the product of its zone hours and of its gigabytes.
enum Billing {
    Free,
    By(Product, Product),
    Unknown(Unknown),
}

impl Billing {
    fn of(endpoint_type: &EndpointType, requester_managed: bool) -> Self {
        if requester_managed && *endpoint_type != EndpointType::Gateway {
            return Self::Unknown(Unknown::RequesterManaged);
        }
        match endpoint_type {
            EndpointType::Gateway | EndpointType::ServiceNetwork => Self::Free,
            EndpointType::Interface => Self::By(Product::InterfaceEndpointAzHour, Product::InterfaceEndpointGb),
            EndpointType::GatewayLoadBalancer => Self::By(Product::GwlbEndpointAzHour, Product::GwlbEndpointGb),
            EndpointType::Resource => Self::By(Product::ResourceEndpointAzHour, Product::ResourceEndpointGb),
            EndpointType::Other(kind) => Self::Unknown(Unknown::Kind(kind.clone())),
        }
    }
}

/// The tier that the Region's bytes reach decides the price of each endpoint's: all of a billing month together.
#[derive(Default)]
struct RegionTotals {
    /// Bytes by product and billing month.
    by_month: BTreeMap<(Product, u32), Bytes>,
}

impl RegionTotals {
    /// What a series costs as its part of the Region's total, at the blended rate of each billing month.
    fn cost(&self, product: Product, by_month: &BTreeMap<u32, Bytes>, rate: &Rate) -> Usd {
        let of_month = |(month, bytes): (&u32, &Bytes)| {
            let total = self.by_month.get(&(product, *month)).copied().unwrap_or(*bytes).max(*bytes);
            let total_gb = Gigabytes::from_bytes(total).0;
            if total_gb.is_zero() {
                return Usd::ZERO;
            }
            Usd(rate.cost(total_gb).0 * Gigabytes::from_bytes(*bytes).0 / total_gb)
        };
        // One endpoint alone has the Region's tiers to itself; no division then, so its figures stay exact.
        by_month
            .iter()
            .map(|(month, bytes)| match self.by_month.get(&(product, *month)) {
                Some(total) if total != bytes => of_month((month, bytes)),
                _ => rate.cost(Gigabytes::from_bytes(*bytes).0),
            })
            .sum()
    }
}

/// Bytes by billing month. A window no longer than a month is taken as one billing month; a longer one is split at
/// the calendar's months, as the bill is.
fn by_billing_month(metrics: &[&EndpointMetrics], window: Window) -> BTreeMap<u32, Bytes> {
    const LONGEST_MONTH: Hours = 31 * 24;
    let mut months = BTreeMap::new();
    for series in metrics.iter().map(|metrics| &metrics.bytes_processed) {
        if window.hours() <= LONGEST_MONTH {
            if let Some(sum) = series.sum() {
                let month = months.entry(0).or_insert(0_u64);
                *month = month.saturating_add(sum);
            }
            continue;
        }
        for (hour, bytes) in series.iter().enumerate().filter_map(|(hour, bytes)| Some((hour, bytes?))) {
            let date = window.instant_of(hour).to_zoned(TimeZone::UTC).date();
            let month = months
                .entry(u32::from(date.year().unsigned_abs()) * 12 + u32::from(date.month().unsigned_abs()))
                .or_insert(0_u64);
            *month = month.saturating_add(bytes);
        }
    }
    months
}

/// Prices a Region's endpoints: those described, then those known only by their metrics.
pub(super) fn price<'a>(scan: &'a RegionScan, window: Window, prices: &PriceBook) -> Vec<EndpointCost<'a>> {
    let mut metrics = BTreeMap::<&VpcEndpointId, Vec<&'a EndpointMetrics>>::new();
    for series in &scan.metrics.endpoints {
        metrics.entry(&series.vpc_endpoint_id).or_default().push(series);
    }
    let zone_of: BTreeMap<_, _> =
        scan.subnets.iter().map(|subnet| (&subnet.subnet_id, subnet.availability_zone.as_str())).collect();
    let mut drafts = Vec::new();
    for endpoint in &scan.vpc_endpoints {
        let asked = metrics.remove(&endpoint.vpc_endpoint_id);
        drafts.push(Draft {
            id: &endpoint.vpc_endpoint_id,
            endpoint: Some(endpoint),
            endpoint_type: endpoint.endpoint_type.clone(),
            service_name: &endpoint.service_name,
            vpc_id: &endpoint.vpc_id,
            zones: endpoint.subnet_ids.iter().filter_map(|id| zone_of.get(id).copied()).collect(),
            hours: hours_of(endpoint, window),
            asked: asked.is_some(),
            by_month: by_billing_month(&asked.unwrap_or_default(), window),
        });
    }
    for (id, series) in metrics {
        let Some(first) = series.first().filter(|_| series.iter().any(|s| !s.bytes_processed.is_empty())) else {
            continue;
        };
        drafts.push(Draft {
            id,
            endpoint: None,
            endpoint_type: EndpointType::from(first.endpoint_type.as_str()),
            service_name: &first.service_name,
            vpc_id: &first.vpc_id,
            zones: Vec::new(),
            hours: None,
            asked: true,
            by_month: by_billing_month(&series, window),
        });
    }
    let mut totals = RegionTotals::default();
    for draft in &drafts {
        if let Billing::By(_, product) = draft.billing() {
            for (month, bytes) in &draft.by_month {
                let total = totals.by_month.entry((product, *month)).or_default();
                *total = total.saturating_add(*bytes);
            }
        }
    }
    drafts.into_iter().map(|draft| draft.price(scan, window, prices, &totals)).collect()
}

/// What is known of an endpoint before it is priced.
struct Draft<'a> {
    id: &'a VpcEndpointId,
    endpoint: Option<&'a VpcEndpoint>,
    endpoint_type: EndpointType,
    service_name: &'a str,
    vpc_id: &'a VpcId,
    zones: Vec<&'a str>,
    hours: Option<Hours>,
    /// Whether CloudWatch was asked for its bytes, and answered.
    asked: bool,
    by_month: BTreeMap<u32, Bytes>,
}

impl<'a> Draft<'a> {
    fn billing(&self) -> Billing {
        Billing::of(&self.endpoint_type, self.endpoint.is_some_and(|endpoint| endpoint.requester_managed))
    }

    /// Interface endpoints publish only when there is traffic: silence over a window that one wholly existed in is
    /// zero. So is silence of one that was never there.
    fn bytes(&self, region: &RegionName, whole_window: bool) -> Option<Bytes> {
        if !self.by_month.is_empty() {
            return Some(self.by_month.values().fold(0, |sum, bytes| sum.saturating_add(*bytes)));
        }
        // CloudWatch gets nothing from endpoints of a service in another Region.
        let foreign = self.endpoint.and_then(|endpoint| endpoint.service_region.as_ref()).is_some_and(|r| r != region);
        let publishes =
            !foreign && matches!(self.endpoint_type, EndpointType::Interface | EndpointType::GatewayLoadBalancer);
        // A refused or failed call says nothing about traffic.
        (publishes && self.asked && whole_window).then_some(0)
    }

    fn price(
        self,
        scan: &'a RegionScan,
        window: Window,
        prices: &PriceBook,
        totals: &RegionTotals,
    ) -> EndpointCost<'a> {
        let region = &scan.region;
        let created = self.endpoint.and_then(|endpoint| endpoint.creation_timestamp);
        let whole_window = self.endpoint.is_some() && created.is_some_and(|created| created <= window.start());
        let bytes = self.bytes(region, whole_window);
        let (hours_usd, data_usd, charges) = match self.billing() {
            Billing::Free => (Ok(Usd::ZERO), Ok(Usd::ZERO), Vec::new()),
            Billing::Unknown(reason) => (Err(reason.clone()), Err(reason), Vec::new()),
            Billing::By(hour, gigabyte) => {
                let subnets = self.endpoint.map_or(0, |endpoint| endpoint.subnet_ids.len());
                let zone_hours = self.hours.ok_or(Unknown::Lifetime).map(|hours| Decimal::from(hours * subnets as u64));
                let (hours_charge, hours_usd) = charge(Component::Hours, region, hour, zone_hours, prices);
                let quantity = match (bytes, self.hours) {
                    (Some(bytes), _) => Ok(Gigabytes::from_bytes(bytes).0),
                    (None, Some(0)) => Ok(Decimal::ZERO),
                    (None, _) if self.endpoint_type == EndpointType::Resource => {
                        Err(Unknown::NoMetric(self.endpoint_type.to_string()))
                    }
                    (None, _) => Err(Unknown::Bytes),
                };
                let (data_charge, data_usd) =
                    charge_at(Component::Data, region, gigabyte, quantity, prices, |rate, _| {
                        totals.cost(gigabyte, &self.by_month, rate)
                    });
                (hours_usd, data_usd, vec![hours_charge, data_charge])
            }
        };
        EndpointCost {
            account_id: &scan.account_id,
            region,
            id: self.id,
            endpoint: self.endpoint,
            endpoint_type: self.endpoint_type,
            service_name: self.service_name,
            vpc_id: self.vpc_id,
            zones: self.zones,
            hours: self.hours,
            bytes,
            whole_window,
            hours_usd,
            data_usd,
            charges,
        }
    }
}

/// The billed hours of an endpoint's life. AWS charges while it is provisioned, whatever the state of its
/// association; one that failed never was.
fn hours_of(endpoint: &VpcEndpoint, window: Window) -> Option<Hours> {
    match endpoint.state {
        EndpointState::Failed => Some(0),
        EndpointState::Deleted => None,
        _ => Some(window.hours_of_life(endpoint.creation_timestamp, None)),
    }
}
