//! What every form says of a comparison in the same words. Names are the forms' own matter: each escapes its own way.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::clip;
use super::table::{date, maybe, range, usd};
use crate::difference::{
    Change, Components, Difference, Effect, FindingChange, FindingSaving, FindingStatus, Realised, ResourceChange,
    ResourceStatus, Summary, Usage,
};
use crate::model::{Usd, Window, grouped};

/// Parts that are named in one line.
const NAMED: usize = 6;

/// `+1,234.56`, `-0.10`, `0.00`
pub(super) fn signed(amount: Usd) -> String {
    let text = grouped(amount.0, 2);
    let zero = amount.0.round_dp(2).is_zero();
    match text.strip_prefix('-') {
        // What is rounded away has no sign.
        Some(digits) if zero => digits.to_owned(),
        None if !zero => format!("+{text}"),
        _ => text,
    }
}

/// The same, or that it is unknown.
pub(super) fn maybe_signed(amount: Option<Usd>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), signed)
}

/// `$104.00 then, $81.50 now: $22.50 a month less (22%)`
pub(super) fn headline(change: &Change) -> String {
    format!("{} a month then, {} now: {}", usd(change.then), usd(change.now), moved(change.then, change.change))
}

/// `$22.50 less (22%)`
fn moved(then: Usd, change: Usd) -> String {
    if change.0.round_dp(2).is_zero() {
        return "no change".to_owned();
    }
    let size = Usd(change.0.abs());
    let share =
        size.0.checked_mul(Decimal::ONE_HUNDRED).and_then(|percent| percent.checked_div(then.0)?.round().to_u64());
    let share = share.map(|percent| format!(" ({percent}%)")).unwrap_or_default();
    format!("{} {}{share}", usd(size), if change < Usd::ZERO { "less" } else { "more" })
}

/// What the change is without what only one side knows, where that is another figure.
pub(super) fn comparable(change: &Change) -> Option<String> {
    let other = change.comparable_change.0.round_dp(2) != change.change.0.round_dp(2);
    other.then(|| format!("{} of what both sides know", moved(change.then, change.comparable_change)))
}

/// `2026-10-01 to 2026-11-01 UTC (744 h)`
pub(super) fn span(window: &Window) -> String {
    format!("{} to {} UTC ({} h)", date(window.start()), date(window.end()), window.hours())
}

/// A side in a line: its window, what that cost, and how far that goes.
pub(super) fn side(summary: &Summary) -> String {
    let partial = if summary.partial { " at least" } else { "" };
    let seen = if summary.complete { "" } else { "; not all of it was seen" };
    let logs = if summary.attributed { "; flow logs tell services apart" } else { "" };
    format!("{}: {}{partial} in the window{seen}{logs}", span(&summary.window), maybe(summary.window_usd.total))
}

/// Prices of both sides, without their source, which is text of a file.
pub(super) fn prices(difference: &Difference) -> String {
    let of = |summary: &Summary| {
        let discount = (summary.discount * Decimal::ONE_HUNDRED).normalize();
        let less = if discount.is_zero() { String::new() } else { format!(" less {discount}%") };
        format!("list{less} as of {}", clip(&summary.prices_as_of, 40))
    };
    let (then, now) = (of(&difference.then), of(&difference.now));
    if then == now { then } else { format!("{then} then, {now} now") }
}

/// What moved the money, but for what shows in no cent.
pub(super) fn effects(difference: &Difference) -> impl Iterator<Item = &Effect> {
    difference.effects.iter().filter(|effect| !effect.monthly_usd.0.round_dp(2).is_zero())
}

/// A component of the cost in a month; none where unknown.
pub(super) struct ComponentRow {
    pub(super) name: &'static str,
    pub(super) then: Option<Usd>,
    pub(super) now: Option<Usd>,
    /// How much more it is.
    pub(super) change: Option<Usd>,
}

/// Each component, and all of them.
pub(super) fn components(difference: &Difference) -> Vec<ComponentRow> {
    let whole = |components: &Components| {
        let named = components.named().into_iter();
        named.chain([("Total", components.total)]).collect::<Vec<_>>()
    };
    let (then, now) = (whole(&difference.then.monthly_usd), whole(&difference.now.monthly_usd));
    let row = |((name, then), (_, now)): ((&'static str, Option<Usd>), (_, Option<Usd>))| ComponentRow {
        name,
        then,
        now,
        change: now.zip(then).map(|(now, then)| now - then),
    };
    then.into_iter().zip(now).map(row).collect()
}

/// What all fixes saved.
pub(super) fn saved(difference: &Difference) -> Option<String> {
    let saving = difference.realised_saving?;
    let fixes = if saving.fixes == 1 { "one fix".to_owned() } else { format!("{} fixes", saving.fixes) };
    let range = range(saving.saving_low, saving.saving_high);
    Some(format!("{range} a month saved by {fixes}, at the prices of then ({})", saving.basis.as_str()))
}

/// What one fix saved.
pub(super) fn realised(realised: &Realised) -> String {
    match realised.saving_low.zip(realised.saving_high) {
        Some((low, high)) => format!("saved {} a month ({})", range(low, high), realised.basis.as_str()),
        None => "what it saved is unknown".to_owned(),
    }
}

/// What a fix saves at the traffic of now.
pub(super) fn assumed(realised: &Realised) -> Option<String> {
    let usd_now = usd(realised.assumed_at_traffic_of_now?);
    Some(format!("At the traffic of now it would be {usd_now} a month: assumed, and no part of any sum."))
}

/// A gateway's or endpoint's gigabytes in a month.
pub(super) fn gigabytes(usage: Option<&Usage>) -> String {
    let text = |usage: &Usage| {
        usage.monthly_gb.map_or_else(|| "unknown".to_owned(), |gb| grouped(gb, u32::from(gb < Decimal::TEN)))
    };
    usage.map_or_else(|| "-".to_owned(), text)
}

/// Its dollars in a month.
pub(super) fn dollars(usage: Option<&Usage>) -> String {
    let text = |usage: &Usage| usage.monthly_usd.map_or_else(|| "unknown".to_owned(), |usd| grouped(usd.0, 2));
    usage.map_or_else(|| "-".to_owned(), text)
}

/// What a finding says can be saved.
pub(super) fn saving(saving: Option<&FindingSaving>) -> String {
    let Some(saving) = saving else { return "-".to_owned() };
    let money = saving.saving_low.zip(saving.saving_high);
    money.map_or_else(|| "no figure".to_owned(), |(low, high)| range(low, high))
}

/// `NAT gateways: 1 changed, 3 the same`
pub(super) fn counted(what: &str, rows: &[ResourceChange]) -> String {
    let order = [
        ResourceStatus::Added,
        ResourceStatus::Removed,
        ResourceStatus::Changed,
        ResourceStatus::NotComparable,
        ResourceStatus::Same,
    ];
    let count = |status: ResourceStatus| {
        let count = rows.iter().filter(|row| row.status == status).count();
        (count > 0).then(|| format!("{} {}", grouped(count.into(), 0), status.as_str()))
    };
    let counts: Vec<_> = order.into_iter().filter_map(count).collect();
    if counts.is_empty() { format!("{what}: none") } else { format!("{what}: {}", counts.join(", ")) }
}

/// `Findings: 1 fixed, 2 new, 3 same`
pub(super) fn counted_findings(difference: &Difference) -> String {
    let count = |status: FindingStatus| {
        let count = difference.findings_that_are(status).count();
        (count > 0).then(|| format!("{} {}", grouped(count.into(), 0), status.as_str()))
    };
    let counts: Vec<_> = FindingStatus::ALL.into_iter().filter_map(count).collect();
    if counts.is_empty() { "Findings: none".to_owned() } else { format!("Findings: {}", counts.join(", ")) }
}

/// Rows that changed: what is the same is only counted.
pub(super) fn changed(rows: &[ResourceChange]) -> Vec<&ResourceChange> {
    rows.iter().filter(|row| row.status != ResourceStatus::Same).collect()
}

/// Findings that changed.
pub(super) fn changed_findings(difference: &Difference) -> Vec<&FindingChange> {
    difference.findings.iter().filter(|finding| finding.status != FindingStatus::Same).collect()
}

/// What one side did not see, a line for each reason: `not scanned then: 111122223333 eu-west-1, … and 4 more`.
pub(super) fn not_seen(difference: &Difference) -> Vec<String> {
    let mut lines = std::collections::BTreeMap::<_, Vec<String>>::new();
    for part in &difference.not_comparable {
        let place = format!("{} {}", clip(part.account_id.as_str(), 40), clip(part.region.as_str(), 40));
        lines.entry((part.side, &part.reason)).or_default().push(place);
    }
    let line = |((side, reason), parts): ((&str, &String), Vec<String>)| {
        let more = parts.len().saturating_sub(NAMED);
        let named = parts.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{} {side}: {named}{more}", clip(reason, 80))
    };
    lines.into_iter().map(line).collect()
}

/// An endpoint's service by its last name.
pub(super) fn service(row: &ResourceChange) -> Option<String> {
    let name = row.service_name.as_deref()?;
    let short = name.strip_prefix("com.amazonaws.").unwrap_or(name);
    let short = short.strip_prefix(row.region.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(short);
    Some(clip(short, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_shown_where_there_is_a_cent() {
        let text = |amount: &str| signed(Usd(amount.parse().unwrap()));
        assert_eq!(
            ["22.5", "-1234.567", "0", "-0.004", "0.004"].map(text),
            ["+22.50", "-1,234.57", "0.00", "0.00", "0.00"]
        );
    }

    #[test]
    fn a_change_is_said_in_words() {
        let change = |then: i64, now: i64| {
            let [then, now] = [then, now].map(|usd| Usd(usd.into()));
            headline(&Change { then, now, change: now - then, comparable_change: now - then })
        };
        assert_eq!(change(100, 80), "$100.00 a month then, $80.00 now: $20.00 less (20%)");
        assert_eq!(change(0, 80), "$0.00 a month then, $80.00 now: $80.00 more");
        assert_eq!(change(5, 5), "$5.00 a month then, $5.00 now: no change");
    }
}
