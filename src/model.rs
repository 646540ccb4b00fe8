//! The shared vocabulary: what an account is made of, in AWS's own nouns, and the units its bill counts in.
//!
//! Plain data only. What can be *concluded* from it lives in [`topology`](crate::topology) and the rules.

mod groups;
mod id;
mod manifest;
mod network;
mod open_enum;
mod outline;
mod series;
mod service;
mod snapshot;
mod unit;
mod window;

pub use groups::Groups;
pub use id::{
    AccountId, FlowLogId, NatGatewayId, PrefixListId, RegionName, RouteTableId, SecurityGroupId, SubnetId,
    TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTableId, VpcEndpointId, VpcId,
};
pub use manifest::{MANIFEST_SCHEMA, Manifest, ScannedAccount};
pub use network::{
    AvailabilityMode, AvailabilityZone, ConnectivityType, EndpointState, EndpointType, FlowLog, NatGateway,
    NatGatewayAddress, NatGatewayState, PrefixList, Route, RouteState, RouteTable, RouteTableAssociation,
    SecurityGroup, SecurityGroupRule, Subnet, Tags, TransitGatewayAttachment, TransitGatewayRoute,
    TransitGatewayRouteTable, Vpc, VpcEndpoint,
};
pub use outline::Outline;
pub use series::Series;
pub use service::Service;
pub use snapshot::{
    EndpointMetrics, Gap, Metrics, NatGatewayMetrics, RegionScan, SNAPSHOT_SCHEMA, Snapshot, SnapshotError,
};
pub use unit::{Bytes, Gigabytes, HOURS_PER_MONTH, Hours, Usd, grouped};
pub use window::{Window, WindowError};
