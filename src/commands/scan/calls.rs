//! What a scan asked, by account, and what that costs.

use comfy_table::{Cell, CellAlignment, Table};

use crate::aws::{AccountCalls, CallLog};
use crate::commands::audit::eprint;
use crate::output::{TABLE_STYLE, clean};

/// Accounts shown by themselves, those with the most calls.
const ROWS: usize = 20;

/// Tells it on stderr: a line, and a table where there are several accounts.
pub(super) fn tell(accounts: &[AccountCalls]) {
    let mut all = CallLog::default();
    accounts.iter().for_each(|account| all.add(&account.calls));
    for (operation, counts) in &all.operations {
        tracing::debug!(calls = counts.calls, retries = counts.retries(), throttles = counts.throttles, "{operation}");
    }
    if accounts.len() > 1 {
        eprint(&table(accounts, &all).to_string());
    }
    let total = all.total();
    eprint(&format!(
        "natwise: {} API calls ({} retries, {} throttled); {} CloudWatch metrics read, about {}",
        total.calls,
        total.retries(),
        total.throttles,
        all.metrics_requested,
        cost(&all)
    ));
}

fn cost(calls: &CallLog) -> String {
    format!("${}", calls.metrics_cost().0.round_dp(4).normalize())
}

fn table(accounts: &[AccountCalls], all: &CallLog) -> Table {
    let mut by_account: std::collections::BTreeMap<Option<&str>, CallLog> = std::collections::BTreeMap::new();
    for account in accounts {
        let id = account.account_id.as_ref().map(|id| id.as_str());
        by_account.entry(id).or_default().add(&account.calls);
    }
    let mut rows: Vec<_> = by_account.into_iter().collect();
    rows.sort_by_key(|(_, calls)| std::cmp::Reverse((calls.total().throttles, calls.total().calls)));
    let mut table = Table::new();
    table.load_style(TABLE_STYLE).force_no_tty().set_header([
        "Account",
        "Calls",
        "Retries",
        "Throttled",
        "Metrics",
        "CloudWatch",
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (id, calls) in rows.iter().take(ROWS) {
        table.add_row(row(clean(id.unwrap_or("unknown")).into_owned(), calls));
    }
    if rows.len() > ROWS {
        let mut others = CallLog::default();
        rows.iter().skip(ROWS).for_each(|(_, calls)| others.add(calls));
        table.add_row(row(format!("{} more", rows.len() - ROWS), &others));
    }
    table.add_row(row("all".to_owned(), all));
    table
}

fn row(name: String, calls: &CallLog) -> Vec<Cell> {
    let total = calls.total();
    let counts = [total.calls, total.retries(), total.throttles, calls.metrics_requested].map(Cell::new);
    let mut row = vec![Cell::new(name)];
    row.extend(counts);
    row.push(Cell::new(cost(calls)));
    row
}
