//! What a complete and correct scan must find, straight from the generator.

use serde_json::{Map, Value, json};

use super::ec2;
use super::network::{Kind, Network};
use super::organisation::{Organisation, Place, region_name};
use super::traffic::{Flow, HOUR};

/// Whole hours, in seconds since the epoch, the end exclusive.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub start: i64,
    pub end: i64,
}

impl Window {
    fn hours(self) -> impl Iterator<Item = i64> {
        (self.start / HOUR..self.end / HOUR).map(|hour| hour * HOUR)
    }
}

/// Accounts, their Regions, and what is in each: ids of NAT gateways and endpoints with the bytes in a window, where one
/// is given; null for what published nothing.
pub fn report(organisation: &Organisation, window: Option<Window>) -> Value {
    let accounts = organisation.listed().map(|account| {
        let active = organisation.is_active(account);
        let regions: Map<String, Value> = organisation
            .enabled(account)
            .filter(|_| active)
            .map(|region| (region_name(region).to_owned(), part(organisation, Place { account, region }, window)))
            .collect();
        let facts = json!({
            "name": Organisation::account_name(account),
            "status": if active { "ACTIVE" } else { "SUSPENDED" },
            "parent": Organisation::parent(account),
            "regions": regions,
        });
        (Organisation::account_id(account), facts)
    });
    json!({ "management_account": Organisation::account_id(0), "accounts": accounts.collect::<Map<_, _>>() })
}

fn part(organisation: &Organisation, place: Place, window: Option<Window>) -> Value {
    let network = Network::of(organisation, place);
    let sum = |flow, gateway: &super::network::Gateway| {
        window.map(|window| window.hours().map(|hour| gateway.in_hour(flow, hour)).sum::<u64>())
    };
    let gateways = network.gateways.iter().map(|gateway| {
        let (up, down) = (sum(Flow::Upload, gateway), sum(Flow::Download, gateway));
        let processed = up.zip(down).map(|(up, down)| up + down);
        (gateway.id.clone(), json!({ "upload": up, "download": down, "processed": processed }))
    });
    let endpoints = network.endpoints.iter().map(|endpoint| {
        let metered = matches!(endpoint.kind, Kind::Interface { .. });
        let bytes = window.filter(|_| metered && !endpoint.idle);
        let bytes = bytes.map(|window| window.hours().filter_map(|hour| endpoint.in_hour(hour)).sum::<u64>());
        (
            endpoint.id.clone(),
            json!({
                "type": if metered { "Interface" } else { "Gateway" },
                "service": endpoint.service,
                "bytes": bytes,
            }),
        )
    });
    let behind = network.attachments.iter().filter(|it| it.owner == place.account).map(|it| it.vpc.as_str());
    json!({
        "nat_gateways": gateways.collect::<Map<_, _>>(),
        "vpc_endpoints": endpoints.collect::<Map<_, _>>(),
        "vpcs": network.vpcs.iter().filter(|it| it.owner == place.account).map(|it| it.id.as_str()).collect::<Vec<_>>(),
        "shared_vpcs":
            network.vpcs.iter().filter(|it| it.owner != place.account).map(|it| it.id.as_str()).collect::<Vec<_>>(),
        "vpcs_at_transit_gateway": behind.collect::<Vec<_>>(),
        "items": ec2::counts(organisation, place).into_iter().map(|(name, count)| (name.to_owned(), count.into()))
            .collect::<Map<String, Value>>(),
    })
}
