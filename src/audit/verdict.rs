//! Keep or drop an interface endpoint: what it costs against what the NAT gateway would charge for the same bytes.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::context::{gb, usd};
use super::s3_interface_shadows_gateway::has_clients_outside;
use super::{Context, Dataset};
use crate::cost::EndpointCost;
use crate::finding::Basis;
use crate::model::{ConnectivityType, EndpointState, EndpointType, NatGateway, Service, Usd};
use crate::pricing::Product;
use crate::topology::{Part, VpcView, Way, is_live, takes_names};

/// What to do with an endpoint, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verdict {
    /// Keep it, drop it, or neither can be said.
    pub decision: Decision,
    /// Why, in one sentence.
    pub reason: String,
    /// How far that can be trusted; null when it was not judged.
    pub basis: Option<Basis>,
    /// What the NAT gateway would charge a month for the same bytes; null when unknown or there is none.
    pub nat_monthly_usd: Option<Usd>,
    /// The gigabytes a month above which it is cheaper than the NAT gateway, in the zones it has; null when unknown.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "crate::report::number")]
    pub break_even_gb: Option<Decimal>,
}

/// Keep or drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It is cheaper than what would replace it, or nothing could.
    Keep,
    /// It carries nothing, or a NAT gateway that is there anyway would carry it for less.
    Drop,
    /// It costs nothing.
    Free,
    /// A third party's or another service's endpoint: money is not what decides.
    NotJudged,
    /// Bytes or prices are not known.
    Unknown,
}

impl Decision {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Free => "free",
            Self::NotJudged => "not judged",
            Self::Unknown => "unknown",
        }
    }
}

impl Verdict {
    fn new(decision: Decision, basis: Option<Basis>, reason: impl Into<String>) -> Self {
        Self { decision, reason: reason.into(), basis, nat_monthly_usd: None, break_even_gb: None }
    }
}

/// The AWS service an endpoint is for, if it is one that a person of this account made and could do without.
pub(super) fn own_service(cost: &EndpointCost<'_>) -> Option<Service> {
    let endpoint = cost.endpoint?;
    if endpoint.endpoint_type != EndpointType::Interface || endpoint.requester_managed {
        return None;
    }
    Service::of_endpoint(&endpoint.service_name, cost.region)
}

impl Context<'_> {
    /// Keep or drop an endpoint.
    #[must_use]
    pub fn verdict(&self, part: &Part<'_>, cost: &EndpointCost<'_>) -> Verdict {
        let Some(endpoint) = cost.endpoint else {
            return Verdict::new(Decision::NotJudged, None, "it was deleted in the window");
        };
        match &endpoint.endpoint_type {
            EndpointType::Gateway => return Verdict::new(Decision::Free, None, "gateway endpoints cost nothing"),
            EndpointType::ServiceNetwork => {
                return Verdict::new(Decision::Free, None, "service-network endpoints have no charge of their own");
            }
            EndpointType::Interface => {}
            other => {
                return Verdict::new(Decision::NotJudged, None, format!("a {other} endpoint replaces no NAT traffic"));
            }
        }
        if endpoint.requester_managed {
            return Verdict::new(Decision::NotJudged, None, "an AWS service made and manages it");
        }
        let Some(service) = Service::of_endpoint(&endpoint.service_name, cost.region) else {
            return Verdict::new(Decision::NotJudged, None, "it leads to a third party's service");
        };
        if endpoint.state != EndpointState::Available {
            return Verdict::new(Decision::NotJudged, None, format!("it is {}", endpoint.state));
        }
        self.weigh(part, cost, &service)
    }

    fn weigh(&self, part: &Part<'_>, cost: &EndpointCost<'_>, service: &Service) -> Verdict {
        let Some(gigabytes) = cost.monthly_gb() else {
            return Verdict::new(Decision::Unknown, None, "its bytes are not known for the whole window");
        };
        if cost.is_idle() {
            let mut verdict = Verdict::new(Decision::Drop, Some(Basis::Metered), "it carried nothing over the window");
            verdict.break_even_gb = self.break_even(part, cost);
            return verdict;
        }
        if gigabytes.is_zero() {
            return Verdict::new(Decision::Unknown, None, "it was made in the window and has carried nothing yet");
        }
        if Service::WITH_GATEWAY_ENDPOINT.contains(service) {
            let endpoint_takes_names = cost.endpoint.is_some_and(takes_names);
            if endpoint_takes_names && part.vpc(cost.vpc_id).is_some_and(|view| !has_clients_outside(view)) {
                let reason = format!("a gateway endpoint carries {} for nothing", service.title());
                return Verdict::new(Decision::Drop, Some(Basis::Measured), reason);
            }
            return Verdict::new(
                Decision::Keep,
                None,
                format!(
                    "{} has a free gateway endpoint for the VPC itself; this one serves what that cannot",
                    service.title()
                ),
            );
        }
        let Some(monthly) = cost.monthly_usd() else {
            return Verdict::new(Decision::Unknown, None, "its price is not known");
        };
        let decisive = [Dataset::NatGateways, Dataset::RouteTables, Dataset::Subnets];
        if let Some(gap) = part.scan.gaps.iter().find(|gap| decisive.iter().any(|dataset| dataset.is_lost_by(gap))) {
            return Verdict::new(
                Decision::Unknown,
                None,
                format!("{} failed: what else there is is unknown", gap.operation),
            );
        }
        let view = part.vpc(cost.vpc_id);
        let nat = match view.map(|view| replacement(part, view)) {
            Some(Ok(nat)) => nat,
            Some(Err(reason)) => return Verdict::new(Decision::Keep, Some(Basis::Measured), reason),
            None => return Verdict::new(Decision::Unknown, None, "its VPC was not read"),
        };
        let product =
            self.costs.nat_gateway(&nat.nat_gateway_id).map_or(Product::NatGatewayGb, |cost| cost.data_product());
        let Ok(rate) = self.prices.unit(part.region(), product) else {
            return Verdict::new(
                Decision::Unknown,
                None,
                format!("there is no price for {product} in {}", part.region()),
            );
        };
        let by_nat = rate * gigabytes;
        let verdict = if by_nat < monthly {
            let reason =
                format!("{} for {}; the NAT gateway would charge {}", usd(monthly), gb(gigabytes), usd(by_nat));
            Verdict::new(Decision::Drop, Some(Basis::Measured), reason)
        } else {
            let reason =
                format!("{} for {}; the NAT gateway would charge {}", usd(monthly), gb(gigabytes), usd(by_nat));
            Verdict::new(Decision::Keep, Some(Basis::Measured), reason)
        };
        Verdict { nat_monthly_usd: Some(by_nat), break_even_gb: self.break_even(part, cost), ..verdict }
    }

    /// Monthly gigabytes above which an endpoint is cheaper than the NAT gateway's processing, in its zones.
    fn break_even(&self, part: &Part<'_>, cost: &EndpointCost<'_>) -> Option<Decimal> {
        let zones = Decimal::from(cost.endpoint?.subnet_ids.len());
        self.break_even_per_zone(part).map(|per_zone| per_zone * zones)
    }

    /// Monthly gigabytes per zone above which an interface endpoint is cheaper than the NAT gateway's processing, the
    /// NAT gateway staying: endpoint hours / (NAT rate − endpoint rate).
    #[must_use]
    pub fn break_even_per_zone(&self, part: &Part<'_>) -> Option<Decimal> {
        let region = part.region();
        let hours = self.per_month(region, Product::InterfaceEndpointAzHour).ok()?;
        let nat = self.prices.unit(region, Product::NatGatewayGb).ok()?;
        let endpoint = self.prices.unit(region, Product::InterfaceEndpointGb).ok()?;
        let saved = nat - endpoint;
        (saved > Usd::ZERO).then(|| hours.0 / saved.0)
    }
}

/// The NAT gateway that would take an endpoint's traffic, or why nothing would: every subnet must have another way.
fn replacement<'a>(part: &Part<'a>, view: &VpcView<'a>) -> Result<&'a NatGateway, String> {
    let public = |nat: &&&NatGateway| is_live(nat) && nat.connectivity_type == ConnectivityType::Public;
    let Some(nat) = view.nat_gateways.iter().find(public).copied() else {
        return Err("its VPC has no NAT gateway that would take its traffic".to_owned());
    };
    let leaves = |way: &Way<'_>| match way {
        Way::Internet => true,
        Way::Nat(id) => view.nat_gateways.iter().filter(public).any(|nat| nat.nat_gateway_id == **id),
        _ => false,
    };
    let isolated = view
        .subnets
        .iter()
        .filter(|subnet| !subnet.route_table.is_some_and(|table| part.default_ways(table).iter().any(leaves)));
    match isolated.count() {
        0 => Ok(nat),
        count => Err(format!("{count} subnet(s) of its VPC have no other way to the service")),
    }
}
