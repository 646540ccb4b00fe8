//! Which flow logs see a NAT gateway's traffic.

use crate::model::{AvailabilityMode, FlowLog, NatGateway};

/// Whether a flow log sees the gateway's accepted traffic.
#[must_use]
pub fn records(log: &FlowLog, gateway: &NatGateway) -> bool {
    let interfaces = gateway.addresses.iter().filter_map(|address| address.network_interface_id.as_deref());
    let subnet = gateway.subnet_id.as_ref().map(|id| id.as_str());
    let mut recorded: Vec<&str> = interfaces.chain(subnet).chain([gateway.nat_gateway_id.as_str()]).collect();
    // A regional gateway has no interface in the VPC: only a flow log of its own sees it.
    if gateway.availability_mode != AvailabilityMode::Regional {
        recorded.push(gateway.vpc_id.as_str());
    }
    recorded.contains(&log.resource_id.as_str())
        && log.traffic_type.as_deref() != Some("REJECT")
        && log.deliver_logs_status.as_deref() != Some("FAILED")
}
