//! What an account sees in a Region: generated anew for each request, in microseconds.
//!
//! VPCs take turns: one with a NAT gateway in each zone and an S3 endpoint that misses a route table, one with a single
//! gateway, and one with an idle gateway. In every fourth account the third leaves through the transit gateway instead,
//! which the first account owns, with the NAT gateway of an egress VPC behind it. The first account also shares a subnet
//! of its first VPC with the second.

use super::organisation::{Organisation, Place};
use super::site::{Shape, Site, vpc_id};

/// Everything that the calls of one account show in one Region.
#[derive(Debug, Default)]
pub struct Network {
    pub vpcs: Vec<Vpc>,
    pub subnets: Vec<Subnet>,
    pub tables: Vec<Table>,
    pub gateways: Vec<Gateway>,
    pub endpoints: Vec<Endpoint>,
    pub groups: Vec<Group>,
    pub flow_logs: Vec<FlowLog>,
    pub attachments: Vec<Attachment>,
    pub transit_tables: Vec<TransitTable>,
}

#[derive(Debug, Clone)]
pub struct Vpc {
    pub id: String,
    pub owner: usize,
    pub net: u8,
    pub name: &'static str,
}

#[derive(Debug, Clone)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    pub owner: usize,
    pub zone: char,
    pub cidr: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub id: String,
    pub vpc: String,
    pub owner: usize,
    pub net: u8,
    pub main: bool,
    pub subnets: Vec<String>,
    pub routes: Vec<Route>,
}

#[derive(Debug, Clone)]
pub struct Route {
    pub destination: String,
    /// The element that names the target, and the target.
    pub target: (&'static str, String),
}

#[derive(Debug, Clone)]
pub struct Gateway {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub net: u8,
    /// Which number stands for it: its addresses and traffic follow from that.
    pub number: u64,
    pub idle: bool,
}

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub id: String,
    pub vpc: String,
    pub service: String,
    pub kind: Kind,
    pub number: u64,
    pub idle: bool,
    /// Whether only principals of the account may use it.
    pub restricted: bool,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Gateway { tables: Vec<String> },
    Interface { subnets: Vec<String>, group: String },
}

#[derive(Debug, Clone)]
pub struct Group {
    pub id: String,
    pub vpc: String,
    pub net: u8,
}

#[derive(Debug, Clone)]
pub struct FlowLog {
    pub id: String,
    pub vpc: String,
}

/// A VPC's attachment to the Region's transit gateway.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: String,
    pub transit_gateway: String,
    pub vpc: String,
    pub owner: usize,
    /// The VPC's block is `10.net.0.0/16`.
    pub net: u8,
    pub subnets: Vec<String>,
    /// The table it looks routes up in, which only the transit gateway's owner is told.
    pub table: Option<String>,
}

/// A route table of the transit gateway.
#[derive(Debug, Clone)]
pub struct TransitTable {
    pub id: String,
    /// Destination, type, and the attachment that it leads to.
    pub routes: Vec<(String, &'static str, String)>,
}

/// The account with the transit gateways and the shared subnet, and the one that it shares that with.
pub const OWNER: usize = 0;
const PARTICIPANT: usize = 1;

fn has_transit(organisation: &Organisation) -> bool {
    organisation.vpcs >= 3
}

fn is_spoke(organisation: &Organisation, account: usize, vpc: usize) -> bool {
    vpc % 3 == 2 && (account == OWNER || account % 4 == 1) && has_transit(organisation)
}

impl Network {
    /// What an account sees in a Region.
    pub fn of(organisation: &Organisation, place: Place) -> Self {
        let mut network = Self::default();
        for vpc in 0..organisation.vpcs {
            let shape = match vpc % 3 {
                0 => Shape::GatewayPerZone,
                1 => Shape::OneGateway,
                _ if is_spoke(organisation, place.account, vpc) => Shape::Spoke,
                _ => Shape::IdleGateway,
            };
            Site::new(organisation, place, vpc, shape).build(&mut network);
        }
        if place.account == OWNER && has_transit(organisation) {
            Site::new(organisation, place, organisation.vpcs, Shape::Egress).build(&mut network);
            network.own_transit(organisation, place);
        }
        if place.account == PARTICIPANT && organisation.vpcs > 0 {
            network.take_part(Self::of(organisation, Place { account: OWNER, ..place }));
        }
        network
    }

    /// The owner's view of the transit gateway: every attachment, and both route tables.
    fn own_transit(&mut self, organisation: &Organisation, place: Place) {
        let egress = attachment_id(organisation, place, organisation.vpcs);
        for account in (0..organisation.active).filter(|it| *it != OWNER) {
            for vpc in (0..organisation.vpcs).filter(|vpc| is_spoke(organisation, account, *vpc)) {
                let spoke = Place { account, ..place };
                self.attachments.push(Attachment {
                    id: attachment_id(organisation, spoke, vpc),
                    transit_gateway: transit_gateway(organisation, place.region),
                    vpc: vpc_id(organisation, spoke, vpc),
                    owner: account,
                    net: network_of(organisation, account, vpc),
                    subnets: Vec::new(),
                    table: Some(transit_table(organisation, place.region, false)),
                });
            }
        }
        let spokes = self.attachments.iter().filter(|it| it.id != egress);
        // AWS shows up to a thousand routes at once.
        let back = spokes.take(1000).map(|it| (format!("10.{}.0.0/16", it.net), "propagated", it.id.clone())).collect();
        self.transit_tables = vec![
            TransitTable {
                id: transit_table(organisation, place.region, false),
                routes: vec![("0.0.0.0/0".to_owned(), "static", egress)],
            },
            TransitTable { id: transit_table(organisation, place.region, true), routes: back },
        ];
    }

    /// Adds what a participant sees of the owner's first VPC: one private subnet, and the table that it uses.
    fn take_part(&mut self, owner: Self) {
        let Some(vpc) = owner.vpcs.into_iter().next() else { return };
        let shared = owner.subnets.into_iter().find(|it| it.vpc == vpc.id && it.name == "private-a");
        let uses = |table: &Table| shared.as_ref().is_some_and(|it| table.subnets.contains(&it.id));
        self.tables.extend(owner.tables.into_iter().find(uses));
        self.subnets.extend(shared);
        self.vpcs.push(vpc);
    }
}

/// The second number of a VPC's block.
pub fn network_of(organisation: &Organisation, account: usize, vpc: usize) -> u8 {
    u8::try_from((account * (organisation.vpcs + 1) + vpc) % 250).unwrap()
}

/// The transit gateway of a Region.
pub fn transit_gateway(organisation: &Organisation, region: usize) -> String {
    organisation.id(Place { account: OWNER, region }, "tgw", 0)
}

pub fn transit_table(organisation: &Organisation, region: usize, of_egress: bool) -> String {
    organisation.id(Place { account: OWNER, region }, "tgw-rtb", usize::from(of_egress))
}

pub fn attachment_id(organisation: &Organisation, place: Place, vpc: usize) -> String {
    organisation.id(place, "tgw-attach", vpc)
}

/// AWS's prefix list for a service, the same for every account.
pub fn prefix_list(organisation: &Organisation, region: usize, service: &str) -> String {
    let number = organisation.number(Place { account: OWNER, region }, service, 0);
    format!("pl-{:08x}", number >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Organisation = Organisation { seed: 1, active: 6, suspended: 0, regions: 2, opted_in: 0, vpcs: 3 };

    fn of(account: usize) -> Network {
        Network::of(&SMALL, Place { account, region: 1 })
    }

    #[test]
    fn spokes_lead_to_the_owners_egress_vpc() {
        let (owner, spoke) = (of(0), of(5));
        let [attachment] = spoke.attachments.as_slice() else { panic!("{:?}", spoke.attachments) };
        let seen = owner.attachments.iter().find(|it| it.id == attachment.id).unwrap();
        assert_eq!((seen.vpc.as_str(), seen.owner), (attachment.vpc.as_str(), 5));
        let table = owner.transit_tables.iter().find(|it| Some(&it.id) == seen.table.as_ref()).unwrap();
        let target = owner.attachments.iter().find(|it| it.id == table.routes[0].2).unwrap();
        assert!(owner.gateways.iter().any(|gateway| gateway.vpc == target.vpc));
    }

    #[test]
    fn a_shared_subnet_is_seen_by_both() {
        let (owner, participant) = (of(0), of(1));
        let shared: Vec<_> = participant.subnets.iter().filter(|it| it.owner == 0).collect();
        assert_eq!(shared.len(), 1);
        assert!(owner.subnets.iter().any(|it| it.id == shared[0].id));
        assert!(participant.gateways.iter().all(|it| it.vpc != shared[0].vpc));
    }

    #[test]
    fn ids_are_the_same_each_time_and_never_twice() {
        let ids = |account| of(account).gateways.into_iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(2), ids(2));
        let mut all: Vec<_> = (0..6).flat_map(ids).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
