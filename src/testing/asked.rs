//! What tests ask of a report.

use rust_decimal::Decimal;

use super::Account;
use crate::assumption::Assumptions;
use crate::model::{Snapshot, Usd};
use crate::pricing::PriceBook;
use crate::report::{EndpointRow, FindingRow, NatGatewayRow, Report};

impl Account {
    /// The report on it, at list prices.
    pub(crate) fn report(self) -> Report {
        report(&self.snapshot())
    }

    /// The report on it with declared shares of traffic.
    pub(crate) fn report_assuming(self, shares: &[&str]) -> Report {
        report_assuming(&self.snapshot(), shares)
    }
}

/// The report on a snapshot, at list prices.
pub(crate) fn report(snapshot: &Snapshot) -> Report {
    report_assuming(snapshot, &[])
}

/// The report on a snapshot with declared shares of traffic: `s3=60%`.
pub(crate) fn report_assuming(snapshot: &Snapshot, shares: &[&str]) -> Report {
    let assumptions = Assumptions::parse(shares.iter().copied()).unwrap();
    Report::new(snapshot, None, &PriceBook::embedded().unwrap(), &assumptions)
}

impl Report {
    /// All findings of a rule.
    pub(crate) fn all(&self, rule: &str) -> Vec<&FindingRow> {
        assert!(crate::audit::Audit::find(rule).is_some(), "no rule {rule}");
        self.findings.iter().filter(|finding| finding.rule == rule).collect()
    }

    /// The one finding of a rule.
    pub(crate) fn one(&self, rule: &str) -> &FindingRow {
        let all = self.all(rule);
        assert_eq!(all.len(), 1, "{rule}: {:#?}", self.findings);
        all[0]
    }

    /// The one finding of a rule for a service.
    pub(crate) fn one_for(&self, rule: &str, service: &str) -> &FindingRow {
        let all = self.all(rule);
        let mut of_service =
            all.iter().filter(|finding| finding.service.as_ref().is_some_and(|s| s.as_str() == service));
        let found = of_service.next().unwrap_or_else(|| panic!("{rule} for {service}: {all:#?}"));
        assert!(of_service.next().is_none(), "{rule} for {service} twice");
        found
    }

    /// The rules that found something, each once.
    pub(crate) fn rules(&self) -> Vec<&str> {
        let rules: std::collections::BTreeSet<_> = self.findings.iter().map(|finding| finding.rule).collect();
        rules.into_iter().collect()
    }

    /// A NAT gateway's row.
    pub(crate) fn nat(&self, id: &str) -> &NatGatewayRow {
        self.nat_gateways.iter().find(|row| row.nat_gateway_id.as_str() == id).unwrap()
    }

    /// An endpoint's row.
    pub(crate) fn endpoint(&self, id: &str) -> &EndpointRow {
        self.endpoints.iter().find(|row| row.vpc_endpoint_id.as_str() == id).unwrap()
    }
}

/// A figure of the report as text: six decimals at most, or `unknown`.
pub(crate) fn usd(amount: impl Into<Option<Usd>>) -> String {
    amount.into().map_or_else(|| "unknown".to_owned(), |usd| text(usd.rounded()))
}

/// A decimal as text, without trailing zeros.
pub(crate) fn text(value: Decimal) -> String {
    value.normalize().to_string()
}

/// A finding's month: what it costs now, and the least and most that can be saved.
pub(crate) fn money(finding: &FindingRow) -> [String; 3] {
    let money = &finding.monthly_usd;
    [usd(money.current), usd(money.saving_low), usd(money.saving_high)]
}
