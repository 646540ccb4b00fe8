//! `natwise iam-policy`: the least that a scan needs.

use serde::Serialize;

use super::{ExitStatus, print};
use crate::aws::iam_actions;

/// A policy, its parts in the order in which AWS writes them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy<'a> {
    version: &'a str,
    statement: [Statement<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    sid: &'a str,
    effect: &'a str,
    action: Vec<&'a str>,
    resource: &'a str,
}

pub(super) fn run() -> anyhow::Result<ExitStatus> {
    let mut actions = iam_actions().to_vec();
    actions.sort_unstable();
    let statement = Statement {
        sid: "NatwiseReadOnly",
        effect: "Allow",
        action: actions,
        // None of these actions can be narrowed to a resource.
        resource: "*",
    };
    let policy = Policy { version: "2012-10-17", statement: [statement] };
    print(&(serde_json::to_string_pretty(&policy)? + "\n"))
}
