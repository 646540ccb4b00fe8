//! Two windows next to each other: what cost more or less, what moved it, and what fixes really saved.
//!
//! Pure, and over reports only: a [`Side`] is what a report's JSON says. Months are 730 hours of a window (see
//! [`resource`]), so windows of different length compare, and their own dollars stand beside them. Every part of a
//! change has one [`Cause`], and they add up to the change exactly. What one side does not know, or did not look at, is
//! no change: it is kept apart and said.

mod effect;
mod exact;
mod finding;
mod fix;
mod pair;
pub mod resource;
mod share;
mod side;
mod summary;

use std::cmp::Reverse;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

pub use effect::{Basis, Cause, Effect, Effects};
pub use exact::Exact;
pub use finding::{FindingChange, FindingSaving, FindingStatus};
pub use fix::Realised;
pub use side::{Side, SideError};
pub use summary::{Components, Summary};

use self::fix::Fixes;
use self::pair::{Pair, View};
use self::resource::{Kind, Month, Resource};
use crate::model::{AccountId, Bytes, Hours, RegionName, Usd, VpcId};

/// The form of the JSON of a comparison.
pub const DIFFERENCE_SCHEMA: &str = "natwise.difference/1";

/// A change that is smaller shows in no cent.
const HALF_A_CENT: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// Two reports compared. Months are 730 hours of the window.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// Always `natwise.difference/1`.
    pub schema: &'static str,
    /// The program and version that wrote it.
    pub generated_by: &'static str,
    /// The old side.
    pub then: Summary,
    /// The new side.
    pub now: Summary,
    /// What changed, in dollars a month.
    pub monthly_usd: Change,
    /// What moved it; these add up to `monthly_usd.change`.
    pub effects: Vec<Effect>,
    /// What all fixes together saved; null when there is none with money.
    pub realised_saving: Option<RealisedSaving>,
    /// NAT gateways of either side, the largest change first.
    pub nat_gateways: Vec<ResourceChange>,
    /// Endpoints likewise.
    pub endpoints: Vec<ResourceChange>,
    /// Findings of either side: fixed, new, worse, better, then the others.
    pub findings: Vec<FindingChange>,
    /// What one side did not see: what is only on the other one is neither added nor removed.
    pub not_comparable: Vec<NotSeen>,
}

/// Dollars a month on both sides: sums of the known costs of all gateways and endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Then.
    pub then: Usd,
    /// Now.
    pub now: Usd,
    /// How much more; negative where it is less.
    pub change: Usd,
    /// The same without what is known, or was looked at, on one side only.
    pub comparable_change: Usd,
}

/// What fixes saved in a month, at the prices of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RealisedSaving {
    /// The least.
    pub saving_low: Usd,
    /// The most.
    pub saving_high: Usd,
    /// How far these can be trusted: as far as the least trusted of the fixes.
    pub basis: Basis,
    /// Fixes with money.
    pub fixes: usize,
}

/// A gateway or endpoint of either side.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ResourceChange {
    /// What became of it.
    pub status: ResourceStatus,
    /// The account that pays.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The VPC; null when not known.
    #[schemars(with = "Option<String>")]
    pub vpc_id: Option<VpcId>,
    /// Its id.
    pub id: String,
    /// Its `Name` tag: that of now, where it has one.
    pub name: Option<String>,
    /// An endpoint's service; null for NAT gateways.
    pub service_name: Option<String>,
    /// An endpoint's type; null for NAT gateways.
    pub endpoint_type: Option<String>,
    /// On the old side; null when it is not there.
    pub then: Option<Usage>,
    /// On the new side; null when it is not there.
    pub now: Option<Usage>,
    /// How much more its known cost is in a month.
    pub change_monthly_usd: Usd,
    /// What moved it; these add up to that.
    pub effects: Vec<Effect>,
}

/// What became of a gateway or endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceStatus {
    /// It is on the new side only, or deleted on the old one.
    Added,
    /// It is on the old side only, or deleted on the new one.
    Removed,
    /// Its cost or its bytes are others.
    Changed,
    /// It is on one side only, and the other one did not look.
    NotComparable,
    /// Nothing changed.
    Same,
}

impl ResourceStatus {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::NotComparable => "not comparable",
            Self::Same => "same",
        }
    }
}

/// What a gateway or endpoint used and cost; null where unknown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Usage {
    /// Its billed hours in the window.
    pub hours: Option<Hours>,
    /// Its bytes in the window.
    pub bytes: Option<Bytes>,
    /// Those as gigabytes (2^30 bytes) in 730 hours of the window.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub monthly_gb: Option<Decimal>,
    /// Its cost in 730 hours of the window.
    pub monthly_usd: Option<Usd>,
}

/// A part that one side did not see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct NotSeen {
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// Which side: `then` or `now`.
    pub side: &'static str,
    /// Why.
    pub reason: String,
}

impl Difference {
    /// Compares two reports, the older one first.
    #[must_use]
    pub fn new(then: &Side, now: &Side) -> Self {
        let pair = Pair::of(then, now);
        let (findings, fixes) = finding::changes(&pair);
        let of_fixes = if fixes.measured.is_empty() { Basis::Metered } else { Basis::Measured };
        let mut sum = Effects::default();
        let mut rows: Vec<_> = pair
            .ids()
            .into_iter()
            .filter_map(|id| {
                let (kind, row, effects) = resource_change(&pair, &fixes, id)?;
                sum += effects;
                Some((kind, row))
            })
            .collect();
        rows.sort_by_cached_key(|(_, row)| {
            (row.status == ResourceStatus::Same, Reverse(row.change_monthly_usd.0.abs()), row.id.clone())
        });
        let (nats, endpoints): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(kind, _)| *kind == Kind::NatGateway);
        let total = |view: &View<'_>| view.resources.values().map(Resource::known_usd).sum::<Usd>();
        let change = sum.total();
        Self {
            schema: DIFFERENCE_SCHEMA,
            generated_by: crate::GENERATED_BY,
            then: Summary::of(&pair.then),
            now: Summary::of(&pair.now),
            monthly_usd: Change {
                then: total(&pair.then),
                now: total(&pair.now),
                change,
                comparable_change: change - sum.of(Cause::NotComparable),
            },
            effects: sum.list(of_fixes),
            realised_saving: realised(&findings),
            nat_gateways: nats.into_iter().map(|(_, row)| row).collect(),
            endpoints: endpoints.into_iter().map(|(_, row)| row).collect(),
            findings,
            not_comparable: not_comparable(&pair),
        }
    }

    /// The JSON Schema of a comparison.
    #[must_use]
    pub fn json_schema() -> schemars::Schema {
        schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<Self>()
    }

    /// Findings with a status.
    pub fn findings_that_are(&self, status: FindingStatus) -> impl Iterator<Item = &FindingChange> {
        self.findings.iter().filter(move |finding| finding.status == status)
    }
}

fn resource_change(pair: &Pair<'_>, fixes: &Fixes<'_>, id: &str) -> Option<(Kind, ResourceChange, Effects)> {
    let both = pair.both(id);
    let any = both.now.or(both.then)?;
    let effects = pair.effects(id, fixes);
    let change = effects.total();
    let gb = |resource: Option<&Resource<'_>>, month: Month| Some(month.gigabytes(resource?.bytes?).round_dp(3));
    let moved = gb(both.then, pair.then.month) != gb(both.now, pair.now.month);
    let status = match (both.then, both.now) {
        _ if !both.comparable => ResourceStatus::NotComparable,
        (None, _) => ResourceStatus::Added,
        (_, None) => ResourceStatus::Removed,
        (Some(then), Some(now)) if now.gone && !then.gone => ResourceStatus::Removed,
        (Some(then), Some(now)) if then.gone && !now.gone => ResourceStatus::Added,
        _ if change.0.abs() >= HALF_A_CENT || moved => ResourceStatus::Changed,
        _ => ResourceStatus::Same,
    };
    let of_fixes = if fixes.measured.contains(id) { Basis::Measured } else { Basis::Metered };
    let row = ResourceChange {
        status,
        account_id: any.account_id.clone(),
        region: any.region.clone(),
        vpc_id: any.vpc_id.cloned(),
        id: id.to_owned(),
        name: any.name.or(both.then.and_then(|then| then.name)).map(str::to_owned),
        service_name: any.endpoint.map(|(_, name)| name.to_owned()),
        endpoint_type: any.endpoint.map(|(endpoint_type, _)| endpoint_type.to_owned()),
        then: both.then.map(|resource| usage(resource, pair.then.month)),
        now: both.now.map(|resource| usage(resource, pair.now.month)),
        change_monthly_usd: change,
        effects: effects.list(of_fixes),
    };
    Some((any.kind, row, effects))
}

fn usage(resource: &Resource<'_>, month: Month) -> Usage {
    Usage {
        hours: resource.hours,
        bytes: resource.bytes,
        monthly_gb: resource.bytes.map(|bytes| month.gigabytes(bytes)),
        monthly_usd: resource.usd(),
    }
}

fn realised(findings: &[FindingChange]) -> Option<RealisedSaving> {
    let fixes = findings.iter().filter_map(|finding| finding.realised.as_ref());
    let known = fixes.filter_map(|fix| Some((fix.saving_low?, fix.saving_high?, fix.basis)));
    known.fold(None, |sum: Option<RealisedSaving>, (low, high, basis)| {
        let sum = sum.unwrap_or(RealisedSaving { saving_low: Usd::ZERO, saving_high: Usd::ZERO, basis, fixes: 0 });
        Some(RealisedSaving {
            saving_low: sum.saving_low + low,
            saving_high: sum.saving_high + high,
            basis: sum.basis.max(basis),
            fixes: sum.fixes + 1,
        })
    })
}

/// The parts that one side lacks, and the lists that failed on one.
fn not_comparable(pair: &Pair<'_>) -> Vec<NotSeen> {
    let mut not_seen = Vec::new();
    for (account_id, region) in pair.then.parts.union(&pair.now.parts) {
        for (side, view, other) in [("then", &pair.then, &pair.now), ("now", &pair.now, &pair.then)] {
            let mut add = |reason: String| {
                not_seen.push(NotSeen { account_id: account_id.clone(), region: region.clone(), side, reason });
            };
            if !view.has_part(account_id, region) {
                add("not scanned".to_owned());
                continue;
            }
            let failed = |view: &View<'_>, kind| view.failed(kind, account_id, region);
            for kind in [Kind::NatGateway, Kind::Endpoint] {
                // What failed on both sides is missing from both, and no difference.
                let one_sided = other.has_part(account_id, region) && failed(other, kind).is_none();
                if let Some(operation) = failed(view, kind).filter(|_| one_sided) {
                    add(format!("{operation} failed"));
                }
            }
        }
    }
    not_seen.sort();
    not_seen
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
