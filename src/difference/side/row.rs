//! The rows of a report, as far as they are compared.

use serde::Deserialize;

use crate::difference::exact::Exact;
use crate::model::{AccountId, Bytes, Hours, NatGatewayId, RegionName, Service, VpcEndpointId, VpcId};

/// What was looked at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Scope {
    /// Accounts.
    pub accounts: Vec<AccountId>,
    /// Regions.
    pub regions: Vec<RegionName>,
    /// Whether every call succeeded.
    pub complete: bool,
}

/// The prices that were used.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Prices {
    /// The newest date of a rate.
    #[serde(default)]
    pub as_of: String,
    /// Where they are from.
    #[serde(default)]
    pub source: String,
    /// The part of the list price that is not paid.
    #[serde(default)]
    pub discount: Exact,
}

/// Sums.
#[derive(Debug, Clone, Deserialize)]
pub struct Totals {
    /// What the window cost, by component.
    pub window_usd: WindowUsd,
    /// A month's saving.
    pub monthly_usd: Savings,
    /// Whether some cost is unknown.
    #[serde(default)]
    pub partial: bool,
}

/// The window's cost by component.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct WindowUsd {
    /// NAT gateway hours.
    pub nat_hours: Option<Exact>,
    /// NAT gateway bytes.
    pub nat_data: Option<Exact>,
    /// Endpoint hours.
    pub endpoint_hours: Option<Exact>,
    /// Endpoint bytes.
    pub endpoint_data: Option<Exact>,
    /// Public addresses of NAT gateways.
    pub other: Option<Exact>,
    /// All of it.
    pub total: Option<Exact>,
}

/// What all findings together save in a month.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Savings {
    /// The least.
    pub saving_low: Exact,
    /// The most.
    pub saving_high: Exact,
}

/// An account.
#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    /// Its id.
    pub account_id: AccountId,
    /// Its Regions that were scanned.
    pub regions: Vec<Region>,
}

/// A Region of an account.
#[derive(Debug, Clone, Deserialize)]
pub struct Region {
    /// Its code.
    pub region: RegionName,
}

/// A NAT gateway.
#[derive(Debug, Clone, Deserialize)]
pub struct NatGateway {
    /// The account that pays.
    pub account_id: AccountId,
    /// The Region.
    pub region: RegionName,
    /// The VPC.
    pub vpc_id: Option<VpcId>,
    /// Its id.
    #[serde(rename = "nat_gateway_id")]
    pub id: NatGatewayId,
    /// Its `Name` tag.
    pub name: Option<String>,
    /// Its state.
    pub state: String,
    /// Its billed hours.
    pub hours: Option<Hours>,
    /// What it processed.
    pub bytes: Option<NatBytes>,
    /// What the window cost.
    pub window_usd: ResourceUsd,
    /// Its bytes by service; empty when not attributed.
    #[serde(default)]
    pub traffic: Vec<Traffic>,
    /// Other VPCs whose traffic it carries.
    #[serde(default)]
    pub used_by: Vec<User>,
    /// The cost line by line.
    #[serde(default)]
    pub charges: Vec<Charge>,
}

/// A NAT gateway's bytes.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct NatBytes {
    /// What is billed.
    pub processed: Bytes,
}

/// What a resource cost in the window; null where unknown.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ResourceUsd {
    /// Its hours.
    pub hours: Option<Exact>,
    /// Its bytes.
    pub data: Option<Exact>,
    /// Its public addresses; not there for endpoints.
    #[serde(default)]
    pub addresses: Option<Exact>,
}

/// A part of a gateway's bytes.
#[derive(Debug, Clone, Deserialize)]
pub struct Traffic {
    /// Where they went.
    pub service: Service,
    /// The Region they went to.
    pub region: Option<RegionName>,
    /// How many.
    pub bytes: Bytes,
    /// How many the flow logs show.
    pub logged_bytes: Option<Bytes>,
    /// How the service is known.
    pub named_by: Option<String>,
    /// How the bytes are known.
    pub basis: String,
    /// Of a sample: the low end of the confidence interval.
    pub bytes_low: Option<Bytes>,
    /// The high end.
    pub bytes_high: Option<Bytes>,
}

/// A VPC that sends traffic to a NAT gateway from elsewhere.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// The VPC.
    pub vpc_id: VpcId,
}

/// A line of a resource's cost.
#[derive(Debug, Clone, Deserialize)]
pub struct Charge {
    /// Which part of the cost it is.
    pub component: String,
    /// How much was used.
    pub quantity: Option<Exact>,
    /// Dollars for one.
    pub unit_usd: Option<Exact>,
}

/// An endpoint.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoint {
    /// The account that pays.
    pub account_id: AccountId,
    /// The Region.
    pub region: RegionName,
    /// The VPC.
    pub vpc_id: VpcId,
    /// Its id.
    #[serde(rename = "vpc_endpoint_id")]
    pub id: VpcEndpointId,
    /// Its `Name` tag.
    #[serde(default)]
    pub name: Option<String>,
    /// `Interface`, `Gateway` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its service.
    pub service_name: String,
    /// Its state.
    pub state: String,
    /// Its billed hours, in each of its zones.
    pub hours: Option<Hours>,
    /// Both directions.
    pub bytes: Option<Bytes>,
    /// What the window cost.
    pub window_usd: ResourceUsd,
    /// The cost line by line.
    #[serde(default)]
    pub charges: Vec<Charge>,
}

/// A finding.
#[derive(Debug, Clone, Deserialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The account.
    pub account_id: AccountId,
    /// The Region.
    pub region: RegionName,
    /// The VPC.
    pub vpc_id: VpcId,
    /// The service it is about.
    pub service: Option<Service>,
    /// The resources to look at, the one to change first.
    pub resources: Vec<String>,
    /// One line.
    pub title: String,
    /// How far its figures can be trusted.
    pub basis: String,
    /// A month's money.
    pub monthly_usd: FindingUsd,
}

/// A finding's money a month; all null when there is none, or it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct FindingUsd {
    /// The least that the remedy saves.
    pub saving_low: Option<Exact>,
    /// The most that it can save.
    pub saving_high: Option<Exact>,
}

/// A rule that could not be applied; everywhere, where it does not say where.
#[derive(Debug, Clone, Deserialize)]
pub struct Skipped {
    /// The rule's id.
    pub rule: String,
    /// The account.
    pub account_id: Option<AccountId>,
    /// The Region.
    pub region: Option<RegionName>,
}

impl Totals {
    pub(super) fn add(&mut self, more: &Self) {
        fn sum(a: &mut Option<Exact>, b: Option<Exact>) {
            *a = match (*a, b) {
                (Some(a), Some(b)) => Some(Exact(a.0 + b.0)),
                (one, other) => one.or(other),
            };
        }
        sum(&mut self.window_usd.nat_hours, more.window_usd.nat_hours);
        sum(&mut self.window_usd.nat_data, more.window_usd.nat_data);
        sum(&mut self.window_usd.endpoint_hours, more.window_usd.endpoint_hours);
        sum(&mut self.window_usd.endpoint_data, more.window_usd.endpoint_data);
        sum(&mut self.window_usd.other, more.window_usd.other);
        sum(&mut self.window_usd.total, more.window_usd.total);
        self.monthly_usd.saving_low.0 += more.monthly_usd.saving_low.0;
        self.monthly_usd.saving_high.0 += more.monthly_usd.saving_high.0;
        self.partial |= more.partial;
    }
}
