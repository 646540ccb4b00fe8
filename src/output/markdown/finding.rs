//! Findings in Markdown: what it saves, what is wrong, what to run, what to mind.

use std::io;

use super::inline::{block, inline, name};
use super::{NAME, Page, SENTENCE, range};
use crate::output::grid::{WITHHELD, commands, money};
use crate::report::{FindingRow, Report};

/// Longer commands are in the other formats.
const LONGEST: usize = 8_000;

impl Page<'_> {
    pub(super) fn findings(&mut self, report: &Report) -> io::Result<()> {
        let count = report.findings.len();
        if count == 0 {
            let whole = report.skipped.is_empty();
            let text = if whole { "none" } else { "none by the rules that could be applied" };
            return writeln!(self.out, "## Findings: {text}\n");
        }
        writeln!(self.out, "## Findings: {count}, most money first\n")?;
        for (index, finding) in self.shown(&report.findings).enumerate() {
            self.finding(index + 1, finding)?;
        }
        self.cut(count)
    }

    fn finding(&mut self, number: usize, finding: &FindingRow) -> io::Result<()> {
        writeln!(self.out, "### {number}. {}: {}\n", saving(finding), inline(&finding.title, 400))?;
        let place = [
            Some(format!("`{}`", finding.rule)),
            Some(finding.basis.as_str().to_owned()),
            Some(name(finding.region.as_str(), NAME)),
            Some(name(finding.vpc_id.as_str(), NAME)),
            finding.vpc_name.as_deref().map(|text| name(text, NAME)).filter(|text| !text.is_empty()),
            Some(format!("account {}", name(finding.account_id.as_str(), NAME))),
        ];
        writeln!(self.out, "{}\n", place.into_iter().flatten().collect::<Vec<_>>().join(" · "))?;
        writeln!(self.out, "Seen: {}\n", inline(&finding.detail, SENTENCE))?;
        let lines: Vec<_> = commands(finding)
            .into_iter()
            .map(|line| if line.len() > LONGEST { WITHHELD.into() } else { line })
            .map(|line| if line == WITHHELD { format!("# {line}").into() } else { line })
            .collect();
        if !lines.is_empty() {
            writeln!(self.out, "{}\n", block("sh", &lines))?;
        }
        for note in &finding.remedy.notes {
            self.item(&inline(note, SENTENCE))?;
        }
        if finding.remedy.notes.is_empty() { Ok(()) } else { writeln!(self.out) }
    }
}

fn saving(finding: &FindingRow) -> String {
    let dollars = &finding.monthly_usd;
    match (dollars.saving_low.zip(dollars.saving_high), money(finding)) {
        (Some((low, high)), _) => format!("saves {} a month", range(low, high)),
        (None, "none") => "no money attached".to_owned(),
        (None, _) => "saving unknown".to_owned(),
    }
}
