//! What a reader should know about single figures: where two of AWS's own answers disagree, and what was inferred.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::attribution::{ENOUGH, Measured};
use crate::audit::{Context, has_route};
use crate::cost::NatGatewayCost;
use crate::model::{AccountId, EndpointType, RegionName};
use crate::topology::{Part, VpcView, is_working};

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
pub(super) fn notes(context: &Context<'_>) -> Vec<Note> {
    let (topology, costs) = (context.topology, context.costs);
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
                let there = topology.vpc(view.vpc_id).is_some_and(|(_, view)| view.shared_by.is_none());
                let then = if there { "it is audited there" } else { "audit it there" };
                say(
                    view.vpc_id.as_str(),
                    format!("shared by account {owner}, who alone can change its routes and endpoints: {then}"),
                );
            }
            associations(part, view, &mut say);
        }
    }
    for cost in &costs.nat_gateways {
        let measured = context.attribution.of(cost.id).into_iter().flat_map(measured);
        notes.extend(gateway(cost, costs.window.hours()).into_iter().chain(measured).map(|message| Note {
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

/// Where flow logs and CloudWatch, or the logs and the question asked of them, do not fit together.
fn measured(measured: &Measured<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let share = |part: u64, whole: u64| Decimal::from(part).checked_div(Decimal::from(whole)).unwrap_or_default();
    let hundred = Decimal::ONE_HUNDRED;
    match (measured.coverage(), measured.metered) {
        (Some(coverage), _) if coverage > Decimal::new(105, 2) => notes.push(format!(
            "flow logs show {}% of the bytes that CloudWatch metered: do two of them record it without names that tell them apart?",
            (coverage * hundred).round_dp(1).normalize()
        )),
        (Some(coverage), _) if coverage < ENOUGH && measured.sample.is_some() => notes.push(format!(
            "flow logs saw only {}% of its bytes in the hours that were sampled, and what they did not see may be anything",
            (coverage * hundred).round_dp(1).normalize(),
        )),
        (Some(coverage), _) if coverage < ENOUGH => notes.push(format!(
            "flow logs saw only {}% of its bytes ({} of the {} hours with traffic), so what they show is a least figure",
            (coverage * hundred).round_dp(1).normalize(),
            measured.logged_hours.min(measured.metered_hours),
            measured.metered_hours
        )),
        (None, None) => notes.push("CloudWatch's total is unknown, so what flow logs show is not priced".to_owned()),
        _ => {}
    }
    let agreement = share(measured.logged, measured.metered_in_logged_hours);
    if measured.metered_in_logged_hours > 0 && agreement < Decimal::new(9, 1) {
        notes.push(format!(
            "in the hours that flow logs cover they show {}% of what CloudWatch metered: records may be missing",
            (agreement * hundred).round_dp(1).normalize()
        ));
    }
    if measured.traffic.skipdata > 0 {
        notes.push(format!(
            "{} flow-log records say SKIPDATA: AWS lost records then, and the shares are less certain",
            measured.traffic.skipdata
        ));
    }
    let unnamed = share(measured.unnamed(), measured.logged);
    if unnamed >= Decimal::new(1, 2) {
        notes.push(format!(
            "{}% of its bytes went to AWS services that an address alone does not name: Route 53 Resolver query logs (--resolver-logs PATH) name them, and show whether an interface endpoint pays off",
            (unnamed * hundred).round_dp(1).normalize()
        ));
    }
    notes
}
