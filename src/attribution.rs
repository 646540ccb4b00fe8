//! Flow logs beside CloudWatch: what part of a NAT gateway's metered bytes the logs saw, and what of them belongs to
//! whom. Totals are CloudWatch's, as the bill's are; flow logs give the shares.

mod sampled;

use std::collections::{BTreeMap, BTreeSet};

pub use sampled::Sampled;

use rust_decimal::Decimal;

use crate::cost::{Costs, NatGatewayCost};
use crate::finding::Basis;
use crate::model::{Bytes, Hours, NatGatewayId, RegionName, Service, SubnetId, VpcId, Window};
use crate::sample::Plan;
use crate::traffic::{GatewayTraffic, Label, Method, NamedBy, Place, Traffic, Volume, apportion};

/// Below this share of the metered bytes the rest may be anything, and shares are not taken for the whole.
pub const ENOUGH: Decimal = Decimal::from_parts(8, 0, 0, false, 1);

/// What flow logs tell of the gateways that have costs.
#[derive(Debug, Default)]
pub struct Attribution<'a> {
    by_nat: BTreeMap<&'a NatGatewayId, Measured<'a>>,
}

/// One gateway's logs and metrics.
#[derive(Debug)]
pub struct Measured<'a> {
    /// What the logs show.
    pub traffic: &'a GatewayTraffic,
    /// The gateway's Region.
    pub region: &'a RegionName,
    /// Bytes that the logs show in the window.
    pub logged: Bytes,
    /// Bytes that CloudWatch metered in the window: the billed ones.
    pub metered: Option<Bytes>,
    /// Hours of the window with logged bytes.
    pub logged_hours: Hours,
    /// Hours of the window with metered bytes.
    pub metered_hours: Hours,
    /// Bytes metered in the hours that have logged ones: how well the two agree where both are there.
    pub metered_in_logged_hours: Bytes,
    /// Where only a sample of hours was read.
    pub sample: Option<Sampled<'a>>,
}

/// Some of a gateway's clients.
#[derive(Debug, Clone, Copy)]
pub struct Clients<'c> {
    /// Their VPC.
    pub vpc_id: &'c VpcId,
    /// Their subnets.
    pub subnets: &'c BTreeSet<&'c SubnetId>,
}

/// From the least that the logs prove to the most that they leave possible, in bytes of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The least.
    pub low: Decimal,
    /// The most.
    pub high: Decimal,
}

impl<'a> Attribution<'a> {
    /// Puts both together. Gateways without any record, or that nobody pays for, are left out.
    #[must_use]
    pub fn new(traffic: &'a Traffic, costs: &Costs<'a>) -> Self {
        let by_nat = traffic.gateways.iter().filter(|gateway| gateway.method != Method::None).filter_map(|gateway| {
            let cost = costs.nat_gateway(gateway.nat_gateway_id.as_ref()?)?;
            Some((cost.id, Measured::new(gateway, cost, costs.window, traffic.sample.as_ref())))
        });
        Self { by_nat: by_nat.collect() }
    }

    /// What is measured of a gateway.
    #[must_use]
    pub fn of(&self, nat: &NatGatewayId) -> Option<&Measured<'a>> {
        self.by_nat.get(nat)
    }

    /// Everything that is measured.
    pub fn iter(&self) -> impl Iterator<Item = &Measured<'a>> {
        self.by_nat.values()
    }
}

impl Clients<'_> {
    fn include(&self, place: &Place) -> bool {
        place.vpc_id == *self.vpc_id && place.subnet_id.as_ref().is_none_or(|subnet| self.subnets.contains(subnet))
    }
}

impl<'a> Measured<'a> {
    fn new(traffic: &'a GatewayTraffic, cost: &NatGatewayCost<'a>, window: Window, plan: Option<&'a Plan>) -> Self {
        let first = window.start().as_second() / 3600;
        let hour =
            |hour: u32| usize::try_from(i64::from(hour) - first).ok().filter(|hour| (*hour as u64) < window.hours());
        let logged: BTreeMap<usize, Bytes> = traffic
            .hours
            .iter()
            .filter(|(_, bytes)| **bytes > 0)
            .filter_map(|(at, bytes)| Some((hour(*at)?, *bytes)))
            .collect();
        let metered = cost.processed_by_hour();
        let sample = plan.map(|plan| {
            let hours = plan.hours();
            let metered = hours.iter().filter_map(|at| metered.get(&hour(*at)?)).sum();
            Sampled { plan, metered }
        });
        Self {
            traffic,
            region: cost.region,
            logged: logged.values().sum(),
            metered: cost.bytes.processed(),
            logged_hours: logged.len() as Hours,
            metered_hours: metered.values().filter(|bytes| **bytes > 0).count() as Hours,
            metered_in_logged_hours: logged.keys().filter_map(|hour| metered.get(hour)).sum(),
            sample,
        }
    }

    /// The logged part of the bytes metered in the hours that were read; more than 1 where the logs show more than
    /// CloudWatch does. None where nothing is metered.
    #[must_use]
    pub fn coverage(&self) -> Option<Decimal> {
        self.part(self.logged)
    }

    fn part(&self, logged: Bytes) -> Option<Decimal> {
        let metered = self.sample.map_or(self.metered?, |sample| sample.metered);
        Decimal::from(logged).checked_div(Decimal::from(metered))
    }

    /// Whether the logs saw enough to take their shares for the whole.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.covers(self.logged)
    }

    /// Whether so many logged bytes are enough for that.
    #[must_use]
    pub fn covers(&self, logged: Bytes) -> bool {
        self.part(logged).is_some_and(|part| part >= ENOUGH)
    }

    /// Bytes for a service of this Region by some clients; of any service where none is given. None when CloudWatch's
    /// total is unknown.
    #[must_use]
    pub fn bytes(&self, service: Option<&Service>, clients: Clients<'_>) -> Option<Range> {
        let metered = Decimal::from(self.metered?);
        if let Some(sample) = self.sample {
            return Some(self.sampled_bytes(sample, metered, service, clients));
        }
        let logged = Decimal::from(self.logged);
        let seen = self.logged_bytes(service, clients);
        Some(match metered.checked_div(logged).filter(|_| self.is_covered()) {
            Some(scale) => Range { low: seen.low * scale, high: seen.high * scale },
            None => {
                Range { low: seen.low.min(metered), high: (seen.high + metered - logged).clamp(Decimal::ZERO, metered) }
            }
        })
    }

    /// The most that all clients' bytes for a service can be.
    #[must_use]
    pub fn most(&self, service: &Service) -> Option<Decimal> {
        let (metered, logged) = (Decimal::from(self.metered?), Decimal::from(self.logged));
        if let Some(sample) = self.sample {
            return Some(self.sampled_most(sample, metered, service));
        }
        let seen = self.of_service(service);
        Some(match metered.checked_div(logged).filter(|_| self.is_covered()) {
            Some(scale) => seen * scale,
            None => (seen + metered - logged).clamp(Decimal::ZERO, metered),
        })
    }

    fn of_service(&self, service: &Service) -> Decimal {
        let flows = self.traffic.flows.iter().filter(|(label, _)| self.is_of(label, service));
        Decimal::from(flows.map(|(_, volume)| *volume).sum::<Volume>().bytes())
    }

    fn logged_bytes(&self, service: Option<&Service>, clients: Clients<'_>) -> Range {
        let is_it = |label: &Option<Label>| {
            service.is_none_or(|service| label.as_ref().is_some_and(|label| self.is_of(label, service)))
        };
        let sum = |keep: &dyn Fn(&Option<Place>, &Option<Label>) -> bool| -> Decimal {
            let volumes = self.traffic.places.iter().filter(|((place, label), _)| keep(place, label));
            Decimal::from(volumes.map(|(_, volume)| *volume).sum::<Volume>().bytes())
        };
        let theirs = |place: &Option<Place>| place.as_ref().is_some_and(|place| clients.include(place));
        // A client outside all known subnets may be anybody's.
        let anybodys = |place: &Option<Place>| place.is_none();
        let Some(service) = service.filter(|_| self.traffic.method == Method::RemoteLegs) else {
            let low = sum(&|place, label| theirs(place) && is_it(label));
            return Range { low, high: low + sum(&|place, label| anybodys(place) && is_it(label)) };
        };
        // These records tell how much went to the service, and how much came from the clients, but not the two together.
        // Of any two parts of a whole, at least what exceeds the whole is in both, and at most the smaller one.
        let of_service = self.of_service(service);
        let whole = Decimal::from(self.logged);
        let by_anybody = sum(&|_, _| true);
        let share = |part: Decimal| part.checked_div(by_anybody).unwrap_or(Decimal::ZERO) * whole;
        let (least, most) =
            (share(sum(&|place, _| theirs(place))), share(sum(&|place, _| theirs(place) || anybodys(place))));
        Range { low: (of_service + least - whole).max(Decimal::ZERO), high: of_service.min(most) }
    }

    /// Whether an endpoint of the gateway's own Region for the service would take what has this label.
    fn is_of(&self, label: &Label, service: &Service) -> bool {
        label.service == *service
            && label.region.as_ref() == Some(self.region)
            && (label.gateway_endpoint || !Service::WITH_GATEWAY_ENDPOINT.contains(service))
    }

    /// Its bytes by label, logged and scaled to CloudWatch's total so that they add up to that.
    #[must_use]
    pub fn flows(&self) -> Vec<(&'a Label, Volume, Bytes)> {
        let logged: Vec<_> = self.traffic.flows.iter().map(|(label, volume)| (label, *volume)).collect();
        let nothing = BTreeMap::new();
        let stands_for = |(label, volume): &(&Label, Volume)| match self.sample {
            Some(sample) => Self::stands_for(sample, self.traffic.labels_by_hour.get(label).unwrap_or(&nothing)),
            None => volume.bytes(),
        };
        let scaled = self.scaled(logged.iter().map(stands_for).collect());
        logged.into_iter().zip(scaled).map(|((label, volume), bytes)| (label, volume, bytes)).collect()
    }

    /// From the least to the most that a label's bytes of the window can be, where a sample tells.
    #[must_use]
    pub fn interval(&self, label: &Label) -> Option<Range> {
        Some(self.sampled_label(self.sample?, Decimal::from(self.metered?), label))
    }

    /// How what is read of it is known.
    #[must_use]
    pub fn basis(&self, covered: bool) -> Basis {
        match (covered, self.sample) {
            (false, _) => Basis::PartlyMeasured,
            (true, Some(_)) => Basis::Sampled,
            (true, None) => Basis::Measured,
        }
    }

    /// The same by the place of its clients (none: outside the known subnets).
    #[must_use]
    pub fn clients(&self) -> Vec<(Option<&'a Place>, Bytes, Bytes)> {
        let mut logged = BTreeMap::<Option<&'a Place>, Bytes>::new();
        for ((place, _), volume) in &self.traffic.places {
            let sum = logged.entry(place.as_ref()).or_default();
            *sum = sum.saturating_add(volume.bytes());
        }
        logged.retain(|_, bytes| *bytes > 0);
        let stands_for = |place: Option<&Place>, logged: Bytes| match self.sample {
            Some(sample) => Self::stands_for(sample, &self.places(&|other, _| other.as_ref() == place)),
            None => logged,
        };
        let scaled = self.scaled(logged.iter().map(|(place, logged)| stands_for(*place, *logged)).collect());
        logged.into_iter().zip(scaled).map(|((place, logged), bytes)| (place, logged, bytes)).collect()
    }

    /// Parts of its bytes as parts of CloudWatch's total.
    fn scaled(&self, logged: Vec<Bytes>) -> Vec<Bytes> {
        match self.metered {
            Some(metered) => apportion(metered, &logged),
            None => logged,
        }
    }

    /// Services that clients' DNS queries name.
    pub fn named(&self) -> impl Iterator<Item = &'a Service> {
        let named =
            self.traffic.flows.keys().filter(|label| matches!(label.named_by, NamedBy::Dns | NamedBy::DnsShare));
        named.map(|label| &label.service)
    }

    /// Whether some of a service's bytes are its share of an address with several names.
    #[must_use]
    pub fn is_shared(&self, service: &Service) -> bool {
        self.traffic.flows.keys().any(|label| label.service == *service && label.named_by == NamedBy::DnsShare)
    }

    /// The bytes of AWS services that their address alone does not name.
    #[must_use]
    pub fn unnamed(&self) -> Bytes {
        let unnamed = self.traffic.flows.iter().filter(|(label, _)| label.service == Service::AWS);
        unnamed.map(|(_, volume)| volume.bytes()).sum()
    }
}

#[cfg(test)]
mod tests;
