//! Which CloudWatch series a Region has, and what their answers make. Pure: the calls are next door.
//!
//! CloudWatch never sums over dimensions, so a query must name exactly the set that a metric is published under: one
//! dimension too few, and a busy gateway reads as silent.

use std::collections::{BTreeMap, BTreeSet};

use super::previous::Previous;
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
    /// The hours to ask for.
    pub(super) span: Window,
}

/// What a set of dimensions stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// A gateway, or a zone of a regional one.
    Nat { id: NatGatewayId, zone: Option<String> },
    /// An endpoint, or one of its subnets.
    Endpoint { id: VpcEndpointId, endpoint_type: String, service: String, vpc: VpcId, subnet: Option<SubnetId> },
}

/// The series to ask for, and the hours of them.
#[derive(Debug)]
pub(super) struct Plan {
    window: Window,
    /// The hours that are known already, where a subject's series are.
    known: Option<Window>,
    subjects: BTreeMap<Subject, Wanted>,
}

/// What is wanted of a subject.
#[derive(Debug)]
struct Wanted {
    /// Whether it is described: what only its metrics still know is kept only if they have datapoints.
    described: bool,
    /// Its series in the hours that are known already.
    known: Option<Vec<Series>>,
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
        let mut plan = Self { window: *window, known: None, subjects: BTreeMap::new() };
        plan.add_gateways(window, gateways, listed_gateways);
        plan.add_endpoints(window, endpoints, listed_endpoints);
        plan
    }

    /// The same with less to ask for: what an earlier scan has read is taken from there.
    pub(super) fn knowing(mut self, previous: Option<Previous>) -> Self {
        let Some(mut previous) = previous else { return self };
        self.known = Some(previous.span);
        for (subject, wanted) in &mut self.subjects {
            wanted.known = previous.take(subject);
        }
        self
    }

    /// Hours that need not be asked for, over all series.
    pub(super) fn hours_known(&self) -> u64 {
        let series = self.subjects.values().filter_map(|wanted| wanted.known.as_ref()).map(Vec::len).sum::<usize>();
        self.known.map_or(0, |span| span.hours()).saturating_mul(u64::try_from(series).unwrap_or(u64::MAX))
    }

    /// The spans that are asked for of a subject.
    fn spans(&self, wanted: &Wanted) -> Vec<Window> {
        match &self.known {
            Some(known) if wanted.known.is_some() => self.window.without(known).collect(),
            _ => vec![self.window],
        }
    }

    fn want(&mut self, subject: Subject, described: bool) {
        self.subjects.insert(subject, Wanted { described, known: None });
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
        self.want(Subject::Nat { id: id.clone(), zone }, described);
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
                self.want(subject, true);
            }
            for subject in series {
                self.want(subject, true);
            }
        }
        for subject in listed.into_values().flatten() {
            self.want(subject, false);
        }
    }

    /// The queries, in the order that [`Plan::assemble`] expects the answers in.
    pub(super) fn queries(&self) -> Vec<Query> {
        let of = |(subject, wanted): (&Subject, &Wanted)| -> Vec<Query> {
            self.spans(wanted).into_iter().flat_map(|span| subject.queries(span)).collect()
        };
        self.subjects.iter().flat_map(of).collect()
    }

    /// Puts the answers together. A subject with an unanswered query is left out: a part of its bytes would look like
    /// all of them.
    pub(super) fn assemble(mut self, answers: Vec<Option<Series>>) -> Metrics {
        let mut answers = answers.into_iter();
        let mut metrics = Metrics::default();
        for (subject, wanted) in std::mem::take(&mut self.subjects) {
            let spans = self.spans(&wanted).len();
            let Wanted { described, known } = wanted;
            let Some(series) = complete(spans, subject.series(), known, &mut answers) else { continue };
            match subject {
                Subject::Nat { id, zone } => {
                    let Ok([source, destination, to_destination, to_source, connections]) =
                        <[Series; NAT_METRICS.len()]>::try_from(series)
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
                    let Ok([bytes_processed]) = <[Series; 1]>::try_from(series) else { continue };
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

/// A subject's series, each of what is known and of the answers for every span. None unless every query was answered.
fn complete(
    spans: usize,
    series: usize,
    known: Option<Vec<Series>>,
    answers: &mut impl Iterator<Item = Option<Series>>,
) -> Option<Vec<Series>> {
    // All of the subject's answers are taken, whatever they are: the next ones are the next subject's.
    let rows: Vec<Vec<Option<Series>>> = (0..spans).map(|_| answers.by_ref().take(series).collect()).collect();
    let answered = rows.into_iter().map(|row| row.into_iter().collect::<Option<Vec<_>>>());
    let rows: Vec<Vec<Series>> = known.into_iter().map(Some).chain(answered).collect::<Option<_>>()?;
    if rows.iter().any(|row| row.len() != series) {
        return None;
    }
    let mut rows: Vec<_> = rows.into_iter().map(Vec::into_iter).collect();
    Some((0..series).map(|_| Series::joined(rows.iter_mut().filter_map(Iterator::next))).collect())
}

impl Subject {
    fn is_whole(&self) -> bool {
        !matches!(self, Self::Endpoint { subnet: Some(_), .. })
    }

    /// How many series it has.
    fn series(&self) -> usize {
        match self {
            Self::Nat { .. } => NAT_METRICS.len(),
            Self::Endpoint { .. } => 1,
        }
    }

    fn queries(&self, span: Window) -> Vec<Query> {
        match self {
            Self::Nat { id, zone } => {
                let mut dimensions = vec![("NatGatewayId", id.to_string())];
                dimensions.extend(zone.iter().map(|zone| ("AvailabilityZone", zone.clone())));
                let query = |(metric, statistic)| Query {
                    namespace: NAT_NAMESPACE,
                    metric,
                    statistic,
                    dimensions: dimensions.clone(),
                    span,
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
                vec![Query { namespace, metric, statistic: "Sum", dimensions, span }]
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
