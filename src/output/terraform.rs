//! The changes as Terraform: one file that a reviewer can read, plan and apply.
//!
//! Written by `hcl-edit`, which escapes every string; what could refuse or end something stands in comments only.
//! Resources that are there already are changed by the provider's association resources, which need no more than ids,
//! so that nothing has to be imported first.

mod hcl;
mod resources;

use std::collections::BTreeSet;
use std::io::{self, Write};

use hcl_edit::structure::Block;

use super::steps::{self, Group, Names, Step, comment, groups};
use crate::change::Effect;
use crate::model::{AccountId, RegionName};
use crate::report::Report;
use hcl::{block, code, list, text, write};
use resources::Written;

/// Writes it.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups(report);
    for line in steps::heading(report) {
        out.write_all(comment("#", &line).as_bytes())?;
    }
    out.write_all(INTRODUCTION.as_bytes())?;
    let mut names = Names::default();
    let mut page =
        Page { names: &mut names, variables: BTreeSet::new(), provider: None, account: None, locals: BTreeSet::new() };
    let several = groups.len() > 1;
    let accounts: BTreeSet<_> = groups.iter().map(|group| group.account_id).collect();
    let mut bodies = Vec::new();
    for group in &groups {
        page.provider = several.then(|| alias(page.names, group, accounts.len() > 1));
        page.account = Some(group.account_id);
        let mut body = Vec::new();
        for step in &group.steps {
            page.step(group.region, step, &mut body)?;
        }
        advice(group, &mut body)?;
        bodies.push((group, page.provider.clone(), body));
    }
    preamble(out)?;
    for variable in &page.variables {
        write(out, variable.block())?;
    }
    if accounts.len() > 1 {
        write(out, PROFILES.block())?;
    }
    for account in &page.locals {
        writeln!(out)?;
        out.write_all(comment("#", "Admits the account's own principals: a start, to be narrowed.").as_bytes())?;
        write(out, resources::principals(account))?;
    }
    for (group, provider, body) in bodies {
        section(out, group)?;
        write(out, provider_block(group, provider.as_deref(), accounts.len() > 1))?;
        out.write_all(&body)?;
    }
    Ok(())
}

const INTRODUCTION: &str = "#
# Read `terraform plan` before you apply it: without a change of a variable it only adds. What could refuse or end
# something is in comments, each with what to check first. Where Terraform manages one of these resources already,
# change it there and leave its block here out: two owners undo each other's work.
";

/// What all steps have in common, and what they need.
struct Page<'p> {
    names: &'p mut Names,
    variables: BTreeSet<Variable>,
    provider: Option<String>,
    account: Option<&'p AccountId>,
    locals: BTreeSet<&'p AccountId>,
}

impl Page<'_> {
    fn step(&mut self, region: &RegionName, step: &Step<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        writeln!(out)?;
        for line in steps::about(step) {
            out.write_all(comment("#", &line).as_bytes())?;
        }
        match self.resources(&step.change) {
            Written::Blocks(blocks) => {
                for (index, block) in blocks.into_iter().enumerate() {
                    if index > 0 {
                        writeln!(out)?;
                    }
                    if step.is_applied() {
                        hcl::print(out, block)?;
                    } else {
                        hcl::print_as_comment(out, block)?;
                    }
                }
            }
            Written::Words(words) => {
                out.write_all(comment("#", &words).as_bytes())?;
                if step.change.effect() == Effect::Shows {
                    return Ok(());
                }
                out.write_all(b"# Where Terraform does not manage it, these commands do it:\n")?;
                for command in step.change.commands(region) {
                    out.write_all(super::cli::commented(&command).as_bytes())?;
                }
            }
        }
        Ok(())
    }
}

fn advice(group: &Group<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    for finding in &group.advice {
        writeln!(out)?;
        let notes = finding.remedy.notes.iter().map(|note| format!("- {note}"));
        for line in steps::of(finding).into_iter().chain(notes) {
            out.write_all(comment("#", &line).as_bytes())?;
        }
    }
    Ok(())
}

fn section(out: &mut dyn Write, group: &Group<'_>) -> io::Result<()> {
    writeln!(out, "\n# {}", "-".repeat(100))?;
    let title = format!("Account {}, Region {}", group.account_id, group.region);
    out.write_all(comment("#", &title).as_bytes())
}

fn preamble(out: &mut dyn Write) -> io::Result<()> {
    let aws = hcl::object(&[("source", text("hashicorp/aws")), ("version", text(">= 6.0"))], 2);
    let required = block("required_providers", &[], vec![("aws", aws)]);
    let mut terraform = block("terraform", &[], vec![("required_version", text(">= 1.7"))]);
    terraform.body.push(required);
    write(out, terraform)
}

/// `us_east_1`, or with the account in front where there are several.
fn alias(names: &mut Names, group: &Group<'_>, accounts: bool) -> String {
    let region = group.region.as_str();
    let account = group.account_id.as_str();
    let name = if accounts { hcl::identifier(&["account", account, region]) } else { hcl::identifier(&[region]) };
    names.unique(name, "_")
}

fn provider_block(group: &Group<'_>, alias: Option<&str>, profiles: bool) -> Block {
    let mut attributes = Vec::new();
    attributes.extend(alias.map(|alias| ("alias", text(alias))));
    attributes.push(("region", text(group.region.as_str())));
    attributes.push(("allowed_account_ids", list([group.account_id.as_str()])));
    if profiles {
        let lookup = hcl::call("lookup", vec![code("var.profiles"), text(group.account_id.as_str()), code("null")]);
        attributes.push(("profile", lookup));
    }
    block("provider", &["aws"], attributes)
}

/// A choice of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Variable {
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    description: &'static str,
}

const TAGS: Variable =
    Variable { name: "tags", kind: "map(string)", default: "{}", description: "Tags of everything that is made here." };
const GATEWAY_POLICY: Variable = Variable {
    name: "gateway_endpoint_policy",
    kind: "string",
    default: "null",
    description: "Policy of new gateway endpoints, JSON; null for AWS's, which admits everything. One that admits the account's principals only also shuts out buckets that AWS serves from: image layers, package repositories.",
};
const INTERFACE_POLICIES: Variable = Variable {
    name: "interface_endpoint_policies",
    kind: "map(string)",
    default: "{}",
    description: "Policies of new interface endpoints by service, JSON; null for AWS's, which some services need: those that take no policy, and those that are called without credentials. Else the account's principals are admitted.",
};
const CREATE_INTERFACES: Variable = Variable {
    name: "create_interface_endpoints",
    kind: "bool",
    default: "true",
    description: "Whether to make the interface endpoints, which are paid by the hour and pay off at the traffic that was seen.",
};
const ZONES: Variable = Variable {
    name: "add_endpoint_zones",
    kind: "bool",
    default: "false",
    description: "Whether to put endpoints into further zones, each of which is paid by the hour.",
};
const PRIVATE_DNS: Variable = Variable {
    name: "enable_private_dns",
    kind: "bool",
    default: "false",
    description: "Whether to lead the public names to endpoints that have private DNS off, which moves all clients of the VPC at once.",
};
const ROUTES: Variable = Variable {
    name: "replace_default_routes",
    kind: "bool",
    default: "false",
    description: "Whether to lead default routes to the NAT gateway of the same zone: open connections break, and leave from another public address.",
};
const IMPORT: Variable = Variable {
    name: "import_existing_endpoints",
    kind: "bool",
    default: "false",
    description: "Whether Terraform takes over, without a change, the gateway endpoints that are there. Only where no other state has them.",
};
const PROFILES: Variable = Variable {
    name: "profiles",
    kind: "map(string)",
    default: "{}",
    description: "The AWS CLI profile with the credentials of each account.",
};

impl Variable {
    fn block(self) -> Block {
        let attributes =
            vec![("type", code(self.kind)), ("default", code(self.default)), ("description", text(self.description))];
        block("variable", &[self.name], attributes)
    }
}

#[cfg(test)]
mod tests;
