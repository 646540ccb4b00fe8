//! Bytes, gigabytes, hours and dollars: the only place where one becomes another.
//!
//! AWS bills a *gigabyte* of 2^30 bytes: its price list puts the edges of "1 PB" and "5 PB" at 1,048,576 and
//! 5,242,880 GB. A month, where a figure is monthly, is 730 hours.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Serialize, Serializer};

/// A count of bytes.
pub type Bytes = u64;

/// Whole hours: AWS bills a started hour as one.
pub type Hours = u64;

/// The month that every monthly figure is scaled to.
pub const HOURS_PER_MONTH: Hours = 730;

/// A quantity of data in AWS's billing unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gigabytes(pub Decimal);

impl Gigabytes {
    /// Bytes in one, as the bill counts them.
    pub const SIZE: Bytes = 1 << 30;

    /// Bytes as the bill counts them: 2^30 to the gigabyte.
    #[must_use]
    pub fn from_bytes(bytes: Bytes) -> Self {
        Self::of(Decimal::from(bytes))
    }

    /// A number of bytes that was computed, and need not be whole.
    #[must_use]
    pub fn of(bytes: Decimal) -> Self {
        Self(bytes / Decimal::from(Self::SIZE))
    }
}

/// An exact amount of US dollars. Rounded only when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Usd(pub Decimal);

impl Usd {
    /// Nothing: known to be nothing, never "not known".
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Scales what `hours` cost to a month of 730 hours; nothing when there were no hours to scale from.
    #[must_use]
    pub fn per_month(self, hours: Hours) -> Self {
        if hours == 0 {
            return Self::ZERO;
        }
        Self(self.0 * Decimal::from(HOURS_PER_MONTH) / Decimal::from(hours))
    }

    /// The amount with six decimals, rounded half to even: the form of every figure in the JSON report.
    #[must_use]
    pub fn rounded(self) -> Decimal {
        self.0.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven)
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Usd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<Decimal> for Usd {
    type Output = Self;
    fn mul(self, factor: Decimal) -> Self {
        Self(self.0 * factor)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A decimal of six places below 9 billion is exactly the shortest form of its nearest double.
        let value = self.rounded().to_f64().unwrap_or(f64::NAN);
        serializer.serialize_f64(if value == 0.0 { 0.0 } else { value })
    }
}

impl schemars::JsonSchema for Usd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "description": "US dollars at list price less the stated discount, rounded half-even to 6 decimals",
        })
    }
}

/// A number with commas between its thousands.
#[must_use]
pub fn grouped(value: Decimal, places: u32) -> String {
    let text =
        format!("{:.*}", places as usize, value.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven));
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let digits = whole.trim_start_matches('-').len();
    let mut grouped = String::with_capacity(text.len() + digits / 3);
    let signs = whole.len() - digits;
    for (index, c) in whole.chars().enumerate() {
        if index > signs && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gigabyte_is_two_to_the_thirty() {
        assert_eq!(Gigabytes::from_bytes(5 << 30).0, Decimal::from(5));
    }

    #[test]
    fn money_is_rounded_half_even_at_the_end() {
        let usd = |text: &str| serde_json::to_string(&Usd(text.parse().unwrap())).unwrap();
        assert_eq!(usd("0.0000005"), "0.0");
        assert_eq!(usd("0.0000015"), "2e-6");
        assert_eq!(usd("230.4"), "230.4");
        assert_eq!(usd("-0.0000001"), "0.0");
    }

    #[test]
    fn a_month_is_730_hours() {
        assert_eq!(Usd(Decimal::from(744)).per_month(744), Usd(Decimal::from(730)));
        assert_eq!(Usd(Decimal::from(5)).per_month(0), Usd::ZERO);
    }

    #[test]
    fn thousands_are_grouped() {
        let text = |value: &str, places| grouped(value.parse().unwrap(), places);
        assert_eq!(text("1234567.891", 2), "1,234,567.89");
        assert_eq!(text("999.999", 2), "1,000.00");
        assert_eq!(text("0", 0), "0");
        assert_eq!(text("-1234.5", 1), "-1,234.5");
        assert_eq!(text("123", 0), "123");
    }
}
