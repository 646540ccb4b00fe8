//! Finds NAT gateways that are paid by the hour and carry nothing.

use rust_decimal::Decimal;

use super::{Audit, Context, Dataset};
use crate::change::{Change, Destination};
use crate::finding::{Basis, Claim, Finding, Money, Pool, Remedy, RemedyKind};
use crate::model::{NatGateway, NatGatewayState};
use crate::pricing::Product;
use crate::topology::{Part, VpcView};

pub(super) const AUDIT: Audit = Audit {
    id: "idle-nat-gateway",
    title: "A NAT gateway processed nothing over the window",
    manual: include_str!("idle_nat_gateway.md"),
    needs: &[Dataset::NatGateways, Dataset::Metrics],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.vpcs
        .iter()
        .flat_map(|view| view.nat_gateways.iter().filter_map(|gateway| look(context, part, view, gateway)))
        .collect()
}

fn look(context: &Context<'_>, part: &Part<'_>, view: &VpcView<'_>, gateway: &NatGateway) -> Option<Finding> {
    let id = &gateway.nat_gateway_id;
    let cost = context.costs.nat_gateway(id)?;
    let hours = cost.hours?;
    let idle =
        gateway.state == NatGatewayState::Available && cost.bytes.processed() == Some(0) && cost.all_zones_published;
    if !idle || hours == 0 || !context.shows_idleness(hours) {
        return None;
    }
    let routes: Vec<_> = view
        .route_tables
        .iter()
        .flat_map(|table| table.table.routes.iter().map(move |route| (table, route)))
        .filter(|(_, route)| route.nat_gateway_id.as_ref() == Some(id))
        .collect();
    let mut tables: Vec<&str> = routes.iter().map(|(table, _)| table.id().as_str()).collect();
    tables.dedup();
    let pointed_at = if tables.is_empty() {
        "No route table points to it.".to_owned()
    } else {
        format!("It still stands in the routes of {}, so it may be meant as a standby.", tables.join(", "))
    };
    let mut changes = vec![Change::DeleteNatGateway { nat_gateway_id: id.clone() }];
    changes.extend(routes.iter().filter_map(|(table, route)| {
        Some(Change::DeleteRoute {
            route_table_id: table.id().clone(),
            destination: Destination::of(route)?,
            target: Some(id.to_string()),
        })
    }));
    let allocations: Vec<_> = gateway.addresses.iter().filter_map(|address| address.allocation_id.clone()).collect();
    if !allocations.is_empty() {
        let allocation_ids = allocations.clone();
        changes.push(Change::ReleaseAddresses { nat_gateway_id: id.clone(), allocation_ids });
    }
    let mut notes = vec![
        "A deleted NAT gateway cannot be brought back; a new one gets another id, and another address unless you keep the Elastic IP.".to_owned(),
    ];
    if !allocations.is_empty() {
        notes.push("Partners may have allow-listed its public address: releasing that is final too.".to_owned());
    }
    if !tables.is_empty() {
        notes.push("Subnets on those tables lose their way to the internet. Nothing used it in the window.".to_owned());
    }
    notes.extend(Context::short_window_note(hours));
    let month = Decimal::from(crate::model::HOURS_PER_MONTH);
    let product = if cost.regional { Product::RegionalNatGatewayAzHour } else { Product::NatGatewayHour };
    let billed = if cost.regional {
        month * Decimal::from(cost.zone_hours.values().sum::<u64>()) / Decimal::from(hours)
    } else {
        month
    };
    let mut evidence = vec![context.line("hours", part.region(), product, Some(billed))];
    if !allocations.is_empty() {
        let quantity = Decimal::from(allocations.len()) * month;
        evidence.push(context.line("public IPv4 addresses", part.region(), Product::PublicIpv4Hour, Some(quantity)));
    }
    let standing = cost.monthly_standing_usd();
    Some(Finding {
        resources: std::iter::once(id.as_str()).chain(tables.iter().copied()).map(str::to_owned).collect(),
        title: format!("{id} processed nothing in {hours} hours"),
        detail: format!(
            "CloudWatch's own zeros show it, not missing data: it published them in {} of those hours. {pointed_at}",
            cost.published_hours
        ),
        basis: Basis::Metered,
        money: standing
            .map(|usd| Money { current: usd, claims: vec![Claim::exactly(Pool::NatStanding(id.clone()), usd)] }),
        evidence,
        remedy: Remedy::new(RemedyKind::DeleteNatGateway, part.region(), changes, notes),
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

#[cfg(test)]
mod tests;
