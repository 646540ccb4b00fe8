//! Finds route tables that lead to a NAT gateway and that an existing gateway endpoint misses: the endpoint "exists",
//! and yet the traffic is paid for.

use super::gateway_endpoint::{each, saving, side_effects};
use super::missing_gateway_endpoint::target;
use super::{Audit, Context, Dataset};
use crate::attribution::Clients;
use crate::change::Change;
use crate::finding::{Finding, Remedy, RemedyKind};
use crate::model::{RouteTable, Service, VpcEndpoint};
use crate::topology::{Egress, Part, VpcView};

pub(super) const AUDIT: Audit = Audit {
    id: "gateway-endpoint-not-associated",
    title: "A gateway endpoint exists, but a route table that leads to a NAT gateway is not associated with it",
    manual: include_str!("gateway_endpoint_not_associated.md"),
    needs: &[Dataset::RouteTables, Dataset::Subnets, Dataset::NatGateways, Dataset::VpcEndpoints],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    each(part, |view, service| look(context, part, view, service))
}

/// The endpoint lists a table, or the table has a route to it: each of the two is AWS's own word for "associated".
/// Where only one of them holds the report says so, see [`crate::report`].
fn is_associated(endpoint: &VpcEndpoint, table: &RouteTable) -> bool {
    endpoint.route_table_ids.contains(&table.route_table_id) || has_route(endpoint, table)
}

/// Whether a table has a prefix-list route to an endpoint.
pub(crate) fn has_route(endpoint: &VpcEndpoint, table: &RouteTable) -> bool {
    let id = Some(endpoint.vpc_endpoint_id.as_str());
    table.routes.iter().any(|route| route.destination_prefix_list_id.is_some() && route.gateway_id.as_deref() == id)
}

fn look(context: &Context<'_>, part: &Part<'_>, view: &VpcView<'_>, service: &Service) -> Option<Finding> {
    let endpoints: Vec<_> = view.gateway_endpoints(service, part.region()).collect();
    let endpoint = endpoints.first()?;
    let tables = view.tables_through_nat(context.topology, part, service);
    let is_missed = |table: &RouteTable| !endpoints.iter().any(|endpoint| is_associated(endpoint, table));
    let missed: Vec<_> = tables.iter().filter(|(table, _)| is_missed(table.table)).collect();
    // An interface endpoint that takes the service's names leaves nothing to the route.
    if missed.is_empty() || view.is_led_by_name(service, part.region()) {
        return None;
    }
    let mut egress = Egress::default();
    for (_, way) in &missed {
        egress.merge(way.clone());
    }
    let subnets = missed.iter().flat_map(|(table, _)| &table.subnets).map(|subnet| &subnet.subnet_id).collect();
    let saving = saving(context, &egress, service, Clients { vpc_id: view.vpc_id, subnets: &subnets });
    if saving.nothing {
        return None;
    }
    let id = endpoint.vpc_endpoint_id.as_str();
    let ids: Vec<&str> = missed.iter().map(|(table, _)| table.id().as_str()).collect();
    let main = missed.iter().find(|(table, _)| table.main).map(|(table, _)| {
        format!("{} is the main table: subnets without an association of their own use it. ", table.id())
    });
    let associate = Change::AssociateRouteTables {
        endpoint: (*endpoint).into(),
        route_table_ids: missed.iter().map(|(table, _)| table.id().clone()).collect(),
    };
    let mut notes = side_effects(service, &egress);
    notes.push("If the endpoint's policy is narrower than what these subnets use, their traffic is refused instead of routed: read it first.".to_owned());
    let plural = if ids.len() == 1 { "" } else { "s" };
    Some(Finding {
        service: Some(service.clone()),
        resources: std::iter::once(id).chain(ids.iter().copied()).map(str::to_owned).collect(),
        title: format!(
            "{} endpoint {id} misses {} route table{plural} that lead{} to {}",
            service.title(),
            ids.len(),
            if ids.len() == 1 { "s" } else { "" },
            target(&egress)
        ),
        detail: format!(
            "Route table{plural} {} lead{} {} traffic past the endpoint. {}{}",
            ids.join(", "),
            if ids.len() == 1 { "s" } else { "" },
            service.title(),
            main.unwrap_or_default(),
            saving.explanation
        ),
        basis: saving.basis,
        money: saving.money,
        evidence: saving.evidence,
        remedy: Remedy::new(RemedyKind::AssociateRouteTables, part.region(), vec![associate], notes),
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

#[cfg(test)]
mod tests;
