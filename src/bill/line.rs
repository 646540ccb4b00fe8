//! One line of a bill: of which class it is, what part of it lies in the window, and what it comes to.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::form::{Columns, Field};
use super::{Amounts, LineClass};
use crate::model::Window;

/// A larger quantity or cost of one line is a slip, and its sums might leave exact arithmetic.
const MOST: i64 = 1_000_000_000_000;

/// A cell that is none of what its column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The cells of a line.
pub(super) trait Cells {
    /// A cell's text; none where it is empty or there is no such column.
    fn text(&self, field: Field) -> Option<Cow<'_, str>>;

    /// A cell's number.
    fn number(&self, field: Field) -> Result<Option<Decimal>, Malformed> {
        self.text(field).map(|text| number(&text)).transpose()
    }

    /// A cell's instant.
    fn instant(&self, field: Field) -> Result<Option<Timestamp>, Malformed> {
        self.text(field).map(|text| instant(&text).ok_or(Malformed)).transpose()
    }
}

/// A decimal number, in any way that bills write one: `0.045`, `1.0E-7`, `-3`.
pub(super) fn number(text: &str) -> Result<Decimal, Malformed> {
    let text = text.trim();
    let value = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { text.parse() };
    value.ok().filter(|value| value.abs() <= Decimal::from(MOST)).ok_or(Malformed)
}

/// An instant in UTC, in any way that bills write one: `2026-10-01T00:00:00Z`, `2026-10-01 00:00:00.000`.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let plain = text.strip_suffix(" UTC").unwrap_or(text);
    let time: DateTime = plain.parse().ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// What lines of a type, or a charge category, are.
pub(super) fn class(columns: &Columns, cells: &impl Cells) -> LineClass {
    let corrects = || cells.text(Field::Correction).is_some_and(|class| class.eq_ignore_ascii_case("correction"));
    match cells.text(Field::Class).as_deref() {
        Some("Usage") if corrects() => LineClass::Correction,
        Some("Usage" | "DiscountedUsage" | "SavingsPlanCoveredUsage") => LineClass::Usage,
        Some("BundledDiscount") => LineClass::BundledDiscount,
        Some("Credit") => LineClass::Credit,
        Some("Refund") => LineClass::Refund,
        Some("Tax") => LineClass::Tax,
        // `EdpDiscount`, `PrivateRateDiscount` …: the name may vary, says AWS.
        Some(name) if name.ends_with("Discount") && !columns.form.is_focus() => {
            if columns.has(Field::NetCost) {
                LineClass::NettedDiscount
            } else {
                LineClass::Discount
            }
        }
        _ => LineClass::Other,
    }
}

/// Whether a type of lines is usage, by its name alone.
pub(super) fn is_usage(name: &[u8]) -> bool {
    matches!(name, b"Usage" | b"DiscountedUsage" | b"SavingsPlanCoveredUsage")
}

/// The part of a line's time that lies in the window: seconds of it, and of all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    inside: i64,
    whole: i64,
}

impl Share {
    /// None: nothing of it is inside.
    pub(super) fn of(window: Option<Window>, start: Timestamp, end: Timestamp) -> Option<Self> {
        let all = Self { inside: 1, whole: 1 };
        let Some(window) = window else { return Some(all) };
        if end <= start {
            return window.hour_of(start).map(|_| all);
        }
        let (from, to) = (start.max(window.start()).as_second(), end.min(window.end()).as_second());
        (from < to).then(|| Self { inside: to - from, whole: end.as_second() - start.as_second() })
    }

    pub(super) fn is_whole(self) -> bool {
        self.inside == self.whole
    }

    fn of_number(self, value: Decimal) -> Decimal {
        // Multiplied first, so that halves and thirds of round numbers stay round; nothing is lost of whole ones.
        if self.is_whole() { value } else { value * Decimal::from(self.inside) / Decimal::from(self.whole) }
    }
}

/// What a line comes to.
pub(super) fn amounts(columns: &Columns, cells: &impl Cells, share: Share) -> Result<Amounts, Malformed> {
    let number = |field| Ok(cells.number(field)?.map(|value| share.of_number(value)));
    let quantity = match number(Field::Quantity)? {
        Some(quantity) => quantity,
        None => number(Field::PricingQuantity)?.unwrap_or_default(),
    };
    let cost = number(Field::Cost)?.ok_or(Malformed)?;
    let list_cost = number(Field::ListCost)?;
    if columns.form.is_focus() {
        let effective_cost = number(Field::EffectiveCost)?.unwrap_or(cost);
        return Ok(Amounts { lines: 1, quantity, list_cost, unblended_cost: None, billed_cost: cost, effective_cost });
    }
    let net = number(Field::NetCost)?;
    let billed_cost = net.unwrap_or(cost);
    let paid_ahead = match cells.text(Field::Class).as_deref() {
        Some("DiscountedUsage") => [Field::NetReservationCost, Field::ReservationCost],
        Some("SavingsPlanCoveredUsage") => [Field::NetSavingsPlanCost, Field::SavingsPlanCost],
        _ => [Field::NetCost; 2],
    };
    let [of_net, of_list] = paid_ahead;
    let effective_cost = match number(of_net)? {
        Some(cost) => cost,
        None => number(of_list)?.unwrap_or(billed_cost),
    };
    Ok(Amounts { lines: 1, quantity, list_cost, unblended_cost: Some(cost), billed_cost, effective_cost })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        instant(text).unwrap()
    }

    #[test]
    fn numbers_are_exact() {
        let text = |text: &str| number(text).map(|value| value.normalize().to_string());
        assert_eq!(text("0.0450000000"), Ok("0.045".to_owned()));
        assert_eq!(text("1.0E-7"), Ok("0.0000001".to_owned()));
        assert_eq!(text(" -12 "), Ok("-12".to_owned()));
        for bad in ["", "x", "NaN", "inf", "1e30", "10000000000000", "1,5", "--1"] {
            assert_eq!(text(bad), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn instants_are_utc() {
        let first = at("2026-10-01T00:00:00Z");
        for same in ["2026-10-01 00:00:00", "2026-10-01T00:00:00.000Z", "2026-10-01 00:00:00.000 UTC", "2026-10-01"] {
            assert_eq!(instant(same), Some(first), "{same}");
        }
        assert_eq!(instant("yesterday"), None);
    }

    #[test]
    fn lines_across_an_edge_count_in_part() {
        let window = Window::new(at("2026-10-01"), at("2026-10-02")).unwrap();
        let share = |start: &str, end: &str| Share::of(Some(window), at(start), at(end));
        assert!(share("2026-10-01", "2026-10-01T01:00:00Z").unwrap().is_whole());
        assert_eq!(share("2026-09-30", "2026-10-02").unwrap().of_number(Decimal::from(3)), Decimal::new(15, 1));
        assert_eq!(share("2026-09-30", "2026-10-01"), None);
        assert_eq!(share("2026-10-02", "2026-10-03"), None);
        assert!(share("2026-10-01", "2026-10-01").unwrap().is_whole());
    }
}
