//! The report's lines: gateways, endpoints, findings.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::clients::{self, ClientsRow};
use super::flow_logs::{self, Coverage, TrafficRow};
use super::over_time::{HourlyTraffic, daily, hourly};
use super::used_by::{UserRow, users};
use crate::audit::{Context, Verdict};
use crate::cost::{Charge, EndpointCost, NatGatewayCost};
use crate::finding::{Basis, Evidence, Finding, Money, Remedy};
use crate::model::{
    AccountId, Bytes, EndpointType, Hours, NatGateway, NatGatewayId, RegionName, Series, Service, Tags, Usd,
    VpcEndpointId, VpcId, Window,
};

/// A NAT gateway.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NatGatewayRow {
    /// The account that pays.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The VPC; null when only its metrics still tell of it.
    #[schemars(with = "Option<String>")]
    pub vpc_id: Option<VpcId>,
    /// Its id.
    #[schemars(with = "String")]
    pub nat_gateway_id: NatGatewayId,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Its state.
    pub state: String,
    /// `zonal` or `regional`.
    pub availability_mode: String,
    /// `public` or `private`; null when only its metrics still tell of it.
    pub connectivity_type: Option<String>,
    /// The zones it is billed in.
    pub availability_zones: Vec<String>,
    /// The billed hours of its life inside the window; null when unknown. A regional gateway is billed these in each
    /// zone it was active in: see `charges`.
    pub hours: Option<Hours>,
    /// What its metrics say; null when they do not say what it processed.
    pub bytes: Option<NatBytesRow>,
    /// What the window cost.
    pub window_usd: NatGatewayUsd,
    /// That, scaled to 730 hours from the hours it existed; null when a part is unknown.
    pub monthly_usd: Option<Usd>,
    /// The known part of it, which is what `totals.monthly_usd.current` sums up.
    pub monthly_known_usd: Usd,
    /// Whether it was deleted in the window and does not cost anything any more.
    #[serde(skip)]
    pub ended: bool,
    /// Route tables with a route to it.
    pub route_table_ids: Vec<String>,
    /// Subnets that those route for.
    pub subnet_ids: Vec<String>,
    /// Whose traffic it carries besides that of its own VPC's account: VPCs behind transit gateways, and accounts that
    /// the VPC is shared with.
    pub used_by: Vec<UserRow>,
    /// What it processed on each UTC day of the window; null for a day without any datapoint.
    #[schemars(with = "BTreeMap<String, Option<Bytes>>")]
    pub daily_bytes: BTreeMap<Date, Option<Bytes>>,
    /// The same for each hour, for pictures; the snapshot has it in full.
    #[serde(skip)]
    pub hourly_bytes: Series,
    /// Its bytes by service, scaled to `bytes.processed`, the most first; empty when not attributed.
    pub traffic: Vec<TrafficRow>,
    /// Its bytes by the subnet of its clients, scaled to `bytes.processed`, the most first; empty when not attributed.
    pub clients: Vec<ClientsRow>,
    /// The logged bytes of `traffic` by service and hour, for pictures; empty when not attributed.
    #[serde(skip)]
    pub hourly_traffic: HourlyTraffic,
    /// What the flow logs saw of it; null when they have no record of it.
    pub coverage: Option<Coverage>,
    /// The cost line by line.
    pub charges: Vec<Charge>,
    /// What a bill may call its addresses: their interfaces, allocations, and they themselves.
    #[serde(skip)]
    pub address_ids: Vec<String>,
}

impl NatGatewayRow {
    /// Dearest first.
    pub(super) fn order(a: &Self, b: &Self) -> Ordering {
        fn key(row: &NatGatewayRow) -> impl Ord + '_ {
            (Reverse(row.monthly_known_usd), &row.account_id, &row.region, &row.nat_gateway_id)
        }
        key(a).cmp(&key(b))
    }

    /// What it is other than zonal, public and available.
    pub(crate) fn unusual(&self) -> Vec<&str> {
        let mut unusual = Vec::new();
        if self.availability_mode != "zonal" {
            unusual.push(self.availability_mode.as_str());
        }
        if self.connectivity_type.as_deref() == Some("private") {
            unusual.push("private");
        }
        if self.state != "available" {
            unusual.push(self.state.as_str());
        }
        unusual
    }
}

/// A NAT gateway's bytes in the window, by metric.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NatBytesRow {
    /// `BytesInFromSource`: uploads entering.
    pub in_from_source: Option<Bytes>,
    /// `BytesInFromDestination`: downloads entering.
    pub in_from_destination: Option<Bytes>,
    /// `BytesOutToDestination`: uploads leaving.
    pub out_to_destination: Option<Bytes>,
    /// `BytesOutToSource`: downloads leaving.
    pub out_to_source: Option<Bytes>,
    /// What is billed: `in_from_source` + `in_from_destination`.
    pub processed: Bytes,
}

/// What a NAT gateway cost in the window; null where unknown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NatGatewayUsd {
    /// Its hours.
    pub hours: Option<Usd>,
    /// Its bytes.
    pub data: Option<Usd>,
    /// Its public addresses.
    pub addresses: Option<Usd>,
    /// All of it.
    pub total: Option<Usd>,
}

/// A VPC endpoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EndpointRow {
    /// The account that pays.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The VPC.
    #[schemars(with = "String")]
    pub vpc_id: VpcId,
    /// Its id.
    #[schemars(with = "String")]
    pub vpc_endpoint_id: VpcEndpointId,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// `Interface`, `Gateway`, `GatewayLoadBalancer` …
    #[serde(rename = "type")]
    pub endpoint_type: String,
    /// Its service.
    pub service_name: String,
    /// Its state.
    pub state: String,
    /// The zones it is billed in.
    pub availability_zones: Vec<String>,
    /// The billed hours of its life inside the window, in each of its zones; null when unknown.
    pub hours: Option<Hours>,
    /// Both directions; null when unknown, as it always is for gateway endpoints.
    pub bytes: Option<Bytes>,
    /// What the window cost.
    pub window_usd: EndpointUsd,
    /// That, scaled to 730 hours from the hours it existed; null when a part is unknown.
    pub monthly_usd: Option<Usd>,
    /// The known part of it, which is what `totals.monthly_usd.current` sums up.
    pub monthly_known_usd: Usd,
    /// Keep or drop.
    pub verdict: Verdict,
    /// The cost line by line.
    pub charges: Vec<Charge>,
}

impl EndpointRow {
    /// Dearest first. What may cost something comes before what is known to cost nothing.
    pub(super) fn order(a: &Self, b: &Self) -> Ordering {
        fn key(row: &EndpointRow) -> impl Ord + '_ {
            let known = (Reverse(row.monthly_known_usd), row.window_usd.total.is_some());
            (known, &row.account_id, &row.region, &row.vpc_endpoint_id)
        }
        key(a).cmp(&key(b))
    }
}

/// What an endpoint cost in the window; null where unknown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EndpointUsd {
    /// Its hours.
    pub hours: Option<Usd>,
    /// Its bytes.
    pub data: Option<Usd>,
    /// All of it.
    pub total: Option<Usd>,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingRow {
    /// The rule's id.
    pub rule: &'static str,
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The VPC.
    #[schemars(with = "String")]
    pub vpc_id: VpcId,
    /// The VPC's `Name` tag.
    pub vpc_name: Option<String>,
    /// The service it is about.
    pub service: Option<Service>,
    /// The resources to look at.
    pub resources: Vec<String>,
    /// One line.
    pub title: String,
    /// What was seen, and how the figures come about.
    pub detail: String,
    /// How far the figures can be trusted.
    pub basis: Basis,
    /// A month's money.
    pub monthly_usd: MonthlyUsd,
    /// Quantity × rate, line by line.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remedy: Remedy,
}

/// A finding's money a month; all null when there is none, or it is unknown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MonthlyUsd {
    /// What it is about costs now.
    pub current: Option<Usd>,
    /// The least that the remedy saves.
    pub saving_low: Option<Usd>,
    /// The most that it can save.
    pub saving_high: Option<Usd>,
}

impl FindingRow {
    /// A finding with its VPC's name.
    pub(super) fn new(finding: Finding, vpc_name: Option<&str>) -> Self {
        let money = finding.money.as_ref();
        Self {
            rule: finding.rule,
            monthly_usd: MonthlyUsd {
                current: money.map(|money| money.current),
                saving_low: money.map(Money::saving_low),
                saving_high: money.map(Money::saving_high),
            },
            account_id: finding.account_id,
            region: finding.region,
            vpc_id: finding.vpc_id,
            vpc_name: vpc_name.map(str::to_owned),
            service: finding.service,
            resources: finding.resources,
            title: finding.title,
            detail: finding.detail,
            basis: finding.basis,
            evidence: finding.evidence,
            remedy: finding.remedy,
        }
    }
}

/// The state of what only its metrics tell of.
fn unlisted(gone: bool) -> &'static str {
    if gone { "deleted" } else { "unknown" }
}

/// A resource's `Name` tag.
pub(super) fn name(tags: &Tags) -> Option<String> {
    tags.get("Name").filter(|name| !name.is_empty()).cloned()
}

fn address_ids(gateway: &NatGateway) -> Vec<String> {
    let ids = gateway.addresses.iter().flat_map(|a| [&a.network_interface_id, &a.allocation_id, &a.public_ip]);
    ids.flatten().cloned().collect()
}

/// Every gateway.
pub(super) fn nat_gateways(context: &Context<'_>, window: Window) -> Vec<NatGatewayRow> {
    let (topology, costs) = (context.topology, context.costs);
    let mut routes = HashMap::<&NatGatewayId, (BTreeSet<&str>, BTreeSet<&str>)>::new();
    for table in topology.parts.iter().flat_map(|part| &part.vpcs).flat_map(|view| &view.route_tables) {
        for id in table.table.routes.iter().filter_map(|route| route.nat_gateway_id.as_ref()) {
            let (tables, subnets) = routes.entry(id).or_default();
            tables.insert(table.id().as_str());
            subnets.extend(table.subnets.iter().map(|subnet| subnet.subnet_id.as_str()));
        }
    }
    let elsewhere = users(topology);
    let row = |cost: &NatGatewayCost<'_>| {
        let (tables, subnets) = routes.get(cost.id).cloned().unwrap_or_default();
        let owned = |ids: BTreeSet<&str>| ids.into_iter().map(str::to_owned).collect();
        let hourly_bytes = hourly(cost, window);
        let measured = context.attribution.of(cost.id);
        NatGatewayRow {
            account_id: cost.account_id.clone(),
            region: cost.region.clone(),
            vpc_id: cost.gateway.map(|gateway| gateway.vpc_id.clone()),
            nat_gateway_id: cost.id.clone(),
            name: cost.gateway.and_then(|gateway| name(&gateway.tags)),
            state: cost.gateway.map_or(unlisted(cost.gone), |gateway| gateway.state.as_str()).to_owned(),
            availability_mode: if cost.regional { "regional" } else { "zonal" }.to_owned(),
            connectivity_type: cost.gateway.map(|gateway| gateway.connectivity_type.to_string()),
            availability_zones: cost.zone_hours.keys().map(|zone| (*zone).to_owned()).collect(),
            hours: cost.hours,
            bytes: cost.bytes.processed().map(|processed| NatBytesRow {
                in_from_source: cost.bytes.in_from_source,
                in_from_destination: cost.bytes.in_from_destination,
                out_to_destination: cost.bytes.out_to_destination,
                out_to_source: cost.bytes.out_to_source,
                processed,
            }),
            window_usd: NatGatewayUsd {
                hours: cost.hours_usd.as_ref().ok().copied(),
                data: cost.data_usd.as_ref().ok().copied(),
                addresses: cost.addresses_usd.as_ref().ok().copied(),
                total: cost.window_usd(),
            },
            monthly_usd: cost.monthly_usd(),
            monthly_known_usd: cost.monthly_known_usd(),
            ended: cost.gone,
            route_table_ids: owned(tables),
            subnet_ids: owned(subnets),
            used_by: elsewhere.get(cost.id).into_iter().flatten().cloned().collect(),
            daily_bytes: daily(&hourly_bytes, window),
            hourly_bytes: hourly_bytes.into_iter().collect(),
            traffic: measured.map(flow_logs::traffic).unwrap_or_default(),
            clients: measured.map(|measured| clients::clients(measured, topology)).unwrap_or_default(),
            hourly_traffic: measured.map(|measured| HourlyTraffic::new(measured.traffic, window)).unwrap_or_default(),
            coverage: measured.map(Coverage::new),
            charges: cost.charges.clone(),
            address_ids: cost.gateway.map(address_ids).unwrap_or_default(),
        }
    };
    costs.nat_gateways.iter().map(row).collect()
}

/// Every endpoint.
pub(super) fn endpoints(context: &Context<'_>) -> Vec<EndpointRow> {
    let parts: HashMap<_, _> =
        context.topology.parts.iter().map(|part| ((&part.scan.account_id, &part.scan.region), part)).collect();
    let row = |cost: &EndpointCost<'_>| {
        let part = parts.get(&(cost.account_id, cost.region))?;
        let mut zones: Vec<_> = cost.zones.iter().map(|zone| (*zone).to_owned()).collect();
        zones.sort();
        let hours_usd = cost.hours_usd.as_ref().ok().copied();
        let data_usd = cost.data_usd.as_ref().ok().copied();
        Some(EndpointRow {
            account_id: cost.account_id.clone(),
            region: cost.region.clone(),
            vpc_id: cost.vpc_id.clone(),
            vpc_endpoint_id: cost.id.clone(),
            name: cost.endpoint.and_then(|endpoint| name(&endpoint.tags)),
            endpoint_type: cost.endpoint_type.to_string(),
            service_name: cost.service_name.to_owned(),
            state: cost.endpoint.map_or(unlisted(cost.gone), |endpoint| endpoint.state.as_str()).to_owned(),
            availability_zones: zones,
            hours: cost.hours,
            bytes: cost.bytes.filter(|_| cost.endpoint_type != EndpointType::Gateway),
            window_usd: EndpointUsd { hours: hours_usd, data: data_usd, total: cost.window_usd() },
            monthly_usd: cost.monthly_usd(),
            monthly_known_usd: cost.monthly_known_usd(),
            verdict: context.verdict(part, cost),
            charges: cost.charges.clone(),
        })
    };
    context.costs.endpoints.iter().filter_map(row).collect()
}
