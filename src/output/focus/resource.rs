//! Which resource a finding's cost is a charge of, and what it is called on a bill.

use std::collections::HashMap;

use crate::pricing::Region;
use crate::report::{EndpointRow, FindingRow, NatGatewayRow, Report};

/// A resource on a bill.
pub(super) struct Resource<'a> {
    /// Its ARN, as AWS's own cost data has it; its id where the Region's partition is not known.
    pub(super) arn: String,
    /// What it is.
    pub(super) kind: &'static str,
    /// Its `Name` tag.
    pub(super) name: Option<&'a str>,
    /// Its zone, if it is in one only.
    pub(super) zone: Option<&'a str>,
}

/// What is billed, by Region and id.
pub(super) struct Resources<'a> {
    gateways: HashMap<(&'a str, &'a str), &'a NatGatewayRow>,
    endpoints: HashMap<(&'a str, &'a str), &'a EndpointRow>,
}

impl<'a> Resources<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let gateways = report.nat_gateways.iter();
        let endpoints = report.endpoints.iter();
        Self {
            gateways: gateways.map(|row| ((row.region.as_str(), row.nat_gateway_id.as_str()), row)).collect(),
            endpoints: endpoints.map(|row| ((row.region.as_str(), row.vpc_endpoint_id.as_str()), row)).collect(),
        }
    }

    /// The first of a finding's resources that is billed; else the first of them.
    pub(super) fn of(&self, finding: &'a FindingRow) -> Resource<'a> {
        let region = finding.region.as_str();
        for id in &finding.resources {
            let key = (region, id.as_str());
            if let Some(row) = self.gateways.get(&key) {
                let arn = arn(finding, "natgateway", id);
                return resource(arn, "NAT gateway", row.name.as_deref(), &row.availability_zones);
            }
            if let Some(row) = self.endpoints.get(&key) {
                let arn = arn(finding, "vpc-endpoint", id);
                return resource(arn, "VPC endpoint", row.name.as_deref(), &row.availability_zones);
            }
        }
        let id = finding.resources.first().map_or(finding.vpc_id.as_str(), String::as_str);
        let name = finding.vpc_name.as_deref().filter(|_| id == finding.vpc_id.as_str());
        let (service, kind) = match id.split('-').next() {
            Some("vpc") => ("vpc", "VPC"),
            Some("subnet") => ("subnet", "Subnet"),
            Some("rtb") => ("route-table", "Route table"),
            Some("sg") => ("security-group", "Security group"),
            _ => return resource(id.to_owned(), "Network resource", name, &[]),
        };
        resource(arn(finding, service, id), kind, name, &[])
    }
}

fn resource<'a>(arn: String, kind: &'static str, name: Option<&'a str>, zones: &'a [String]) -> Resource<'a> {
    let zone = if let [zone] = zones { Some(zone.as_str()) } else { None };
    Resource { arn, kind, name, zone }
}

fn arn(finding: &FindingRow, kind: &str, id: &str) -> String {
    match Region::find(finding.region.as_str()) {
        Some(region) => {
            format!("arn:{}:ec2:{}:{}:{kind}/{id}", region.partition, finding.region, finding.account_id)
        }
        None => id.to_owned(),
    }
}
