//! Gateways and endpoints one by one: billed and computed, and those that only one of the two knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use super::compare::{Billed, Compared, Computed, Setting};
use super::{Usage, is_computed, usage_of};
use crate::bill::LineKey;
use crate::cost::Charge;
use crate::model::{AccountId, RegionName};
use crate::pricing::Product;
use crate::report::Report;

/// A usage type of a gateway or endpoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResourceRow {
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The gateway or endpoint. A gateway's addresses are its own; on the bill these are lines of theirs.
    pub resource: String,
    /// The usage type.
    pub usage_type: String,
    /// What is counted.
    pub unit: &'static str,
    /// Billed and computed.
    #[serde(flatten)]
    pub compared: Compared,
}

/// What a row is of.
type Key = (AccountId, Usage, String);

/// Every charge of a report: of which account, Region and resource, and what else the bill may call that.
pub(super) fn charges(report: &Report) -> impl Iterator<Item = (&AccountId, &[String], &RegionName, &str, &Charge)> {
    let gateways = report.nat_gateways.iter().flat_map(|row| {
        let id = row.nat_gateway_id.as_str();
        row.charges.iter().map(move |charge| (&row.account_id, &*row.address_ids, &row.region, id, charge))
    });
    let endpoints = report.endpoints.iter().flat_map(|row| {
        let id = row.vpc_endpoint_id.as_str();
        row.charges.iter().map(move |charge| (&row.account_id, &[][..], &row.region, id, charge))
    });
    gateways.chain(endpoints)
}

/// The rows; none where the bill does not tell resources apart.
pub(super) fn resources(
    setting: &Setting<'_>,
    report: &Report,
    is_scanned: impl Fn(&LineKey) -> bool,
) -> Vec<ResourceRow> {
    if !setting.bill.has_resources() {
        return Vec::new();
    }
    let mut computed = BTreeMap::<Key, (&'static str, Computed)>::new();
    let mut owners = HashMap::<(&AccountId, &str), &str>::new();
    for (account_id, addresses, region, id, charge) in charges(report) {
        let key = (account_id.clone(), (region.clone(), charge.usage_type.clone()), id.to_owned());
        computed.entry(key).or_insert((charge.unit, Computed::default())).1.add(id, charge);
        owners.extend(addresses.iter().map(|address| ((account_id, address.as_str()), id)));
    }
    let mut billed = BTreeMap::<Key, (&'static str, Billed)>::new();
    for (key, amounts) in setting.bill.lines.iter().filter(|(key, _)| is_computed(key.product) && is_scanned(key)) {
        let Some((resource, usage)) = key.resource.as_deref().zip(usage_of(key)) else { continue };
        // Addresses of anything else are none of ours.
        let owner = match key.product {
            Product::PublicIpv4Hour => match owners.get(&(&key.account_id, resource)) {
                Some(owner) => *owner,
                None => continue,
            },
            _ => resource,
        };
        let at = billed.entry((key.account_id.clone(), usage, owner.to_owned()));
        at.or_insert((key.product.unit(), Billed::default())).1.add(key.class, amounts);
    }
    billed.retain(|_, (_, billed)| billed.usage.lines > 0);
    computed.retain(|key, (_, of)| billed.contains_key(key) || !of.quantity.is_zero() || !of.unknown.is_empty());
    let all: BTreeSet<&Key> = billed.keys().chain(computed.keys()).collect();
    let row = |key: &Key| {
        let (of_bill, of_scan) = (billed.get(key), computed.get(key));
        let unit = of_bill.map(|(unit, _)| *unit).or(of_scan.map(|(unit, _)| *unit))?;
        let (account_id, (region, usage_type), resource) = key.clone();
        let compared = setting.compare(of_bill.map(|(_, billed)| billed), of_scan.map(|(_, computed)| computed), None);
        Some(ResourceRow { account_id, region, resource, usage_type, unit, compared })
    };
    all.into_iter().filter_map(row).collect()
}
