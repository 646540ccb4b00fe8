//! NAT gateways and endpoints alike: what each used and cost, scaled to a month.
//!
//! A month here is 730 hours of the *window*, not of the resource's life in it, as it is in the report: a gateway that
//! was deleted on the second day costs as little as it did cost. So the months' sums are the windows' own dollars, only
//! made equally long, and agree with a bill.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};

use super::exact::Exact;
use super::side::{Charge, Endpoint, NatGateway, ResourceUsd, Side, Traffic};
use crate::cost::Component;
use crate::model::{AccountId, Bytes, Gigabytes, HOURS_PER_MONTH, Hours, RegionName, Service, Usd, VpcId};

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A NAT gateway.
    NatGateway,
    /// A VPC endpoint of some type.
    Endpoint,
}

/// A NAT gateway or endpoint of one side.
#[derive(Debug)]
pub struct Resource<'s> {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: &'s str,
    /// The account that pays.
    pub account_id: &'s AccountId,
    /// The Region.
    pub region: &'s RegionName,
    /// The VPC.
    pub vpc_id: Option<&'s VpcId>,
    /// Its `Name` tag.
    pub name: Option<&'s str>,
    /// Its type and service's name, for an endpoint.
    pub endpoint: Option<(&'s str, &'s str)>,
    /// Whether it is deleted or being deleted.
    pub gone: bool,
    /// Its billed hours in the window.
    pub hours: Option<Hours>,
    /// What passed through in the window.
    pub bytes: Option<Bytes>,
    /// Its bytes by service; empty when not told apart.
    pub traffic: &'s [Traffic],
    /// VPCs from elsewhere that use it too.
    pub users: BTreeSet<&'s VpcId>,
    /// A month of its hours.
    standing: Option<Amount>,
    /// A month of its public addresses; none where they are unknown.
    addresses: Option<Amount>,
    /// A month of its bytes.
    data: Option<Amount>,
}

/// A month of a part of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Dollars, whole millionths, so that parts of a change add up to it in the JSON too.
    pub usd: Usd,
    /// Hours or gigabytes.
    pub quantity: Option<Decimal>,
    /// Dollars for one of them.
    pub rate: Option<Rate>,
}

/// A rate as a report tells it: rounded to six decimals there, and more exact where dollars and quantity are large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// As it was written, where it was.
    written: Option<Decimal>,
    /// Dollars per unit.
    pub usd: Decimal,
    /// How far `usd` may be off, because the dollars were rounded.
    slack: Decimal,
}

/// Nobody pays more for an hour or a gigabyte, and products of a rate never leave what a [`Decimal`] can hold.
const DEAREST: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

impl Rate {
    fn new(usd: Decimal, quantity: Decimal, written: Option<Decimal>) -> Option<Self> {
        let rate = if quantity < Decimal::ONE {
            // Hardly anything was used: dollars tell less than the rate as it was written.
            Self { written, usd: written?, slack: Decimal::ZERO }
        } else {
            Self { written, usd: usd / quantity, slack: Decimal::new(1, 6) / quantity }
        };
        Some(rate).filter(|rate| rate.usd.abs() <= DEAREST)
    }

    /// How much more it is than another one; nothing where only rounding tells them apart.
    #[must_use]
    pub fn more_than(&self, other: &Self) -> Decimal {
        let difference = self.usd - other.usd;
        let same = self.written == other.written && difference.abs() <= self.slack + other.slack;
        if same { Decimal::ZERO } else { difference }
    }
}

/// What of a side belongs to a month, by the side's hours.
#[derive(Debug, Clone, Copy)]
pub struct Month(Decimal);

impl Month {
    /// A window's.
    #[must_use]
    pub fn of(side: &Side) -> Self {
        Self(Decimal::from(side.window.hours().max(1)))
    }

    /// Scales a window's quantity to 730 hours.
    #[must_use]
    pub fn scale(self, quantity: Decimal) -> Decimal {
        quantity * Decimal::from(HOURS_PER_MONTH) / self.0
    }

    /// Scales a window's bytes to a month's gigabytes.
    #[must_use]
    pub fn gigabytes(self, bytes: Bytes) -> Decimal {
        self.scale(Gigabytes::from_bytes(bytes).0)
    }

    /// Scales a window's dollars to a month's, in whole millionths.
    #[must_use]
    pub fn usd(self, usd: Exact) -> Usd {
        millionths(self.scale(usd.0))
    }
}

/// Dollars in whole millionths, half to even.
#[must_use]
pub fn millionths(usd: Decimal) -> Usd {
    Usd(usd.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven).normalize())
}

impl<'s> Resource<'s> {
    /// All of a side, by their ids.
    #[must_use]
    pub fn all(side: &'s Side) -> BTreeMap<&'s str, Self> {
        let month = Month::of(side);
        let nats = side.nat_gateways.iter().map(|row| Self::nat_gateway(row, month));
        let endpoints = side.endpoints.iter().map(|row| Self::of_endpoint(row, month));
        nats.chain(endpoints).map(|resource| (resource.id, resource)).collect()
    }

    fn nat_gateway(row: &'s NatGateway, month: Month) -> Self {
        let bytes = row.bytes.map(|bytes| bytes.processed);
        Self {
            kind: Kind::NatGateway,
            id: row.id.as_str(),
            account_id: &row.account_id,
            region: &row.region,
            vpc_id: row.vpc_id.as_ref(),
            name: row.name.as_deref(),
            endpoint: None,
            gone: is_gone(&row.state),
            hours: row.hours,
            bytes,
            traffic: &row.traffic,
            users: row.used_by.iter().map(|user| &user.vpc_id).collect(),
            standing: hours(&row.window_usd, row.hours, &row.charges, month),
            addresses: amount(row.window_usd.addresses, None, Component::Addresses, &row.charges, month),
            data: data(&row.window_usd, bytes, &row.charges, month),
        }
    }

    fn of_endpoint(row: &'s Endpoint, month: Month) -> Self {
        Self {
            kind: Kind::Endpoint,
            id: row.id.as_str(),
            account_id: &row.account_id,
            region: &row.region,
            vpc_id: Some(&row.vpc_id),
            name: row.name.as_deref(),
            endpoint: Some((&row.kind, &row.service_name)),
            gone: is_gone(&row.state),
            hours: row.hours,
            bytes: row.bytes,
            traffic: &[],
            users: BTreeSet::new(),
            standing: hours(&row.window_usd, row.hours, &row.charges, month),
            // There is no such cost, which is known.
            addresses: Some(Amount { usd: Usd::ZERO, quantity: None, rate: None }),
            data: data(&row.window_usd, row.bytes, &row.charges, month),
        }
    }

    /// A month of a part of its cost; none where that is unknown.
    #[must_use]
    pub fn amount(&self, component: Component) -> Option<Amount> {
        match component {
            Component::Hours => self.standing,
            Component::Data => self.data,
            Component::Addresses => self.addresses,
        }
    }

    /// The known part of a month's cost.
    #[must_use]
    pub fn known_usd(&self) -> Usd {
        [self.standing, self.addresses, self.data].into_iter().flatten().map(|amount| amount.usd).sum()
    }

    /// All of a month's cost; none when a part is unknown.
    #[must_use]
    pub fn usd(&self) -> Option<Usd> {
        Some(self.standing?.usd + self.addresses?.usd + self.data?.usd)
    }

    /// Whether it is an endpoint of some type for a service.
    #[must_use]
    pub fn serves(&self, endpoint_type: &str, service: &Service) -> bool {
        self.endpoint.is_some_and(|(its_type, name)| {
            its_type == endpoint_type && Service::of_endpoint(name, self.region).as_ref() == Some(service)
        })
    }
}

fn is_gone(state: &str) -> bool {
    matches!(state.to_ascii_lowercase().as_str(), "deleted" | "deleting" | "failed")
}

fn hours(usd: &ResourceUsd, hours: Option<Hours>, charges: &[Charge], month: Month) -> Option<Amount> {
    amount(usd.hours, hours.map(Decimal::from), Component::Hours, charges, month)
}

fn data(usd: &ResourceUsd, bytes: Option<Bytes>, charges: &[Charge], month: Month) -> Option<Amount> {
    amount(usd.data, bytes.map(|bytes| Gigabytes::from_bytes(bytes).0), Component::Data, charges, month)
}

/// A component's month. How much was used is what its charges say, or what the caller knows: bytes are exact.
fn amount(
    usd: Option<Exact>,
    known: Option<Decimal>,
    component: Component,
    charges: &[Charge],
    month: Month,
) -> Option<Amount> {
    let usd = usd?;
    let mut lines = charges.iter().filter(|charge| charge.component == component.as_str());
    let (quantity, written) = match (lines.next(), lines.next()) {
        // Hours are billed in each zone, which only the charges count.
        (Some(line), None) => {
            let quantity = if component == Component::Data { known } else { line.quantity.map(|exact| exact.0) };
            (quantity.or(known), line.unit_usd.map(|exact| exact.0))
        }
        _ => (known, None),
    };
    let rate = quantity.and_then(|quantity| Rate::new(usd.0, quantity, written));
    Some(Amount { usd: month.usd(usd), quantity: quantity.map(|quantity| month.scale(quantity)), rate })
}
