//! Changes as AWS CLI commands.

use ipnet::IpNet;

use super::{Change, Destination};
use crate::command::{ec2, line};
use crate::model::{RegionName, Service, SubnetId, VpcId};

/// The arguments of one permission: TCP 443 from a block.
pub(super) fn https_from(cidr: &IpNet) -> String {
    match cidr {
        IpNet::V4(_) => format!("IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{{CidrIp={cidr}}}]"),
        IpNet::V6(_) => format!("IpProtocol=tcp,FromPort=443,ToPort=443,Ipv6Ranges=[{{CidrIpv6={cidr}}}]"),
    }
}

/// The words of one command; its last option takes any number of ids.
pub(super) fn run(region: &RegionName, operation: &str, arguments: &[&str], ids: &[String]) -> Vec<Vec<String>> {
    let start = ["aws", "ec2", operation, "--region", region.as_str()];
    vec![start.iter().chain(arguments).map(|word| (*word).to_owned()).chain(ids.iter().cloned()).collect()]
}

/// Commands as lines. One whose words no shell can pass on (with a NUL byte in them) has none: nothing that AWS names
/// does.
pub(super) fn lines(commands: &[Vec<String>]) -> Vec<String> {
    commands.iter().filter_map(|words| line(words.iter().map(String::as_str))).collect()
}

impl Change {
    /// Ready-to-run commands, in order, quoted for a POSIX shell.
    #[must_use]
    pub fn commands(&self, region: &RegionName) -> Vec<String> {
        match self {
            Self::CreateInterfaceEndpoint { vpc_id, service, service_name, subnet_ids, client_cidrs } => {
                let cidrs: Vec<_> = client_cidrs.iter().map(ToString::to_string).collect();
                interface_endpoint(region, vpc_id, service, service_name, subnet_ids, &cidrs).into_iter().collect()
            }
            _ => lines(&self.words(region)),
        }
    }

    /// The same as words; none for an interface endpoint, whose commands depend on each other.
    pub(crate) fn words(&self, region: &RegionName) -> Vec<Vec<String>> {
        let with = |operation: &str, arguments: &[&str], ids: Vec<String>| run(region, operation, arguments, &ids);
        let one = |operation: &str, arguments: &[&str]| run(region, operation, arguments, &[]);
        match self {
            Self::CreateGatewayEndpoint { vpc_id, service_name, route_table_ids } => with(
                "create-vpc-endpoint",
                &[
                    "--vpc-id",
                    vpc_id.as_str(),
                    "--vpc-endpoint-type",
                    "Gateway",
                    "--service-name",
                    service_name,
                    "--route-table-ids",
                ],
                route_table_ids.iter().map(ToString::to_string).collect(),
            ),
            Self::AssociateRouteTables { endpoint, route_table_ids } => with(
                "modify-vpc-endpoint",
                &["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str(), "--add-route-table-ids"],
                route_table_ids.iter().map(ToString::to_string).collect(),
            ),
            Self::CreateInterfaceEndpoint { .. } => Vec::new(),
            Self::AddEndpointSubnets { endpoint, subnet_ids } => with(
                "modify-vpc-endpoint",
                &["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str(), "--add-subnet-ids"],
                subnet_ids.iter().map(ToString::to_string).collect(),
            ),
            Self::SetPrivateDns { endpoint, enabled } => {
                let option = if *enabled { "--private-dns-enabled" } else { "--no-private-dns-enabled" };
                one("modify-vpc-endpoint", &["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str(), option])
            }
            Self::ServeOnPremisesOnly { endpoint } => {
                let options = ["--dns-options", "PrivateDnsOnlyForInboundResolverEndpoint=true"];
                let id = ["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str()];
                one("modify-vpc-endpoint", &[id, options].concat())
            }
            Self::SetEndpointPolicy { endpoint, policy, .. } => one(
                "modify-vpc-endpoint",
                &["--vpc-endpoint-id", endpoint.vpc_endpoint_id.as_str(), "--policy-document", policy],
            ),
            Self::AdmitHttps { security_group_id, cidr } => {
                let (id, permission, block) = (security_group_id.as_str(), https_from(cidr), cidr.to_string());
                match cidr {
                    IpNet::V4(_) => one(
                        "authorize-security-group-ingress",
                        &["--group-id", id, "--protocol", "tcp", "--port", "443", "--cidr", &block],
                    ),
                    IpNet::V6(_) => {
                        one("authorize-security-group-ingress", &["--group-id", id, "--ip-permissions", &permission])
                    }
                }
            }
            Self::RevokeHttps { security_group_id, cidr } => one(
                "revoke-security-group-ingress",
                &["--group-id", security_group_id.as_str(), "--ip-permissions", &https_from(cidr)],
            ),
            Self::ReplaceDefaultRoute { route_table_id, nat_gateway_id, .. } => one(
                "replace-route",
                &[
                    "--route-table-id",
                    route_table_id.as_str(),
                    "--destination-cidr-block",
                    "0.0.0.0/0",
                    "--nat-gateway-id",
                    nat_gateway_id.as_str(),
                ],
            ),
            Self::DeleteRoute { route_table_id, destination, .. } => {
                let (option, destination) = destination.argument();
                one("delete-route", &["--route-table-id", route_table_id.as_str(), option, &destination])
            }
            Self::DeleteNatGateway { nat_gateway_id } => {
                one("delete-nat-gateway", &["--nat-gateway-id", nat_gateway_id.as_str()])
            }
            Self::ReleaseAddresses { nat_gateway_id, allocation_ids } => {
                let wait = one("wait", &["nat-gateway-deleted", "--nat-gateway-ids", nat_gateway_id.as_str()]);
                let release = allocation_ids.iter().flat_map(|id| one("release-address", &["--allocation-id", id]));
                wait.into_iter().chain(release).collect()
            }
            Self::DeleteEndpoint { endpoint } => {
                one("delete-vpc-endpoints", &["--vpc-endpoint-ids", endpoint.vpc_endpoint_id.as_str()])
            }
            Self::DisableDns64 { subnet_id } => {
                one("modify-subnet-attribute", &["--subnet-id", subnet_id.as_str(), "--no-enable-dns64"])
            }
            Self::InspectEndpoint { vpc_endpoint_id } => {
                let query = ["--query", "VpcEndpoints[].[State,FailureReason,LastError]"];
                one("describe-vpc-endpoints", &[["--vpc-endpoint-ids", vpc_endpoint_id.as_str()], query].concat())
            }
        }
    }
}

impl Destination {
    /// The option that names it, and its value.
    pub(crate) fn argument(&self) -> (&'static str, String) {
        match self {
            Self::Cidr(cidr @ IpNet::V4(_)) => ("--destination-cidr-block", cidr.to_string()),
            Self::Cidr(cidr @ IpNet::V6(_)) => ("--destination-ipv6-cidr-block", cidr.to_string()),
            Self::PrefixList(list) => ("--destination-prefix-list-id", list.to_string()),
        }
    }
}

/// One command line: a security group that admits the clients on 443, and the endpoint with it.
fn interface_endpoint(
    region: &RegionName,
    vpc_id: &VpcId,
    service: &Service,
    service_name: &str,
    subnet_ids: &[SubnetId],
    client_cidrs: &[String],
) -> Option<String> {
    let vpc = vpc_id.as_str();
    let group = format!("{service}-endpoint");
    let description = format!("HTTPS to the {service} endpoint");
    let arguments = [
        "--vpc-id",
        vpc,
        "--group-name",
        &group,
        "--description",
        &description,
        "--query",
        "GroupId",
        "--output",
        "text",
    ];
    let mut line = format!("sg=$({})", ec2(region, "create-security-group", arguments)?);
    for block in client_cidrs {
        let arguments = ["--protocol", "tcp", "--port", "443", "--cidr", block];
        let admit = ec2(region, "authorize-security-group-ingress", arguments)?;
        line.push_str(&format!(" && {admit} --group-id \"$sg\""));
    }
    let arguments = [
        "--vpc-id",
        vpc,
        "--vpc-endpoint-type",
        "Interface",
        "--service-name",
        service_name,
        "--private-dns-enabled",
        "--subnet-ids",
    ];
    let subnets = subnet_ids.iter().map(|id| id.as_str());
    let endpoint = ec2(region, "create-vpc-endpoint", arguments.into_iter().chain(subnets))?;
    line.push_str(&format!(" && {endpoint} --security-group-ids \"$sg\""));
    Some(line)
}
