//! A comparison for pull requests, wikis and chat.

use std::io::{self, Write};

use super::inline::{inline, name};
use super::{NAME, Page, SENTENCE, maybe, row, table};
use crate::difference::{Difference, FindingChange, ResourceChange};
use crate::output::Style;
use crate::output::change::{
    assumed, changed, changed_findings, comparable, components, counted, counted_findings, dollars, effects, gigabytes,
    headline, maybe_signed, not_seen, prices, realised, saved, saving, service, side, signed,
};

/// Writes a comparison.
pub(in crate::output) fn render(difference: &Difference, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { rows: style.rows.unwrap_or(usize::MAX), out };
    page.change(difference)?;
    page.moved(difference)?;
    let resources = [("NAT gateways", &difference.nat_gateways), ("Endpoints", &difference.endpoints)];
    for (what, rows) in resources {
        page.resources(&counted(what, rows), rows)?;
    }
    page.found(difference)?;
    let lines = not_seen(difference);
    if !lines.is_empty() {
        writeln!(page.out, "## Not comparable\n")?;
        for line in lines {
            page.item(&inline(&line, SENTENCE))?;
        }
        writeln!(page.out)?;
    }
    Ok(())
}

impl Page<'_> {
    fn change(&mut self, difference: &Difference) -> io::Result<()> {
        writeln!(self.out, "# NAT gateways and VPC endpoints: what changed\n")?;
        writeln!(self.out, "**{}.**\n", headline(&difference.monthly_usd))?;
        for text in [comparable(&difference.monthly_usd), saved(difference)].into_iter().flatten() {
            self.item(&text)?;
        }
        self.item(&format!("Then: {}", side(&difference.then)))?;
        self.item(&format!("Now: {}", side(&difference.now)))?;
        self.item(&format!("Prices: {}", inline(&prices(difference), SENTENCE)))?;
        self.item("A month has 730 hours of the window, a GB 2^30 bytes.")?;
        writeln!(self.out)
    }

    fn moved(&mut self, difference: &Difference) -> io::Result<()> {
        writeln!(self.out, "## What moved it\n")?;
        table(self.out, &["", "", "", "---:"], &["Due to", "How", "Basis", "USD a month"])?;
        for effect in effects(difference) {
            let (cause, basis) = (effect.cause, effect.basis.as_str());
            let cells = [cause.title(), cause.meaning(), basis].map(str::to_owned);
            row(self.out, &[&cells[..], &[signed(effect.monthly_usd)]].concat())?;
        }
        let whole = format!("**{}**", signed(difference.monthly_usd.change));
        row(self.out, &["**all of it**".to_owned(), String::new(), String::new(), whole])?;
        writeln!(self.out)?;
        table(self.out, &["", "---:", "---:", "---:"], &["USD a month", "Then", "Now", "Change"])?;
        for part in components(difference) {
            row(self.out, &[part.name.to_owned(), maybe(part.then), maybe(part.now), maybe_signed(part.change)])?;
        }
        writeln!(self.out)
    }

    fn resources(&mut self, counted: &str, rows: &[ResourceChange]) -> io::Result<()> {
        writeln!(self.out, "## {counted}\n")?;
        let rows = changed(rows);
        if rows.is_empty() {
            return Ok(());
        }
        let header = ["Id", "Name", "Service", "Region", "", "GB then", "GB now", "USD then", "USD now", "Change"];
        let align = ["", "", "", "", "", "---:", "---:", "---:", "---:", "---:"];
        table(self.out, &align, &header)?;
        for change in self.shown(&rows) {
            row(self.out, &resource(change))?;
        }
        writeln!(self.out)?;
        self.cut(rows.len())
    }

    fn found(&mut self, difference: &Difference) -> io::Result<()> {
        writeln!(self.out, "## {}\n", counted_findings(difference))?;
        let findings = changed_findings(difference);
        if findings.is_empty() {
            return Ok(());
        }
        table(self.out, &["", "", "", "", ""], &["", "Rule", "Finding", "Saves then, now", "Saved"])?;
        for change in self.shown(&findings) {
            row(self.out, &finding(change))?;
        }
        writeln!(self.out)?;
        self.cut(findings.len())
    }
}

fn resource(change: &ResourceChange) -> Vec<String> {
    vec![
        name(&change.id, NAME),
        change.name.as_deref().map(|text| name(text, NAME)).unwrap_or_default(),
        service(change).map(|text| name(&text, NAME)).unwrap_or_default(),
        name(change.region.as_str(), NAME),
        change.status.as_str().to_owned(),
        gigabytes(change.then.as_ref()),
        gigabytes(change.now.as_ref()),
        dollars(change.then.as_ref()),
        dollars(change.now.as_ref()),
        format!("**{}**", signed(change.change_monthly_usd)),
    ]
}

fn finding(change: &FindingChange) -> Vec<String> {
    let saved = change.realised.as_ref().map(|fix| {
        let assumed = assumed(fix).map(|text| format!(" {text}")).unwrap_or_default();
        format!("{}. {}{assumed}", realised(fix), inline(&fix.detail, SENTENCE))
    });
    vec![
        format!("**{}**", change.status.as_str()),
        name(&change.rule, NAME),
        inline(&change.title, SENTENCE),
        format!("{}, {}", saving(change.then.as_ref()), saving(change.now.as_ref())),
        saved.unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::Side;
    use crate::testing::Account;

    #[test]
    fn names_are_code_and_figures_stay() {
        let side = |gb, text: &str| {
            let account = Account::plain("us-east-1").traffic("nat-1", 0, gb);
            let account = account.edit_nat("nat-1", |nat| {
                nat.tags.insert("Name".to_owned(), text.to_owned());
            });
            Side::of(&account.report()).unwrap()
        };
        let difference = Difference::new(&side(100, "a"), &side(300, "[x](javascript:alert) | @all <b>"));
        let mut out = Vec::new();
        render(&difference, Style { color: false, width: 80, rows: None }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("**$41.00 a month then, $50.00 now: $9.00 more (22%).**"), "{text}");
        assert!(text.contains("| `[x](javascript:alert) \\u{7c} @all <b>` |"), "{text}");
        assert!(text.contains("| traffic |") && text.contains("| +9.00 |"));
    }
}
