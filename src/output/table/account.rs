//! Where the money is, by account and Region, in a report of several accounts.

use std::io;

use comfy_table::Cell;

use super::{Page, clip, number, plain};
use crate::model::grouped;
use crate::report::{AccountRow, Report, Sums};

impl Page<'_> {
    pub(super) fn accounts(&mut self, report: &Report) -> io::Result<()> {
        if report.accounts.len() < 2 {
            return Ok(());
        }
        self.heading("By account and Region, by month of 730 hours")?;
        let rows: Vec<_> = report.accounts.iter().flat_map(|account| self.account(account)).collect();
        let mut table = self.table(&["Account", "Region", "NAT", "Endpoints", "Findings", "Cost $", "Saves $"], 2);
        for row in self.shown(&rows) {
            table.add_row(row.clone());
        }
        writeln!(self.out, "{table}")?;
        self.cut(rows.len())
    }

    /// An account's row and, where it has several Regions with something in them, one for each of those.
    fn account(&self, account: &AccountRow) -> Vec<Vec<Cell>> {
        let mut about = vec![clip(account.account_id.as_str(), 22)];
        about.extend(account.account_name.as_deref().map(|name| clip(name, 30)));
        let regions: Vec<_> = account.regions.iter().filter(|row| !row.sums.is_empty()).collect();
        let place = match &*regions {
            [] => "-".to_owned(),
            [one] => clip(one.region.as_str(), 22),
            several => format!("{} Regions", several.len()),
        };
        let mut rows = vec![self.sums(about.join("\n"), place, &account.sums)];
        if regions.len() > 1 {
            rows.extend(regions.iter().map(|row| self.sums(String::new(), clip(row.region.as_str(), 22), &row.sums)));
        }
        rows
    }

    fn sums(&self, about: String, place: String, sums: &Sums) -> Vec<Cell> {
        let month = &sums.monthly_usd;
        let (low, high) = (plain(Some(month.saving_low)), plain(Some(month.saving_high)));
        // What is unknown, or was not seen, comes on top.
        let least = if sums.partial || !sums.complete { "+" } else { "" };
        let whole = !about.is_empty();
        let cost = number(format!("{}{least}", plain(Some(month.current))));
        let count = |count: usize| number(grouped(count.into(), 0));
        vec![
            Cell::new(about),
            Cell::new(place),
            count(sums.nat_gateways),
            count(sums.endpoints),
            count(sums.findings),
            if whole { self.strong(cost) } else { cost },
            number(if low == high { low } else { format!("{low} to {high}") }),
        ]
    }
}
