//! Findings put together: what two of them claim of one cost is counted once, and nobody saves more than they pay.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::cost::Costs;
use crate::finding::{Finding, Money, Pool};
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

/// The monthly saving of all findings together, low and high.
///
/// Claims for one service on one cost are about the same bytes, so together they come to no more than those; all
/// claims on one cost come to no more than that cost, and all on one resource to no more than it costs a month. Sums
/// and minima only: the order of findings cannot matter.
pub(super) fn total(findings: &[Finding], costs: &Costs<'_>) -> (Usd, Usd) {
    let mut total = Range::default();
    for range in by_resource(findings, costs).into_values() {
        total.add(range);
    }
    (total.low, total.high)
}

/// The same for each resource.
pub(super) fn by_resource<'f>(findings: &'f [Finding], costs: &Costs<'_>) -> BTreeMap<&'f str, Range> {
    let mut pools = BTreeMap::<&Pool, BTreeMap<Option<&Service>, (Range, Usd)>>::new();
    for claim in findings.iter().filter_map(|finding| finding.money.as_ref()).flat_map(|money| &money.claims) {
        let (range, limit) = pools.entry(&claim.on).or_default().entry(claim.service.as_ref()).or_default();
        range.add(Range { low: claim.low, high: claim.high });
        *limit = (*limit).max(claim.limit);
    }
    let mut resources = BTreeMap::<&str, (Range, Usd)>::new();
    for (pool, services) in pools {
        let mut sum = Range::default();
        for (range, limit) in services.into_values() {
            sum.add(range.up_to(limit));
        }
        let (resource, whole, size) = bounds(pool, costs);
        let (range, limit) = resources.entry(resource).or_default();
        range.add(size.map_or(sum, |size| sum.up_to(size)));
        *limit = whole;
    }
    resources.into_iter().map(|(resource, (range, limit))| (resource, range.up_to(limit))).collect()
}

/// The resource a cost belongs to, what that costs a month in all, and the cost itself where it is part of that.
fn bounds<'p>(pool: &'p Pool, costs: &Costs<'_>) -> (&'p str, Usd, Option<Usd>) {
    match pool {
        Pool::NatData(id) | Pool::NatStanding(id) | Pool::CrossAz(id) | Pool::TransitGateway(id) => {
            let cost = costs.nat_gateway(id);
            let whole = cost.map_or(Usd::ZERO, crate::cost::NatGatewayCost::monthly_known_usd);
            let size = match pool {
                Pool::NatData(_) => cost.and_then(crate::cost::NatGatewayCost::monthly_data_usd),
                Pool::NatStanding(_) => cost.and_then(crate::cost::NatGatewayCost::monthly_standing_usd),
                _ => None,
            };
            (id.as_str(), whole, size)
        }
        Pool::Endpoint(id) => {
            let cost = costs.endpoint(id);
            let whole = cost.map_or(Usd::ZERO, crate::cost::EndpointCost::monthly_known_usd);
            (id.as_str(), whole, None)
        }
    }
}

/// Most money first; what has no figure last. Ties by rule, account, Region and resource, so that two runs are alike.
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by_cached_key(|finding| {
        let money = finding.money.as_ref();
        (
            Reverse(money.map(Money::saving_high)),
            Reverse(money.map(Money::saving_low)),
            finding.rule,
            finding.account_id.clone(),
            finding.region.clone(),
            finding.resources.clone(),
            finding.service.clone(),
        )
    });
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
        let expected = total(&findings, &costs);
        assert!(expected.0 > Usd::ZERO && expected.0 < expected.1);
        for step in 1..=findings.len() {
            findings.rotate_left(step);
            assert_eq!(total(&findings, &costs), expected);
            findings.reverse();
            assert_eq!(total(&findings, &costs), expected);
        }
    }
}
