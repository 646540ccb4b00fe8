//! Findings on both sides: which are fixed, new, worse, better or the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::fix::{Fixes, Outcome, Realised};
use super::pair::{Pair, View};
use super::side::Finding;
use crate::model::{AccountId, RegionName, Service, Usd, VpcId};

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingStatus {
    /// It is no longer found, and what mended it is seen.
    Fixed,
    /// It was not found then.
    New,
    /// It would save more than then.
    Worse,
    /// It would save less than then.
    Better,
    /// It is no longer found, because what it was about is gone or is used otherwise, not because it was mended.
    Gone,
    /// Its figures have another basis than then, and cannot be compared.
    Restated,
    /// One side did not look, or could not.
    NotComparable,
    /// It saves what it did.
    Same,
}

impl FindingStatus {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Fixed,
        Self::New,
        Self::Worse,
        Self::Better,
        Self::Gone,
        Self::Restated,
        Self::NotComparable,
        Self::Same,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::New => "new",
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Gone => "gone",
            Self::Restated => "restated",
            Self::NotComparable => "not comparable",
            Self::Same => "same",
        }
    }
}

/// A finding of either side.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingChange {
    /// What became of it.
    pub status: FindingStatus,
    /// The rule's id.
    pub rule: String,
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The VPC.
    #[schemars(with = "String")]
    pub vpc_id: VpcId,
    /// The service it is about.
    pub service: Option<Service>,
    /// The resources to look at: those of now, where it is still found.
    pub resources: Vec<String>,
    /// One line; that of now, where it is still found.
    pub title: String,
    /// What it would have saved; null when it was not found then.
    pub then: Option<FindingSaving>,
    /// What it would save now; null when it is not found now.
    pub now: Option<FindingSaving>,
    /// What was saved by fixing it, or by fixing a part of it; null when it is not fixed, or there was no money to it.
    pub realised: Option<Realised>,
}

/// What a finding says can be saved in a month of the resources' own hours; null where there is no such figure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingSaving {
    /// How far the figures can be trusted, as the report says it.
    pub basis: String,
    /// The least.
    pub saving_low: Option<Usd>,
    /// The most.
    pub saving_high: Option<Usd>,
}

impl FindingSaving {
    fn of(finding: &Finding) -> Self {
        let usd = |exact: super::exact::Exact| Usd(exact.0);
        Self {
            basis: finding.basis.clone(),
            saving_low: finding.monthly_usd.saving_low.map(usd),
            saving_high: finding.monthly_usd.saving_high.map(usd),
        }
    }
}

/// What makes two findings the same one: what they are about, and not what they say of it.
fn key(finding: &Finding) -> impl Ord + Clone {
    (
        finding.rule.clone(),
        finding.account_id.clone(),
        finding.region.clone(),
        finding.vpc_id.clone(),
        finding.service.clone(),
        finding.resources.first().cloned(),
    )
}

/// Findings of both sides in the order in which they are reported, and what fixes account for.
pub(super) fn changes<'s>(pair: &Pair<'s>) -> (Vec<FindingChange>, Fixes<'s>) {
    let mut open = BTreeMap::<_, Vec<&Finding>>::new();
    for finding in pair.now.side.findings.iter().rev() {
        open.entry(key(finding)).or_default().push(finding);
    }
    let mut fixes = Fixes::default();
    let mut changes = Vec::new();
    for then in &pair.then.side.findings {
        let now = open.get_mut(&key(then)).and_then(Vec::pop);
        changes.push(match now {
            Some(now) => {
                let realised = fixes.mend_partly(pair, then, now);
                change(compared(then, now), Some(then), Some(now), realised)
            }
            None => lost(pair, then, &mut fixes),
        });
    }
    for now in open.into_values().flat_map(|findings| findings.into_iter().rev()) {
        let status = if applied(&pair.then, now) { FindingStatus::New } else { FindingStatus::NotComparable };
        changes.push(change(status, None, Some(now), None));
    }
    changes.sort_by_cached_key(|change| {
        let realised = change.realised.as_ref().map(|realised| (realised.saving_high, realised.saving_low));
        let money =
            |saving: &Option<FindingSaving>| saving.as_ref().map(|saving| (saving.saving_high, saving.saving_low));
        let place = (change.rule.clone(), change.account_id.clone(), change.region.clone());
        let what = (change.resources.clone(), change.service.clone());
        (change.status, Reverse((realised, money(&change.now), money(&change.then))), place, what)
    });
    (changes, fixes)
}

fn lost<'s>(pair: &Pair<'s>, then: &'s Finding, fixes: &mut Fixes<'s>) -> FindingChange {
    if !applied(&pair.now, then) {
        return change(FindingStatus::NotComparable, Some(then), None, None);
    }
    match fixes.mend(pair, then) {
        Outcome::Fixed(realised) => change(FindingStatus::Fixed, Some(then), None, realised),
        Outcome::Gone => change(FindingStatus::Gone, Some(then), None, None),
        Outcome::NotComparable => change(FindingStatus::NotComparable, Some(then), None, None),
    }
}

fn applied(view: &View<'_>, finding: &Finding) -> bool {
    view.applied(&finding.rule, &finding.account_id, &finding.region)
}

/// Which of the two is worse, by what is saved at the most, then at the least.
fn compared(then: &Finding, now: &Finding) -> FindingStatus {
    if then.basis != now.basis {
        return FindingStatus::Restated;
    }
    let cents = |finding: &Finding| {
        let cents = |exact: super::exact::Exact| exact.0.round_dp(2);
        (finding.monthly_usd.saving_high.map(cents), finding.monthly_usd.saving_low.map(cents))
    };
    match (cents(then), cents(now)) {
        (then, now) if then.0.is_none() != now.0.is_none() => FindingStatus::NotComparable,
        (then, now) if then < now => FindingStatus::Worse,
        (then, now) if then > now => FindingStatus::Better,
        _ => FindingStatus::Same,
    }
}

fn change(
    status: FindingStatus,
    then: Option<&Finding>,
    now: Option<&Finding>,
    realised: Option<Realised>,
) -> FindingChange {
    // One of the two is there.
    let either = now.or(then);
    let text = |of: fn(&Finding) -> &str| either.map_or("", of);
    FindingChange {
        status,
        rule: text(|finding| &finding.rule).to_owned(),
        account_id: text(|finding| finding.account_id.as_str()).into(),
        region: text(|finding| finding.region.as_str()).into(),
        vpc_id: text(|finding| finding.vpc_id.as_str()).into(),
        service: either.and_then(|finding| finding.service.clone()),
        resources: either.map(|finding| finding.resources.clone()).unwrap_or_default(),
        title: text(|finding| &finding.title).to_owned(),
        then: then.map(FindingSaving::of),
        now: now.map(FindingSaving::of),
        realised,
    }
}
