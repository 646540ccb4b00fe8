//! Words and figures as the page shows them: text from an account cleaned and cut to a length, amounts with their
//! thousands apart. Escaping is the templates' part.

use rust_decimal::Decimal;

use crate::model::{Bytes, Gigabytes, Hours, Usd, grouped};
use crate::output::{clean, clip};

/// Names and ids.
pub(super) fn short(text: &str) -> String {
    clip(text, 80)
}

/// Sentences.
pub(super) fn long(text: &str) -> String {
    clip(text, 4_000)
}

/// A command to copy; none when it holds characters that a terminal must not see.
pub(super) fn command(text: &str) -> Option<&str> {
    (clean(text) == text).then_some(text)
}

/// A quantity: small ones with their decimals, large ones without.
pub(super) fn quantity(value: Decimal) -> String {
    let places = match value.abs() {
        v if v.is_integer() || v >= Decimal::ONE_THOUSAND => 0,
        v if v >= Decimal::TEN => 1,
        _ => 2,
    };
    grouped(value, places)
}

/// A rate, with all its digits.
pub(super) fn rate(value: Decimal) -> String {
    let value = value.round_dp(6).normalize();
    if value.scale() < 2 { grouped(value, 2) } else { value.to_string() }
}

/// The day of a price.
pub(super) fn dated(day: Option<&str>) -> String {
    day.filter(|day| !day.is_empty()).map_or_else(|| "unknown".to_owned(), short)
}

/// What a resource used, scaled to a month.
pub(super) fn monthly_gb(bytes: Bytes, hours: Hours) -> Decimal {
    Usd(Gigabytes::from_bytes(bytes).0).per_month(hours).0
}

/// A service by its last name: `sqs` of `com.amazonaws.eu-west-1.sqs`.
pub(super) fn service(name: &str, region: &str) -> String {
    let short_name = name.strip_prefix("com.amazonaws.").unwrap_or(name);
    short(short_name.strip_prefix(region).and_then(|rest| rest.strip_prefix('.')).unwrap_or(short_name))
}

/// A number of things.
pub(super) fn grouped_count(number: impl Into<Decimal>) -> String {
    grouped(number.into(), 0)
}

/// Bytes that may be unknown.
pub(super) fn bytes(bytes: Option<Bytes>) -> String {
    bytes.map_or_else(|| "unknown".to_owned(), crate::output::table::size)
}

/// `1 finding`, `2 findings`
pub(super) fn count(number: usize, what: &str) -> String {
    let number_text = grouped(Decimal::from(number), 0);
    if number == 1 { format!("{number_text} {what}") } else { format!("{number_text} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_matter() {
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(
            ["730", "16778.4", "12.34", "0.136"].map(|text| quantity(d(text))),
            ["730", "16,778", "12.3", "0.14"]
        );
        assert_eq!(
            ["0.045", "0.5", "1", "0.0123456789"].map(|text| rate(d(text))),
            ["0.045", "0.50", "1.00", "0.012346"]
        );
        assert_eq!(service("com.amazonaws.eu-west-1.ecr.api", "eu-west-1"), "ecr.api");
        assert_eq!(service("com.amazonaws.vpce.eu-west-1.vpce-svc-1", "eu-west-1"), "vpce.eu-west-1.vpce-svc-1");
    }
}
