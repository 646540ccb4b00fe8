//! Whose records are counted, and what tells a gateway's clients from the rest of the world.

mod account;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{NatGatewayId, RegionName, SubnetId, VpcId};
use crate::traffic::Place;

/// Whose records are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// The gateways' own.
    Gateways {
        /// Those that are known.
        known: Vec<Gateway>,
        /// Whether records that say so themselves (`interface-type`, `resource-id`) make an interface a gateway.
        learn: bool,
    },
    /// Those of clients' interfaces, for gateways that have no records of their own.
    Clients {
        /// The gateways that `subnets` lead to.
        gateways: Vec<Gateway>,
        /// Every subnet of every VPC that is known, so that an address in two VPCs is seen to be ambiguous.
        subnets: Vec<ClientSubnet>,
    },
}

impl Watch {
    /// The gateways that are known.
    #[must_use]
    pub fn gateways(&self) -> &[Gateway] {
        match self {
            Self::Gateways { known, .. } => known,
            Self::Clients { gateways, .. } => gateways,
        }
    }
}

/// A NAT gateway as its records show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gateway {
    /// What reports call it: `nat-…`, or `eni-…` when no more is known.
    pub nat: String,
    /// Its id, where known.
    pub nat_gateway_id: Option<NatGatewayId>,
    /// Its network interfaces: one for a zonal gateway. A regional one has none: its records carry `resource-id`.
    pub interfaces: Vec<String>,
    /// Every address of its own: primary and secondary private ones, and public ones for a regional gateway.
    pub addresses: Vec<IpAddr>,
    /// Whether it is regional.
    pub regional: bool,
    /// Its Region.
    pub region: Option<RegionName>,
    /// Its VPC.
    pub vpc_id: Option<VpcId>,
    /// Where clients are: the VPC's subnets and blocks, and those of VPCs behind a transit gateway. Empty when not
    /// known: then every private address is a client's.
    pub inside: Vec<Inside>,
}

/// A range of clients' addresses. Where ranges overlap the longest prefix is the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The addresses.
    pub net: IpNet,
    /// Where they are.
    pub place: Place,
}

/// A subnet whose clients' own records are counted; once for each address family that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSubnet {
    /// Its addresses.
    pub net: IpNet,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its id.
    pub subnet_id: SubnetId,
    /// Its routes, the longest prefix deciding; a number leads to that one of the gateways, none anywhere else.
    pub routes: Vec<(IpNet, Option<usize>)>,
}
