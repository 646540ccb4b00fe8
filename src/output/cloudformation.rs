//! The changes as `CloudFormation` templates in YAML: one document for each account and Region, since a stack is in one.
//!
//! A stack makes what is new. `CloudFormation` cannot change an endpoint or a route that it does not own, so these
//! changes, and all that could refuse or end something, stand in comments.

mod resources;
mod yaml;

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::steps::{self, Group, Names, Step, comment, groups};
use crate::change::{Change, Effect};
use crate::report::Report;
use resources::{Choice, Page};
use yaml::{Node, indented, map, text};

/// Writes them.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups(report);
    for line in steps::heading(report) {
        out.write_all(comment("#", &line).as_bytes())?;
    }
    out.write_all(INTRODUCTION.as_bytes())?;
    if groups.len() > 1 {
        out.write_all(comment("#", "A stack is in one account and Region: each document here (from one --- to the next) is a template of its own. Save the one you need in a file.").as_bytes())?;
    }
    for group in &groups {
        document(report, group, out)?;
    }
    Ok(())
}

const INTRODUCTION: &str = "#
# Look at a change set before you run it. What could refuse or end something, and what CloudFormation cannot change
# because it does not own it, is in comments, each with what to check first.
";

fn document(report: &Report, group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { names: Names::default(), account: group.account_id, choices: BTreeSet::new() };
    let mut resources = String::new();
    let mut remarks = String::new();
    for step in &group.steps {
        let made = page.resources(&step.change);
        let about: String = steps::about(step).iter().map(|line| comment("#", line)).collect();
        if made.is_empty() || !step.is_applied() {
            remarks.push('\n');
            remarks.push_str(&about);
            remarks.push_str(&remark(&mut page, group, step)?);
            continue;
        }
        resources.push('\n');
        about.lines().for_each(|line| resources.push_str(&format!("  {line}\n")));
        for (name, node) in made {
            resources.push_str(&indented(&map([(name.as_str(), node)]), 2)?);
        }
    }
    for finding in &group.advice {
        remarks.push('\n');
        let notes = finding.remedy.notes.iter().map(|note| format!("- {note}"));
        steps::of(finding).into_iter().chain(notes).for_each(|line| remarks.push_str(&comment("#", &line)));
    }
    let place = format!("Account {}, Region {}", group.account_id, group.region);
    if resources.is_empty() {
        writeln!(out, "\n# {}", "-".repeat(100))?;
        out.write_all(comment("#", &place).as_bytes())?;
        out.write_all(comment("#", "Nothing here is for a stack to make, so there is no template.").as_bytes())?;
        return out.write_all(remarks.as_bytes());
    }
    writeln!(out, "\n---")?;
    out.write_all(comment("#", &place).as_bytes())?;
    let description = format!("Fixes of {} for account {} in {}", report.generated_by, group.account_id, group.region);
    let short: String = description.chars().take(200).collect();
    let mut head = vec![("AWSTemplateFormatVersion", text("2010-09-09")), ("Description", text(&short))];
    if !page.choices.is_empty() {
        head.push(("Parameters", Node::Map(page.choices.iter().map(Choice::parameter).collect())));
        head.push(("Conditions", Node::Map(page.choices.iter().map(Choice::condition).collect())));
    }
    out.write_all(indented(&map(head), 0)?.as_bytes())?;
    write!(out, "Resources:\n{}", resources.trim_start_matches('\n'))?;
    out.write_all(remarks.as_bytes())
}

/// What to do by hand, and how a stack could do it.
fn remark(page: &mut Page<'_>, group: &Group<'_>, step: &Step<'_>) -> io::Result<String> {
    let mut text = String::new();
    if step.change.effect() == Effect::Shows {
        return Ok(text);
    }
    text.push_str("# Where a stack of yours owns it, change it there. Else these commands do it:\n");
    let commands = step.change.commands(group.region);
    for command in &commands {
        text.push_str(&super::cli::commented(command));
    }
    if let Change::AssociateRouteTables { endpoint, route_table_ids } = &step.change {
        let (name, node) = page.existing(endpoint, route_table_ids);
        let import = format!(
            "To let a stack own the endpoint, import it (resource type AWS::EC2::VPCEndpoint, Id {}) with the route tables that it has now, and add the others after that:",
            endpoint.vpc_endpoint_id
        );
        text.push_str(&comment("#", &import));
        for line in indented(&map([(name.as_str(), node)]), 2)?.lines() {
            text.push_str(&format!("# {line}\n"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
