//! What an audit found, what it costs, and what to do about it.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::Change;
use crate::model::{AccountId, NatGatewayId, RegionName, RegionScan, Service, Usd, VpcEndpointId, VpcId};

/// One fault, its money and its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// The account.
    pub account_id: AccountId,
    /// The Region.
    pub region: RegionName,
    /// The VPC to change.
    pub vpc_id: VpcId,
    /// The service whose traffic it is about.
    pub service: Option<Service>,
    /// The resources to look at, the one to change first.
    pub resources: Vec<String>,
    /// One line.
    pub title: String,
    /// What was seen, and how the figures come about.
    pub detail: String,
    /// How far the figures can be trusted.
    pub basis: Basis,
    /// The money; none when there is none to it, or it is not known.
    pub money: Option<Money>,
    /// Quantity × rate, line by line.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remedy: Remedy,
}

impl Finding {
    /// A fault of a rule in a VPC, to be filled in: without money, a service or a remedy as yet.
    pub(crate) fn new(rule: &'static str, scan: &RegionScan, vpc_id: &VpcId) -> Self {
        Self {
            rule,
            account_id: scan.account_id.clone(),
            region: scan.region.clone(),
            vpc_id: vpc_id.clone(),
            service: None,
            resources: Vec::new(),
            title: String::new(),
            detail: String::new(),
            basis: Basis::Configuration,
            money: None,
            evidence: Vec::new(),
            remedy: Remedy::new(RemedyKind::RepairEndpoint, &scan.region, Vec::new(), Vec::new()),
        }
    }
}

/// How far a figure can be trusted. The contract's table defines each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Bytes attributed by flow logs, or an endpoint's own metrics: low = high.
    Measured,
    /// Flow logs saw a part of the bytes, or cannot tell whose all of them are: low is what they prove, high what they
    /// leave possible.
    #[serde(rename = "measured (partial)")]
    PartlyMeasured,
    /// Flow logs of some hours were read: low and high are the ends of a 95% confidence interval.
    #[serde(rename = "measured (sampled)")]
    Sampled,
    /// Hours, or all bytes of a resource from CloudWatch: low = high.
    Metered,
    /// A share that the user declared: low = high.
    Assumed,
    /// Only the gateway's total is known: from nothing to everything that could be this service.
    Bounded,
    /// No money attached, or none computable.
    Configuration,
}

impl Basis {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::PartlyMeasured => "measured (partial)",
            Self::Sampled => "measured (sampled)",
            Self::Metered => "metered",
            Self::Assumed => "assumed",
            Self::Bounded => "bounded",
            Self::Configuration => "configuration",
        }
    }
}

/// A month's money of a finding. Its saving is what it claims, never more than what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// What the traffic or resource in question costs now.
    pub current: Usd,
    /// What can be saved, and on which cost.
    pub claims: Vec<Claim>,
}

impl Money {
    /// The least that is saved.
    #[must_use]
    pub fn saving_low(&self) -> Usd {
        self.claims.iter().map(|claim| claim.low).sum::<Usd>().min(self.current)
    }

    /// The most that can be saved.
    #[must_use]
    pub fn saving_high(&self) -> Usd {
        self.claims.iter().map(|claim| claim.high).sum::<Usd>().min(self.current)
    }
}

/// A part of some cost that a finding says can be saved. Findings may claim the same dollar; totals count it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The cost it is a part of.
    pub on: Pool,
    /// The service whose bytes they are: all claims for one service on one cost are about the same bytes.
    pub service: Option<Service>,
    /// The least.
    pub low: Usd,
    /// The most.
    pub high: Usd,
    /// What all claims for this service on this cost can come to.
    pub limit: Usd,
}

impl Claim {
    /// All of a cost that is known to the dollar.
    #[must_use]
    pub fn exactly(on: Pool, usd: Usd) -> Self {
        Self { on, service: None, low: usd, high: usd, limit: usd }
    }
}

/// A monthly cost that can be saved once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// The bytes of a NAT gateway.
    NatData(NatGatewayId),
    /// The hours and addresses of a NAT gateway.
    NatStanding(NatGatewayId),
    /// The crossing of zones on the way to a NAT gateway.
    CrossAz(NatGatewayId),
    /// The way through a transit gateway to a NAT gateway.
    TransitGateway(NatGatewayId),
    /// An endpoint's hours and bytes.
    Endpoint(VpcEndpointId),
}

impl Pool {
    /// The resource that is paid for.
    #[must_use]
    pub fn resource(&self) -> &str {
        match self {
            Self::NatData(id) | Self::NatStanding(id) | Self::CrossAz(id) | Self::TransitGateway(id) => id.as_str(),
            Self::Endpoint(id) => id.as_str(),
        }
    }
}

/// One line of arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evidence {
    /// What is counted.
    pub what: String,
    /// How much of it in a month.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub quantity: Option<Decimal>,
    /// `GB` (2^30 bytes) or `hour`.
    pub unit: &'static str,
    /// Dollars for one.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub unit_usd: Option<Decimal>,
    /// Quantity × rate.
    pub usd: Option<Usd>,
    /// The usage type on the bill.
    pub usage_type: String,
    /// When the rate held.
    pub price_as_of: Option<String>,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remedy {
    /// What kind of change it is.
    pub kind: RemedyKind,
    /// What is changed, in order.
    pub changes: Vec<Change>,
    /// The same as ready-to-run AWS CLI commands, quoted for a POSIX shell.
    pub commands: Vec<String>,
    /// Side effects, and what to check before.
    pub notes: Vec<String>,
}

impl Remedy {
    /// Some changes in a Region.
    #[must_use]
    pub fn new(kind: RemedyKind, region: &RegionName, changes: Vec<Change>, notes: Vec<String>) -> Self {
        let commands = changes.iter().flat_map(|change| change.commands(region)).collect();
        Self { kind, changes, commands, notes }
    }
}

/// Kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RemedyKind {
    /// A new gateway endpoint.
    CreateGatewayEndpoint,
    /// More route tables for an existing gateway endpoint.
    AssociateRouteTables,
    /// A new interface endpoint.
    CreateInterfaceEndpoint,
    /// One NAT gateway less.
    DeleteNatGateway,
    /// Routes to the NAT gateway of the same zone, perhaps a new one.
    RouteWithinZone,
    /// One endpoint less.
    DeleteEndpoint,
    /// Other DNS settings of an endpoint.
    ChangeEndpointDns,
    /// More zones for an endpoint.
    AddEndpointSubnets,
    /// Other rules in a security group.
    ChangeSecurityGroup,
    /// A narrower endpoint policy.
    RestrictEndpointPolicy,
    /// An endpoint, or its route, that does not work.
    RepairEndpoint,
    /// Other IPv6 settings of a subnet.
    ChangeSubnet,
}

impl RemedyKind {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateGatewayEndpoint => "create-gateway-endpoint",
            Self::AssociateRouteTables => "associate-route-tables",
            Self::CreateInterfaceEndpoint => "create-interface-endpoint",
            Self::DeleteNatGateway => "delete-nat-gateway",
            Self::RouteWithinZone => "route-within-zone",
            Self::DeleteEndpoint => "delete-endpoint",
            Self::ChangeEndpointDns => "change-endpoint-dns",
            Self::AddEndpointSubnets => "add-endpoint-subnets",
            Self::ChangeSecurityGroup => "change-security-group",
            Self::RestrictEndpointPolicy => "restrict-endpoint-policy",
            Self::RepairEndpoint => "repair-endpoint",
            Self::ChangeSubnet => "change-subnet",
        }
    }
}
