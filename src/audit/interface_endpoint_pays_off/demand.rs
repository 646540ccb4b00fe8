//! A VPC's traffic to one service past its own NAT gateways, and what an interface endpoint makes of it.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::super::Context;
use super::super::context::{Portion, gb, together};
use crate::attribution::Clients;
use crate::cost::NatGatewayCost;
use crate::finding::{Basis, Claim, Pool};
use crate::model::{NatGatewayId, Service, Subnet, Usd};
use crate::pricing::{Product, Rate};
use crate::topology::{Egress, Part, VpcView};

/// What a month sends to the service, and the rates that decide.
pub(super) struct Demand<'a> {
    pub(super) parts: Vec<DemandPart<'a>>,
    pub(super) basis: Basis,
    /// How the NAT gateways' bytes are billed.
    pub(super) product: Product,
    /// Whether some bytes are of addresses that served other names too.
    pub(super) shared: bool,
    pub(super) endpoint: &'a Rate,
    /// A month of the endpoint in one zone.
    pub(super) zone_month: Usd,
}

/// The part past one gateway, from one zone where that is measured.
pub(super) struct DemandPart<'a> {
    nat: NatGatewayId,
    zone: Option<&'a str>,
    pub(super) portion: Portion,
    /// The gateway's rate per GB.
    pub(super) rate: Usd,
    /// What crossing zones to the gateway costs a GB, where it is known to cross.
    pub(super) crossing: Usd,
    /// What crossing from that zone costs in all, for whatever service.
    all_crossing: Usd,
}

/// Where to place the endpoint, and what that saves.
pub(super) struct Choice<'a> {
    pub(super) zones: Vec<&'a str>,
    pub(super) low: Usd,
    pub(super) high: Usd,
}

impl<'a> Demand<'a> {
    /// None when bytes or a price are unknown.
    pub(super) fn new(
        context: &'a Context<'_>,
        part: &Part<'_>,
        view: &VpcView<'_>,
        service: &Service,
        egress: &Egress<'_>,
        clients: &[&'a Subnet],
    ) -> Option<Self> {
        let mut demand = Self {
            parts: Vec::new(),
            basis: Basis::Assumed,
            product: Product::NatGatewayGb,
            shared: false,
            endpoint: context.prices.rate(part.region(), Product::InterfaceEndpointGb).ok()?,
            zone_month: context.per_month(part.region(), Product::InterfaceEndpointAzHour).ok()?,
        };
        let mut by_zone = BTreeMap::<&str, BTreeSet<_>>::new();
        for subnet in clients {
            by_zone.entry(subnet.availability_zone.as_str()).or_default().insert(&subnet.subnet_id);
        }
        let crossing = context.prices.unit(part.region(), Product::InterAzGb).map(|unit| unit * Decimal::TWO);
        for id in &egress.own {
            let nat = context.costs.nat_gateway(id)?;
            demand.product = nat.data_product();
            let rate = context.prices.unit(part.region(), demand.product).ok()?;
            let mut add = |zone: Option<&'a str>, subnets: &BTreeSet<_>, crossing: Usd| {
                let portion = context.portion(nat, service, Clients { vpc_id: view.vpc_id, subnets })?;
                // Without a measurement or a declaration the rule has nothing to go by.
                if portion.basis != Basis::Bounded {
                    let all = context.all_of(nat, Clients { vpc_id: view.vpc_id, subnets })?;
                    let all_crossing = crossing * all.high_gb;
                    demand.parts.push(DemandPart { nat: (*id).clone(), zone, portion, rate, crossing, all_crossing });
                }
                Some(())
            };
            match context.attribution.of(id) {
                None => add(None, &by_zone.values().flatten().copied().collect(), Usd::ZERO)?,
                Some(measured) => {
                    demand.shared |= measured.is_shared(service);
                    for (zone, subnets) in &by_zone {
                        let crosses = home(nat).is_some_and(|home| home != *zone);
                        let crossing = crossing.as_ref().ok().filter(|_| crosses).copied().unwrap_or(Usd::ZERO);
                        add(Some(zone), subnets, crossing)?;
                    }
                }
            }
        }
        demand.basis = together(demand.parts.iter().map(|part| part.portion.basis))?;
        Some(demand)
    }

    /// Its gigabytes, at one end of what is known.
    pub(super) fn gb(&self, end: impl Fn(&Portion) -> Decimal) -> Decimal {
        self.parts.iter().map(|part| end(&part.portion)).sum()
    }

    /// Its cost at a rate, at one end of what is known.
    pub(super) fn usd(&self, end: impl Fn(&Portion) -> Decimal, rate: impl Fn(&DemandPart<'_>) -> Usd) -> Usd {
        self.parts.iter().map(|part| rate(part) * end(&part.portion)).sum()
    }

    fn saving(&self, end: impl Fn(&Portion) -> Decimal, zones: usize) -> Usd {
        let through_nat = self.usd(&end, |part| part.rate + part.crossing);
        through_nat - self.endpoint.cost(self.gb(end)) - self.zone_month * Decimal::from(zones)
    }

    /// The zones whose own traffic pays for their hours; where that is not known, all of them; else the one with most
    /// traffic, which clients elsewhere use at no transfer charge. None when nothing pays off for certain.
    pub(super) fn choose<'z>(&self, zones: &BTreeSet<&'z str>) -> Option<Choice<'z>> {
        let measured = self.parts.iter().all(|part| part.zone.is_some());
        let gain = |zone: &str| -> Usd {
            let own = self.parts.iter().filter(|part| part.zone == Some(zone));
            own.map(|part| (part.rate + part.crossing - self.endpoint.first()) * part.portion.low_gb).sum()
        };
        let best = zones.iter().copied().max_by_key(|zone| (gain(zone), std::cmp::Reverse(*zone)))?;
        let all = if measured {
            zones.iter().copied().filter(|zone| gain(zone) > self.zone_month).collect()
        } else {
            zones.iter().copied().collect::<Vec<_>>()
        };
        [all, vec![best]].into_iter().filter(|zones| !zones.is_empty()).find_map(|zones| {
            let low = self.saving(|portion| portion.low_gb, zones.len());
            let high = self.saving(|portion| portion.high_gb, zones.len()).max(low);
            (low > Usd::ZERO).then_some(Choice { zones, low, high })
        })
    }

    /// The saving, on the costs it comes from in proportion to their part of the traffic.
    pub(super) fn claims(&self, service: &Service, low: Usd, high: Usd) -> Vec<Claim> {
        let high_end = |portion: &Portion| portion.high_gb;
        let whole = self.usd(high_end, |part| part.rate + part.crossing);
        let share = |saving: Usd, cost: Usd| Usd((saving.0 * cost.0).checked_div(whole.0).unwrap_or_default());
        let mut claims = Vec::new();
        for part in &self.parts {
            let mut claim = |on: Pool, service: Option<&Service>, cost: Usd, limit: Usd| {
                if cost > Usd::ZERO {
                    let (low, high) = (share(low, cost), share(high, cost));
                    claims.push(Claim { on, service: service.cloned(), low, high, limit: limit.max(high) });
                }
            };
            // Together all VPCs' endpoints for the service save no more than what its traffic past this gateway costs,
            // and all services' together no more than what crosses.
            let limit = part.rate * part.portion.limit_gb;
            claim(Pool::NatData(part.nat.clone()), Some(service), part.rate * part.portion.high_gb, limit);
            let gateways = self.parts.iter().filter(|other| other.nat == part.nat);
            let all_crossing = gateways.map(|part| part.all_crossing).sum();
            claim(Pool::CrossAz(part.nat.clone()), None, part.crossing * part.portion.high_gb, all_crossing);
        }
        claims
    }

    /// How the traffic is known, for a sentence.
    pub(super) fn how(&self) -> &'static str {
        match self.basis {
            Basis::Assumed => "By your declaration",
            Basis::Sampled => "By a sample of flow logs, and Resolver query logs, with 95% confidence at most",
            Basis::PartlyMeasured => "By flow logs and Resolver query logs, which leave a part open, up to",
            _ => "By flow logs and Resolver query logs",
        }
    }

    /// Where the traffic starts, where that is measured.
    pub(super) fn by_zone(&self) -> String {
        let mut zones = BTreeMap::<&str, Decimal>::new();
        for part in &self.parts {
            if let Some(zone) = part.zone {
                *zones.entry(zone).or_default() += part.portion.low_gb;
            }
        }
        let zones: Vec<_> = zones.into_iter().map(|(zone, sum)| format!("{} start in {zone}", gb(sum))).collect();
        if zones.is_empty() { String::new() } else { format!(" {}.", zones.join(", ")) }
    }
}

/// The zone of a zonal gateway.
fn home<'a>(nat: &NatGatewayCost<'a>) -> Option<&'a str> {
    nat.zone_hours.keys().next().copied().filter(|_| !nat.regional)
}
