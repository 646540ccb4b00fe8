//! The gateways of a watch, made ready to be looked up for every record.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::blocks::Blocks;
use super::leg::{Sides, is_private};
use super::watch::{ClientSubnet, Gateway, Watch};
use crate::resolver_log::{Names, VpcIndex};
use crate::traffic::Place;

/// More gateways than this that records name themselves are made up.
const MOST_LEARNED: usize = 10_000;

/// A gateway, ready for work.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) gateway: Gateway,
    blocks: Blocks<u32>,
    places: Vec<Place>,
    /// Whose DNS queries name what a client of each place reaches, and of no known place.
    vpcs: Vec<VpcIndex>,
    vpc: VpcIndex,
}

impl Watched {
    fn new(gateway: Gateway, names: Option<&Names>) -> Self {
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let blocks = gateway.inside.iter().enumerate().map(|(index, inside)| (inside.net, number(index)));
        let vpc = |id: Option<&_>| names.map_or(VpcIndex::ALL, |names| names.vpc(id));
        Self {
            blocks: Blocks::new(blocks),
            places: gateway.inside.iter().map(|inside| inside.place.clone()).collect(),
            vpcs: gateway.inside.iter().map(|inside| vpc(Some(&inside.place.vpc_id))).collect(),
            vpc: vpc(gateway.vpc_id.as_ref()),
            gateway,
        }
    }

    /// Where a client is: a number for [`Watched::place`].
    pub(super) fn place_of(&self, client: IpAddr) -> Option<u32> {
        self.blocks.find(client)
    }

    pub(super) fn place(&self, number: u32) -> Option<&Place> {
        self.places.get(number as usize)
    }

    /// Whose DNS queries name what a client reaches.
    pub(super) fn vpc_of(&self, client: Option<IpAddr>) -> VpcIndex {
        let place = client.and_then(|client| self.place_of(client));
        place.and_then(|place| self.vpcs.get(place as usize)).copied().unwrap_or(self.vpc)
    }
}

impl Sides for Watched {
    fn is_regional(&self) -> bool {
        self.gateway.regional
    }

    fn owns(&self, address: &IpAddr) -> Option<bool> {
        (!self.gateway.addresses.is_empty()).then(|| self.gateway.addresses.contains(address))
    }

    fn is_inside(&self, address: &IpAddr) -> bool {
        if self.blocks.is_empty() { is_private(address) } else { self.blocks.find(*address).is_some() }
    }
}

/// Every gateway that is watched.
#[derive(Debug)]
pub(super) struct Gateways {
    known: Vec<Watched>,
    by_interface: HashMap<Box<[u8]>, u32>,
    by_resource: HashMap<Box<[u8]>, u32>,
    /// Whether records may tell of more.
    pub(super) learn: bool,
    /// Room for those; it is empty where records tell of none.
    learned: Vec<OnceLock<Watched>>,
    numbers: Mutex<HashMap<Box<[u8]>, u32>>,
    pub(super) clients: Option<Clients>,
}

impl Gateways {
    pub(super) fn new(watch: &Watch, names: Option<&Names>) -> Self {
        let (gateways, learn, clients) = match watch {
            Watch::Gateways { known, learn } => (known, *learn, None),
            Watch::Clients { gateways, subnets } => (gateways, false, Some(Clients::new(subnets))),
        };
        let known: Vec<_> = gateways.iter().map(|gateway| Watched::new(gateway.clone(), names)).collect();
        let mut by_interface = HashMap::new();
        let mut by_resource = HashMap::new();
        // Where clients' records are counted, the gateways' own would count twice.
        for (number, gateway) in (0..).zip(gateways).filter(|_| clients.is_none()) {
            for interface in &gateway.interfaces {
                by_interface.insert(interface.as_bytes().into(), number);
            }
            if let Some(id) = &gateway.nat_gateway_id {
                by_resource.insert(id.as_str().as_bytes().into(), number);
            }
        }
        let mut learned = Vec::new();
        learned.resize_with(if learn { MOST_LEARNED } else { 0 }, OnceLock::new);
        Self { known, by_interface, by_resource, learn, learned, numbers: Mutex::default(), clients }
    }

    pub(super) fn of_interface(&self, id: &[u8]) -> Option<u32> {
        self.by_interface.get(id).copied()
    }

    /// The interfaces that are known to be gateways'.
    pub(super) fn interfaces(&self) -> impl Iterator<Item = &[u8]> {
        self.by_interface.keys().map(AsRef::as_ref)
    }

    pub(super) fn of_resource(&self, id: &[u8]) -> Option<u32> {
        self.by_resource.get(id).copied()
    }

    /// A gateway by number.
    pub(super) fn get(&self, number: u32) -> Option<&Watched> {
        let index = number as usize;
        match index.checked_sub(self.known.len()) {
            None => self.known.get(index),
            Some(learned) => self.learned.get(learned)?.get(),
        }
    }

    /// How many there are by now.
    pub(super) fn len(&self) -> usize {
        self.known.len() + self.lock().len()
    }

    /// Whether records named it, and nobody else.
    pub(super) fn is_learned(&self, number: u32) -> bool {
        number as usize >= self.known.len()
    }

    /// The number of a gateway that some record named.
    pub(super) fn learned(&self, id: &[u8]) -> Option<u32> {
        self.lock().get(id).copied()
    }

    /// The number of a gateway that a record names. None for the one too many.
    pub(super) fn learn(&self, id: &[u8], regional: bool) -> Option<u32> {
        let name = std::str::from_utf8(id).ok().filter(|name| name.len() <= 64)?;
        let mut numbers = self.lock();
        if let Some(number) = numbers.get(id) {
            return Some(*number);
        }
        let room = self.learned.get(numbers.len())?;
        let number = u32::try_from(self.known.len() + numbers.len()).ok()?;
        room.get_or_init(|| {
            let gateway = Gateway {
                nat: name.to_owned(),
                nat_gateway_id: name.starts_with("nat-").then(|| name.into()),
                interfaces: if regional { Vec::new() } else { vec![name.to_owned()] },
                regional,
                ..Gateway::default()
            };
            Watched::new(gateway, None)
        });
        numbers.insert(id.into(), number);
        Some(number)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<[u8]>, u32>> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients' subnets, by what records may tell of them.
#[derive(Debug)]
pub(super) struct Clients {
    /// The ways out of each.
    subnets: Vec<Blocks<Option<u32>>>,
    /// A subnet of both address families is two of `subnets`.
    by_subnet: HashMap<Box<[u8]>, Blocks<usize>>,
    by_vpc: HashMap<Box<[u8]>, Blocks<usize>>,
    everywhere: Vec<Blocks<usize>>,
}

impl Clients {
    fn new(subnets: &[ClientSubnet]) -> Self {
        let gateway = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
        let routes =
            |subnet: &ClientSubnet| Blocks::new(subnet.routes.iter().map(|(net, number)| (*net, gateway(*number))));
        let by = |id: fn(&ClientSubnet) -> &str| {
            let mut nets = HashMap::<Box<[u8]>, Vec<_>>::new();
            for (index, subnet) in subnets.iter().enumerate() {
                nets.entry(id(subnet).as_bytes().into()).or_default().push((subnet.net, index));
            }
            nets.into_iter().map(|(id, nets)| (id, Blocks::new(nets))).collect::<HashMap<_, _>>()
        };
        let by_vpc = by(|subnet| subnet.vpc_id.as_str());
        Self {
            subnets: subnets.iter().map(routes).collect(),
            by_subnet: by(|subnet| subnet.subnet_id.as_str()),
            everywhere: by_vpc.values().cloned().collect(),
            by_vpc,
        }
    }

    /// The gateway by which a client's subnet reaches a host. An address that several VPCs have is a client's only
    /// where the record tells its subnet or VPC.
    pub(super) fn gateway(&self, client: IpAddr, host: IpAddr, subnet: &[u8], vpc: &[u8]) -> Option<u32> {
        let in_vpc = || self.by_vpc.get(vpc)?.find(client);
        let anywhere = || {
            let mut found = self.everywhere.iter().filter_map(|blocks| blocks.find(client));
            found.next().filter(|_| found.next().is_none())
        };
        let index = match (subnet, vpc) {
            (b"" | b"-", b"" | b"-") => anywhere(),
            (b"" | b"-", _) => in_vpc(),
            _ => self.by_subnet.get(subnet).and_then(|nets| nets.find(client)),
        };
        self.subnets.get(index?)?.find(host).flatten()
    }
}
