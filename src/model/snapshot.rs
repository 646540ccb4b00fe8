//! The snapshot: everything a scan saw, and what it could not see. The seam of the program: whatever follows needs
//! no AWS, and an audit of a snapshot is byte for byte the audit of the account.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    AccountId, AvailabilityZone, FlowLog, NatGateway, NatGatewayId, PrefixList, RegionName, RouteTable, SecurityGroup,
    Series, Subnet, SubnetId, TransitGatewayAttachment, TransitGatewayRouteTable, Vpc, VpcEndpoint, VpcEndpointId,
    VpcId, Window,
};

/// The form of snapshot that this version writes and reads.
pub const SNAPSHOT_SCHEMA: &str = "natwise.snapshot/1";

/// What was scanned, when, and over which window its metrics run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Always [`SNAPSHOT_SCHEMA`]; a file that says otherwise is refused.
    #[serde(deserialize_with = "known_schema")]
    pub schema: String,
    /// The program and version that wrote it.
    pub generated_by: String,
    /// The span of the metrics.
    pub window: Window,
    /// When it was scanned; not known of several together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<Timestamp>,
    /// What could not be seen of no part in particular: accounts that could not be entered or listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// One part for each account and Region.
    pub regions: Vec<RegionScan>,
}

/// One Region of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionScan {
    /// The account.
    pub account_id: AccountId,
    /// The name that the organisation gave the account, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// The Region.
    pub region: RegionName,
    /// Calls that failed: what is empty below because of them is unknown, not absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// NAT gateways, those just deleted included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nat_gateways: Vec<NatGateway>,
    /// VPC endpoints of every type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_endpoints: Vec<VpcEndpoint>,
    /// Route tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_tables: Vec<RouteTable>,
    /// VPCs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpcs: Vec<Vpc>,
    /// Subnets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<Subnet>,
    /// The Region's zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub availability_zones: Vec<AvailabilityZone>,
    /// The security groups that endpoints use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<SecurityGroup>,
    /// AWS's prefix lists for gateway endpoint services, and the customer's own that routes use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefix_lists: Vec<PrefixList>,
    /// Attachments of the transit gateways that default routes lead to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transit_gateway_attachments: Vec<TransitGatewayAttachment>,
    /// The route tables those attachments are looked up in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transit_gateway_route_tables: Vec<TransitGatewayRouteTable>,
    /// Flow-log configurations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flow_logs: Vec<FlowLog>,
    /// Hourly series from CloudWatch.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub metrics: Metrics,
}

impl RegionScan {
    /// A part with nothing in it yet.
    #[must_use]
    pub fn new(account_id: AccountId, region: RegionName) -> Self {
        Self {
            account_id,
            account_name: None,
            region,
            gaps: Vec::new(),
            nat_gateways: Vec::new(),
            vpc_endpoints: Vec::new(),
            route_tables: Vec::new(),
            vpcs: Vec::new(),
            subnets: Vec::new(),
            availability_zones: Vec::new(),
            security_groups: Vec::new(),
            prefix_lists: Vec::new(),
            transit_gateway_attachments: Vec::new(),
            transit_gateway_route_tables: Vec::new(),
            flow_logs: Vec::new(),
            metrics: Metrics::default(),
        }
    }
}

impl RegionScan {
    /// Puts everything in the order of its ids. What a service lists twice is there once: it would be counted twice.
    fn sort(&mut self) {
        fn by<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
            items.sort_by_cached_key(&key);
            items.dedup_by(|a, b| key(a) == key(b));
        }
        self.gaps.sort();
        by(&mut self.nat_gateways, |it| it.nat_gateway_id.clone());
        by(&mut self.vpc_endpoints, |it| it.vpc_endpoint_id.clone());
        by(&mut self.route_tables, |it| it.route_table_id.clone());
        by(&mut self.vpcs, |it| it.vpc_id.clone());
        by(&mut self.subnets, |it| it.subnet_id.clone());
        by(&mut self.availability_zones, |it| it.name.clone());
        by(&mut self.security_groups, |it| it.security_group_id.clone());
        by(&mut self.prefix_lists, |it| it.prefix_list_id.clone());
        by(&mut self.transit_gateway_attachments, |it| it.attachment_id.clone());
        by(&mut self.transit_gateway_route_tables, |it| it.route_table_id.clone());
        by(&mut self.flow_logs, |it| it.flow_log_id.clone());
        by(&mut self.metrics.nat_gateways, |it| (it.nat_gateway_id.clone(), it.availability_zone.clone()));
        by(&mut self.metrics.endpoints, |it| (it.vpc_endpoint_id.clone(), it.subnet_id.clone()));
    }
}

/// Hourly series from CloudWatch over the snapshot's window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// `AWS/NATGateway`, by gateway, and by zone where the gateway is regional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nat_gateways: Vec<NatGatewayMetrics>,
    /// `AWS/PrivateLinkEndpoints`, by endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointMetrics>,
}

impl Metrics {
    fn is_empty(&self) -> bool {
        self.nat_gateways.is_empty() && self.endpoints.is_empty()
    }
}

/// A NAT gateway's metrics; an empty series had no datapoint in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatGatewayMetrics {
    /// The gateway: one that `DescribeNatGateways` no longer lists, perhaps.
    pub nat_gateway_id: NatGatewayId,
    /// The zone, for a regional gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// `BytesInFromSource`: uploads as they enter.
    #[serde(default, skip_serializing_if = "Series::is_empty")]
    pub bytes_in_from_source: Series,
    /// `BytesInFromDestination`: downloads as they enter.
    #[serde(default, skip_serializing_if = "Series::is_empty")]
    pub bytes_in_from_destination: Series,
    /// `BytesOutToDestination`: uploads as they leave.
    #[serde(default, skip_serializing_if = "Series::is_empty")]
    pub bytes_out_to_destination: Series,
    /// `BytesOutToSource`: downloads as they leave.
    #[serde(default, skip_serializing_if = "Series::is_empty")]
    pub bytes_out_to_source: Series,
    /// `ActiveConnectionCount`, the hour's maximum.
    #[serde(default, skip_serializing_if = "Series::is_empty")]
    pub active_connection_count: Series,
}

/// An endpoint's `BytesProcessed`; an empty series had no datapoint in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointMetrics {
    /// The endpoint: one that `DescribeVpcEndpoints` no longer lists, perhaps.
    pub vpc_endpoint_id: VpcEndpointId,
    /// The dimension `Endpoint Type`.
    pub endpoint_type: String,
    /// The dimension `Service Name`.
    pub service_name: String,
    /// The dimension `VPC Id`.
    pub vpc_id: VpcId,
    /// The dimension `Subnet Id`, where CloudWatch had only the series by subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<SubnetId>,
    /// Both directions, as billed.
    #[serde(default, skip_serializing_if = "Series::is_empty")]
    pub bytes_processed: Series,
}

/// Something that could not be seen, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gap {
    /// The account, where known.
    #[schemars(with = "Option<String>")]
    pub account_id: Option<AccountId>,
    /// The Region, where the call was for one.
    #[schemars(with = "Option<String>")]
    pub region: Option<RegionName>,
    /// The API operation that failed.
    pub operation: String,
    /// The error's code.
    pub code: String,
    /// What AWS, or the network, said.
    pub message: String,
    /// The IAM action to allow, when the call was refused for lack of it.
    #[serde(default)]
    pub iam_action: Option<String>,
}

/// Reads all or a part of what is in a snapshot.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, SnapshotError> {
    use serde_json::error::Category;
    if json.trim_ascii().is_empty() {
        return Err(SnapshotError::Empty);
    }
    serde_json::from_slice(json).map_err(|error| match error.classify() {
        Category::Eof => SnapshotError::Truncated { line: error.line(), column: error.column() },
        Category::Syntax | Category::Io => SnapshotError::NotJson(error),
        Category::Data => SnapshotError::NotASnapshot(error),
    })
}

pub(super) fn known_schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let schema = String::deserialize(deserializer)?;
    if schema == SNAPSHOT_SCHEMA {
        return Ok(schema);
    }
    Err(serde::de::Error::custom(if schema.starts_with("natwise.snapshot/") {
        format!("schema {schema:?} is of another version of natwise; this one reads {SNAPSHOT_SCHEMA:?}")
    } else {
        format!("schema {schema:?} is not a snapshot's; expected {SNAPSHOT_SCHEMA:?}")
    }))
}

/// Why a file, or a set of them, is not a snapshot to audit.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It stops in the middle.
    #[error("it is truncated: the JSON ends early, at line {line} column {column}")]
    Truncated {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is not JSON at all.
    #[error("it is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// It is JSON, but not a snapshot.
    #[error("it is not a snapshot: {0}")]
    NotASnapshot(serde_json::Error),
    /// Nothing was given.
    #[error("no snapshot was given")]
    None,
    /// The same part twice would be counted twice.
    #[error("account {account_id} in {region} is in more than one of them")]
    Duplicate {
        /// The account.
        account_id: AccountId,
        /// The Region.
        region: RegionName,
    },
    /// Costs of different spans cannot be added.
    #[error("they cover different windows: {0} to {1}, and {2} to {3}", one.start(), one.end(), other.start(), other.end())]
    Windows {
        /// The first one's.
        one: Window,
        /// Another's.
        other: Window,
    },
}

impl Snapshot {
    /// A snapshot of these parts. Everything in it is put in the order of its ids, so that the order in which answers
    /// came never shows.
    #[must_use]
    pub fn new(window: Window, mut regions: Vec<RegionScan>) -> Self {
        regions.iter_mut().for_each(RegionScan::sort);
        regions.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
        Self {
            schema: SNAPSHOT_SCHEMA.to_owned(),
            generated_by: crate::GENERATED_BY.to_owned(),
            window,
            scanned_at: None,
            gaps: Vec::new(),
            regions,
        }
    }

    /// Reads a snapshot's JSON.
    ///
    /// # Errors
    /// When the text is empty, cut off, not JSON, or not of a snapshot this version knows.
    pub fn parse(json: &[u8]) -> Result<Self, SnapshotError> {
        read(json)
    }

    /// Puts several snapshots together.
    ///
    /// # Errors
    /// When they hold the same account and Region twice (one file may, too), or cover different windows.
    pub fn merge(snapshots: Vec<Self>) -> Result<Self, SnapshotError> {
        let window = snapshots.first().ok_or(SnapshotError::None)?.window;
        let (mut regions, mut gaps) = (Vec::new(), Vec::new());
        for snapshot in snapshots {
            if snapshot.window != window {
                return Err(SnapshotError::Windows { one: window, other: snapshot.window });
            }
            regions.extend(snapshot.regions);
            gaps.extend(snapshot.gaps);
        }
        gaps.sort();
        let mut seen = BTreeSet::new();
        for part in &regions {
            if !seen.insert((&part.account_id, &part.region)) {
                return Err(SnapshotError::Duplicate {
                    account_id: part.account_id.clone(),
                    region: part.region.clone(),
                });
            }
        }
        Ok(Self { gaps, ..Self::new(window, regions) })
    }
}
