//! Accounts to test with: a builder that reads as a topology, and what tests ask of a report.
//!
//! Everything added after [`Account::vpc`] is in that VPC. The window is 730 hours, the month of every monthly figure,
//! so that a window's cost and a month's are the same number; what is added existed before it unless a test edits that.

mod asked;
mod billed;
mod logs;
mod random;
mod world;

use jiff::{SignedDuration, Timestamp};

pub(crate) use asked::{money, report, text, usd};
pub(crate) use billed::NOT_OURS;
pub(crate) use logs::{Logs, label};
pub(crate) use random::any_account;
pub(crate) use world::{FIRST, World};

use crate::model::{
    Gap, RegionScan, Route, RouteState, RouteTable, RouteTableAssociation, Snapshot, Subnet, Tags,
    TransitGatewayAttachment, TransitGatewayRoute, TransitGatewayRouteTable, Vpc, VpcId, Window,
};

/// The account that is scanned unless a test says otherwise.
pub(crate) const ME: &str = "111122223333";
/// When the window starts.
pub(crate) const START: &str = "2026-10-01T00:00:00Z";

/// An instant.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An account in the making.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    window: Window,
    parts: Vec<RegionScan>,
    vpc: VpcId,
}

impl Account {
    /// An empty account, seen in one Region.
    pub(crate) fn new(region: &str) -> Self {
        let start = at(START);
        let window = Window::new(start, start + SignedDuration::from_hours(730)).unwrap();
        Self { window, parts: vec![RegionScan::new(ME.into(), region.into())], vpc: "vpc-1".into() }
    }

    /// A VPC without a fault: two zones, each with a NAT gateway of its own that carried 100 GB up and 400 GB down,
    /// and both gateway endpoints on both private tables.
    pub(crate) fn sound(region: &str) -> Self {
        let mut account = Self::new(region).vpc("vpc-1", "10.0.0.0/16").main_table("rtb-main");
        account = account.subnet("subnet-public-a", "a", "10.0.0.0/24").subnet("subnet-public-b", "b", "10.0.1.0/24");
        account = account.table("rtb-public", &["subnet-public-a", "subnet-public-b"]);
        account = account.route("rtb-public", "0.0.0.0/0", "igw-1");
        for (zone, cidr) in [("a", "10.0.10.0/24"), ("b", "10.0.11.0/24")] {
            let (subnet, table, nat) = (format!("subnet-{zone}"), format!("rtb-{zone}"), format!("nat-{zone}"));
            account = account.subnet(&subnet, zone, cidr).table(&table, &[&subnet]);
            account = account.nat(&nat, &format!("subnet-public-{zone}")).route(&table, "0.0.0.0/0", &nat);
            account = account.traffic(&nat, 100, 400);
        }
        account.gateway_endpoint("s3", &["rtb-a", "rtb-b"]).gateway_endpoint("dynamodb", &["rtb-a", "rtb-b"])
    }

    /// One public and one private subnet in zone a, and a NAT gateway `nat-1` between them: no endpoint.
    pub(crate) fn plain(region: &str) -> Self {
        Self::new(region)
            .vpc("vpc-1", "10.0.0.0/16")
            .subnet("subnet-public", "a", "10.0.0.0/24")
            .table("rtb-public", &["subnet-public"])
            .route("rtb-public", "0.0.0.0/0", "igw-1")
            .subnet("subnet-a", "a", "10.0.1.0/24")
            .table("rtb-1", &["subnet-a"])
            .nat("nat-1", "subnet-public")
            .route("rtb-1", "0.0.0.0/0", "nat-1")
    }

    /// Another window; before anything is added.
    pub(crate) fn window(mut self, start: &str, end: &str) -> Self {
        self.window = Window::new(at(start), at(end)).unwrap();
        self
    }

    /// Goes on in another account and Region.
    pub(crate) fn and(mut self, account: &str, region: &str) -> Self {
        self.parts.push(RegionScan::new(account.into(), region.into()));
        self
    }

    /// Changes anything of what was added last.
    pub(crate) fn scan(mut self, edit: impl FnOnce(&mut RegionScan)) -> Self {
        edit(self.part());
        self
    }

    fn part(&mut self) -> &mut RegionScan {
        self.parts.last_mut().unwrap()
    }

    /// A VPC; what follows is in it.
    pub(crate) fn vpc(mut self, id: &str, cidr: &str) -> Self {
        self.vpc = id.into();
        let owner_id = Some(self.part().account_id.clone());
        let cidr_blocks = vec![cidr.parse().unwrap()];
        let (vpc_id, ipv6_cidr_blocks, tags) = (self.vpc.clone(), Vec::new(), Tags::new());
        let vpc = Vpc { vpc_id, owner_id, cidr_blocks, ipv6_cidr_blocks, is_default: false, tags };
        self.scan(|scan| scan.vpcs.push(vpc))
    }

    /// A subnet in zone `a`, `b` ….
    pub(crate) fn subnet(mut self, id: &str, zone: &str, cidr: &str) -> Self {
        let subnet = Subnet {
            subnet_id: id.into(),
            vpc_id: self.vpc.clone(),
            owner_id: Some(self.part().account_id.clone()),
            availability_zone: format!("{}{zone}", self.part().region),
            availability_zone_id: None,
            cidr_block: Some(cidr.parse().unwrap()),
            enable_dns64: false,
            tags: Tags::new(),
        };
        self.scan(|scan| scan.subnets.push(subnet))
    }

    /// A route table and the subnets associated with it.
    pub(crate) fn table(self, id: &str, subnets: &[&str]) -> Self {
        let associate =
            |subnet: &&str| RouteTableAssociation { subnet_id: Some((*subnet).into()), ..Default::default() };
        self.any_table(id, subnets.iter().map(associate).collect())
    }

    /// The VPC's main route table, for every subnet that no other table names.
    pub(crate) fn main_table(self, id: &str) -> Self {
        self.any_table(id, vec![RouteTableAssociation { main: true, ..Default::default() }])
    }

    fn any_table(mut self, id: &str, associations: Vec<RouteTableAssociation>) -> Self {
        let table = RouteTable {
            route_table_id: id.into(),
            vpc_id: self.vpc.clone(),
            owner_id: Some(self.part().account_id.clone()),
            routes: Vec::new(),
            associations,
            tags: Tags::new(),
        };
        self.scan(|scan| scan.route_tables.push(table))
    }

    /// A route of a table; its destination is a CIDR or `pl-…`, its target tells by its prefix what it is.
    pub(crate) fn route(self, table: &str, destination: &str, target: &str) -> Self {
        self.route_in_state(table, destination, target, RouteState::Active)
    }

    /// A route whose target is gone.
    pub(crate) fn blackhole(self, table: &str, destination: &str, target: &str) -> Self {
        self.route_in_state(table, destination, target, RouteState::Blackhole)
    }

    fn route_in_state(self, table: &str, destination: &str, target: &str, state: RouteState) -> Self {
        let mut route = Route { state, destination_cidr: destination.parse().ok(), ..Default::default() };
        route.destination_prefix_list_id = destination.starts_with("pl-").then(|| destination.into());
        match target.split('-').next() {
            Some("nat") => route.nat_gateway_id = Some(target.into()),
            Some("tgw") => route.transit_gateway_id = Some(target.into()),
            Some("igw" | "vgw" | "vpce" | "local") => route.gateway_id = Some(target.into()),
            _ => route.other_target = Some(target.into()),
        }
        self.scan(|scan| {
            let table = scan.route_tables.iter_mut().find(|found| found.route_table_id.as_str() == table).unwrap();
            table.routes.push(route);
        })
    }

    /// An attachment of a VPC to a transit gateway by some of its subnets, and the route table it is looked up in,
    /// where that can be seen.
    pub(crate) fn attach(mut self, tgw: &str, vpc: &str, subnets: &[&str], route_table: Option<&str>) -> Self {
        self.part().transit_gateway_attachments.push(TransitGatewayAttachment {
            attachment_id: format!("tgw-attach-{vpc}").into(),
            transit_gateway_id: tgw.into(),
            resource_type: "vpc".into(),
            resource_id: Some(vpc.into()),
            resource_owner_id: None,
            state: "available".into(),
            subnet_ids: subnets.iter().map(|subnet| (*subnet).into()).collect(),
            route_table_id: route_table.map(Into::into),
        });
        self
    }

    /// A transit gateway's route table: destinations, and the VPC each leads to.
    pub(crate) fn tgw_table(mut self, id: &str, routes: &[(&str, &str)]) -> Self {
        let route = |(cidr, vpc): &(&str, &str)| TransitGatewayRoute {
            destination_cidr: cidr.parse().unwrap(),
            attachment_ids: vec![format!("tgw-attach-{vpc}").into()],
            state: RouteState::Active,
        };
        let routes = routes.iter().map(route).collect();
        self.part().transit_gateway_route_tables.push(TransitGatewayRouteTable { route_table_id: id.into(), routes });
        self
    }

    /// A call that was refused for lack of an IAM action.
    pub(crate) fn refused(mut self, operation: &str, iam_action: &str) -> Self {
        let gap = Gap {
            account_id: Some(self.part().account_id.clone()),
            region: Some(self.part().region.clone()),
            operation: operation.into(),
            code: "UnauthorizedOperation".into(),
            message: String::new(),
            iam_action: Some(iam_action.into()),
        };
        self.part().gaps.push(gap);
        self
    }

    /// What a scan of all that would have written.
    pub(crate) fn snapshot(self) -> Snapshot {
        Snapshot::new(self.window, self.parts)
    }
}
