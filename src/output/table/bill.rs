//! The bill beside what was computed.

use std::io;

use comfy_table::{Cell, ColumnConstraint, Width};

use super::{Page, clean, clip, number};
use crate::output::bill::{DIFFERING, USAGE, differing, sentences, usage};
use crate::report::Report;

/// The longest usage types stay in one piece: 29 letters, and what parts columns.
const USAGE_TYPE_WIDTH: u16 = 32;

impl Page<'_> {
    pub(super) fn bill(&mut self, report: &Report) -> io::Result<()> {
        let Some(found) = &report.reconciliation else { return Ok(()) };
        self.heading("The bill, beside what was computed")?;
        let [usage_type, _, figures @ ..] = USAGE;
        let mut table = self.table(&[&[usage_type], figures.as_slice()].concat(), 1);
        if let Some(column) = table.column_mut(0) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(USAGE_TYPE_WIDTH)));
        }
        let rows = usage(found);
        for [usage_type, region, figures @ ..] in self.shown(&rows) {
            let mut cells = vec![Cell::new(format!("{}\n{}", clip(usage_type, 60), clip(region, 22)))];
            cells.extend(figures.iter().map(|figure| number(clean(figure).into_owned())));
            table.add_row(cells);
        }
        writeln!(self.out, "{table}")?;
        self.cut(rows.len())?;
        let rows = differing(found);
        if !rows.is_empty() {
            self.heading("Gateways and endpoints that the bill has otherwise")?;
            let mut table = self.table(&DIFFERING, DIFFERING.len());
            for [resource, usage_type, figures @ .., why] in self.shown(&rows) {
                let mut cells = vec![Cell::new(clip(resource, 60)), Cell::new(clip(usage_type, 60))];
                cells.extend(figures.iter().map(|figure| number(clean(figure).into_owned())));
                cells.push(Cell::new(clip(why, 120)));
                table.add_row(cells);
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
