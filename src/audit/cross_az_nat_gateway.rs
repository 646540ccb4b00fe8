//! Finds subnets that use a zonal NAT gateway in another Availability Zone, where the crossing may cost more than a
//! gateway of their own.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use rust_decimal::Decimal;

use super::context::{Portion, gb, percent, together, usd};
use super::{Audit, Context, Dataset};
use crate::attribution::{Clients, Measured};
use crate::change::Change;
use crate::cost::NatGatewayCost;
use crate::finding::{Basis, Claim, Finding, Money, Pool, Remedy, RemedyKind};
use crate::model::{AvailabilityMode, ConnectivityType, NatGateway, NatGatewayId, Route, Subnet, Usd};
use crate::pricing::{MissingRate, Product};
use crate::topology::{Part, TableView, VpcView, Way, is_live};

pub(super) const AUDIT: Audit = Audit {
    id: "cross-az-nat-gateway",
    title: "Subnets use a zonal NAT gateway in another Availability Zone",
    manual: include_str!("cross_az_nat_gateway.md"),
    needs: &[Dataset::RouteTables, Dataset::Subnets, Dataset::NatGateways],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    let owned = part.vpcs.iter().filter(|view| view.shared_by.is_none());
    owned.flat_map(|view| view.nat_gateways.iter().filter_map(|gateway| look(context, part, view, gateway))).collect()
}

/// Live zonal gateways of a VPC of the same kind, by zone.
fn by_zone<'a>(view: &VpcView<'a>, kind: &ConnectivityType) -> BTreeMap<&'a str, &'a NatGateway> {
    view.nat_gateways
        .iter()
        .filter(|nat| {
            is_live(nat) && nat.availability_mode == AvailabilityMode::Zonal && nat.connectivity_type == *kind
        })
        .filter_map(|nat| Some((view.subnet(nat.subnet_id.as_ref()?)?.availability_zone.as_str(), *nat)))
        .collect()
}

fn look(context: &Context<'_>, part: &Part<'_>, view: &VpcView<'_>, gateway: &NatGateway) -> Option<Finding> {
    if !is_live(gateway) || gateway.availability_mode != AvailabilityMode::Zonal {
        return None;
    }
    let id = &gateway.nat_gateway_id;
    let zone = view.subnet(gateway.subnet_id.as_ref()?)?.availability_zone.as_str();
    let users: Vec<_> = view
        .route_tables
        .iter()
        .filter(|table| part.default_ways(table.table).contains(&Way::Nat(id)))
        .map(|table| (table, table.subnets.iter().copied().filter(|s| s.availability_zone != zone).collect::<Vec<_>>()))
        .filter(|(_, subnets)| !subnets.is_empty())
        .collect();
    let crossing: Vec<&Subnet> = users.iter().flat_map(|(_, subnets)| subnets.iter().copied()).collect();
    if crossing.is_empty() {
        return None;
    }
    let zones = VpcView::zones(crossing.iter().copied());
    let gateways = by_zone(view, &gateway.connectivity_type);
    let at_home: BTreeSet<_> = zones.iter().filter(|zone| gateways.contains_key(**zone)).copied().collect();
    let cost = context.costs.nat_gateway(id)?;
    let price = Price::new(context, part, cost, gateway);
    let parts = crossing_parts(context, view, cost, &crossing);
    let basis = parts.as_ref().and_then(|parts| together(parts.values().map(|part| part.basis)));
    let gigabytes: Option<Decimal> = parts.as_ref().map(|parts| match basis {
        Some(Basis::Bounded) => cost.monthly_gb().unwrap_or_default(),
        _ => parts.values().map(|part| part.high_gb).sum(),
    });
    let (money, figures) = match (&price, &parts, gigabytes) {
        (_, _, Some(gigabytes)) if gigabytes.is_zero() => return None,
        (Ok(price), Some(parts), Some(gigabytes)) => {
            let (money, figures) = match context.attribution.of(id) {
                Some(measured) => price.weigh_parts(id, parts, &at_home, measured),
                None => price.weigh(id, gigabytes, at_home.is_empty()),
            };
            (Some(money), figures)
        }
        (Err(missing), ..) => (None, format!("There is {missing}, so the saving is unknown.")),
        _ => (None, format!("The bytes of {id} are not known, so the saving is unknown.")),
    };
    let tables: Vec<&str> = users.iter().map(|(table, _)| table.id().as_str()).collect();
    let subnets: Vec<&str> = crossing.iter().map(|subnet| subnet.subnet_id.as_str()).collect();
    let homes = if at_home.is_empty() {
        String::new()
    } else {
        let names: Vec<_> = at_home
            .iter()
            .filter_map(|zone| Some(format!("{} in {zone}", gateways.get(zone)?.nat_gateway_id)))
            .collect();
        format!("There is already {}. ", names.join(", "))
    };
    let mut evidence = vec![context.line(
        "crossing, out of a zone and into another",
        part.region(),
        Product::InterAzGb,
        gigabytes.map(|g| g * Decimal::TWO),
    )];
    if at_home.is_empty() {
        evidence.push(context.line(
            "a gateway of its own",
            part.region(),
            Product::NatGatewayHour,
            Some(crate::model::HOURS_PER_MONTH.into()),
        ));
    }
    Some(Finding {
        resources: std::iter::once(id.as_str()).chain(tables).chain(subnets).map(str::to_owned).collect(),
        title: format!("{id} in {zone} serves subnets in {}", zones.iter().copied().collect::<Vec<_>>().join(", ")),
        detail: format!(
            "{} subnet{} in other zones send{} their traffic to it. {homes}{figures}",
            crossing.len(),
            if crossing.len() == 1 { "" } else { "s" },
            if crossing.len() == 1 { "s" } else { "" },
        ),
        basis: basis.unwrap_or(Basis::Bounded),
        money,
        evidence,
        remedy: remedy(part, view, gateway, &users, &gateways),
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

/// What crosses, by the zone it comes from. None when the gateway's bytes are not known.
fn crossing_parts<'a>(
    context: &Context<'_>,
    view: &VpcView<'_>,
    cost: &NatGatewayCost<'_>,
    crossing: &[&'a Subnet],
) -> Option<BTreeMap<&'a str, Portion>> {
    let mut zones = BTreeMap::<&str, BTreeSet<_>>::new();
    for subnet in crossing {
        zones.entry(subnet.availability_zone.as_str()).or_default().insert(&subnet.subnet_id);
    }
    zones
        .into_iter()
        .map(|(zone, subnets)| Some((zone, context.all_of(cost, Clients { vpc_id: view.vpc_id, subnets: &subnets })?)))
        .collect()
}

/// The rates that decide.
struct Price {
    /// A gigabyte that crosses: charged out of one zone and into the other.
    crossing: Usd,
    /// A month of one more gateway, with its address where it is public.
    gateway: Usd,
}

impl Price {
    fn new(
        context: &Context<'_>,
        part: &Part<'_>,
        cost: &NatGatewayCost<'_>,
        gateway: &NatGateway,
    ) -> Result<Self, MissingRate> {
        let crossing = context.prices.unit(cost.region, Product::InterAzGb)? * Decimal::TWO;
        let mut month = context.per_month(part.region(), Product::NatGatewayHour)?;
        if gateway.connectivity_type == ConnectivityType::Public {
            month += context.per_month(part.region(), Product::PublicIpv4Hour)?;
        }
        Ok(Self { crossing, gateway: month })
    }

    /// What can be saved of so many gigabytes, and why.
    fn weigh(&self, id: &NatGatewayId, gigabytes: Decimal, needs_gateway: bool) -> (Money, String) {
        let current = self.crossing * gigabytes;
        // In the best case all of it comes from a zone that has a gateway already, else from one new gateway's.
        let high = if needs_gateway { (current - self.gateway).max(Usd::ZERO) } else { current };
        let claim = Claim { on: Pool::CrossAz(id.clone()), service: None, low: Usd::ZERO, high, limit: current };
        let mut figures = format!(
            "At most all of its {} a month cross zones, at ${} per GB (${} out of one zone and as much into the other): {}.",
            gb(gigabytes),
            self.crossing.0.normalize(),
            (self.crossing.0 / Decimal::TWO).normalize(),
            usd(current),
        );
        if needs_gateway {
            let break_even = self.gateway.0.checked_div(self.crossing.0).map(gb).unwrap_or_default();
            figures.push_str(&format!(
                " A gateway of its own costs a zone {} a month, which pays off above {break_even}.",
                usd(self.gateway)
            ));
            if high == Usd::ZERO {
                figures.push_str(" At this traffic the one gateway is the cheaper design; what more would buy is that a zone's failure takes only that zone offline.");
            }
        }
        (Money { current, claims: vec![claim] }, figures)
    }

    /// The same where flow logs tell how much comes from each zone.
    fn weigh_parts(
        &self,
        id: &NatGatewayId,
        parts: &BTreeMap<&str, Portion>,
        at_home: &BTreeSet<&str>,
        measured: &Measured<'_>,
    ) -> (Money, String) {
        let saved = |zone: &str, gigabytes: Decimal| {
            let crossing = self.crossing * gigabytes;
            if at_home.contains(zone) { crossing } else { (crossing - self.gateway).max(Usd::ZERO) }
        };
        let current: Usd = parts.values().map(|part| self.crossing * part.high_gb).sum();
        let low = parts.iter().map(|(zone, part)| saved(zone, part.low_gb)).sum();
        let high = parts.iter().map(|(zone, part)| saved(zone, part.high_gb)).sum();
        let claim = Claim { on: Pool::CrossAz(id.clone()), service: None, low, high, limit: current };
        let coverage = measured.coverage().map(percent).unwrap_or_default();
        let zones: Vec<_> = parts.iter().map(|(zone, part)| format!("{} from {zone}", part.range())).collect();
        let logs = measured.sample.map_or_else(
            || "Flow logs, which saw".to_owned(),
            |sample| {
                let hours = sample.plan.hours().len();
                format!("By a sample of {hours} hours, with 95% confidence: flow logs, which in those saw")
            },
        );
        let mut figures = format!(
            "{logs} {coverage}% of the bytes that CloudWatch metered, show {} a month to cross, at ${} per GB (${} out of one zone and as much into the other): {}.",
            zones.join(", "),
            self.crossing.0.normalize(),
            (self.crossing.0 / Decimal::TWO).normalize(),
            usd(current),
        );
        if parts.keys().any(|zone| !at_home.contains(zone)) {
            let break_even = self.gateway.0.checked_div(self.crossing.0).map(gb).unwrap_or_default();
            figures.push_str(&format!(
                " A gateway of its own costs a zone {} a month, which pays off above {break_even} of that zone's bytes.",
                usd(self.gateway)
            ));
        }
        (Money { current, claims: vec![claim] }, figures)
    }
}

fn remedy(
    part: &Part<'_>,
    view: &VpcView<'_>,
    gateway: &NatGateway,
    users: &[(&TableView<'_>, Vec<&Subnet>)],
    gateways: &BTreeMap<&str, &NatGateway>,
) -> Remedy {
    let mut changes = Vec::new();
    let mut notes = Vec::new();
    for (table, crossing) in users {
        let zones = VpcView::zones(table.subnets.iter().copied());
        let id = table.id().as_str();
        let Some(zone) = zones.iter().next().filter(|_| zones.len() == 1) else {
            notes.push(format!(
                "{id} serves subnets of several zones ({}): give each zone a route table of its own first, and associate its subnets with that.",
                zones.iter().copied().collect::<Vec<_>>().join(", ")
            ));
            continue;
        };
        let whole = |route: &Route| {
            route.destination_cidr.is_some_and(|cidr| matches!(cidr, IpNet::V4(_)) && cidr.prefix_len() == 0)
        };
        if let Some(home) = gateways.get(zone) {
            if !table.table.routes.iter().any(whole) {
                notes.push(format!(
                    "Point the routes of {id} that lead to the internet to {} instead.",
                    home.nat_gateway_id
                ));
                continue;
            }
            changes.push(Change::ReplaceDefaultRoute {
                route_table_id: table.id().clone(),
                nat_gateway_id: home.nat_gateway_id.clone(),
                before: gateway.nat_gateway_id.clone(),
            });
            continue;
        }
        let public = view.subnets.iter().find(|subnet| {
            subnet.subnet.availability_zone == *zone
                && subnet.route_table.is_some_and(|table| part.default_ways(table).contains(&Way::Internet))
        });
        notes.push(match public {
            Some(public) => format!(
                "Create a NAT gateway in {} ({zone}) and point the default route of {id} to it, if {} sends enough.",
                public.subnet.subnet_id,
                crossing.iter().map(|subnet| subnet.subnet_id.as_str()).collect::<Vec<_>>().join(", ")
            ),
            None => format!("{zone} has no public subnet yet that a NAT gateway for {id} could stand in."),
        });
    }
    if gateway.connectivity_type == ConnectivityType::Public {
        notes.push(
            "A regional NAT gateway keeps traffic in its zone too, at one hourly charge per active zone.".to_owned(),
        );
    }
    notes.push(
        "Open connections break when a default route changes, and leave from another public address afterwards."
            .to_owned(),
    );
    Remedy::new(RemedyKind::RouteWithinZone, part.region(), changes, notes)
}

#[cfg(test)]
mod tests;
