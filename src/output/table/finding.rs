//! Findings: what it saves, what is wrong, what to run, what to mind.

use std::io;

use super::{BOLD, DIM, GREEN, Page, RED, command, range};
use crate::output::{clean, clip};
use crate::report::{FindingRow, Report};

impl Page<'_> {
    pub(super) fn findings(&mut self, report: &Report) -> io::Result<()> {
        if report.findings.is_empty() {
            let text = if report.skipped.is_empty() {
                "Findings: none"
            } else {
                "Findings: none by the rules that could be applied"
            };
            let line = self.paint(GREEN, text);
            return writeln!(self.out, "\n{line}");
        }
        self.heading(&format!("Findings ({}), most money first", report.findings.len()))?;
        let shown: Vec<_> = self.shown(&report.findings).collect();
        // Faults without money come in runs of one rule: its remarks are said once for all of them.
        for run in shown.chunk_by(|a, b| a.rule == b.rule && no_money(a) && no_money(b)) {
            writeln!(self.out)?;
            match run {
                [only] => self.finding(only)?,
                several => self.several(several)?,
            }
        }
        self.cut(report.findings.len())
    }

    fn finding(&mut self, finding: &FindingRow) -> io::Result<()> {
        let money = &finding.monthly_usd;
        let saving = match money.saving_low.zip(money.saving_high) {
            Some((low, high)) => self.paint(RED, &format!("saves {} a month", range(low, high))),
            None if finding.basis == crate::finding::Basis::Configuration => "no money attached".to_owned(),
            None => "saving unknown".to_owned(),
        };
        let about = self.paint(DIM, &format!("{} · {} · {}", finding.rule, finding.basis.as_str(), place(finding)));
        self.hanging(&format!("{saving} · {about}"), "", "  ", None)?;
        self.paragraph(&clip(&finding.title, 400), "  ", Some(BOLD))?;
        self.paragraph(&clip(&finding.detail, 2_000), "  ", None)?;
        self.commands(finding)?;
        self.notes(finding)
    }

    fn several(&mut self, run: &[&FindingRow]) -> io::Result<()> {
        let Some(first) = run.first() else { return Ok(()) };
        let about = self.paint(DIM, &format!("{} · {}", first.rule, first.basis.as_str()));
        self.hanging(&format!("{} times, no money attached or known · {about}", run.len()), "", "  ", None)?;
        for finding in run {
            self.paragraph(&format!("{} · {}", clip(&finding.title, 400), place(finding)), "  ", Some(BOLD))?;
            if finding.detail != first.detail || std::ptr::eq(*finding, *first) {
                self.paragraph(&clip(&finding.detail, 2_000), "  ", None)?;
            }
            self.commands(finding)?;
        }
        self.notes(first)
    }

    fn commands(&mut self, finding: &FindingRow) -> io::Result<()> {
        self.show(&finding.remedy.commands)
    }

    /// Commands, broken over lines.
    pub(super) fn show(&mut self, commands: &[String]) -> io::Result<()> {
        for text in commands {
            match command::lines(text, self.width().saturating_sub(4)) {
                Some(lines) => {
                    for (index, line) in lines.iter().enumerate() {
                        writeln!(self.out, "  {} {line}", if index == 0 { "$" } else { " " })?;
                    }
                }
                None => {
                    self.paragraph("(a command that cannot be shown here: see --format json)", "  $ ", Some(DIM))?;
                }
            }
        }
        Ok(())
    }

    fn notes(&mut self, finding: &FindingRow) -> io::Result<()> {
        for note in &finding.remedy.notes {
            self.hanging(&clean(note), "  - ", "    ", Some(DIM))?;
        }
        Ok(())
    }
}

/// Where it is: the Region and the VPC's name, if it has one.
fn place(finding: &FindingRow) -> String {
    let region = clip(finding.region.as_str(), 20);
    finding.vpc_name.as_deref().map_or(region.clone(), |name| format!("{region} · {}", clip(name, 40)))
}

fn no_money(finding: &FindingRow) -> bool {
    finding.monthly_usd.saving_high.is_none()
}
