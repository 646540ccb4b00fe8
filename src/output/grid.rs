//! Accounts, gateways, endpoints and findings as columns: one list of them for CSV and for the workbook.

mod bill;

use std::borrow::Cow;
use std::collections::HashMap;

use rust_decimal::Decimal;

pub(super) use bill::{RECONCILIATION, Reconciled};

use super::clean;
use crate::finding::Basis;
use crate::model::{AccountId, Gigabytes, RegionName, Usd};
use crate::report::{EndpointRow, FindingRow, NatGatewayRow, PlanStep, Report, Sums};

/// What a cell holds, before a format makes it safe for its readers.
pub(super) enum Value<'a> {
    /// Text of one line, in part an account's.
    Text(Cow<'a, str>),
    /// Text of several lines.
    Lines(Vec<Cow<'a, str>>),
    /// Dollars, or unknown.
    Usd(Option<Usd>),
    /// Gigabytes, or unknown.
    Gigabytes(Option<Decimal>),
    /// A figure without a unit, which is known.
    Number(Decimal),
    /// A count, or unknown.
    Count(Option<u64>),
    /// Nothing that could be known: there is no such figure.
    Nothing,
}

/// A column.
pub(super) struct Column<R: 'static> {
    /// Its name in CSV: with its unit, and never another one.
    pub(super) name: &'static str,
    /// Its heading in the workbook, and its width there in characters; none for what only programs need.
    pub(super) sheet: Option<(&'static str, u16)>,
    /// A row's value.
    pub(super) value: for<'a> fn(&Facts<'a>, usize, &'a R) -> Value<'a>,
}

/// What a row needs to know of the rest of the report.
pub(super) struct Facts<'a> {
    unknown: HashMap<(&'a str, &'a str, &'a str), Vec<Cow<'a, str>>>,
    steps: HashMap<usize, &'a PlanStep>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let mut unknown = HashMap::<_, Vec<_>>::new();
        for cost in &report.totals.unknown {
            let place = (cost.account_id.as_str(), cost.region.as_str(), cost.resource.as_str());
            unknown.entry(place).or_default().push(Cow::Borrowed(cost.reason.as_str()));
        }
        Self { unknown, steps: report.plan.iter().map(|step| (step.finding, step)).collect() }
    }

    /// Why parts of a resource's cost are unknown.
    fn unknown(&self, account: &'a str, region: &'a str, resource: &'a str) -> Value<'a> {
        let reasons = self.unknown.get(&(account, region, resource));
        Value::Text(reasons.map(|reasons| reasons.join("; ").into()).unwrap_or_default())
    }

    fn step(&self, finding: usize, of: fn(&PlanStep) -> Usd) -> Value<'a> {
        self.steps.get(&finding).map_or(Value::Nothing, |step| Value::Usd(Some(of(step))))
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

fn maybe(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Nothing, |text| Value::Text(Cow::Borrowed(text)))
}

fn list(texts: &[String]) -> Value<'_> {
    Value::Text(texts.join(" ").into())
}

fn gigabytes<'a>(bytes: Option<u64>) -> Value<'a> {
    Value::Gigabytes(bytes.map(|bytes| Gigabytes::from_bytes(bytes).0))
}

/// A finding's commands. One that holds what a reader must not see is not altered, which would make it another one,
/// but left out.
pub(super) fn commands(finding: &FindingRow) -> Vec<Cow<'_, str>> {
    let shown = |command: &'_ String| clean(command) == command.as_str();
    let commands = finding.remedy.commands.iter();
    commands.map(|command| if shown(command) { command.as_str().into() } else { WITHHELD.into() }).collect()
}

/// What stands for a command that cannot be shown.
pub(super) const WITHHELD: &str = "(a command that cannot be shown here: see --format json)";

/// Whether a finding's saving is `known`, `unknown`, or there is `none` to it.
pub(super) fn money(finding: &FindingRow) -> &'static str {
    match finding.monthly_usd.saving_high {
        Some(_) => "known",
        None if finding.basis == Basis::Configuration => "none",
        None => "unknown",
    }
}

/// A finding's dollars: no figure where there is no money to it.
fn dollars<'a>(finding: &FindingRow, amount: Option<Usd>) -> Value<'a> {
    if money(finding) == "none" { Value::Nothing } else { Value::Usd(amount) }
}

const fn column<R>(
    name: &'static str,
    sheet: Option<(&'static str, u16)>,
    value: for<'a> fn(&Facts<'a>, usize, &'a R) -> Value<'a>,
) -> Column<R> {
    Column { name, sheet, value }
}

/// A NAT gateway's columns.
pub(super) const NAT_GATEWAYS: &[Column<NatGatewayRow>] = &[
    column("account_id", Some(("Account", 15)), |_, _, row| text(row.account_id.as_str())),
    column("region", Some(("Region", 14)), |_, _, row| text(row.region.as_str())),
    column("vpc_id", Some(("VPC", 23)), |_, _, row| maybe(row.vpc_id.as_ref().map(|id| id.as_str()))),
    column("nat_gateway_id", Some(("NAT gateway", 23)), |_, _, row| text(row.nat_gateway_id.as_str())),
    column("name", Some(("Name", 22)), |_, _, row| maybe(row.name.as_deref())),
    column("state", Some(("State", 11)), |_, _, row| text(&row.state)),
    column("availability_mode", Some(("Mode", 10)), |_, _, row| text(&row.availability_mode)),
    column("connectivity_type", Some(("Type", 10)), |_, _, row| maybe(row.connectivity_type.as_deref())),
    column("availability_zones", Some(("Zones", 14)), |_, _, row| list(&row.availability_zones)),
    column("hours", Some(("Hours", 9)), |_, _, row| Value::Count(row.hours)),
    column("processed_bytes", None, |_, _, row| Value::Count(row.bytes.as_ref().map(|bytes| bytes.processed))),
    column("processed_gb", Some(("Processed", 16)), |_, _, row| {
        gigabytes(row.bytes.as_ref().map(|bytes| bytes.processed))
    }),
    column("window_hours_usd", Some(("Hours, window", 14)), |_, _, row| Value::Usd(row.window_usd.hours)),
    column("window_data_usd", Some(("Data, window", 14)), |_, _, row| Value::Usd(row.window_usd.data)),
    column("window_addresses_usd", Some(("IPv4, window", 14)), |_, _, row| Value::Usd(row.window_usd.addresses)),
    column("window_total_usd", Some(("Total, window", 14)), |_, _, row| Value::Usd(row.window_usd.total)),
    column("monthly_usd", Some(("Month", 14)), |_, _, row| Value::Usd(row.monthly_usd)),
    column(KNOWN, Some(("Month, known part", 17)), |_, _, row| Value::Usd(Some(row.monthly_known_usd))),
    column("route_table_ids", Some(("Route tables", 30)), |_, _, row| list(&row.route_table_ids)),
    column("subnet_ids", Some(("Subnets", 30)), |_, _, row| list(&row.subnet_ids)),
    column("unknown", Some(("Unknown", 40)), |facts, _, row| {
        facts.unknown(row.account_id.as_str(), row.region.as_str(), row.nat_gateway_id.as_str())
    }),
    column("used_by", Some(("Used by", 40)), |_, _, row| {
        let users = row.used_by.iter().map(|user| format!("{}/{}", user.account_id, user.vpc_id));
        Value::Text(users.collect::<Vec<_>>().join(" ").into())
    }),
];

/// The column that `totals.monthly_usd.current` adds up.
pub(super) const KNOWN: &str = "monthly_known_usd";

/// An endpoint's columns.
pub(super) const ENDPOINTS: &[Column<EndpointRow>] = &[
    column("account_id", Some(("Account", 15)), |_, _, row| text(row.account_id.as_str())),
    column("region", Some(("Region", 14)), |_, _, row| text(row.region.as_str())),
    column("vpc_id", Some(("VPC", 23)), |_, _, row| text(row.vpc_id.as_str())),
    column("vpc_endpoint_id", Some(("Endpoint", 24)), |_, _, row| text(row.vpc_endpoint_id.as_str())),
    column("name", Some(("Name", 22)), |_, _, row| maybe(row.name.as_deref())),
    column("type", Some(("Type", 11)), |_, _, row| text(&row.endpoint_type)),
    column("service_name", Some(("Service", 36)), |_, _, row| text(&row.service_name)),
    column("state", Some(("State", 11)), |_, _, row| text(&row.state)),
    column("availability_zones", Some(("Zones", 14)), |_, _, row| list(&row.availability_zones)),
    column("hours", Some(("Hours", 9)), |_, _, row| Value::Count(row.hours)),
    column("processed_bytes", None, |_, _, row| carried(row, Value::Count(row.bytes))),
    column("processed_gb", Some(("Processed", 16)), |_, _, row| carried(row, gigabytes(row.bytes))),
    column("window_hours_usd", Some(("Hours, window", 14)), |_, _, row| Value::Usd(row.window_usd.hours)),
    column("window_data_usd", Some(("Data, window", 14)), |_, _, row| Value::Usd(row.window_usd.data)),
    column("window_total_usd", Some(("Total, window", 14)), |_, _, row| Value::Usd(row.window_usd.total)),
    column("monthly_usd", Some(("Month", 14)), |_, _, row| Value::Usd(row.monthly_usd)),
    column(KNOWN, Some(("Month, known part", 17)), |_, _, row| Value::Usd(Some(row.monthly_known_usd))),
    column("decision", Some(("Verdict", 11)), |_, _, row| text(row.verdict.decision.as_str())),
    column("basis", Some(("Basis", 12)), |_, _, row| maybe(row.verdict.basis.map(Basis::as_str))),
    column("nat_monthly_usd", Some(("By NAT, month", 14)), |_, _, row| {
        row.verdict.nat_monthly_usd.map_or(Value::Nothing, |usd| Value::Usd(Some(usd)))
    }),
    column("break_even_gb", Some(("Pays off above", 16)), |_, _, row| {
        row.verdict.break_even_gb.map_or(Value::Nothing, |gb| Value::Gigabytes(Some(gb)))
    }),
    column("reason", Some(("Why", 60)), |_, _, row| text(&row.verdict.reason)),
    column("unknown", Some(("Unknown", 40)), |facts, _, row| {
        facts.unknown(row.account_id.as_str(), row.region.as_str(), row.vpc_endpoint_id.as_str())
    }),
];

/// An endpoint's bytes: gateway endpoints publish none, and none are billed.
fn carried<'a>(row: &EndpointRow, value: Value<'a>) -> Value<'a> {
    if row.endpoint_type == "Gateway" { Value::Nothing } else { value }
}

/// A finding's columns.
pub(super) const FINDINGS: &[Column<FindingRow>] = &[
    column("finding", Some(("No.", 6)), |_, index, _| Value::Count(u64::try_from(index + 1).ok())),
    column("rule", Some(("Rule", 34)), |_, _, row| text(row.rule)),
    column("basis", Some(("Basis", 18)), |_, _, row| text(row.basis.as_str())),
    column("account_id", Some(("Account", 15)), |_, _, row| text(row.account_id.as_str())),
    column("region", Some(("Region", 14)), |_, _, row| text(row.region.as_str())),
    column("vpc_id", Some(("VPC", 23)), |_, _, row| text(row.vpc_id.as_str())),
    column("vpc_name", Some(("VPC name", 20)), |_, _, row| maybe(row.vpc_name.as_deref())),
    column("service", Some(("For", 12)), |_, _, row| maybe(row.service.as_ref().map(|service| service.as_str()))),
    column("resources", Some(("Resources", 36)), |_, _, row| list(&row.resources)),
    column("title", Some(("What", 60)), |_, _, row| text(&row.title)),
    column("money", Some(("Money", 9)), |_, _, row| text(money(row))),
    column("monthly_current_usd", Some(("Costs, month", 14)), |_, _, row| dollars(row, row.monthly_usd.current)),
    column("monthly_saving_low_usd", Some(("Saves at least", 14)), |_, _, row| {
        dollars(row, row.monthly_usd.saving_low)
    }),
    column("monthly_saving_high_usd", Some(("Saves at most", 14)), |_, _, row| {
        dollars(row, row.monthly_usd.saving_high)
    }),
    column(ADDS_LOW, Some(("Adds at least", 14)), |facts, index, _| facts.step(index, |step| step.saving_low)),
    column(ADDS_HIGH, Some(("Adds at most", 14)), |facts, index, _| facts.step(index, |step| step.saving_high)),
    column("remedy", Some(("Remedy", 26)), |_, _, row| text(row.remedy.kind.as_str())),
    column("detail", Some(("Detail", 80)), |_, _, row| text(&row.detail)),
    column("commands", Some(("Commands", 60)), |_, _, row| Value::Lines(commands(row))),
    column("notes", Some(("Mind", 60)), |_, _, row| {
        Value::Lines(row.remedy.notes.iter().map(|note| clean(note)).collect())
    }),
];

/// A Region of an account.
pub(super) struct Place {
    account_id: AccountId,
    account_name: Option<String>,
    region: RegionName,
    sums: Sums,
}

impl Place {
    /// Every account and Region, in the report's order.
    pub(super) fn all(report: &Report) -> Vec<Self> {
        let of_account =
            report.accounts.iter().flat_map(|account| account.regions.iter().map(move |row| (account, row)));
        let place = of_account.map(|(account, row)| Self {
            account_id: account.account_id.clone(),
            account_name: account.account_name.clone(),
            region: row.region.clone(),
            sums: row.sums.clone(),
        });
        place.collect()
    }
}

/// The columns of an account's Region.
pub(super) const ACCOUNTS: &[Column<Place>] = &[
    column("account_id", Some(("Account", 15)), |_, _, row| text(row.account_id.as_str())),
    column("account_name", Some(("Name", 24)), |_, _, row| maybe(row.account_name.as_deref())),
    column("region", Some(("Region", 14)), |_, _, row| text(row.region.as_str())),
    column("complete", Some(("Complete", 10)), |_, _, row| text(if row.sums.complete { "yes" } else { "no" })),
    column("nat_gateways", Some(("NAT gateways", 14)), |_, _, row| Value::Count(row.sums.nat_gateways.try_into().ok())),
    column("endpoints", Some(("Endpoints", 11)), |_, _, row| Value::Count(row.sums.endpoints.try_into().ok())),
    column("findings", Some(("Findings", 10)), |_, _, row| Value::Count(row.sums.findings.try_into().ok())),
    column("window_nat_hours_usd", None, |_, _, row| Value::Usd(row.sums.window_usd.nat_hours)),
    column("window_nat_data_usd", None, |_, _, row| Value::Usd(row.sums.window_usd.nat_data)),
    column("window_endpoint_hours_usd", None, |_, _, row| Value::Usd(row.sums.window_usd.endpoint_hours)),
    column("window_endpoint_data_usd", None, |_, _, row| Value::Usd(row.sums.window_usd.endpoint_data)),
    column("window_addresses_usd", None, |_, _, row| Value::Usd(row.sums.window_usd.other)),
    column("window_total_usd", Some(("Total, window", 14)), |_, _, row| Value::Usd(row.sums.window_usd.total)),
    column(KNOWN, Some(("Month, known part", 17)), |_, _, row| Value::Usd(Some(row.sums.monthly_usd.current))),
    column("monthly_saving_low_usd", Some(("Saves at least", 14)), |_, _, row| {
        Value::Usd(Some(row.sums.monthly_usd.saving_low))
    }),
    column("monthly_saving_high_usd", Some(("Saves at most", 14)), |_, _, row| {
        Value::Usd(Some(row.sums.monthly_usd.saving_high))
    }),
    column("partial", Some(("Unknown costs", 14)), |_, _, row| text(if row.sums.partial { "yes" } else { "no" })),
];

/// The columns that add up to the totals of the saving: what a finding saves that none before it does.
pub(super) const ADDS_LOW: &str = "monthly_adds_low_usd";
/// The same at the most.
pub(super) const ADDS_HIGH: &str = "monthly_adds_high_usd";
