//! The sums of a report by account and Region.
//!
//! A cost belongs to the account whose resource it is, a saving to the account that has to change something. These can
//! be two: a VPC behind a transit gateway saves what another account's NAT gateway costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{EndpointRow, NatGatewayRow, Report, TotalMonthlyUsd, WindowUsd};
use crate::model::{AccountId, RegionName, RegionScan, Usd};

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountRow {
    /// Its id.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The name that its organisation gave it; null when that was not asked.
    pub account_name: Option<String>,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Sums,
    /// Its Regions that were scanned, dearest first.
    pub regions: Vec<RegionRow>,
}

/// A Region of an account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegionRow {
    /// Its code.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// What an account, or a Region of it, comes to.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sums {
    /// What the window cost: as in `totals`, of this part alone.
    pub window_usd: WindowUsd,
    /// A month of 730 hours at the window's rate. The saving is what this part's findings add to the plan, so that all
    /// parts come to the totals; it is more than `current` where findings here save what another account pays.
    pub monthly_usd: TotalMonthlyUsd,
    /// Whether some cost is unknown, so that the sums are less than the truth.
    pub partial: bool,
    /// Whether every call succeeded.
    pub complete: bool,
    /// NAT gateways.
    pub nat_gateways: usize,
    /// Endpoints.
    pub endpoints: usize,
    /// Findings.
    pub findings: usize,
}

impl Sums {
    /// Whether there is nothing in it that a reader could look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.complete && self.nat_gateways == 0 && self.endpoints == 0 && self.findings == 0
    }
}

impl AccountRow {
    /// An account of which one Region was scanned, without any sum yet.
    pub(super) fn of(scan: &RegionScan) -> Self {
        Self {
            account_id: scan.account_id.clone(),
            account_name: scan.account_name.clone(),
            sums: Sums::default(),
            regions: vec![RegionRow { region: scan.region.clone(), sums: Sums::default() }],
        }
    }

    /// The account's Regions together, and no account twice.
    pub(super) fn joined(rows: Vec<Self>) -> Vec<Self> {
        let mut accounts = BTreeMap::<AccountId, Self>::new();
        for mut row in rows {
            match accounts.get_mut(&row.account_id) {
                Some(account) => {
                    account.account_name = account.account_name.take().or(row.account_name);
                    account.regions.append(&mut row.regions);
                }
                None => {
                    accounts.insert(row.account_id.clone(), row);
                }
            }
        }
        accounts.into_values().collect()
    }
}

/// The sums of a report's rows: by account and Region, by account, and in all.
#[derive(Default)]
pub(super) struct Tally<'r> {
    parts: BTreeMap<(&'r AccountId, &'r RegionName), Sum>,
    accounts: BTreeMap<&'r AccountId, Sum>,
    all: Sum,
}

impl<'r> Tally<'r> {
    /// Sums up what a report lists.
    pub(super) fn of(report: &'r Report) -> Self {
        let mut tally = Self::default();
        for row in &report.nat_gateways {
            tally.add(&row.account_id, &row.region, |sum| sum.add_nat_gateway(row));
        }
        for row in &report.endpoints {
            tally.add(&row.account_id, &row.region, |sum| sum.add_endpoint(row));
        }
        for row in &report.findings {
            tally.add(&row.account_id, &row.region, |sum| sum.findings += 1);
        }
        for step in &report.plan {
            let Some(finding) = report.findings.get(step.finding) else { continue };
            tally.add(&finding.account_id, &finding.region, |sum| {
                sum.saving_low += step.saving_low;
                sum.saving_high += step.saving_high;
            });
        }
        for cost in &report.totals.unknown {
            tally.add(&cost.account_id, &cost.region, |sum| sum.partial = true);
        }
        for gap in &report.gaps {
            let Some(account_id) = &gap.account_id else { continue };
            tally.accounts.entry(account_id).or_default().gaps = true;
            if let Some(region) = &gap.region {
                tally.parts.entry((account_id, region)).or_default().gaps = true;
            }
        }
        tally
    }

    fn add(&mut self, account_id: &'r AccountId, region: &'r RegionName, add: impl Fn(&mut Sum)) {
        add(self.parts.entry((account_id, region)).or_default());
        add(self.accounts.entry(account_id).or_default());
        add(&mut self.all);
    }

    /// What everything cost in the window.
    pub(super) fn window_usd(&self) -> WindowUsd {
        self.all.window_usd()
    }

    /// Fills in the sums.
    pub(super) fn fill(&self, accounts: &mut [AccountRow]) {
        let nothing = Sum::default();
        for account in accounts {
            for row in &mut account.regions {
                row.sums = self.parts.get(&(&account.account_id, &row.region)).unwrap_or(&nothing).sums();
            }
            account.sums = self.accounts.get(&account.account_id).unwrap_or(&nothing).sums();
        }
    }
}

/// Sums in the making.
#[derive(Default)]
struct Sum {
    nat_hours: Known,
    nat_data: Known,
    addresses: Known,
    endpoint_hours: Known,
    endpoint_data: Known,
    current: Usd,
    ended: Usd,
    saving_low: Usd,
    saving_high: Usd,
    nat_gateways: usize,
    endpoints: usize,
    findings: usize,
    partial: bool,
    gaps: bool,
}

impl Sum {
    fn add_nat_gateway(&mut self, row: &NatGatewayRow) {
        self.nat_gateways += 1;
        self.nat_hours.add(row.window_usd.hours);
        self.nat_data.add(row.window_usd.data);
        self.addresses.add(row.window_usd.addresses);
        self.current += row.monthly_known_usd;
        if row.ended {
            self.ended += row.monthly_known_usd;
        }
    }

    fn add_endpoint(&mut self, row: &EndpointRow) {
        self.endpoints += 1;
        self.endpoint_hours.add(row.window_usd.hours);
        self.endpoint_data.add(row.window_usd.data);
        self.current += row.monthly_known_usd;
    }

    fn window_usd(&self) -> WindowUsd {
        let [nat_hours, nat_data, endpoint_hours, endpoint_data, other] =
            [&self.nat_hours, &self.nat_data, &self.endpoint_hours, &self.endpoint_data, &self.addresses]
                .map(Known::get);
        let known: Vec<_> = [nat_hours, nat_data, endpoint_hours, endpoint_data, other].into_iter().flatten().collect();
        let total = (!known.is_empty()).then(|| known.into_iter().sum());
        WindowUsd { nat_hours, nat_data, endpoint_hours, endpoint_data, other, total }
    }

    fn sums(&self) -> Sums {
        Sums {
            window_usd: self.window_usd(),
            monthly_usd: TotalMonthlyUsd {
                current: self.current,
                saving_low: self.saving_low,
                saving_high: self.saving_high,
                ended: self.ended,
            },
            partial: self.partial,
            complete: !self.gaps,
            nat_gateways: self.nat_gateways,
            endpoints: self.endpoints,
            findings: self.findings,
        }
    }
}

/// The sum of what is known of some amounts.
#[derive(Default)]
struct Known {
    sum: Option<Usd>,
    unknown: bool,
}

impl Known {
    fn add(&mut self, amount: Option<Usd>) {
        match amount {
            Some(usd) => self.sum = Some(self.sum.unwrap_or(Usd::ZERO) + usd),
            None => self.unknown = true,
        }
    }

    /// None when there are amounts and not one of them is known.
    fn get(&self) -> Option<Usd> {
        self.sum.or((!self.unknown).then_some(Usd::ZERO))
    }
}

#[cfg(test)]
mod tests;
