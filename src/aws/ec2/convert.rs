//! EC2's answers cut to the model. What lacks its id is dropped; what does not parse is left out.

use aws_sdk_ec2::types as sdk;
use aws_smithy_types::DateTime;
use ipnet::{IpNet, Ipv4Net};
use jiff::Timestamp;

use crate::model::{
    AvailabilityMode, AvailabilityZone, ConnectivityType, EndpointState, EndpointType, FlowLog, NatGateway,
    NatGatewayAddress, NatGatewayState, PrefixList, Route, RouteState, RouteTable, RouteTableAssociation,
    SecurityGroup, SecurityGroupRule, Subnet, Tags, TransitGatewayAttachment, TransitGatewayRoute, Vpc, VpcEndpoint,
};

fn tags(tags: Option<Vec<sdk::Tag>>) -> Tags {
    tags.into_iter().flatten().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

fn timestamp(time: DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

fn ids<T: From<String>>(ids: Option<Vec<String>>) -> Vec<T> {
    ids.into_iter().flatten().map(T::from).collect()
}

/// A CIDR block; AWS writes a host route without host bits, but nothing keeps a peer from sending them.
pub(super) fn cidr(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().map(|net| net.trunc())
}

fn cidr4(text: &str) -> Option<Ipv4Net> {
    text.parse::<Ipv4Net>().ok().map(|net| net.trunc())
}

pub(super) fn vpc(vpc: sdk::Vpc) -> Option<Vpc> {
    let mut cidr_blocks: Vec<Ipv4Net> = vpc.cidr_block.as_deref().and_then(cidr4).into_iter().collect();
    for association in vpc.cidr_block_association_set.into_iter().flatten() {
        let state = association.cidr_block_state.and_then(|state| state.state);
        if state.is_none_or(|state| state == sdk::VpcCidrBlockStateCode::Associated)
            && let Some(block) = association.cidr_block.as_deref().and_then(cidr4)
            && !cidr_blocks.contains(&block)
        {
            cidr_blocks.push(block);
        }
    }
    let ipv6_cidr_blocks = vpc
        .ipv6_cidr_block_association_set
        .into_iter()
        .flatten()
        .filter(|association| {
            let state = association.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_ref());
            state.is_none_or(|state| *state == sdk::VpcCidrBlockStateCode::Associated)
        })
        .filter_map(|association| association.ipv6_cidr_block?.parse().ok())
        .collect();
    Some(Vpc {
        vpc_id: vpc.vpc_id?.into(),
        owner_id: vpc.owner_id.map(Into::into),
        cidr_blocks,
        ipv6_cidr_blocks,
        is_default: vpc.is_default.unwrap_or_default(),
        tags: tags(vpc.tags),
    })
}

pub(super) fn subnet(subnet: sdk::Subnet) -> Option<Subnet> {
    Some(Subnet {
        subnet_id: subnet.subnet_id?.into(),
        vpc_id: subnet.vpc_id?.into(),
        owner_id: subnet.owner_id.map(Into::into),
        availability_zone: subnet.availability_zone.unwrap_or_default(),
        availability_zone_id: subnet.availability_zone_id,
        cidr_block: subnet.cidr_block.as_deref().and_then(cidr4),
        enable_dns64: subnet.enable_dns64.unwrap_or_default(),
        tags: tags(subnet.tags),
    })
}

pub(super) fn route_table(table: sdk::RouteTable) -> Option<RouteTable> {
    use sdk::RouteTableAssociationStateCode::{Disassociated, Disassociating, Failed};
    let associations = table
        .associations
        .into_iter()
        .flatten()
        .filter(|it| {
            let state = it.association_state.as_ref().and_then(|state| state.state.as_ref());
            !state.is_some_and(|state| matches!(state, Disassociated | Disassociating | Failed))
        })
        .map(|it| RouteTableAssociation {
            main: it.main.unwrap_or_default(),
            subnet_id: it.subnet_id.map(Into::into),
            gateway_id: it.gateway_id,
        })
        .collect();
    Some(RouteTable {
        route_table_id: table.route_table_id?.into(),
        vpc_id: table.vpc_id?.into(),
        owner_id: table.owner_id.map(Into::into),
        routes: table.routes.into_iter().flatten().filter_map(route).collect(),
        associations,
        tags: tags(table.tags),
    })
}

fn route(route: sdk::Route) -> Option<Route> {
    let destination_cidr = route.destination_cidr_block.or(route.destination_ipv6_cidr_block).as_deref().and_then(cidr);
    if destination_cidr.is_none() && route.destination_prefix_list_id.is_none() {
        return None;
    }
    let other_target = route
        .egress_only_internet_gateway_id
        .or(route.vpc_peering_connection_id)
        .or(route.instance_id)
        .or(route.network_interface_id)
        .or(route.local_gateway_id)
        .or(route.carrier_gateway_id)
        .or(route.core_network_arn)
        .or(route.odb_network_arn)
        .or(route.ip_address);
    Some(Route {
        destination_cidr,
        destination_prefix_list_id: route.destination_prefix_list_id.map(Into::into),
        gateway_id: route.gateway_id,
        nat_gateway_id: route.nat_gateway_id.map(Into::into),
        transit_gateway_id: route.transit_gateway_id.map(Into::into),
        other_target,
        state: route.state.map_or_else(RouteState::default, |state| state.as_str().into()),
    })
}

pub(super) fn nat_gateway(gateway: sdk::NatGateway) -> Option<NatGateway> {
    let addresses = gateway.nat_gateway_addresses.into_iter().flatten().map(|it| NatGatewayAddress {
        allocation_id: it.allocation_id,
        public_ip: it.public_ip,
        private_ip: it.private_ip,
        network_interface_id: it.network_interface_id,
        availability_zone: it.availability_zone,
    });
    Some(NatGateway {
        nat_gateway_id: gateway.nat_gateway_id?.into(),
        vpc_id: gateway.vpc_id?.into(),
        subnet_id: gateway.subnet_id.map(Into::into),
        state: gateway.state.map_or(NatGatewayState::Available, |it| it.as_str().into()),
        availability_mode: gateway.availability_mode.map_or(AvailabilityMode::Zonal, |it| it.as_str().into()),
        connectivity_type: gateway.connectivity_type.map_or(ConnectivityType::Public, |it| it.as_str().into()),
        create_time: gateway.create_time.and_then(timestamp),
        delete_time: gateway.delete_time.and_then(timestamp),
        addresses: addresses.collect(),
        route_table_id: gateway.route_table_id.map(Into::into),
        tags: tags(gateway.tags),
    })
}

pub(super) fn vpc_endpoint(endpoint: sdk::VpcEndpoint) -> Option<VpcEndpoint> {
    let groups = endpoint.groups.into_iter().flatten();
    Some(VpcEndpoint {
        vpc_endpoint_id: endpoint.vpc_endpoint_id?.into(),
        // Gateway is the API's own default.
        endpoint_type: endpoint.vpc_endpoint_type.map_or(EndpointType::Gateway, |it| it.as_str().into()),
        vpc_id: endpoint.vpc_id?.into(),
        service_name: endpoint.service_name.unwrap_or_default(),
        service_region: endpoint.service_region.map(Into::into),
        state: endpoint.state.map_or(EndpointState::Available, |it| it.as_str().into()),
        creation_timestamp: endpoint.creation_timestamp.and_then(timestamp),
        owner_id: endpoint.owner_id.map(Into::into),
        requester_managed: endpoint.requester_managed.unwrap_or_default(),
        private_dns_enabled: endpoint.private_dns_enabled.unwrap_or_default(),
        private_dns_only_for_inbound_resolver_endpoint: endpoint
            .dns_options
            .and_then(|options| options.private_dns_only_for_inbound_resolver_endpoint),
        route_table_ids: ids(endpoint.route_table_ids),
        subnet_ids: ids(endpoint.subnet_ids),
        security_group_ids: groups.filter_map(|group| Some(group.group_id?.into())).collect(),
        policy_document: endpoint.policy_document,
        failure: endpoint.failure_reason.or(endpoint.last_error.and_then(|error| error.message)),
        tags: tags(endpoint.tags),
    })
}

pub(super) fn security_group(group: sdk::SecurityGroup) -> Option<SecurityGroup> {
    Some(SecurityGroup {
        security_group_id: group.group_id?.into(),
        name: group.group_name.unwrap_or_default(),
        ingress: group.ip_permissions.into_iter().flatten().map(rule).collect(),
    })
}

fn rule(rule: sdk::IpPermission) -> SecurityGroupRule {
    let ipv4 = rule.ip_ranges.into_iter().flatten().filter_map(|range| range.cidr_ip);
    let ipv6 = rule.ipv6_ranges.into_iter().flatten().filter_map(|range| range.cidr_ipv6);
    let groups = rule.user_id_group_pairs.into_iter().flatten();
    let lists = rule.prefix_list_ids.into_iter().flatten();
    SecurityGroupRule {
        protocol: rule.ip_protocol.unwrap_or_default(),
        from_port: rule.from_port,
        to_port: rule.to_port,
        cidrs: ipv4.chain(ipv6).filter_map(|text| cidr(&text)).collect(),
        security_group_ids: groups.filter_map(|pair| Some(pair.group_id?.into())).collect(),
        prefix_list_ids: lists.filter_map(|list| Some(list.prefix_list_id?.into())).collect(),
    }
}

pub(super) fn prefix_list(list: sdk::PrefixList) -> Option<PrefixList> {
    Some(PrefixList {
        prefix_list_id: list.prefix_list_id?.into(),
        name: list.prefix_list_name?,
        cidrs: list.cidrs.into_iter().flatten().filter_map(|text| cidr(&text)).collect(),
    })
}

pub(super) fn availability_zone(zone: sdk::AvailabilityZone) -> Option<AvailabilityZone> {
    Some(AvailabilityZone { name: zone.zone_name?, zone_id: zone.zone_id, zone_type: zone.zone_type })
}

pub(super) fn flow_log(log: sdk::FlowLog) -> Option<FlowLog> {
    let options = log.destination_options;
    Some(FlowLog {
        flow_log_id: log.flow_log_id?.into(),
        resource_id: log.resource_id?,
        traffic_type: log.traffic_type.map(|it| it.as_str().to_owned()),
        log_destination_type: log.log_destination_type.map(|it| it.as_str().to_owned()),
        log_destination: log.log_destination,
        log_group_name: log.log_group_name,
        log_format: log.log_format,
        file_format: options.as_ref().and_then(|it| it.file_format.as_ref()).map(|it| it.as_str().to_owned()),
        hive_compatible_partitions: options.as_ref().and_then(|it| it.hive_compatible_partitions).unwrap_or_default(),
        per_hour_partition: options.and_then(|it| it.per_hour_partition).unwrap_or_default(),
        max_aggregation_interval: log.max_aggregation_interval,
        deliver_logs_status: log.deliver_logs_status,
    })
}

pub(super) fn attachment(attachment: sdk::TransitGatewayAttachment) -> Option<TransitGatewayAttachment> {
    Some(TransitGatewayAttachment {
        attachment_id: attachment.transit_gateway_attachment_id?.into(),
        transit_gateway_id: attachment.transit_gateway_id?.into(),
        resource_type: attachment.resource_type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        resource_id: attachment.resource_id,
        resource_owner_id: attachment.resource_owner_id.map(Into::into),
        state: attachment.state.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        subnet_ids: Vec::new(),
        route_table_id: attachment.association.and_then(|it| it.transit_gateway_route_table_id).map(Into::into),
    })
}

pub(super) fn vpc_attachment(attachment: sdk::TransitGatewayVpcAttachment) -> Option<TransitGatewayAttachment> {
    Some(TransitGatewayAttachment {
        attachment_id: attachment.transit_gateway_attachment_id?.into(),
        transit_gateway_id: attachment.transit_gateway_id?.into(),
        resource_type: "vpc".to_owned(),
        resource_id: attachment.vpc_id,
        resource_owner_id: attachment.vpc_owner_id.map(Into::into),
        state: attachment.state.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        subnet_ids: ids(attachment.subnet_ids),
        route_table_id: None,
    })
}

pub(super) fn transit_gateway_route(route: sdk::TransitGatewayRoute) -> Option<TransitGatewayRoute> {
    let attachments = route.transit_gateway_attachments.into_iter().flatten();
    Some(TransitGatewayRoute {
        destination_cidr: cidr(route.destination_cidr_block.as_deref()?)?,
        attachment_ids: attachments.filter_map(|it| Some(it.transit_gateway_attachment_id?.into())).collect(),
        state: route.state.map_or_else(RouteState::default, |state| state.as_str().into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_keep_the_targets_that_matter_apart() {
        let build = |set: fn(sdk::builders::RouteBuilder) -> sdk::builders::RouteBuilder| {
            route(set(sdk::Route::builder().destination_cidr_block("0.0.0.0/0")).build()).unwrap()
        };
        assert_eq!(build(|it| it.gateway_id("local")).gateway_id.as_deref(), Some("local"));
        assert_eq!(build(|it| it.nat_gateway_id("nat-1")).nat_gateway_id, Some("nat-1".into()));
        assert_eq!(build(|it| it.transit_gateway_id("tgw-1")).transit_gateway_id, Some("tgw-1".into()));
        assert_eq!(build(|it| it.vpc_peering_connection_id("pcx-1")).other_target.as_deref(), Some("pcx-1"));
        assert_eq!(build(|it| it.state(sdk::RouteState::Blackhole)).state, RouteState::Blackhole);
    }

    #[test]
    fn what_does_not_parse_is_left_out() {
        assert_eq!(route(sdk::Route::builder().destination_cidr_block("10.0.0/8").build()), None);
        let ipv6 = route(sdk::Route::builder().destination_ipv6_cidr_block("::/0").build()).unwrap();
        assert_eq!(ipv6.destination_cidr, "::/0".parse().ok());
        assert_eq!(nat_gateway(sdk::NatGateway::builder().vpc_id("vpc-1").build()), None);
    }

    #[test]
    fn states_come_in_any_case_and_may_be_new() {
        let state = |state: &str| {
            let endpoint = sdk::VpcEndpoint::builder().vpc_endpoint_id("vpce-1").vpc_id("vpc-1").state(state.into());
            vpc_endpoint(endpoint.build()).unwrap().state
        };
        assert_eq!(state("pendingAcceptance"), EndpointState::PendingAcceptance);
        assert_eq!(state("Available"), EndpointState::Available);
        assert_eq!(state("hibernating"), EndpointState::Other("hibernating".to_owned()));
    }
}
