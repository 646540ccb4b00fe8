//! Which series CloudWatch has, and whose datapoints they are.

use std::collections::HashMap;

use ciborium::Value;

use super::cloudwatch::{field, text};
use super::network::{Endpoint, Gateway, Kind, Network};
use super::traffic::{Flow, HOUR};

/// The namespace of NAT gateways.
pub const NAT: &str = "AWS/NATGateway";
/// The namespace of endpoints.
pub const PRIVATE_LINK: &str = "AWS/PrivateLinkEndpoints";
/// The one metric of an endpoint.
pub const BYTES_PROCESSED: &str = "BytesProcessed";
/// The metrics of a NAT gateway that natwise reads.
pub const NAT_METRICS: [(&str, Flow); 5] = [
    ("BytesInFromSource", Flow::Upload),
    ("BytesInFromDestination", Flow::Download),
    ("BytesOutToDestination", Flow::Upload),
    ("BytesOutToSource", Flow::Download),
    ("ActiveConnectionCount", Flow::Connections),
];

/// What an endpoint's traffic is published under.
pub fn endpoint_dimensions(endpoint: &Endpoint) -> Vec<(&'static str, &str)> {
    vec![
        ("Endpoint Type", "Interface"),
        ("Service Name", &endpoint.service),
        ("VPC Endpoint Id", &endpoint.id),
        ("VPC Id", &endpoint.vpc),
    ]
}

/// Whose datapoints a query asks for.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    Gateway(&'a Gateway, Flow),
    Endpoint(&'a Endpoint),
    Nothing,
}

impl<'a> Source<'a> {
    /// The one that a metric names, by `Namespace`, `MetricName` and `Dimensions`.
    pub fn of(network: &'a Network, metric: &Value) -> Self {
        let dimensions: HashMap<_, _> = field(metric, "Dimensions")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .filter_map(|it| Some((text(it, "Name")?, text(it, "Value")?)))
            .collect();
        let name = text(metric, "MetricName");
        let source = match text(metric, "Namespace") {
            Some(NAT) if dimensions.len() == 1 => {
                let id = dimensions.get("NatGatewayId");
                let gateway = network.gateways.iter().find(|it| Some(&it.id.as_str()) == id);
                let flow = NAT_METRICS.iter().find(|it| Some(it.0) == name).map(|it| it.1);
                gateway.zip(flow).map(|(gateway, flow)| Self::Gateway(gateway, flow))
            }
            Some(PRIVATE_LINK) if name == Some(BYTES_PROCESSED) => {
                let is_it = |it: &&Endpoint| {
                    let wanted = endpoint_dimensions(it);
                    matches!(it.kind, Kind::Interface { .. })
                        && wanted.len() == dimensions.len()
                        && wanted.iter().all(|(name, value)| dimensions.get(name) == Some(value))
                };
                network.endpoints.iter().find(is_it).map(Self::Endpoint)
            }
            _ => None,
        };
        source.unwrap_or(Self::Nothing)
    }

    pub fn in_hour(self, start: i64) -> Option<u64> {
        match self {
            Self::Gateway(gateway, flow) => Some(gateway.in_hour(flow, start)),
            Self::Endpoint(endpoint) => endpoint.in_hour(start),
            Self::Nothing => None,
        }
    }

    /// The value of a period: what its hours come to.
    pub fn value(self, statistic: &str, start: i64, hours: i64) -> Option<f64> {
        let values = (0..hours).filter_map(|hour| self.in_hour(start + hour * HOUR));
        let value = match statistic {
            "Maximum" => values.max(),
            "Minimum" => values.min(),
            _ => values.fold(None, |sum, value| Some(sum.unwrap_or(0) + value)),
        };
        #[expect(clippy::cast_precision_loss, reason = "CloudWatch counts in floating point")]
        value.map(|value| value as f64)
    }
}
