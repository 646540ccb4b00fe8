//! Changes in one line each, for people.

use super::{Change, Destination};

/// A few ids, joined.
fn list<T: ToString>(ids: &[T]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Change {
    /// What is done, in one line. Ids are as AWS wrote them: hostile until a renderer has escaped them.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::CreateGatewayEndpoint { vpc_id, service_name, route_table_ids } => {
                format!("Create gateway endpoint {service_name} in {vpc_id} for {}", list(route_table_ids))
            }
            Self::AssociateRouteTables { endpoint, route_table_ids } => format!(
                "Associate {} with {} ({})",
                list(route_table_ids),
                endpoint.vpc_endpoint_id,
                endpoint.service_name
            ),
            Self::CreateInterfaceEndpoint { vpc_id, service_name, subnet_ids, .. } => {
                format!("Create interface endpoint {service_name} in {vpc_id}, in {}", list(subnet_ids))
            }
            Self::AddEndpointSubnets { endpoint, subnet_ids } => {
                format!("Add {} to {} ({})", list(subnet_ids), endpoint.vpc_endpoint_id, endpoint.service_name)
            }
            Self::SetPrivateDns { endpoint, enabled } => format!(
                "Turn private DNS of {} ({}) {}",
                endpoint.vpc_endpoint_id,
                endpoint.service_name,
                if *enabled { "on" } else { "off" }
            ),
            Self::ServeOnPremisesOnly { endpoint } => format!(
                "Lead only names asked for from on premises to {} ({})",
                endpoint.vpc_endpoint_id, endpoint.service_name
            ),
            Self::SetEndpointPolicy { endpoint, .. } => {
                format!("Replace the policy of {} ({})", endpoint.vpc_endpoint_id, endpoint.service_name)
            }
            Self::AdmitHttps { security_group_id, cidr } => {
                format!("Admit TCP 443 from {cidr} to {security_group_id}")
            }
            Self::RevokeHttps { security_group_id, cidr } => {
                format!("No longer admit TCP 443 from {cidr} to {security_group_id}")
            }
            Self::ReplaceDefaultRoute { route_table_id, nat_gateway_id, before } => {
                format!("Lead the default route of {route_table_id} to {nat_gateway_id} instead of {before}")
            }
            Self::DeleteRoute { route_table_id, destination, target } => format!(
                "Delete the route of {route_table_id} to {}{}",
                destination.name(),
                target.as_ref().map(|target| format!(" by {target}")).unwrap_or_default()
            ),
            Self::DeleteNatGateway { nat_gateway_id } => format!("Delete NAT gateway {nat_gateway_id}"),
            Self::ReleaseAddresses { nat_gateway_id, allocation_ids } => {
                format!("Release Elastic IP {} of {nat_gateway_id}", list(allocation_ids))
            }
            Self::DeleteEndpoint { endpoint } => {
                format!("Delete endpoint {} ({})", endpoint.vpc_endpoint_id, endpoint.service_name)
            }
            Self::DisableDns64 { subnet_id } => format!("Turn DNS64 of {subnet_id} off"),
            Self::InspectEndpoint { vpc_endpoint_id } => format!("Look at the state of {vpc_endpoint_id}"),
        }
    }
}

impl Destination {
    /// The block or list.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Cidr(cidr) => cidr.to_string(),
            Self::PrefixList(list) => list.to_string(),
        }
    }
}
