//! Reports of groups of accounts and Regions put together: what a report of all of them at once would be.
//!
//! A group is what must be seen together, because something in one part of it leads to something in another (a transit
//! gateway, a shared VPC). Nothing leads from one group to another, so each is analysed alone, and only what is to be
//! reported of it is kept. Here is everything that concerns all of them: the order, the sums, and the places that
//! findings are known by.

use std::cmp::Reverse;

use super::account::{AccountRow, Sums, Tally};
use super::{EndpointRow, NatGatewayRow, Report, saving};

impl Report {
    /// The report of several groups that cover one window; none of none.
    #[must_use]
    pub fn merge(groups: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut groups = groups.into_iter();
        let mut whole = groups.next()?;
        for group in groups {
            whole.append(group);
        }
        whole.arrange();
        Some(whole)
    }

    /// Adds a group; the whole is to be arranged afterwards.
    fn append(&mut self, mut group: Self) {
        let before = self.findings.len();
        group.move_findings(|place| place + before);
        self.scope.accounts.append(&mut group.scope.accounts);
        self.scope.regions.append(&mut group.scope.regions);
        let (sums, more) = (&mut self.totals.monthly_usd, &group.totals.monthly_usd);
        sums.current += more.current;
        sums.saving_low += more.saving_low;
        sums.saving_high += more.saving_high;
        sums.ended += more.ended;
        self.totals.unknown.append(&mut group.totals.unknown);
        self.accounts.append(&mut group.accounts);
        self.nat_gateways.append(&mut group.nat_gateways);
        self.endpoints.append(&mut group.endpoints);
        self.findings.append(&mut group.findings);
        self.vpcs.append(&mut group.vpcs);
        self.plan.append(&mut group.plan);
        self.skipped.append(&mut group.skipped);
        self.gaps.append(&mut group.gaps);
        self.flow_logs = self.flow_logs.take().or(group.flow_logs);
        self.flow_log_advice.append(&mut group.flow_log_advice);
        self.notes.append(&mut group.notes);
    }

    /// Puts everything in the order in which it is reported, and sums up what is summed up over all.
    pub(super) fn arrange(&mut self) {
        self.arrange_findings();
        self.scope.accounts.sort();
        self.scope.accounts.dedup();
        self.scope.regions.sort();
        self.scope.regions.dedup();
        self.scope.complete = self.gaps.is_empty();
        self.totals.partial = !self.totals.unknown.is_empty();
        // What is of one part has its order already, and keeps it.
        self.totals.unknown.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
        self.vpcs.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
        self.flow_log_advice.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
        self.nat_gateways.sort_by(NatGatewayRow::order);
        self.endpoints.sort_by(EndpointRow::order);
        self.skipped.sort();
        self.gaps.sort();
        self.notes.sort();
        self.arrange_accounts();
    }

    /// Most money first; what else knows findings by their places follows.
    fn arrange_findings(&mut self) {
        let mut findings: Vec<_> = std::mem::take(&mut self.findings).into_iter().enumerate().collect();
        findings.sort_by(|(_, a), (_, b)| saving::order(a, b));
        let mut places = vec![0; findings.len()];
        for (place, (before, _)) in findings.iter().enumerate() {
            places[*before] = place;
        }
        self.findings = findings.into_iter().map(|(_, finding)| finding).collect();
        self.move_findings(|before| places[before]);
        self.plan.sort_by_key(|step| step.finding);
    }

    /// Dearest first, with all sums.
    fn arrange_accounts(&mut self) {
        let mut accounts = AccountRow::joined(std::mem::take(&mut self.accounts));
        let tally = Tally::of(self);
        tally.fill(&mut accounts);
        let window_usd = tally.window_usd();
        self.totals.window_usd = window_usd;
        let dearest = |sums: &Sums| (Reverse(sums.monthly_usd.current), Reverse(sums.monthly_usd.saving_high));
        for account in &mut accounts {
            account.regions.sort_by(|a, b| (dearest(&a.sums), &a.region).cmp(&(dearest(&b.sums), &b.region)));
        }
        accounts.sort_by(|a, b| (dearest(&a.sums), &a.account_id).cmp(&(dearest(&b.sums), &b.account_id)));
        self.accounts = accounts;
    }

    fn move_findings(&mut self, to: impl Fn(usize) -> usize) {
        for step in &mut self.plan {
            step.finding = to(step.finding);
        }
        for missing in self.vpcs.iter_mut().flat_map(|vpc| &mut vpc.missing) {
            missing.finding = to(missing.finding);
        }
    }
}

#[cfg(test)]
mod tests;
