//! The click path of each change.

use crate::change::{Change, Destination, Endpoint};
use crate::output::steps::group_name;

/// All clicks but the last, and the last.
type Path = (Vec<String>, &'static str);

/// Where to click, in order.
pub(super) fn clicks(change: &Change) -> Vec<String> {
    let on = |endpoint: &Endpoint, action: &str| {
        format!("VPC → Endpoints → {} → Actions → {action}.", endpoint.vpc_endpoint_id)
    };
    let list = |ids: Vec<&str>| ids.join(", ");
    let (mut path, ending): Path = match change {
        Change::CreateGatewayEndpoint { vpc_id, service_name, route_table_ids } => (
            vec![
                "VPC → Endpoints → Create endpoint. Type: AWS services.".to_owned(),
                format!("Services: choose {service_name} of type Gateway (not Interface)."),
                format!("VPC: {vpc_id}."),
                format!("Route tables: tick {}.", list(route_table_ids.iter().map(|id| id.as_str()).collect())),
                "Policy: Full access, or a narrower one of yours.".to_owned(),
            ],
            "Create endpoint. Then look at one of the route tables: it has a route to a prefix list (pl-…) by the endpoint (vpce-…).",
        ),
        Change::AssociateRouteTables { endpoint, route_table_ids } => (
            vec![
                on(endpoint, "Manage route tables"),
                format!(
                    "Tick {} besides those that are ticked; leave the others ticked.",
                    list(route_table_ids.iter().map(|id| id.as_str()).collect())
                ),
            ],
            "Modify route tables. Then look at one of them: it has a route to a prefix list (pl-…) by the endpoint.",
        ),
        Change::CreateInterfaceEndpoint { vpc_id, service, service_name, subnet_ids, client_cidrs } => (
            vec![
                format!(
                    "VPC → Security groups → Create security group. Name: {}-endpoint. VPC: {vpc_id}. Inbound rules: HTTPS (TCP 443) from {}, and nothing else.",
                    group_name(service),
                    client_cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                ),
                "VPC → Endpoints → Create endpoint. Type: AWS services.".to_owned(),
                format!("Services: choose {service_name} of type Interface. VPC: {vpc_id}."),
                "Additional settings: leave Enable DNS name ticked.".to_owned(),
                format!("Subnets: {}.", list(subnet_ids.iter().map(|id| id.as_str()).collect())),
                "Security groups: the new one only. Policy: Custom, for the principals of your account.".to_owned(),
            ],
            "Create endpoint. When its state is Available, resolve the service's name on a client: it leads to private addresses.",
        ),
        Change::AddEndpointSubnets { endpoint, subnet_ids } => (
            vec![
                on(endpoint, "Manage subnets"),
                format!(
                    "Tick the zones of {} and choose these subnets.",
                    list(subnet_ids.iter().map(|id| id.as_str()).collect())
                ),
            ],
            "Modify subnets. Each zone is paid by the hour.",
        ),
        Change::SetPrivateDns { endpoint, enabled } => (
            vec![
                on(endpoint, "Modify private DNS name"),
                format!("{} Enable for this endpoint.", if *enabled { "Tick" } else { "Untick" }),
            ],
            "Save changes.",
        ),
        Change::ServeOnPremisesOnly { endpoint } => (
            vec![
                on(endpoint, "Modify private DNS name"),
                "Tick Enable private DNS only for inbound endpoint.".to_owned(),
            ],
            "Save changes.",
        ),
        Change::SetEndpointPolicy { endpoint, policy, .. } => (
            vec![
                on(endpoint, "Manage policy"),
                "Copy the present policy to a file, as the way back.".to_owned(),
                format!("Custom: {policy}"),
            ],
            "Save. Watch the clients' errors: AccessDenied naming the VPC endpoint policy is this change.",
        ),
        Change::DeleteEndpoint { endpoint } => (vec![on(endpoint, "Delete VPC endpoints")], "Type delete, and Delete."),
        other => rest(other),
    };
    path.push(ending.to_owned());
    path
}

/// The same for what is no endpoint.
fn rest(change: &Change) -> Path {
    match change {
        Change::AdmitHttps { security_group_id, cidr } => (
            vec![
                format!("VPC → Security groups → {security_group_id} → Inbound rules → Edit inbound rules."),
                format!("Add rule: HTTPS (TCP 443), source {cidr}."),
            ],
            "Save rules.",
        ),
        Change::RevokeHttps { security_group_id, cidr } => (
            vec![
                format!("VPC → Security groups → {security_group_id} → Inbound rules → Edit inbound rules."),
                format!("Delete the rule TCP 443 with source {cidr}."),
            ],
            "Save rules.",
        ),
        Change::ReplaceDefaultRoute { route_table_id, nat_gateway_id, before } => (
            vec![
                format!("VPC → Route tables → {route_table_id} → Routes → Edit routes."),
                format!("0.0.0.0/0: change the target from {before} to NAT Gateway {nat_gateway_id}."),
            ],
            "Save changes.",
        ),
        Change::DeleteRoute { route_table_id, destination, target } => (
            vec![
                format!("VPC → Route tables → {route_table_id} → Routes → Edit routes."),
                format!(
                    "Remove the route to {}{}.",
                    Destination::name(destination),
                    target.as_ref().map(|target| format!(" by {target}")).unwrap_or_default()
                ),
            ],
            "Save changes.",
        ),
        Change::DeleteNatGateway { nat_gateway_id } => (
            vec![format!("VPC → NAT gateways → {nat_gateway_id} → Actions → Delete NAT gateway.")],
            "Type delete, and Delete.",
        ),
        Change::ReleaseAddresses { nat_gateway_id, allocation_ids } => (
            vec![
                format!("Wait until {nat_gateway_id} is deleted."),
                format!("VPC → Elastic IPs → {} → Actions → Release Elastic IP addresses.", allocation_ids.join(", ")),
            ],
            "Release. The address is gone for good.",
        ),
        Change::DisableDns64 { subnet_id } => (
            vec![
                format!("VPC → Subnets → {subnet_id} → Actions → Edit subnet settings."),
                "DNS64 settings: untick Enable DNS64.".to_owned(),
            ],
            "Save.",
        ),
        Change::InspectEndpoint { vpc_endpoint_id } => {
            (vec![format!("VPC → Endpoints → {vpc_endpoint_id}.")], "Read its status and its status message.")
        }
        other => (vec![other.summary()], "Save."),
    }
}
