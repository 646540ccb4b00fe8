//! One VPC, built by its shape: subnets in three zones, route tables, NAT gateways, endpoints.

use super::network::{
    Attachment, Endpoint, FlowLog, Gateway, Group, Kind, Network, OWNER, Route, Subnet, Table, Vpc, attachment_id,
    network_of, prefix_list, transit_gateway, transit_table,
};
use super::organisation::{Organisation, Place, region_name};

/// What a VPC is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    GatewayPerZone,
    OneGateway,
    IdleGateway,
    /// It leaves through the transit gateway.
    Spoke,
    /// What is behind the transit gateway.
    Egress,
}

/// Where a VPC is built, and as what.
pub struct Site<'a> {
    organisation: &'a Organisation,
    place: Place,
    index: usize,
    shape: Shape,
    vpc: String,
    net: u8,
}

const ZONES: [char; 3] = ['a', 'b', 'c'];
/// Things of one kind in a VPC, at most.
const PARTS: usize = 16;

/// The id of a VPC.
pub fn vpc_id(organisation: &Organisation, place: Place, index: usize) -> String {
    organisation.id(place, "vpc", index * PARTS)
}

fn route(destination: &str, element: &'static str, target: String) -> Route {
    Route { destination: destination.to_owned(), target: (element, target) }
}

fn ids(subnets: &[Subnet]) -> Vec<String> {
    subnets.iter().map(|it| it.id.clone()).collect()
}

impl<'a> Site<'a> {
    pub fn new(organisation: &'a Organisation, place: Place, index: usize, shape: Shape) -> Self {
        let vpc = vpc_id(organisation, place, index);
        Self { organisation, place, index, shape, vpc, net: network_of(organisation, place.account, index) }
    }

    fn id(&self, kind: &str, part: usize) -> String {
        self.organisation.id(self.place, kind, self.index * PARTS + part)
    }

    fn number(&self, kind: &str, part: usize) -> u64 {
        self.organisation.number(self.place, kind, self.index * PARTS + part)
    }

    /// Adds the VPC to what its owner sees.
    pub fn build(&self, network: &mut Network) {
        let name = match self.shape {
            Shape::GatewayPerZone => "production",
            Shape::OneGateway => "development",
            Shape::IdleGateway => "attic",
            Shape::Spoke => "spoke",
            Shape::Egress => "egress",
        };
        let [public, private] = ["public", "private"].map(|kind| self.subnets(kind));
        let gateways = self.gateways(&public);
        let mut tables = self.tables(&public, &private, &gateways);
        self.add_endpoints(network, &private, &mut tables);
        if matches!(self.shape, Shape::Spoke | Shape::Egress) {
            network.attachments.push(self.attachment(&private));
        }
        network.tables.extend(tables);
        network.gateways.extend(gateways);
        network.subnets.extend(public.into_iter().chain(private));
        network.vpcs.push(Vpc { id: self.vpc.clone(), owner: self.place.account, net: self.net, name });
    }

    /// One in each zone.
    fn subnets(&self, kind: &str) -> Vec<Subnet> {
        let first: usize = if kind == "public" { 0 } else { 10 };
        let subnet = |(part, zone): (usize, char)| Subnet {
            id: self.id("subnet", first + part),
            vpc: self.vpc.clone(),
            owner: self.place.account,
            zone,
            cidr: format!("10.{}.{}.0/24", self.net, first + part),
            name: format!("{kind}-{zone}"),
        };
        ZONES.into_iter().enumerate().map(subnet).collect()
    }

    fn gateways(&self, public: &[Subnet]) -> Vec<Gateway> {
        let count = match self.shape {
            Shape::GatewayPerZone => public.len(),
            Shape::Spoke => 0,
            Shape::OneGateway | Shape::IdleGateway | Shape::Egress => 1,
        };
        let gateway = |(part, subnet): (usize, &Subnet)| Gateway {
            id: self.id("nat", part),
            vpc: self.vpc.clone(),
            subnet: subnet.id.clone(),
            net: self.net,
            number: self.number("nat", part),
            idle: self.shape == Shape::IdleGateway,
        };
        public.iter().take(count).enumerate().map(gateway).collect()
    }

    fn to_transit(&self, destination: &str) -> Route {
        route(destination, "transitGatewayId", transit_gateway(self.organisation, self.place.region))
    }

    /// The main table, the public one, and those of the private subnets: one for each where each has a gateway.
    fn tables(&self, public: &[Subnet], private: &[Subnet], gateways: &[Gateway]) -> Vec<Table> {
        let table = |part: usize, subnets: &[Subnet], routes: Vec<Route>| Table {
            id: self.id("rtb", part),
            vpc: self.vpc.clone(),
            owner: self.place.account,
            net: self.net,
            main: part == 0,
            subnets: ids(subnets),
            routes,
        };
        let mut to_internet = vec![route("0.0.0.0/0", "gatewayId", self.id("igw", 0))];
        if self.shape == Shape::Egress {
            to_internet.push(self.to_transit("10.0.0.0/8"));
        }
        let to_gateway = |gateway: &Gateway| vec![route("0.0.0.0/0", "natGatewayId", gateway.id.clone())];
        let mut tables = vec![table(0, &[], Vec::new()), table(1, public, to_internet)];
        match gateways {
            [] => tables.push(table(2, private, vec![self.to_transit("0.0.0.0/0")])),
            [one] => tables.push(table(2, private, to_gateway(one))),
            several => {
                let zones = several.iter().zip(private).zip(2..);
                tables.extend(
                    zones.map(|((gateway, subnet), part)| {
                        table(part, std::slice::from_ref(subnet), to_gateway(gateway))
                    }),
                );
            }
        }
        tables
    }

    fn endpoint(&self, part: usize, service: &str, kind: Kind) -> Endpoint {
        Endpoint {
            id: self.id("vpce", part),
            vpc: self.vpc.clone(),
            service: format!("com.amazonaws.{}.{service}", region_name(self.place.region)),
            kind,
            number: self.number("vpce", part),
            idle: false,
            restricted: true,
        }
    }

    /// Endpoints, their security group, and what else the shape has.
    fn add_endpoints(&self, network: &mut Network, private: &[Subnet], tables: &mut [Table]) {
        let group = Group { id: self.id("sg", 0), vpc: self.vpc.clone(), net: self.net };
        let interface = |subnets| Kind::Interface { subnets: ids(subnets), group: group.id.clone() };
        match self.shape {
            Shape::GatewayPerZone => {
                // All private tables but the last: that one pays for S3.
                let associated = &mut tables[2..4];
                let of_tables = Kind::Gateway { tables: associated.iter().map(|it| it.id.clone()).collect() };
                let s3 = self.endpoint(0, "s3", of_tables);
                let list = prefix_list(self.organisation, self.place.region, "s3");
                for table in associated {
                    table.routes.push(route(&list, "gatewayId", s3.id.clone()));
                }
                network.endpoints.push(s3);
                network.endpoints.push(self.endpoint(1, "sqs", interface(private)));
                network.endpoints.push(self.endpoint(2, "logs", interface(private)));
                network.flow_logs.push(FlowLog { id: self.id("fl", 0), vpc: self.vpc.clone() });
            }
            Shape::OneGateway => {
                let endpoint = self.endpoint(1, "ecr.api", interface(&private[..1]));
                network.endpoints.push(Endpoint { idle: true, restricted: false, ..endpoint });
            }
            Shape::IdleGateway | Shape::Spoke | Shape::Egress => {}
        }
        network.groups.push(group);
    }

    fn attachment(&self, private: &[Subnet]) -> Attachment {
        let (organisation, Place { account, region }) = (self.organisation, self.place);
        let of_egress = self.shape == Shape::Egress;
        Attachment {
            id: attachment_id(organisation, self.place, self.index),
            transit_gateway: transit_gateway(organisation, region),
            vpc: self.vpc.clone(),
            owner: account,
            net: self.net,
            subnets: ids(private),
            table: (account == OWNER).then(|| transit_table(organisation, region, of_egress)),
        }
    }
}
