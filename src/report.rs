//! The report: everything that a reader gets, in the order they get it. Renderers only write it down.
//!
//! These types *are* the JSON of `audit --format json` (schema `natwise.report/1`): add fields freely, never rename
//! one or change its meaning without a new schema number.

mod account;
mod advice;
mod clients;
mod flow_logs;
mod merge;
mod note;
mod over_time;
mod row;
mod saving;
mod traffic;
mod used_by;
mod vpc;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

pub use account::{AccountRow, RegionRow, Sums};
pub use advice::FlowLogAdvice;
pub use clients::ClientsRow;
pub use flow_logs::{Coverage, FlowLogs, TrafficRow};
pub use note::Note;
pub use over_time::HourlyTraffic;
pub use row::{EndpointRow, EndpointUsd, FindingRow, MonthlyUsd, NatBytesRow, NatGatewayRow, NatGatewayUsd};
pub use saving::PlanStep;
use saving::Savings;
pub use traffic::{FlowRow, GatewayRow, SourceRow, TrafficReport};
pub use used_by::UserRow;
pub use vpc::{MissingRow, RouteRow, RouteTableRow, SubnetRow, VpcEndpointRow, VpcNatGatewayRow, VpcRow};

use crate::assumption::Assumptions;
use crate::attribution::Attribution;
use crate::audit::{self, Context, Skipped};
use crate::bill::Bill;
use crate::cost::Costs;
use crate::finding::Finding;
use crate::model::{AccountId, Gap, RegionName, Snapshot, Usd, Window};
use crate::pricing::PriceBook;
use crate::reconciliation::{RateRow, Reconciliation};
use crate::topology::Topology;
use crate::traffic::Traffic;

/// The form of the JSON report.
pub const REPORT_SCHEMA: &str = "natwise.report/1";

/// An audit's result.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Always `natwise.report/1`.
    pub schema: &'static str,
    /// The program and version that wrote it.
    pub generated_by: &'static str,
    /// The span of time that was priced.
    pub window: Window,
    /// What was looked at.
    pub scope: Scope,
    /// The prices that were used.
    pub prices: Prices,
    /// Sums.
    pub totals: Totals,
    /// Sums by account and Region, dearest first.
    pub accounts: Vec<AccountRow>,
    /// NAT gateways, dearest first.
    pub nat_gateways: Vec<NatGatewayRow>,
    /// Endpoints, dearest first.
    pub endpoints: Vec<EndpointRow>,
    /// What is wrong, most money first.
    pub findings: Vec<FindingRow>,
    /// VPCs, with what leads where in them.
    pub vpcs: Vec<VpcRow>,
    /// The findings with money in their order, each with what it adds to what those before it save, so that what
    /// several of them claim counts once: the steps come to the totals.
    pub plan: Vec<PlanStep>,
    /// Rules that could not be applied somewhere.
    pub skipped: Vec<Skipped>,
    /// Calls that failed.
    pub gaps: Vec<Gap>,
    /// The bill that was read beside what was computed; null when none was.
    pub reconciliation: Option<Reconciliation>,
    /// The flow logs that were read; null when none were.
    pub flow_logs: Option<FlowLogs>,
    /// For gateways whose bytes no flow log that was read tells apart: how to get or use one.
    pub flow_log_advice: Vec<FlowLogAdvice>,
    /// What a reader should know about single figures.
    pub notes: Vec<Note>,
}

/// What was looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Scope {
    /// Accounts.
    #[schemars(with = "Vec<String>")]
    pub accounts: Vec<AccountId>,
    /// Regions.
    #[schemars(with = "Vec<String>")]
    pub regions: Vec<RegionName>,
    /// Whether every call succeeded.
    pub complete: bool,
}

/// The prices that were used.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Prices {
    /// The newest date of a rate in the book; each charge names its own.
    pub as_of: String,
    /// `embedded`, and the file on top of it.
    pub source: String,
    /// The part of the list price that is not paid: 0.08 for 8%.
    #[schemars(with = "f64")]
    #[serde(serialize_with = "decimal")]
    pub discount: Decimal,
    /// How many rates are not the book's but those of the bill: see `reconciliation.rates`.
    pub measured: usize,
    /// What the user declared of the traffic, by service: shares from 0 to 1.
    #[schemars(with = "std::collections::BTreeMap<String, f64>")]
    #[serde(serialize_with = "shares")]
    pub assumed_shares: Vec<(String, Decimal)>,
}

impl Prices {
    /// Those of a book.
    pub(crate) fn of(book: &PriceBook, assumed_shares: Vec<(String, Decimal)>) -> Self {
        Self {
            as_of: book.as_of().to_owned(),
            source: book.source(),
            discount: book.discount(),
            measured: book.measured(),
            assumed_shares,
        }
    }
}

/// Sums over everything.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Totals {
    /// What the window cost at list price less the discount. Where parts are unknown these are sums of the known ones;
    /// null where nothing is known.
    pub window_usd: WindowUsd,
    /// A month of 730 hours at the window's rate.
    pub monthly_usd: TotalMonthlyUsd,
    /// Whether some cost is unknown, so that the sums are less than the truth.
    pub partial: bool,
    /// What is unknown.
    pub unknown: Vec<UnknownCost>,
}

/// The window's cost by component.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct WindowUsd {
    /// NAT gateway hours.
    pub nat_hours: Option<Usd>,
    /// NAT gateway bytes.
    pub nat_data: Option<Usd>,
    /// Endpoint hours.
    pub endpoint_hours: Option<Usd>,
    /// Endpoint bytes.
    pub endpoint_data: Option<Usd>,
    /// Public addresses of NAT gateways.
    pub other: Option<Usd>,
    /// All of it.
    pub total: Option<Usd>,
}

/// A month's cost and saving.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TotalMonthlyUsd {
    /// What it costs now.
    pub current: Usd,
    /// The least that the findings together save; what two of them claim counts once.
    pub saving_low: Usd,
    /// The most that they can save; over all never more than the current cost.
    pub saving_high: Usd,
    /// The part of `current` of gateways that were deleted in the window and do not cost anything any more.
    pub ended: Usd,
}

/// A cost that is not known, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnknownCost {
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The resource.
    pub resource: String,
    /// Why.
    pub reason: String,
}

impl Report {
    /// Analyses a snapshot, and what flow logs say of its traffic where there are any.
    #[must_use]
    pub fn new(snapshot: &Snapshot, traffic: Option<&Traffic>, prices: &PriceBook, assumptions: &Assumptions) -> Self {
        let mut report = Self::unordered(snapshot, traffic, prices, assumptions);
        report.arrange();
        report
    }

    /// The same, but for what [`Report::arrange`] sees to.
    fn unordered(
        snapshot: &Snapshot,
        traffic: Option<&Traffic>,
        prices: &PriceBook,
        assumptions: &Assumptions,
    ) -> Self {
        let topology = Topology::new(snapshot);
        let costs = Costs::new(snapshot, prices);
        let attribution = traffic.map(|traffic| Attribution::new(traffic, &costs)).unwrap_or_default();
        let context = Context { topology: &topology, costs: &costs, prices, attribution: &attribution, assumptions };
        let (findings, skipped) = audit::run(&context);
        let row = |finding: Finding| {
            let name = topology.vpc(&finding.vpc_id).and_then(|(_, view)| view.name());
            (finding.money.clone(), FindingRow::new(finding, name))
        };
        let mut findings: Vec<_> = findings.into_iter().map(row).collect();
        findings.sort_by(|(_, a), (_, b)| saving::order(a, b));
        let (money, findings): (Vec<_>, Vec<_>) = findings.into_iter().unzip();
        let (saving, plan) = Savings::of(money.iter().map(Option::as_ref), &costs);
        let of_parts = snapshot.regions.iter().flat_map(|scan| &scan.gaps);
        let unknown: Vec<_> = costs
            .unknowns()
            .into_iter()
            .flat_map(|((account_id, region, resource), reasons)| {
                reasons.into_iter().map(move |reason| UnknownCost {
                    account_id: account_id.clone(),
                    region: region.clone(),
                    resource: resource.to_owned(),
                    reason: reason.to_string(),
                })
            })
            .collect();
        let current = costs.nat_gateways.iter().map(|cost| cost.monthly_known_usd()).sum::<Usd>()
            + costs.endpoints.iter().map(|cost| cost.monthly_known_usd()).sum::<Usd>();
        let ended = costs.nat_gateways.iter().filter(|cost| cost.gone).map(|cost| cost.monthly_known_usd()).sum();
        let nat_gateways = row::nat_gateways(&context, snapshot.window);
        let endpoints = row::endpoints(&context);
        Self {
            schema: REPORT_SCHEMA,
            generated_by: crate::GENERATED_BY,
            window: snapshot.window,
            scope: Scope {
                accounts: snapshot.regions.iter().map(|scan| scan.account_id.clone()).collect(),
                regions: snapshot.regions.iter().map(|scan| scan.region.clone()).collect(),
                complete: false,
            },
            prices: Prices::of(
                prices,
                assumptions.iter().map(|(service, share)| (service.to_string(), share)).collect(),
            ),
            totals: Totals {
                window_usd: WindowUsd::default(),
                monthly_usd: TotalMonthlyUsd { current, saving_low: saving.low, saving_high: saving.high, ended },
                partial: false,
                unknown,
            },
            accounts: snapshot.regions.iter().map(AccountRow::of).collect(),
            nat_gateways,
            endpoints,
            vpcs: vpc::vpcs(&topology, &findings),
            findings,
            plan,
            skipped,
            gaps: snapshot.gaps.iter().chain(of_parts).cloned().collect(),
            reconciliation: None,
            flow_logs: traffic.map(FlowLogs::new),
            flow_log_advice: advice::advice(&context),
            notes: note::notes(&context),
        }
    }

    /// Puts a bill beside it. The prices must be those that the bill's rates were put into.
    pub fn reconcile(&mut self, bill: &Bill, rates: Vec<RateRow>) {
        let reconciliation = Reconciliation::new(bill, rates, self);
        self.gaps.extend(reconciliation.gaps());
        self.gaps.sort();
        self.scope.complete = self.gaps.is_empty();
        self.reconciliation = Some(reconciliation);
    }

    /// The JSON Schema of the report.
    #[must_use]
    pub fn json_schema() -> schemars::Schema {
        schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<Self>()
    }
}

/// A decimal as a JSON number with at most six places.
///
/// # Errors
/// When the serializer fails.
pub fn number<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => decimal(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// A decimal as [`number`] writes it, where there is always one.
///
/// # Errors
/// When the serializer fails.
pub fn decimal<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*value))
}

fn rounded(value: Decimal) -> f64 {
    let value = value.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven);
    value.to_f64().filter(|value| *value != 0.0).unwrap_or(0.0)
}

fn shares<S: Serializer>(shares: &[(String, Decimal)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(shares.iter().map(|(service, share)| (service, rounded(*share))))
}

#[cfg(test)]
mod properties;
