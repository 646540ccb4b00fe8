//! The changes as steps in the AWS console, in plain text: nothing in it has a meaning for any program.

mod clicks;

use std::io::{self, Write};

use super::clean;
use super::steps::{Step, groups, heading, of};
use crate::change::{Change, Effect};
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
    for click in clicks::clicks(&step.change) {
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

#[cfg(test)]
mod tests;
