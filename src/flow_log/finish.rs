//! From sums to the result: numbers become names again, and bytes of an address with several names are split.

#![expect(clippy::iter_over_hash_type, reason = "sums do not depend on the order of what is added")]

use std::collections::BTreeMap;

use super::counter::Rules;
use super::tally::{Client, NO_HOUR, NOBODY, Slot, Tally, What, address};
use crate::address::Owner;
use crate::model::Bytes;
use crate::resolver_log::NameSet;
use crate::traffic::{
    ClientTraffic, GatewayTraffic, Label, Method, NamedBy, Place, Traffic, Volume, apportion, spread,
};

/// Puts the result together.
pub(super) fn finish(rules: &Rules<'_>, logs: &[Option<String>], tally: Tally) -> Traffic {
    let mut gateways = Gateways::new(rules);
    let mut clients = BTreeMap::<(u32, Client, What), Volume>::new();
    for ((client, slot, what), volume) in tally.entries {
        *clients.entry((slot.gateway, client, what)).or_default() += volume;
    }
    for ((gateway, client, what), volume) in clients {
        gateways.client(gateway, client, what, volume);
    }
    let mut rest = BTreeMap::<(u32, Option<u32>, What), Volume>::new();
    for ((place, slot, what), volume) in tally.rest {
        *rest.entry((slot.gateway, place, what)).or_default() += volume;
    }
    for ((gateway, place, what), volume) in rest {
        gateways.rest(gateway, place, what, volume);
    }
    let mut cells = BTreeMap::<(u32, What), BTreeMap<u32, Bytes>>::new();
    let stretch = tally.hourly.stretch();
    for ((slot, hour, what, place), bytes) in tally.hourly.cells {
        if rules.sample.is_some() {
            gateways.hour_of_place(slot.gateway, (hour, place), what, bytes);
        }
        let cell = cells.entry((slot.gateway, what)).or_default().entry(hour).or_default();
        *cell = cell.saturating_add(bytes);
    }
    for ((gateway, what), hours) in cells {
        gateways.hours(gateway, what, &hours, stretch);
    }
    for ((slot, hour), sum) in tally.hourly.hours {
        let log = name(logs, slot);
        gateways.with(slot.gateway, |gateway| {
            if hour != NO_HOUR && sum.bytes > 0 {
                let bytes = gateway.hours.entry(hour).or_default();
                *bytes = bytes.saturating_add(sum.bytes);
            }
            gateway.flow_logs.entry(log).or_default();
        });
    }
    for (slot, count) in tally.skipdata {
        gateways.with(slot.gateway, |gateway| gateway.skipdata += count);
    }
    for (slot, count) in tally.duplicates {
        let log = name(logs, slot);
        gateways.with(slot.gateway, |gateway| *gateway.flow_logs.entry(log).or_default() += count);
    }
    let published = rules.book.published();
    Traffic {
        gateways: gateways.done(),
        statistics: tally.statistics,
        ranges_published: published.create_date.to_string(),
        ..Traffic::default()
    }
}

fn name(logs: &[Option<String>], slot: Slot) -> String {
    logs.get(slot.log as usize).and_then(Option::as_deref).unwrap_or("unnamed").to_owned()
}

struct Gateways<'r> {
    rules: &'r Rules<'r>,
    all: Vec<GatewayTraffic>,
    /// Bytes of addresses with several names, by those.
    named: BTreeMap<(u32, What), Vec<Bytes>>,
}

impl<'r> Gateways<'r> {
    fn new(rules: &'r Rules<'r>) -> Self {
        let count = u32::try_from(rules.gateways.len()).unwrap_or(u32::MAX);
        let unseen = |number| {
            let watched = rules.gateways.get(number)?;
            let gateway = &watched.gateway;
            Some(GatewayTraffic::unseen(&gateway.nat, gateway.nat_gateway_id.clone()))
        };
        Self { rules, all: (0..count).filter_map(unseen).collect(), named: BTreeMap::new() }
    }

    fn with(&mut self, number: u32, change: impl FnOnce(&mut GatewayTraffic)) {
        if let Some(gateway) = self.all.get_mut(number as usize) {
            change(gateway);
        }
    }

    /// What made records count whose client is known, or not.
    fn method(&self, known: bool) -> Method {
        match (self.rules.gateways.clients.is_some(), known) {
            (true, _) => Method::ClientInterfaces,
            (false, true) => Method::ClientLegs,
            (false, false) => Method::RemoteLegs,
        }
    }

    fn client(&mut self, number: u32, client: Client, what: What, volume: Volume) {
        let Some(watched) = self.rules.gateways.get(number) else { return };
        let (known, anyone) = (client != NOBODY, address(client));
        let place = watched.place_of(anyone).filter(|_| known).and_then(|place| watched.place(place)).cloned();
        let method = self.method(known);
        for (label, volume) in self.parts(number, what, volume) {
            self.with(number, |gateway| {
                if let Some(label) = &label {
                    *gateway.flows.entry(label.clone()).or_default() += volume;
                    gateway.method = gateway.method.max(method);
                }
                if known {
                    *gateway.places.entry((place.clone(), label.clone())).or_default() += volume;
                    gateway.clients.push(ClientTraffic { address: anyone, place: place.clone(), label, volume });
                }
            });
        }
    }

    fn rest(&mut self, number: u32, place: Option<u32>, what: What, volume: Volume) {
        let Some(watched) = self.rules.gateways.get(number) else { return };
        let method = self.method(true);
        let place: Option<Place> = place.and_then(|place| watched.place(place)).cloned();
        for (label, volume) in self.parts(number, what, volume) {
            self.with(number, |gateway| {
                if let Some(label) = &label {
                    *gateway.flows.entry(label.clone()).or_default() += volume;
                    gateway.method = gateway.method.max(method);
                }
                *gateway.places.entry((place.clone(), label)).or_default() += volume;
                gateway.other_clients += volume;
            });
        }
    }

    /// Adds bytes by hour of what all of them are for, after all clients'. Names have the parts of it that they have of
    /// the clients' bytes.
    fn hours(&mut self, number: u32, what: What, hours: &BTreeMap<u32, Bytes>, stretch: u32) {
        let labels: Vec<_> = self.split(what, Volume::default()).into_iter().map(|(label, _)| label).collect();
        let rows: Vec<_> = hours.values().copied().collect();
        let table = match self.named.get(&(number, what)) {
            Some(named) => spread(&rows, named),
            None => rows.into_iter().map(|bytes| vec![bytes]).collect(),
        };
        self.with(number, |gateway| {
            gateway.stretch = stretch;
            for (hour, line) in hours.keys().zip(table).filter(|(hour, _)| **hour != NO_HOUR) {
                for (label, bytes) in labels.iter().zip(line).filter(|(_, bytes)| *bytes > 0) {
                    let Some(label) = label else { continue };
                    let sum = gateway.labels_by_hour.entry(label.clone()).or_default().entry(*hour).or_default();
                    *sum = sum.saturating_add(bytes);
                }
            }
        });
    }

    /// Adds bytes of an hour and of clients of some place.
    fn hour_of_place(&mut self, number: u32, (hour, place): (u32, Option<u32>), what: What, bytes: Bytes) {
        let Some(watched) = self.rules.gateways.get(number) else { return };
        let place = place.and_then(|place| watched.place(place)).cloned();
        for (label, part) in self.split(what, Volume { upload: bytes, ..Volume::default() }) {
            self.with(number, |gateway| {
                let hours = gateway.places_by_hour.entry((place.clone(), label)).or_default();
                let sum = hours.entry(hour).or_default();
                *sum = sum.saturating_add(part.upload);
            });
        }
    }

    /// The same as `split`, and notes what each of several names has.
    fn parts(&mut self, number: u32, what: What, volume: Volume) -> Vec<(Option<Label>, Volume)> {
        let parts = self.split(what, volume);
        if parts.len() > 1 {
            let named = self.named.entry((number, what)).or_insert_with(|| vec![0; parts.len()]);
            for (sum, (_, part)) in named.iter_mut().zip(&parts) {
                *sum = sum.saturating_add(part.bytes());
            }
        }
        parts
    }

    /// What bytes are for. Those of an address with several names are split by the names' shares of the queries.
    fn split(&self, what: What, volume: Volume) -> Vec<(Option<Label>, Volume)> {
        if what == What::UNKNOWN {
            return vec![(None, volume)];
        }
        let (owner, set) = what.parts();
        let Some(owner) = self.rules.book.owners().get(owner) else { return vec![(None, volume)] };
        let set = set.and_then(|set| self.rules.names?.sets().get(set));
        let Some(set) = set else { return vec![(Some(label(owner)), volume)] };
        let queries: Vec<u64> = set.shares.iter().map(|share| share.queries).collect();
        let part = |whole: Bytes| apportion(whole, &queries);
        let (upload, download) = (part(volume.upload), part(volume.download));
        let records = (part(volume.upload_records), part(volume.download_records));
        let parts = upload.into_iter().zip(download).zip(records.0.into_iter().zip(records.1));
        let volumes = parts.map(|((upload, download), (upload_records, download_records))| Volume {
            upload,
            download,
            upload_records,
            download_records,
        });
        names(owner, set).into_iter().map(Some).zip(volumes).collect()
    }

    fn done(mut self) -> Vec<GatewayTraffic> {
        for gateway in &mut self.all {
            let key = |client: &ClientTraffic| (client.address, client.label.clone());
            // Two names of one address, or of two, may be one service.
            gateway.clients.sort_by_cached_key(key);
            gateway.clients.dedup_by(|next, first| {
                let same = key(next) == key(first);
                if same {
                    first.volume += next.volume;
                }
                same
            });
            gateway.clients.sort_by_cached_key(|client| (std::cmp::Reverse(client.volume.bytes()), key(client)));
        }
        self.all.sort_by(|a, b| a.nat.cmp(&b.nat));
        self.all
    }
}

fn label(owner: &Owner) -> Label {
    Label {
        service: owner.service.clone(),
        region: owner.region.clone(),
        gateway_endpoint: owner.gateway_endpoint,
        named_by: if owner.by_prefix_list { NamedBy::PrefixList } else { NamedBy::Address },
    }
}

/// A label for each share of a set of names. A name of no service leaves what the address itself tells.
fn names(owner: &Owner, set: &NameSet) -> Vec<Label> {
    let named_by = if set.shares.len() > 1 { NamedBy::DnsShare } else { NamedBy::Dns };
    let one = |share: &crate::resolver_log::NameShare| match &share.named {
        Some(named) => Label {
            service: named.service.clone(),
            region: named.region.clone().or_else(|| owner.region.clone()),
            gateway_endpoint: false,
            named_by,
        },
        None if set.shares.len() == 1 => label(owner),
        None => Label { named_by, ..label(owner) },
    };
    set.shares.iter().map(one).collect()
}
