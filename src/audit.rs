//! The rules: pure functions from what is known of an account to what is wrong with it.
//!
//! One file per rule, with its manual beside it; [`AUDITS`] is the one list of them. A rule sees one account and
//! Region at a time and never another rule's findings. Where a call that a rule needs failed there, it is skipped
//! and the report says so.

mod context;
mod cross_az_nat_gateway;
mod dns64_through_nat;
mod endpoint_full_access_policy;
mod endpoint_not_available;
mod endpoint_security_group;
mod gateway_endpoint;
mod gateway_endpoint_not_associated;
mod idle_interface_endpoint;
mod idle_nat_gateway;
mod interface_endpoint_pays_off;
mod interface_endpoint_private_dns_off;
mod interface_endpoint_single_az;
mod missing_gateway_endpoint;
mod s3_interface_shadows_gateway;
mod underused_interface_endpoint;
mod verdict;

use schemars::JsonSchema;
use serde::Serialize;

pub use context::Context;
pub(crate) use endpoint_full_access_policy::allows_everything;
pub(crate) use gateway_endpoint_not_associated::has_route;
pub use verdict::{Decision, Verdict};

use crate::finding::Finding;
use crate::model::{AccountId, Gap, RegionName};
use crate::topology::Part;

/// A rule.
#[derive(Debug)]
pub struct Audit {
    /// Its id: kebab-case, stable, the name of its file.
    pub id: &'static str,
    /// What it finds, in one line.
    pub title: &'static str,
    /// Its manual, in Markdown.
    pub manual: &'static str,
    /// What it cannot do without.
    pub needs: &'static [Dataset],
    /// The rule itself.
    pub run: fn(&Context<'_>, &Part<'_>) -> Vec<Finding>,
}

/// Every rule, in the order in which they are listed.
pub const AUDITS: [Audit; 14] = [
    missing_gateway_endpoint::AUDIT,
    gateway_endpoint_not_associated::AUDIT,
    idle_nat_gateway::AUDIT,
    cross_az_nat_gateway::AUDIT,
    interface_endpoint_pays_off::AUDIT,
    idle_interface_endpoint::AUDIT,
    underused_interface_endpoint::AUDIT,
    s3_interface_shadows_gateway::AUDIT,
    interface_endpoint_private_dns_off::AUDIT,
    interface_endpoint_single_az::AUDIT,
    endpoint_security_group::AUDIT,
    endpoint_full_access_policy::AUDIT,
    endpoint_not_available::AUDIT,
    dns64_through_nat::AUDIT,
];

/// A part of a scan that a failed call leaves unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dataset {
    /// VPCs and their address blocks.
    Vpcs,
    /// Subnets and their zones.
    Subnets,
    /// Route tables.
    RouteTables,
    /// NAT gateways.
    NatGateways,
    /// Endpoints.
    VpcEndpoints,
    /// Security groups.
    SecurityGroups,
    /// CloudWatch's series.
    Metrics,
}

impl Dataset {
    /// The calls that it is read by.
    fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Vpcs => &["DescribeVpcs"],
            Self::Subnets => &["DescribeSubnets"],
            Self::RouteTables => &["DescribeRouteTables"],
            Self::NatGateways => &["DescribeNatGateways"],
            Self::VpcEndpoints => &["DescribeVpcEndpoints"],
            Self::SecurityGroups => &["DescribeSecurityGroups"],
            Self::Metrics => &["GetMetricData"],
        }
    }

    /// Whether a failed call was one of those.
    fn is_lost_by(self, gap: &Gap) -> bool {
        self.operations().contains(&gap.operation.as_str())
    }
}

/// A rule that could not be applied to some account and Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Skipped {
    /// The rule's id.
    pub rule: &'static str,
    /// What was missing.
    pub reason: String,
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
}

/// Applies every rule to every account and Region.
#[must_use]
pub fn run(context: &Context<'_>) -> (Vec<Finding>, Vec<Skipped>) {
    let mut findings = Vec::new();
    let mut skipped = Vec::new();
    for part in &context.topology.parts {
        for audit in &AUDITS {
            match part.scan.gaps.iter().find(|gap| audit.is_blind_by(gap)) {
                Some(gap) => skipped.push(Skipped {
                    rule: audit.id,
                    reason: reason(gap),
                    account_id: part.scan.account_id.clone(),
                    region: part.scan.region.clone(),
                }),
                None => findings.extend((audit.run)(context, part)),
            }
        }
    }
    (findings, skipped)
}

impl Audit {
    /// The rule of an id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        const ALL: &[Audit] = &AUDITS;
        ALL.iter().find(|audit| audit.id == id)
    }

    fn is_blind_by(&self, gap: &Gap) -> bool {
        self.needs.iter().any(|dataset| dataset.is_lost_by(gap))
    }
}

fn reason(gap: &Gap) -> String {
    match &gap.iam_action {
        Some(action) => format!("{} was refused ({}): allow {action}", gap.operation, gap.code),
        None => format!("{} failed ({})", gap.operation, gap.code),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::testing::{Account, report};

    /// An account in which every kind of thing is there, and much of it wrong.
    fn faulty() -> Account {
        Account::plain("us-east-1").traffic("nat-1", 0, 0).interface_endpoint("sqs", &["subnet-a"])
    }

    #[test]
    fn a_refused_call_skips_the_rules_that_need_it_and_no_other() {
        for (dataset, operation) in [
            (Dataset::Vpcs, "DescribeVpcs"),
            (Dataset::Subnets, "DescribeSubnets"),
            (Dataset::RouteTables, "DescribeRouteTables"),
            (Dataset::NatGateways, "DescribeNatGateways"),
            (Dataset::VpcEndpoints, "DescribeVpcEndpoints"),
            (Dataset::SecurityGroups, "DescribeSecurityGroups"),
            (Dataset::Metrics, "GetMetricData"),
        ] {
            let service = if dataset == Dataset::Metrics { "cloudwatch" } else { "ec2" };
            let action = format!("{service}:{operation}");
            let report = faulty().refused(operation, &action).and("444455556666", "us-east-1").report();
            let skipped: BTreeSet<_> = report.skipped.iter().map(|skipped| skipped.rule).collect();
            let blind: BTreeSet<_> =
                AUDITS.iter().filter(|audit| audit.needs.contains(&dataset)).map(|audit| audit.id).collect();
            assert_eq!(skipped, blind, "{operation}");
            assert!(!blind.is_empty());
            for one in &report.skipped {
                assert_eq!(one.reason, format!("{operation} was refused (UnauthorizedOperation): allow {action}"));
                assert_eq!(one.account_id.as_str(), "111122223333");
            }
            assert!(report.findings.iter().all(|finding| !blind.contains(finding.rule)));
            assert!(!report.scope.complete);
            assert_eq!(report.gaps.len(), 1);
        }
    }

    #[test]
    fn a_call_that_no_rule_needs_skips_none() {
        let report = faulty().refused("DescribeFlowLogs", "ec2:DescribeFlowLogs").report();
        assert!(report.skipped.is_empty());
        assert_eq!(report.rules(), faulty().report().rules());
    }

    #[test]
    fn a_shared_vpc_is_its_owners_to_change() {
        let snapshot = Account::plain("us-east-1")
            .traffic("nat-1", 500, 500)
            .subnet("subnet-b", "b", "10.0.2.0/24")
            .main_table("rtb-main")
            .route("rtb-main", "0.0.0.0/0", "nat-1")
            .blackhole("rtb-main", "pl-s3", "vpce-owners")
            .scan(|scan| {
                scan.vpcs[0].owner_id = Some("999988887777".into());
                scan.subnets.iter_mut().for_each(|subnet| subnet.enable_dns64 = true);
            })
            .snapshot();
        let report = report(&snapshot);
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let note = report.notes.iter().find(|note| note.resource == "vpc-1").unwrap();
        assert!(note.message.contains("shared by account 999988887777"), "{}", note.message);
    }

    #[test]
    fn an_empty_account_has_no_findings_and_no_costs() {
        let report = Account::new("us-east-1").report();
        assert!(report.findings.is_empty() && report.skipped.is_empty() && report.notes.is_empty());
        assert_eq!(report.totals.window_usd.total, Some(crate::model::Usd::ZERO));
        assert!(!report.totals.partial && report.scope.complete);
    }

    #[test]
    fn rules_have_unique_ids_and_a_manual_that_starts_with_theirs() {
        let ids: BTreeSet<_> = AUDITS.iter().map(|audit| audit.id).collect();
        assert_eq!(ids.len(), AUDITS.len());
        for audit in &AUDITS {
            assert!(audit.id.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit()), "{}", audit.id);
            assert!(audit.manual.starts_with(&format!("# {}\n", audit.id)), "manual of {}", audit.id);
            for heading in
                ["## Why it costs", "## How it is computed", "## Remedy", "## When to ignore it", "## Source"]
            {
                assert!(audit.manual.contains(heading), "{} has no {heading:?}", audit.id);
            }
        }
    }
}
