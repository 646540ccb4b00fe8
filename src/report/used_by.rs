//! Whose traffic a NAT gateway carries besides that of its own VPC's account: VPCs behind a transit gateway, and accounts
//! that the VPC is shared with.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{AccountId, NatGatewayId, RouteTable, TransitGatewayId, VpcId};
use crate::topology::{Egress, Gateways, Part, Topology, VpcView};

/// A VPC that sends traffic to a NAT gateway from elsewhere.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Serialize, JsonSchema)]
pub struct UserRow {
    /// The account whose traffic it is.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The VPC: the gateway's own, where its subnets are shared with that account.
    #[schemars(with = "String")]
    pub vpc_id: VpcId,
    /// The VPC's `Name` tag.
    pub vpc_name: Option<String>,
    /// The transit gateway on the way; null where there is none.
    #[schemars(with = "Option<String>")]
    pub transit_gateway_id: Option<TransitGatewayId>,
    /// Whether route tables show it; else it is concluded, as nothing else that is attached leads to NAT gateways.
    pub certain: bool,
}

/// The users of each gateway, by account and VPC.
pub(super) fn users<'a>(topology: &Topology<'a>) -> HashMap<&'a NatGatewayId, BTreeSet<UserRow>> {
    let mut users = HashMap::<_, BTreeSet<_>>::new();
    for part in &topology.parts {
        for view in &part.vpcs {
            for (owner, table) in tables(topology, part, view) {
                let egress = topology.default_egress(owner, table);
                for (id, user) in ways(part, view, &egress) {
                    users.entry(id).or_default().insert(user);
                }
            }
        }
    }
    users
}

/// The route tables of a VPC's clients, or of the subnets that are shared with this account, as their owner sees them
/// where that was scanned.
fn tables<'t, 'a>(
    topology: &'t Topology<'a>,
    part: &'t Part<'a>,
    view: &'t VpcView<'a>,
) -> Vec<(&'t Part<'a>, &'a RouteTable)> {
    if view.shared_by.is_none() {
        return view.route_tables.iter().filter(|table| topology.has_clients(table)).map(|t| (part, t.table)).collect();
    }
    let (owner, whole) = topology.vpc(view.vpc_id).unwrap_or((part, view));
    let shared: BTreeSet<_> = view.subnets.iter().map(|view| &view.subnet.subnet_id).collect();
    let of_shared = whole.subnets.iter().filter(|view| shared.contains(&view.subnet.subnet_id));
    of_shared.filter_map(|view| Some((owner, view.route_table?))).collect()
}

/// Which gateways a table leads to from elsewhere.
fn ways<'a>(part: &Part<'a>, view: &VpcView<'a>, egress: &Egress<'a>) -> Vec<(&'a NatGatewayId, UserRow)> {
    let user = |transit_gateway_id, certain| UserRow {
        account_id: part.scan.account_id.clone(),
        vpc_id: view.vpc_id.clone(),
        vpc_name: view.name().map(str::to_owned),
        transit_gateway_id,
        certain,
    };
    // What a VPC's own account sends to the VPC's own gateway is no one else's.
    let own = egress.own.iter().filter(|_| view.shared_by.is_some());
    let mut ways: Vec<_> = own.map(|id| (*id, user(None, true))).collect();
    for (transit_gateway, gateways) in &egress.behind {
        let certain = matches!(gateways, Gateways::Known { .. });
        for id in gateways.nat_gateways().into_iter().flatten() {
            ways.push((*id, user(Some((*transit_gateway).clone()), certain)));
        }
    }
    ways
}

#[cfg(test)]
mod tests;
