//! `natwise iam-policy`: the least that a scan needs, and what reading flow logs elsewhere needs on top.

mod flow_logs;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::accounts::{role, role_name};
use super::{ExitStatus, print};
use crate::aws::{iam_actions, organization_actions};
use crate::cli::IamPolicyArgs;

/// A policy, its parts in the order in which AWS writes them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: Cow<'static, str>,
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Resource,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<&'static str, Vec<String>>>,
}

/// One resource, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Resource {
    One(String),
    Several(Vec<String>),
}

impl Statement {
    fn allow(sid: impl Into<Cow<'static, str>>, action: Vec<&'static str>, mut resources: Vec<String>) -> Self {
        let resource = match resources.pop() {
            Some(last) if resources.is_empty() => Resource::One(last),
            last => Resource::Several(resources.into_iter().chain(last).collect()),
        };
        Self { sid: sid.into(), effect: "Allow", action, resource, condition: BTreeMap::new() }
    }

    fn only_where(mut self, operator: &'static str, key: &'static str, values: Vec<String>) -> Self {
        self.condition.entry(operator).or_default().insert(key, values);
        self
    }
}

pub(super) fn run(args: &IamPolicyArgs) -> anyhow::Result<ExitStatus> {
    let actions: Vec<_> = iam_actions().collect();
    // None of these actions can be narrowed to a resource.
    let mut statement = vec![Statement::allow("NatwiseReadOnly", actions, vec!["*".to_owned()])];
    if args.org {
        statement.push(Statement::allow("NatwiseAccounts", organization_actions().collect(), vec!["*".to_owned()]));
    }
    if args.prices {
        statement.push(Statement::allow("NatwisePrices", vec!["pricing:GetProducts"], vec!["*".to_owned()]));
    }
    let roles = roles(args)?;
    if !roles.is_empty() {
        statement.push(Statement::allow("NatwiseRoles", vec!["sts:AssumeRole"], roles));
    }
    statement.extend(flow_logs::statements(args)?);
    let policy = Policy { version: "2012-10-17", statement };
    print(&(serde_json::to_string_pretty(&policy)? + "\n"))
}

/// The roles that are entered. A name alone may be in any account, and in any partition.
fn roles(args: &IamPolicyArgs) -> anyhow::Result<Vec<String>> {
    let named = args.role_name.iter().map(|name| Ok(format!("arn:*:iam::*:role/{}", role_name(name)?)));
    let given = args.role_arns.iter().map(|arn| role(arn, None).map(|_| arn.clone()));
    named.chain(given).collect()
}
