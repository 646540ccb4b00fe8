//! What the report could not see, what it is not sure of, and how to see more.

use std::collections::BTreeMap;

use askama::Template;
use rust_decimal::Decimal;

use super::list::{Column, Key, List, Row, words};
use super::text::{command, long, short};
use crate::model::Usd;
use crate::output::table::usd;
use crate::report::Report;

/// A row of sentences.
#[derive(Template)]
#[template(path = "plain.html", config = "src/output/html/askama.toml")]
struct PlainHtml {
    cells: Vec<(&'static str, String)>,
    commands: Vec<String>,
}

/// Rows of text, and commands below the last cell.
pub(super) struct Line {
    pub(super) cells: Vec<String>,
    pub(super) commands: Vec<String>,
}

pub(super) fn list<'r>(
    id: &'static str,
    title: &'static str,
    labels: &'static [&'static str],
    lines: Vec<Line>,
) -> List<'r> {
    let columns: Vec<Column> = labels.iter().map(|label| words(label)).collect();
    let len = lines.len();
    let row = move |index: usize| {
        let Some(line) = lines.get(index) else { return Err(askama::Error::Fmt) };
        let cells = labels.iter().copied().zip(line.cells.iter().cloned()).collect();
        Ok(Row {
            html: PlainHtml { cells, commands: line.commands.clone() }.render()?,
            keys: line.cells.iter().map(|cell| Key::words(cell)).collect(),
            facets: Vec::new(),
        })
    };
    List { id, title, columns, facets: &[], len, row: Box::new(row) }
}

/// Calls that failed, rules that were not applied, costs that are not known: only those that there are.
pub(super) fn unseen(report: &Report) -> Vec<List<'_>> {
    let place = |account: Option<&str>, region: Option<&str>| {
        [account, region].into_iter().flatten().map(short).collect::<Vec<_>>().join(" ")
    };
    let gaps = report.gaps.iter().map(|gap| Line {
        cells: vec![
            short(&gap.operation),
            place(gap.account_id.as_ref().map(|id| id.as_str()), gap.region.as_ref().map(|region| region.as_str())),
            format!("{} ({})", crate::output::clip(&gap.message, 600), short(&gap.code)),
            gap.iam_action.as_deref().map_or_else(|| "-".to_owned(), short),
        ],
        commands: Vec::new(),
    });
    let mut by_reason = BTreeMap::<_, Vec<&str>>::new();
    for skipped in &report.skipped {
        by_reason.entry((&skipped.account_id, &skipped.region, &skipped.reason)).or_default().push(skipped.rule);
    }
    let skipped = by_reason.into_iter().map(|((account, region, reason), rules)| Line {
        cells: vec![rules.join(", "), place(Some(account.as_str()), Some(region.as_str())), long(reason)],
        commands: Vec::new(),
    });
    let unknown = report.totals.unknown.iter().map(|unknown| Line {
        cells: vec![
            short(&unknown.resource),
            place(Some(unknown.account_id.as_str()), Some(unknown.region.as_str())),
            long(&unknown.reason),
        ],
        commands: Vec::new(),
    });
    let (faults, unseen_gateways) =
        report.flow_logs.as_ref().map_or((&[][..], &[][..]), |logs| (&logs.faults, &logs.unseen));
    let faults = faults.iter().map(|fault| Line {
        cells: vec![
            short(&fault.file),
            if fault.partly_read { "read in part" } else { "not read" }.to_owned(),
            long(&fault.problem),
        ],
        commands: Vec::new(),
    });
    // A gateway that processed nothing is in no record because there is nothing to record.
    let silent = |id: &str| {
        report.nat_gateways.iter().any(|row| {
            row.nat_gateway_id.as_str() == id && row.bytes.as_ref().is_some_and(|bytes| bytes.processed == 0)
        })
    };
    let unseen_gateways = unseen_gateways.iter().filter(|id| !silent(id)).map(|id| Line {
        cells: vec![short(id), "-".to_owned(), "no record of it in the flow logs that were read".to_owned()],
        commands: Vec::new(),
    });
    let lists = [
        list("gaps", "Calls that failed", &["Call", "Where", "What AWS said", "Allow"], gaps.collect()),
        list("skipped", "Rules that could not be applied", &["Rules", "Where", "Why"], skipped.collect()),
        list("unknown", "Unknown costs, not part of any sum", &["Resource", "Where", "Why"], unknown.collect()),
        list(
            "logs",
            "What the flow logs do not tell",
            &["File or gateway", "Read", "Why"],
            faults.chain(unseen_gateways).collect(),
        ),
    ];
    lists.into_iter().filter(|list| list.len > 0).collect()
}

/// How to learn what a gateway's bytes are.
pub(super) fn advice(report: &Report) -> List<'_> {
    let lines = report.flow_log_advice.iter().map(|advice| Line {
        cells: vec![
            short(advice.nat_gateway_id.as_str()),
            short(advice.region.as_str()),
            advice.day_usd_low.zip(advice.day_usd_high).map_or_else(|| "-".to_owned(), cents),
            long(&advice.message),
        ],
        commands: advice.commands.clone(),
    });
    let labels = &["NAT gateway", "Region", "A day of logs", "How"];
    list("advice", "Gateways whose bytes nothing tells apart", labels, lines.collect())
}

/// Small amounts: a day's logs mostly cost less than a dollar.
fn cents((low, high): (Usd, Usd)) -> String {
    let text = |amount: Usd| if amount.0 < Decimal::new(1, 2) { "<$0.01".to_owned() } else { usd(amount) };
    if text(low) == text(high) { text(low) } else { format!("{} to {}", text(low), text(high)) }
}

/// Remarks on single figures.
pub(super) fn notes(report: &Report) -> List<'_> {
    let lines = report.notes.iter().map(|note| Line {
        cells: vec![short(&note.resource), short(note.region.as_str()), long(&note.message)],
        commands: Vec::new(),
    });
    list("notes", "Remarks on single figures", &["Resource", "Region", "Remark"], lines.collect())
}
