//! Where the money is, by account and Region, in a report of several accounts.

use askama::Template;

use super::list::{Key, List, Row, figures, words};
use super::text::{grouped_count, short};
use crate::output::table::plain;
use crate::report::{AccountRow, RegionRow, Report};

#[derive(Template)]
#[template(path = "account.html", config = "src/output/html/askama.toml")]
struct AccountHtml<'r> {
    account: &'r AccountRow,
    row: &'r RegionRow,
}

/// The table of accounts' Regions; empty in a report of one account.
pub(super) fn list(report: &Report) -> List<'_> {
    let mut rows = Vec::new();
    for account in report.accounts.iter().filter(|_| report.accounts.len() > 1) {
        rows.extend(account.regions.iter().map(|row| (account, row)));
    }
    let len = rows.len();
    let row = move |index: usize| {
        let Some((account, row)) = rows.get(index).copied() else { return Err(askama::Error::Fmt) };
        let (sums, month) = (&row.sums, &row.sums.monthly_usd);
        Ok(Row {
            html: AccountHtml { account, row }.render()?,
            keys: vec![
                Key::words(account.account_name.as_deref().unwrap_or(account.account_id.as_str())),
                Key::words(row.region.as_str()),
                Key::Figure(Some(sums.nat_gateways.into())),
                Key::Figure(Some(sums.endpoints.into())),
                Key::Figure(Some(sums.findings.into())),
                Key::Figure(Some(month.current.0)),
                Key::Figure(Some(month.saving_low.0)),
                Key::Figure(Some(month.saving_high.0)),
            ],
            facets: vec![
                short(account.account_id.as_str()),
                short(row.region.as_str()),
                if sums.complete { "yes" } else { "no" }.to_owned(),
            ],
        })
    };
    List {
        id: "accounts",
        title: "Accounts and Regions, by month of 730 hours",
        columns: vec![
            words("Account"),
            words("Region"),
            figures("NAT gateways"),
            figures("Endpoints"),
            figures("Findings"),
            figures("Cost $"),
            figures("Saves at least $"),
            figures("At the most $"),
        ],
        facets: &["Account", "Region", "Complete"],
        len,
        row: Box::new(row),
    }
}
