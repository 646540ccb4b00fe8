//! Text and figures for the cells of a CSV file, which a spreadsheet may open.

use rust_decimal::{Decimal, RoundingStrategy};

use super::clean;
use super::grid::Value;

/// A value as it stands in a CSV file: plain numbers; empty when it is unknown, or there is none.
pub(super) fn cell(value: Value<'_>) -> String {
    match value {
        Value::Text(value) => text(&value),
        Value::Lines(lines) => lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("\n"),
        Value::Usd(amount) => amount.map(|usd| number(usd.0)).unwrap_or_default(),
        Value::Gigabytes(amount) => amount.map(number).unwrap_or_default(),
        Value::Number(value) => number(value),
        Value::Count(count) => count.map(|count| count.to_string()).unwrap_or_default(),
        Value::Nothing => String::new(),
    }
}

/// A figure as in the JSON report: six decimals at most, rounded half to even, no trailing zeros.
pub(super) fn number(value: Decimal) -> String {
    value.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven).normalize().to_string()
}

/// Text that no spreadsheet takes for a formula, and no terminal for a command.
pub(super) fn text(text: &str) -> String {
    let cleaned = clean(text);
    if text.starts_with(is_formula) { format!("'{cleaned}") } else { cleaned.into_owned() }
}

/// What starts a formula, also in the full-width forms that some locales take for the same.
fn is_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        for start in ["=", "+", "-", "@", "\t", "\r", "\n", "＝"] {
            assert!(text(&format!("{start}cmd|' /C calc'!A0")).starts_with('\''), "{start:?}");
        }
        assert_eq!(text("prod-nat"), "prod-nat");
        assert_eq!(text("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\u{a}b");
    }

    #[test]
    fn figures_are_those_of_the_json_report() {
        let text = |value: &str| number(value.parse().unwrap());
        assert_eq!(text("32.8500000000"), "32.85");
        assert_eq!(text("0.0000005"), "0");
        assert_eq!(text("1234567.1234567"), "1234567.123457");
        assert_eq!(cell(Value::Usd(None)), "", "unknown is not 0");
    }
}
