//! Figures as they stand in a report's JSON, read exactly.
//!
//! JSON has no decimals: a parser makes doubles of them, and 0.1 becomes something near 0.1. What a report writes has
//! six decimals at most, so the text of the double, cut to six, is the figure that was written. No arithmetic is done
//! before that.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// No figure of a report is larger, and sums of smaller ones never leave what a [`Decimal`] can hold.
const MOST: i64 = 1_000_000_000_000;

/// A figure of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exact(pub Decimal);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Figure;

        impl Visitor<'_> for Figure {
            type Value = Exact;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Exact, E> {
                within(Decimal::from(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Exact, E> {
                within(Decimal::from(value))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Exact, E> {
                let text = format!("{value:.9}");
                let value: Decimal = text.parse().map_err(|_| E::custom("a number that no report has"))?;
                within(value.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven))
            }
        }

        deserializer.deserialize_any(Figure)
    }
}

fn within<E: Error>(value: Decimal) -> Result<Exact, E> {
    if value.abs() > Decimal::from(MOST) {
        return Err(E::custom("a number that no report has"));
    }
    Ok(Exact(value.normalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        serde_json::from_str::<Exact>(text).map(|exact| exact.0.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn figures_are_what_was_written() {
        for text in ["0.045", "123.456", "999999999.999999", "0.1", "-12.34", "0", "7", "0.000001", "1152.000007"] {
            assert_eq!(read(text).unwrap(), text);
        }
        assert_eq!(read("2e-6").unwrap(), "0.000002");
        assert_eq!(read("0.30000000000000004").unwrap(), "0.3");
        assert_eq!(read("1e-300").unwrap(), "0");
    }

    #[test]
    fn what_no_report_has_is_refused() {
        for text in ["1e300", "-1e13", "18446744073709551615", "\"1\"", "null", "[]", "true"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
