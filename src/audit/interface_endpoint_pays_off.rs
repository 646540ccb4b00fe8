//! Finds services whose traffic through the NAT gateway would be cheaper through an interface endpoint.

use rust_decimal::Decimal;

use super::context::{gb, usd};
use super::{Audit, Context, Dataset, command};
use crate::catalogue::endpoint_service;
use crate::finding::{Basis, Claim, Finding, Money, Pool, Remedy, RemedyKind};
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
    let services: Vec<_> = context
        .assumptions
        .iter()
        .map(|(service, _)| service)
        .filter(|service| !Service::WITH_GATEWAY_ENDPOINT.contains(service))
        .filter(|service| endpoint_service(service).is_some_and(|known| known.is_served_in(part.region())))
        .collect();
    let owned = part.vpcs.iter().filter(|view| view.shared_by.is_none());
    owned.flat_map(|view| services.iter().filter_map(|service| look(context, part, view, service))).collect()
}

fn look(context: &Context<'_>, part: &Part<'_>, view: &VpcView<'_>, service: &Service) -> Option<Finding> {
    let has_one = view.endpoints.iter().any(|endpoint| {
        is_working(endpoint) && Service::of_endpoint(&endpoint.service_name, part.region()).as_ref() == Some(service)
    });
    if has_one {
        return None;
    }
    let mut egress = Egress::default();
    let mut clients: Vec<&Subnet> = Vec::new();
    for table in view.route_tables.iter().filter(|table| context.topology.has_clients(table)) {
        let way = context.topology.default_egress(part, table.table);
        if !way.own.is_empty() {
            clients.extend(&table.subnets);
            egress.merge(way);
        }
    }
    let zones = VpcView::zones(clients.iter().copied());
    if zones.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let mut product = Product::NatGatewayGb;
    for id in &egress.own {
        let nat = context.costs.nat_gateway(id)?;
        let gigabytes = context.portion(nat, service)?.low_gb;
        product = nat.data_product();
        parts.push(((*id).clone(), gigabytes, context.prices.unit(part.region(), product).ok()?));
    }
    let total: Decimal = parts.iter().map(|(_, gigabytes, _)| *gigabytes).sum();
    let by_nat: Usd = parts.iter().map(|(_, gigabytes, rate)| *rate * *gigabytes).sum();
    let by_endpoint = context.prices.rate(part.region(), Product::InterfaceEndpointGb).ok()?.cost(total);
    let zone_month = context.per_month(part.region(), Product::InterfaceEndpointAzHour).ok()?;
    let saving_in = |zones: usize| by_nat - by_endpoint - zone_month * Decimal::from(zones);
    let count = [zones.len(), 1].into_iter().find(|count| saving_in(*count) > Usd::ZERO)?;
    let saving = saving_in(count);
    let chosen: Vec<&Subnet> = zones
        .iter()
        .take(count)
        .filter_map(|zone| clients.iter().copied().find(|subnet| subnet.availability_zone == *zone))
        .collect();
    let claims = parts
        .iter()
        .map(|(id, gigabytes, _)| {
            let share = Usd(saving.0 * *gigabytes / total);
            Claim { service: Some(service.clone()), ..Claim::exactly(Pool::NatData(id.clone()), share) }
        })
        .collect();
    let break_even = context.break_even_per_zone(part).map(gb).unwrap_or_default();
    let hours = Decimal::from(HOURS_PER_MONTH) * Decimal::from(count);
    Some(Finding {
        service: Some(service.clone()),
        resources: std::iter::once(view.vpc_id.as_str())
            .chain(egress.own.iter().map(|id| id.as_str()))
            .chain(chosen.iter().map(|subnet| subnet.subnet_id.as_str()))
            .map(str::to_owned)
            .collect(),
        title: format!("{} in {} pays off an interface endpoint of its own", service.title(), view.vpc_id),
        detail: format!(
            "By your declaration {} a month go to {}: {} through the NAT gateway, {} and {} a month through an endpoint in {count} zone{}. The break-even is {break_even} a month and zone.",
            gb(total),
            service.title(),
            usd(by_nat),
            usd(by_endpoint),
            usd(zone_month * Decimal::from(count)),
            if count == 1 { "" } else { "s" },
        ),
        basis: Basis::Assumed,
        money: Some(Money { current: by_nat, claims }),
        evidence: vec![
            context.line("through the NAT gateway", part.region(), product, Some(total)),
            context.line("the same through the endpoint", part.region(), Product::InterfaceEndpointGb, Some(total)),
            context.line("zone hours of the endpoint", part.region(), Product::InterfaceEndpointAzHour, Some(hours)),
        ],
        remedy: Remedy {
            kind: RemedyKind::CreateInterfaceEndpoint,
            commands: create(part, view, service, &chosen).into_iter().collect(),
            notes: notes(service, count, zones.len()),
        },
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

fn notes(service: &Service, chosen: usize, zones: usize) -> Vec<String> {
    let mut notes = vec![
        "The declared share decides: measure it with flow logs and Resolver query logs before you buy.".to_owned(),
        "With private DNS on, all clients of the VPC move to the endpoint at once; its security group must admit them on 443.".to_owned(),
    ];
    if chosen < zones {
        notes.push(format!(
            "It pays off in one zone, not in all {zones}: clients in the other zones use it at no transfer charge, but lose it when that zone fails."
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

/// One command line: a security group that admits the VPC on 443, and the endpoint with it.
fn create(part: &Part<'_>, view: &VpcView<'_>, service: &Service, subnets: &[&Subnet]) -> Option<String> {
    let region = part.region();
    let vpc = view.vpc_id.as_str();
    let group = format!("{service}-endpoint");
    let description = format!("HTTPS to the {service} endpoint");
    let arguments = [
        "--vpc-id",
        vpc,
        "--group-name",
        &group,
        "--description",
        &description,
        "--query",
        "GroupId",
        "--output",
        "text",
    ];
    let mut line = format!("sg=$({})", command::ec2(region, "create-security-group", arguments)?);
    for block in view.vpc.iter().flat_map(|vpc| &vpc.cidr_blocks) {
        let block = block.to_string();
        let arguments = ["--protocol", "tcp", "--port", "443", "--cidr", &block];
        let admit = command::ec2(region, "authorize-security-group-ingress", arguments)?;
        line.push_str(&format!(" && {admit} --group-id \"$sg\""));
    }
    let name = endpoint_service(service)?.service_name_in(region);
    let arguments = [
        "--vpc-id",
        vpc,
        "--vpc-endpoint-type",
        "Interface",
        "--service-name",
        &name,
        "--private-dns-enabled",
        "--subnet-ids",
    ];
    let subnets = subnets.iter().map(|subnet| subnet.subnet_id.as_str());
    let endpoint = command::ec2(region, "create-vpc-endpoint", arguments.into_iter().chain(subnets))?;
    line.push_str(&format!(" && {endpoint} --security-group-ids \"$sg\""));
    Some(line)
}

#[cfg(test)]
mod tests;
