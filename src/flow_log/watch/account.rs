//! What a scan of an account tells of its gateways and their clients.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::{ClientSubnet, Gateway, Inside, Watch};
use crate::model::{AvailabilityMode, NatGateway, NatGatewayId, NatGatewayState, RegionName};
use crate::topology::{Topology, VpcView};
use crate::traffic::Place;

impl Watch {
    /// The gateways of a scanned account, by their own records.
    #[must_use]
    pub fn of(topology: &Topology<'_>) -> Self {
        Self::Gateways { known: gateways(topology), learn: false }
    }

    /// Gateways by the records of their clients. None when no scanned subnet leads to one of them.
    #[must_use]
    pub fn clients_of(topology: &Topology<'_>, unseen: &BTreeSet<NatGatewayId>) -> Option<Self> {
        let gateways: Vec<_> = gateways(topology)
            .into_iter()
            .filter(|gateway| gateway.nat_gateway_id.as_ref().is_some_and(|id| unseen.contains(id)))
            .collect();
        let number: BTreeMap<_, _> =
            gateways.iter().enumerate().filter_map(|(number, g)| Some((g.nat_gateway_id.clone()?, number))).collect();
        let mut subnets = BTreeMap::new();
        for part in &topology.parts {
            for view in part.vpcs.iter().flat_map(|view| &view.subnets) {
                let (Some(net), Some(table)) = (view.subnet.cidr_block, view.route_table) else { continue };
                let ways = topology.nat_routes(part, table).into_iter();
                let routes = ways.map(|(net, nat)| (net, nat.and_then(|nat| number.get(nat).copied()))).collect();
                let subnet_id = view.subnet.subnet_id.clone();
                let vpc_id = view.subnet.vpc_id.clone();
                let net = IpNet::V4(net);
                // Shared, it is seen by several accounts.
                subnets.entry(subnet_id.clone()).or_insert(ClientSubnet { net, vpc_id, subnet_id, routes });
            }
        }
        let subnets: Vec<_> = subnets.into_values().collect();
        let leads = |subnet: &ClientSubnet| subnet.routes.iter().any(|(_, gateway)| gateway.is_some());
        subnets.iter().any(leads).then_some(Self::Clients { gateways, subnets })
    }
}

fn gateways(topology: &Topology<'_>) -> Vec<Gateway> {
    let behind = spokes(topology);
    let mut gateways = Vec::new();
    for part in &topology.parts {
        for view in &part.vpcs {
            for nat in view.nat_gateways.iter().filter(|nat| nat.state != NatGatewayState::Failed) {
                let spokes = behind.get(&nat.nat_gateway_id).into_iter().flatten();
                let inside = std::iter::once(view).chain(spokes.copied()).flat_map(inside).collect();
                gateways.push(gateway(nat, part.region(), inside));
            }
        }
    }
    gateways
}

/// The VPCs that reach each gateway through a transit gateway.
fn spokes<'t, 'a>(topology: &'t Topology<'a>) -> BTreeMap<&'a NatGatewayId, Vec<&'t VpcView<'a>>> {
    let mut spokes = BTreeMap::<_, Vec<&VpcView<'_>>>::new();
    for part in &topology.parts {
        for view in &part.vpcs {
            let mut reached = BTreeSet::new();
            for table in &view.route_tables {
                let egress = topology.default_egress(part, table.table);
                let behind = egress.behind.iter().filter_map(|(_, gateways)| gateways.nat_gateways());
                reached.extend(behind.flatten().copied());
            }
            for nat in reached {
                spokes.entry(nat).or_default().push(view);
            }
        }
    }
    spokes
}

/// Where clients of a VPC are: its blocks, and its subnets within those.
fn inside(view: &VpcView<'_>) -> Vec<Inside> {
    let place = |subnet_id| Place { vpc_id: view.vpc_id.clone(), subnet_id };
    let vpc = view.vpc.into_iter();
    let v4 = vpc.clone().flat_map(|vpc| &vpc.cidr_blocks).map(|net| IpNet::V4(*net));
    let v6 = vpc.flat_map(|vpc| &vpc.ipv6_cidr_blocks).map(|net| IpNet::V6(*net));
    let blocks = v4.chain(v6).map(|net| Inside { net, place: place(None) });
    let subnets = view.subnets.iter().filter_map(|view| {
        let net = IpNet::V4(view.subnet.cidr_block?);
        Some(Inside { net, place: place(Some(view.subnet.subnet_id.clone())) })
    });
    // A subnet as large as its VPC comes after it, and of two equal blocks the last one counts.
    blocks.chain(subnets).collect()
}

fn gateway(nat: &NatGateway, region: &RegionName, inside: Vec<Inside>) -> Gateway {
    let regional = nat.availability_mode == AvailabilityMode::Regional;
    let address = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
    let interfaces: BTreeSet<_> = nat.addresses.iter().filter_map(|a| a.network_interface_id.clone()).collect();
    let private = nat.addresses.iter().filter_map(|a| address(&a.private_ip));
    // A zonal gateway's public addresses do not appear in records, a regional one's do.
    let public = nat.addresses.iter().filter(|_| regional).filter_map(|a| address(&a.public_ip));
    Gateway {
        nat: nat.nat_gateway_id.to_string(),
        nat_gateway_id: Some(nat.nat_gateway_id.clone()),
        interfaces: if regional { Vec::new() } else { interfaces.into_iter().collect() },
        addresses: private.chain(public).collect(),
        regional,
        region: Some(region.clone()),
        vpc_id: Some(nat.vpc_id.clone()),
        inside,
    }
}
