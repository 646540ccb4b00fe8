//! Two sides next to each other: what each lists, and what each would list if it were there.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::{Cause, Effects};
use super::fix::Fixes;
use super::resource::{Amount, Kind, Month, Resource, millionths};
use super::side::Side;
use crate::cost::Component;
use crate::model::{AccountId, Hours, RegionName, Usd, VpcId};

/// One side and what is looked up in it. An organisation has tens of thousands of everything, so nothing is searched for.
#[derive(Debug)]
pub(super) struct View<'s> {
    pub(super) side: &'s Side,
    pub(super) month: Month,
    pub(super) resources: BTreeMap<&'s str, Resource<'s>>,
    pub(super) parts: BTreeSet<(AccountId, RegionName)>,
    by_vpc: BTreeMap<&'s VpcId, Vec<&'s str>>,
    skipped: Places<'s>,
    failed: Places<'s>,
}

/// A rule or a call, and where: no account or no Region is every one.
type Places<'s> = BTreeSet<(&'s str, Option<&'s AccountId>, Option<&'s RegionName>)>;

/// Whether something is so of a part, or of more than that.
fn holds(places: &Places<'_>, what: &str, account_id: &AccountId, region: &RegionName) -> bool {
    let (account, region) = (Some(account_id), Some(region));
    [(what, account, region), (what, account, None), (what, None, region), (what, None, None)]
        .iter()
        .any(|place| places.contains(place))
}

impl<'s> View<'s> {
    pub(super) fn of(side: &'s Side) -> Self {
        let resources = Resource::all(side);
        let mut by_vpc = BTreeMap::<_, Vec<_>>::new();
        for resource in resources.values() {
            for vpc_id in resource.users.iter().copied().chain(resource.vpc_id).collect::<BTreeSet<_>>() {
                by_vpc.entry(vpc_id).or_default().push(resource.id);
            }
        }
        let skipped = side.skipped.iter().map(|row| (&*row.rule, row.account_id.as_ref(), row.region.as_ref()));
        let failed = side.gaps.iter().map(|gap| (&*gap.operation, gap.account_id.as_ref(), gap.region.as_ref()));
        Self {
            side,
            month: Month::of(side),
            resources,
            parts: side.parts(),
            by_vpc,
            skipped: skipped.collect(),
            failed: failed.collect(),
        }
    }

    /// What is in a VPC, or carries its traffic from elsewhere.
    pub(super) fn in_vpc(&self, vpc_id: &VpcId) -> impl Iterator<Item = &Resource<'s>> {
        self.by_vpc.get(vpc_id).into_iter().flatten().filter_map(|id| self.resources.get(id))
    }

    /// Whether an account's Region was scanned.
    pub(super) fn has_part(&self, account_id: &AccountId, region: &RegionName) -> bool {
        self.parts.contains(&(account_id.clone(), region.clone()))
    }

    /// Whether something of a kind would be listed if it were there.
    pub(super) fn lists(&self, kind: Kind, account_id: &AccountId, region: &RegionName) -> bool {
        self.has_part(account_id, region) && self.failed(kind, account_id, region).is_none()
    }

    /// The call that lists things of a kind, where it failed.
    pub(super) fn failed(&self, kind: Kind, account_id: &AccountId, region: &RegionName) -> Option<&'static str> {
        let operation = match kind {
            Kind::NatGateway => "DescribeNatGateways",
            Kind::Endpoint => "DescribeVpcEndpoints",
        };
        holds(&self.failed, operation, account_id, region).then_some(operation)
    }

    /// Whether a rule was applied somewhere.
    pub(super) fn applied(&self, rule: &str, account_id: &AccountId, region: &RegionName) -> bool {
        self.has_part(account_id, region) && !holds(&self.skipped, rule, account_id, region)
    }

    fn hours(&self) -> Hours {
        self.side.window.hours()
    }
}

/// Both.
#[derive(Debug)]
pub(super) struct Pair<'s> {
    pub(super) then: View<'s>,
    pub(super) now: View<'s>,
}

/// A resource on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Both<'p, 's> {
    pub(super) then: Option<&'p Resource<'s>>,
    pub(super) now: Option<&'p Resource<'s>>,
    /// Whether a side that lacks it would have it if it were there.
    pub(super) comparable: bool,
}

/// A component of one side's cost.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// There is none, for there is no such resource.
    Absent,
    Unknown,
    Known(Amount),
}

/// A change of a component's cost: what its rate made of it, and the rest.
#[derive(Debug, Clone, Copy)]
struct Split {
    price: Usd,
    rest: Usd,
}

impl<'s> Pair<'s> {
    pub(super) fn of(then: &'s Side, now: &'s Side) -> Self {
        Self { then: View::of(then), now: View::of(now) }
    }

    /// The ids that are on either side.
    pub(super) fn ids(&self) -> BTreeSet<&'s str> {
        self.then.resources.keys().chain(self.now.resources.keys()).copied().collect()
    }

    /// A resource on both sides.
    pub(super) fn both(&self, id: &str) -> Both<'_, 's> {
        let (then, now) = (self.then.resources.get(id), self.now.resources.get(id));
        let comparable = match (then, now) {
            (Some(gone), None) => self.now.lists(gone.kind, gone.account_id, gone.region),
            (None, Some(new)) => self.then.lists(new.kind, new.account_id, new.region),
            _ => true,
        };
        Both { then, now, comparable }
    }

    /// The NAT gateways that a VPC's traffic takes on either side, and whether it is the only one to take them.
    pub(super) fn nat_gateways(&self, vpc_id: &VpcId) -> (BTreeSet<&'s str>, bool) {
        let all = self.then.in_vpc(vpc_id).chain(self.now.in_vpc(vpc_id));
        let (mut ids, mut alone) = (BTreeSet::new(), true);
        for nat in all.filter(|resource| resource.kind == Kind::NatGateway) {
            ids.insert(nat.id);
            alone &= nat.vpc_id == Some(vpc_id) && nat.users.iter().all(|user| *user == vpc_id);
        }
        (ids, alone)
    }

    /// What moved a resource's cost.
    pub(super) fn effects(&self, id: &str, fixes: &Fixes<'_>) -> Effects {
        let both = self.both(id);
        let mut effects = Effects::default();
        if !both.comparable {
            let known = |side: Option<&Resource<'_>>| side.map_or(Usd::ZERO, Resource::known_usd);
            effects.add(Cause::NotComparable, known(both.now) - known(both.then));
            return effects;
        }
        let standing = if fixes.standing.contains(id) { Cause::Fix } else { self.standing_cause(both) };
        for component in [Component::Hours, Component::Addresses] {
            match both.split(component) {
                Ok(split) => {
                    effects.add(Cause::Price, split.price);
                    effects.add(standing, split.rest);
                }
                Err(change) => effects.add(Cause::NotComparable, change),
            }
        }
        match both.split(Component::Data) {
            Ok(split) => {
                let mended = fixes.data.get(id).copied().unwrap_or_default();
                let rest = if fixes.untold.contains(id) { Cause::FixOrTraffic } else { Cause::Traffic };
                effects.add(Cause::Price, split.price);
                effects.add(Cause::Fix, mended);
                effects.add(rest, split.rest - mended);
            }
            Err(change) => effects.add(Cause::NotComparable, change),
        }
        effects
    }

    /// Why a resource stands for more or fewer hours.
    fn standing_cause(&self, both: Both<'_, '_>) -> Cause {
        match (both.then, both.now) {
            (None, _) => Cause::Added,
            (_, None) => Cause::Removed,
            (_, Some(now)) if now.gone => Cause::Removed,
            (Some(then), Some(now)) => {
                let whole = |hours: Option<Hours>, view: &View<'_>| hours.is_none_or(|hours| hours >= view.hours());
                let began = !whole(then.hours, &self.then) && whole(now.hours, &self.now);
                if began { Cause::Added } else { Cause::Resized }
            }
        }
    }
}

impl Both<'_, '_> {
    /// What of a component's change is not due to its rate; none where that is not known on both sides.
    pub(super) fn beside_price(self, component: Component) -> Option<Usd> {
        self.split(component).ok().map(|split| split.rest)
    }

    /// A component's change; as an error what it comes to when it is known on one side only.
    fn split(self, component: Component) -> Result<Split, Usd> {
        let part = |side: Option<&Resource<'_>>| match side.map(|resource| resource.amount(component)) {
            None => Part::Absent,
            Some(None) => Part::Unknown,
            Some(Some(amount)) => Part::Known(amount),
        };
        let nothing = Split { price: Usd::ZERO, rest: Usd::ZERO };
        match (part(self.then), part(self.now)) {
            (Part::Known(then), Part::Known(now)) => {
                let change = now.usd - then.usd;
                let used = now.quantity.zip(then.quantity);
                if used.is_some_and(|(now, then)| now.round_dp(9) == then.round_dp(9)) {
                    // All that rounding leaves belongs to the rate, too: nothing else is another one.
                    return Ok(Split { price: change, rest: Usd::ZERO });
                }
                let rates = now.rate.zip(then.rate).map(|(now, then)| now.more_than(&then));
                let price = now.quantity.zip(rates).map_or(Usd::ZERO, |(quantity, more)| millionths(quantity * more));
                Ok(Split { price, rest: change - price })
            }
            (Part::Absent, Part::Known(now)) => Ok(Split { rest: now.usd, ..nothing }),
            (Part::Known(then), Part::Absent) => Ok(Split { rest: -then.usd, ..nothing }),
            (Part::Unknown, Part::Known(now)) => Err(now.usd),
            (Part::Known(then), Part::Unknown) => Err(-then.usd),
            _ => Ok(nothing),
        }
    }
}
