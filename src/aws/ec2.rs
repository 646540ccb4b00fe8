//! EC2's `Describe*` calls as the model's types: with `convert`, the only place that names the SDK's EC2 types.

mod convert;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Filter;
use futures::future::join_all;

use super::operation::Operation;
use super::reader::{Listing, Reader};
use crate::model::{
    AvailabilityZone, FlowLog, NatGateway, PrefixList, PrefixListId, RegionName, RouteTable, SecurityGroup,
    SecurityGroupId, Service, Subnet, TransitGatewayAttachment, TransitGatewayId, TransitGatewayRouteTable,
    TransitGatewayRouteTableId, Vpc, VpcEndpoint,
};

/// One Region's EC2.
#[derive(Debug)]
pub(super) struct Ec2<'a> {
    pub(super) client: &'a Client,
    pub(super) reader: &'a Reader,
}

/// Security groups asked for in one call: the API's limit of values for a filter.
const FILTER_VALUES: usize = 200;

fn filter(name: &str, values: impl IntoIterator<Item = impl ToString>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(|it| it.to_string()).collect())).build()
}

/// A whole listing, as the model has it.
macro_rules! listing {
    ($self:ident, $operation:ident, $call:expr, $field:ident, $convert:expr) => {{
        let call = $call;
        let Listing { items, .. } = $self
            .reader
            .pages(
                Operation::$operation,
                |token| call.clone().set_next_token(token).send(),
                |page| (page.$field, page.next_token),
            )
            .await;
        items.into_iter().filter_map($convert).collect()
    }};
}

impl Ec2<'_> {
    pub(super) async fn nat_gateways(&self) -> Vec<NatGateway> {
        let call = self.client.describe_nat_gateways().max_results(1000);
        listing!(self, DescribeNatGateways, call, nat_gateways, convert::nat_gateway)
    }

    pub(super) async fn vpc_endpoints(&self) -> Vec<VpcEndpoint> {
        let call = self.client.describe_vpc_endpoints().max_results(1000);
        listing!(self, DescribeVpcEndpoints, call, vpc_endpoints, convert::vpc_endpoint)
    }

    pub(super) async fn route_tables(&self) -> Vec<RouteTable> {
        let call = self.client.describe_route_tables().max_results(100);
        listing!(self, DescribeRouteTables, call, route_tables, convert::route_table)
    }

    pub(super) async fn vpcs(&self) -> Vec<Vpc> {
        let call = self.client.describe_vpcs().max_results(1000);
        listing!(self, DescribeVpcs, call, vpcs, convert::vpc)
    }

    pub(super) async fn subnets(&self) -> Vec<Subnet> {
        let call = self.client.describe_subnets().max_results(1000);
        listing!(self, DescribeSubnets, call, subnets, convert::subnet)
    }

    pub(super) async fn flow_logs(&self) -> Vec<FlowLog> {
        let call = self.client.describe_flow_logs().max_results(1000);
        listing!(self, DescribeFlowLogs, call, flow_logs, convert::flow_log)
    }

    pub(super) async fn availability_zones(&self) -> Vec<AvailabilityZone> {
        let call = self.client.describe_availability_zones();
        let split = |output: aws_sdk_ec2::operation::describe_availability_zones::DescribeAvailabilityZonesOutput| {
            (output.availability_zones, None)
        };
        let zones = self.reader.pages(Operation::DescribeAvailabilityZones, |_| call.clone().send(), split).await;
        zones.items.into_iter().filter_map(convert::availability_zone).collect()
    }

    /// The names of the Regions that are enabled for the account.
    pub(super) async fn regions(&self) -> Vec<RegionName> {
        let call = self.client.describe_regions();
        let split = |output: aws_sdk_ec2::operation::describe_regions::DescribeRegionsOutput| (output.regions, None);
        let regions = self.reader.pages(Operation::DescribeRegions, |_| call.clone().send(), split).await;
        let enabled = regions.items.into_iter().filter(|it| it.opt_in_status.as_deref() != Some("not-opted-in"));
        enabled.filter_map(|it| Some(it.region_name?.into())).collect()
    }

    /// Asked by filter: a group that is gone is then missing in the answer, instead of failing the call.
    pub(super) async fn security_groups(&self, ids: &BTreeSet<&SecurityGroupId>) -> Vec<SecurityGroup> {
        let ids: Vec<_> = ids.iter().collect();
        let chunks = ids.chunks(FILTER_VALUES).map(|ids| async move {
            let call = self.client.describe_security_groups().max_results(1000).filters(filter("group-id", ids));
            let groups: Vec<_> = listing!(self, DescribeSecurityGroups, call, security_groups, convert::security_group);
            groups
        });
        join_all(chunks).await.concat()
    }

    /// The prefix lists of gateway endpoint services, and the customer's that routes use.
    pub(super) async fn prefix_lists(&self, of_routes: &BTreeSet<PrefixListId>) -> Vec<PrefixList> {
        let (services, customers) = tokio::join!(self.service_prefix_lists(), self.managed_prefix_lists(of_routes));
        let mut lists: BTreeMap<PrefixListId, PrefixList> = BTreeMap::new();
        // The service lists come last: DescribePrefixLists gives the name and the entries in one.
        for list in customers.into_iter().chain(services) {
            lists.insert(list.prefix_list_id.clone(), list);
        }
        lists.into_values().collect()
    }

    async fn service_prefix_lists(&self) -> Vec<PrefixList> {
        let call = self.client.describe_prefix_lists().max_results(1000);
        let lists: Vec<_> = listing!(self, DescribePrefixLists, call, prefix_lists, convert::prefix_list);
        let of_services =
            lists.into_iter().filter(|list| Service::of_prefix_list(&list.name, self.reader.region()).is_some());
        join_all(of_services.map(|mut list| async move {
            if list.cidrs.is_empty() {
                list.cidrs = self.prefix_list_entries(&list.prefix_list_id).await;
            }
            list
        }))
        .await
    }

    async fn managed_prefix_lists(&self, ids: &BTreeSet<PrefixListId>) -> Vec<PrefixList> {
        if ids.is_empty() {
            return Vec::new();
        }
        let names = async {
            let ids: Vec<_> = ids.iter().collect();
            let chunks = ids.chunks(FILTER_VALUES).map(|ids| async move {
                let filter = filter("prefix-list-id", ids);
                let call = self.client.describe_managed_prefix_lists().max_results(100).filters(filter);
                let names: Vec<(String, String)> =
                    listing!(self, DescribeManagedPrefixLists, call, prefix_lists, |list| {
                        Some((list.prefix_list_id?, list.prefix_list_name.unwrap_or_default()))
                    });
                names
            });
            join_all(chunks).await.into_iter().flatten().collect::<BTreeMap<_, _>>()
        };
        let entries = join_all(ids.iter().map(|id| self.prefix_list_entries(id)));
        let (mut names, entries) = tokio::join!(names, entries);
        let lists = ids.iter().zip(entries).map(|(id, cidrs)| PrefixList {
            prefix_list_id: id.clone(),
            name: names.remove(id.as_str()).unwrap_or_default(),
            cidrs,
        });
        lists.collect()
    }

    async fn prefix_list_entries(&self, id: &PrefixListId) -> Vec<ipnet::IpNet> {
        let call = self.client.get_managed_prefix_list_entries().max_results(100).prefix_list_id(id.as_str());
        listing!(self, GetManagedPrefixListEntries, call, entries, |entry| convert::cidr(&entry.cidr?))
    }

    /// The attachments of transit gateways that the account may see: all where it owns the gateway, else its own.
    pub(super) async fn attachments(&self, gateways: &BTreeSet<TransitGatewayId>) -> Vec<TransitGatewayAttachment> {
        if gateways.is_empty() {
            return Vec::new();
        }
        let filter = filter("transit-gateway-id", gateways);
        let all = async {
            let call = self.client.describe_transit_gateway_attachments().max_results(1000).filters(filter.clone());
            let all: Vec<_> = listing!(
                self,
                DescribeTransitGatewayAttachments,
                call,
                transit_gateway_attachments,
                convert::attachment
            );
            all
        };
        let of_vpcs = async {
            let call = self.client.describe_transit_gateway_vpc_attachments().max_results(1000).filters(filter.clone());
            let of_vpcs: Vec<_> = listing!(
                self,
                DescribeTransitGatewayVpcAttachments,
                call,
                transit_gateway_vpc_attachments,
                convert::vpc_attachment
            );
            of_vpcs
        };
        let (all, of_vpcs) = tokio::join!(all, of_vpcs);
        let mut attachments: BTreeMap<_, TransitGatewayAttachment> =
            of_vpcs.into_iter().map(|it| (it.attachment_id.clone(), it)).collect();
        for mut attachment in all {
            if let Some(of_vpc) = attachments.remove(&attachment.attachment_id) {
                attachment.subnet_ids = of_vpc.subnet_ids;
            }
            attachments.insert(attachment.attachment_id.clone(), attachment);
        }
        attachments.into_values().collect()
    }

    /// A transit gateway route table with the routes that carry or drop traffic; none when it cannot be read.
    pub(super) async fn transit_gateway_routes(
        &self,
        id: &TransitGatewayRouteTableId,
    ) -> Option<TransitGatewayRouteTable> {
        let call = self
            .client
            .search_transit_gateway_routes()
            .transit_gateway_route_table_id(id.as_str())
            .filters(filter("type", ["static", "propagated"]))
            // Up to 1,000 come without `MaxResults`, which is also its upper limit.
            .filters(filter("state", ["active", "blackhole"]));
        let more = AtomicBool::new(false);
        let listing = self
            .reader
            .pages(
                Operation::SearchTransitGatewayRoutes,
                |token| call.clone().set_next_token(token).send(),
                |page| {
                    more.store(page.additional_routes_available == Some(true) && page.next_token.is_none(), Relaxed);
                    (page.routes, page.next_token)
                },
            )
            .await;
        if more.into_inner() {
            let message = format!("{id} has more routes than one search returns");
            self.reader.miss(Operation::SearchTransitGatewayRoutes, "AdditionalRoutesAvailable", &message);
        }
        if listing.items.is_empty() && !listing.complete {
            return None;
        }
        let mut routes: Vec<_> = listing.items.into_iter().filter_map(convert::transit_gateway_route).collect();
        routes.sort_by_key(|route| route.destination_cidr);
        Some(TransitGatewayRouteTable { route_table_id: id.clone(), routes })
    }
}
