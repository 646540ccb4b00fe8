//! Where the money is, by account and Region, in a report of several accounts.

use std::io;

use super::{NAME, Page, name, range, row, table, usd};
use crate::report::{AccountRow, RegionRow, Report};

impl Page<'_> {
    pub(super) fn accounts(&mut self, report: &Report) -> io::Result<()> {
        if report.accounts.len() < 2 {
            return Ok(());
        }
        writeln!(self.out, "## By account and Region\n")?;
        let header =
            ["Account", "Name", "Region", "NAT gateways", "Endpoints", "Findings", "USD a month", "Waste a month"];
        table(self.out, &["", "", "", "---:", "---:", "---:", "---:", "---:"], &header)?;
        let of_account = |account| move |row| (account, row);
        let rows = report.accounts.iter().flat_map(|account| account.regions.iter().map(of_account(account)));
        let rows: Vec<(&AccountRow, &RegionRow)> = rows.filter(|(_, row)| !row.sums.is_empty()).collect();
        for (account, region) in self.shown(&rows) {
            row(self.out, &cells(account, region))?;
        }
        writeln!(self.out)?;
        self.cut(rows.len())
    }
}

fn cells(account: &AccountRow, region: &RegionRow) -> Vec<String> {
    let sums = &region.sums;
    let month = &sums.monthly_usd;
    let least = if sums.partial || !sums.complete { " at least" } else { "" };
    vec![
        name(account.account_id.as_str(), NAME),
        account.account_name.as_deref().map(|text| name(text, NAME)).unwrap_or_default(),
        name(region.region.as_str(), NAME),
        sums.nat_gateways.to_string(),
        sums.endpoints.to_string(),
        sums.findings.to_string(),
        format!("{}{least}", usd(month.current)),
        range(month.saving_low, month.saving_high),
    ]
}
