//! What the forms that apply fixes have in common: the changes of all findings, each once, by account and Region.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::clean;
use super::table::range;
use crate::change::{Change, Effect};
use crate::finding::Basis;
use crate::model::{AccountId, RegionName, Service, VpcEndpointId};
use crate::report::{FindingRow, Report};

/// The changes of one account and Region.
pub(super) struct Group<'r> {
    pub(super) account_id: &'r AccountId,
    pub(super) region: &'r RegionName,
    /// Most money first.
    pub(super) steps: Vec<Step<'r>>,
    /// Findings that no change is known for, only advice.
    pub(super) advice: Vec<&'r FindingRow>,
}

/// One change and the findings that ask for it.
pub(super) struct Step<'r> {
    /// Its number in the whole report, from 1.
    pub(super) number: usize,
    pub(super) change: Change,
    pub(super) findings: Vec<&'r FindingRow>,
    /// Another step ends the endpoint that this one changes: one or the other.
    pub(super) contested: bool,
}

impl Step<'_> {
    /// Whether it may be part of what is applied when nobody says more.
    pub(super) fn is_applied(&self) -> bool {
        self.change.effect() <= Effect::Adds && !self.contested
    }
}

/// Every change once, by account and Region.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups = BTreeMap::<(&AccountId, &RegionName), Group<'_>>::new();
    let mut places = HashMap::<(&AccountId, &RegionName, Key), usize>::new();
    for finding in &report.findings {
        let (account_id, region) = (&finding.account_id, &finding.region);
        let new = || Group { account_id, region, steps: Vec::new(), advice: Vec::new() };
        let group = groups.entry((account_id, region)).or_insert_with(new);
        if finding.remedy.changes.is_empty() {
            group.advice.push(finding);
        }
        for change in &finding.remedy.changes {
            let place = *places.entry((account_id, region, key(change))).or_insert(group.steps.len());
            match group.steps.get_mut(place) {
                Some(step) => {
                    join(&mut step.change, change);
                    if !step.findings.iter().any(|there| std::ptr::eq(*there, finding)) {
                        step.findings.push(finding);
                    }
                }
                None => group.steps.push(Step {
                    number: 0,
                    change: change.clone(),
                    findings: vec![finding],
                    contested: false,
                }),
            }
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    let mut number = 0;
    for group in &mut groups {
        let ended = group.steps.iter().filter_map(|step| match &step.change {
            Change::DeleteEndpoint { endpoint } => Some(endpoint.vpc_endpoint_id.clone()),
            _ => None,
        });
        let ended: BTreeSet<VpcEndpointId> = ended.collect();
        for step in &mut group.steps {
            number += 1;
            step.number = number;
            step.contested = changed(&step.change).is_some_and(|id| ended.contains(id));
        }
    }
    groups
}

/// The endpoint that is changed and stays.
fn changed(change: &Change) -> Option<&VpcEndpointId> {
    match change {
        Change::AssociateRouteTables { endpoint, .. }
        | Change::AddEndpointSubnets { endpoint, .. }
        | Change::SetPrivateDns { endpoint, .. }
        | Change::ServeOnPremisesOnly { endpoint }
        | Change::SetEndpointPolicy { endpoint, .. } => Some(&endpoint.vpc_endpoint_id),
        _ => None,
    }
}

/// Two changes with the same key are one.
type Key = (&'static str, String, String);

fn key(change: &Change) -> Key {
    let of = |action, what: &dyn ToString, with: String| (action, what.to_string(), with);
    match change {
        Change::CreateGatewayEndpoint { vpc_id, service_name, .. } => of("gateway", vpc_id, service_name.clone()),
        Change::CreateInterfaceEndpoint { vpc_id, service_name, .. } => of("interface", vpc_id, service_name.clone()),
        Change::AssociateRouteTables { endpoint, .. } => of("tables", &endpoint.vpc_endpoint_id, String::new()),
        Change::AddEndpointSubnets { endpoint, .. } => of("subnets", &endpoint.vpc_endpoint_id, String::new()),
        Change::SetPrivateDns { endpoint, enabled } => of("dns", &endpoint.vpc_endpoint_id, enabled.to_string()),
        Change::ServeOnPremisesOnly { endpoint } => of("on-premises", &endpoint.vpc_endpoint_id, String::new()),
        Change::SetEndpointPolicy { endpoint, policy, .. } => of("policy", &endpoint.vpc_endpoint_id, policy.clone()),
        Change::AdmitHttps { security_group_id, cidr } => of("admit", security_group_id, cidr.to_string()),
        Change::RevokeHttps { security_group_id, cidr } => of("revoke", security_group_id, cidr.to_string()),
        Change::ReplaceDefaultRoute { route_table_id, nat_gateway_id, .. } => {
            of("default-route", route_table_id, nat_gateway_id.to_string())
        }
        Change::DeleteRoute { route_table_id, destination, .. } => of("no-route", route_table_id, destination.name()),
        Change::DeleteNatGateway { nat_gateway_id } => of("no-nat", nat_gateway_id, String::new()),
        Change::ReleaseAddresses { nat_gateway_id, .. } => of("no-addresses", nat_gateway_id, String::new()),
        Change::DeleteEndpoint { endpoint } => of("no-endpoint", &endpoint.vpc_endpoint_id, String::new()),
        Change::DisableDns64 { subnet_id } => of("no-dns64", subnet_id, String::new()),
        Change::InspectEndpoint { vpc_endpoint_id } => of("look", vpc_endpoint_id, String::new()),
    }
}

/// Adds to a change what another of the same key does besides.
fn join(change: &mut Change, other: &Change) {
    fn add<T: Clone + PartialEq>(ids: &mut Vec<T>, others: &[T]) {
        for id in others {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
    }
    match (change, other) {
        (
            Change::CreateGatewayEndpoint { route_table_ids, .. },
            Change::CreateGatewayEndpoint { route_table_ids: others, .. },
        )
        | (
            Change::AssociateRouteTables { route_table_ids, .. },
            Change::AssociateRouteTables { route_table_ids: others, .. },
        ) => add(route_table_ids, others),
        (
            Change::CreateInterfaceEndpoint { subnet_ids, client_cidrs, .. },
            Change::CreateInterfaceEndpoint { subnet_ids: others, client_cidrs: blocks, .. },
        ) => {
            add(subnet_ids, others);
            add(client_cidrs, blocks);
        }
        (Change::AddEndpointSubnets { subnet_ids, .. }, Change::AddEndpointSubnets { subnet_ids: others, .. }) => {
            add(subnet_ids, others);
        }
        _ => {}
    }
}

/// What a finding saves, in words.
pub(super) fn saving(finding: &FindingRow) -> String {
    let money = &finding.monthly_usd;
    match money.saving_low.zip(money.saving_high) {
        Some((low, high)) => format!("saves {} a month", range(low, high)),
        None if finding.basis == Basis::Configuration => "no money attached".to_owned(),
        None => "saving unknown".to_owned(),
    }
}

/// A step in words: what it does, why, what that saves, and what to check first.
pub(super) fn about(step: &Step<'_>) -> Vec<String> {
    let mut lines = vec![format!("{}. {}", step.number, step.change.summary())];
    for finding in &step.findings {
        lines.extend(of(finding));
    }
    if step.contested {
        lines.push(
            "- Another step ends this endpoint: decide which of the two you want, and leave the other out.".to_owned(),
        );
    }
    let mut seen = BTreeSet::new();
    for note in step.findings.iter().flat_map(|finding| &finding.remedy.notes) {
        if seen.insert(note) {
            lines.push(format!("- {note}"));
        }
    }
    lines
}

/// A finding in words, without its notes.
pub(super) fn of(finding: &FindingRow) -> [String; 2] {
    let name = finding.vpc_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    [
        format!("{}: {}", finding.rule, finding.title),
        format!("{}{name} · {} · {}", finding.vpc_id, finding.basis.as_str(), saving(finding)),
    ]
}

/// What stands on top of each form.
pub(super) fn heading(report: &Report) -> Vec<String> {
    let money = &report.totals.monthly_usd;
    let mut lines = vec![
        format!(
            "Fixes for what {} found from {} to {}.",
            report.generated_by,
            report.window.start(),
            report.window.end()
        ),
        format!(
            "All findings together save {} of {} a month, at list prices of {}; what two of them save counts once.",
            range(money.saving_low, money.saving_high),
            range(money.current, money.current),
            report.prices.as_of
        ),
    ];
    if !(report.gaps.is_empty() && report.skipped.is_empty()) {
        lines.push(format!(
            "Not everything was seen: {} call(s) failed and {} rule(s) could not be applied, so there may be more to mend.",
            report.gaps.len(),
            report.skipped.len()
        ));
    }
    lines
}

/// A line of text as comment lines: made safe, so that it cannot end the comment, and wrapped.
pub(super) fn comment(mark: &str, text: &str) -> String {
    let text = clean(text);
    let (hang, width) = (if text.starts_with("- ") { "  " } else { "" }, 100_usize);
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .subsequent_indent(hang);
    textwrap::wrap(&text, options).iter().fold(String::new(), |lines, line| lines + mark + " " + line + "\n")
}

/// A service's name of the characters that a security group's may have.
pub(super) fn group_name(service: &Service) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    service.as_str().chars().take(60).map(safe).collect()
}

/// Names of resources made from ids: of safe characters only, and each once.
#[derive(Default)]
pub(super) struct Names(HashMap<String, usize>);

impl Names {
    /// The name itself, or with a number behind it when it was given away already.
    pub(super) fn unique(&mut self, name: String, separator: &str) -> String {
        let count = self.0.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            return name;
        }
        let numbered = format!("{name}{separator}{count}");
        self.unique(numbered, separator)
    }
}

#[cfg(test)]
mod tests;
