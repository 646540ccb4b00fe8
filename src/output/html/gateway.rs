//! NAT gateways: what each costs a month and what it is made of.

use askama::Template;
use rust_decimal::Decimal;

use super::list::{Key, List, Row, figures, words};
use super::text::{bytes, dated, monthly_gb, quantity, rate, short};
use crate::model::{Bytes, Usd};
use crate::output::table::{maybe, percent, plain, size, zones};
use crate::report::{NatGatewayRow, Report};

#[derive(Template)]
#[template(path = "gateway.html", config = "src/output/html/askama.toml")]
struct GatewayHtml<'r> {
    row: &'r NatGatewayRow,
    several_accounts: bool,
}

/// The table of NAT gateways.
pub(super) fn list(report: &Report) -> List<'_> {
    let several_accounts = report.scope.accounts.len() > 1;
    let row = move |index: usize| {
        let Some(row) = report.nat_gateways.get(index) else { return Err(askama::Error::Fmt) };
        let month = |amount| Key::Figure(monthly(row, amount).map(|usd| usd.0));
        Ok(Row {
            html: GatewayHtml { row, several_accounts }.render()?,
            keys: vec![
                Key::words(row.name.as_deref().unwrap_or(row.nat_gateway_id.as_str())),
                Key::words(&place(row)),
                Key::Figure(gigabytes(row)),
                month(row.window_usd.hours),
                month(row.window_usd.data),
                month(row.window_usd.addresses),
                Key::Figure(row.monthly_usd.map(|usd| usd.0)),
            ],
            facets: vec![
                short(row.account_id.as_str()),
                short(row.region.as_str()),
                row.vpc_id.as_ref().map_or_else(|| "unknown".to_owned(), |id| short(id.as_str())),
                short(&row.state),
            ],
        })
    };
    List {
        id: "gateways",
        title: "NAT gateways, by month of 730 hours",
        columns: vec![
            words("NAT gateway"),
            words("Where"),
            figures("GB"),
            figures("Hours $"),
            figures("Data $"),
            figures("IPv4 $"),
            figures("Total $"),
        ],
        facets: &["Account", "Region", "VPC", "State"],
        len: report.nat_gateways.len(),
        row: Box::new(row),
    }
}

fn place(row: &NatGatewayRow) -> String {
    let vpc = row.vpc_id.as_ref().map_or("", |id| id.as_str());
    format!("{} {} {vpc}", row.region, row.availability_zones.join(" "))
}

fn monthly(row: &NatGatewayRow, amount: Option<Usd>) -> Option<Usd> {
    row.hours.and_then(|hours| Some(amount?.per_month(hours)))
}

fn gigabytes(row: &NatGatewayRow) -> Option<Decimal> {
    row.bytes.as_ref().zip(row.hours).map(|(bytes, hours)| monthly_gb(bytes.processed, hours))
}

fn gigabytes_text(row: &NatGatewayRow) -> String {
    gigabytes(row).map_or_else(|| "unknown".to_owned(), quantity)
}

/// What is not as usual about it.
fn kind(row: &NatGatewayRow) -> String {
    short(&row.unusual().join(", "))
}

/// A part of the gateway's bytes, in percent.
fn share(part: Bytes, row: &NatGatewayRow) -> String {
    let whole = row.bytes.as_ref().map(|bytes| Usd(bytes.processed.into()));
    whole
        .and_then(|whole| percent(Usd(part.into()), whole))
        .map_or_else(|| "unknown".to_owned(), |percent| format!("{percent}%"))
}
