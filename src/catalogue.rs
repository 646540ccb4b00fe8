//! AWS services that have an interface endpoint: what their endpoint service is called, and their public hostnames.
//!
//! Source: the PrivateLink guide's table "AWS services that integrate with AWS PrivateLink" and the SDK's endpoint
//! rules; `DescribeVpcEndpointServices` is authoritative for a Region.

mod hostname;
mod near;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

pub use hostname::service_of_hostname;
pub use near::near;

use crate::model::{RegionName, Service};

/// Where services without Regions are at home.
const HOME: &str = "us-east-1";

/// A service with an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointService {
    /// What ends its endpoint service name: `ecr.api`.
    pub suffix: String,
    /// Its endpoint service name with `{region}` for the Region.
    pub service_name: String,
    /// Its name for people.
    pub name: String,
    /// The public hostnames that clients use, with `{region}` for the Region and `*` for what varies.
    hostnames: Vec<String>,
}

/// A line of the table. A service has one for each of its hostnames.
#[derive(Deserialize)]
struct Row {
    suffix: String,
    service_name: String,
    hostname: String,
    dualstack_hostname: String,
    name: String,
}

static SERVICES: LazyLock<BTreeMap<String, EndpointService>> = LazyLock::new(|| {
    let mut services = BTreeMap::new();
    let rows = csv::Reader::from_reader(include_bytes!("model/data/endpoint-services.csv").as_slice());
    for row in rows.into_deserialize::<Row>().filter_map(Result::ok) {
        let Row { suffix, service_name, name, hostname, dualstack_hostname } = row;
        let service = services.entry(suffix.clone()).or_insert(EndpointService {
            suffix,
            service_name,
            name,
            hostnames: Vec::new(),
        });
        service.hostnames.extend([hostname, dualstack_hostname].into_iter().filter(|name| !name.is_empty()));
    }
    services
});

/// The endpoint service of a service, by suffix.
#[must_use]
pub fn endpoint_service(service: &Service) -> Option<&'static EndpointService> {
    SERVICES.get(service.as_str())
}

/// Whether an interface endpoint for a service can be bought in a Region and helps there. Not for those whose gateway
/// endpoint costs nothing.
#[must_use]
pub fn is_offered(service: &Service, region: &RegionName) -> bool {
    !Service::WITH_GATEWAY_ENDPOINT.contains(service)
        && service.as_str() != "s3express"
        && endpoint_service(service).is_some_and(|known| known.is_served_in(region))
}

impl EndpointService {
    /// Whether an endpoint in a Region takes the service's traffic there: global services (IAM, Route 53 …) live in
    /// one Region, and from any other an endpoint does not help.
    #[must_use]
    pub fn is_served_in(&self, region: &RegionName) -> bool {
        region.as_str() == HOME || self.hostnames.iter().any(|name| name.contains(hostname::REGION))
    }

    /// Its endpoint service name in a Region.
    #[must_use]
    pub fn service_name_in(&self, region: &RegionName) -> String {
        self.service_name.replace("{region}", region.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_suffix() {
        let name = |suffix| endpoint_service(&Service::new(suffix)).map(|s| s.service_name_in(&"eu-west-1".into()));
        assert_eq!(name("ecr.api").as_deref(), Some("com.amazonaws.eu-west-1.ecr.api"));
        assert_eq!(name("kinesis-streams").as_deref(), Some("com.amazonaws.eu-west-1.kinesis-streams"));
        assert_eq!(name("s4"), None);
        assert_eq!(SERVICES.len(), 246);
        let served =
            |suffix, region: &str| endpoint_service(&Service::new(suffix)).unwrap().is_served_in(&region.into());
        assert!(served("sqs", "eu-west-1") && served("ce", "us-east-1") && !served("ce", "eu-west-1"));
    }
}
