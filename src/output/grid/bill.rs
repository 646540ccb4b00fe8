//! A bill beside the report, as columns: usage types, then gateways and endpoints, then what was not scanned, then rates.

use rust_decimal::Decimal;

use super::{Column, Value, column, maybe, text};
use crate::model::{RegionName, Usd};
use crate::reconciliation::{BilledCosts, Compared};
use crate::report::Report;

/// A row of the comparison.
#[derive(Default)]
pub(in crate::output) struct Reconciled {
    kind: &'static str,
    account_id: Option<String>,
    region: String,
    resource: Option<String>,
    usage_type: String,
    unit: &'static str,
    compared: Option<Compared>,
    /// Where there is nothing to compare with.
    billed_quantity: Option<Decimal>,
    costs: BilledCosts,
    currency: Option<String>,
    effective_rate: Option<Decimal>,
    list_rate: Option<Decimal>,
    discount: Option<Decimal>,
}

impl Reconciled {
    /// Every row.
    pub(in crate::output) fn all(report: &Report) -> Vec<Self> {
        let Some(found) = &report.reconciliation else { return Vec::new() };
        let rate_of = |region: &RegionName, usage_type: &str| {
            found.rates.iter().find(|rate| rate.region == *region && rate.usage_type == usage_type)
        };
        let usage = found.usage.iter().map(|row| Self {
            kind: "usage",
            region: row.region.to_string(),
            usage_type: row.usage_type.clone(),
            unit: row.unit,
            compared: Some(row.compared.clone()),
            billed_quantity: row.compared.billed_quantity,
            costs: row.compared.costs,
            effective_rate: row.effective_rate,
            list_rate: rate_of(&row.region, &row.usage_type).and_then(|rate| rate.list_rate),
            discount: rate_of(&row.region, &row.usage_type).and_then(|rate| rate.discount),
            ..Self::default()
        });
        let resources = found.resources.iter().map(|row| Self {
            kind: "resource",
            account_id: Some(row.account_id.to_string()),
            region: row.region.to_string(),
            resource: Some(row.resource.clone()),
            usage_type: row.usage_type.clone(),
            unit: row.unit,
            compared: Some(row.compared.clone()),
            billed_quantity: row.compared.billed_quantity,
            costs: row.compared.costs,
            ..Self::default()
        });
        let elsewhere = found.not_scanned.iter().map(|row| Self {
            kind: "not-scanned",
            account_id: Some(row.account_id.to_string()),
            region: row.region.to_string(),
            usage_type: row.usage_type.clone(),
            unit: row.unit,
            billed_quantity: Some(row.billed_quantity),
            costs: row.costs,
            ..Self::default()
        });
        let rates = found.rates.iter().map(|row| Self {
            kind: "rate",
            region: row.region.to_string(),
            usage_type: row.usage_type.clone(),
            unit: row.unit,
            billed_quantity: Some(row.billed_quantity),
            costs: BilledCosts { effective_cost: row.effective_cost, ..BilledCosts::default() },
            effective_rate: row.effective_rate,
            list_rate: row.list_rate,
            discount: row.discount,
            ..Self::default()
        });
        let rows = usage.chain(resources).chain(elsewhere).chain(rates);
        rows.map(|row| Self { currency: found.bill.currency.clone(), ..row }).collect()
    }

    fn of_scan<'a, T>(&self, value: impl Fn(&Compared) -> T, cell: fn(T) -> Value<'a>) -> Value<'a> {
        self.compared.as_ref().map_or(Value::Nothing, |compared| cell(value(compared)))
    }
}

/// A figure that is not there is no unknown one: the row says in `seen` and `reason` what it has.
fn figure<'a>(value: Option<Decimal>) -> Value<'a> {
    value.map_or(Value::Nothing, Value::Number)
}

fn usd<'a>(value: Option<Usd>) -> Value<'a> {
    value.map_or(Value::Nothing, |usd| Value::Usd(Some(usd)))
}

/// The columns.
pub(in crate::output) const RECONCILIATION: &[Column<Reconciled>] = &[
    column("kind", Some(("What", 12)), |_, _, row| text(row.kind)),
    column("account_id", Some(("Account", 15)), |_, _, row| maybe(row.account_id.as_deref())),
    column("region", Some(("Region", 14)), |_, _, row| text(&row.region)),
    column("resource", Some(("Resource", 24)), |_, _, row| maybe(row.resource.as_deref())),
    column("usage_type", Some(("Usage type", 32)), |_, _, row| text(&row.usage_type)),
    column("unit", Some(("Unit", 6)), |_, _, row| text(row.unit)),
    column("billed_quantity", Some(("Billed", 15)), |_, _, row| figure(row.billed_quantity)),
    column("computed_quantity", Some(("Computed", 15)), |_, _, row| row.of_scan(|c| c.computed_quantity, figure)),
    column("ratio", Some(("Ratio", 10)), |_, _, row| row.of_scan(|c| c.ratio, figure)),
    column("list_cost", None, |_, _, row| figure(row.costs.list_cost)),
    column("unblended_cost", None, |_, _, row| figure(row.costs.unblended_cost)),
    column("billed_cost", None, |_, _, row| figure(row.costs.billed_cost)),
    column("effective_cost", Some(("Cost on the bill", 15)), |_, _, row| figure(row.costs.effective_cost)),
    column("currency", Some(("Currency", 9)), |_, _, row| maybe(row.currency.as_deref())),
    column("effective_rate", Some(("Rate", 11)), |_, _, row| figure(row.effective_rate)),
    column("list_rate", Some(("List rate", 11)), |_, _, row| figure(row.list_rate)),
    column("discount", Some(("Discount", 10)), |_, _, row| figure(row.discount)),
    column("computed_usd", Some(("Computed cost", 15)), |_, _, row| row.of_scan(|c| c.computed_usd, usd)),
    column("seen", Some(("Seen by", 9)), |_, _, row| {
        maybe(row.compared.as_ref().map(|compared| compared.seen.as_str()))
    }),
    column("reason", Some(("Why no ratio", 60)), |_, _, row| {
        maybe(row.compared.as_ref().and_then(|compared| compared.reason.as_deref()))
    }),
];
