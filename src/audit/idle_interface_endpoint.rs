//! Finds interface endpoints that are paid by the hour and carry nothing.

use super::verdict::own_service;
use super::{Audit, Context, Dataset};
use crate::change::Change;
use crate::cost::EndpointCost;
use crate::finding::{Basis, Claim, Evidence, Finding, Money, Pool, Remedy, RemedyKind};
use crate::model::{EndpointState, HOURS_PER_MONTH, VpcEndpoint};
use crate::pricing::Product;
use crate::topology::Part;

pub(super) const AUDIT: Audit = Audit {
    id: "idle-interface-endpoint",
    title: "An interface endpoint carried nothing over the window",
    manual: include_str!("idle_interface_endpoint.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::Metrics],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(context, part, endpoint)).collect()
}

fn look(context: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    let cost = context.costs.endpoint(&endpoint.vpc_endpoint_id)?;
    let service = own_service(cost)?;
    if endpoint.state != EndpointState::Available || !cost.is_idle() {
        return None;
    }
    let id = &endpoint.vpc_endpoint_id;
    let zones = endpoint.subnet_ids.len();
    let mut notes = vec![
        "Deleting it takes its private name with it: names that led to it lead to the public address again, so check that its subnets have another way out, or that nothing there needs the service.".to_owned(),
    ];
    if !endpoint.private_dns_enabled {
        notes.push(
            "Private DNS is off, which may be why nothing uses it: see interface-endpoint-private-dns-off.".to_owned(),
        );
    }
    notes.extend(cost.hours.and_then(Context::short_window_note));
    let usd = cost.monthly_usd();
    Some(Finding {
        service: Some(service.clone()),
        resources: vec![id.to_string()],
        title: format!("{} endpoint {id} carried nothing", service.title()),
        detail: format!(
            "It existed over the whole window in {zones} zone{}, and its BytesProcessed show no traffic: an interface endpoint publishes them as soon as it carries any.",
            if zones == 1 { "" } else { "s" }
        ),
        basis: Basis::Metered,
        money: usd.map(|usd| Money { current: usd, claims: vec![Claim::exactly(Pool::Endpoint(id.clone()), usd)] }),
        evidence: vec![hours_line(context, cost)],
        remedy: Remedy::new(RemedyKind::DeleteEndpoint, part.region(), vec![delete(endpoint)], notes),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

/// The arithmetic of an endpoint's hours.
pub(super) fn hours_line(context: &Context<'_>, cost: &EndpointCost<'_>) -> Evidence {
    let zones = cost.endpoint.map_or(0, |endpoint| endpoint.subnet_ids.len()) as u64;
    context.line("zone hours", cost.region, Product::InterfaceEndpointAzHour, Some((zones * HOURS_PER_MONTH).into()))
}

/// The end of an endpoint.
pub(super) fn delete(endpoint: &VpcEndpoint) -> Change {
    Change::DeleteEndpoint { endpoint: endpoint.into() }
}

#[cfg(test)]
mod tests;
