//! The parts of an account that carry, route or bill NAT and endpoint traffic: `Describe*` answers, cut to what the
//! analysis can use.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::open_enum::open_enum;
use super::{
    AccountId, FlowLogId, NatGatewayId, PrefixListId, RegionName, RouteTableId, SecurityGroupId, SubnetId,
    TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTableId, VpcEndpointId, VpcId,
};

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// A virtual private cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub vpc_id: VpcId,
    /// The account that owns it: another one where a subnet of it is shared with the scanned account.
    pub owner_id: Option<AccountId>,
    /// Every associated IPv4 block, primary first.
    pub cidr_blocks: Vec<Ipv4Net>,
    /// Every associated IPv6 block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ipv6_cidr_blocks: Vec<Ipv6Net>,
    /// Whether AWS made it.
    #[serde(default)]
    pub is_default: bool,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// A subnet: one range of addresses in one Availability Zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub subnet_id: SubnetId,
    /// The VPC it is part of.
    pub vpc_id: VpcId,
    /// The account that owns it.
    pub owner_id: Option<AccountId>,
    /// The zone's name, which means another place in every account.
    pub availability_zone: String,
    /// The zone's id, which means the same place everywhere.
    pub availability_zone_id: Option<String>,
    /// Its IPv4 block; IPv6-only subnets have none.
    pub cidr_block: Option<Ipv4Net>,
    /// Whether the resolver answers AAAA for IPv4-only names, so that IPv6 clients reach them through NAT64.
    #[serde(default)]
    pub enable_dns64: bool,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// A route table and the subnets that use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub route_table_id: RouteTableId,
    /// The VPC it is part of.
    pub vpc_id: VpcId,
    /// The account that owns it.
    pub owner_id: Option<AccountId>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Who uses it.
    pub associations: Vec<RouteTableAssociation>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// One association of a route table. Subnets without one use the VPC's main table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RouteTableAssociation {
    /// Whether this makes the table the VPC's main one.
    #[serde(default)]
    pub main: bool,
    /// The associated subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<SubnetId>,
    /// The associated gateway (edge association).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,
}

/// One route: exactly one destination and, unless it is a black hole, one target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Route {
    /// An IPv4 or IPv6 destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_cidr: Option<IpNet>,
    /// A destination by prefix list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_prefix_list_id: Option<PrefixListId>,
    /// `local`, `igw-…`, `vgw-…`, or `vpce-…` for an endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,
    /// A NAT gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat_gateway_id: Option<NatGatewayId>,
    /// A transit gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit_gateway_id: Option<TransitGatewayId>,
    /// Any other kind of target by its id: an instance, interface, peering, egress-only gateway and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_target: Option<String>,
    /// `active` or `blackhole`.
    pub state: RouteState,
}

open_enum! {
    /// Whether a route's target exists.
    #[derive(Default)]
    RouteState {
        /// It carries traffic.
        #[default]
        Active = "active",
        /// Its target is gone; traffic is dropped.
        Blackhole = "blackhole",
    }
}

/// A NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatGateway {
    /// Its id.
    pub nat_gateway_id: NatGatewayId,
    /// The VPC it is in.
    pub vpc_id: VpcId,
    /// The subnet of a zonal gateway; a regional one has none.
    pub subnet_id: Option<SubnetId>,
    /// Where it is in its life.
    pub state: NatGatewayState,
    /// In one zone, or in every zone that has clients.
    pub availability_mode: AvailabilityMode,
    /// To the internet, or between private networks.
    pub connectivity_type: ConnectivityType,
    /// Since when it is billed.
    pub create_time: Option<Timestamp>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_time: Option<Timestamp>,
    /// Its addresses, primary and secondary.
    pub addresses: Vec<NatGatewayAddress>,
    /// The route table of a regional gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_table_id: Option<RouteTableId>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// One address of a NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NatGatewayAddress {
    /// The Elastic IP's allocation; its presence is what costs money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_id: Option<String>,
    /// The public address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<String>,
    /// The private address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_ip: Option<String>,
    /// The gateway's network interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_interface_id: Option<String>,
    /// The zone, for a regional gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
}

open_enum! {
    /// States of a NAT gateway. `available` is billed; `failed` never is.
    NatGatewayState {
        /// Being made; not billed yet.
        Pending = "pending",
        /// Could not be made; not billed.
        Failed = "failed",
        /// Working and billed.
        Available = "available",
        /// On its way out; may still carry traffic.
        Deleting = "deleting",
        /// Gone; listed for about an hour.
        Deleted = "deleted",
    }
}

open_enum! {
    /// Zonal or regional.
    AvailabilityMode {
        /// In the one zone of its subnet.
        Zonal = "zonal",
        /// In every zone of the VPC that has clients, billed by the hour in each.
        Regional = "regional",
    }
}

open_enum! {
    /// Public or private.
    ConnectivityType {
        /// To the internet, by an Elastic IP.
        Public = "public",
        /// Between private networks; has no public address.
        Private = "private",
    }
}

/// A VPC endpoint of any type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// Its id.
    pub vpc_endpoint_id: VpcEndpointId,
    /// What kind it is.
    pub endpoint_type: EndpointType,
    /// The VPC it serves.
    pub vpc_id: VpcId,
    /// `com.amazonaws.eu-west-1.s3`, or a third party's `com.amazonaws.vpce.…`.
    pub service_name: String,
    /// The service's Region, where it is another one than the endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_region: Option<RegionName>,
    /// Where it is in its life.
    pub state: EndpointState,
    /// Since when it is billed.
    pub creation_timestamp: Option<Timestamp>,
    /// The account that owns it.
    pub owner_id: Option<AccountId>,
    /// Whether an AWS service made and manages it.
    #[serde(default)]
    pub requester_managed: bool,
    /// Whether the service's public name resolves to it inside the VPC.
    #[serde(default)]
    pub private_dns_enabled: bool,
    /// S3: whether only queries from on premises (inbound resolver endpoints) are led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
    /// Gateway endpoints: the route tables that lead to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_table_ids: Vec<RouteTableId>,
    /// Other types: the subnets, one per zone, each billed by the hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnet_ids: Vec<SubnetId>,
    /// The security groups on its interfaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<SecurityGroupId>,
    /// The policy's JSON, where the service supports one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_document: Option<String>,
    /// Why it failed, as AWS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

open_enum! {
    /// Types of VPC endpoint.
    EndpointType {
        /// PrivateLink, billed per zone and gigabyte.
        Interface = "Interface",
        /// S3 and DynamoDB by route, free.
        Gateway = "Gateway",
        /// To appliances behind a Gateway Load Balancer.
        GatewayLoadBalancer = "GatewayLoadBalancer",
        /// To a resource shared through VPC Lattice.
        Resource = "Resource",
        /// To a VPC Lattice service network; no charge of its own.
        ServiceNetwork = "ServiceNetwork",
    }
}

open_enum! {
    /// States of a VPC endpoint.
    EndpointState {
        /// Waits for the service's owner.
        PendingAcceptance = "pendingAcceptance",
        /// Being made.
        Pending = "pending",
        /// Working.
        Available = "available",
        /// On its way out.
        Deleting = "deleting",
        /// Gone.
        Deleted = "deleted",
        /// Refused by the service's owner.
        Rejected = "rejected",
        /// Could not be made.
        Failed = "failed",
        /// Nobody accepted it in time.
        Expired = "expired",
        /// Works in some zones only.
        Partial = "partial",
    }
}

/// A security group, as far as endpoints use it: who may enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub security_group_id: SecurityGroupId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its inbound rules.
    pub ingress: Vec<SecurityGroupRule>,
}

/// One inbound permission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// `tcp`, `6`, or `-1` for everything.
    pub protocol: String,
    /// First port; none with `-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_port: Option<i32>,
    /// Last port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_port: Option<i32>,
    /// Admitted address ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cidrs: Vec<IpNet>,
    /// Admitted security groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<SecurityGroupId>,
    /// Admitted prefix lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefix_list_ids: Vec<PrefixListId>,
}

/// A managed prefix list: AWS's for a service, or a customer's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixList {
    /// Its id.
    pub prefix_list_id: PrefixListId,
    /// `com.amazonaws.eu-west-1.s3`
    pub name: String,
    /// Its entries; empty where they could not be read.
    pub cidrs: Vec<IpNet>,
}

/// A VPC's attachment to a transit gateway, and where its traffic is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitGatewayAttachment {
    /// Its id.
    pub attachment_id: TransitGatewayAttachmentId,
    /// The transit gateway.
    pub transit_gateway_id: TransitGatewayId,
    /// `vpc`, `vpn`, `peering` …
    pub resource_type: String,
    /// The attached thing: a VPC's id when the type is `vpc`.
    pub resource_id: Option<String>,
    /// The account that owns the attached thing.
    pub resource_owner_id: Option<AccountId>,
    /// `available`, `pendingAcceptance` …
    pub state: String,
    /// The subnets whose interfaces carry it, where the scanned account may see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnet_ids: Vec<SubnetId>,
    /// The transit gateway route table that routes what *enters* by this attachment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_table_id: Option<TransitGatewayRouteTableId>,
}

/// A transit gateway route table's routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitGatewayRouteTable {
    /// Its id.
    pub route_table_id: TransitGatewayRouteTableId,
    /// Its active and blackhole routes.
    pub routes: Vec<TransitGatewayRoute>,
}

/// One route of a transit gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitGatewayRoute {
    /// Its destination.
    pub destination_cidr: IpNet,
    /// Where it leads; none for a black hole.
    pub attachment_ids: Vec<TransitGatewayAttachmentId>,
    /// `active` or `blackhole`.
    pub state: RouteState,
}

/// A flow-log configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    /// Its id.
    pub flow_log_id: FlowLogId,
    /// The VPC, subnet, interface, transit gateway or regional NAT gateway it records.
    pub resource_id: String,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic_type: Option<String>,
    /// `cloud-watch-logs`, `s3` or `kinesis-data-firehose`.
    pub log_destination_type: Option<String>,
    /// The bucket or stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_destination: Option<String>,
    /// The log group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    /// `${version} ${account-id} …`
    pub log_format: Option<String>,
    /// `plain-text` or `parquet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_format: Option<String>,
    /// Whether the bucket's folders are named `key=value`.
    #[serde(default)]
    pub hive_compatible_partitions: bool,
    /// Whether a day's folder is split by hour.
    #[serde(default)]
    pub per_hour_partition: bool,
    /// Seconds that one record may span.
    pub max_aggregation_interval: Option<i32>,
    /// `SUCCESS` or `FAILED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_logs_status: Option<String>,
}

/// An Availability Zone of a Region, as this account names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityZone {
    /// The name in this account.
    pub name: String,
    /// The id, the same in every account.
    pub zone_id: Option<String>,
    /// `availability-zone`, `local-zone`, `wavelength-zone`.
    pub zone_type: Option<String>,
}
