//! What a remedy changes, as data: every form that a fix is written in (commands, a script, Terraform, CloudFormation,
//! the console's click path) says the same change in its own words.

mod commands;
mod undo;
mod words;

use ipnet::{IpNet, Ipv4Net};
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    EndpointType, NatGatewayId, PrefixListId, Route, RouteTableId, SecurityGroupId, Service, SubnetId, VpcEndpoint,
    VpcEndpointId, VpcId,
};

/// One change of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Change {
    /// A new gateway endpoint.
    CreateGatewayEndpoint {
        /// Where.
        #[schemars(with = "String")]
        vpc_id: VpcId,
        /// What for.
        service_name: String,
        /// The tables that get a route to it.
        #[schemars(with = "Vec<String>")]
        route_table_ids: Vec<RouteTableId>,
    },
    /// More route tables for a gateway endpoint.
    AssociateRouteTables {
        /// The endpoint.
        endpoint: Endpoint,
        /// The tables that it misses.
        #[schemars(with = "Vec<String>")]
        route_table_ids: Vec<RouteTableId>,
    },
    /// A new interface endpoint, with a security group of its own that admits the clients on 443.
    CreateInterfaceEndpoint {
        /// Where.
        #[schemars(with = "String")]
        vpc_id: VpcId,
        /// What for.
        service: Service,
        /// The same as AWS names it.
        service_name: String,
        /// One for each zone that it pays off in.
        #[schemars(with = "Vec<String>")]
        subnet_ids: Vec<SubnetId>,
        /// The clients.
        #[schemars(with = "Vec<String>")]
        client_cidrs: Vec<Ipv4Net>,
    },
    /// More zones for an interface endpoint.
    AddEndpointSubnets {
        /// The endpoint.
        endpoint: Endpoint,
        /// One for each further zone.
        #[schemars(with = "Vec<String>")]
        subnet_ids: Vec<SubnetId>,
    },
    /// The service's public name leads to the endpoint inside the VPC, or no longer.
    SetPrivateDns {
        /// The endpoint.
        endpoint: Endpoint,
        /// Whether it does afterwards.
        enabled: bool,
    },
    /// Only names asked for from on premises lead to the endpoint; the VPC takes the gateway endpoint.
    ServeOnPremisesOnly {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// Another endpoint policy.
    SetEndpointPolicy {
        /// The endpoint.
        endpoint: Endpoint,
        /// The new policy, JSON.
        policy: String,
        /// The present one.
        before: Option<String>,
    },
    /// A security group admits a block on TCP 443.
    AdmitHttps {
        /// The group.
        #[schemars(with = "String")]
        security_group_id: SecurityGroupId,
        /// The block.
        #[schemars(with = "String")]
        cidr: IpNet,
    },
    /// A security group no longer admits a block on TCP 443.
    RevokeHttps {
        /// The group.
        #[schemars(with = "String")]
        security_group_id: SecurityGroupId,
        /// The block.
        #[schemars(with = "String")]
        cidr: IpNet,
    },
    /// The default route of a table leads to another NAT gateway.
    ReplaceDefaultRoute {
        /// The table.
        #[schemars(with = "String")]
        route_table_id: RouteTableId,
        /// The gateway of the same zone.
        #[schemars(with = "String")]
        nat_gateway_id: NatGatewayId,
        /// The gateway that it leads to now.
        #[schemars(with = "String")]
        before: NatGatewayId,
    },
    /// A route is removed.
    DeleteRoute {
        /// The table.
        #[schemars(with = "String")]
        route_table_id: RouteTableId,
        /// Where the route leads to.
        destination: Destination,
        /// The NAT gateway or endpoint that it leads through, which may be gone.
        target: Option<String>,
    },
    /// A NAT gateway ends.
    DeleteNatGateway {
        /// The gateway.
        #[schemars(with = "String")]
        nat_gateway_id: NatGatewayId,
    },
    /// Elastic IPs of a NAT gateway are given back, once it is gone.
    ReleaseAddresses {
        /// The gateway.
        #[schemars(with = "String")]
        nat_gateway_id: NatGatewayId,
        /// The addresses.
        allocation_ids: Vec<String>,
    },
    /// An endpoint ends.
    DeleteEndpoint {
        /// The endpoint, with all that it takes to make it anew.
        endpoint: Endpoint,
    },
    /// Names without an IPv6 address resolve to IPv4 only.
    DisableDns64 {
        /// The subnet.
        #[schemars(with = "String")]
        subnet_id: SubnetId,
    },
    /// Nothing is changed: what AWS says of the endpoint is shown.
    InspectEndpoint {
        /// The endpoint.
        #[schemars(with = "String")]
        vpc_endpoint_id: VpcEndpointId,
    },
}

/// An endpoint that is there, as far as it takes to write it down, change it or make it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Endpoint {
    /// Its id.
    #[schemars(with = "String")]
    pub vpc_endpoint_id: VpcEndpointId,
    /// Its type.
    #[schemars(with = "String")]
    pub endpoint_type: EndpointType,
    /// Its VPC.
    #[schemars(with = "String")]
    pub vpc_id: VpcId,
    /// Its service.
    pub service_name: String,
    /// The route tables of a gateway endpoint.
    #[schemars(with = "Vec<String>")]
    pub route_table_ids: Vec<RouteTableId>,
    /// The subnets of any other.
    #[schemars(with = "Vec<String>")]
    pub subnet_ids: Vec<SubnetId>,
    /// Its security groups.
    #[schemars(with = "Vec<String>")]
    pub security_group_ids: Vec<SecurityGroupId>,
    /// Whether the service's public name leads to it.
    pub private_dns_enabled: bool,
    /// Its policy, JSON.
    pub policy: Option<String>,
}

/// Where a route leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// An address block.
    Cidr(#[schemars(with = "String")] IpNet),
    /// A prefix list.
    PrefixList(#[schemars(with = "String")] PrefixListId),
}

/// How careful one has to be with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing changes.
    Shows,
    /// Something comes on top, or traffic takes another way that is there.
    Adds,
    /// What works today may be refused.
    Narrows,
    /// Something ends; some of it cannot be brought back.
    Removes,
}

impl Change {
    /// How careful one has to be.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::InspectEndpoint { .. } => Effect::Shows,
            Self::CreateGatewayEndpoint { .. }
            | Self::AssociateRouteTables { .. }
            | Self::CreateInterfaceEndpoint { .. }
            | Self::AddEndpointSubnets { .. }
            | Self::SetPrivateDns { enabled: true, .. }
            | Self::AdmitHttps { .. }
            | Self::ReplaceDefaultRoute { .. } => Effect::Adds,
            Self::SetPrivateDns { enabled: false, .. }
            | Self::ServeOnPremisesOnly { .. }
            | Self::SetEndpointPolicy { .. }
            | Self::RevokeHttps { .. }
            | Self::DisableDns64 { .. } => Effect::Narrows,
            Self::DeleteRoute { .. }
            | Self::DeleteNatGateway { .. }
            | Self::ReleaseAddresses { .. }
            | Self::DeleteEndpoint { .. } => Effect::Removes,
        }
    }
}

impl From<&VpcEndpoint> for Endpoint {
    fn from(endpoint: &VpcEndpoint) -> Self {
        Self {
            vpc_endpoint_id: endpoint.vpc_endpoint_id.clone(),
            endpoint_type: endpoint.endpoint_type.clone(),
            vpc_id: endpoint.vpc_id.clone(),
            service_name: endpoint.service_name.clone(),
            route_table_ids: endpoint.route_table_ids.clone(),
            subnet_ids: endpoint.subnet_ids.clone(),
            security_group_ids: endpoint.security_group_ids.clone(),
            private_dns_enabled: endpoint.private_dns_enabled,
            policy: endpoint.policy_document.clone(),
        }
    }
}

impl Destination {
    /// Where a route leads to; none for a route without a destination, which AWS does not have.
    #[must_use]
    pub fn of(route: &Route) -> Option<Self> {
        match (route.destination_cidr, &route.destination_prefix_list_id) {
            (Some(cidr), _) => Some(Self::Cidr(cidr)),
            (None, Some(list)) => Some(Self::PrefixList(list.clone())),
            (None, None) => None,
        }
    }
}
