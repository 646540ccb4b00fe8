//! Comparisons as one HTML file each, in the report's look. They need no script: bars are drawn in the tables, and no
//! content security policy lets one run.

use std::io::{self, Write};

use askama::Template;
use rust_decimal::Decimal;

use super::STYLE;
use super::text::{long, short};
use crate::difference::{Difference, Effect, FindingChange, ResourceChange};
use crate::history::{History, WindowRow};
use crate::model::{Usd, grouped};
use crate::output::change::{
    ComponentRow, assumed, changed, changed_findings, comparable, components, counted, counted_findings, dollars,
    effects, gigabytes, headline, maybe_signed, not_seen, prices, realised, saving, service, side, signed, span,
};
use crate::output::table::{date, maybe, range, usd};

const COMPARE: &str = include_str!("page/compare.css");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// Rows of a table: more would be too much for a page, and are in the JSON.
const MOST: usize = 500;

#[derive(Template)]
#[template(path = "difference.html", config = "src/output/html/askama.toml")]
struct DifferencePage<'d> {
    difference: &'d Difference,
    policy: &'static str,
    style: &'static str,
    compare: &'static str,
    headline: String,
    comparable: Option<String>,
    rose: bool,
    then: String,
    now: String,
    prices: String,
    not_seen: Vec<String>,
    steps: Vec<Step>,
    components: Vec<[String; 4]>,
    counted_findings: String,
    findings: Vec<&'d FindingChange>,
    findings_left_out: usize,
    parts: Vec<Part<'d>>,
}

/// A bar on the way from the cost then to the cost now.
struct Step {
    title: &'static str,
    meaning: &'static str,
    basis: &'static str,
    usd: String,
    class: &'static str,
    whole: bool,
    x: String,
    width: String,
}

/// Gateways or endpoints.
struct Part<'d> {
    id: &'static str,
    title: &'static str,
    counted: String,
    rows: Vec<&'d ResourceChange>,
    left_out: usize,
}

#[derive(Template)]
#[template(path = "history.html", config = "src/output/html/askama.toml")]
struct HistoryPage<'h> {
    history: &'h History,
    policy: &'static str,
    style: &'static str,
    compare: &'static str,
    headline: String,
    legend: Vec<(&'static str, &'static str)>,
    rows: Vec<Row<'h>>,
    remarks: usize,
}

/// A window and its bar.
struct Row<'h> {
    window: &'h WindowRow,
    start: String,
    at_least: bool,
    change: String,
    class: &'static str,
    bars: Vec<(&'static str, String, String)>,
    components: Vec<String>,
}

/// Writes a comparison.
pub(in crate::output) fn render_difference(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let part = |id, title, rows: &'_ [ResourceChange]| (id, title, counted(title, rows));
    let parts = [
        (part("gateways", "NAT gateways", &difference.nat_gateways), changed(&difference.nat_gateways)),
        (part("endpoints", "Endpoints", &difference.endpoints), changed(&difference.endpoints)),
    ];
    let parts = parts.into_iter().map(|((id, title, counted), mut rows)| {
        let left_out = rows.len().saturating_sub(MOST);
        rows.truncate(MOST);
        Part { id, title, counted, rows, left_out }
    });
    let mut findings = changed_findings(difference);
    let findings_left_out = findings.len().saturating_sub(MOST);
    findings.truncate(MOST);
    let page = DifferencePage {
        difference,
        policy: POLICY,
        style: STYLE,
        compare: COMPARE,
        headline: headline(&difference.monthly_usd),
        comparable: comparable(&difference.monthly_usd),
        rose: difference.monthly_usd.change > Usd::ZERO,
        then: side(&difference.then),
        now: side(&difference.now),
        prices: prices(difference),
        not_seen: not_seen(difference),
        steps: steps(difference),
        components: component_rows(difference),
        counted_findings: counted_findings(difference),
        findings,
        findings_left_out,
        parts: parts.collect(),
    };
    page.write_into(out)
}

/// Writes a history.
pub(in crate::output) fn render_history(history: &History, out: &mut dyn Write) -> io::Result<()> {
    let most = history.most().0;
    let names = history.windows.first().map(|row| row.summary.monthly_usd.named());
    let legend = names.into_iter().flatten().zip(CLASSES).map(|((name, _), class)| (class, name)).collect();
    let remarks = history.windows.iter().map(|row| row.remarks.len()).sum::<usize>() + history.left_out.len();
    let page = HistoryPage {
        history,
        policy: POLICY,
        style: STYLE,
        compare: COMPARE,
        headline: history_headline(history),
        legend,
        rows: history.windows.iter().map(|window| row(window, most)).collect(),
        remarks,
    };
    page.write_into(out)
}

/// The colours of the components.
const CLASSES: [&str; 5] = ["c1", "c2", "c3", "c4", "c5"];

fn history_headline(history: &History) -> String {
    match &*history.windows {
        [first, .., last] => {
            let (then, now) = (first.summary.monthly_usd.total, last.summary.monthly_usd.total);
            format!("{} a month in {}, {} in {}", maybe(then), day(first), maybe(now), day(last))
        }
        [only] => format!("{} a month in {}", maybe(only.summary.monthly_usd.total), day(only)),
        [] => "No window".to_owned(),
    }
}

fn day(row: &WindowRow) -> String {
    date(row.summary.window.start()).chars().take("2026-10".len()).collect()
}

fn row(window: &WindowRow, most: Decimal) -> Row<'_> {
    let mut at = Decimal::ZERO;
    let mut bars = Vec::new();
    for ((_, usd), class) in window.summary.monthly_usd.named().into_iter().zip(CLASSES) {
        let amount = usd.unwrap_or_default().0.max(Decimal::ZERO);
        bars.push((class, percent(at, most), percent(amount, most)));
        at += amount;
    }
    Row {
        window,
        start: date(window.summary.window.start()),
        at_least: window.summary.partial || !window.summary.complete,
        change: window.change_monthly_usd.map_or_else(|| "–".to_owned(), signed),
        class: match window.change_monthly_usd {
            Some(change) if change > Usd::ZERO => "more-cost",
            Some(change) if change < Usd::ZERO => "less-cost",
            _ => "",
        },
        bars,
        components: window.summary.monthly_usd.named().map(|(_, usd)| maybe(usd)).to_vec(),
    }
}

/// From the cost then, through each effect, to the cost now.
fn steps(difference: &Difference) -> Vec<Step> {
    let change = &difference.monthly_usd;
    let mut at = change.then.0;
    let mut spans = vec![(Decimal::ZERO, at)];
    for effect in effects(difference) {
        let next = at + effect.monthly_usd.0;
        spans.push((at.min(next), at.max(next)));
        at = next;
    }
    spans.push((Decimal::ZERO, change.now.0));
    // Large parts may nearly cancel out, and a sum on the way be below nothing.
    let lowest = spans.iter().map(|span| span.0.min(span.1)).min().unwrap_or_default().min(Decimal::ZERO);
    let highest = spans.iter().map(|span| span.0.max(span.1)).max().unwrap_or_default();
    let whole = |title, usd: Usd| (title, "", "", self::usd(usd), "base", true);
    let moved = effects(difference).map(|effect| {
        let class = if effect.monthly_usd > Usd::ZERO { "up" } else { "down" };
        let amount = signed(effect.monthly_usd);
        (effect.cause.title(), effect.cause.meaning(), effect.basis.as_str(), amount, class, false)
    });
    let rows = [whole("Cost then", change.then)].into_iter().chain(moved).chain([whole("Cost now", change.now)]);
    rows.zip(spans)
        .map(|((title, meaning, basis, usd, class, whole), (low, high))| Step {
            title,
            meaning,
            basis,
            usd,
            class,
            whole,
            x: percent(low - lowest, highest - lowest),
            width: percent(high - low, highest - lowest),
        })
        .collect()
}

fn component_rows(difference: &Difference) -> Vec<[String; 4]> {
    let row = |row: ComponentRow| [row.name.to_owned(), maybe(row.then), maybe(row.now), maybe_signed(row.change)];
    components(difference).into_iter().map(row).collect()
}

/// What moved one resource's cost, where that is more than one thing.
fn parts_of(row: &ResourceChange) -> Vec<&Effect> {
    let effects: Vec<_> = row.effects.iter().filter(|effect| !effect.monthly_usd.0.round_dp(2).is_zero()).collect();
    if effects.len() > 1 || row.status == crate::difference::ResourceStatus::Changed { effects } else { Vec::new() }
}

fn gb(amount: Option<Decimal>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), |gb| grouped(gb, 0))
}

fn percent(part: Decimal, whole: Decimal) -> String {
    let percent = part.checked_div(whole).unwrap_or_default() * Decimal::ONE_HUNDRED;
    percent.round_dp(2).normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::Side;
    use crate::history::Entry;
    use crate::testing::Account;

    const HOSTILE: &str = "</style><script>alert(1)</script>\"'&\u{202e}";

    fn side(gb: u64, name: &str) -> Side {
        let account = Account::plain("us-east-1").traffic("nat-1", 0, gb);
        let account = account.edit_nat("nat-1", |nat| {
            nat.tags.insert("Name".to_owned(), name.to_owned());
        });
        Side::of(&account.report()).unwrap()
    }

    fn checked(page: &str) {
        assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
        assert!(page.contains("default-src &#39;none&#39;") && !page.contains("script-src"));
    }

    #[test]
    fn names_are_text_in_both_pages() {
        let (then, now) = (side(100, "a"), side(300, HOSTILE));
        let mut out = Vec::new();
        render_difference(&Difference::new(&then, &now), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        checked(&page);
        assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;\\u{202e}"));
        let mut out = Vec::new();
        let entries = vec![Entry::of("a.json", &then), Entry::of(HOSTILE, &now)];
        render_history(&History::new(entries, &[HOSTILE.to_owned()]), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        checked(&page);
        assert!(page.contains("&#60;script&#62;alert(1)"));
    }

    #[test]
    fn bars_lead_from_then_to_now() {
        let steps = steps(&Difference::new(&side(100, "a"), &side(300, "a")));
        let bars: Vec<_> = steps.iter().map(|step| (step.title, &*step.usd, &*step.x, &*step.width)).collect();
        assert_eq!(
            bars,
            [("Cost then", "$41.00", "0", "82"), ("traffic", "+9.00", "82", "18"), ("Cost now", "$50.00", "0", "100")]
        );
    }
}
