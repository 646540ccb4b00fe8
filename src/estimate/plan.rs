//! The plan: a short TOML file, checked whole. What it does not say is asked for, never assumed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};

use crate::catalogue::{endpoint_service, near};
use crate::model::{RegionName, Service};
use crate::pricing::Region;

/// A longer plan is refused before it is read.
pub const MAX_BYTES: u64 = 1 << 20;
/// Ten years.
const MAX_MONTHS: u16 = 120;
/// A thousand exabytes a month: above, arithmetic would leave the exact range.
const MAX_GB: i64 = 1_000_000_000_000;
/// No Region has as many, Local Zones included.
const MAX_ZONES: usize = 64;
/// Traffic figures (service by zone) in all VPCs.
const MAX_FIGURES: usize = 2_000;

/// What is to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The VPCs, at least one, in the plan's order.
    pub vpcs: Vec<Vpc>,
    /// What the traffic grows by from month to month: 0.03 for 3%.
    pub growth: Decimal,
    /// How many months are priced; the first has the plan's traffic.
    pub months: u16,
    /// What a transit gateway may be used for.
    pub transit_gateway: TransitGateway,
}

/// A VPC to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// Its name in the plan: hostile, as all of it.
    pub name: String,
    /// Where it is.
    pub region: RegionName,
    /// Availability Zones with clients.
    pub zones: Vec<String>,
    /// GB in the first month, both directions, by service and zone.
    pub traffic: BTreeMap<Service, BTreeMap<String, Decimal>>,
}

/// Which architectures with a transit gateway may be considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransitGateway {
    /// NAT gateways in an egress VPC.
    pub egress: bool,
    /// Interface endpoints in a VPC that the others share.
    pub shared_endpoints: bool,
}

/// Why a plan cannot be priced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is no TOML, or has keys or values of another form.
    #[error("line {line}: {problem}")]
    Form {
        /// Line of the file, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// It says too little, or what cannot be.
    #[error("{0}")]
    Content(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    vpc: Vec<VpcTable>,
    growth: Option<String>,
    months: Option<u16>,
    #[serde(default)]
    transit_gateway: TransitGateway,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VpcTable {
    name: Option<String>,
    region: Option<String>,
    #[serde(default)]
    availability_zones: Vec<String>,
    #[serde(default)]
    traffic: BTreeMap<String, BTreeMap<String, Gb>>,
}

/// A quantity as TOML writes it. Figures with a fraction are read by their shortest digits, which are those written.
struct Gb(Decimal);

impl<'de> Deserialize<'de> for Gb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Gb;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of GB a month, such as 500 or 0.5")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Gb, E> {
                Ok(Gb(value.into()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Gb, E> {
                value.to_string().parse().map(Gb).map_err(|_| E::invalid_value(de::Unexpected::Float(value), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// When it is not of the form, or leaves something open: the message says what to add.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            PlanError::Form { line, problem: error.message().to_owned() }
        })?;
        let (growth, months) = horizon(file.growth.as_deref(), file.months)?;
        if file.vpc.is_empty() {
            return content("it has no VPC: add [[vpc]] with name, region, availability_zones and traffic");
        }
        let mut names = BTreeSet::new();
        let mut vpcs = Vec::new();
        for (index, table) in file.vpc.into_iter().enumerate() {
            let vpc = vpc(index, table)?;
            if !names.insert(vpc.name.clone()) {
                return content(format!("two VPCs are named {:?}", vpc.name));
            }
            vpcs.push(vpc);
        }
        let plan = Self { vpcs, growth, months, transit_gateway: file.transit_gateway };
        plan.check_size()?;
        Ok(plan)
    }

    /// What each month's traffic is of the first one's.
    #[must_use]
    pub fn scales(&self) -> Vec<Decimal> {
        let grow = |scale: &Decimal| Some(*scale * (Decimal::ONE + self.growth));
        std::iter::successors(Some(Decimal::ONE), grow).take(self.months.into()).collect()
    }

    fn check_size(&self) -> Result<(), PlanError> {
        let figures = || self.vpcs.iter().flat_map(|vpc| vpc.traffic.values()).flat_map(|zones| zones.values());
        if figures().count() > MAX_FIGURES {
            return content(format!("it has more than {MAX_FIGURES} figures of traffic"));
        }
        let limit = Decimal::from(MAX_GB);
        let mut total: Decimal = figures().sum();
        for month in 1..=self.months {
            if total > limit {
                return content(format!("in month {month} there are more than {MAX_GB} GB: too many to be meant"));
            }
            total *= Decimal::ONE + self.growth;
        }
        Ok(())
    }
}

fn content<T>(problem: impl Into<String>) -> Result<T, PlanError> {
    Err(PlanError::Content(problem.into()))
}

fn horizon(growth: Option<&str>, months: Option<u16>) -> Result<(Decimal, u16), PlanError> {
    let (growth, months) = match (growth, months) {
        (None, None) => return Ok((Decimal::ZERO, 1)),
        (Some(_), None) => return content("growth needs the number of months to price: add months = 12"),
        (None, Some(_)) => {
            return content("months needs what the traffic grows by a month: add growth = \"0%\" if nothing");
        }
        (Some(growth), Some(months)) => (growth, months),
    };
    let percent: Option<Decimal> = growth.strip_suffix('%').and_then(|percent| percent.trim().parse().ok());
    let Some(percent) = percent.filter(|p| *p > -Decimal::ONE_HUNDRED && *p <= Decimal::ONE_HUNDRED) else {
        return content(format!(
            "growth {growth:?} is not a percentage a month from above -100% to 100%, such as \"3%\""
        ));
    };
    if months == 0 || months > MAX_MONTHS {
        return content(format!("months must be from 1 to {MAX_MONTHS}, not {months}"));
    }
    Ok((percent / Decimal::ONE_HUNDRED, months))
}

fn vpc(index: usize, table: VpcTable) -> Result<Vpc, PlanError> {
    let Some(name) = table.name.filter(|name| !name.trim().is_empty()) else {
        return content(format!("VPC {} has no name: add name = \"prod\"", index + 1));
    };
    let Some(region) = table.region else {
        return content(format!("VPC {name:?} has no Region: add region = \"eu-west-1\""));
    };
    if Region::find(&region).is_none() {
        return content(format!("VPC {name:?}: unknown Region {region:?} (`natwise prices` lists those it knows)"));
    }
    let zones = table.availability_zones;
    if zones.is_empty() {
        return content(format!("VPC {name:?} has no zones: add availability_zones = [\"a\", \"b\"]"));
    }
    if zones.len() > MAX_ZONES {
        return content(format!("VPC {name:?} has more than {MAX_ZONES} zones"));
    }
    for (index, zone) in zones.iter().enumerate() {
        if zone.trim().is_empty() || zones.iter().take(index).any(|other| other == zone) {
            return content(format!("VPC {name:?}: availability_zones has {zone:?} twice, or it is no name"));
        }
    }
    if table.traffic.is_empty() {
        let zone = &zones[0];
        return content(format!("VPC {name:?} has no traffic: add [vpc.traffic.s3] with {zone:?} = 500 (GB a month)"));
    }
    let mut traffic = BTreeMap::new();
    for (service, figures) in table.traffic {
        let of = |problem: String| PlanError::Content(format!("VPC {name:?}, traffic.{service:?}: {problem}"));
        let known = known(&service).map_err(&of)?;
        let mut by_zone = BTreeMap::new();
        for (zone, Gb(gb)) in figures {
            if !zones.contains(&zone) {
                return Err(of(format!("{zone:?} is not among its availability_zones")));
            }
            if gb < Decimal::ZERO {
                return Err(of(format!("{zone:?} = {gb} is negative")));
            }
            by_zone.insert(zone, gb);
        }
        let missing: Vec<_> = zones.iter().filter(|zone| !by_zone.contains_key(*zone)).collect();
        if let Some(zone) = missing.first() {
            return Err(of(format!("it does not say how much in zone {zone:?}: add {zone:?} = 0 if there is none")));
        }
        traffic.insert(known, by_zone);
    }
    Ok(Vpc { name, region: region.into(), zones, traffic })
}

/// The service of a name, or which ones may be meant.
fn known(name: &str) -> Result<Service, String> {
    let service = Service::new(name);
    let named = service == Service::INTERNET || Service::WITH_GATEWAY_ENDPOINT.contains(&service);
    if named || endpoint_service(&service).is_some() {
        return Ok(service);
    }
    let near = near(name);
    let meant = if near.is_empty() {
        "s3, dynamodb, internet and what ends an endpoint service's name, such as sqs or ecr.api, are known".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    Err(format!("unknown service; {meant}"))
}
