//! `natwise iam-policy`: the least that a scan needs.

use super::{ExitStatus, print};
use crate::aws::iam_actions;

pub(super) fn run() -> anyhow::Result<ExitStatus> {
    let mut actions = iam_actions().to_vec();
    actions.sort_unstable();
    // None of these actions can be narrowed to a resource.
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "NatwiseReadOnly", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    });
    print(&(serde_json::to_string_pretty(&policy)? + "\n"))
}
