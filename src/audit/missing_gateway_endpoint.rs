//! Finds VPCs whose subnets reach S3 or DynamoDB through a NAT gateway although a gateway endpoint would be free.

use super::gateway_endpoint::{each, saving, side_effects};
use super::{Audit, Context, Dataset};
use crate::attribution::Clients;
use crate::change::Change;
use crate::finding::{Finding, Remedy, RemedyKind};
use crate::model::Service;
use crate::topology::{Egress, Gateways, Part, VpcView};

pub(super) const AUDIT: Audit = Audit {
    id: "missing-gateway-endpoint",
    title: "S3 or DynamoDB is reached through a NAT gateway, and there is no free gateway endpoint",
    manual: include_str!("missing_gateway_endpoint.md"),
    needs: &[Dataset::RouteTables, Dataset::Subnets, Dataset::NatGateways, Dataset::VpcEndpoints],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    each(part, |view, service| look(context, part, view, service))
}

fn look(context: &Context<'_>, part: &Part<'_>, view: &VpcView<'_>, service: &Service) -> Option<Finding> {
    let has_one = view.gateway_endpoints(service, part.region()).next().is_some();
    // An interface endpoint that takes the service's names leaves nothing to the route.
    if has_one || view.is_led_by_name(service, part.region()) {
        return None;
    }
    let tables = view.tables_through_nat(context.topology, part, service);
    if tables.is_empty() {
        return None;
    }
    let mut egress = Egress::default();
    for (_, way) in &tables {
        egress.merge(way.clone());
    }
    let subnets = tables.iter().flat_map(|(table, _)| &table.subnets).map(|subnet| &subnet.subnet_id).collect();
    let saving = saving(context, &egress, service, Clients { vpc_id: view.vpc_id, subnets: &subnets });
    if saving.nothing {
        return None;
    }
    let ids: Vec<&str> = tables.iter().map(|(table, _)| table.id().as_str()).collect();
    let subnets = subnets.len();
    let create = Change::CreateGatewayEndpoint {
        vpc_id: view.vpc_id.clone(),
        service_name: service.endpoint_service_name(part.region()),
        route_table_ids: tables.iter().map(|(table, _)| table.id().clone()).collect(),
    };
    let mut notes = side_effects(service, &egress);
    if egress.behind.iter().any(|(_, gateways)| *gateways != Gateways::None) {
        notes.push(
            "The endpoint belongs into this VPC, where the traffic starts: one in the VPC of the NAT gateway does nothing for it."
                .to_owned(),
        );
    }
    Some(Finding {
        service: Some(service.clone()),
        resources: std::iter::once(view.vpc_id.as_str()).chain(ids.iter().copied()).map(str::to_owned).collect(),
        title: format!(
            "{} reaches {} through {} without a gateway endpoint",
            view.vpc_id,
            service.title(),
            target(&egress)
        ),
        detail: format!(
            "{subnets} subnet{} on {} route table{} lead{} {} traffic there. {}",
            if subnets == 1 { "" } else { "s" },
            ids.len(),
            if ids.len() == 1 { "" } else { "s" },
            if subnets == 1 { "s" } else { "" },
            service.title(),
            saving.explanation
        ),
        basis: saving.basis,
        money: saving.money,
        evidence: saving.evidence,
        remedy: Remedy::new(RemedyKind::CreateGatewayEndpoint, part.region(), vec![create], notes),
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

/// What the traffic meets, for a title.
pub(super) fn target(egress: &Egress<'_>) -> String {
    let gateways = egress.nat_gateways();
    let mut ids = gateways.iter();
    match (ids.next(), ids.len()) {
        (None, _) => "a transit gateway".to_owned(),
        (Some(id), 0) => id.to_string(),
        (Some(id), more) => format!("{id} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
