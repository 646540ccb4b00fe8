//! Finds interface endpoints that cost more than the NAT gateway would charge for the same bytes.

use super::idle_interface_endpoint::{delete, hours_line};
use super::s3_interface_shadows_gateway::has_clients_outside;
use super::verdict::own_service;
use super::{Audit, Context, Dataset, Decision};
use crate::finding::{Basis, Claim, Finding, Money, Pool, Remedy, RemedyKind};
use crate::model::VpcEndpoint;
use crate::pricing::Product;
use crate::topology::Part;

pub(super) const AUDIT: Audit = Audit {
    id: "underused-interface-endpoint",
    title: "An interface endpoint costs more than the NAT gateway would charge for the same bytes",
    manual: include_str!("underused_interface_endpoint.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::Metrics, Dataset::NatGateways, Dataset::RouteTables, Dataset::Subnets],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(context, part, endpoint)).collect()
}

fn look(context: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    let id = &endpoint.vpc_endpoint_id;
    let cost = context.costs.endpoint(id)?;
    let service = own_service(cost)?;
    let verdict = context.verdict(part, cost);
    if verdict.decision != Decision::Drop || cost.bytes == Some(0) {
        return None;
    }
    let current = cost.monthly_usd()?;
    let by_nat = verdict.nat_monthly_usd?;
    let mut notes = vec![
        "Keep it where traffic must not leave the AWS network or pass a NAT gateway, whatever it costs: compliance is not priced here.".to_owned(),
        "Open connections break once when it goes. Policies on aws:SourceVpce stop matching; security groups must allow the service's public addresses.".to_owned(),
        "Fewer zones are a middle way: each zone less saves its hours, and clients elsewhere reach the remaining ones at no transfer charge.".to_owned(),
    ];
    if part.vpc(&endpoint.vpc_id).is_some_and(has_clients_outside) {
        notes.push("Routes lead from its VPC to other networks: clients there may use it too, and cannot use this VPC's NAT gateway.".to_owned());
    }
    notes.push("Where a client's NAT gateway is in another zone, crossing costs $0.02 per GB on top of the NAT gateway's charge.".to_owned());
    if !endpoint.private_dns_enabled {
        notes.push(
            "Its clients use its own names (vpce-…) or a private hosted zone of yours: those must change first."
                .to_owned(),
        );
    }
    Some(Finding {
        service: Some(service.clone()),
        resources: vec![id.to_string()],
        title: format!("{} endpoint {id} costs more than the NAT gateway would for its traffic", service.title()),
        detail: format!(
            "{}. It pays off above {} a month.",
            verdict.reason,
            verdict.break_even_gb.map_or_else(|| "an unknown number of GB".to_owned(), super::context::gb)
        ),
        basis: Basis::Measured,
        money: Some(Money { current, claims: vec![Claim::exactly(Pool::Endpoint(id.clone()), current - by_nat)] }),
        evidence: vec![
            hours_line(context, cost),
            context.line("through the endpoint", cost.region, Product::InterfaceEndpointGb, cost.monthly_gb()),
            context.line("the same through the NAT gateway", cost.region, Product::NatGatewayGb, cost.monthly_gb()),
        ],
        remedy: Remedy::new(RemedyKind::DeleteEndpoint, part.region(), vec![delete(endpoint)], notes),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

#[cfg(test)]
mod tests;
