//! Finds services whose traffic through the NAT gateway would be cheaper through an interface endpoint.

mod demand;

use std::collections::BTreeSet;

use demand::Demand;
use rust_decimal::Decimal;

use super::context::{gb, usd};
use super::{Audit, Context, Dataset};
use crate::attribution::Measured;
use crate::catalogue::{endpoint_service, is_offered};
use crate::change::Change;
use crate::finding::{Basis, Finding, Money, Remedy, RemedyKind};
use crate::model::{HOURS_PER_MONTH, Service, Subnet, Usd};
use crate::pricing::Product;
use crate::topology::{Egress, Part, VpcView, is_working};

pub(super) const AUDIT: Audit = Audit {
    id: "interface-endpoint-pays-off",
    title: "A service's traffic is above the break-even of an interface endpoint, and there is none",
    manual: include_str!("interface_endpoint_pays_off.md"),
    needs: &[Dataset::RouteTables, Dataset::Subnets, Dataset::NatGateways, Dataset::VpcEndpoints, Dataset::Metrics],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    let owned = part.vpcs.iter().filter(|view| view.shared_by.is_none());
    owned.flat_map(|view| of_vpc(context, part, view)).collect()
}

fn of_vpc(context: &Context<'_>, part: &Part<'_>, view: &VpcView<'_>) -> Vec<Finding> {
    let mut egress = Egress::default();
    let mut clients: Vec<&Subnet> = Vec::new();
    for table in view.route_tables.iter().filter(|table| context.topology.has_clients(table)) {
        let way = context.topology.default_egress(part, table.table);
        if !way.own.is_empty() {
            clients.extend(&table.subnets);
            egress.merge(way);
        }
    }
    if clients.is_empty() {
        return Vec::new();
    }
    let declared = context.assumptions.iter().map(|(service, _)| service.clone());
    let named = egress.own.iter().filter_map(|id| context.attribution.of(id)).flat_map(Measured::named);
    let services: BTreeSet<Service> =
        declared.chain(named.cloned()).filter(|service| is_offered(service, part.region())).collect();
    let has_one = |service: &Service| {
        view.endpoints.iter().any(|endpoint| {
            is_working(endpoint)
                && Service::of_endpoint(&endpoint.service_name, part.region()).as_ref() == Some(service)
        })
    };
    services
        .iter()
        .filter(|service| !has_one(service))
        .filter_map(|service| look(context, part, view, service, &egress, &clients))
        .collect()
}

fn look(
    context: &Context<'_>,
    part: &Part<'_>,
    view: &VpcView<'_>,
    service: &Service,
    egress: &Egress<'_>,
    clients: &[&Subnet],
) -> Option<Finding> {
    let zones = VpcView::zones(clients.iter().copied());
    let demand = Demand::new(context, part, view, service, egress, clients)?;
    let choice = demand.choose(&zones)?;
    let count = choice.zones.len();
    let in_zone = |zone: &&str| clients.iter().copied().find(|subnet| subnet.availability_zone == **zone);
    let chosen: Vec<&Subnet> = choice.zones.iter().filter_map(in_zone).collect();
    let total = demand.gb(|portion| portion.high_gb);
    let break_even = context.break_even_per_zone(part).map(gb).unwrap_or_default();
    let hours = Decimal::from(HOURS_PER_MONTH) * Decimal::from(count);
    let crossing = demand.usd(|portion| portion.high_gb, |part| part.crossing);
    let mut evidence = vec![
        context.line("through the NAT gateway", part.region(), demand.product, Some(total)),
        context.line("the same through the endpoint", part.region(), Product::InterfaceEndpointGb, Some(total)),
        context.line("zone hours of the endpoint", part.region(), Product::InterfaceEndpointAzHour, Some(hours)),
    ];
    let mut crosses = String::new();
    if crossing > Usd::ZERO {
        let gigabytes = demand.parts.iter().filter(|part| part.crossing > Usd::ZERO).map(|part| part.portion.high_gb);
        let both_ends = gigabytes.sum::<Decimal>() * Decimal::TWO;
        evidence.push(context.line(
            "crossing zones to the NAT gateway",
            part.region(),
            Product::InterAzGb,
            Some(both_ends),
        ));
        crosses = format!(" and {} for crossing zones", usd(crossing));
    }
    Some(Finding {
        service: Some(service.clone()),
        resources: std::iter::once(view.vpc_id.as_str())
            .chain(egress.own.iter().map(|id| id.as_str()))
            .chain(chosen.iter().map(|subnet| subnet.subnet_id.as_str()))
            .map(str::to_owned)
            .collect(),
        title: format!("{} in {} pays off an interface endpoint of its own", service.title(), view.vpc_id),
        detail: format!(
            "{} {} a month go to {}: {} through the NAT gateway{crosses}, {} and {} a month through an endpoint in {count} zone{}. The break-even is {break_even} a month and zone.{}",
            demand.how(),
            gb(total),
            service.title(),
            usd(demand.usd(|portion| portion.high_gb, |part| part.rate)),
            usd(demand.endpoint.cost(total)),
            usd(demand.zone_month * Decimal::from(count)),
            if count == 1 { "" } else { "s" },
            demand.by_zone(),
        ),
        basis: demand.basis,
        money: Some(Money {
            current: demand.usd(|portion| portion.high_gb, |part| part.rate + part.crossing),
            claims: demand.claims(service, choice.low, choice.high),
        }),
        evidence,
        remedy: Remedy::new(
            RemedyKind::CreateInterfaceEndpoint,
            part.region(),
            create(part, view, service, &chosen).into_iter().collect(),
            notes(service, count, zones.len(), demand.basis, demand.shared),
        ),
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

fn notes(service: &Service, chosen: usize, zones: usize, basis: Basis, shared: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if basis == Basis::Assumed {
        notes.push(
            "The declared share decides: measure it with flow logs and Resolver query logs before you buy.".to_owned(),
        );
    }
    if shared {
        notes.push(
            "Some of its addresses answered to other names too: their bytes are split by the names' share of queries."
                .to_owned(),
        );
    }
    notes.push(
        "With private DNS on, all clients of the VPC move to the endpoint at once; its security group must admit them on 443.".to_owned(),
    );
    if chosen < zones {
        let so_many = if chosen == 1 { "one zone".to_owned() } else { format!("{chosen} zones") };
        notes.push(format!(
            "It pays off in {so_many}, not in all {zones}: clients in the other zones use it at no transfer charge, but lose it when that zone fails."
        ));
    }
    if service.as_str() == "execute-api" {
        notes.push(
            "Private DNS of execute-api takes every API Gateway name of the Region, third parties' public APIs too."
                .to_owned(),
        );
    }
    if service.as_str().starts_with("ecr.") {
        notes.push("Image layers come from S3: the free S3 gateway endpoint carries those, this one only manifests and tokens. Do not count layers into the share.".to_owned());
    }
    notes
}

/// The endpoint to make. None for a service that AWS does not offer one for.
fn create(part: &Part<'_>, view: &VpcView<'_>, service: &Service, subnets: &[&Subnet]) -> Option<Change> {
    Some(Change::CreateInterfaceEndpoint {
        vpc_id: view.vpc_id.clone(),
        service: service.clone(),
        service_name: endpoint_service(service)?.service_name_in(part.region()),
        subnet_ids: subnets.iter().map(|subnet| subnet.subnet_id.clone()).collect(),
        client_cidrs: view.vpc.iter().flat_map(|vpc| &vpc.cidr_blocks).copied().collect(),
    })
}

#[cfg(test)]
mod tests;
