//! What costs money: NAT gateways, endpoints, and what they carried.

use super::{Account, at};
use crate::model::{
    AvailabilityMode, ConnectivityType, EndpointMetrics, EndpointState, EndpointType, NatGateway, NatGatewayAddress,
    NatGatewayMetrics, NatGatewayState, PrefixList, SecurityGroup, SecurityGroupRule, Series, Tags, VpcEndpoint,
};

impl Account {
    /// A public zonal NAT gateway with one address, in a subnet.
    pub(crate) fn nat(mut self, id: &str, subnet: &str) -> Self {
        let address = NatGatewayAddress { allocation_id: Some(format!("eipalloc-{id}")), ..Default::default() };
        let nat = NatGateway {
            nat_gateway_id: id.into(),
            vpc_id: self.vpc.clone(),
            subnet_id: Some(subnet.into()),
            state: NatGatewayState::Available,
            availability_mode: AvailabilityMode::Zonal,
            connectivity_type: ConnectivityType::Public,
            create_time: Some(at("2026-01-01T00:00:00Z")),
            delete_time: None,
            addresses: vec![address],
            route_table_id: None,
            tags: Tags::new(),
        };
        self.part().nat_gateways.push(nat);
        self
    }

    /// A regional NAT gateway with one address in each zone.
    pub(crate) fn regional_nat(mut self, id: &str, zones: &[&str]) -> Self {
        let region = self.part().region.clone();
        self.nat(id, "").edit_nat(id, |nat| {
            nat.subnet_id = None;
            nat.availability_mode = AvailabilityMode::Regional;
            let address = |zone: &&str| NatGatewayAddress {
                allocation_id: Some(format!("eipalloc-{id}-{zone}")),
                availability_zone: Some(format!("{region}{zone}")),
                ..Default::default()
            };
            nat.addresses = zones.iter().map(address).collect();
        })
    }

    /// Changes a NAT gateway.
    pub(crate) fn edit_nat(self, id: &str, edit: impl FnOnce(&mut NatGateway)) -> Self {
        self.scan(|scan| edit(scan.nat_gateways.iter_mut().find(|nat| nat.nat_gateway_id.as_str() == id).unwrap()))
    }

    /// What a NAT gateway carried, in its four metrics: from its clients, and to them.
    pub(crate) fn traffic(self, nat: &str, up_gb: u64, down_gb: u64) -> Self {
        self.metrics(nat, None, up_gb << 30, down_gb << 30)
    }

    /// What a regional NAT gateway carried in one zone.
    pub(crate) fn zone_traffic(mut self, nat: &str, zone: &str, up_gb: u64, down_gb: u64) -> Self {
        let zone = format!("{}{zone}", self.part().region);
        self.metrics(nat, Some(zone), up_gb << 30, down_gb << 30)
    }

    /// A NAT gateway's metrics in bytes, on top of what it has: all in the window's first hour, and zeros in its last.
    pub(crate) fn metrics(mut self, nat: &str, availability_zone: Option<String>, up: u64, down: u64) -> Self {
        let last = usize::try_from(self.window.hours()).unwrap() - 1;
        let series = |bytes| Series::from_points([(0, bytes), (last, 0)]);
        let all = &mut self.part().metrics.nat_gateways;
        let same =
            |it: &NatGatewayMetrics| it.nat_gateway_id.as_str() == nat && it.availability_zone == availability_zone;
        let before = all.iter().position(same).map(|index| all.remove(index));
        let sum =
            |series: fn(&NatGatewayMetrics) -> &Series| before.as_ref().and_then(|it| series(it).sum()).unwrap_or(0);
        let up = up.saturating_add(sum(|it| &it.bytes_in_from_source));
        let down = down.saturating_add(sum(|it| &it.bytes_in_from_destination));
        all.push(NatGatewayMetrics {
            nat_gateway_id: nat.into(),
            availability_zone,
            bytes_in_from_source: series(up),
            bytes_in_from_destination: series(down),
            bytes_out_to_destination: series(up),
            bytes_out_to_source: series(down),
            active_connection_count: Series::default(),
        });
        self
    }

    /// A gateway endpoint `vpce-SERVICE`, associated with some tables: listed there, and routed.
    pub(crate) fn gateway_endpoint(self, service: &str, tables: &[&str]) -> Self {
        let (id, list) = (format!("vpce-{service}"), format!("pl-{service}"));
        let mut account = self.endpoint(EndpointType::Gateway, service, |endpoint| {
            endpoint.route_table_ids = tables.iter().map(|table| (*table).into()).collect();
        });
        let name = format!("com.amazonaws.{}.{service}", account.part().region);
        let cidrs = vec![if service == "s3" { "52.216.0.0/15" } else { "52.94.0.0/22" }.parse().unwrap()];
        let lists = &mut account.part().prefix_lists;
        if !lists.iter().any(|known| known.name == name) {
            lists.push(PrefixList { prefix_list_id: list.as_str().into(), name, cidrs });
        }
        tables.iter().fold(account, |account, table| account.route(table, &list, &id))
    }

    /// An interface endpoint `vpce-SERVICE` in some subnets, with private DNS and a security group that admits the
    /// VPC on 443. It carried nothing until [`Account::bytes`].
    pub(crate) fn interface_endpoint(mut self, service: &str, subnets: &[&str]) -> Self {
        let (vpc, group) = (self.vpc.clone(), format!("sg-{service}"));
        let blocks = self.part().vpcs.iter().filter(|found| found.vpc_id == vpc).flat_map(|vpc| &vpc.cidr_blocks);
        let cidrs = blocks.map(|block| (*block).into()).collect();
        let ports = (Some(443), Some(443));
        let rule = SecurityGroupRule {
            protocol: "tcp".into(),
            from_port: ports.0,
            to_port: ports.1,
            cidrs,
            ..Default::default()
        };
        let security_group_id = group.as_str().into();
        self.part().security_groups.push(SecurityGroup { security_group_id, name: String::new(), ingress: vec![rule] });
        self.endpoint(EndpointType::Interface, service, |endpoint| {
            endpoint.subnet_ids = subnets.iter().map(|subnet| (*subnet).into()).collect();
            endpoint.private_dns_enabled = true;
            endpoint.security_group_ids = vec![group.as_str().into()];
        })
    }

    /// An endpoint `vpce-SERVICE` of any type, about whose bytes CloudWatch was asked.
    pub(crate) fn endpoint(mut self, kind: EndpointType, service: &str, edit: impl FnOnce(&mut VpcEndpoint)) -> Self {
        let (id, account) = (format!("vpce-{service}"), self.part().account_id.clone());
        let mut endpoint = VpcEndpoint {
            vpc_endpoint_id: id.as_str().into(),
            endpoint_type: kind,
            vpc_id: self.vpc.clone(),
            service_name: format!("com.amazonaws.{}.{service}", self.part().region),
            service_region: None,
            state: EndpointState::Available,
            creation_timestamp: Some(at("2026-01-01T00:00:00Z")),
            owner_id: Some(account),
            requester_managed: false,
            private_dns_enabled: false,
            private_dns_only_for_inbound_resolver_endpoint: None,
            route_table_ids: Vec::new(),
            subnet_ids: Vec::new(),
            security_group_ids: Vec::new(),
            policy_document: None,
            failure: None,
            tags: Tags::new(),
        };
        edit(&mut endpoint);
        if endpoint.endpoint_type != EndpointType::Gateway {
            self.part().metrics.endpoints.push(EndpointMetrics {
                vpc_endpoint_id: endpoint.vpc_endpoint_id.clone(),
                endpoint_type: endpoint.endpoint_type.to_string(),
                service_name: endpoint.service_name.clone(),
                vpc_id: endpoint.vpc_id.clone(),
                subnet_id: None,
                bytes_processed: Series::default(),
            });
        }
        self.part().vpc_endpoints.push(endpoint);
        self
    }

    /// Changes an endpoint.
    pub(crate) fn edit_endpoint(self, id: &str, edit: impl FnOnce(&mut VpcEndpoint)) -> Self {
        let is_it = |endpoint: &&mut VpcEndpoint| endpoint.vpc_endpoint_id.as_str() == id;
        self.scan(|scan| edit(scan.vpc_endpoints.iter_mut().find(is_it).unwrap()))
    }

    /// What an endpoint carried, all in the window's first hour.
    pub(crate) fn bytes(self, endpoint: &str, gb: u64) -> Self {
        self.bytes_at(endpoint, &[(0, gb)])
    }

    /// What an endpoint carried, by hour of the window.
    pub(crate) fn bytes_at(self, endpoint: &str, gb: &[(usize, u64)]) -> Self {
        let is_it = |metrics: &&mut EndpointMetrics| metrics.vpc_endpoint_id.as_str() == endpoint;
        let series = Series::from_points(gb.iter().map(|(hour, gb)| (*hour, gb << 30)));
        self.scan(|scan| scan.metrics.endpoints.iter_mut().find(is_it).unwrap().bytes_processed = series)
    }
}

/// Edits that make an endpoint somebody else's: an AWS service's, a third party's, or nobody's any more.
pub(crate) const NOT_OURS: [fn(&mut VpcEndpoint); 3] = [
    |endpoint| endpoint.requester_managed = true,
    |endpoint| endpoint.service_name = "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b".into(),
    |endpoint| endpoint.state = EndpointState::Deleted,
];
