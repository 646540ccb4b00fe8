//! Which CloudWatch series a Region has, and what their answers make. Pure: the calls are next door.
//!
//! CloudWatch never sums over dimensions, so a query must name exactly the set that a metric is published under: one
//! dimension too few, and a busy gateway reads as silent.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AvailabilityMode, EndpointMetrics, EndpointType, Metrics, NatGateway, NatGatewayId, NatGatewayMetrics,
    NatGatewayState, Series, SubnetId, VpcEndpoint, VpcEndpointId, VpcId, Window,
};

/// The namespace of NAT gateways.
pub(super) const NAT_NAMESPACE: &str = "AWS/NATGateway";
/// The namespace of interface and Gateway Load Balancer endpoints.
pub(super) const ENDPOINT_NAMESPACE: &str = "AWS/PrivateLinkEndpoints";
/// A metric that every NAT gateway publishes.
pub(super) const NAT_MARKER: &str = "BytesOutToDestination";
/// The metric that endpoints are billed by.
pub(super) const ENDPOINT_BYTES: &str = "BytesProcessed";

const NAT_METRICS: [(&str, &str); 5] = [
    ("BytesInFromSource", "Sum"),
    ("BytesInFromDestination", "Sum"),
    (NAT_MARKER, "Sum"),
    ("BytesOutToSource", "Sum"),
    ("ActiveConnectionCount", "Maximum"),
];

/// One metric's dimensions as listed.
pub(super) type Dimensions = BTreeMap<String, String>;

/// One series to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) namespace: &'static str,
    pub(super) metric: &'static str,
    pub(super) statistic: &'static str,
    pub(super) dimensions: Vec<(&'static str, String)>,
}

/// What a set of dimensions stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// A gateway, or a zone of a regional one.
    Nat { id: NatGatewayId, zone: Option<String> },
    /// An endpoint, or one of its subnets.
    Endpoint { id: VpcEndpointId, endpoint_type: String, service: String, vpc: VpcId, subnet: Option<SubnetId> },
}

/// The series to ask for; those of what only its metrics still know are kept only if they have datapoints.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    subjects: BTreeMap<Subject, bool>,
}

/// How a NAT gateway's metrics are listed.
#[derive(Default)]
struct Listed {
    whole: bool,
    zones: BTreeSet<String>,
}

impl Plan {
    /// Plans from what is described and what CloudWatch lists.
    pub(super) fn new(
        window: &Window,
        gateways: &[NatGateway],
        listed_gateways: &[Dimensions],
        endpoints: &[VpcEndpoint],
        listed_endpoints: &[Dimensions],
    ) -> Self {
        let mut plan = Self::default();
        plan.add_gateways(window, gateways, listed_gateways);
        plan.add_endpoints(window, endpoints, listed_endpoints);
        plan
    }

    fn add_gateways(&mut self, window: &Window, gateways: &[NatGateway], dimensions: &[Dimensions]) {
        let mut listed: BTreeMap<NatGatewayId, Listed> = BTreeMap::new();
        for set in dimensions {
            let Some(id) = set.get("NatGatewayId") else { continue };
            let entry = listed.entry(id.as_str().into()).or_default();
            match (set.len(), set.get("AvailabilityZone")) {
                (1, _) => entry.whole = true,
                (2, Some(zone)) => drop(entry.zones.insert(zone.clone())),
                _ => {}
            }
        }
        for gateway in gateways {
            let known = listed.remove(&gateway.nat_gateway_id).unwrap_or_default();
            if !existed(gateway, window) {
                continue;
            }
            let mut zones = known.zones;
            if gateway.availability_mode == AvailabilityMode::Regional {
                zones.extend(gateway.addresses.iter().filter_map(|address| address.availability_zone.clone()));
            } else if known.whole || zones.is_empty() {
                self.add_gateway(&gateway.nat_gateway_id, None, true);
                continue;
            }
            for zone in zones {
                self.add_gateway(&gateway.nat_gateway_id, Some(zone), true);
            }
        }
        for (id, known) in listed {
            if known.zones.is_empty() && known.whole {
                self.add_gateway(&id, None, false);
            }
            for zone in known.zones {
                self.add_gateway(&id, Some(zone), false);
            }
        }
    }

    fn add_gateway(&mut self, id: &NatGatewayId, zone: Option<String>, described: bool) {
        self.subjects.insert(Subject::Nat { id: id.clone(), zone }, described);
    }

    fn add_endpoints(&mut self, window: &Window, endpoints: &[VpcEndpoint], dimensions: &[Dimensions]) {
        let mut listed: BTreeMap<VpcEndpointId, Vec<Subject>> = BTreeMap::new();
        for subject in dimensions.iter().filter_map(endpoint_subject) {
            let Subject::Endpoint { id, .. } = &subject else { continue };
            listed.entry(id.clone()).or_default().push(subject);
        }
        // The series by subnet add up to the one without: asking for both would count every byte twice.
        for series in listed.values_mut() {
            if series.iter().any(Subject::is_whole) {
                series.retain(Subject::is_whole);
            }
        }
        for endpoint in endpoints {
            let series = listed.remove(&endpoint.vpc_endpoint_id).unwrap_or_default();
            let metered = matches!(endpoint.endpoint_type, EndpointType::Interface | EndpointType::GatewayLoadBalancer);
            if endpoint.creation_timestamp.is_some_and(|created| created >= window.end())
                || !metered && series.is_empty()
            {
                continue;
            }
            if series.is_empty() {
                let subject = Subject::Endpoint {
                    id: endpoint.vpc_endpoint_id.clone(),
                    endpoint_type: endpoint.endpoint_type.to_string(),
                    service: endpoint.service_name.clone(),
                    vpc: endpoint.vpc_id.clone(),
                    subnet: None,
                };
                self.subjects.insert(subject, true);
            }
            self.subjects.extend(series.into_iter().map(|subject| (subject, true)));
        }
        self.subjects.extend(listed.into_values().flatten().map(|subject| (subject, false)));
    }

    /// The queries, in the order that [`Plan::assemble`] expects the answers in.
    pub(super) fn queries(&self) -> Vec<Query> {
        self.subjects.keys().flat_map(Subject::queries).collect()
    }

    /// Puts the answers together. A subject with an unanswered query is left out: a part of its bytes would look like
    /// all of them.
    pub(super) fn assemble(self, answers: Vec<Option<Series>>) -> Metrics {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().flatten();
        let mut metrics = Metrics::default();
        for (subject, described) in self.subjects {
            match subject {
                Subject::Nat { id, zone } => {
                    let answers = NAT_METRICS.map(|_| next());
                    let [Some(source), Some(destination), Some(to_destination), Some(to_source), Some(connections)] =
                        answers
                    else {
                        continue;
                    };
                    let entry = NatGatewayMetrics {
                        nat_gateway_id: id,
                        availability_zone: zone,
                        bytes_in_from_source: source,
                        bytes_in_from_destination: destination,
                        bytes_out_to_destination: to_destination,
                        bytes_out_to_source: to_source,
                        active_connection_count: connections,
                    };
                    if described || !is_silent(&entry) {
                        metrics.nat_gateways.push(entry);
                    }
                }
                Subject::Endpoint { id, endpoint_type, service, vpc, subnet } => {
                    let Some(bytes_processed) = next() else { continue };
                    if described || !bytes_processed.is_empty() {
                        metrics.endpoints.push(EndpointMetrics {
                            vpc_endpoint_id: id,
                            endpoint_type,
                            service_name: service,
                            vpc_id: vpc,
                            subnet_id: subnet,
                            bytes_processed,
                        });
                    }
                }
            }
        }
        metrics
    }
}

impl Subject {
    fn is_whole(&self) -> bool {
        !matches!(self, Self::Endpoint { subnet: Some(_), .. })
    }

    fn queries(&self) -> Vec<Query> {
        match self {
            Self::Nat { id, zone } => {
                let mut dimensions = vec![("NatGatewayId", id.to_string())];
                dimensions.extend(zone.iter().map(|zone| ("AvailabilityZone", zone.clone())));
                let query = |(metric, statistic)| Query {
                    namespace: NAT_NAMESPACE,
                    metric,
                    statistic,
                    dimensions: dimensions.clone(),
                };
                NAT_METRICS.map(query).to_vec()
            }
            Self::Endpoint { id, endpoint_type, service, vpc, subnet } => {
                let mut dimensions = vec![
                    ("Endpoint Type", endpoint_type.clone()),
                    ("Service Name", service.clone()),
                    ("VPC Endpoint Id", id.to_string()),
                    ("VPC Id", vpc.to_string()),
                ];
                dimensions.extend(subnet.iter().map(|subnet| ("Subnet Id", subnet.to_string())));
                let (namespace, metric) = (ENDPOINT_NAMESPACE, ENDPOINT_BYTES);
                vec![Query { namespace, metric, statistic: "Sum", dimensions }]
            }
        }
    }
}

fn existed(gateway: &NatGateway, window: &Window) -> bool {
    gateway.state != NatGatewayState::Failed
        && gateway.delete_time.is_none_or(|deleted| deleted > window.start())
        && gateway.create_time.is_none_or(|created| created < window.end())
}

fn is_silent(entry: &NatGatewayMetrics) -> bool {
    [
        &entry.bytes_in_from_source,
        &entry.bytes_in_from_destination,
        &entry.bytes_out_to_destination,
        &entry.bytes_out_to_source,
        &entry.active_connection_count,
    ]
    .iter()
    .all(|series| series.is_empty())
}

/// The sets that an endpoint's traffic is published under: four dimensions, and the same with its subnet.
fn endpoint_subject(set: &Dimensions) -> Option<Subject> {
    let subnet = set.get("Subnet Id").map(|subnet| subnet.as_str().into());
    if set.len() != 4 + usize::from(subnet.is_some()) {
        return None;
    }
    Some(Subject::Endpoint {
        id: set.get("VPC Endpoint Id")?.as_str().into(),
        endpoint_type: set.get("Endpoint Type")?.clone(),
        service: set.get("Service Name")?.clone(),
        vpc: set.get("VPC Id")?.as_str().into(),
        subnet,
    })
}
