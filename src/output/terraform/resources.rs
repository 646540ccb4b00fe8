//! The resource that each change becomes.

use hcl_edit::expr::Expression;
use hcl_edit::structure::Block;
use ipnet::IpNet;

use super::hcl::{block, call, code, identifier, list, object, text};
use super::{
    CREATE_INTERFACES, GATEWAY_POLICY, IMPORT, INTERFACE_POLICIES, PRIVATE_DNS, Page, ROUTES, TAGS, Variable, ZONES,
};
use crate::change::{Change, Endpoint};
use crate::model::{AccountId, NatGatewayId, RouteTableId, SubnetId};
use crate::output::steps::group_name;

/// What a change is written as.
pub(super) enum Written {
    Blocks(Vec<Block>),
    /// It is no resource of its own: what to do where the resource is declared.
    Words(String),
}

type Attributes<'x> = Vec<(&'x str, Expression)>;

impl Page<'_> {
    fn name(&mut self, parts: &[&str]) -> String {
        self.names.unique(identifier(parts), "_")
    }

    fn choice(&mut self, variable: Variable) -> Expression {
        self.variables.insert(variable);
        code(&format!("var.{}", variable.name))
    }

    /// A resource for the group's provider.
    fn resource(&self, kind: &str, name: &str, attributes: Attributes<'_>) -> Block {
        let mut all: Attributes<'_> = Vec::new();
        all.extend(self.provider.as_ref().map(|alias| ("provider", code(&format!("aws.{alias}")))));
        all.extend(attributes);
        block("resource", &[kind, name], all)
    }

    /// `1` if the user wants it.
    fn count(&mut self, variable: Variable) -> Expression {
        self.variables.insert(variable);
        code(&format!("var.{} ? 1 : 0", variable.name))
    }

    /// One of an id that Terraform takes over if the user wants that: the import, and the resource.
    fn taken_over(&mut self, kind: &str, name: &str, variable: Variable, id: &str, body: Attributes<'_>) -> Vec<Block> {
        self.variables.insert(variable);
        let each = || {
            let chosen = call("toset", vec![list([id])]);
            let none = call("toset", vec![list([])]);
            let condition = hcl_edit::expr::Conditional::new(code(&format!("var.{}", variable.name)), chosen, none);
            Expression::from(condition)
        };
        let to = code(&format!("{kind}.{name}[each.key]"));
        let import = block("import", &[], vec![("for_each", each()), ("to", to), ("id", code("each.key"))]);
        let mut attributes = vec![("for_each", each())];
        attributes.extend(body);
        vec![import, self.resource(kind, name, attributes)]
    }

    pub(super) fn resources(&mut self, change: &Change) -> Written {
        Written::Blocks(match change {
            Change::CreateGatewayEndpoint { vpc_id, service_name, route_table_ids } => {
                let name = self.name(&[last(service_name), vpc_id.as_str()]);
                let attributes = vec![
                    ("vpc_id", text(vpc_id.as_str())),
                    ("vpc_endpoint_type", text("Gateway")),
                    ("service_name", text(service_name)),
                    ("route_table_ids", list(route_table_ids.iter().map(|id| id.as_str()))),
                    ("policy", self.choice(GATEWAY_POLICY)),
                    ("tags", self.choice(TAGS)),
                ];
                vec![self.resource("aws_vpc_endpoint", &name, attributes)]
            }
            Change::AssociateRouteTables { endpoint, route_table_ids } => self.associate(endpoint, route_table_ids),
            Change::CreateInterfaceEndpoint { .. } => self.interface_endpoint(change),
            Change::AddEndpointSubnets { endpoint, subnet_ids } => {
                subnet_ids.iter().map(|subnet| self.zone(endpoint, subnet)).collect()
            }
            Change::SetPrivateDns { endpoint, enabled } => {
                let name = self.name(&[endpoint.vpc_endpoint_id.as_str()]);
                let mut attributes = Vec::new();
                if *enabled {
                    attributes.push(("count", self.count(PRIVATE_DNS)));
                }
                attributes.push(("vpc_endpoint_id", text(endpoint.vpc_endpoint_id.as_str())));
                attributes.push(("private_dns_enabled", Expression::from(*enabled)));
                vec![self.resource("aws_vpc_endpoint_private_dns", &name, attributes)]
            }
            Change::SetEndpointPolicy { endpoint, policy, .. } => {
                let name = self.name(&[endpoint.vpc_endpoint_id.as_str()]);
                let attributes =
                    vec![("vpc_endpoint_id", text(endpoint.vpc_endpoint_id.as_str())), ("policy", text(policy))];
                vec![self.resource("aws_vpc_endpoint_policy", &name, attributes)]
            }
            Change::AdmitHttps { security_group_id, cidr } => {
                let name = self.name(&[security_group_id.as_str(), "https", &cidr.to_string()]);
                let source = if matches!(cidr, IpNet::V4(_)) { "cidr_ipv4" } else { "cidr_ipv6" };
                let attributes = vec![
                    ("security_group_id", text(security_group_id.as_str())),
                    (source, text(&cidr.to_string())),
                    ("ip_protocol", text("tcp")),
                    ("from_port", Expression::from(443)),
                    ("to_port", Expression::from(443)),
                    ("tags", self.choice(TAGS)),
                ];
                vec![self.resource("aws_vpc_security_group_ingress_rule", &name, attributes)]
            }
            Change::ReplaceDefaultRoute { route_table_id, nat_gateway_id, .. } => {
                self.route(route_table_id, nat_gateway_id)
            }
            other => return Written::Words(words(other)),
        })
    }

    fn associate(&mut self, endpoint: &Endpoint, tables: &[RouteTableId]) -> Vec<Block> {
        let id = endpoint.vpc_endpoint_id.as_str();
        let mut blocks = Vec::new();
        for table in tables {
            let name = self.name(&[id, table.as_str()]);
            let attributes = vec![("vpc_endpoint_id", text(id)), ("route_table_id", text(table.as_str()))];
            blocks.push(self.resource("aws_vpc_endpoint_route_table_association", &name, attributes));
        }
        let name = self.name(&[id]);
        let body = vec![
            ("vpc_id", text(endpoint.vpc_id.as_str())),
            ("vpc_endpoint_type", text(endpoint.endpoint_type.as_str())),
            ("service_name", text(&endpoint.service_name)),
        ];
        let mut taken_over = self.taken_over("aws_vpc_endpoint", &name, IMPORT, id, body);
        if let Some(resource) = taken_over.last_mut() {
            // It is taken over as it is: nothing here says what it should be, and nothing here may end it.
            let kept = vec![("ignore_changes", code("all")), ("prevent_destroy", Expression::from(true))];
            resource.body.push(block("lifecycle", &[], kept));
        }
        blocks.extend(taken_over);
        blocks
    }

    fn interface_endpoint(&mut self, change: &Change) -> Vec<Block> {
        let Change::CreateInterfaceEndpoint { vpc_id, service, service_name, subnet_ids, client_cidrs } = change else {
            return Vec::new();
        };
        let name = self.name(&[service.as_str(), vpc_id.as_str()]);
        let cidrs: Vec<_> = client_cidrs.iter().map(ToString::to_string).collect();
        let attributes = vec![
            ("count", self.count(CREATE_INTERFACES)),
            ("name_prefix", text(&format!("{}-endpoint-", group_name(service)))),
            ("description", text(&format!("HTTPS to the {} endpoint", group_name(service)))),
            ("vpc_id", text(vpc_id.as_str())),
            ("tags", self.choice(TAGS)),
        ];
        let mut group = self.resource("aws_security_group", &name, attributes);
        let admit = vec![
            ("description", text("HTTPS from the VPC")),
            ("protocol", text("tcp")),
            ("from_port", Expression::from(443)),
            ("to_port", Expression::from(443)),
            ("cidr_blocks", list(cidrs.iter().map(String::as_str))),
        ];
        group.body.push(block("ingress", &[], admit));
        self.locals.extend(self.account);
        self.variables.insert(INTERFACE_POLICIES);
        let fallback = self.account.map_or_else(|| code("null"), |account| code(&format!("local.{}", local(account))));
        let policy = vec![code("var.interface_endpoint_policies"), text(service.as_str()), fallback];
        let attributes = vec![
            ("count", self.count(CREATE_INTERFACES)),
            ("vpc_id", text(vpc_id.as_str())),
            ("vpc_endpoint_type", text("Interface")),
            ("service_name", text(service_name)),
            ("subnet_ids", list(subnet_ids.iter().map(|id| id.as_str()))),
            ("security_group_ids", code(&format!("[aws_security_group.{name}[0].id]"))),
            ("private_dns_enabled", Expression::from(true)),
            ("policy", call("lookup", policy)),
            ("tags", self.choice(TAGS)),
        ];
        vec![group, self.resource("aws_vpc_endpoint", &name, attributes)]
    }

    fn zone(&mut self, endpoint: &Endpoint, subnet: &SubnetId) -> Block {
        let id = endpoint.vpc_endpoint_id.as_str();
        let name = self.name(&[id, subnet.as_str()]);
        let attributes =
            vec![("count", self.count(ZONES)), ("vpc_endpoint_id", text(id)), ("subnet_id", text(subnet.as_str()))];
        self.resource("aws_vpc_endpoint_subnet_association", &name, attributes)
    }

    fn route(&mut self, table: &RouteTableId, gateway: &NatGatewayId) -> Vec<Block> {
        let name = self.name(&[table.as_str(), "default"]);
        let body = vec![
            ("route_table_id", text(table.as_str())),
            ("destination_cidr_block", text("0.0.0.0/0")),
            ("nat_gateway_id", text(gateway.as_str())),
        ];
        let mut blocks = self.taken_over("aws_route", &name, ROUTES, &format!("{table}_0.0.0.0/0"), body);
        if let Some(route) = blocks.last_mut() {
            // Taking the block away must not take the way to the internet away.
            route.body.push(block("lifecycle", &[], vec![("prevent_destroy", Expression::from(true))]));
        }
        blocks
    }
}

/// A policy that admits the principals of an account, as a local value.
pub(super) fn principals(account: &AccountId) -> Block {
    let account_id = object(&[("aws:PrincipalAccount", text(account.as_str()))], 4);
    let condition = object(&[("StringEquals", account_id)], 3);
    let statement = object(
        &[
            ("Effect", text("Allow")),
            ("Principal", text("*")),
            ("Action", text("*")),
            ("Resource", text("*")),
            ("Condition", condition),
        ],
        2,
    );
    let mut statements = hcl_edit::expr::Array::new();
    statements.push(statement);
    let policy = object(&[("Version", text("2012-10-17")), ("Statement", Expression::from(statements))], 1);
    block("locals", &[], vec![(&local(account), call("jsonencode", vec![policy]))])
}

/// The local value's name.
fn local(account: &AccountId) -> String {
    identifier(&["principals_of", account.as_str()])
}

/// `s3` of `com.amazonaws.us-east-1.s3`.
fn last(service_name: &str) -> &str {
    service_name.rsplit('.').next().unwrap_or(service_name)
}

/// What to do where the resource is declared.
fn words(change: &Change) -> String {
    match change {
        Change::DeleteEndpoint { endpoint } => {
            format!("Take away the `aws_vpc_endpoint` whose id is {}.", endpoint.vpc_endpoint_id)
        }
        Change::DeleteNatGateway { nat_gateway_id } => {
            format!("Take away the `aws_nat_gateway` whose id is {nat_gateway_id}.")
        }
        Change::ReleaseAddresses { allocation_ids, .. } => {
            format!("Take away the `aws_eip` of {} once its gateway is gone.", allocation_ids.join(", "))
        }
        Change::DeleteRoute { route_table_id, destination, .. } => {
            format!("Take away the `route` of {route_table_id} to {}.", destination.name())
        }
        Change::RevokeHttps { security_group_id, cidr } => {
            format!("Take away the ingress rule of {security_group_id} that admits {cidr}.")
        }
        Change::DisableDns64 { subnet_id } => {
            format!("Set `enable_dns64 = false` in the `aws_subnet` whose id is {subnet_id}.")
        }
        Change::ServeOnPremisesOnly { endpoint } => format!(
            "Set `private_dns_only_for_inbound_resolver_endpoint = true` in `dns_options` of the `aws_vpc_endpoint` whose id is {}.",
            endpoint.vpc_endpoint_id
        ),
        Change::InspectEndpoint { .. } => "Nothing for Terraform to do.".to_owned(),
        other => other.summary(),
    }
}
