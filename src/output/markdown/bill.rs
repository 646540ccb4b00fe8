//! The bill beside what was computed.

use std::io;

use super::inline::{inline, name};
use super::{NAME, Page, SENTENCE, row, table};
use crate::output::bill::{DIFFERING, USAGE, differing, sentences, usage, verdict};
use crate::report::Report;

impl Page<'_> {
    pub(super) fn bill(&mut self, report: &Report) -> io::Result<()> {
        let Some(found) = &report.reconciliation else { return Ok(()) };
        writeln!(self.out, "## The bill, beside what was computed\n")?;
        writeln!(self.out, "{}.\n", inline(&verdict(found), SENTENCE))?;
        table(self.out, &["", "", "---:", "---:", "---:", "---:", "---:", "---:"], &USAGE)?;
        let rows = usage(found);
        for [usage_type, region, figures @ ..] in self.shown(&rows) {
            let mut cells = vec![name(usage_type, NAME), name(region, NAME)];
            cells.extend(figures.iter().map(|figure| inline(figure, NAME)));
            row(self.out, &cells)?;
        }
        writeln!(self.out)?;
        self.cut(rows.len())?;
        let rows = differing(found);
        if !rows.is_empty() {
            writeln!(self.out, "### Gateways and endpoints that the bill has otherwise\n")?;
            table(self.out, &["", "", "---:", "---:", "---:", ""], &DIFFERING)?;
            for [resource, usage_type, figures @ .., why] in self.shown(&rows) {
                let mut cells = vec![name(resource, NAME), name(usage_type, NAME)];
                cells.extend(figures.iter().map(|figure| inline(figure, NAME)));
                cells.push(inline(why, SENTENCE));
                row(self.out, &cells)?;
            }
            writeln!(self.out)?;
            self.cut(rows.len())?;
        }
        let sentences = sentences(found);
        for sentence in &sentences {
            self.item(&inline(sentence, SENTENCE))?;
        }
        if !sentences.is_empty() {
            writeln!(self.out)?;
        }
        Ok(())
    }
}
