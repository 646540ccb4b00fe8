//! The resources that each change becomes.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::yaml::{Node, map, reference, text, texts};
use crate::change::{Change, Endpoint};
use crate::model::{AccountId, RouteTableId};
use crate::output::steps::{Names, group_name};

/// What the resources of a template have in common.
pub(super) struct Page<'p> {
    pub(super) names: Names,
    pub(super) account: &'p AccountId,
    pub(super) choices: BTreeSet<Choice>,
}

/// A choice of the user's: a parameter, `yes` or `no`, and the condition that it is `yes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Choice {
    parameter: &'static str,
    condition: &'static str,
    default: &'static str,
    description: &'static str,
}

const INTERFACES: Choice = Choice {
    parameter: "CreateInterfaceEndpoints",
    condition: "MakesInterfaceEndpoints",
    default: "yes",
    description: "Make the interface endpoints, which are paid by the hour and pay off at the traffic that was seen",
};
const RESTRICT_INTERFACES: Choice = Choice {
    parameter: "RestrictInterfaceEndpoints",
    condition: "RestrictsInterfaceEndpoints",
    default: "yes",
    description: "New interface endpoints admit the account's principals only; no for services that take no policy, or that are called without credentials",
};
const RESTRICT_GATEWAYS: Choice = Choice {
    parameter: "RestrictGatewayEndpoints",
    condition: "RestrictsGatewayEndpoints",
    default: "no",
    description: "New gateway endpoints admit the account's principals only, which shuts out buckets that AWS serves from, of image layers and packages",
};

impl Choice {
    pub(super) fn parameter(&self) -> (String, Node) {
        let node = map([
            ("Type", text("String")),
            ("Default", text(self.default)),
            ("AllowedValues", texts(["yes", "no"])),
            ("Description", text(self.description)),
        ]);
        (self.parameter.to_owned(), node)
    }

    pub(super) fn condition(&self) -> (String, Node) {
        let equals = Node::List(vec![reference(self.parameter), text("yes")]);
        (self.condition.to_owned(), map([("Fn::Equals", equals)]))
    }
}

/// A logical id of some ids: letters and digits only.
fn logical_id(parts: &[&str]) -> String {
    let word = |word: &str| -> String {
        let mut chars = word.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
    };
    let part = |part: &&str| -> String {
        part.split(|c: char| !c.is_ascii_alphanumeric()).map(word).collect::<String>().chars().take(60).collect()
    };
    parts.iter().map(part).collect()
}

impl Page<'_> {
    fn name(&mut self, parts: &[&str]) -> String {
        // A number behind a name that ends in one must not make another id's name.
        self.names.unique(logical_id(parts), "N")
    }

    fn policy(&mut self, choice: Choice) -> Node {
        self.choices.insert(choice);
        let condition = map([("StringEquals", map([("aws:PrincipalAccount", text(self.account.as_str()))]))]);
        let statement = map([
            ("Effect", text("Allow")),
            ("Principal", text("*")),
            ("Action", text("*")),
            ("Resource", text("*")),
            ("Condition", condition),
        ]);
        let policy = map([("Version", text("2012-10-17")), ("Statement", Node::List(vec![statement]))]);
        map([("Fn::If", Node::List(vec![text(choice.condition), policy, reference("AWS::NoValue")]))])
    }

    /// What a stack makes for a change; nothing where it cannot.
    pub(super) fn resources(&mut self, change: &Change) -> Vec<(String, Node)> {
        match change {
            Change::CreateGatewayEndpoint { vpc_id, service_name, route_table_ids } => {
                let service = service_name.rsplit('.').next().unwrap_or_default();
                let name = self.name(&[service, "Endpoint", vpc_id.as_str()]);
                let properties = map([
                    ("VpcId", text(vpc_id.as_str())),
                    ("VpcEndpointType", text("Gateway")),
                    ("ServiceName", text(service_name)),
                    ("RouteTableIds", texts(route_table_ids.iter().map(|id| id.as_str()))),
                    ("PolicyDocument", self.policy(RESTRICT_GATEWAYS)),
                ]);
                vec![(name, map([("Type", text("AWS::EC2::VPCEndpoint")), ("Properties", properties)]))]
            }
            Change::CreateInterfaceEndpoint { .. } => self.interface_endpoint(change),
            Change::AdmitHttps { security_group_id, cidr } => {
                let name = self.name(&["Https", security_group_id.as_str(), &cidr.to_string()]);
                let source = if matches!(cidr, IpNet::V4(_)) { "CidrIp" } else { "CidrIpv6" };
                let properties = map([
                    ("GroupId", text(security_group_id.as_str())),
                    ("IpProtocol", text("tcp")),
                    ("FromPort", Node::Number(443)),
                    ("ToPort", Node::Number(443)),
                    (source, text(&cidr.to_string())),
                    ("Description", text("HTTPS from the VPC")),
                ]);
                vec![(name, map([("Type", text("AWS::EC2::SecurityGroupIngress")), ("Properties", properties)]))]
            }
            _ => Vec::new(),
        }
    }

    fn interface_endpoint(&mut self, change: &Change) -> Vec<(String, Node)> {
        let Change::CreateInterfaceEndpoint { vpc_id, service, service_name, subnet_ids, client_cidrs } = change else {
            return Vec::new();
        };
        self.choices.insert(INTERFACES);
        let condition = || ("Condition", text(INTERFACES.condition));
        let group = self.name(&[service.as_str(), "EndpointClients", vpc_id.as_str()]);
        let admit = |cidr: String| {
            map([
                ("IpProtocol", text("tcp")),
                ("FromPort", Node::Number(443)),
                ("ToPort", Node::Number(443)),
                ("CidrIp", text(&cidr)),
                ("Description", text("HTTPS from the VPC")),
            ])
        };
        let cidrs = client_cidrs.iter().map(ToString::to_string);
        let properties = map([
            ("GroupDescription", text(&format!("HTTPS to the {} endpoint", group_name(service)))),
            ("VpcId", text(vpc_id.as_str())),
            ("SecurityGroupIngress", Node::List(cidrs.map(admit).collect())),
        ]);
        let clients = map([("Type", text("AWS::EC2::SecurityGroup")), condition(), ("Properties", properties)]);
        let name = self.name(&[service.as_str(), "Endpoint", vpc_id.as_str()]);
        let id = map([("Fn::GetAtt", texts([group.as_str(), "GroupId"]))]);
        let properties = map([
            ("VpcId", text(vpc_id.as_str())),
            ("VpcEndpointType", text("Interface")),
            ("ServiceName", text(service_name)),
            ("SubnetIds", texts(subnet_ids.iter().map(|id| id.as_str()))),
            ("SecurityGroupIds", Node::List(vec![id])),
            ("PrivateDnsEnabled", Node::Flag(true)),
            ("PolicyDocument", self.policy(RESTRICT_INTERFACES)),
        ]);
        let endpoint = map([("Type", text("AWS::EC2::VPCEndpoint")), condition(), ("Properties", properties)]);
        vec![(group, clients), (name, endpoint)]
    }

    /// An endpoint that is there with further route tables, for a stack that has imported it.
    pub(super) fn existing(&mut self, endpoint: &Endpoint, more: &[RouteTableId]) -> (String, Node) {
        let tables = endpoint.route_table_ids.iter().chain(more).map(|id| id.as_str());
        let properties = map([
            ("VpcId", text(endpoint.vpc_id.as_str())),
            ("VpcEndpointType", text(endpoint.endpoint_type.as_str())),
            ("ServiceName", text(&endpoint.service_name)),
            ("RouteTableIds", texts(tables)),
        ]);
        let node = map([
            ("Type", text("AWS::EC2::VPCEndpoint")),
            ("DeletionPolicy", text("Retain")),
            ("UpdateReplacePolicy", text("Retain")),
            ("Properties", properties),
        ]);
        (self.name(&[endpoint.vpc_endpoint_id.as_str()]), node)
    }
}
