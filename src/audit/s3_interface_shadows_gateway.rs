//! Finds S3 and DynamoDB interface endpoints whose private names take the VPC's own traffic, which a gateway endpoint
//! would carry for nothing.

use super::idle_interface_endpoint::hours_line;
use super::verdict::own_service;
use super::{Audit, Context, Dataset};
use crate::change::Change;
use crate::finding::{Basis, Claim, Finding, Money, Pool, Remedy, RemedyKind};
use crate::model::{Service, Usd, VpcEndpoint};
use crate::pricing::Product;
use crate::topology::{Egress, Part, VpcView, is_working, takes_names};

pub(super) const AUDIT: Audit = Audit {
    id: "s3-interface-shadows-gateway",
    title: "A paid S3 or DynamoDB interface endpoint takes traffic that a gateway endpoint carries for nothing",
    manual: include_str!("s3_interface_shadows_gateway.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::RouteTables, Dataset::Subnets],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(context, part, endpoint)).collect()
}

fn look(context: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    let id = &endpoint.vpc_endpoint_id;
    let cost = context.costs.endpoint(id)?;
    let service = own_service(cost).filter(|service| Service::WITH_GATEWAY_ENDPOINT.contains(service))?;
    if !is_working(endpoint) || !takes_names(endpoint) {
        return None;
    }
    let view = part.vpc(&endpoint.vpc_id)?;
    let gateway = view.gateway_endpoints(&service, part.region()).next();
    let outside = has_clients_outside(view);
    let (basis, whose) = if outside {
        (
            Basis::Bounded,
            "Routes lead from this VPC to other networks, so part of its traffic may come from there, where the gateway endpoint does not reach.",
        )
    } else {
        (Basis::Measured, "No route leads from this VPC to another network, so all of its traffic is the VPC's own.")
    };
    let money = cost.monthly_usd().map(|current| {
        let low = if outside { Usd::ZERO } else { current };
        let claim = Claim {
            on: Pool::Endpoint(id.clone()),
            service: Some(service.clone()),
            low,
            high: current,
            limit: current,
        };
        Money { current, claims: vec![claim] }
    });
    Some(Finding {
        service: Some(service.clone()),
        resources: std::iter::once(id.to_string())
            .chain(gateway.map(|gateway| gateway.vpc_endpoint_id.to_string()))
            .collect(),
        title: format!("{} interface endpoint {id} takes the VPC's own traffic", service.title()),
        detail: format!(
            "Its private DNS answers inside the VPC, so clients there use it and pay for it{}. {whose}",
            match gateway {
                Some(gateway) =>
                    format!(", although gateway endpoint {} is there for nothing", gateway.vpc_endpoint_id),
                None => ", and there is no gateway endpoint, which would cost nothing".to_owned(),
            }
        ),
        // Without its bytes only the rule's form of "unknown" is left.
        basis: if money.is_some() { basis } else { Basis::Bounded },
        money,
        evidence: vec![
            hours_line(context, cost),
            context.line("through the endpoint", cost.region, Product::InterfaceEndpointGb, cost.monthly_gb()),
        ],
        remedy: remedy(part, view, endpoint, &service, gateway, outside),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

/// Whether routes of the VPC lead to networks that could use its interface endpoints.
pub(super) fn has_clients_outside(view: &VpcView<'_>) -> bool {
    view.route_tables.iter().flat_map(|table| &table.table.routes).any(|route| {
        let leads_to = |prefix: &str| {
            [&route.gateway_id, &route.other_target].into_iter().flatten().any(|target| target.starts_with(prefix))
        };
        route.transit_gateway_id.is_some() || ["vgw-", "pcx-", "arn:", "core-network", "lgw-"].into_iter().any(leads_to)
    })
}

fn remedy(
    part: &Part<'_>,
    view: &VpcView<'_>,
    endpoint: &VpcEndpoint,
    service: &Service,
    gateway: Option<&VpcEndpoint>,
    outside: bool,
) -> Remedy {
    let mut changes = Vec::new();
    if gateway.is_none() {
        let tables = view.route_tables.iter().filter(|table| !table.subnets.is_empty());
        changes.push(Change::CreateGatewayEndpoint {
            vpc_id: view.vpc_id.clone(),
            service_name: service.endpoint_service_name(part.region()),
            route_table_ids: tables.map(|table| table.id().clone()).collect(),
        });
    }
    let mut notes = Vec::new();
    if !outside {
        changes.push(super::idle_interface_endpoint::delete(endpoint));
        notes.push("Check that nothing uses the endpoint's own names (vpce-…) before you delete it.".to_owned());
    } else if *service == Service::S3 {
        changes.push(Change::ServeOnPremisesOnly { endpoint: endpoint.into() });
        notes.push(
            "On premises then keeps the interface endpoint (through an inbound Resolver endpoint), and the VPC uses the gateway endpoint. If nothing outside needs it, delete it: that saves its hours too."
                .to_owned(),
        );
    } else {
        changes.push(Change::SetPrivateDns { endpoint: endpoint.into(), enabled: false });
        notes.push("Networks outside then need the endpoint's own names (vpce-…) or a private hosted zone.".to_owned());
    }
    notes.push(
        "The gateway endpoint must be associated with every route table whose subnets use the service.".to_owned(),
    );
    notes.extend(super::gateway_endpoint::side_effects(service, &Egress::default()));
    let kind = if outside { RemedyKind::ChangeEndpointDns } else { RemedyKind::DeleteEndpoint };
    Remedy::new(kind, part.region(), changes, notes)
}

#[cfg(test)]
mod tests;
