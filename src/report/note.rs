//! What a reader should know about single figures: where two of AWS's own answers disagree, and what was inferred.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::has_route;
use crate::cost::{Costs, NatGatewayCost};
use crate::model::{AccountId, EndpointType, RegionName};
use crate::topology::{Part, Topology, VpcView, is_working};

/// A remark on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Note {
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The resource.
    pub resource: String,
    /// The remark.
    pub message: String,
}

/// Every remark, in a stable order.
pub(super) fn notes(topology: &Topology<'_>, costs: &Costs<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for part in &topology.parts {
        let mut say = |resource: &str, message: String| {
            notes.push(Note {
                account_id: part.scan.account_id.clone(),
                region: part.scan.region.clone(),
                resource: resource.to_owned(),
                message,
            });
        };
        for view in &part.vpcs {
            if let Some(owner) = view.shared_by {
                say(
                    view.vpc_id.as_str(),
                    format!("shared by account {owner}, who alone can change its routes and endpoints: audit it there"),
                );
            }
            associations(part, view, &mut say);
        }
    }
    for cost in &costs.nat_gateways {
        notes.extend(gateway(cost, costs.window.hours()).into_iter().map(|message| Note {
            account_id: cost.account_id.clone(),
            region: cost.region.clone(),
            resource: cost.id.to_string(),
            message,
        }));
    }
    for cost in
        costs.endpoints.iter().filter(|cost| cost.endpoint.is_some() && cost.endpoint_type == EndpointType::Interface)
    {
        let foreign = cost.endpoint.and_then(|endpoint| endpoint.service_region.as_ref()).filter(|r| *r != cost.region);
        if let Some(region) = foreign {
            notes.push(Note {
                account_id: cost.account_id.clone(),
                region: cost.region.clone(),
                resource: cost.id.to_string(),
                message: format!("leads to {region}: inter-Region data transfer comes on top of the figures here"),
            });
        }
    }
    notes.sort();
    notes
}

/// Where an endpoint's list of route tables and the tables' routes disagree. AWS keeps both in step, so one of them is
/// about to change, or is wrong.
fn associations(part: &Part<'_>, view: &VpcView<'_>, say: &mut dyn FnMut(&str, String)) {
    let tables_known = !part.scan.gaps.iter().any(|gap| gap.operation == "DescribeRouteTables");
    let gateways = view.endpoints.iter().filter(|e| e.endpoint_type == EndpointType::Gateway && is_working(e));
    for endpoint in gateways.filter(|_| tables_known) {
        for table in &view.route_tables {
            let listed = endpoint.route_table_ids.contains(table.id());
            let routed = has_route(endpoint, table.table);
            let message = match (listed, routed) {
                (true, false) => format!(
                    "lists route table {}, but that table has no route to it: taken as associated; if it stays so, its traffic still takes the NAT gateway",
                    table.id()
                ),
                (false, true) => format!(
                    "does not list route table {}, but that table has a route to it: taken as associated",
                    table.id()
                ),
                _ => continue,
            };
            say(endpoint.vpc_endpoint_id.as_str(), message);
        }
    }
}

fn gateway(cost: &NatGatewayCost<'_>, window_hours: u64) -> Vec<String> {
    let mut notes = Vec::new();
    match cost.gateway {
        None if !cost.gone => notes.push(
            "could not be listed and was found by its metrics: its hours are those from its first to its last datapoint, its addresses are unknown"
                .to_owned(),
        ),
        None => notes.push(
            "is not listed any more and was found by its metrics: its hours are those from its first to its last datapoint, its addresses are unknown"
                .to_owned(),
        ),
        Some(_) if cost.hours.is_some_and(|hours| hours > 0 && hours < window_hours) => notes.push(format!(
            "existed for {} of the window's {window_hours} hours: its monthly figures are scaled up from those",
            cost.hours.unwrap_or_default()
        )),
        Some(_) => {}
    }
    let entered = cost.bytes.processed();
    let left = cost.bytes.out_to_destination.zip(cost.bytes.out_to_source).map(|(a, b)| a.saturating_add(b));
    if let (Some(entered), Some(left)) = (entered, left) {
        let difference = Decimal::from(entered.abs_diff(left));
        if difference * Decimal::from(20) > Decimal::from(entered.max(left)) {
            notes.push(format!(
                "{entered} bytes entered and {left} left it, which should be nearly the same: look for dropped packets (PacketsDropCount)"
            ));
        }
    }
    let metrics = [cost.bytes.in_from_source, cost.bytes.in_from_destination];
    if entered.is_none() && metrics.iter().any(Option::is_some) {
        notes.push("CloudWatch has datapoints for one of BytesInFromSource and BytesInFromDestination only: its processed bytes are unknown".to_owned());
    }
    notes
}
