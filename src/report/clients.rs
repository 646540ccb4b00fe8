//! Whose bytes pass through a gateway: by the subnet of its clients.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::row::name;
use crate::attribution::Measured;
use crate::finding::Basis;
use crate::model::{AccountId, Bytes, SubnetId, VpcId};
use crate::topology::Topology;
use crate::traffic::Place;

/// A part of a gateway's bytes: those of the clients in one subnet. All of them null is clients outside the known ones.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientsRow {
    /// The account that the VPC belongs to; null where not known.
    #[schemars(with = "Option<String>")]
    pub account_id: Option<AccountId>,
    /// Their VPC; null where not known.
    #[schemars(with = "Option<String>")]
    pub vpc_id: Option<VpcId>,
    /// Their subnet; null where only the VPC is known.
    #[schemars(with = "Option<String>")]
    pub subnet_id: Option<SubnetId>,
    /// The subnet's `Name` tag.
    pub subnet_name: Option<String>,
    /// The subnet's zone; null where not known.
    pub availability_zone: Option<String>,
    /// The same by its id, which, other than its name, is that of one zone in every account.
    pub availability_zone_id: Option<String>,
    /// How many in the window: the logs' share of CloudWatch's total, or the logged bytes where that is unknown.
    pub bytes: Bytes,
    /// How many the flow logs show.
    pub logged_bytes: Bytes,
    /// How that is known: `measured`; `measured (sampled)` where only some hours were read, of which this is the estimate
    /// for all; `measured (partial)` where the logs saw less than 80% of the bytes.
    pub basis: Basis,
}

/// A gateway's bytes by its clients' subnets, the most first.
pub(super) fn clients(measured: &Measured<'_>, topology: &Topology<'_>) -> Vec<ClientsRow> {
    let clients = measured.clients();
    // Where other records tell clients than tell services, the logs may have one kind and lack the other.
    let logged = clients.iter().fold(0_u64, |sum, (_, logged, _)| sum.saturating_add(*logged));
    let basis = measured.basis(measured.covers(logged));
    let row = |(place, logged_bytes, bytes): (Option<&Place>, Bytes, Bytes)| {
        let vpc = place.and_then(|place| topology.vpc(&place.vpc_id));
        let subnet_id = place.and_then(|place| place.subnet_id.as_ref());
        let subnet = vpc.zip(subnet_id).and_then(|((_, view), id)| {
            view.subnets.iter().map(|view| view.subnet).find(|subnet| subnet.subnet_id == *id)
        });
        ClientsRow {
            account_id: vpc.map(|(part, view)| view.shared_by.unwrap_or(&part.scan.account_id).clone()),
            vpc_id: place.map(|place| place.vpc_id.clone()),
            subnet_id: subnet_id.cloned(),
            subnet_name: subnet.and_then(|subnet| name(&subnet.tags)),
            availability_zone: subnet.map(|subnet| subnet.availability_zone.clone()),
            availability_zone_id: subnet.and_then(|subnet| subnet.availability_zone_id.clone()),
            bytes,
            logged_bytes,
            basis,
        }
    };
    let mut rows: Vec<_> = clients.into_iter().map(row).collect();
    // They come in the order of their ids, which decides between equals.
    rows.sort_by_key(|row| Reverse((row.bytes, row.logged_bytes)));
    rows
}

#[cfg(test)]
mod tests;
