//! The map of each VPC: what is in it, where its route tables lead, and which arrows findings say are missing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::FindingRow;
use crate::finding::RemedyKind;
use crate::model::{
    AccountId, NatGateway, NatGatewayId, RegionName, Route, RouteState, RouteTableId, Service, SubnetId, VpcEndpoint,
    VpcEndpointId, VpcId,
};
use crate::topology::{Part, SubnetView, TableView, Topology, VpcView};

/// A VPC and what leads where in it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VpcRow {
    /// The account that sees it.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// Its id.
    #[schemars(with = "String")]
    pub vpc_id: VpcId,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Its IPv4 and IPv6 blocks, the primary one first.
    pub cidr_blocks: Vec<String>,
    /// The account that owns it, where that is another one.
    #[schemars(with = "Option<String>")]
    pub shared_by: Option<AccountId>,
    /// Its subnets, by zone.
    pub subnets: Vec<SubnetRow>,
    /// Its route tables.
    pub route_tables: Vec<RouteTableRow>,
    /// Its NAT gateways.
    pub nat_gateways: Vec<VpcNatGatewayRow>,
    /// Its endpoints.
    pub endpoints: Vec<VpcEndpointRow>,
    /// Ways that findings say should be there.
    pub missing: Vec<MissingRow>,
}

/// A subnet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetRow {
    /// Its id.
    #[schemars(with = "String")]
    pub subnet_id: SubnetId,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Its zone.
    pub availability_zone: String,
    /// The same by its id, which, other than its name, is that of one zone in every account.
    pub availability_zone_id: Option<String>,
    /// Its IPv4 block; null when it has none.
    pub cidr_block: Option<String>,
    /// The route table it uses, by association or as the main one; null when route tables could not be read.
    #[schemars(with = "Option<String>")]
    pub route_table_id: Option<RouteTableId>,
}

/// A route table.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RouteTableRow {
    /// Its id.
    #[schemars(with = "String")]
    pub route_table_id: RouteTableId,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Whether subnets without an association use it.
    pub main: bool,
    /// Where it leads, but for the VPC itself.
    pub routes: Vec<RouteRow>,
}

/// A route.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RouteRow {
    /// A CIDR block or `pl-…`.
    pub destination: String,
    /// The id of what it leads to; null when AWS names none.
    pub target: Option<String>,
    /// Whether its target is gone, so that it drops what it should carry.
    pub blackhole: bool,
}

/// A NAT gateway's place in its VPC.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VpcNatGatewayRow {
    /// Its id.
    #[schemars(with = "String")]
    pub nat_gateway_id: NatGatewayId,
    /// Its subnet; null for a regional one.
    #[schemars(with = "Option<String>")]
    pub subnet_id: Option<SubnetId>,
    /// The zone of that subnet; null for a regional one, or when subnets could not be read.
    pub availability_zone: Option<String>,
}

/// An endpoint's place in its VPC.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VpcEndpointRow {
    /// Its id.
    #[schemars(with = "String")]
    pub vpc_endpoint_id: VpcEndpointId,
    /// `Interface`, `Gateway` …
    #[serde(rename = "type")]
    pub endpoint_type: String,
    /// Its service.
    pub service_name: String,
    /// Its state.
    pub state: String,
    /// The route tables that lead to it, for a gateway endpoint.
    #[schemars(with = "Vec<String>")]
    pub route_table_ids: Vec<RouteTableId>,
    /// The subnets it has interfaces in, for the other types.
    #[schemars(with = "Vec<String>")]
    pub subnet_ids: Vec<SubnetId>,
}

/// A way that a finding says should be there.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MissingRow {
    /// The route table or subnet that it should start from.
    pub from: String,
    /// The endpoint it should lead to; null when there is none yet.
    pub to: Option<String>,
    /// The service that endpoint is for.
    pub service: Option<Service>,
    /// The finding's place in `findings`, from 0.
    pub finding: usize,
}

/// Every VPC once, as its owner sees it where that account was scanned, in the order of the snapshot; the findings as
/// the report lists them.
pub(super) fn vpcs(topology: &Topology<'_>, findings: &[FindingRow]) -> Vec<VpcRow> {
    let mut missing = BTreeMap::<_, Vec<MissingRow>>::new();
    for (place, finding) in findings.iter().enumerate() {
        let of_vpc = missing.entry((&finding.account_id, &finding.region, &finding.vpc_id)).or_default();
        of_vpc.extend(ways(finding).map(|(from, to)| MissingRow {
            from: from.to_owned(),
            to: to.map(str::to_owned),
            service: finding.service.clone(),
            finding: place,
        }));
    }
    let mut rows = Vec::new();
    for part in &topology.parts {
        for view in part.vpcs.iter().filter(|view| topology.is_told_here(part, view)) {
            let missing = missing.remove(&(&part.scan.account_id, &part.scan.region, view.vpc_id)).unwrap_or_default();
            rows.push(VpcRow { missing, ..VpcRow::new(part, view) });
        }
    }
    rows
}

/// From where to which endpoint, if there is one, a finding wants a way.
fn ways(finding: &FindingRow) -> impl Iterator<Item = (&str, Option<&str>)> {
    let starts = match finding.remedy.kind {
        RemedyKind::CreateGatewayEndpoint | RemedyKind::AssociateRouteTables => "rtb-",
        RemedyKind::CreateInterfaceEndpoint => "subnet-",
        _ => "",
    };
    let of =
        |prefix: &'static str| finding.resources.iter().map(String::as_str).filter(move |id| id.starts_with(prefix));
    let to = of("vpce-").next();
    of(starts).filter(move |_| !starts.is_empty()).map(move |from| (from, to))
}

impl VpcRow {
    fn new(part: &Part<'_>, view: &VpcView<'_>) -> Self {
        let blocks = view.vpc.map(|vpc| {
            let v4 = vpc.cidr_blocks.iter().map(ToString::to_string);
            v4.chain(vpc.ipv6_cidr_blocks.iter().map(ToString::to_string)).collect()
        });
        let mut subnets: Vec<_> = view.subnets.iter().map(SubnetRow::new).collect();
        subnets.sort_by(|a, b| (&a.availability_zone, &a.subnet_id).cmp(&(&b.availability_zone, &b.subnet_id)));
        Self {
            account_id: part.scan.account_id.clone(),
            region: part.scan.region.clone(),
            vpc_id: view.vpc_id.clone(),
            name: view.name().map(str::to_owned),
            cidr_blocks: blocks.unwrap_or_default(),
            shared_by: view.shared_by.cloned(),
            subnets,
            route_tables: view.route_tables.iter().map(RouteTableRow::new).collect(),
            nat_gateways: view.nat_gateways.iter().map(|nat| VpcNatGatewayRow::new(nat, view)).collect(),
            endpoints: view.endpoints.iter().map(|endpoint| VpcEndpointRow::new(endpoint)).collect(),
            missing: Vec::new(),
        }
    }
}

impl SubnetRow {
    fn new(view: &SubnetView<'_>) -> Self {
        Self {
            subnet_id: view.subnet.subnet_id.clone(),
            name: super::row::name(&view.subnet.tags),
            availability_zone: view.subnet.availability_zone.clone(),
            availability_zone_id: view.subnet.availability_zone_id.clone(),
            cidr_block: view.subnet.cidr_block.map(|block| block.to_string()),
            route_table_id: view.route_table.map(|table| table.route_table_id.clone()),
        }
    }
}

impl RouteTableRow {
    fn new(view: &TableView<'_>) -> Self {
        let routes = view.table.routes.iter().filter(|route| route.gateway_id.as_deref() != Some("local"));
        Self {
            route_table_id: view.id().clone(),
            name: super::row::name(&view.table.tags),
            main: view.main,
            routes: routes.map(RouteRow::new).collect(),
        }
    }
}

impl RouteRow {
    fn new(route: &Route) -> Self {
        let list = route.destination_prefix_list_id.as_ref().map(ToString::to_string);
        let nat = route.nat_gateway_id.as_ref().map(ToString::to_string);
        let transit = || route.transit_gateway_id.as_ref().map(ToString::to_string);
        Self {
            destination: route.destination_cidr.map(|cidr| cidr.to_string()).or(list).unwrap_or_default(),
            target: nat.or_else(transit).or_else(|| route.gateway_id.clone()).or_else(|| route.other_target.clone()),
            blackhole: route.state == RouteState::Blackhole,
        }
    }
}

impl VpcNatGatewayRow {
    fn new(nat: &NatGateway, view: &VpcView<'_>) -> Self {
        let subnet = nat.subnet_id.as_ref().and_then(|id| view.subnet(id));
        Self {
            nat_gateway_id: nat.nat_gateway_id.clone(),
            subnet_id: nat.subnet_id.clone(),
            availability_zone: subnet.map(|subnet| subnet.availability_zone.clone()),
        }
    }
}

impl VpcEndpointRow {
    fn new(endpoint: &VpcEndpoint) -> Self {
        Self {
            vpc_endpoint_id: endpoint.vpc_endpoint_id.clone(),
            endpoint_type: endpoint.endpoint_type.to_string(),
            service_name: endpoint.service_name.clone(),
            state: endpoint.state.to_string(),
            route_table_ids: endpoint.route_table_ids.clone(),
            subnet_ids: endpoint.subnet_ids.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Account;

    #[test]
    fn a_map_shows_what_leads_where() {
        let report = Account::sound("us-east-1").report();
        let [vpc] = &report.vpcs[..] else { panic!("{:?}", report.vpcs) };
        let zones: Vec<_> = vpc.subnets.iter().map(|subnet| subnet.availability_zone.as_str()).collect();
        assert_eq!(zones, ["us-east-1a", "us-east-1a", "us-east-1b", "us-east-1b"]);
        let private = vpc.subnets.iter().find(|subnet| subnet.subnet_id.as_str() == "subnet-a").unwrap();
        assert_eq!(private.route_table_id.as_ref().map(|id| id.as_str()), Some("rtb-a"));
        let table = vpc.route_tables.iter().find(|table| table.route_table_id.as_str() == "rtb-a").unwrap();
        let targets: Vec<_> = table.routes.iter().filter_map(|route| route.target.as_deref()).collect();
        assert!(targets.contains(&"nat-a"), "{targets:?}");
        assert_eq!(vpc.nat_gateways[0].availability_zone.as_deref(), Some("us-east-1a"));
        assert_eq!(vpc.endpoints.len(), 2);
        assert!(vpc.missing.is_empty());
    }

    #[test]
    fn what_is_missing_starts_at_the_tables_of_the_finding() {
        let report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
        let missing = &report.vpcs[0].missing;
        let named: Vec<_> =
            missing.iter().map(|way| (way.from.as_str(), way.service.as_ref().unwrap().as_str())).collect();
        assert_eq!(named, [("rtb-1", "dynamodb"), ("rtb-1", "s3")]);
        for way in missing {
            assert_eq!(way.to, None);
            assert_eq!(report.findings[way.finding].rule, "missing-gateway-endpoint");
        }
    }
}
