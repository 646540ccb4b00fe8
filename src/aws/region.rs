//! One Region in two rounds of calls, all of a round at once: what costs money, then what surrounds it. A transit
//! gateway on the way out adds a third.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use ipnet::IpNet;
use tokio::time::Instant;

use super::cloudwatch::CloudWatch;
use super::ec2::Ec2;
use super::error::{is_region_off, is_silence};
use super::metrics::{ENDPOINT_BYTES, ENDPOINT_NAMESPACE, NAT_MARKER, NAT_NAMESPACE, Plan};
use super::operation::Operation;
use super::previous::Previous;
use super::reader::Reader;
use super::session::Clients;
use crate::model::{
    AccountId, Gap, PrefixListId, RegionScan, Route, RouteTable, TransitGatewayAttachment, TransitGatewayId,
    TransitGatewayRouteTable, Window,
};

/// A Region as far as it could be read. The account is filled in once it is known.
pub(super) struct Part {
    pub(super) scan: RegionScan,
    /// Whether any call was answered.
    pub(super) answered: bool,
}

/// Reads one Region; of its metrics only what an earlier scan has not.
pub(super) async fn scan(clients: Clients, window: Window, deadline: Instant, previous: Option<Previous>) -> Part {
    let reader = Reader::new(clients.region.clone(), Arc::clone(&clients.pace), deadline);
    let ec2 = Ec2 { client: &clients.ec2, reader: &reader };
    let cloudwatch = CloudWatch { client: &clients.cloudwatch, reader: &reader, counter: &clients.counter };
    let mut scan = RegionScan::new(AccountId::from(""), clients.region.clone());

    let (listed_gateways, listed_endpoints);
    (scan.nat_gateways, scan.vpc_endpoints, scan.route_tables, listed_gateways, listed_endpoints) = tokio::join!(
        ec2.nat_gateways(),
        ec2.vpc_endpoints(),
        ec2.route_tables(),
        cloudwatch.list(NAT_NAMESPACE, NAT_MARKER),
        cloudwatch.list(ENDPOINT_NAMESPACE, ENDPOINT_BYTES),
    );

    let routes = Routes::of(&scan.route_tables);
    let quiet = scan.nat_gateways.is_empty()
        && scan.vpc_endpoints.is_empty()
        && listed_gateways.is_empty()
        && listed_endpoints.is_empty()
        && !routes.to_nat
        && routes.transit_gateways.is_empty();
    if !quiet {
        let plan = Plan::new(&window, &scan.nat_gateways, &listed_gateways, &scan.vpc_endpoints, &listed_endpoints);
        let plan = plan.knowing(previous);
        clients.counter.hours_reused(plan.hours_known());
        let queries = plan.queries();
        let groups = scan.vpc_endpoints.iter().flat_map(|endpoint| &endpoint.security_group_ids).collect();
        let flow_logs = async { if scan.nat_gateways.is_empty() { Vec::new() } else { ec2.flow_logs().await } };
        let answers;
        (
            scan.vpcs,
            scan.subnets,
            scan.availability_zones,
            scan.prefix_lists,
            scan.flow_logs,
            scan.security_groups,
            (scan.transit_gateway_attachments, scan.transit_gateway_route_tables),
            answers,
        ) = tokio::join!(
            ec2.vpcs(),
            ec2.subnets(),
            ec2.availability_zones(),
            ec2.prefix_lists(&routes.prefix_lists),
            flow_logs,
            ec2.security_groups(&groups),
            transit(&ec2, &routes.transit_gateways),
            cloudwatch.series(&window, queries),
        );
        scan.metrics = plan.assemble(answers);
    }
    scan.gaps = summarised(reader.take_gaps(), reader.answered());
    Part { scan, answered: reader.answered() }
}

/// The attachments of transit gateways, then the routes of all VPCs that are attached: those of another account may send
/// their traffic here.
async fn transit(
    ec2: &Ec2<'_>,
    gateways: &BTreeSet<TransitGatewayId>,
) -> (Vec<TransitGatewayAttachment>, Vec<TransitGatewayRouteTable>) {
    let attachments = ec2.attachments(gateways).await;
    let of_vpcs = attachments.iter().filter(|it| it.resource_type == "vpc");
    let ids: BTreeSet<_> = of_vpcs.filter_map(|it| it.route_table_id.clone()).collect();
    let tables = join_all(ids.iter().map(|id| ec2.transit_gateway_routes(id))).await;
    (attachments, tables.into_iter().flatten().collect())
}

/// What the route tables refer to.
struct Routes {
    to_nat: bool,
    /// Those that traffic leaves the private address space by and, where there is a NAT gateway that it may have come
    /// for, those that answers go back by.
    transit_gateways: BTreeSet<TransitGatewayId>,
    /// Customer-managed ones: a gateway endpoint's own list is known by its service.
    prefix_lists: BTreeSet<PrefixListId>,
}

impl Routes {
    fn of(tables: &[RouteTable]) -> Self {
        let routes = || tables.iter().flat_map(|table| &table.routes);
        let to_nat = routes().any(|route| route.nat_gateway_id.is_some());
        Self {
            to_nat,
            transit_gateways: routes()
                .filter(|route| to_nat || leads_out(route))
                .filter_map(|route| route.transit_gateway_id.clone())
                .collect(),
            prefix_lists: routes()
                .filter(|route| !route.gateway_id.as_deref().is_some_and(|id| id.starts_with("vpce-")))
                .filter_map(|route| route.destination_prefix_list_id.clone())
                .collect(),
        }
    }
}

/// Whether a route's destination reaches beyond private addresses. What a prefix list holds is not known yet.
fn leads_out(route: &Route) -> bool {
    const PRIVATE: [&str; 7] =
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"];
    route.destination_cidr.is_none_or(|destination| {
        !PRIVATE.iter().filter_map(|block| block.parse::<IpNet>().ok()).any(|block| block.contains(&destination))
    })
}

/// A Region that is off, or out of reach, fails every call alike: once is enough.
fn summarised(mut gaps: Vec<Gap>, answered: bool) -> Vec<Gap> {
    gaps.sort_by_cached_key(|gap| (gap.operation != Operation::DescribeNatGateways.name(), gap.clone()));
    if let Some((first, others)) = gaps.split_first_mut().filter(|_| !answered) {
        let alike: fn(&str) -> bool = if is_region_off(&first.code) { is_region_off } else { is_silence };
        if alike(&first.code) && others.iter().all(|gap| alike(&gap.code)) {
            if is_region_off(&first.code) || first.message.contains("dns error") {
                let region = first.region.as_ref().map(ToString::to_string).unwrap_or_default();
                first.message = format!("{region} is probably not enabled for this account: {}", first.message);
            }
            gaps.truncate(1);
        }
    }
    gaps.sort();
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reaches_beyond_private_addresses_leads_out() {
        let to = |cidr: &str| leads_out(&Route { destination_cidr: cidr.parse().ok(), ..Route::default() });
        assert!(to("0.0.0.0/0") && to("::/0") && to("64:ff9b::/96") && to("8.0.0.0/6") && to("a prefix list"));
        assert!(!to("10.0.0.0/8") && !to("172.20.0.0/16") && !to("192.168.1.1/32") && !to("fd00::/8"));
    }
}
