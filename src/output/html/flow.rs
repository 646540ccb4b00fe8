//! From the clients' subnets through the gateways to services: the picture that flow logs make possible.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::text::short;
use crate::model::Bytes;
use crate::output::clip;
use crate::report::{NatGatewayRow, Report};

/// Gateways drawn, those with the most bytes.
const GATEWAYS: usize = 12;
/// Subnets and services drawn one by one; the rest of each is one band.
const BANDS: usize = 14;

/// What flows where.
#[derive(Serialize)]
pub(super) struct Flows {
    /// From left to right, the largest first.
    pub(super) subnets: Vec<Band>,
    pub(super) gateways: Vec<Band>,
    pub(super) services: Vec<Band>,
    pub(super) links: Vec<Link>,
    /// Gateways that flow logs tell of and that are not drawn.
    pub(super) left_out: usize,
}

/// A subnet, a gateway or a service.
#[derive(Serialize)]
pub(super) struct Band {
    pub(super) label: String,
    pub(super) bytes: Bytes,
}

/// Bytes from one band to one of the next column.
#[derive(Serialize)]
pub(super) struct Link {
    /// Whether it starts at a subnet, else at a gateway.
    enters: bool,
    from: usize,
    to: usize,
    bytes: Bytes,
}

impl Flows {
    /// What stands in tables below the picture.
    pub(super) fn ends(&self) -> impl Iterator<Item = (&'static str, &[Band])> {
        [("Subnet of the clients", &self.subnets[..]), ("Service", &self.services[..])].into_iter()
    }
}

/// The flows of every gateway whose bytes are told apart; none when none are.
pub(super) fn flows(report: &Report) -> Option<Flows> {
    let bytes = |row: &NatGatewayRow| row.traffic.iter().map(|line| line.bytes).fold(0, Bytes::saturating_add);
    let mut rows: Vec<_> = report.nat_gateways.iter().filter(|row| bytes(row) > 0).collect();
    rows.sort_by_key(|row| Reverse(bytes(row)));
    let left_out = rows.len().saturating_sub(GATEWAYS);
    rows.truncate(GATEWAYS);
    if rows.is_empty() {
        return None;
    }
    let (mut entering, mut leaving) = (Vec::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        entering.extend(row.clients.iter().map(|clients| {
            let name = clients.subnet_name.as_deref().map(|name| clip(name, 40));
            let id = clients.subnet_id.as_ref().map(|id| short(id.as_str()));
            let vpc = || clients.vpc_id.as_ref().map(|id| format!("{}, subnet unknown", short(id.as_str())));
            let label = match (name, id) {
                (Some(name), Some(id)) => Some(format!("{name} ({id})")),
                (_, id) => id.or_else(vpc),
            };
            (label.unwrap_or_else(|| "clients outside the known subnets".to_owned()), index, clients.bytes)
        }));
        leaving.extend(row.traffic.iter().map(|line| {
            let elsewhere = line.region.as_ref().filter(|region| **region != row.region);
            let region = elsewhere.map(|region| format!(" of {}", short(region.as_str()))).unwrap_or_default();
            (format!("{}{region}", short(line.service.as_str())), index, line.bytes)
        }));
    }
    let (subnets, entering) = bands(entering, "other subnets");
    let (services, leaving) = bands(leaving, "other services");
    let gateways = rows.iter().map(|row| Band { label: super::series::label(row), bytes: bytes(row) }).collect();
    let links = entering
        .into_iter()
        .map(|((band, gateway), bytes)| Link { enters: true, from: band, to: gateway, bytes })
        .chain(leaving.into_iter().map(|((band, gateway), bytes)| Link {
            enters: false,
            from: gateway,
            to: band,
            bytes,
        }))
        .filter(|link| link.bytes > 0)
        .collect();
    Some(Flows { subnets, gateways, services, links, left_out })
}

/// The largest of some labels and one band for the rest; and the bytes between each of them and each gateway.
fn bands(parts: Vec<(String, usize, Bytes)>, rest: &str) -> (Vec<Band>, BTreeMap<(usize, usize), Bytes>) {
    let mut sums = BTreeMap::<&str, Bytes>::new();
    for (label, _, bytes) in &parts {
        let sum = sums.entry(label).or_default();
        *sum = sum.saturating_add(*bytes);
    }
    let mut order: Vec<_> = sums.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
    order.sort_by_key(|(label, bytes)| (Reverse(*bytes), *label));
    let cut = if order.len() > BANDS + 1 { BANDS } else { order.len() };
    let others = order.split_off(cut);
    let mut bands: Vec<_> =
        order.iter().map(|(label, bytes)| Band { label: (*label).to_owned(), bytes: *bytes }).collect();
    if !others.is_empty() {
        let bytes = others.iter().map(|(_, bytes)| *bytes).fold(0, Bytes::saturating_add);
        bands.push(Band { label: format!("{} {rest}", others.len()), bytes });
    }
    let places: BTreeMap<_, _> = order.iter().enumerate().map(|(place, (label, _))| (*label, place)).collect();
    let mut links = BTreeMap::<(usize, usize), Bytes>::new();
    for (label, gateway, bytes) in parts.iter().filter(|(_, _, bytes)| *bytes > 0) {
        let band = places.get(label.as_str()).copied().unwrap_or(cut);
        let sum = links.entry((band, *gateway)).or_default();
        *sum = sum.saturating_add(*bytes);
    }
    (bands, links)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bands_are_put_together_and_nothing_is_lost() {
        let parts: Vec<_> =
            (1..=20).flat_map(|n| [(format!("s{n:02}"), 0, n * 10), (format!("s{n:02}"), 1, n)]).collect();
        let (bands, links) = bands(parts.clone(), "other services");
        assert_eq!(bands.len(), BANDS + 1);
        assert_eq!((bands[0].label.as_str(), bands[0].bytes), ("s20", 220));
        assert_eq!((bands[BANDS].label.as_str(), bands[BANDS].bytes), ("6 other services", 11 * 21));
        let whole: Bytes = parts.iter().map(|(_, _, bytes)| bytes).sum();
        assert_eq!(links.values().sum::<Bytes>(), whole);
        assert_eq!(links[&(BANDS, 1)], 21);
    }

    #[test]
    fn a_single_small_band_stays_by_itself() {
        let parts = (1..=15).map(|n| (format!("s{n:02}"), 0, n)).chain([("none".to_owned(), 0, 0)]).collect();
        let (bands, _) = bands(parts, "other services");
        assert_eq!(bands.len(), BANDS + 1);
        assert_eq!(bands[BANDS].label, "s01");
    }
}
