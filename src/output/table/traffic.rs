//! What flow logs say, for a person at a terminal: by itself, and as a part of the audit's report.

use std::io::{self, Write};

use comfy_table::Cell;
use rust_decimal::Decimal;

use super::{BOLD, DIM, Page, YELLOW, number, percent};
use crate::model::{Bytes, Gigabytes, Usd, grouped};
use crate::output::{Style, clean, clip};
use crate::report::{FlowRow, Report, TrafficReport};
use crate::traffic::{FileFault, Method, Statistics};

/// Writes the result of `natwise attribute`.
pub(crate) fn render(report: &TrafficReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, several_regions: false, out };
    page.gateways(report)?;
    page.flows(report)?;
    page.sources(report)?;
    page.read(&report.statistics, &report.faults, report.other_files)?;
    page.unnamed(report)
}

/// Gigabytes, and smaller things in what makes them readable.
pub(crate) fn size(bytes: Bytes) -> String {
    let gigabytes = Gigabytes::from_bytes(bytes).0;
    if gigabytes >= Decimal::new(1, 1) {
        return format!("{} GB", grouped(gigabytes, if gigabytes < Decimal::TEN { 2 } else { 1 }));
    }
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

fn share(part: Bytes, whole: Bytes) -> String {
    percent(Usd(part.into()), Usd(whole.into())).map_or_else(|| "-".to_owned(), |percent| format!("{percent}%"))
}

fn how(method: Method) -> &'static str {
    match method {
        Method::None => "in no record",
        Method::ClientLegs => "clients and services",
        Method::RemoteLegs => "services; clients apart",
        Method::ClientInterfaces => "by clients' records",
    }
}

impl Page<'_> {
    fn gateways(&mut self, report: &TrafficReport) -> io::Result<()> {
        let line = self.paint(BOLD, "NAT gateways");
        writeln!(self.out, "{line}")?;
        let mut table = self.table(&["NAT gateway", "Told", "Hours", "Clients", "Up", "Down"], 2);
        for row in &report.gateways {
            table.add_row(vec![
                Cell::new(clip(&row.nat, 40)),
                Cell::new(how(row.method)),
                number(row.hours.to_string()),
                number(row.clients.to_string()),
                number(size(row.upload)),
                number(size(row.download)),
            ]);
        }
        writeln!(self.out, "{table}")?;
        if report.is_of_others() {
            let list = |ids: &[crate::model::AccountId]| {
                ids.iter().take(5).map(|id| clip(id.as_str(), 20)).collect::<Vec<_>>().join(", ")
            };
            let text = format!(
                "None of these gateways is in the logs: they are of account {}, the snapshot of {}.",
                list(&report.accounts),
                list(&report.snapshot_accounts)
            );
            self.paragraph(&text, "  ", Some(YELLOW))?;
        }
        Ok(())
    }

    fn flows(&mut self, report: &TrafficReport) -> io::Result<()> {
        if report.flows.is_empty() {
            return self.heading("Bytes: none");
        }
        self.heading("Bytes by service, each counted once")?;
        let mut table = self.table(&["NAT gateway", "Service", "Region", "Up", "Down", "Share"], 3);
        let mut rows: Vec<(&FlowRow, Bytes, Bytes)> = Vec::new();
        for row in &report.flows {
            let same = rows.iter_mut().find(|(first, ..)| {
                (&first.nat, &first.service, &first.region) == (&row.nat, &row.service, &row.region)
            });
            let (up, down) = if row.direction == "upload" { (row.bytes, 0) } else { (0, row.bytes) };
            match same {
                Some((_, all_up, all_down)) => (*all_up, *all_down) = (*all_up + up, *all_down + down),
                None => rows.push((row, up, down)),
            }
        }
        rows.sort_by_key(|(row, up, down)| (row.nat.clone(), std::cmp::Reverse(up + down)));
        let shown = self.style.rows.unwrap_or(usize::MAX).max(50);
        for (row, up, down) in rows.iter().take(shown) {
            let total =
                report.gateways.iter().find(|gateway| gateway.nat == row.nat).map_or(0, |g| g.upload + g.download);
            table.add_row(vec![
                Cell::new(clip(&row.nat, 40)),
                Cell::new(clip(row.service.as_str(), 30)),
                Cell::new(row.region.as_ref().map_or_else(|| "-".to_owned(), |region| clip(region.as_str(), 22))),
                number(size(*up)),
                number(size(*down)),
                number(share(up + down, total)),
            ]);
        }
        writeln!(self.out, "{table}")?;
        if rows.len() > shown {
            let text = format!("… and {} more: --top 0 shows all, as does --format json.", rows.len() - shown);
            self.paragraph(&text, "  ", Some(DIM))?;
        }
        Ok(())
    }

    fn sources(&mut self, report: &TrafficReport) -> io::Result<()> {
        if report.sources.is_empty() {
            return Ok(());
        }
        self.heading("Largest clients")?;
        let mut table = self.table(&["Client", "NAT gateway", "Service", "Up", "Down"], 3);
        for row in &report.sources {
            table.add_row(vec![
                Cell::new(row.address),
                Cell::new(clip(&row.nat, 40)),
                Cell::new(
                    row.service.as_ref().map_or_else(|| "unknown".to_owned(), |service| clip(service.as_str(), 30)),
                ),
                number(size(row.upload)),
                number(size(row.download)),
            ]);
        }
        writeln!(self.out, "{table}")?;
        if report.sources_left_out > 0 {
            let text = format!("… and {} more: --top 0 shows all.", report.sources_left_out);
            self.paragraph(&text, "  ", Some(DIM))?;
        }
        Ok(())
    }

    /// What became of the records and files.
    fn read(&mut self, statistics: &Statistics, faults: &[FileFault], other_files: u64) -> io::Result<()> {
        self.heading("Flow logs")?;
        let count = |count: u64| grouped(count.into(), 0);
        let s = statistics;
        let mut text =
            format!("{} records in {} files: {} counted", count(s.records), count(s.files), count(s.counted));
        for (number, what) in [
            (s.other_legs, "the other side of the same bytes"),
            (s.other_interfaces, "of other interfaces"),
            (s.rejected, "rejected"),
            (s.outside_window, "outside the window"),
            (s.duplicates, "another flow log's doubles"),
            (s.nodata, "without data"),
            (s.skipdata, "SKIPDATA (records were lost)"),
            (s.malformed, "malformed"),
        ] {
            if number > 0 {
                text.push_str(&format!(", {} {what}", count(number)));
            }
        }
        self.hanging(&format!("{text}."), "  ", "  ", None)?;
        if other_files > 0 {
            self.hanging(
                &format!("{} other files in the folders were left alone.", count(other_files)),
                "  ",
                "  ",
                None,
            )?;
        }
        for fault in self.shown(faults) {
            let how_much = if fault.partly_read { "read in part" } else { "not read" };
            let text = format!("{}: {how_much}: {}", clip(&fault.file, 200), clip(&fault.problem, 300));
            self.hanging(&text, "  - ", "    ", Some(YELLOW))?;
        }
        self.cut(faults.len())
    }

    fn unnamed(&mut self, report: &TrafficReport) -> io::Result<()> {
        let sum = |rows: &mut dyn Iterator<Item = &FlowRow>| rows.map(|row| row.bytes).sum::<Bytes>();
        let unnamed = sum(&mut report.flows.iter().filter(|row| row.service == crate::model::Service::AWS));
        let all = sum(&mut report.flows.iter());
        if unnamed > 0 {
            let text = format!(
                "{} of the bytes went to AWS services that an address alone does not name; Route 53 Resolver query logs do (--resolver-logs PATH).",
                share(unnamed, all)
            );
            self.paragraph(&text, "  ", Some(DIM))?;
        }
        let text = format!("Addresses by AWS's ranges of {}.", clean(&report.ranges_published));
        self.paragraph(&text, "  ", Some(DIM))
    }

    /// The audit's part: each gateway's bytes by service.
    pub(super) fn nat_traffic(&mut self, report: &Report) -> io::Result<()> {
        let Some(flow_logs) = &report.flow_logs else { return Ok(()) };
        self.heading("NAT traffic by service, as flow logs show it")?;
        let mut table = self.table(&["NAT gateway", "Service", "Region", "In the window", "Logged", "Share"], 3);
        let mut rows = 0;
        for gateway in &report.nat_gateways {
            let total: Bytes = gateway.traffic.iter().map(|row| row.bytes).sum();
            for row in self.shown(&gateway.traffic) {
                rows += 1;
                table.add_row(vec![
                    Cell::new(clip(gateway.nat_gateway_id.as_str(), 40)),
                    Cell::new(clip(row.service.as_str(), 30)),
                    Cell::new(row.region.as_ref().map_or_else(|| "-".to_owned(), |region| clip(region.as_str(), 22))),
                    number(match row.bytes_low.zip(row.bytes_high) {
                        Some((low, high)) => format!("{} ({} to {})", size(row.bytes), size(low), size(high)),
                        None => size(row.bytes),
                    }),
                    number(size(row.logged_bytes)),
                    number(share(row.bytes, total)),
                ]);
            }
        }
        if rows > 0 {
            writeln!(self.out, "{table}")?;
        }
        for gateway in &report.nat_gateways {
            let Some(coverage) = &gateway.coverage else { continue };
            let of = coverage.metered_bytes.map_or_else(|| "unknown".to_owned(), size);
            if let Some((hours, metered)) = coverage.sampled_hours.zip(coverage.metered_bytes_in_sampled_hours) {
                let text = format!(
                    "{}: {hours} hours were sampled; logs show {} of the {} that CloudWatch metered in them ({}), of {of} in all.",
                    clip(gateway.nat_gateway_id.as_str(), 40),
                    size(coverage.logged_bytes),
                    size(metered),
                    share(coverage.logged_bytes, metered),
                );
                self.hanging(&text, "  ", "    ", None)?;
                continue;
            }
            let text = format!(
                "{}: logs show {} of the {of} that CloudWatch metered ({}), in {} of {} hours with traffic.",
                clip(gateway.nat_gateway_id.as_str(), 40),
                size(coverage.logged_bytes),
                coverage.metered_bytes.map_or_else(|| "-".to_owned(), |metered| share(coverage.logged_bytes, metered)),
                coverage.logged_hours,
                coverage.metered_hours,
            );
            self.hanging(&text, "  ", "    ", None)?;
        }
        for nat in self.shown(&flow_logs.unseen) {
            self.hanging(&format!("{}: in no record.", clip(nat, 40)), "  ", "    ", Some(YELLOW))?;
        }
        self.read(&flow_logs.statistics, &flow_logs.faults, 0)
    }

    /// How to learn what gateways' bytes are.
    pub(super) fn advice(&mut self, report: &Report) -> io::Result<()> {
        if report.flow_log_advice.is_empty() {
            return Ok(());
        }
        self.heading("What the bytes of these NAT gateways are is not measured")?;
        // Gateways of a kind get the same advice: one command shows how, the JSON has them all.
        let mut by_message = std::collections::BTreeMap::<_, Vec<_>>::new();
        for advice in &report.flow_log_advice {
            by_message.entry((advice.flow_log_id.is_none(), &advice.flow_log_id)).or_default().push(advice);
        }
        for gateways in by_message.into_values() {
            let Some(first) = gateways.first() else { continue };
            let ids: Vec<_> = gateways.iter().take(4).map(|advice| clip(advice.nat_gateway_id.as_str(), 40)).collect();
            let more = gateways.len().saturating_sub(ids.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            self.hanging(&format!("{}{more}: {}", ids.join(", "), clean(&first.message)), "  - ", "    ", None)?;
            self.show(&first.commands)?;
        }
        Ok(())
    }
}
