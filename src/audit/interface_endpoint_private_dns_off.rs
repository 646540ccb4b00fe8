//! Finds interface endpoints that bill while the service's public name still leads to the NAT gateway.

use super::idle_interface_endpoint::{delete, hours_line};
use super::verdict::own_service;
use super::{Audit, Context, Dataset};
use crate::change::Change;
use crate::finding::{Basis, Claim, Finding, Money, Pool, Remedy, RemedyKind};
use crate::model::{Service, VpcEndpoint};
use crate::topology::{Part, is_working};

pub(super) const AUDIT: Audit = Audit {
    id: "interface-endpoint-private-dns-off",
    title: "An interface endpoint bills, but the service's public name still leads to the NAT gateway",
    manual: include_str!("interface_endpoint_private_dns_off.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::RouteTables, Dataset::Subnets, Dataset::NatGateways],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(context, part, endpoint)).collect()
}

fn look(context: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    let id = &endpoint.vpc_endpoint_id;
    let cost = context.costs.endpoint(id)?;
    // S3's and DynamoDB's are rightly off where the gateway endpoint serves the VPC and these serve on premises.
    let service = own_service(cost).filter(|service| !Service::WITH_GATEWAY_ENDPOINT.contains(service))?;
    if endpoint.private_dns_enabled || !is_working(endpoint) {
        return None;
    }
    let covered = part.scan.vpc_endpoints.iter().any(|other| {
        other.vpc_id == endpoint.vpc_id
            && other.service_name == endpoint.service_name
            && other.private_dns_enabled
            && is_working(other)
    });
    let view = part.vpc(&endpoint.vpc_id)?;
    let through_nat = view
        .route_tables
        .iter()
        .filter(|table| !table.subnets.is_empty())
        .map(|table| context.topology.default_egress(part, table.table))
        .any(|egress| egress.meets_nat());
    if covered || !through_nat {
        return None;
    }
    let idle = cost.is_idle();
    let money = cost
        .monthly_usd()
        .filter(|_| idle)
        .map(|current| Money { current, claims: vec![Claim::exactly(Pool::Endpoint(id.clone()), current)] });
    let carried = match (idle, cost.monthly_gb()) {
        (true, _) => "It carried nothing over the window, so all it costs is waste as it stands: ending it saves that; with private DNS on, it is what the NAT gateway charges for this traffic that falls instead.".to_owned(),
        (_, Some(gigabytes)) => format!(
            "It carried {} a month, so some clients use its own names (vpce-…) or a private hosted zone; all others pass it by.",
            super::context::gb(gigabytes)
        ),
        (_, None) => "How much it carries is not known.".to_owned(),
    };
    let enable = Change::SetPrivateDns { endpoint: endpoint.into(), enabled: true };
    Some(Finding {
        service: Some(service.clone()),
        resources: vec![id.to_string()],
        title: format!("{} endpoint {id} has private DNS off", service.title()),
        detail: format!(
            "Inside the VPC the service's public name resolves to its public address, and the route to that leads to a NAT gateway. {carried}"
        ),
        basis: if money.is_some() { Basis::Metered } else { Basis::Configuration },
        money,
        evidence: vec![hours_line(context, cost)],
        remedy: Remedy::new(
            RemedyKind::ChangeEndpointDns,
            part.region(),
            vec![enable],
            notes(part, endpoint, &service),
        ),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

fn notes(part: &Part<'_>, endpoint: &VpcEndpoint, service: &Service) -> Vec<String> {
    let mut notes = vec![
        "The VPC needs DNS support and DNS hostnames on.".to_owned(),
        "Traffic moves from the NAT gateway at once; the endpoint's security group must admit 443 from every client, and its policy must allow what they do, or calls fail.".to_owned(),
        "An endpoint that is shared by a private hosted zone of your own (central endpoints behind a transit gateway) has private DNS off on purpose: leave it.".to_owned(),
    ];
    for delete in delete(endpoint).commands(part.region()) {
        notes.push(format!("If nobody is to use it, end it instead: {delete}"));
    }
    if service.as_str() == "execute-api" {
        notes.push(
            "Private DNS of execute-api takes every API Gateway name of the Region, third parties' public APIs too."
                .to_owned(),
        );
    }
    notes
}

#[cfg(test)]
mod tests;
