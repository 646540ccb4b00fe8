//! A comparison for a person at a terminal: the change first, then what moved it, then where, then the findings.

use std::io::{self, Write};

use comfy_table::Cell;

use super::{BOLD, DIM, GREEN, Page, RED, YELLOW, number, plain, some};
use crate::difference::{Difference, FindingChange, FindingStatus, ResourceChange};
use crate::model::Usd;
use crate::output::change::{
    assumed, changed, changed_findings, comparable, components, counted, counted_findings, dollars, effects, gigabytes,
    headline, maybe_signed, not_seen, prices, realised, saved, saving, service, side, signed,
};
use crate::output::{Style, clip};

/// Writes a comparison.
pub(in crate::output) fn render(difference: &Difference, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, several_regions: true, out };
    page.change(difference)?;
    page.moved(difference)?;
    page.parts(difference)?;
    page.resources(&counted("NAT gateways", &difference.nat_gateways), "NAT gateway", &difference.nat_gateways)?;
    page.resources(&counted("Endpoints", &difference.endpoints), "Endpoint", &difference.endpoints)?;
    page.found(difference)?;
    page.not_seen(difference)
}

impl Page<'_> {
    fn change(&mut self, difference: &Difference) -> io::Result<()> {
        let now = &difference.now;
        let scope = format!(
            "{} · {}",
            some(now.accounts.iter().map(|id| id.as_str()), 3, "accounts"),
            some(now.regions.iter().map(|id| id.as_str()), 4, "Regions")
        );
        self.paragraph(&scope, "", Some(DIM))?;
        writeln!(self.out)?;
        let indent = "          ";
        let ansi = match difference.monthly_usd.change {
            change if change > Usd::ZERO => RED,
            change if change < Usd::ZERO => GREEN,
            _ => BOLD,
        };
        self.hanging(&headline(&difference.monthly_usd), "Cost      ", indent, Some(ansi))?;
        if let Some(text) = comparable(&difference.monthly_usd) {
            self.hanging(&text, "Of it     ", indent, Some(YELLOW))?;
        }
        if let Some(text) = saved(difference) {
            self.hanging(&text, "Fixes     ", indent, Some(GREEN))?;
        }
        self.hanging(&side(&difference.then), "Then      ", indent, None)?;
        self.hanging(&side(&difference.now), "Now       ", indent, None)?;
        self.hanging(&prices(difference), "Prices    ", indent, None)
    }

    fn moved(&mut self, difference: &Difference) -> io::Result<()> {
        if effects(difference).next().is_none() {
            return self.heading("What moved it: nothing");
        }
        self.heading("What moved it, by month of 730 hours")?;
        // Figures first would wrap no better: the words are the longest.
        let mut table = self.table(&["Due to", "How", "Basis", "Change $"], 3);
        for effect in effects(difference) {
            table.add_row([
                Cell::new(effect.cause.title()),
                Cell::new(effect.cause.meaning()),
                Cell::new(effect.basis.as_str()),
                number(signed(effect.monthly_usd)),
            ]);
        }
        let whole = self.strong(number(signed(difference.monthly_usd.change)));
        table.add_row([Cell::new("all of it"), Cell::new(""), Cell::new(""), whole]);
        writeln!(self.out, "{table}")
    }

    fn parts(&mut self, difference: &Difference) -> io::Result<()> {
        self.heading("Cost by component, by month of 730 hours")?;
        let mut table = self.table(&["Component", "Then $", "Now $", "Change $"], 1);
        for row in components(difference) {
            let figures = [plain(row.then), plain(row.now), maybe_signed(row.change)].map(number);
            table.add_row(std::iter::once(Cell::new(row.name)).chain(figures));
        }
        writeln!(self.out, "{table}")
    }

    fn resources(&mut self, counted: &str, what: &str, rows: &[ResourceChange]) -> io::Result<()> {
        self.heading(counted)?;
        let rows = changed(rows);
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = self.table(&[what, "", "GB then", "GB now", "Then $", "Now $", "Change $"], 2);
        for row in self.shown(&rows) {
            let mut about = vec![clip(&row.id, 28)];
            about.extend(service(row).map(|name| clip(&name, 30)));
            about.extend(row.name.as_deref().map(|name| clip(name, 22)));
            table.add_row([
                Cell::new(about.join("\n")),
                Cell::new(format!("{}\n{}", row.status.as_str(), clip(row.region.as_str(), 20))),
                number(gigabytes(row.then.as_ref())),
                number(gigabytes(row.now.as_ref())),
                number(dollars(row.then.as_ref())),
                number(dollars(row.now.as_ref())),
                self.strong(number(signed(row.change_monthly_usd))),
            ]);
        }
        writeln!(self.out, "{table}")?;
        self.cut(rows.len())
    }

    fn found(&mut self, difference: &Difference) -> io::Result<()> {
        self.heading(&counted_findings(difference))?;
        let findings = changed_findings(difference);
        for finding in self.shown(&findings) {
            self.found_one(finding)?;
        }
        self.cut(findings.len())
    }

    fn found_one(&mut self, finding: &FindingChange) -> io::Result<()> {
        let status = match finding.status {
            FindingStatus::Fixed | FindingStatus::Better => self.paint(GREEN, finding.status.as_str()),
            FindingStatus::New | FindingStatus::Worse => self.paint(RED, finding.status.as_str()),
            _ => self.paint(YELLOW, finding.status.as_str()),
        };
        let about = format!("{} · {}", clip(&finding.rule, 60), clip(finding.region.as_str(), 20));
        writeln!(self.out)?;
        self.hanging(&format!("{status} · {}", self.paint(DIM, &about)), "", "  ", None)?;
        self.paragraph(&clip(&finding.title, 400), "  ", Some(BOLD))?;
        let Some(fix) = &finding.realised else {
            let text = match (&finding.then, &finding.now) {
                (None, now) => format!("would save {} a month", saving(now.as_ref())),
                (then, None) => format!("would have saved {} a month", saving(then.as_ref())),
                (then, now) => format!("would save {} a month, then {}", saving(now.as_ref()), saving(then.as_ref())),
            };
            return self.paragraph(&text, "  ", None);
        };
        self.paragraph(&format!("{}. {}", realised(fix), clip(&fix.detail, 2_000)), "  ", None)?;
        match assumed(fix) {
            Some(text) => self.paragraph(&text, "  ", Some(DIM)),
            None => Ok(()),
        }
    }

    fn not_seen(&mut self, difference: &Difference) -> io::Result<()> {
        let lines = not_seen(difference);
        if lines.is_empty() {
            return Ok(());
        }
        self.heading("Not comparable")?;
        for line in lines {
            self.hanging(&line, "  - ", "    ", Some(YELLOW))?;
        }
        Ok(())
    }
}
