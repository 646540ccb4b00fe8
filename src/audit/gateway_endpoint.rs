//! What a gateway endpoint would save: shared by the rules for a missing one and for one that misses a route table.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::Context;
use super::context::{gb, together};
use crate::attribution::Clients;
use crate::finding::{Basis, Claim, Evidence, Finding, Money, Pool};
use crate::model::{NatGatewayId, Service, TransitGatewayId, Usd, VpcId};
use crate::pricing::Product;
use crate::topology::{Egress, Gateways, Part, VpcView};

/// What a rule finds for each VPC of the account and each service with a gateway endpoint.
pub(super) fn each<'a>(part: &Part<'a>, look: impl Fn(&VpcView<'a>, &Service) -> Option<Finding>) -> Vec<Finding> {
    let owned = part.vpcs.iter().filter(|view| view.shared_by.is_none());
    owned.flat_map(|view| Service::WITH_GATEWAY_ENDPOINT.iter().filter_map(|service| look(view, service))).collect()
}

/// The money in the traffic of one service past some NAT gateways, and how it is known.
pub(super) struct Saving {
    pub(super) basis: Basis,
    pub(super) money: Option<Money>,
    pub(super) evidence: Vec<Evidence>,
    /// How the figures come about, in a sentence or more.
    pub(super) explanation: String,
    /// Whether flow logs prove that there is no such traffic.
    pub(super) nothing: bool,
}

/// What a gateway endpoint for `service` saves of what some clients send out by `egress`.
pub(super) fn saving(context: &Context<'_>, egress: &Egress<'_>, service: &Service, clients: Clients<'_>) -> Saving {
    let mut sums = Sums { context, service, clients, current: Usd::ZERO, claims: Vec::new(), unknown: false };
    let mut saving =
        Saving { basis: Basis::Bounded, money: None, evidence: Vec::new(), explanation: String::new(), nothing: false };
    let mut bases = Vec::new();
    let mut seen = BTreeSet::new();
    for id in &egress.own {
        if seen.insert(*id) {
            bases.extend(sums.add(id, false, &mut saving));
        }
    }
    for (transit_gateway, gateways) in &egress.behind {
        saving.explanation.push_str(&describe(context, transit_gateway, gateways, clients.vpc_id));
        match gateways.nat_gateways() {
            Some(ids) => {
                for id in ids {
                    if seen.insert(*id) {
                        bases.extend(sums.add(id, true, &mut saving));
                    }
                }
            }
            None if *gateways == Gateways::Invisible => sums.unknown = true,
            None => {}
        }
    }
    let declared = context.assumptions.share(service);
    let unmeasured = if declared.is_some() { Basis::Assumed } else { Basis::Bounded };
    saving.basis = together(bases.iter().copied()).unwrap_or(unmeasured);
    let open = bases.is_empty() || bases.iter().any(|basis| matches!(basis, Basis::Assumed | Basis::Bounded));
    match declared {
        _ if !open => {}
        Some(share) => saving.explanation.push_str(&format!(
            "You declared {}% of the NAT gateways' bytes to be {}{}.",
            (share * Decimal::ONE_HUNDRED).normalize(),
            service.title(),
            if egress.behind.is_empty() { "" } else { ", whichever VPC they come from" }
        )),
        None => saving.explanation.push_str(&format!(
            "How much of it is {} is not measured: anything from nothing to all of it. Flow logs (--flow-logs PATH) tell; --assume {}=PERCENT% narrows it down.",
            service.title(),
            service
        )),
    }
    if !sums.unknown {
        saving.nothing = saving.basis == Basis::Measured && sums.current == Usd::ZERO;
        saving.money = Some(Money { current: sums.current, claims: sums.claims });
    }
    saving
}

struct Sums<'c> {
    context: &'c Context<'c>,
    service: &'c Service,
    clients: Clients<'c>,
    current: Usd,
    claims: Vec<Claim>,
    unknown: bool,
}

impl Sums<'_> {
    /// Adds a gateway's part, and tells how that is known.
    fn add(&mut self, id: &NatGatewayId, transit: bool, saving: &mut Saving) -> Option<Basis> {
        let (context, service) = (self.context, self.service);
        let Some(nat) = context.costs.nat_gateway(id) else {
            self.unknown = true;
            return None;
        };
        let Some(portion) = context.portion(nat, service, self.clients) else {
            self.unknown = true;
            saving.explanation.push_str(&format!("The bytes of {id} are not known. "));
            return None;
        };
        let total = nat.monthly_gb().unwrap_or_default();
        saving.explanation.push_str(&format!("{id} processes {} a month. ", gb(total)));
        if let Some(measured) = context.attribution.of(id) {
            saving.explanation.push_str(&super::context::seen(measured, portion, service.title()));
        }
        let mut price = |product: Product, on: Pool, what: &str| {
            saving.evidence.push(context.line(what, nat.region, product, Some(portion.high_gb)));
            match context.prices.unit(nat.region, product) {
                Ok(unit) => {
                    let high = unit * portion.high_gb;
                    self.current += high;
                    let (low, limit) = (unit * portion.low_gb, unit * portion.limit_gb);
                    self.claims.push(Claim { on, service: Some(service.clone()), low, high, limit });
                    None
                }
                Err(missing) => Some(missing),
            }
        };
        if let Some(missing) = price(nat.data_product(), Pool::NatData(id.clone()), &format!("through {id}")) {
            saving.explanation.push_str(&format!("There is {missing}. "));
            self.unknown = true;
        }
        if transit
            && let Some(missing) =
                price(Product::TgwGb, Pool::TransitGateway(id.clone()), &format!("through a transit gateway to {id}"))
        {
            saving.explanation.push_str(&format!("There is {missing}: the transit gateway's part comes on top. "));
        }
        Some(portion.basis)
    }
}

fn describe(
    context: &Context<'_>,
    transit_gateway: &TransitGatewayId,
    gateways: &Gateways<'_>,
    from: &VpcId,
) -> String {
    let account = |vpc_id: &VpcId| {
        context.topology.vpc(vpc_id).map(|(part, view)| view.shared_by.unwrap_or(&part.scan.account_id))
    };
    // Whose it is matters where it is somebody else's.
    let whose = |vpc_id: &VpcId| match account(vpc_id).filter(|owner| account(from) != Some(owner)) {
        Some(owner) => format!("{vpc_id} in account {owner}"),
        None => vpc_id.to_string(),
    };
    match gateways {
        Gateways::Known { vpc_id, .. } => {
            format!("Traffic goes through transit gateway {transit_gateway} to the NAT gateways of {}. ", whose(vpc_id))
        }
        Gateways::Likely { vpc_id, .. } => format!(
            "Traffic goes to transit gateway {transit_gateway}, whose route tables do not show where it goes on; of the VPCs attached to it only {} leads on to NAT gateways. ",
            whose(vpc_id)
        ),
        Gateways::Invisible => format!(
            "Traffic goes to transit gateway {transit_gateway}, and what is behind it is not visible in the scanned accounts: most likely a NAT gateway of another account. Scan that account too to see its bytes. "
        ),
        Gateways::None => String::new(),
    }
}

/// What always follows a change of the route to a gateway service.
pub(super) fn side_effects(service: &Service, egress: &Egress<'_>) -> Vec<String> {
    let mut notes = vec![
        format!(
            "Open connections to {} break once when the route changes; clients that retry do not notice.",
            service.title()
        ),
        format!(
            "{} then sees private source addresses: policies on aws:SourceIp stop matching. Use aws:SourceVpce, aws:SourceVpc or aws:VpcSourceIp instead.",
            service.title()
        ),
        "Security groups and network ACLs must allow egress to the service's prefix list on port 443.".to_owned(),
    ];
    if *service == Service::S3 {
        notes.push(
            "Only buckets of the same Region take this way; other Regions' stay on the NAT gateway. Container image layers of ECR come from S3, so they move too."
                .to_owned(),
        );
    } else {
        notes.push("Only tables of the same Region take this way, and only over IPv4.".to_owned());
    }
    if !egress.firewalls.is_empty() {
        let firewalls: Vec<_> = egress.firewalls.iter().copied().collect();
        notes.push(format!(
            "This traffic passes the firewall endpoint {} now, and no longer will.",
            firewalls.join(", ")
        ));
    }
    notes
}
