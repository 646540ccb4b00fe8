//! Whose NAT gateway carries what leaves by a route table: the VPC's own, or one behind a transit gateway.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::route::is_default;
use super::{Part, TableView, Topology, VpcView, Way, is_live};
use crate::model::{
    EndpointType, NatGatewayId, RouteState, RouteTable, Service, SubnetId, TransitGatewayAttachment, TransitGatewayId,
    TransitGatewayRoute, VpcEndpoint, VpcId,
};

/// How traffic to a service leaves a VPC by one of its route tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Egress<'a> {
    /// NAT gateways of the VPC itself.
    pub own: BTreeSet<&'a NatGatewayId>,
    /// Transit gateways on the way, and what is behind each.
    pub behind: Vec<(&'a TransitGatewayId, Gateways<'a>)>,
    /// Firewall endpoints of the VPC that traffic passes before its NAT gateways.
    pub firewalls: BTreeSet<&'a str>,
}

/// What is behind a transit gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gateways<'a> {
    /// Its route tables lead to these NAT gateways, in this VPC.
    Known {
        /// The egress VPC.
        vpc_id: &'a VpcId,
        /// Its NAT gateways that its attachment's subnets use.
        nat_gateways: BTreeSet<&'a NatGatewayId>,
    },
    /// Its route tables do not show it, but of all attached VPCs only this one leads on to NAT gateways.
    Likely {
        /// The egress VPC.
        vpc_id: &'a VpcId,
        /// Its NAT gateways that its attachment's subnets use.
        nat_gateways: BTreeSet<&'a NatGatewayId>,
    },
    /// Its route tables were read, and no NAT gateway is at the end of them.
    None,
    /// The scanned accounts cannot see: there may be a NAT gateway, in another account.
    Invisible,
}

impl<'a> Gateways<'a> {
    /// The NAT gateways, where they can be seen.
    #[must_use]
    pub fn nat_gateways(&self) -> Option<&BTreeSet<&'a NatGatewayId>> {
        match self {
            Self::Known { nat_gateways, .. } | Self::Likely { nat_gateways, .. } => Some(nat_gateways),
            Self::None | Self::Invisible => None,
        }
    }
}

impl<'a> Egress<'a> {
    /// Whether traffic meets a NAT gateway, or may meet one out of sight.
    #[must_use]
    pub fn meets_nat(&self) -> bool {
        !self.own.is_empty() || self.behind.iter().any(|(_, gateways)| *gateways != Gateways::None)
    }

    /// Every NAT gateway on the way that can be seen.
    #[must_use]
    pub fn nat_gateways(&self) -> BTreeSet<&'a NatGatewayId> {
        let behind = self.behind.iter().filter_map(|(_, gateways)| gateways.nat_gateways()).flatten();
        self.own.iter().chain(behind).copied().collect()
    }

    /// Adds another table's ways.
    pub fn merge(&mut self, other: Self) {
        self.own.extend(other.own);
        self.firewalls.extend(other.firewalls);
        for way in other.behind {
            if !self.behind.contains(&way) {
                self.behind.push(way);
            }
        }
    }
}

impl<'a> Topology<'a> {
    /// How a table of a VPC sends a service's traffic out.
    #[must_use]
    pub fn egress(&self, part: &Part<'a>, table: &'a RouteTable, service: &Service) -> Egress<'a> {
        self.follow(part, part.ways_to(table, service), &table.vpc_id)
    }

    /// How a table of a VPC sends the internet's traffic out.
    #[must_use]
    pub fn default_egress(&self, part: &Part<'a>, table: &'a RouteTable) -> Egress<'a> {
        self.follow(part, part.default_ways(table), &table.vpc_id)
    }

    /// A table's routes, each with the one NAT gateway that it leads to, behind a transit gateway too. None: elsewhere,
    /// or to one of several.
    #[must_use]
    pub fn nat_routes(&self, part: &Part<'a>, table: &'a RouteTable) -> Vec<(IpNet, Option<&'a NatGatewayId>)> {
        let only = |egress: Egress<'a>| {
            let mut gateways = egress.nat_gateways().into_iter();
            gateways.next().filter(|_| gateways.next().is_none())
        };
        let routes = part.routes(table).into_iter();
        routes.map(|(net, way)| (net, only(self.follow(part, BTreeSet::from([way]), &table.vpc_id)))).collect()
    }

    fn follow(&self, part: &Part<'a>, ways: BTreeSet<Way<'a>>, vpc_id: &VpcId) -> Egress<'a> {
        let mut egress = Egress::default();
        for way in ways {
            match way {
                Way::Nat(id) if self.leads_on(id) => {
                    egress.own.insert(id);
                }
                Way::TransitGateway(id) => egress.behind.push((id, self.behind(id, vpc_id))),
                Way::Endpoint(id) => {
                    let Some(view) = part.vpc(vpc_id) else { continue };
                    let beyond = self.walk(part, view, view.firewall_subnets(id).collect());
                    if !beyond.nat_gateways.is_empty() {
                        egress.firewalls.insert(id);
                        egress.own.extend(beyond.nat_gateways);
                    }
                }
                _ => {}
            }
        }
        egress
    }

    /// Subnets that traffic passes through on its way to a NAT gateway: those of the attachments that transit gateways
    /// send the internet's traffic to, and those of firewall endpoints.
    pub(super) fn find_entries(&self) -> BTreeSet<&'a SubnetId> {
        let mut entries = BTreeSet::new();
        let mut spokes = BTreeSet::new();
        for part in &self.parts {
            for view in &part.vpcs {
                let firewalls = view.endpoints.iter().filter(|e| e.endpoint_type == EndpointType::GatewayLoadBalancer);
                entries.extend(firewalls.flat_map(|endpoint| &endpoint.subnet_ids));
                for table in view.route_tables.iter().filter(|table| !table.subnets.is_empty()) {
                    for way in part.default_ways(table.table) {
                        if let Way::TransitGateway(id) = way {
                            spokes.insert((id, view.vpc_id));
                        }
                    }
                }
            }
        }
        for (transit_gateway, spoke) in spokes {
            if let Gateways::Known { vpc_id, .. } | Gateways::Likely { vpc_id, .. } =
                self.behind(transit_gateway, spoke)
            {
                let arrives = self.attachments.iter().filter(|attachment| {
                    attachment.transit_gateway_id == *transit_gateway
                        && attachment.resource_id.as_deref() == Some(vpc_id.as_str())
                });
                entries.extend(arrives.flat_map(|attachment| &attachment.subnet_ids));
            }
        }
        entries
    }

    /// Whether a subnet is only passed through, by traffic that starts elsewhere.
    #[must_use]
    pub fn is_entry(&self, subnet: &SubnetId) -> bool {
        self.entries.contains(subnet)
    }

    /// Whether clients of the VPC itself use a table: traffic that only passes through its subnets starts elsewhere.
    #[must_use]
    pub fn has_clients(&self, table: &TableView<'_>) -> bool {
        table.subnets.iter().any(|subnet| !self.is_entry(&subnet.subnet_id))
    }

    /// A route to a gateway that is deleted leads nowhere, whatever the route's state still says.
    fn leads_on(&self, id: &NatGatewayId) -> bool {
        self.nat_gateway(id).is_some_and(is_live)
    }

    fn behind(&self, transit_gateway: &TransitGatewayId, vpc_id: &VpcId) -> Gateways<'a> {
        let of_gateway = || {
            self.attachments.iter().copied().filter(move |attachment| attachment.transit_gateway_id == *transit_gateway)
        };
        let is_of = |attachment: &TransitGatewayAttachment, vpc: &VpcId| {
            attachment.resource_type == "vpc" && attachment.resource_id.as_deref() == Some(vpc.as_str())
        };
        let entry = of_gateway().find(|attachment| is_of(attachment, vpc_id) && attachment.route_table_id.is_some());
        let table = entry
            .and_then(|attachment| attachment.route_table_id.as_ref())
            .and_then(|id| self.transit_gateway_route_tables.iter().find(|table| table.route_table_id == *id))
            // A table without any route says nothing: nobody would attach a VPC to that.
            .filter(|table| !table.routes.is_empty());
        if let Some(table) = table {
            let is_way_out =
                |route: &&TransitGatewayRoute| is_default(&route.destination_cidr) && route.state == RouteState::Active;
            let Some(default) = table.routes.iter().find(is_way_out) else { return Gateways::None };
            let target = of_gateway().find(|attachment| default.attachment_ids.contains(&attachment.attachment_id));
            match target.map(|attachment| self.beyond(attachment)) {
                Some(Some((_, nat_gateways))) if nat_gateways.is_empty() => return Gateways::None,
                Some(Some((vpc_id, nat_gateways))) => return Gateways::Known { vpc_id, nat_gateways },
                // A route that does not say where it leads is as good as unread.
                None if default.attachment_ids.is_empty() => {}
                // A peering, a VPN, or a VPC of an account that was not scanned.
                Some(None) | None => return Gateways::Invisible,
            }
        }
        // Two accounts may list one attachment, and a VPC is one candidate however often it is listed.
        let mut candidates = BTreeMap::<_, BTreeSet<_>>::new();
        for (vpc_id, nat_gateways) in of_gateway()
            .filter(|attachment| !is_of(attachment, vpc_id))
            .filter_map(|attachment| self.beyond(attachment))
            .filter(|(_, nat_gateways)| !nat_gateways.is_empty())
        {
            candidates.entry(vpc_id).or_default().extend(nat_gateways);
        }
        match (candidates.pop_first(), candidates.is_empty()) {
            (Some((vpc_id, nat_gateways)), true) => Gateways::Likely { vpc_id, nat_gateways },
            _ => Gateways::Invisible,
        }
    }

    /// The NAT gateways that traffic arriving by an attachment meets in the attached VPC. None when that cannot be told:
    /// the VPC was not scanned, or something in it (an appliance, another transit gateway) takes the traffic further.
    fn beyond(&self, attachment: &TransitGatewayAttachment) -> Option<(&'a VpcId, BTreeSet<&'a NatGatewayId>)> {
        if attachment.resource_type != "vpc" {
            return None;
        }
        let (part, view) = self.vpc(&VpcId::from(attachment.resource_id.as_deref()?))?;
        // Without its subnets (another account's attachment) any table of that VPC may be the one.
        let arrives_at = |subnet: &SubnetId| attachment.subnet_ids.is_empty() || attachment.subnet_ids.contains(subnet);
        let entries: Vec<_> =
            view.subnets.iter().map(|view| &view.subnet.subnet_id).filter(|id| arrives_at(id)).collect();
        let unknown = entries.is_empty();
        let beyond = self.walk(part, view, entries);
        let visible = !beyond.nat_gateways.is_empty() || !(beyond.out_of_sight || unknown);
        visible.then_some((view.vpc_id, beyond.nat_gateways))
    }

    /// The NAT gateways that traffic entering some subnets of a VPC meets, through firewalls too.
    fn walk(&self, part: &Part<'a>, view: &VpcView<'a>, mut entries: Vec<&'a SubnetId>) -> Beyond<'a> {
        let mut beyond = Beyond::default();
        let mut seen = BTreeSet::new();
        while let Some(subnet) = entries.pop() {
            let table =
                view.subnets.iter().find(|view| view.subnet.subnet_id == *subnet).and_then(|view| view.route_table);
            let Some(table) = table.filter(|_| seen.insert(subnet)) else { continue };
            for way in part.default_ways(table) {
                match way {
                    Way::Nat(id) if self.leads_on(id) => {
                        beyond.nat_gateways.insert(id);
                    }
                    // A firewall's endpoint hands traffic back in its own subnet, whose table leads on.
                    Way::Endpoint(id) => {
                        let before = entries.len();
                        entries.extend(view.firewall_subnets(id));
                        beyond.out_of_sight |= entries.len() == before;
                    }
                    Way::Elsewhere | Way::TransitGateway(_) => beyond.out_of_sight = true,
                    Way::Nat(_) | Way::Internet | Way::Nowhere => {}
                }
            }
        }
        beyond
    }
}

/// What traffic meets after it entered some subnets.
#[derive(Default)]
struct Beyond<'a> {
    nat_gateways: BTreeSet<&'a NatGatewayId>,
    /// An appliance or another network takes it further.
    out_of_sight: bool,
}

impl<'a> VpcView<'a> {
    /// The subnets of a firewall's endpoint, by the id that routes lead to.
    fn firewall_subnets(&self, id: &str) -> impl Iterator<Item = &'a SubnetId> {
        let is_it = |endpoint: &&&'a VpcEndpoint| {
            endpoint.vpc_endpoint_id.as_str() == id && endpoint.endpoint_type != EndpointType::Gateway
        };
        let endpoint: Option<&'a VpcEndpoint> = self.endpoints.iter().find(is_it).copied();
        endpoint.into_iter().flat_map(|endpoint| &endpoint.subnet_ids)
    }

    /// The route tables of clients that send a service's traffic past a NAT gateway, and how.
    #[must_use]
    pub fn tables_through_nat<'v>(
        &'v self,
        topology: &Topology<'a>,
        part: &Part<'a>,
        service: &Service,
    ) -> Vec<(&'v TableView<'a>, Egress<'a>)> {
        self.route_tables
            .iter()
            .filter(|view| topology.has_clients(view))
            .map(|view| (view, topology.egress(part, view.table, service)))
            .filter(|(_, egress)| egress.meets_nat())
            .collect()
    }
}
