//! What was mended since, and what that saved: the *realised* saving.
//!
//! A finding that is no longer found is a fix where the new side shows what mended it: the endpoint that was missing, or
//! that the idle gateway is gone. What it saved is what it was about, before less after, at the rates of before. Bytes
//! count only as far as flow logs of both sides tell them; otherwise there is a range, and the part of the change that
//! it lies in is not told apart. Growth of other traffic and new prices are no part of it.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::effect::Basis;
use super::pair::Pair;
use super::resource::{Amount, Kind, Resource, millionths};
use super::share::{Share, share};
use super::side::Finding;
use crate::cost::Component;
use crate::model::{Service, Usd, VpcId, grouped};

/// A fix's saving in a month, at the prices of before; negative where it costs more than it saves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Realised {
    /// The least; null where it is not among the costs that are compared, or not known.
    pub saving_low: Option<Usd>,
    /// The most.
    pub saving_high: Option<Usd>,
    /// How far these can be trusted.
    pub basis: Basis,
    /// What the fix saves at the traffic of now, if that of the service grew as the rest did (or, where an endpoint
    /// counts it, if all that the endpoint carries took the NAT gateway): assumed, and no part of any sum. Null where the
    /// rest did not grow, or nothing tells.
    pub assumed_at_traffic_of_now: Option<Usd>,
    /// How it comes about.
    pub detail: String,
}

/// What became of a finding that is no longer found.
#[derive(Debug)]
pub(super) enum Outcome {
    /// What mended it is seen.
    Fixed(Option<Realised>),
    /// What it was about is gone, or is no longer so.
    Gone,
    /// Nothing tells.
    NotComparable,
}

/// Which parts of the change are due to fixes: nothing of it twice.
#[derive(Debug, Default)]
pub(super) struct Fixes<'s> {
    /// Resources whose hours and addresses a fix added or removed.
    pub(super) standing: BTreeSet<&'s str>,
    /// Change of the cost of a resource's bytes.
    pub(super) data: BTreeMap<&'s str, Usd>,
    /// Those of them where flow logs told how much it is.
    pub(super) measured: BTreeSet<&'s str>,
    /// NAT gateways and endpoints whose bytes a fix may have changed, by nobody knows how much.
    pub(super) untold: BTreeSet<&'s str>,
    /// VPCs and services whose bytes are taken.
    taken: BTreeSet<(&'s VpcId, Service)>,
}

/// Bytes that no longer take NAT gateways.
struct Moved {
    /// Dollars, from the least to the most.
    low: Usd,
    high: Usd,
    /// Gigabytes likewise.
    gb: (Decimal, Decimal),
    basis: Basis,
    assumed: Option<Usd>,
    detail: String,
}

impl<'s> Fixes<'s> {
    /// Tells what became of a finding of the old side, and takes its part of the change.
    pub(super) fn mend(&mut self, pair: &Pair<'s>, finding: &'s Finding) -> Outcome {
        let main = finding.resources.first().map_or("", String::as_str);
        let both = pair.both(main);
        if !both.comparable {
            return Outcome::NotComparable;
        }
        let there = both.now.is_some_and(|resource| !resource.gone);
        match finding.rule.as_str() {
            "missing-gateway-endpoint" => {
                let Some(service) = &finding.service else { return Outcome::Fixed(None) };
                match serving(pair, &finding.vpc_id, "Gateway", service) {
                    Some(_) => Outcome::Fixed(self.bytes(pair, finding, service)),
                    None => Outcome::Gone,
                }
            }
            "gateway-endpoint-not-associated" if there => {
                let Some(service) = &finding.service else { return Outcome::Fixed(None) };
                Outcome::Fixed(self.bytes(pair, finding, service))
            }
            "interface-endpoint-pays-off" => {
                let Some(service) = &finding.service else { return Outcome::Fixed(None) };
                match serving(pair, &finding.vpc_id, "Interface", service) {
                    Some(id) => Outcome::Fixed(self.bytes_to_endpoint(pair, finding, service, id)),
                    None => Outcome::Gone,
                }
            }
            "interface-endpoint-private-dns-off" if there => {
                let endpoint = both.now.and_then(|now| now.endpoint.map(|(_, name)| (now.id, name)));
                let service = endpoint.and_then(|(_, name)| Service::of_endpoint(name, &finding.region));
                let fixed = endpoint.zip(service);
                Outcome::Fixed(fixed.and_then(|((id, _), service)| self.bytes_to_endpoint(pair, finding, &service, id)))
            }
            "idle-nat-gateway" | "idle-interface-endpoint" | "underused-interface-endpoint" if there => Outcome::Gone,
            "gateway-endpoint-not-associated" => Outcome::Gone,
            "idle-nat-gateway"
            | "idle-interface-endpoint"
            | "underused-interface-endpoint"
            | "interface-endpoint-private-dns-off" => Outcome::Fixed(self.removed(pair, main, false)),
            "s3-interface-shadows-gateway" => Outcome::Fixed(self.removed(pair, main, true)),
            "cross-az-nat-gateway" => Outcome::Fixed(Some(Realised {
                saving_low: None,
                saving_high: None,
                basis: Basis::Unknown,
                assumed_at_traffic_of_now: None,
                detail: "Crossing zones is not among the costs that are compared.".to_owned(),
            })),
            // A resource that is gone has no faults.
            _ if both.then.is_some() && !there => Outcome::Gone,
            _ => Outcome::Fixed(None),
        }
    }

    /// Takes the part of a finding that is still found, but of fewer route tables.
    pub(super) fn mend_partly(&mut self, pair: &Pair<'s>, then: &'s Finding, now: &Finding) -> Option<Realised> {
        let fewer = now.resources.len() < then.resources.len()
            && now.resources.iter().all(|resource| then.resources.contains(resource));
        let service = then.service.as_ref().filter(|_| fewer && then.rule == "gateway-endpoint-not-associated")?;
        self.bytes(pair, then, service)
    }

    /// A gateway endpoint carries what NAT gateways did.
    fn bytes(&mut self, pair: &Pair<'s>, finding: &'s Finding, service: &Service) -> Option<Realised> {
        let moved = self.moved(pair, finding, service)?;
        Some(Realised {
            saving_low: Some(moved.low),
            saving_high: Some(moved.high),
            basis: moved.basis,
            assumed_at_traffic_of_now: moved.assumed,
            detail: moved.detail,
        })
    }

    /// An interface endpoint carries what NAT gateways did, for a price of its own.
    fn bytes_to_endpoint(
        &mut self,
        pair: &Pair<'s>,
        finding: &'s Finding,
        service: &Service,
        id: &'s str,
    ) -> Option<Realised> {
        let both = pair.both(id);
        let now = both.now?;
        let hours = if both.then.is_none() { both.beside_price(Component::Hours)? } else { Usd::ZERO };
        let before =
            both.then.and_then(|then| then.amount(Component::Data)).and_then(|data| data.quantity).unwrap_or_default();
        let carried = (now.amount(Component::Data)?.quantity? - before).max(Decimal::ZERO);
        let rate = both
            .then
            .and_then(|then| rate(then.amount(Component::Data)))
            .or_else(|| rate(now.amount(Component::Data)))?;
        // Everything that could be unknown is known: only now is a part of the change taken.
        let moved = self.moved(pair, finding, service)?;
        if both.then.is_none() {
            self.standing.insert(id);
        }
        // What the endpoint carries on top of that is more traffic.
        let data = |gb: Decimal| millionths(carried.min(gb.max(Decimal::ZERO)) * rate);
        let (least, most) = (data(moved.gb.0), data(moved.gb.1));
        if moved.basis == Basis::Bounded {
            self.untold.insert(id);
        } else {
            *self.data.entry(id).or_default() += most;
            self.measured.insert(id);
        }
        let nat_rate = nat_rate(pair, finding);
        let assumed = nat_rate.map(|nat| millionths(carried * (nat - rate)) - hours);
        let detail = format!(
            "{} Less the endpoint: {} a month for its hours, {} for these bytes.",
            moved.detail,
            usd(hours),
            if least == most { usd(least) } else { format!("{} to {}", usd(least), usd(most)) }
        );
        Some(Realised {
            // The most that the endpoint costs for them goes with the most that is saved.
            saving_low: Some((moved.low - least).min(moved.high - most) - hours),
            saving_high: Some((moved.low - least).max(moved.high - most) - hours),
            basis: moved.basis,
            assumed_at_traffic_of_now: assumed.filter(|_| carried > moved.gb.1),
            detail,
        })
    }

    /// Takes a service's bytes out of a VPC's NAT gateways; none where they are taken already, or cannot be priced.
    fn moved(&mut self, pair: &Pair<'s>, finding: &'s Finding, service: &Service) -> Option<Moved> {
        if !self.taken.insert((&finding.vpc_id, service.clone())) {
            return None;
        }
        let (ids, alone) = pair.nat_gateways(&finding.vpc_id);
        let shares: Vec<_> = ids.iter().filter_map(|id| gateway(pair, id, service)).collect();
        let known = shares.len() == ids.len() && !ids.is_empty();
        let exact = |(then, now, _): &(Share, Share, Decimal)| then.is_exact() && now.is_exact();
        if known && alone && shares.iter().all(exact) {
            return Some(self.measured(service, &ids, &shares));
        }
        self.untold.extend(&ids);
        let claimed = finding.monthly_usd.saving_high.map(|exact| Usd(exact.0));
        let range = |from: fn(&Share) -> Decimal, less: fn(&Share) -> Decimal| {
            let part = |(then, now, _): &(Share, Share, Decimal)| (from(then) - less(now)).max(Decimal::ZERO);
            (
                shares.iter().map(part).sum::<Decimal>(),
                millionths(shares.iter().map(|share| part(share) * share.2).sum::<Decimal>()),
            )
        };
        let (least, most) =
            (range(|share| share.low, |share| share.high), range(|share| share.high, |share| share.low));
        // Where something was assumed it could have been more.
        let limit = claimed.filter(|_| finding.basis != "assumed");
        let high = match (known, limit) {
            (true, Some(limit)) => most.1.min(limit),
            (true, None) => most.1,
            (false, _) => claimed?,
        };
        let low = if known && alone { least.1.min(high) } else { Usd::ZERO };
        let why = if alone {
            "Flow logs of both sides would tell how many bytes it was."
        } else {
            "Other VPCs take the same NAT gateways, and flow logs do not tell whose bytes are whose service's."
        };
        Some(Moved {
            low,
            high,
            gb: (if known && alone { least.0 } else { Decimal::ZERO }, if known { most.0 } else { Decimal::MAX }),
            basis: Basis::Bounded,
            assumed: None,
            detail: format!("{} no longer takes the NAT gateways. {why}", service.title()),
        })
    }

    /// The same where flow logs of both sides tell it to the byte.
    fn measured(&mut self, service: &Service, ids: &BTreeSet<&'s str>, shares: &[(Share, Share, Decimal)]) -> Moved {
        let saved: Vec<_> = shares.iter().map(|(then, now, rate)| millionths((then.low - now.low) * rate)).collect();
        let sum = |of: fn(&(Share, Share, Decimal)) -> Decimal| shares.iter().map(of).sum::<Decimal>();
        let (then, now) = (sum(|share| share.0.low), sum(|share| share.1.low));
        let rest = (sum(|share| share.0.all) - then, sum(|share| share.1.all) - now);
        let total: Usd = saved.iter().copied().sum();
        let mut detail =
            format!("{} through NAT gateways: {} GB a month then, {} now.", service.title(), gb(then), gb(now));
        let basis = Basis::Measured;
        if total <= Usd::ZERO {
            return Moved { low: Usd::ZERO, high: Usd::ZERO, gb: Default::default(), basis, assumed: None, detail };
        }
        for (id, saved) in ids.iter().zip(saved) {
            *self.data.entry(id).or_default() += -saved;
        }
        self.measured.extend(ids);
        let grown = rest.1.checked_div(rest.0).filter(|factor| *factor > Decimal::ONE);
        if let Some(factor) = grown {
            detail.push_str(&format!(
                " The rest of their traffic is {} times what it was.",
                factor.round_dp(2).normalize()
            ));
        }
        let assumed = grown.and_then(|factor| total.0.checked_mul(factor)).map(millionths);
        Moved { low: total, high: total, gb: (then - now, then - now), basis, assumed, detail }
    }

    /// Something that only cost money is gone, or going.
    fn removed(&mut self, pair: &Pair<'s>, id: &str, with_data: bool) -> Option<Realised> {
        let both = pair.both(id);
        let then = both.then?;
        let gone = both.now.is_none_or(|now| now.gone);
        let (mut low, mut open) = (Usd::ZERO, Usd::ZERO);
        if gone && self.standing.insert(then.id) {
            for component in [Component::Hours, Component::Addresses] {
                match (both.beside_price(component), then.amount(component)) {
                    (Some(less), _) => low += -less,
                    // Deleted in the window, and nothing says when: anything up to all that it was.
                    (None, Some(before)) => open += before.usd,
                    (None, None) => {}
                }
            }
        }
        let bytes = with_data.then(|| both.beside_price(Component::Data)).flatten();
        if let Some(less) = bytes.filter(|usd| *usd < Usd::ZERO && !self.data.contains_key(then.id)) {
            self.data.insert(then.id, less);
            low += -less;
        }
        let standing = if then.kind == Kind::NatGateway { "hours and addresses" } else { "hours" };
        let carried = then.amount(Component::Data).is_some_and(|data| data.usd > Usd::ZERO);
        let mut detail = match (gone, with_data) {
            (true, true) => format!("{id} is gone: its {standing} and its bytes."),
            (true, false) if carried => format!("{id} is gone: its {standing}. What it carried counts as traffic."),
            (true, false) => format!("{id} is gone: its {standing}."),
            (false, _) => format!("{id} carries less: its bytes."),
        };
        if open > Usd::ZERO {
            detail.push_str(" Nothing says since when, so part of that is unknown.");
        }
        Some(Realised {
            saving_low: Some(low),
            saving_high: Some(low + open),
            basis: if open > Usd::ZERO { Basis::Bounded } else { Basis::Metered },
            assumed_at_traffic_of_now: None,
            detail,
        })
    }
}

/// An endpoint that serves a VPC now.
fn serving<'s>(pair: &Pair<'s>, vpc_id: &VpcId, endpoint_type: &str, service: &Service) -> Option<&'s str> {
    let serves = |resource: &&Resource<'s>| {
        resource.vpc_id == Some(vpc_id) && !resource.gone && resource.serves(endpoint_type, service)
    };
    pair.now.in_vpc(vpc_id).find(serves).map(|resource| resource.id)
}

/// The old rate of a gigabyte through a VPC's NAT gateways, where they have one.
fn nat_rate(pair: &Pair<'_>, finding: &Finding) -> Option<Decimal> {
    let (ids, _) = pair.nat_gateways(&finding.vpc_id);
    ids.iter().find_map(|id| rate(pair.then.resources.get(id)?.amount(Component::Data)))
}

/// A service's part of a gateway on both sides, and the old rate of a gigabyte.
fn gateway(pair: &Pair<'_>, id: &str, service: &Service) -> Option<(Share, Share, Decimal)> {
    let both = pair.both(id);
    let any = both.then.or(both.now)?;
    if [both.then, both.now].into_iter().flatten().any(|resource| resource.amount(Component::Data).is_none()) {
        return None;
    }
    let place = (any.account_id, any.region);
    let (then, now) = (share(&pair.then, id, place, service)?, share(&pair.now, id, place, service)?);
    let unused = then.all.is_zero() && now.all.is_zero();
    let rate = both
        .then
        .and_then(|then| rate(then.amount(Component::Data)))
        .or_else(|| both.now.and_then(|now| rate(now.amount(Component::Data))));
    Some((then, now, rate.or(unused.then_some(Decimal::ZERO))?))
}

fn rate(amount: Option<Amount>) -> Option<Decimal> {
    amount?.rate.map(|rate| rate.usd)
}

fn gb(value: Decimal) -> String {
    grouped(value, u32::from(value < Decimal::TEN))
}

fn usd(amount: Usd) -> String {
    format!("${}", grouped(amount.0, 2))
}
