//! An architecture's cost: which endpoints it has, and every line of its bill.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::design::{Design, Endpoints, Nat};
use super::line::Item;
use super::search::{Alternative, Candidate, Choice, Curve};
use super::site::{Flow, Means, Site};
use crate::model::{HOURS_PER_MONTH, Service, Usd};
use crate::pricing::Product;

/// A priced architecture of a Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Architecture {
    /// What it is.
    pub design: Design,
    /// Its interface endpoints; a line for each service and VPC.
    pub endpoints: Vec<PlacedEndpoint>,
    pub(super) items: Vec<Item>,
    /// What each month costs.
    ///
    /// # Errors
    /// Which prices are unknown.
    pub months: Result<Vec<Usd>, Vec<String>>,
}

/// An interface endpoint and its zones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct PlacedEndpoint {
    /// The VPC; null for one that the VPCs share.
    pub vpc: Option<String>,
    /// The service.
    pub service: Service,
    /// The Availability Zones that it has an interface in.
    pub availability_zones: Vec<String>,
}

/// An interface of an endpoint: what it would carry.
struct Interface<'a> {
    vpc: Option<usize>,
    service: &'a Service,
    zone: &'a str,
    /// Indices of flows.
    flows: Vec<usize>,
}

/// What was decided: the home of each VPC's single gateway, and the interfaces that are made.
struct Built<'s, 'a> {
    site: &'s Site<'a>,
    design: Design,
    homes: Vec<Option<&'a str>>,
    made: Vec<Interface<'a>>,
}

impl Architecture {
    /// Every architecture that a Region's plan allows, in the order of the designs. Those that come out as another one
    /// are left out.
    pub(super) fn all(site: &Site<'_>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for architecture in Design::all(site.allowed).filter_map(|design| Self::of(site, design)) {
            if !all.iter().any(|other| !other.items.is_empty() && other.items == architecture.items) {
                all.push(architecture);
            }
        }
        all
    }

    /// None where the design is another's double, or cannot carry the traffic.
    fn of(site: &Site<'_>, design: Design) -> Option<Self> {
        let Design { nat, endpoints } = design;
        let any = |means| site.flows.iter().any(|flow| flow.by == means);
        let one_zone = match nat {
            Nat::Single => site.vpcs.iter().all(|vpc| vpc.zones.len() == 1),
            Nat::EgressSingle => site.zones().len() == 1,
            _ => false,
        };
        let nothing_by_gateway = endpoints == Endpoints::Gateway && !any(Means::GatewayEndpoint);
        let stranded = nat == Nat::None
            && (any(Means::NatOnly) || (endpoints == Endpoints::Gateway && any(Means::InterfaceEndpoint)));
        let nothing_at_all = nat == Nat::None && site.flows.is_empty();
        let useless = endpoints.has_interface() && !any(Means::InterfaceEndpoint);
        if one_zone || nothing_by_gateway || stranded || nothing_at_all || useless {
            return None;
        }
        match Built::cheapest(site, design) {
            Ok(built) if endpoints.has_interface() && built.made.is_empty() => None,
            Ok(built) => {
                let items = built.items();
                Some(Self { design, endpoints: built.endpoints(), months: months(site, &items), items })
            }
            Err(reason) => Some(Self { design, endpoints: Vec::new(), items: Vec::new(), months: Err(vec![reason]) }),
        }
    }

    /// What all months cost together; none when unknown.
    #[must_use]
    pub fn usd(&self) -> Option<Usd> {
        self.months.as_ref().ok().map(|months| months.iter().copied().sum())
    }
}

fn months(site: &Site<'_>, items: &[Item]) -> Result<Vec<Usd>, Vec<String>> {
    let mut sums = vec![Usd::ZERO; site.scales.len()];
    let mut unknown = Vec::new();
    for item in items {
        match item.months(site) {
            Ok(months) => sums.iter_mut().zip(months).for_each(|(sum, usd)| *sum += usd),
            Err(reason) => unknown.push(reason),
        }
    }
    unknown.sort();
    unknown.dedup();
    if unknown.is_empty() { Ok(sums) } else { Err(unknown) }
}

/// The interfaces that a design could have.
fn interfaces<'a>(site: &Site<'a>, endpoints: Endpoints) -> Vec<Interface<'a>> {
    if !endpoints.has_interface() {
        return Vec::new();
    }
    let mut by_key = BTreeMap::<(Option<usize>, &Service, Option<&str>), Vec<usize>>::new();
    for (index, flow) in site.flows.iter().enumerate().filter(|(_, flow)| flow.by == Means::InterfaceEndpoint) {
        let vpc = (!endpoints.is_shared()).then_some(flow.vpc);
        let zone = (!endpoints.is_in_one_zone()).then_some(flow.zone);
        by_key.entry((vpc, flow.service, zone)).or_default().push(index);
    }
    let busiest = |flows: &[usize]| -> &'a str {
        let mut zones = BTreeMap::<&'a str, Decimal>::new();
        for flow in flows.iter().filter_map(|index| site.flows.get(*index)) {
            *zones.entry(flow.zone).or_default() += flow.gb;
        }
        zones.into_iter().max_by_key(|(zone, gb)| (*gb, std::cmp::Reverse(*zone))).map_or("", |(zone, _)| zone)
    };
    by_key
        .into_iter()
        .map(|((vpc, service, _), flows)| Interface { vpc, service, zone: busiest(&flows), flows })
        .collect()
}

impl<'s, 'a> Built<'s, 'a> {
    /// The design at its cheapest.
    fn cheapest(site: &'s Site<'a>, design: Design) -> Result<Self, String> {
        let all = interfaces(site, design.endpoints);
        let no_homes = vec![None; site.vpcs.len()];
        let decided = !design.endpoints.has_interface() && design.nat != Nat::Single;
        if decided || design.nat == Nat::None {
            return Ok(Self { site, design, homes: no_homes, made: all });
        }
        // Shared endpoints make one part of all VPCs.
        let shared = design.endpoints.is_shared();
        let vpcs: Vec<Option<usize>> = if shared { vec![None] } else { (0..site.vpcs.len()).map(Some).collect() };
        let mut ways = Vec::new();
        let mut parts = Vec::new();
        for vpc in vpcs {
            let homes: Vec<Option<&str>> = match vpc.and_then(|vpc| site.vpcs.get(vpc)) {
                Some(vpc) if design.nat == Nat::Single => vpc.zones.iter().map(|zone| Some(zone.as_str())).collect(),
                _ => vec![None],
            };
            let part: Result<Vec<_>, String> =
                homes.iter().map(|home| alternative(site, design, &all, vpc, *home)).collect();
            parts.push(part?);
            ways.push((vpc, homes));
        }
        let choices = if all.is_empty() {
            parts.iter().map(|part| first_cheapest(part)).collect()
        } else {
            let gb = all.iter().flat_map(|interface| &interface.flows).filter_map(|index| site.flows.get(*index));
            let curve =
                Curve::new(site.rate(Product::InterfaceEndpointGb)?, &site.scales, gb.map(|flow| flow.gb).sum())?;
            curve.choose(&parts)
        };
        let mut built = Self { site, design, homes: no_homes, made: Vec::new() };
        let mut rest = all;
        for ((vpc, homes), choice) in ways.into_iter().zip(choices) {
            if let Some(slot) = vpc.and_then(|vpc| built.homes.get_mut(vpc)) {
                *slot = homes.get(choice.alternative).copied().flatten();
            }
            let (own, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|interface| interface.vpc == vpc);
            rest = others;
            built
                .made
                .extend(own.into_iter().zip(choice.made).filter_map(|(interface, made)| made.then_some(interface)));
        }
        Ok(built)
    }

    fn items(&self) -> Vec<Item> {
        let Self { site, design, .. } = self;
        let mut items = Vec::new();
        let mut add = |vpc: Option<usize>, what: String, product: Product, quantity: Decimal| {
            if quantity > Decimal::ZERO {
                let vpc = vpc.and_then(|vpc| site.vpcs.get(vpc)).map(|vpc| vpc.name.clone());
                items.push(Item { vpc, what, product, quantity, grows: product.unit() == "GB" });
            }
        };
        let month = Decimal::from(HOURS_PER_MONTH);
        let interface_of = self.carried();
        let by_interface = |index: &usize| interface_of.contains(index);
        let by_gateway = |flow: &Flow<'_>| design.endpoints != Endpoints::None && flow.by == Means::GatewayEndpoint;
        let by_nat: Vec<&Flow<'_>> = (site.flows.iter().enumerate())
            .filter(|(index, flow)| !by_interface(index) && !by_gateway(flow))
            .map(|(_, flow)| flow)
            .collect();
        let sum = |flows: &mut dyn Iterator<Item = &&Flow<'_>>| flows.map(|flow| flow.gb).sum::<Decimal>();
        let (hour, gb) = products(design.nat);
        for (index, vpc) in site.vpcs.iter().enumerate() {
            let count = match design.nat {
                Nat::PerZone | Nat::Regional => vpc.zones.len(),
                Nat::Single => 1,
                _ => 0,
            };
            let some = Some(index);
            let home = self.homes.get(index).copied().flatten();
            let place = home.map(|zone| format!(" in {zone}")).unwrap_or_default();
            add(some, format!("NAT gateway hours{place}"), hour, month * Decimal::from(count));
            add(some, "public IPv4 addresses".to_owned(), Product::PublicIpv4Hour, month * Decimal::from(count));
            if !design.nat.is_egress() {
                add(some, "through NAT".to_owned(), gb, sum(&mut by_nat.iter().filter(|flow| flow.vpc == index)));
            }
            if let Some(home) = home {
                let crossing = sum(&mut by_nat.iter().filter(|flow| flow.vpc == index && flow.zone != home));
                add(some, "crossing zones to NAT, both ends".to_owned(), Product::InterAzGb, crossing * Decimal::TWO);
            }
            let mut free = BTreeMap::<&Service, Decimal>::new();
            for flow in site.flows.iter().filter(|flow| flow.vpc == index && by_gateway(flow)) {
                *free.entry(flow.service).or_default() += flow.gb;
            }
            for (service, gb) in free {
                let title = service.title();
                add(some, format!("gateway endpoint for {title}"), Product::GatewayEndpointHour, month);
                add(some, format!("through the gateway endpoint for {title}"), Product::GatewayEndpointGb, gb);
            }
        }
        if design.nat.is_egress() {
            let count = if design.nat == Nat::EgressSingle { 1 } else { site.zones().len() };
            let hours = month * Decimal::from(count);
            add(None, "NAT gateway hours in the egress VPC".to_owned(), hour, hours);
            add(None, "public IPv4 addresses in the egress VPC".to_owned(), Product::PublicIpv4Hour, hours);
            add(None, "through NAT in the egress VPC".to_owned(), gb, sum(&mut by_nat.iter()));
        }
        let through_interfaces: Decimal =
            interface_of.iter().filter_map(|index| site.flows.get(*index)).map(|flow| flow.gb).sum();
        for (index, endpoint) in self.placed() {
            let zones = endpoint.availability_zones;
            let what = format!("interface endpoint for {} in {}", endpoint.service, zones.join(", "));
            add(index, what, Product::InterfaceEndpointAzHour, month * Decimal::from(zones.len()));
        }
        add(None, "through interface endpoints".to_owned(), Product::InterfaceEndpointGb, through_interfaces);
        let egress = if design.nat.is_egress() { sum(&mut by_nat.iter()) } else { Decimal::ZERO };
        let shared = if design.endpoints.is_shared() { through_interfaces } else { Decimal::ZERO };
        if design.nat.is_egress() || design.endpoints.is_shared() {
            // The VPC with the gateways and endpoints is attached as well.
            let attachments = month * Decimal::from(site.vpcs.len() + 1);
            add(None, "transit gateway attachments".to_owned(), Product::TgwAttachmentHour, attachments);
            add(None, "sent into the transit gateway".to_owned(), Product::TgwGb, egress + shared);
        }
        items
    }

    /// The flows that interfaces carry.
    fn carried(&self) -> std::collections::BTreeSet<usize> {
        self.made.iter().flat_map(|interface| &interface.flows).copied().collect()
    }

    fn placed(&self) -> Vec<(Option<usize>, PlacedEndpoint)> {
        let mut placed = BTreeMap::<(Option<usize>, &Service), Vec<String>>::new();
        for interface in &self.made {
            placed.entry((interface.vpc, interface.service)).or_default().push(interface.zone.to_owned());
        }
        let named = placed.into_iter().map(|((index, service), availability_zones)| {
            let vpc = index.and_then(|vpc| self.site.vpcs.get(vpc)).map(|vpc| vpc.name.clone());
            (index, PlacedEndpoint { vpc, service: service.clone(), availability_zones })
        });
        named.collect()
    }

    fn endpoints(&self) -> Vec<PlacedEndpoint> {
        self.placed().into_iter().map(|(_, endpoint)| endpoint).collect()
    }
}

/// How a gateway's hours and GB are billed.
fn products(nat: Nat) -> (Product, Product) {
    if nat == Nat::Regional {
        (Product::RegionalNatGatewayAzHour, Product::RegionalNatGatewayGb)
    } else {
        (Product::NatGatewayHour, Product::NatGatewayGb)
    }
}

fn first_cheapest(part: &[Alternative]) -> Choice {
    let least = part.iter().enumerate().min_by_key(|(_, alternative)| alternative.fixed);
    Choice { alternative: least.map_or(0, |(index, _)| index), made: Vec::new() }
}

/// A way to build a VPC, or all of them: what NAT costs for the traffic that no endpoint could take, and the interfaces
/// to choose from. Hours of gateways are the same in every alternative.
fn alternative(
    site: &Site<'_>,
    design: Design,
    all: &[Interface<'_>],
    vpc: Option<usize>,
    home: Option<&str>,
) -> Result<Alternative, String> {
    let transit =
        if design.nat.is_egress() || design.endpoints.is_shared() { site.flat(Product::TgwGb)? } else { Usd::ZERO };
    let mut nat = site.flat(products(design.nat).1)?;
    if design.nat.is_egress() {
        nat += transit;
    }
    let crossing = if home.is_some() { site.flat(Product::InterAzGb)? * Decimal::TWO } else { Usd::ZERO };
    let scale = site.scale();
    let by_nat = |flow: &Flow<'_>| {
        let crosses = home.is_some_and(|home| home != flow.zone);
        (if crosses { nat + crossing } else { nat }) * flow.gb * scale
    };
    let own: Vec<&Interface<'_>> = all.iter().filter(|interface| interface.vpc == vpc).collect();
    let mut fixed = Usd::ZERO;
    for flow in site.flows.iter().filter(|flow| vpc.is_none_or(|vpc| vpc == flow.vpc)) {
        let gateway = design.endpoints != Endpoints::None && flow.by == Means::GatewayEndpoint;
        let candidate = design.endpoints.has_interface() && flow.by == Means::InterfaceEndpoint;
        if !gateway && !candidate {
            fixed += by_nat(flow);
        }
    }
    let mut candidates = Vec::with_capacity(own.len());
    for interface in own {
        let flows = || interface.flows.iter().filter_map(|index| site.flows.get(*index));
        let gb: Decimal = flows().map(|flow| flow.gb).sum();
        let way = if design.endpoints.is_shared() { transit * gb * scale } else { Usd::ZERO };
        candidates.push(Candidate {
            gb,
            instead: flows().map(by_nat).sum(),
            own: site.hours(Product::InterfaceEndpointAzHour)? + way,
        });
    }
    Ok(Alternative { fixed, candidates })
}
