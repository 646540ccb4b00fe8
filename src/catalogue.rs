//! AWS services that have an interface endpoint: what their endpoint service is called.
//!
//! Source: the PrivateLink guide's table "AWS services that integrate with AWS PrivateLink" and the SDK's endpoint
//! rules; `DescribeVpcEndpointServices` is authoritative for a Region.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{RegionName, Service};

/// A service with an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EndpointService {
    /// What ends its endpoint service name: `ecr.api`.
    pub suffix: String,
    /// Its endpoint service name with `{region}` for the Region.
    pub service_name: String,
    /// The public hostname that clients use, with `{region}` for the Region.
    hostname: String,
    /// Its name for people.
    pub name: String,
}

static SERVICES: LazyLock<BTreeMap<String, EndpointService>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_bytes!("model/data/endpoint-services.csv").as_slice())
        .into_deserialize::<EndpointService>()
        .filter_map(Result::ok)
        .map(|service| (service.suffix.clone(), service))
        .collect()
});

/// The endpoint service of a service, by suffix.
#[must_use]
pub fn endpoint_service(service: &Service) -> Option<&'static EndpointService> {
    SERVICES.get(service.as_str())
}

impl EndpointService {
    /// Whether an endpoint in a Region takes the service's traffic there: global services (IAM, Route 53 …) live in
    /// one Region, and from any other an endpoint does not help.
    #[must_use]
    pub fn is_served_in(&self, region: &RegionName) -> bool {
        self.hostname.contains("{region}") || region.as_str() == "us-east-1"
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
