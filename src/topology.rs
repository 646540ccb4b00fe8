//! What a snapshot means: which subnets use which route table, where each table leads, and whose NAT gateway is at
//! the end of it.
//!
//! Only indexes and conclusions, no copies: everything borrows from the [`Snapshot`].

mod egress;
mod recorded;
mod route;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ipnet::Ipv4Net;

pub use egress::{Egress, Gateways};
pub use recorded::records;
pub use route::Way;

use crate::model::{
    AccountId, EndpointState, EndpointType, NatGateway, NatGatewayId, NatGatewayState, RegionName, RegionScan,
    RouteTable, RouteTableId, SecurityGroup, Service, Snapshot, Subnet, SubnetId, TransitGatewayAttachment,
    TransitGatewayRouteTable, Vpc, VpcEndpoint, VpcId,
};

/// The whole snapshot, indexed.
#[derive(Debug)]
pub struct Topology<'a> {
    /// One part for each account and Region, in the snapshot's order.
    pub parts: Vec<Part<'a>>,
    /// Where each VPC is described: by its owner where that account was scanned.
    vpcs: HashMap<&'a VpcId, (usize, usize)>,
    nat_gateways: HashMap<&'a NatGatewayId, &'a NatGateway>,
    attachments: Vec<&'a TransitGatewayAttachment>,
    transit_gateway_route_tables: Vec<&'a TransitGatewayRouteTable>,
    /// Subnets that traffic only passes through: it enters there from a transit gateway or a firewall.
    entries: BTreeSet<&'a SubnetId>,
}

/// One account's view of one Region.
#[derive(Debug)]
pub struct Part<'a> {
    /// What was scanned.
    pub scan: &'a RegionScan,
    /// Its VPCs by id. A VPC of which only parts could be read is here too.
    pub vpcs: Vec<VpcView<'a>>,
    prefixes: Prefixes<'a>,
    security_groups: HashMap<&'a str, &'a SecurityGroup>,
}

/// A VPC with everything in it.
#[derive(Debug)]
pub struct VpcView<'a> {
    /// Its id.
    pub vpc_id: &'a VpcId,
    /// Its description, unless that could not be read.
    pub vpc: Option<&'a Vpc>,
    /// Its subnets and the route table each one uses.
    pub subnets: Vec<SubnetView<'a>>,
    /// Its route tables and the subnets that use each one.
    pub route_tables: Vec<TableView<'a>>,
    /// Its NAT gateways.
    pub nat_gateways: Vec<&'a NatGateway>,
    /// Its endpoints.
    pub endpoints: Vec<&'a VpcEndpoint>,
    /// Another account owns it: it is seen because a subnet of it is shared, and only its owner can change it.
    pub shared_by: Option<&'a AccountId>,
}

/// A subnet and the table that routes for it.
#[derive(Debug)]
pub struct SubnetView<'a> {
    /// The subnet.
    pub subnet: &'a Subnet,
    /// Its route table: the associated one, else the VPC's main one. None when tables could not be read.
    pub route_table: Option<&'a RouteTable>,
}

/// A route table and the subnets it routes for.
#[derive(Debug)]
pub struct TableView<'a> {
    /// The table.
    pub table: &'a RouteTable,
    /// Whether it is the VPC's main table, used by every subnet without an association.
    pub main: bool,
    /// The subnets, associated or by default.
    pub subnets: Vec<&'a Subnet>,
}

/// Address ranges by prefix list, and by the service they belong to.
#[derive(Debug, Default)]
struct Prefixes<'a> {
    by_id: HashMap<&'a str, Vec<Ipv4Net>>,
    by_name: HashMap<&'a str, &'a str>,
}

impl<'a> Topology<'a> {
    /// Indexes a snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let parts: Vec<_> = snapshot.regions.iter().map(Part::new).collect();
        let mut vpcs = HashMap::new();
        for (p, part) in parts.iter().enumerate() {
            for (v, view) in part.vpcs.iter().enumerate() {
                if view.shared_by.is_none() || !vpcs.contains_key(view.vpc_id) {
                    vpcs.insert(view.vpc_id, (p, v));
                }
            }
        }
        let scans = || snapshot.regions.iter();
        let mut seen = BTreeSet::new();
        let mut topology = Self {
            vpcs,
            nat_gateways: scans().flat_map(|scan| &scan.nat_gateways).map(|nat| (&nat.nat_gateway_id, nat)).collect(),
            // Both accounts of a shared transit gateway may list an attachment; its owner's listing tells more.
            attachments: scans()
                .flat_map(|scan| &scan.transit_gateway_attachments)
                .filter(|attachment| seen.insert((&attachment.attachment_id, attachment.route_table_id.is_some())))
                .collect(),
            transit_gateway_route_tables: scans().flat_map(|scan| &scan.transit_gateway_route_tables).collect(),
            entries: BTreeSet::new(),
            parts,
        };
        topology.entries = topology.find_entries();
        topology
    }

    /// A NAT gateway of any scanned account.
    #[must_use]
    pub fn nat_gateway(&self, id: &NatGatewayId) -> Option<&'a NatGateway> {
        self.nat_gateways.get(id).copied()
    }

    /// A VPC of any scanned account, as its owner sees it where the owner was scanned.
    #[must_use]
    pub fn vpc(&self, id: &VpcId) -> Option<(&Part<'a>, &VpcView<'a>)> {
        let (part, view) = *self.vpcs.get(id)?;
        let part = self.parts.get(part)?;
        Some((part, part.vpcs.get(view)?))
    }

    /// Whether this is the account by which a VPC is told of: several can see it when its subnets are shared.
    #[must_use]
    pub fn is_told_here(&self, part: &Part<'a>, view: &VpcView<'a>) -> bool {
        view.shared_by.is_none() || self.vpc(view.vpc_id).is_none_or(|(told, _)| std::ptr::eq(told, part))
    }
}

impl<'a> Part<'a> {
    fn new(scan: &'a RegionScan) -> Self {
        let mut views = BTreeMap::<&VpcId, VpcView<'a>>::new();
        let view =
            |views: &mut BTreeMap<&'a VpcId, VpcView<'a>>, id: &'a VpcId, add: &mut dyn FnMut(&mut VpcView<'a>)| {
                add(views.entry(id).or_insert_with(|| VpcView::new(id)));
            };
        for vpc in &scan.vpcs {
            view(&mut views, &vpc.vpc_id, &mut |view| {
                view.vpc = Some(vpc);
                view.shared_by = vpc.owner_id.as_ref().filter(|owner| **owner != scan.account_id);
            });
        }
        for table in &scan.route_tables {
            let main = table.associations.iter().any(|association| association.main);
            view(&mut views, &table.vpc_id, &mut |view| {
                view.route_tables.push(TableView { table, main, subnets: Vec::new() });
            });
        }
        for subnet in &scan.subnets {
            view(&mut views, &subnet.vpc_id, &mut |view| view.subnets.push(SubnetView { subnet, route_table: None }));
        }
        for nat in &scan.nat_gateways {
            view(&mut views, &nat.vpc_id, &mut |view| view.nat_gateways.push(nat));
        }
        for endpoint in &scan.vpc_endpoints {
            view(&mut views, &endpoint.vpc_id, &mut |view| view.endpoints.push(endpoint));
        }
        let mut vpcs: Vec<_> = views.into_values().collect();
        vpcs.iter_mut().for_each(VpcView::connect);
        Self {
            scan,
            vpcs,
            prefixes: Prefixes::new(scan),
            security_groups: scan
                .security_groups
                .iter()
                .map(|group| (group.security_group_id.as_str(), group))
                .collect(),
        }
    }

    /// The Region.
    #[must_use]
    pub fn region(&self) -> &'a RegionName {
        &self.scan.region
    }

    /// A VPC as this account sees it.
    #[must_use]
    pub fn vpc(&self, id: &VpcId) -> Option<&VpcView<'a>> {
        self.vpcs.get(self.vpcs.binary_search_by_key(&id, |view| view.vpc_id).ok()?)
    }

    /// A security group that was read.
    #[must_use]
    pub fn security_group(&self, id: &str) -> Option<&'a SecurityGroup> {
        self.security_groups.get(id).copied()
    }
}

impl<'a> VpcView<'a> {
    fn new(vpc_id: &'a VpcId) -> Self {
        Self {
            vpc_id,
            vpc: None,
            subnets: Vec::new(),
            route_tables: Vec::new(),
            nat_gateways: Vec::new(),
            endpoints: Vec::new(),
            shared_by: None,
        }
    }

    /// Finds each subnet's table: the one associated with it, else the main one.
    fn connect(&mut self) {
        let mut by_subnet = HashMap::<&SubnetId, usize>::new();
        let mut main = None;
        for (index, view) in self.route_tables.iter().enumerate() {
            if view.main {
                main = Some(index);
            }
            for subnet in view.table.associations.iter().filter_map(|association| association.subnet_id.as_ref()) {
                by_subnet.insert(subnet, index);
            }
        }
        for view in &mut self.subnets {
            let index = by_subnet.get(&view.subnet.subnet_id).copied().or(main);
            if let Some(table) = index.and_then(|index| self.route_tables.get_mut(index)) {
                view.route_table = Some(table.table);
                table.subnets.push(view.subnet);
            }
        }
    }

    /// The name its owner gave it.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.vpc?.tags.get("Name").map(String::as_str)
    }

    /// A subnet of it.
    #[must_use]
    pub fn subnet(&self, id: &SubnetId) -> Option<&'a Subnet> {
        self.subnets.iter().map(|view| view.subnet).find(|subnet| subnet.subnet_id == *id)
    }

    /// Its working endpoints of a type for a service. `s3express` is another service than `s3`.
    pub fn endpoints_for(
        &self,
        endpoint_type: EndpointType,
        service: &Service,
        region: &RegionName,
    ) -> impl Iterator<Item = &'a VpcEndpoint> {
        self.endpoints.iter().copied().filter(move |endpoint| {
            endpoint.endpoint_type == endpoint_type
                && is_working(endpoint)
                && Service::of_endpoint(&endpoint.service_name, region).as_ref() == Some(service)
        })
    }

    /// Its working gateway endpoints for a service: mostly one, but different tables may use different ones.
    pub fn gateway_endpoints(&self, service: &Service, region: &RegionName) -> impl Iterator<Item = &'a VpcEndpoint> {
        self.endpoints_for(EndpointType::Gateway, service, region)
    }

    /// Whether an interface endpoint's private names take the VPC's traffic to a service, so that no route decides.
    #[must_use]
    pub fn is_led_by_name(&self, service: &Service, region: &RegionName) -> bool {
        self.endpoints_for(EndpointType::Interface, service, region).any(takes_names)
    }

    /// The distinct Availability Zones of some subnets of it.
    #[must_use]
    pub fn zones(subnets: impl IntoIterator<Item = &'a Subnet>) -> BTreeSet<&'a str> {
        subnets.into_iter().map(|subnet| subnet.availability_zone.as_str()).collect()
    }
}

impl TableView<'_> {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &RouteTableId {
        &self.table.route_table_id
    }
}

/// Whether the service's public name resolves to an interface endpoint inside the VPC.
#[must_use]
pub fn takes_names(endpoint: &VpcEndpoint) -> bool {
    endpoint.private_dns_enabled && endpoint.private_dns_only_for_inbound_resolver_endpoint != Some(true)
}

/// Whether an endpoint can carry traffic now or in a moment.
#[must_use]
pub fn is_working(endpoint: &VpcEndpoint) -> bool {
    matches!(endpoint.state, EndpointState::Available | EndpointState::Pending | EndpointState::Partial)
}

/// Whether a NAT gateway carries traffic now or in a moment.
#[must_use]
pub fn is_live(nat: &NatGateway) -> bool {
    !matches!(nat.state, NatGatewayState::Failed | NatGatewayState::Deleting | NatGatewayState::Deleted)
}

impl<'a> Prefixes<'a> {
    fn new(scan: &'a RegionScan) -> Self {
        let mut prefixes = Self::default();
        for list in &scan.prefix_lists {
            let ipv4 = list.cidrs.iter().filter_map(|cidr| match cidr {
                ipnet::IpNet::V4(net) => Some(*net),
                ipnet::IpNet::V6(_) => None,
            });
            prefixes.by_id.insert(list.prefix_list_id.as_str(), ipv4.collect());
            prefixes.by_name.insert(&list.name, list.prefix_list_id.as_str());
        }
        prefixes
    }

    fn of_list(&self, id: &str) -> &[Ipv4Net] {
        self.by_id.get(id).map_or(&[], Vec::as_slice)
    }

    fn of_service(&self, service: &Service, region: &RegionName) -> &[Ipv4Net] {
        self.by_name.get(service.endpoint_service_name(region).as_str()).map_or(&[], |id| self.of_list(id))
    }
}
