//! What a bill says beside the report, in words and cells that the forms for people share. They are not safe yet: each
//! form does what its readers need.

use rust_decimal::Decimal;

use crate::model::grouped;
use crate::reconciliation::{Compared, RateRow, Reconciliation, Seen};

/// A larger difference is shown: what is between is rounding, and hours that AWS counts otherwise.
const AGREE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The heads of [`usage`].
pub(super) const USAGE: [&str; 8] =
    ["Usage type", "Region", "Billed", "Computed", "Ratio", "Rate", "List rate", "Discount"];

/// The heads of [`differing`].
pub(super) const DIFFERING: [&str; 6] = ["Resource", "Usage type", "Billed", "Computed", "Ratio", "Why"];

/// One line on whether the two agree.
pub(super) fn verdict(found: &Reconciliation) -> String {
    let forms: Vec<_> = found.bill.forms.iter().map(|form| form.as_str()).collect();
    let ratios: Vec<_> = found.usage.iter().filter_map(|row| row.compared.ratio).collect();
    let agree = ratios.iter().filter(|ratio| agrees(**ratio)).count();
    let compared = match ratios.len() {
        0 => "nothing can be compared".to_owned(),
        1 if agree == 1 => "the one usage type that can be compared agrees within 1%".to_owned(),
        all => format!("{agree} of {all} usage types that can be compared agree within 1%"),
    };
    let used = found.rates.iter().filter(|rate| rate.used).count();
    format!("{}: {compared}; {used} rates measured", forms.join(", "))
}

fn agrees(ratio: Decimal) -> bool {
    (ratio - Decimal::ONE).abs() <= AGREE
}

/// Usage types, as cells.
pub(super) fn usage(found: &Reconciliation) -> Vec<[String; 8]> {
    let rows = found.usage.iter().map(|row| {
        let is_it = |rate: &&RateRow| rate.region == row.region && rate.usage_type == row.usage_type;
        let rate = found.rates.iter().find(is_it);
        let dash = || "-".to_owned();
        [
            row.usage_type.clone(),
            row.region.to_string(),
            quantity(row.compared.billed_quantity, row.unit, row.compared.seen == Seen::Scan),
            quantity(row.compared.computed_quantity, row.unit, row.compared.seen == Seen::Bill),
            row.compared.ratio.map_or_else(dash, ratio),
            row.effective_rate.map_or_else(dash, money),
            rate.and_then(|rate| rate.list_rate).map_or_else(dash, money),
            rate.and_then(|rate| rate.discount).map_or_else(dash, percent),
        ]
    });
    rows.collect()
}

/// Gateways and endpoints that do not agree, as cells; the sixth says why.
pub(super) fn differing(found: &Reconciliation) -> Vec<[String; 6]> {
    let differ = found.resources.iter().filter(|row| !row.compared.ratio.is_some_and(agrees));
    let rows = differ.map(|row| {
        [
            row.resource.clone(),
            row.usage_type.clone(),
            quantity(row.compared.billed_quantity, row.unit, row.compared.seen == Seen::Scan),
            quantity(row.compared.computed_quantity, row.unit, row.compared.seen == Seen::Bill),
            row.compared.ratio.map_or_else(|| "-".to_owned(), ratio),
            why(&row.compared),
        ]
    });
    rows.collect()
}

fn why(compared: &Compared) -> String {
    match (compared.seen, &compared.reason) {
        (Seen::Bill, _) => "on the bill only: deleted, or not listed by the scan".to_owned(),
        (Seen::Scan, _) => "in the scan only".to_owned(),
        (Seen::Both, Some(reason)) => reason.clone(),
        (Seen::Both, None) => "they differ".to_owned(),
    }
}

/// What else is to be said.
pub(super) fn sentences(found: &Reconciliation) -> Vec<String> {
    let currency = found.bill.currency.as_deref().unwrap_or("several currencies");
    let cost = |cost: Option<Decimal>| match cost {
        Some(cost) => format!("{} {currency}", grouped(cost, 2)),
        None => format!("an amount in {currency}"),
    };
    let mut sentences = Vec::new();
    if !found.not_scanned.is_empty() {
        let places: std::collections::BTreeSet<_> =
            found.not_scanned.iter().map(|row| format!("{} {}", row.account_id, row.region)).collect();
        let sum = found.not_scanned.iter().map(|row| row.costs.effective_cost).sum::<Option<Decimal>>();
        let shown: Vec<_> = places.iter().take(5).map(String::as_str).collect();
        let more = places.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        sentences.push(format!("The bill has {} of what was not scanned: {}{more}.", cost(sum), shown.join(", ")));
    }
    for row in &found.other_lines {
        let what = if row.in_rates { "taken off the rates" } else { "no part of the rates" };
        sentences.push(format!("{}, {} in all, {what}.", lines(row.lines, row.class.as_str()), cost(row.billed_cost)));
    }
    for row in found.rates.iter().filter(|rate| !rate.used) {
        let reason = row.reason.unwrap_or("unknown");
        sentences.push(format!("The rate of {} in {} is not used: {reason}.", row.product, row.region));
    }
    for row in &found.bill.unrecognised {
        let all = grouped(row.quantity, 2);
        sentences.push(format!("{}, {all} in all: of no Region that is known.", lines(row.lines, &row.usage_type)));
    }
    sentences.extend(found.notes.iter().map(|note| {
        let mut letters = note.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}.", letters.as_str())
    }));
    sentences
}

fn lines(count: u64, what: &str) -> String {
    format!("{} {} of {what}", grouped(count.into(), 0), if count == 1 { "line" } else { "lines" })
}

fn quantity(value: Option<Decimal>, unit: &str, is_absent: bool) -> String {
    match value {
        Some(value) => {
            let places = match value.abs() {
                whole if whole.is_integer() => 0,
                large if large >= Decimal::ONE_HUNDRED => 1,
                _ => 3,
            };
            format!("{} {}", grouped(value, places), if unit == "hour" { "h" } else { unit })
        }
        None if is_absent => "-".to_owned(),
        None => "unknown".to_owned(),
    }
}

fn ratio(value: Decimal) -> String {
    grouped(value, 4)
}

fn money(value: Decimal) -> String {
    value.round_dp(6).normalize().to_string()
}

fn percent(value: Decimal) -> String {
    format!("{}%", (value * Decimal::ONE_HUNDRED).round_dp(2).normalize())
}
