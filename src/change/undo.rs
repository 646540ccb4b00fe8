//! The way back: what makes a change undone, as AWS CLI commands.

use super::commands::{https_from, lines, run};
use super::{Change, Endpoint};
use crate::model::{EndpointType, RegionName};

impl Change {
    /// Commands that bring back what was there, in order; none where there is nothing to bring back, where it cannot
    /// be brought back, or where only who made the change knows the new resource's id.
    #[must_use]
    pub fn undo_commands(&self, region: &RegionName) -> Vec<String> {
        lines(&self.undo_words(region))
    }

    /// The same as words.
    pub(crate) fn undo_words(&self, region: &RegionName) -> Vec<Vec<String>> {
        let with = |operation: &str, arguments: &[&str], ids: Vec<String>| run(region, operation, arguments, &ids);
        let one = |operation: &str, arguments: &[&str]| run(region, operation, arguments, &[]);
        match self {
            Self::AssociateRouteTables { endpoint, route_table_ids } => with(
                "modify-vpc-endpoint",
                &["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str(), "--remove-route-table-ids"],
                route_table_ids.iter().map(ToString::to_string).collect(),
            ),
            Self::AddEndpointSubnets { endpoint, subnet_ids } => with(
                "modify-vpc-endpoint",
                &["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str(), "--remove-subnet-ids"],
                subnet_ids.iter().map(ToString::to_string).collect(),
            ),
            Self::SetPrivateDns { endpoint, enabled } => {
                Self::SetPrivateDns { endpoint: endpoint.clone(), enabled: !enabled }.words(region)
            }
            Self::ServeOnPremisesOnly { endpoint } => {
                let options = ["--dns-options", "PrivateDnsOnlyForInboundResolverEndpoint=false"];
                let id = ["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str()];
                one("modify-vpc-endpoint", &[id, options].concat())
            }
            Self::SetEndpointPolicy { endpoint, before, .. } => {
                let id = ["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str()];
                match before {
                    Some(policy) => one("modify-vpc-endpoint", &[id, ["--policy-document", policy]].concat()),
                    None => one("modify-vpc-endpoint", &[&id[..], &["--reset-policy"]].concat()),
                }
            }
            Self::AdmitHttps { security_group_id, cidr } => {
                Self::RevokeHttps { security_group_id: security_group_id.clone(), cidr: *cidr }.words(region)
            }
            Self::RevokeHttps { security_group_id, cidr } => one(
                "authorize-security-group-ingress",
                &["--group-id", security_group_id.as_str(), "--ip-permissions", &https_from(cidr)],
            ),
            Self::ReplaceDefaultRoute { route_table_id, nat_gateway_id, before } => Self::ReplaceDefaultRoute {
                route_table_id: route_table_id.clone(),
                nat_gateway_id: before.clone(),
                before: nat_gateway_id.clone(),
            }
            .words(region),
            // A route through a gateway or endpoint that is gone cannot be made.
            Self::DeleteRoute { route_table_id, destination, target: Some(target) } if target.starts_with("nat-") => {
                let (option, destination) = destination.argument();
                one(
                    "create-route",
                    &[
                        "--route-table-id",
                        route_table_id.as_str(),
                        option,
                        &destination,
                        "--nat-gateway-id",
                        target.as_str(),
                    ],
                )
            }
            Self::DeleteEndpoint { endpoint } => endpoint.anew(region),
            Self::DisableDns64 { subnet_id } => {
                one("modify-subnet-attribute", &["--subnet-id", subnet_id.as_str(), "--enable-dns64"])
            }
            Self::CreateGatewayEndpoint { .. }
            | Self::CreateInterfaceEndpoint { .. }
            | Self::DeleteRoute { .. }
            | Self::DeleteNatGateway { .. }
            | Self::ReleaseAddresses { .. }
            | Self::InspectEndpoint { .. } => Vec::new(),
        }
    }
}

impl Endpoint {
    /// The same endpoint again, under a new id.
    fn anew(&self, region: &RegionName) -> Vec<Vec<String>> {
        let mut arguments = vec![
            "--vpc-id",
            self.vpc_id.as_str(),
            "--vpc-endpoint-type",
            self.endpoint_type.as_str(),
            "--service-name",
            &self.service_name,
        ];
        let ids = |option: &'static str, ids: Vec<&'_ str>| -> Vec<String> {
            if ids.is_empty() { Vec::new() } else { std::iter::once(option).chain(ids).map(str::to_owned).collect() }
        };
        let mut lists = ids("--route-table-ids", self.route_table_ids.iter().map(|id| id.as_str()).collect());
        lists.extend(ids("--subnet-ids", self.subnet_ids.iter().map(|id| id.as_str()).collect()));
        lists.extend(ids("--security-group-ids", self.security_group_ids.iter().map(|id| id.as_str()).collect()));
        if self.endpoint_type == EndpointType::Interface {
            arguments.push(if self.private_dns_enabled { "--private-dns-enabled" } else { "--no-private-dns-enabled" });
        }
        if let Some(policy) = &self.policy {
            arguments.extend(["--policy-document", policy]);
        }
        run(region, "create-vpc-endpoint", &arguments, &lists)
    }
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use super::*;
    use crate::change::Destination;
    use crate::change::Effect;
    use crate::testing::Account;

    #[test]
    fn a_change_and_its_undoing_are_opposites() {
        let region = "us-east-1".into();
        let report = Account::sound("us-east-1").scan(|scan| scan.vpc_endpoints[0].route_table_ids.truncate(1));
        let report = report.scan(|scan| {
            for table in &mut scan.route_tables {
                table.routes.retain(|route| route.destination_prefix_list_id.is_none());
            }
        });
        let finding = report.report();
        let finding = finding.one_for("gateway-endpoint-not-associated", "s3");
        let change = &finding.remedy.changes[0];
        assert_eq!(change.effect(), Effect::Adds);
        let undo = change.undo_commands(&region);
        assert_eq!(undo.len(), 1);
        assert_eq!(undo[0], finding.remedy.commands[0].replace("--add-", "--remove-"));
    }

    #[test]
    fn what_was_admitted_is_revoked() {
        let region = "us-east-1".into();
        for cidr in ["10.0.0.0/16", "fd00::/8"] {
            let cidr: IpNet = cidr.parse().unwrap();
            let revoke = Change::RevokeHttps { security_group_id: "sg-1".into(), cidr };
            let admit = Change::AdmitHttps { security_group_id: "sg-1".into(), cidr };
            assert_eq!(admit.undo_commands(&region), revoke.commands(&region));
            assert!(revoke.undo_commands(&region)[0].contains(&cidr.to_string()));
        }
    }

    #[test]
    fn what_cannot_come_back_is_not_promised() {
        let region = "us-east-1".into();
        assert!(Change::DeleteNatGateway { nat_gateway_id: "nat-1".into() }.undo_commands(&region).is_empty());
        let route = |target: &str| Change::DeleteRoute {
            route_table_id: "rtb-1".into(),
            destination: Destination::PrefixList("pl-1".into()),
            target: Some(target.to_owned()),
        };
        assert!(route("vpce-1").undo_commands(&region).is_empty());
        assert!(route("nat-1").undo_commands(&region)[0].contains("--nat-gateway-id nat-1"));
    }
}
