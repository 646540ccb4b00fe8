//! Findings put together: what two of them claim of one cost is counted once, and nobody saves more than they pay.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::FindingRow;
use crate::cost::{Costs, EndpointCost, NatGatewayCost};
use crate::finding::{Money, Pool};
use crate::model::{Service, Usd};

/// Low and high.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Range {
    pub(super) low: Usd,
    pub(super) high: Usd,
}

impl Range {
    fn add(&mut self, other: Self) {
        self.low += other.low;
        self.high += other.high;
    }

    fn up_to(self, limit: Usd) -> Self {
        Self { low: self.low.min(limit), high: self.high.min(limit) }
    }
}

/// What a finding adds to the saving of those before it. It can add more to the least than to the most: it may prove
/// what one before it only leaves possible.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanStep {
    /// Its place in `findings`.
    pub finding: usize,
    /// What it saves a month at the least that none before it saves.
    pub saving_low: Usd,
    /// The same at the most.
    pub saving_high: Usd,
}

/// The monthly saving of findings put together one by one.
///
/// Claims for one service on one cost are about the same bytes, so together they come to no more than those; all
/// claims on one cost come to no more than that cost, and all on one resource to no more than it costs a month. Sums
/// and minima only: the order of findings cannot matter for the whole, only for what each of them adds to it.
#[derive(Debug, Default)]
pub(super) struct Savings<'f> {
    resources: BTreeMap<&'f str, BTreeMap<&'f Pool, Claims<'f>>>,
}

/// The claims on one cost by service: their sum, and what they can come to.
type Claims<'f> = BTreeMap<Option<&'f Service>, (Range, Usd)>;

impl<'f> Savings<'f> {
    /// All of them, and what each of those with money adds.
    pub(super) fn of(
        findings: impl IntoIterator<Item = Option<&'f Money>>,
        costs: &Costs<'_>,
    ) -> (Range, Vec<PlanStep>) {
        let mut savings = Self::default();
        let mut plan = Vec::new();
        for (index, money) in findings.into_iter().enumerate() {
            let Some(money) = money else { continue };
            let added = savings.add(money, costs);
            plan.push(PlanStep { finding: index, saving_low: added.low, saving_high: added.high });
        }
        let total = savings.by_resource(costs).values().fold(Range::default(), |mut total, range| {
            total.add(*range);
            total
        });
        (total, plan)
    }

    /// The same for each resource.
    pub(super) fn by_resource(&self, costs: &Costs<'_>) -> BTreeMap<&'f str, Range> {
        self.resources.keys().map(|resource| (*resource, self.on(resource, costs))).collect()
    }

    /// Adds one finding's claims, and tells what that adds to the saving.
    pub(super) fn add(&mut self, money: &'f Money, costs: &Costs<'_>) -> Range {
        let touched: BTreeSet<&str> = money.claims.iter().map(|claim| claim.on.resource()).collect();
        let sum = |savings: &Self| {
            touched.iter().fold(Range::default(), |mut sum, resource| {
                sum.add(savings.on(resource, costs));
                sum
            })
        };
        let before = sum(self);
        for claim in &money.claims {
            let pools = self.resources.entry(claim.on.resource()).or_default();
            let (range, limit) = pools.entry(&claim.on).or_default().entry(claim.service.as_ref()).or_default();
            range.add(Range { low: claim.low, high: claim.high });
            *limit = (*limit).max(claim.limit);
        }
        let after = sum(self);
        Range { low: after.low - before.low, high: after.high - before.high }
    }

    /// What all claims on one resource save.
    fn on(&self, resource: &str, costs: &Costs<'_>) -> Range {
        let mut total = Range::default();
        let mut whole = Usd::ZERO;
        for (pool, services) in self.resources.get(resource).into_iter().flatten() {
            let mut sum = Range::default();
            for (range, limit) in services.values() {
                sum.add(range.up_to(*limit));
            }
            let (cost, size) = bounds(pool, costs);
            total.add(size.map_or(sum, |size| sum.up_to(size)));
            whole = cost;
        }
        total.up_to(whole)
    }
}

/// What a cost's resource costs a month in all, and the cost itself where it is part of that.
fn bounds(pool: &Pool, costs: &Costs<'_>) -> (Usd, Option<Usd>) {
    match pool {
        Pool::NatData(id) | Pool::NatStanding(id) | Pool::CrossAz(id) | Pool::TransitGateway(id) => {
            let cost = costs.nat_gateway(id);
            let whole = cost.map_or(Usd::ZERO, NatGatewayCost::monthly_known_usd);
            let size = match pool {
                Pool::NatData(_) => cost.and_then(NatGatewayCost::monthly_data_usd),
                Pool::NatStanding(_) => cost.and_then(NatGatewayCost::monthly_standing_usd),
                _ => None,
            };
            (whole, size)
        }
        Pool::Endpoint(id) => (costs.endpoint(id).map_or(Usd::ZERO, EndpointCost::monthly_known_usd), None),
    }
}

/// Most money first; what has no figure last. Ties by rule, account, Region and resource, so that two runs are alike.
pub(super) fn order(a: &FindingRow, b: &FindingRow) -> Ordering {
    fn key(row: &FindingRow) -> impl Ord + '_ {
        let money = &row.monthly_usd;
        (
            Reverse(money.saving_high),
            Reverse(money.saving_low),
            row.rule,
            (&row.account_id, &row.region, &row.resources, &row.service),
        )
    }
    key(a).cmp(&key(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assumption::Assumptions;
    use crate::attribution::Attribution;
    use crate::audit::{self, Context};
    use crate::model::Snapshot;
    use crate::pricing::PriceBook;
    use crate::topology::Topology;

    #[test]
    fn the_order_of_rules_and_findings_never_changes_a_total() {
        let snapshot = Snapshot::parse(include_bytes!("../demo/account.json")).unwrap();
        let prices = PriceBook::embedded().unwrap();
        let assumptions = Assumptions::parse(["s3=40%", "ecr.dkr=5%"]).unwrap();
        let (topology, costs) = (Topology::new(&snapshot), Costs::new(&snapshot, &prices));
        let context = Context {
            topology: &topology,
            costs: &costs,
            prices: &prices,
            attribution: &Attribution::default(),
            assumptions: &assumptions,
        };
        let (mut findings, _) = audit::run(&context);
        let total = |findings: &[crate::finding::Finding]| {
            let (total, plan) = Savings::of(findings.iter().map(|finding| finding.money.as_ref()), &costs);
            assert!(plan.iter().all(|step| step.saving_low >= Usd::ZERO && step.saving_high >= Usd::ZERO));
            (total.low, total.high)
        };
        let expected = total(&findings);
        assert!(expected.0 > Usd::ZERO && expected.0 < expected.1);
        for step in 1..=findings.len() {
            findings.rotate_left(step);
            assert_eq!(total(&findings), expected);
            findings.reverse();
            assert_eq!(total(&findings), expected);
        }
    }
}
