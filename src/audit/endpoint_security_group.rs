//! Finds interface endpoints whose security groups keep clients out, or let in more than HTTPS from clients.

use ipnet::{IpNet, Ipv4Net};

use super::{Audit, Context, Dataset};
use crate::change::Change;
use crate::finding::{Finding, Remedy, RemedyKind};
use crate::model::{EndpointType, SecurityGroup, SecurityGroupRule, Service, VpcEndpoint};
use crate::topology::{Part, VpcView, is_working};

pub(super) const AUDIT: Audit = Audit {
    id: "endpoint-security-group",
    title: "An endpoint's security group does not admit its clients on 443, or admits more than that",
    manual: include_str!("endpoint_security_group.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::SecurityGroups, Dataset::Vpcs, Dataset::Subnets],
    run,
};

const HTTPS: i32 = 443;

/// Services whose clients speak to other ports than 443.
const OTHER_PORTS: [&str; 5] = ["cassandra", "cassandra-fips", "email-smtp", "iot.data", "transfer.server"];

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(context, part, endpoint)).collect()
}

impl SecurityGroupRule {
    fn is_everything(&self) -> bool {
        self.protocol == "-1"
    }

    fn is_tcp(&self) -> bool {
        self.protocol.eq_ignore_ascii_case("tcp") || self.protocol == "6"
    }

    fn admits_https(&self) -> bool {
        let ports = self.from_port.unwrap_or(0)..=self.to_port.unwrap_or(i32::from(u16::MAX));
        self.is_everything() || (self.is_tcp() && ports.contains(&HTTPS))
    }

    fn is_only_https(&self) -> bool {
        self.is_tcp() && self.from_port == Some(HTTPS) && self.to_port == Some(HTTPS)
    }

    fn has_source(&self) -> bool {
        !(self.cidrs.is_empty() && self.security_group_ids.is_empty() && self.prefix_list_ids.is_empty())
    }
}

/// The VPC's address blocks that have subnets and none of whose addresses any rule admits on 443.
fn shut_out(view: &VpcView<'_>, rules: &[&SecurityGroupRule]) -> Vec<Ipv4Net> {
    let admitting: Vec<_> = rules.iter().filter(|rule| rule.admits_https()).collect();
    // Which clients carry a group, or are in a list, is not known here: they are taken to be let in.
    if admitting.iter().any(|rule| !rule.security_group_ids.is_empty() || !rule.prefix_list_ids.is_empty()) {
        return Vec::new();
    }
    let admitted: Vec<_> = admitting
        .iter()
        .flat_map(|rule| &rule.cidrs)
        .filter_map(|cidr| match cidr {
            IpNet::V4(net) => Some(net.trunc()),
            IpNet::V6(_) => None,
        })
        .collect();
    let touches = |a: &Ipv4Net, b: &Ipv4Net| a.contains(b) || b.contains(a);
    let blocks = view.vpc.map_or(&[][..], |vpc| vpc.cidr_blocks.as_slice());
    blocks
        .iter()
        .filter(|block| {
            view.subnets.iter().any(|view| view.subnet.cidr_block.is_some_and(|cidr| block.contains(&cidr)))
        })
        .filter(|block| !admitted.iter().any(|net| touches(net, block)))
        .copied()
        .collect()
}

fn look(_: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    if endpoint.endpoint_type != EndpointType::Interface || endpoint.requester_managed || !is_working(endpoint) {
        return None;
    }
    // A third party's service may be on any port.
    let service = Service::of_endpoint(&endpoint.service_name, part.region())?;
    if OTHER_PORTS.contains(&service.as_str()) {
        return None;
    }
    let view = part.vpc(&endpoint.vpc_id)?;
    // With one of its groups unread nothing can be said: that one may admit what the others do not.
    let groups: Vec<&SecurityGroup> =
        endpoint.security_group_ids.iter().map(|id| part.security_group(id.as_str())).collect::<Option<_>>()?;
    let rules: Vec<_> = groups.iter().flat_map(|group| &group.ingress).filter(|rule| rule.has_source()).collect();
    let shut_out = shut_out(view, &rules);
    let mut problems = Vec::new();
    let mut changes = Vec::new();
    let mut notes = Vec::new();
    if !shut_out.is_empty() {
        let blocks: Vec<_> = shut_out.iter().map(ToString::to_string).collect();
        problems.push(format!("Nothing admits port 443 from {}.", blocks.join(", ")));
        if let Some(group) = groups.first() {
            changes.extend(shut_out.iter().filter_map(|block| admit(group, *block)));
        }
    }
    let anywhere: Vec<_> = groups
        .iter()
        .flat_map(|group| group.ingress.iter().map(move |rule| (group, rule)))
        .flat_map(|(group, rule)| {
            rule.cidrs.iter().filter(|cidr| cidr.prefix_len() == 0).map(move |cidr| (group, rule, cidr))
        })
        .collect();
    for (group, rule, cidr) in anywhere {
        let id = group.security_group_id.as_str();
        problems.push(format!("{id} admits {} from anywhere ({cidr}).", ports(rule)));
        if rule.is_only_https() {
            let blocks = view.vpc.iter().flat_map(|vpc| &vpc.cidr_blocks);
            let admissions: Vec<_> = blocks.filter_map(|block| admit(group, *block)).collect();
            // Two rules that admit the world need the VPC admitted once.
            changes.extend(admissions.into_iter().filter(|change| !changes.contains(change)).collect::<Vec<_>>());
            let security_group_id = group.security_group_id.clone();
            changes.push(Change::RevokeHttps { security_group_id, cidr: *cidr });
        }
    }
    let others: Vec<_> = rules.iter().filter(|rule| !rule.is_only_https()).map(|rule| ports(rule)).collect();
    if !others.is_empty() {
        problems.push(format!("Rules admit more than port 443: {}.", others.join(", ")));
        notes.push("Give the endpoint a security group of its own that admits TCP 443 from its clients and nothing else; groups shared with other resources may need their other rules.".to_owned());
    }
    if problems.is_empty() {
        return None;
    }
    notes.push(
        "Clients in other VPCs or on premises need their own address blocks admitted before 0.0.0.0/0 goes.".to_owned(),
    );
    Some(Finding {
        resources: std::iter::once(endpoint.vpc_endpoint_id.to_string())
            .chain(groups.iter().map(|group| group.security_group_id.to_string()))
            .collect(),
        title: format!(
            "Security group of {} endpoint {} {}",
            service.title(),
            endpoint.vpc_endpoint_id,
            if shut_out.is_empty() { "admits too much" } else { "keeps clients out" }
        ),
        service: Some(service),
        detail: problems.join(" "),
        remedy: Remedy::new(RemedyKind::ChangeSecurityGroup, part.region(), changes, notes),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

/// Admits a block on 443 to a group which has no such rule yet.
fn admit(group: &SecurityGroup, block: Ipv4Net) -> Option<Change> {
    let cidr = IpNet::V4(block);
    let is_admitted = group.ingress.iter().any(|rule| rule.is_only_https() && rule.cidrs.contains(&cidr));
    (!is_admitted).then(|| Change::AdmitHttps { security_group_id: group.security_group_id.clone(), cidr })
}

fn ports(rule: &SecurityGroupRule) -> String {
    if rule.is_everything() {
        return "all traffic".to_owned();
    }
    let protocol = rule.protocol.as_str();
    match (rule.from_port, rule.to_port) {
        (Some(from), Some(to)) if from == to => format!("{protocol} {from}"),
        (Some(from), Some(to)) => format!("{protocol} {from}-{to}"),
        _ => format!("all {protocol}"),
    }
}

#[cfg(test)]
mod tests;
