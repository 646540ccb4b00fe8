//! The waste as FOCUS 1.2 rows in CSV, for a FinOps platform: one row for each finding with money.
//!
//! Source of names and rules: the FinOps Open Cost and Usage Specification 1.2, <https://focus.finops.org>.
//!
//! - A row's cost is the part of the bill that its finding proves to be waste and that no row before it has: rows can
//!   be added up. It is the cost in the charge period, which is the audited window, at the monthly rate of the
//!   finding; `x_saving_low_usd` has that rate for a month of 730 hours, and adds up to the report's total. What is
//!   possible but not proven is in `x_saving_high_usd` and `x_possible_cost_usd` only.
//! - The same dollars are in the provider's own bill as usage. So the rows are of the category `Adjustment`, which has
//!   no quantities and prices of its own, and belong in a data set of their own, not beside the bill.
//! - What the audit does not know is null, an empty cell. Accounts are named by their numbers.

mod resource;

use std::io::{self, Write};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;

use self::resource::{Resource, Resources};
use super::cell::{number, text};
use super::csv::failed;
use crate::model::{HOURS_PER_MONTH, Usd, Window};
use crate::pricing::Region;
use crate::report::{FindingRow, PlanStep, Report};

/// What a row is made of.
struct Row<'a> {
    report: &'a Report,
    finding: &'a FindingRow,
    step: &'a PlanStep,
    resource: Resource<'a>,
}

/// A column's name, and a row's value; none is null.
type Column = (&'static str, fn(&Row<'_>) -> Option<String>);

/// Every column of the specification, then ours.
const COLUMNS: &[Column] = &[
    ("AvailabilityZone", |row| row.resource.zone.map(text)),
    ("BilledCost", |row| Some(cost(row))),
    // Who pays for the account is not known: the account stands for itself.
    ("BillingAccountId", |row| Some(text(row.finding.account_id.as_str()))),
    ("BillingAccountName", null),
    ("BillingAccountType", |_| Some(ACCOUNT.to_owned())),
    ("BillingCurrency", dollars),
    ("BillingPeriodEnd", |row| Some(time(billing_period(row.report.window).1))),
    ("BillingPeriodStart", |row| Some(time(billing_period(row.report.window).0))),
    ("CapacityReservationId", null),
    ("CapacityReservationStatus", null),
    ("ChargeCategory", |_| Some("Adjustment".to_owned())),
    ("ChargeClass", null),
    ("ChargeDescription", |row| Some(text(&format!("Waste: {}", row.finding.title)))),
    ("ChargeFrequency", |_| Some("Usage-Based".to_owned())),
    ("ChargePeriodEnd", |row| Some(time(row.report.window.end()))),
    ("ChargePeriodStart", |row| Some(time(row.report.window.start()))),
    ("CommitmentDiscountCategory", null),
    ("CommitmentDiscountId", null),
    ("CommitmentDiscountName", null),
    ("CommitmentDiscountQuantity", null),
    ("CommitmentDiscountStatus", null),
    ("CommitmentDiscountType", null),
    ("CommitmentDiscountUnit", null),
    ("ConsumedQuantity", null),
    ("ConsumedUnit", null),
    ("ContractedCost", |row| Some(cost(row))),
    ("ContractedUnitPrice", null),
    ("EffectiveCost", |row| Some(cost(row))),
    ("InvoiceId", null),
    ("InvoiceIssuerName", provider),
    ("ListCost", list_cost),
    ("ListUnitPrice", null),
    ("PricingCategory", null),
    ("PricingCurrency", dollars),
    ("PricingCurrencyContractedUnitPrice", null),
    ("PricingCurrencyEffectiveCost", |row| Some(cost(row))),
    ("PricingCurrencyListUnitPrice", null),
    ("PricingQuantity", null),
    ("PricingUnit", null),
    ("ProviderName", provider),
    ("PublisherName", provider),
    ("RegionId", |row| Some(text(row.finding.region.as_str()))),
    ("RegionName", |row| Some(region_name(row))),
    ("ResourceId", |row| Some(text(&row.resource.arn))),
    ("ResourceName", |row| row.resource.name.map(text)),
    ("ResourceType", |row| Some(row.resource.kind.to_owned())),
    ("ServiceCategory", |_| Some("Networking".to_owned())),
    ("ServiceName", |_| Some("Amazon Virtual Private Cloud".to_owned())),
    ("ServiceSubcategory", |_| Some("Network Connectivity".to_owned())),
    ("SkuId", null),
    ("SkuMeter", null),
    ("SkuPriceDetails", null),
    ("SkuPriceId", null),
    ("SubAccountId", |row| Some(text(row.finding.account_id.as_str()))),
    ("SubAccountName", |row| Some(text(row.finding.account_id.as_str()))),
    ("SubAccountType", |_| Some(ACCOUNT.to_owned())),
    ("Tags", null),
    ("x_natwise_rule", |row| Some(row.finding.rule.to_owned())),
    ("x_natwise_version", |row| Some(row.report.generated_by.to_owned())),
    ("x_finding", |row| Some((row.step.finding + 1).to_string())),
    ("x_basis", |row| Some(row.finding.basis.as_str().to_owned())),
    ("x_service", |row| row.finding.service.as_ref().map(|service| text(service.as_str()))),
    ("x_vpc_id", |row| Some(text(row.finding.vpc_id.as_str()))),
    ("x_resources", |row| Some(text(&row.finding.resources.join(" ")))),
    ("x_remedy", |row| Some(row.finding.remedy.kind.as_str().to_owned())),
    ("x_saving_low_usd", |row| Some(number(row.step.saving_low.0))),
    ("x_saving_high_usd", |row| Some(number(row.step.saving_high.0))),
    ("x_possible_cost_usd", |row| Some(number(in_window(row.step.saving_high, row.report.window).0))),
];

/// What kind of account AWS bills.
const ACCOUNT: &str = "AWS account";

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let resources = Resources::new(report);
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS.iter().map(|(name, _)| name)).map_err(failed)?;
    for step in &report.plan {
        let Some(finding) = report.findings.get(step.finding) else { continue };
        let row = Row { report, finding, step, resource: resources.of(finding) };
        csv.write_record(COLUMNS.iter().map(|(_, value)| value(&row).unwrap_or_default())).map_err(failed)?;
    }
    csv.flush()
}

fn null(_: &Row<'_>) -> Option<String> {
    None
}

#[expect(clippy::unnecessary_wraps, reason = "columns have one form")]
fn dollars(_: &Row<'_>) -> Option<String> {
    Some("USD".to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "columns have one form")]
fn provider(_: &Row<'_>) -> Option<String> {
    Some("AWS".to_owned())
}

/// What a month's amount comes to in the window.
fn in_window(monthly: Usd, window: Window) -> Usd {
    Usd(monthly.0 * Decimal::from(window.hours()) / Decimal::from(HOURS_PER_MONTH))
}

/// The cost that is proven to be waste, after the discount.
fn cost(row: &Row<'_>) -> String {
    number(in_window(row.step.saving_low, row.report.window).0)
}

/// The same at list price; unknown where a bill's own rates were used, which are of every product another part of it.
fn list_cost(row: &Row<'_>) -> Option<String> {
    if row.report.prices.measured > 0 {
        return None;
    }
    let paid = Decimal::ONE - row.report.prices.discount;
    let cost = in_window(row.step.saving_low, row.report.window).0;
    Some(number(cost.checked_div(paid).unwrap_or(cost)))
}

fn region_name(row: &Row<'_>) -> String {
    let code = row.finding.region.as_str();
    Region::find(code).map_or_else(|| text(code), |region| text(&region.location))
}

/// AWS bills calendar months: those that the window lies in.
fn billing_period(window: Window) -> (Timestamp, Timestamp) {
    let month = |instant: Timestamp| {
        let first = instant.to_zoned(TimeZone::UTC).date().first_of_month();
        first.to_zoned(TimeZone::UTC).ok()
    };
    let start = month(window.start()).map_or(window.start(), |first| first.timestamp());
    let last = window.end().saturating_sub(1.second()).unwrap_or(window.end());
    let end = month(last).and_then(|first| first.checked_add(1.month()).ok());
    (start, end.map_or(window.end(), |first| first.timestamp()))
}

/// As the specification wants it.
fn time(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
