//! The bill beside what was computed.

use std::io;

use comfy_table::Cell;

use super::{Page, clean, clip, number};
use crate::output::bill::{DIFFERING, USAGE, differing, sentences, usage};
use crate::report::Report;

impl Page<'_> {
    pub(super) fn bill(&mut self, report: &Report) -> io::Result<()> {
        let Some(found) = &report.reconciliation else { return Ok(()) };
        self.heading("The bill, beside what was computed")?;
        let mut table = self.table(&USAGE, 2);
        let rows = usage(found);
        for row in self.shown(&rows) {
            table.add_row(row.iter().enumerate().map(|(at, cell)| match at {
                0 | 1 => Cell::new(clip(cell, 60)),
                _ => number(clean(cell).into_owned()),
            }));
        }
        writeln!(self.out, "{table}")?;
        self.cut(rows.len())?;
        let rows = differing(found);
        if !rows.is_empty() {
            self.heading("Gateways and endpoints that the bill has otherwise")?;
            let mut table = self.table(&DIFFERING, 2);
            for row in self.shown(&rows) {
                table.add_row(row.iter().enumerate().map(|(at, cell)| match at {
                    0 | 1 | 5 => Cell::new(clip(cell, 80)),
                    _ => number(clean(cell).into_owned()),
                }));
            }
            writeln!(self.out, "{table}")?;
            self.cut(rows.len())?;
        }
        for sentence in sentences(found) {
            self.hanging(&clip(&sentence, 400), "  - ", "    ", None)?;
        }
        Ok(())
    }
}
