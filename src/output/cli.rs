//! The changes as a bash script that runs the AWS CLI: it shows what it would do, does it with `--apply`, and undoes it
//! with `--rollback`.
//!
//! Each step looks first at what is there, so that a second run finds nothing to do. What could refuse or end something
//! is commented out. Every word of an account is quoted for bash, and every comment cleaned.

mod steps;

use std::io::{self, Write};

use super::clean;
use super::steps::{Step, about, comment, groups, heading, of};
use crate::command::bash_word;
use crate::report::Report;

/// Everything before the steps: options, and what steps have in common.
const PREAMBLE: &str = include_str!("cli/preamble.sh");
/// Everything after them.
const ENDING: &str = include_str!("cli/ending.sh");

/// Writes it.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let groups = groups(report);
    out.write_all(b"#!/usr/bin/env bash\n")?;
    for line in heading(report) {
        out.write_all(comment("#", &line).as_bytes())?;
    }
    out.write_all(INTRODUCTION.as_bytes())?;
    out.write_all(PREAMBLE.as_bytes())?;
    let mut last = 0;
    for group in &groups {
        writeln!(out, "\n# {}", "-".repeat(100))?;
        out.write_all(comment("#", &format!("Account {}, Region {}", group.account_id, group.region)).as_bytes())?;
        for step in &group.steps {
            last = step.number;
            write_step(group.account_id.as_str(), group.region, step, out)?;
        }
        for finding in &group.advice {
            writeln!(out)?;
            let notes = finding.remedy.notes.iter().map(|note| format!("- {note}"));
            for line in of(finding).into_iter().chain(notes) {
                out.write_all(comment("#", &line).as_bytes())?;
            }
        }
    }
    write!(out, "\nlast={last}\n{CALLS}{ENDING}")
}

const INTRODUCTION: &str = "#
# Read it, run it as it is to see what it would do, and then with --apply. --help tells more. What could refuse or end
# something is commented out, each with what to check first: take the # away from its lines to include it.
#
# shellcheck disable=SC2016,SC2317,SC2329 # queries have backticks, and the steps are called by number
";

/// The steps by their numbers, the last one first on the way back; those that are commented out are not there.
const CALLS: &str = r#"for ((turn = 1; turn <= last; turn++)); do
    number=$turn
    if [ "$action" = rollback ]; then number=$((last + 1 - turn)); fi
    if declare -F "step_$number" >/dev/null; then "step_$number"; fi
done
"#;

fn write_step(
    account: &str,
    region: &crate::model::RegionName,
    step: &Step<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    for line in about(step) {
        out.write_all(comment("#", &line).as_bytes())?;
    }
    let summary = clean(&step.change.summary()).into_owned();
    let start = [account, &summary].map(bash_word);
    let body = steps::body(region, &step.change);
    let ([Some(account), Some(summary)], Some(body)) = (start, body) else {
        return out.write_all(comment("#", "It cannot be written for a shell: a name holds a NUL byte.").as_bytes());
    };
    let number = step.number;
    let mut code = format!("step_{number}() {{\n    here {number} {account} {summary} || return 0\n");
    code.push_str(&body);
    code.push_str("}\n");
    let mark = if step.is_applied() { "" } else { "#" };
    code.lines().try_for_each(|line| writeln!(out, "{mark}{line}"))
}

/// A command in a comment, as the other forms show it.
pub(super) fn commented(command: &str) -> String {
    if clean(command) == command {
        format!("#   {command}\n")
    } else {
        "#   (a command that cannot be shown here: see --format json)\n".to_owned()
    }
}

#[cfg(test)]
mod tests;
