//! What the report does not know, in Markdown: counted at its top, listed at its end.

use std::collections::BTreeMap;
use std::io;

use super::inline::{inline, name};
use super::{NAME, Page, SENTENCE, names};
use crate::report::Report;

impl Page<'_> {
    /// One line on what is missing.
    pub(super) fn completeness(&mut self, report: &Report) -> io::Result<()> {
        let counts = [
            (report.gaps.len(), "call(s) failed"),
            (report.skipped.len(), "rule(s) could not be applied"),
            (report.totals.unknown.len(), "cost(s) unknown"),
        ];
        let missing = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let missing: Vec<_> = missing.collect();
        if missing.is_empty() {
            return self.item("Complete: yes");
        }
        self.item(&format!("**Complete: no**: {}; see the end", missing.join(", ")))
    }

    pub(super) fn unseen(&mut self, report: &Report) -> io::Result<()> {
        if !report.totals.unknown.is_empty() {
            writeln!(self.out, "## Unknown costs, not part of any sum above\n")?;
            let mut by_reason = BTreeMap::<&str, Vec<&str>>::new();
            for unknown in &report.totals.unknown {
                by_reason.entry(&unknown.reason).or_default().push(&unknown.resource);
            }
            for (reason, resources) in by_reason {
                self.item(&format!("Why: {}: {}", inline(reason, SENTENCE), names(resources.into_iter())))?;
            }
            writeln!(self.out)?;
        }
        if !report.gaps.is_empty() {
            writeln!(self.out, "## Not seen\n")?;
            for gap in self.shown(&report.gaps) {
                let place = [gap.account_id.as_ref().map(|id| id.as_str()), gap.region.as_ref().map(|r| r.as_str())];
                let place: Vec<_> = place.into_iter().flatten().map(|text| name(text, NAME)).collect();
                let allow = gap.iam_action.as_ref().map(|action| format!(" Allow {}.", name(action, NAME)));
                self.item(&format!(
                    "In {}, {}: {} ({}){}",
                    place.join(" "),
                    name(&gap.operation, NAME),
                    inline(&gap.message, 300),
                    name(&gap.code, NAME),
                    allow.unwrap_or_default()
                ))?;
            }
            writeln!(self.out)?;
            self.cut(report.gaps.len())?;
        }
        if !report.skipped.is_empty() {
            writeln!(self.out, "## Rules that could not be applied\n")?;
            let mut by_reason = BTreeMap::<_, Vec<&str>>::new();
            for skipped in &report.skipped {
                let place = (skipped.account_id.as_str(), skipped.region.as_str(), skipped.reason.as_str());
                by_reason.entry(place).or_default().push(skipped.rule);
            }
            let several: Vec<_> = by_reason.into_iter().collect();
            for ((account, region, reason), rules) in self.shown(&several) {
                let (account, region) = (name(account, NAME), name(region, NAME));
                let rules: Vec<_> = rules.iter().map(|rule| format!("`{rule}`")).collect();
                self.item(&format!("In {account} {region}: {}: {}", inline(reason, SENTENCE), rules.join(", ")))?;
            }
            writeln!(self.out)?;
            self.cut(several.len())?;
        }
        if !report.notes.is_empty() {
            writeln!(self.out, "## Notes\n")?;
            for note in self.shown(&report.notes) {
                self.item(&format!("{} {}", name(&note.resource, NAME), inline(&note.message, SENTENCE)))?;
            }
            writeln!(self.out)?;
            self.cut(report.notes.len())?;
        }
        Ok(())
    }
}
