//! A small account, built so that a test reads as a topology. Everything is in one Region and existed all October.

use natwise::assumption::Assumptions;
use natwise::model::{
    AvailabilityMode, ConnectivityType, EndpointMetrics, EndpointState, EndpointType, Gap, NatGateway,
    NatGatewayAddress, NatGatewayMetrics, NatGatewayState, PrefixList, RegionScan, Route, RouteState, RouteTable,
    RouteTableAssociation, Series, Snapshot, Subnet, Tags, TransitGatewayAttachment, TransitGatewayRoute,
    TransitGatewayRouteTable, Vpc, VpcEndpoint, Window,
};
use natwise::pricing::PriceBook;
use natwise::report::{FindingRow, Report};

pub const GB: u64 = 1 << 30;
const OWNER: &str = "111122223333";

/// One account's view of one Region.
pub struct Account {
    pub scan: RegionScan,
    pub window: Window,
}

pub fn october() -> Window {
    Window::new("2026-10-01T00:00:00Z".parse().unwrap(), "2026-11-01T00:00:00Z".parse().unwrap()).unwrap()
}

/// A month of exactly 730 hours, so that figures are round.
pub fn month() -> Window {
    Window::new("2026-10-01T00:00:00Z".parse().unwrap(), "2026-10-31T10:00:00Z".parse().unwrap()).unwrap()
}

/// Bytes in the first hour: only sums matter here.
pub fn series(bytes: u64) -> Series {
    Series::from_points([(0, bytes)])
}

impl Account {
    /// An account in a Region, seen over a month of 730 hours, with S3's and DynamoDB's prefix lists.
    pub fn new(region: &str) -> Self {
        let mut scan = RegionScan::new(OWNER.into(), region.into());
        for (service, cidr) in [("s3", "52.216.0.0/15"), ("dynamodb", "52.94.0.0/22")] {
            scan.prefix_lists.push(PrefixList {
                prefix_list_id: format!("pl-{service}").as_str().into(),
                name: format!("com.amazonaws.{region}.{service}"),
                cidrs: vec![cidr.parse().unwrap()],
            });
        }
        Self { scan, window: month() }
    }

    pub fn vpc(&mut self, id: &str, cidr: &str) -> &mut Self {
        self.scan.vpcs.push(Vpc {
            vpc_id: id.into(),
            owner_id: Some(OWNER.into()),
            cidr_blocks: vec![cidr.parse().unwrap()],
            ipv6_cidr_blocks: Vec::new(),
            is_default: false,
            tags: Tags::new(),
        });
        self
    }

    fn last_vpc(&self) -> &Vpc {
        self.scan.vpcs.last().unwrap()
    }

    /// A subnet of the last VPC; without a table of its own it uses the main one.
    pub fn subnet(&mut self, id: &str, zone: &str) -> &mut Self {
        let vpc_id = self.last_vpc().vpc_id.clone();
        let count = self.scan.subnets.iter().filter(|subnet| subnet.vpc_id == vpc_id).count();
        let octets = self.last_vpc().cidr_blocks[0].network().octets();
        self.scan.subnets.push(Subnet {
            subnet_id: id.into(),
            vpc_id,
            owner_id: Some(OWNER.into()),
            availability_zone: format!("{}{zone}", self.scan.region),
            availability_zone_id: None,
            cidr_block: Some(format!("{}.{}.{count}.0/24", octets[0], octets[1]).parse().unwrap()),
            enable_dns64: false,
            tags: Tags::new(),
        });
        self
    }

    /// A table of the last VPC for some subnets; for `main` it is the VPC's main table.
    pub fn table(&mut self, id: &str, users: &[&str]) -> &mut Self {
        let association = |user: &&str| RouteTableAssociation {
            main: *user == "main",
            subnet_id: (*user != "main").then(|| (*user).into()),
            gateway_id: None,
        };
        self.scan.route_tables.push(RouteTable {
            route_table_id: id.into(),
            vpc_id: self.last_vpc().vpc_id.clone(),
            owner_id: Some(OWNER.into()),
            routes: Vec::new(),
            associations: users.iter().map(association).collect(),
            tags: Tags::new(),
        });
        self
    }

    /// A route of the last table: to a CIDR or prefix list, over whatever the target's id says it is.
    pub fn route(&mut self, destination: &str, target: &str) -> &mut Self {
        let mut route = Route { state: RouteState::Active, ..Route::default() };
        if destination.starts_with("pl-") {
            route.destination_prefix_list_id = Some(destination.into());
        } else {
            route.destination_cidr = Some(destination.parse().unwrap());
        }
        match target.split('-').next() {
            Some("nat") => route.nat_gateway_id = Some(target.into()),
            Some("tgw") => route.transit_gateway_id = Some(target.into()),
            Some("igw" | "vpce" | "vgw" | "local") => route.gateway_id = Some(target.to_owned()),
            Some("blackhole") => route.state = RouteState::Blackhole,
            _ => route.other_target = Some(target.to_owned()),
        }
        self.scan.route_tables.last_mut().unwrap().routes.push(route);
        self
    }

    /// A public zonal NAT gateway with one address in a subnet of the last VPC.
    pub fn nat(&mut self, id: &str, subnet: &str) -> &mut Self {
        self.scan.nat_gateways.push(NatGateway {
            nat_gateway_id: id.into(),
            vpc_id: self.last_vpc().vpc_id.clone(),
            subnet_id: Some(subnet.into()),
            state: NatGatewayState::Available,
            availability_mode: AvailabilityMode::Zonal,
            connectivity_type: ConnectivityType::Public,
            create_time: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            delete_time: None,
            addresses: vec![NatGatewayAddress {
                allocation_id: Some("eipalloc-1".to_owned()),
                ..NatGatewayAddress::default()
            }],
            route_table_id: None,
            tags: Tags::new(),
        });
        self
    }

    /// What a gateway's metrics say: each byte entered and left.
    pub fn traffic(&mut self, id: &str, zone: Option<&str>, up: u64, down: u64) -> &mut Self {
        self.scan.metrics.nat_gateways.push(NatGatewayMetrics {
            nat_gateway_id: id.into(),
            availability_zone: zone.map(str::to_owned),
            bytes_in_from_source: series(up),
            bytes_in_from_destination: series(down),
            bytes_out_to_destination: series(up),
            bytes_out_to_source: series(down),
            active_connection_count: series(u64::from(up + down > 0)),
        });
        self
    }

    /// A working endpoint of the last VPC: in subnets when it is an interface endpoint, else on route tables.
    pub fn endpoint(&mut self, id: &str, service: &str, places: &[&str]) -> &mut Self {
        let gateway = places.iter().all(|place| place.starts_with("rtb-"));
        self.scan.vpc_endpoints.push(VpcEndpoint {
            vpc_endpoint_id: id.into(),
            endpoint_type: if gateway { EndpointType::Gateway } else { EndpointType::Interface },
            vpc_id: self.last_vpc().vpc_id.clone(),
            service_name: if service.contains("vpce") {
                service.to_owned()
            } else {
                format!("com.amazonaws.{}.{service}", self.scan.region)
            },
            service_region: None,
            state: EndpointState::Available,
            creation_timestamp: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            owner_id: Some(OWNER.into()),
            requester_managed: false,
            private_dns_enabled: !gateway,
            private_dns_only_for_inbound_resolver_endpoint: None,
            route_table_ids: if gateway { places.iter().map(|place| (*place).into()).collect() } else { Vec::new() },
            subnet_ids: if gateway { Vec::new() } else { places.iter().map(|place| (*place).into()).collect() },
            security_group_ids: Vec::new(),
            policy_document: None,
            failure: None,
            tags: Tags::new(),
        });
        self
    }

    /// What an endpoint carried; zero is silence, which its metrics show by having no datapoint.
    pub fn carried(&mut self, id: &str, bytes: u64) -> &mut Self {
        let endpoint = self.scan.vpc_endpoints.iter().find(|endpoint| endpoint.vpc_endpoint_id.as_str() == id).unwrap();
        self.scan.metrics.endpoints.push(EndpointMetrics {
            vpc_endpoint_id: id.into(),
            endpoint_type: endpoint.endpoint_type.to_string(),
            service_name: endpoint.service_name.clone(),
            vpc_id: endpoint.vpc_id.clone(),
            subnet_id: None,
            bytes_processed: if bytes == 0 { Series::default() } else { series(bytes) },
        });
        self
    }

    /// A VPC's attachment to a transit gateway, looked up in a route table of it.
    pub fn attachment(&mut self, id: &str, vpc: &str, subnets: &[&str]) -> &mut Self {
        self.scan.transit_gateway_attachments.push(TransitGatewayAttachment {
            attachment_id: id.into(),
            transit_gateway_id: "tgw-1".into(),
            resource_type: "vpc".to_owned(),
            resource_id: Some(vpc.to_owned()),
            resource_owner_id: None,
            state: "available".to_owned(),
            subnet_ids: subnets.iter().map(|subnet| (*subnet).into()).collect(),
            route_table_id: Some("tgw-rtb-1".into()),
        });
        self
    }

    /// The routes of the transit gateway's table, each to an attachment.
    pub fn transit_routes(&mut self, routes: &[(&str, &str)]) -> &mut Self {
        let route = |(cidr, attachment): &(&str, &str)| TransitGatewayRoute {
            destination_cidr: cidr.parse().unwrap(),
            attachment_ids: vec![(*attachment).into()],
            state: RouteState::Active,
        };
        self.scan.transit_gateway_route_tables.push(TransitGatewayRouteTable {
            route_table_id: "tgw-rtb-1".into(),
            routes: routes.iter().map(route).collect(),
        });
        self
    }

    pub fn gap(&mut self, operation: &str, action: &str) -> &mut Self {
        self.scan.gaps.push(Gap {
            account_id: Some(OWNER.into()),
            region: Some(self.scan.region.clone()),
            operation: operation.to_owned(),
            code: "UnauthorizedOperation".to_owned(),
            message: "no".to_owned(),
            iam_action: Some(action.to_owned()),
        });
        self
    }

    pub fn last_nat(&mut self) -> &mut NatGateway {
        self.scan.nat_gateways.last_mut().unwrap()
    }

    pub fn last_endpoint(&mut self) -> &mut VpcEndpoint {
        self.scan.vpc_endpoints.last_mut().unwrap()
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.window, vec![self.scan.clone()])
    }

    pub fn report(&self) -> Report {
        self.assuming(&[])
    }

    pub fn assuming(&self, shares: &[&str]) -> Report {
        let assumptions = Assumptions::parse(shares.iter().copied()).unwrap();
        Report::new(&self.snapshot(), &PriceBook::embedded().unwrap(), &assumptions)
    }
}

/// The findings of a rule.
pub fn of<'r>(report: &'r Report, rule: &str) -> Vec<&'r FindingRow> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

/// Rule ids, each once.
pub fn rules(report: &Report) -> Vec<&str> {
    let mut rules: Vec<_> = report.findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// A finding's money as text: current, low, high.
pub fn money(finding: &FindingRow) -> [String; 3] {
    let month = &finding.monthly_usd;
    [month.current, month.saving_low, month.saving_high].map(usd)
}

/// An amount as text, to six places.
pub fn usd(amount: Option<natwise::model::Usd>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), |usd| usd.rounded().normalize().to_string())
}

/// A VPC with one NAT gateway in zone a, and a private subnet there on a table of its own.
pub fn one_nat(up: u64, down: u64) -> Account {
    let mut account = Account::new("us-east-1");
    account
        .vpc("vpc-1", "10.0.0.0/16")
        .subnet("subnet-public", "a")
        .table("rtb-public", &["subnet-public"])
        .route("0.0.0.0/0", "igw-1")
        .subnet("subnet-a", "a")
        .table("rtb-a", &["subnet-a"])
        .route("0.0.0.0/0", "nat-1")
        .nat("nat-1", "subnet-public")
        .traffic("nat-1", None, up, down);
    account
}
