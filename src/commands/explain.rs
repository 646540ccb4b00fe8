//! `natwise explain`: the rules' manuals.

use super::{ExitStatus, print};
use crate::audit::{AUDITS, Audit};

pub(super) fn run(rule: Option<&str>) -> anyhow::Result<ExitStatus> {
    let Some(rule) = rule else {
        let width = AUDITS.iter().map(|audit| audit.id.len()).max().unwrap_or(0);
        let list: Vec<_> = AUDITS.iter().map(|audit| format!("{:width$}  {}", audit.id, audit.title)).collect();
        return print(&(list.join("\n") + "\n"));
    };
    let Some(audit) = Audit::find(rule) else {
        let ids: Vec<_> = AUDITS.iter().map(|audit| audit.id).collect();
        anyhow::bail!("there is no rule {rule:?}; there are {}", ids.join(", "));
    };
    print(audit.manual)
}
