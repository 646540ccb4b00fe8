//! The maps of VPCs: those with findings first, the dearest ones of them first.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::text::{service, short};
use crate::output::clip;
use crate::report::{Report, VpcRow};

/// Maps in a page; a report of more VPCs says how many it leaves out.
const DRAWN: usize = 300;

/// Maps to choose from.
#[derive(Serialize)]
pub(super) struct Maps {
    pub(super) vpcs: Vec<Map>,
    pub(super) left_out: usize,
}

/// One VPC. Ids are what arrows go by, labels what is shown.
#[derive(Serialize)]
pub(super) struct Map {
    id: String,
    pub(super) label: String,
    /// How many findings are about it.
    pub(super) findings: usize,
    pub(super) subnets: Vec<SubnetNode>,
    tables: Vec<TableNode>,
    gateways: Vec<Node>,
    missing: Vec<Missing>,
}

/// A box.
#[derive(Serialize)]
pub(super) struct Node {
    id: String,
    label: String,
    kind: &'static str,
    /// What is behind it.
    leads_to: Option<String>,
    /// Tables that lead to it without a route that the report lists: a gateway endpoint's associations.
    tables: Vec<String>,
    found: bool,
}

#[derive(Serialize)]
pub(super) struct SubnetNode {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) zone: String,
    pub(super) cidr: String,
    pub(super) table: Option<String>,
    found: bool,
}

#[derive(Serialize)]
struct TableNode {
    id: String,
    label: String,
    main: bool,
    /// Targets, and whether they are gone.
    targets: Vec<(String, bool)>,
    found: bool,
}

/// A way that a finding misses.
#[derive(Serialize)]
struct Missing {
    from: String,
    /// The endpoint it should lead to; a new one where there is none.
    to: Option<String>,
    service: String,
    finding: usize,
}

/// Every map that is drawn.
pub(super) fn maps(report: &Report) -> Maps {
    let mut findings = BTreeMap::<_, Vec<usize>>::new();
    for (index, finding) in report.findings.iter().enumerate() {
        findings.entry((&finding.account_id, &finding.region, &finding.vpc_id)).or_default().push(index);
    }
    let mut order: Vec<_> = report
        .vpcs
        .iter()
        .filter(|vpc| !vpc.subnets.is_empty() || !vpc.route_tables.is_empty())
        .map(|vpc| {
            let of_vpc = findings.get(&(&vpc.account_id, &vpc.region, &vpc.vpc_id)).map_or(&[][..], Vec::as_slice);
            // Findings come dearest first, so the VPC of the first one is the dearest.
            (of_vpc.first().copied().unwrap_or(usize::MAX), vpc, of_vpc)
        })
        .collect();
    order.sort_by_key(|(first, vpc, _)| (*first, vpc.nat_gateways.is_empty()));
    let left_out = order.len().saturating_sub(DRAWN);
    let map = |(_, vpc, of_vpc): &(usize, &VpcRow, &[usize])| {
        let resources = of_vpc.iter().filter_map(|index| report.findings.get(*index)).flat_map(|f| &f.resources);
        Map::new(vpc, of_vpc.len(), &resources.map(String::as_str).collect())
    };
    Maps { vpcs: order.iter().take(DRAWN).map(map).collect(), left_out }
}

impl Map {
    fn new(vpc: &VpcRow, findings: usize, found: &BTreeSet<&str>) -> Self {
        let region = vpc.region.as_str();
        let id = vpc.vpc_id.as_str();
        let name = |id: &str, name: Option<&String>| name.map_or_else(|| short(id), |name| clip(name, 40));
        let subnets = vpc.subnets.iter().map(|subnet| SubnetNode {
            id: subnet.subnet_id.to_string(),
            label: name(subnet.subnet_id.as_str(), subnet.name.as_ref()),
            zone: short(&subnet.availability_zone),
            cidr: subnet.cidr_block.clone().unwrap_or_default(),
            table: subnet.route_table_id.as_ref().map(ToString::to_string),
            found: found.contains(subnet.subnet_id.as_str()),
        });
        let tables = vpc.route_tables.iter().map(|table| {
            let targets: BTreeSet<_> =
                table.routes.iter().filter_map(|route| Some((route.target.clone()?, route.blackhole))).collect();
            TableNode {
                id: table.route_table_id.to_string(),
                label: name(table.route_table_id.as_str(), table.name.as_ref()),
                main: table.main,
                targets: targets.into_iter().collect(),
                found: found.contains(table.route_table_id.as_str()),
            }
        });
        let missing = vpc.missing.iter().map(|way| Missing {
            from: way.from.clone(),
            to: way.to.clone(),
            service: way.service.as_ref().map(|service| short(service.as_str())).unwrap_or_default(),
            finding: way.finding + 1,
        });
        Self {
            id: id.to_owned(),
            label: format!(
                "{} · {}",
                vpc.name.as_deref().map_or_else(|| short(id), |name| format!("{} ({})", clip(name, 40), short(id))),
                short(region)
            ),
            findings,
            subnets: subnets.collect(),
            tables: tables.collect(),
            gateways: gateways(vpc, found),
            missing: missing.collect(),
        }
    }
}

/// NAT gateways, endpoints, and whatever else routes lead to.
fn gateways(vpc: &VpcRow, found: &BTreeSet<&str>) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for nat in &vpc.nat_gateways {
        let id = nat.nat_gateway_id.as_str();
        let zone = nat.availability_zone.as_deref().map(|zone| zone.strip_prefix(vpc.region.as_str()).unwrap_or(zone));
        nodes.push(Node {
            label: format!("NAT {} · {}", short(id), zone.map_or_else(|| "regional".to_owned(), short)),
            leads_to: Some("Internet".to_owned()),
            kind: "nat",
            found: found.contains(id),
            id: id.to_owned(),
            tables: Vec::new(),
        });
    }
    for endpoint in &vpc.endpoints {
        let id = endpoint.vpc_endpoint_id.as_str();
        let name = service(&endpoint.service_name, vpc.region.as_str());
        nodes.push(Node {
            label: format!("{name} {} endpoint", endpoint.endpoint_type.to_lowercase()),
            leads_to: Some(behind(&endpoint.service_name, &name)),
            kind: if endpoint.endpoint_type == "Gateway" { "gateway-endpoint" } else { "endpoint" },
            found: found.contains(id),
            id: id.to_owned(),
            tables: endpoint.route_table_ids.iter().map(ToString::to_string).collect(),
        });
    }
    let known: BTreeSet<_> = nodes.iter().map(|node| node.id.clone()).collect();
    let targets = vpc.route_tables.iter().flat_map(|table| &table.routes).filter_map(|route| route.target.as_ref());
    for id in targets.filter(|id| !known.contains(*id)).collect::<BTreeSet<_>>() {
        let (kind, what, leads_to) = other(id);
        nodes.push(Node {
            label: format!("{what} {}", short(id)),
            leads_to: Some(leads_to.to_owned()),
            kind,
            found: found.contains(id.as_str()),
            id: id.clone(),
            tables: Vec::new(),
        });
    }
    nodes
}

/// What is behind an endpoint: S3 and DynamoDB by their names, the other services together.
fn behind(service_name: &str, name: &str) -> String {
    match name {
        "s3" | "dynamodb" => name.to_owned(),
        _ if service_name.contains(".vpce.") => "Services of others".to_owned(),
        _ => "AWS services".to_owned(),
    }
}

/// What an id that routes lead to is, and what is behind it.
fn other(id: &str) -> (&'static str, &'static str, &'static str) {
    match id.split('-').next() {
        Some("igw") => ("other", "Internet gateway", "Internet"),
        Some("eigw") => ("other", "Egress-only gateway", "Internet"),
        Some("tgw") => ("other", "Transit gateway", "Other networks"),
        Some("pcx") => ("other", "Peering", "Other networks"),
        Some("vgw") => ("other", "VPN gateway", "Other networks"),
        Some("nat") => ("nat", "NAT of elsewhere", "Internet"),
        Some("vpce") => ("endpoint", "Endpoint", "Other networks"),
        _ => ("other", "Other", "Other networks"),
    }
}
