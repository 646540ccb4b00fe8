//! The changes as steps in the AWS console, in plain text: nothing in it has a meaning for any program.

use std::io::{self, Write};

use super::clean;
use super::steps::{Step, groups, heading, of};
use crate::change::{Change, Destination, Effect, Endpoint};
use crate::model::RegionName;
use crate::report::Report;

/// Columns.
const WIDTH: usize = 100;

/// Writes them.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for line in heading(report) {
        paragraph(out, &line, "", "")?;
    }
    paragraph(
        out,
        "Tick the boxes as you go. Check the Region at the top right of the console first: it shows one at a time.",
        "",
        "",
    )?;
    for group in groups(report) {
        let title = format!("ACCOUNT {}, REGION {}", clean(group.account_id.as_str()), clean(group.region.as_str()));
        writeln!(out, "\n{title}\n{}", "=".repeat(title.chars().count().min(WIDTH)))?;
        for step in &group.steps {
            write_step(group.region, step, out)?;
        }
        for finding in &group.advice {
            writeln!(out)?;
            for line in of(finding) {
                paragraph(out, &line, "    ", "    ")?;
            }
            for note in &finding.remedy.notes {
                paragraph(out, note, "    - ", "      ")?;
            }
        }
    }
    Ok(())
}

/// A paragraph, cleaned and wrapped.
fn paragraph(out: &mut dyn Write, text: &str, first: &str, rest: &str) -> io::Result<()> {
    let text = clean(text);
    let options = textwrap::Options::new(WIDTH)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent(first)
        .subsequent_indent(rest);
    textwrap::wrap(&text, options).iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn write_step(region: &RegionName, step: &Step<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    paragraph(out, &step.change.summary(), &format!("{}. ", step.number), "   ")?;
    for finding in &step.findings {
        for line in of(finding) {
            paragraph(out, &line, "   ", "   ")?;
        }
    }
    let caution = match step.change.effect() {
        Effect::Narrows => Some("This can refuse what works today. Check first what is said below."),
        Effect::Removes => {
            Some("This ends something, and not all of it can be brought back. Check first what is said below.")
        }
        Effect::Shows | Effect::Adds => None,
    };
    if let Some(line) = caution {
        paragraph(out, line, "   ! ", "     ")?;
    }
    if step.contested {
        paragraph(out, "Another step ends this endpoint: do one or the other.", "   ! ", "     ")?;
    }
    if let Some(link) = link(region, &step.change) {
        writeln!(out, "   {link}")?;
    }
    for click in clicks(&step.change) {
        paragraph(out, &click, "   [ ] ", "       ")?;
    }
    let mut seen = std::collections::BTreeSet::new();
    for note in step.findings.iter().flat_map(|finding| &finding.remedy.notes) {
        if seen.insert(note) {
            paragraph(out, note, "   - ", "     ")?;
        }
    }
    Ok(())
}

/// The page of the console to start at. Only with a Region and an id that are what they should be.
fn link(region: &RegionName, change: &Change) -> Option<String> {
    let safe = |text: &str| {
        !text.is_empty()
            && text.len() <= 40
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let region = Some(region.as_str()).filter(|region| safe(region))?;
    let host = match region.split('-').next() {
        Some("cn") => "console.amazonaws.cn".to_owned(),
        _ if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com".to_owned(),
        _ => format!("{region}.console.aws.amazon.com"),
    };
    let (page, id) = match change {
        Change::CreateGatewayEndpoint { .. } | Change::CreateInterfaceEndpoint { .. } => ("CreateVpcEndpoint", None),
        Change::AssociateRouteTables { endpoint, .. }
        | Change::AddEndpointSubnets { endpoint, .. }
        | Change::SetPrivateDns { endpoint, .. }
        | Change::ServeOnPremisesOnly { endpoint }
        | Change::SetEndpointPolicy { endpoint, .. }
        | Change::DeleteEndpoint { endpoint } => {
            ("EndpointDetails:vpcEndpointId=", Some(endpoint.vpc_endpoint_id.as_str()))
        }
        Change::InspectEndpoint { vpc_endpoint_id } => {
            ("EndpointDetails:vpcEndpointId=", Some(vpc_endpoint_id.as_str()))
        }
        Change::AdmitHttps { security_group_id, .. } | Change::RevokeHttps { security_group_id, .. } => {
            ("SecurityGroup:groupId=", Some(security_group_id.as_str()))
        }
        Change::ReplaceDefaultRoute { route_table_id, .. } | Change::DeleteRoute { route_table_id, .. } => {
            ("RouteTableDetails:RouteTableId=", Some(route_table_id.as_str()))
        }
        Change::DeleteNatGateway { nat_gateway_id } => {
            ("NatGatewayDetails:natGatewayId=", Some(nat_gateway_id.as_str()))
        }
        Change::ReleaseAddresses { .. } => ("Addresses:", None),
        Change::DisableDns64 { subnet_id } => ("SubnetDetails:subnetId=", Some(subnet_id.as_str())),
    };
    let id = match id {
        Some(id) => Some(id).filter(|id| safe(id))?,
        None => "",
    };
    Some(format!("https://{host}/vpcconsole/home?region={region}#{page}{id}"))
}

/// Where to click, in order.
fn clicks(change: &Change) -> Vec<String> {
    let on = |endpoint: &Endpoint, action: &str| {
        format!("VPC → Endpoints → {} → Actions → {action}.", endpoint.vpc_endpoint_id)
    };
    let list = |ids: Vec<&str>| ids.join(", ");
    let (mut steps, last): (Vec<String>, &str) = match change {
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
                    super::steps::group_name(service),
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
        Change::DeleteEndpoint { endpoint } => (vec![on(endpoint, "Delete VPC endpoints")], "Type delete, and Delete."),
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
    };
    steps.push(last.to_owned());
    steps
}

#[cfg(test)]
mod tests;
