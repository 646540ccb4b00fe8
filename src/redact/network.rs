//! The parts of an account, each taken apart to its last field.

use std::net::{IpAddr, Ipv4Addr};

use super::address::nobodys;
use super::{Pass, WORDS_LEFT_OUT, text};
use crate::model::{
    AvailabilityZone, FlowLog, NatGateway, NatGatewayAddress, PrefixList, Route, RouteTable, RouteTableAssociation,
    SecurityGroup, SecurityGroupRule, Subnet, Tags, TransitGatewayAttachment, TransitGatewayRoute,
    TransitGatewayRouteTable, Vpc, VpcEndpoint,
};

/// The tag that reports show, and therefore the one whose key stays.
const NAME: &str = "Name";

impl Pass<'_> {
    pub(super) fn vpc(&self, vpc: &mut Vpc) {
        let Vpc { vpc_id: _, owner_id, cidr_blocks, ipv6_cidr_blocks, is_default: _, tags } = vpc;
        self.maybe_account(owner_id);
        cidr_blocks.iter_mut().for_each(|block| *block = self.addresses.v4_block(self.key, *block));
        ipv6_cidr_blocks.iter_mut().for_each(|block| *block = self.addresses.v6_block(self.key, *block));
        self.tags(tags);
    }

    pub(super) fn subnet(&self, subnet: &mut Subnet) {
        let Subnet {
            subnet_id: _,
            vpc_id: _,
            owner_id,
            availability_zone: _,
            availability_zone_id: _,
            cidr_block,
            enable_dns64: _,
            tags,
        } = subnet;
        self.maybe_account(owner_id);
        cidr_block.iter_mut().for_each(|block| *block = self.addresses.v4_block(self.key, *block));
        self.tags(tags);
    }

    pub(super) fn route_table(&self, table: &mut RouteTable) {
        let RouteTable { route_table_id: _, vpc_id: _, owner_id, routes, associations, tags } = table;
        self.maybe_account(owner_id);
        routes.iter_mut().for_each(|route| self.route(route));
        for association in associations {
            let RouteTableAssociation { main: _, subnet_id: _, gateway_id } = association;
            self.maybe_reference(gateway_id);
        }
        self.tags(tags);
    }

    fn route(&self, route: &mut Route) {
        let Route {
            destination_cidr,
            destination_prefix_list_id: _,
            gateway_id,
            nat_gateway_id: _,
            transit_gateway_id: _,
            other_target,
            state: _,
        } = route;
        destination_cidr.iter_mut().for_each(|block| *block = self.addresses.block(self.key, *block));
        self.maybe_reference(gateway_id);
        self.maybe_reference(other_target);
    }

    pub(super) fn nat_gateway(&self, gateway: &mut NatGateway) {
        let NatGateway {
            nat_gateway_id: _,
            vpc_id: _,
            subnet_id: _,
            state: _,
            availability_mode: _,
            connectivity_type: _,
            create_time: _,
            delete_time: _,
            addresses,
            route_table_id: _,
            tags,
        } = gateway;
        for address in addresses {
            let NatGatewayAddress {
                allocation_id: _,
                public_ip,
                private_ip,
                network_interface_id: _,
                availability_zone: _,
            } = address;
            self.maybe_address(public_ip, |address| nobodys(self.key, address).into());
            self.maybe_address(private_ip, |address| self.addresses.address(self.key, address.into()));
        }
        self.tags(tags);
    }

    pub(super) fn vpc_endpoint(&self, endpoint: &mut VpcEndpoint) {
        let VpcEndpoint {
            vpc_endpoint_id: _,
            endpoint_type: _,
            vpc_id: _,
            service_name,
            service_region: _,
            state: _,
            creation_timestamp: _,
            owner_id,
            requester_managed: _,
            private_dns_enabled: _,
            private_dns_only_for_inbound_resolver_endpoint: _,
            route_table_ids: _,
            subnet_ids: _,
            security_group_ids: _,
            policy_document,
            failure,
            tags,
        } = endpoint;
        self.service_name(service_name);
        self.maybe_account(owner_id);
        policy_document.iter_mut().for_each(|policy| *policy = text::policy(policy).to_owned());
        failure.iter_mut().for_each(|failure| WORDS_LEFT_OUT.clone_into(failure));
        self.tags(tags);
    }

    pub(super) fn security_group(&self, group: &mut SecurityGroup) {
        let SecurityGroup { security_group_id: _, name, ingress } = group;
        self.name("group", name);
        for rule in ingress {
            let SecurityGroupRule {
                protocol: _,
                from_port: _,
                to_port: _,
                cidrs,
                security_group_ids: _,
                prefix_list_ids: _,
            } = rule;
            cidrs.iter_mut().for_each(|block| *block = self.addresses.block(self.key, *block));
        }
    }

    pub(super) fn prefix_list(&self, list: &mut PrefixList) {
        let PrefixList { prefix_list_id: _, name, cidrs } = list;
        if !text::is_awss(name) {
            self.name("prefix-list", name);
        }
        cidrs.iter_mut().for_each(|block| *block = self.addresses.block(self.key, *block));
    }

    pub(super) fn transit_gateway_attachment(&self, attachment: &mut TransitGatewayAttachment) {
        let TransitGatewayAttachment {
            attachment_id: _,
            transit_gateway_id: _,
            resource_type: _,
            resource_id,
            resource_owner_id,
            state: _,
            subnet_ids: _,
            route_table_id: _,
        } = attachment;
        self.maybe_reference(resource_id);
        self.maybe_account(resource_owner_id);
    }

    pub(super) fn transit_gateway_route_table(&self, table: &mut TransitGatewayRouteTable) {
        let TransitGatewayRouteTable { route_table_id: _, routes } = table;
        for route in routes {
            let TransitGatewayRoute { destination_cidr, attachment_ids: _, state: _ } = route;
            *destination_cidr = self.addresses.block(self.key, *destination_cidr);
        }
    }

    pub(super) fn flow_log(&self, log: &mut FlowLog) {
        let FlowLog {
            flow_log_id: _,
            resource_id,
            traffic_type: _,
            log_destination_type: _,
            log_destination,
            log_group_name,
            log_format: _,
            file_format: _,
            hive_compatible_partitions: _,
            per_hour_partition: _,
            max_aggregation_interval: _,
            deliver_logs_status: _,
        } = log;
        self.reference(resource_id);
        log_destination.iter_mut().for_each(|place| *place = self.place(place));
        self.maybe_name(text::LOG_GROUP, log_group_name);
    }

    /// A zone has nothing of its account's.
    pub(super) fn availability_zone(zone: &AvailabilityZone) {
        let AvailabilityZone { name: _, zone_id: _, zone_type: _ } = zone;
    }

    /// A tag's value depends on its key too: `prod` as a name and `prod` as a stage show no connection.
    fn tags(&self, tags: &mut Tags) {
        *tags = std::mem::take(tags)
            .into_iter()
            .map(|(key, value)| match &*key {
                NAME => (key, self.key.name("name", &value)),
                _ if value.is_empty() => (self.key.name("tag", &key), value),
                _ => {
                    let parts = [key.as_bytes(), value.as_bytes()];
                    (self.key.name("tag", &key), format!("value-{}", self.key.suffix("value", &parts)))
                }
            })
            .collect();
    }

    fn maybe_address(&self, address: &mut Option<String>, v4: impl Fn(Ipv4Addr) -> IpAddr) {
        let Some(text) = address else { return };
        *text = match text.parse() {
            Ok(IpAddr::V4(address)) => v4(address).to_string(),
            Ok(address) => self.addresses.address(self.key, address).to_string(),
            Err(_) => self.key.name("address", text),
        };
    }

    fn maybe_reference(&self, id: &mut Option<String>) {
        id.iter_mut().for_each(|id| self.reference(id));
    }
}
