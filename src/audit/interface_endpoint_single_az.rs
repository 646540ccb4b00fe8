//! Finds interface endpoints in one Availability Zone only while their clients sit in several.

use super::verdict::own_service;
use super::{Audit, Context, Dataset, Decision, command};
use crate::finding::{Basis, Finding, Remedy, RemedyKind};
use crate::model::{Subnet, VpcEndpoint};
use crate::pricing::Product;
use crate::topology::{Part, VpcView, Way, is_working};

pub(super) const AUDIT: Audit = Audit {
    id: "interface-endpoint-single-az",
    title: "An interface endpoint is in one Availability Zone while its clients are in several",
    manual: include_str!("interface_endpoint_single_az.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::Subnets, Dataset::RouteTables],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(context, part, endpoint)).collect()
}

/// The subnets that would use an endpoint: those without a public route of their own, if there are any.
fn clients<'a>(context: &Context<'_>, part: &Part<'a>, view: &VpcView<'a>) -> Vec<&'a Subnet> {
    let public = |table| part.default_ways(table).contains(&Way::Internet);
    let subnets: Vec<_> =
        view.subnets.iter().filter(|view| !context.topology.is_entry(&view.subnet.subnet_id)).collect();
    let private: Vec<_> =
        subnets.iter().filter(|subnet| !subnet.route_table.is_some_and(public)).map(|view| view.subnet).collect();
    if private.is_empty() { subnets.iter().map(|view| view.subnet).collect() } else { private }
}

fn look(context: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    let id = &endpoint.vpc_endpoint_id;
    let cost = context.costs.endpoint(id)?;
    let service = own_service(cost)?;
    let [only] = endpoint.subnet_ids.as_slice() else { return None };
    if !is_working(endpoint) {
        return None;
    }
    let view = part.vpc(&endpoint.vpc_id)?;
    let zone = view.subnet(only)?.availability_zone.as_str();
    let clients = clients(context, part, view);
    let others: Vec<_> = VpcView::zones(clients.iter().copied()).into_iter().filter(|other| *other != zone).collect();
    if others.is_empty() {
        return None;
    }
    let subnets = others.iter().filter_map(|zone| clients.iter().find(|subnet| subnet.availability_zone == *zone));
    let arguments = ["--vpc-endpoint-id", id.as_str(), "--add-subnet-ids"].into_iter();
    let add =
        command::ec2(part.region(), "modify-vpc-endpoint", arguments.chain(subnets.map(|s| s.subnet_id.as_str())));
    let price = match context.per_month(part.region(), Product::InterfaceEndpointAzHour) {
        Ok(usd) => format!("Each further zone costs {} a month.", super::context::usd(usd)),
        Err(missing) => format!("What a further zone costs is unknown: there is {missing}."),
    };
    let mut notes = vec![
        price,
        "Clients in other zones reach the endpoint at no transfer charge, so this buys availability, not money: a development VPC may well do without.".to_owned(),
    ];
    if context.verdict(part, cost).decision == Decision::Drop {
        notes.push("Decide first whether to keep it: by its traffic it costs more than it saves.".to_owned());
    }
    Some(Finding {
        rule: AUDIT.id,
        account_id: part.scan.account_id.clone(),
        region: part.scan.region.clone(),
        vpc_id: endpoint.vpc_id.clone(),
        service: Some(service.clone()),
        resources: vec![id.to_string(), only.to_string()],
        title: format!("{} endpoint {id} is in {zone} only", service.title()),
        detail: format!("Clients sit in {} too. When {zone} fails they lose the service with it.", others.join(", ")),
        basis: Basis::Configuration,
        money: None,
        evidence: Vec::new(),
        remedy: Remedy { kind: RemedyKind::AddEndpointSubnets, commands: add.into_iter().collect(), notes },
    })
}
