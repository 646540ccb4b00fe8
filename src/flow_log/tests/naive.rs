//! The oracle: what flow logs tell, found the obvious way. Whole files as text, a line as words with names, one record
//! after the other, sums in trees; nothing is skipped, cached, cut into pieces or done side by side. It shares the
//! address book and the shape of its result with the engine, and nothing else.

mod legs;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use legs::{leg, place_of};

use super::super::watch::{ClientSubnet, Gateway, Watch};
use crate::address::AddressBook;
use crate::model::Bytes;
use crate::traffic::{Label, Method, NamedBy, Place, Statistics, Volume};

/// A file's text, unpacked, and the flow log that its name tells.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) log: Option<String>,
    pub(super) text: String,
}

/// What is asked.
pub(super) struct Naive<'n> {
    pub(super) watch: &'n Watch,
    pub(super) book: &'n AddressBook,
    /// First second, and first after.
    pub(super) window: Option<(u64, u64)>,
    pub(super) log_format: Option<&'n str>,
}

/// What was found, by the gateway's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) gateways: BTreeSet<String>,
    pub(super) flows: BTreeMap<(String, Label), Volume>,
    pub(super) clients: BTreeMap<(String, IpAddr, Option<Label>), Volume>,
    pub(super) places: BTreeMap<(String, Option<Place>, Option<Label>), Volume>,
    pub(super) hours: BTreeMap<(String, u32), Bytes>,
    /// By hour and what the bytes were for.
    pub(super) labels: BTreeMap<(String, u32, Label), Bytes>,
    pub(super) methods: BTreeMap<String, Method>,
    pub(super) skipdata: BTreeMap<String, u64>,
    pub(super) doubles: BTreeMap<(String, String), u64>,
    pub(super) statistics: Statistics,
}

/// A line that is no header, with the names of its words.
struct Line<'l> {
    log: Option<&'l str>,
    names: Vec<&'l str>,
    words: Vec<&'l str>,
}

impl<'l> Line<'l> {
    fn get(&self, name: &str) -> Option<&'l str> {
        self.words.get(self.names.iter().position(|known| *known == name)?).copied()
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// As many words as there should be.
    fn fits(&self) -> bool {
        self.names.len() == self.words.len()
    }

    fn is_record(&self) -> bool {
        self.fits() && self.words.iter().all(|word| !word.is_empty())
    }

    fn number(&self, name: &str) -> Option<u64> {
        let word = self.get(name)?;
        let is_number = word.len() <= 18 && word.chars().all(|letter| letter.is_ascii_digit());
        word.parse().ok().filter(|_| is_number)
    }

    fn address(&self, name: &str) -> Option<IpAddr> {
        self.get(name)?.parse().ok()
    }

    fn status(&self) -> Option<&'l str> {
        match self.get("log-status") {
            None if self.get("bytes") == Some("-") => Some("NODATA"),
            status => status,
        }
    }
}

/// Whose record a line is.
enum Whose {
    Gateway(Gateway),
    Client,
    Other,
    Malformed,
}

/// What a record shows.
struct Flow {
    gateway: String,
    log: Option<String>,
    client: Option<IpAddr>,
    place: Option<Place>,
    remote: Option<IpAddr>,
    is_upload: bool,
    parts: Vec<(Option<u32>, Bytes)>,
}

impl Naive<'_> {
    pub(super) fn read(&self, files: &[File]) -> Sums {
        let lines: Vec<Line<'_>> = files.iter().flat_map(|file| self.lines(file)).collect();
        let learned = self.learned(&lines);
        let mut sums = Sums::default();
        let known = self.known().iter().map(|gateway| gateway.nat.clone());
        sums.gateways = known.chain(learned.iter().map(|gateway| gateway.nat.clone())).collect();
        sums.statistics.files = files.len() as u64;
        sums.statistics.records = lines.len() as u64;
        let flows: Vec<_> = lines.iter().filter_map(|line| self.record(line, &learned, &mut sums)).collect();
        let winners = winners(&flows);
        for flow in &flows {
            self.add(flow, &winners, &mut sums);
        }
        sums
    }

    fn known(&self) -> &[Gateway] {
        match self.watch {
            Watch::Gateways { known, .. } => known,
            Watch::Clients { gateways, .. } => gateways,
        }
    }

    fn lines<'f>(&'f self, file: &'f File) -> Vec<Line<'f>> {
        let mut names: Vec<&str> = Vec::new();
        let mut lines = Vec::new();
        for text in file.text.split('\n') {
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() {
                continue;
            }
            let words: Vec<_> = text.split(' ').collect();
            if words.contains(&"srcaddr") && words.contains(&"dstaddr") {
                names = words;
                continue;
            }
            if names.is_empty() {
                names = self.log_format.expect("a file without a header has a given format").split(' ').collect();
                if words[0].len() >= 20 && words[0].parse::<jiff::Timestamp>().is_ok() {
                    names.insert(0, "the time that an export has");
                }
            }
            lines.push(Line { log: file.log.as_deref(), names: names.clone(), words });
        }
        lines
    }

    /// Gateways that records name themselves.
    fn learned(&self, lines: &[Line<'_>]) -> Vec<Gateway> {
        let Watch::Gateways { known, learn: true } = self.watch else { return Vec::new() };
        let mut learned = BTreeMap::new();
        for line in lines.iter().filter(|line| line.fits()) {
            let (name, regional) = match (line.get("interface-id"), line.get("resource-id")) {
                (Some(eni), _) if eni.starts_with("eni-") => {
                    if line.get("interface-type") != Some("nat_gateway") {
                        continue;
                    }
                    (eni, false)
                }
                (None | Some("-"), Some(nat)) if nat.starts_with("nat-") => (nat, true),
                _ => continue,
            };
            let is_known =
                known.iter().any(|gateway| gateway.nat == name || gateway.interfaces.iter().any(|eni| eni == name));
            if !is_known {
                learned.insert(name, Gateway { nat: name.to_owned(), regional, ..Gateway::default() });
            }
        }
        learned.into_values().collect()
    }

    fn whose(&self, line: &Line<'_>, learned: &[Gateway]) -> Whose {
        let learns = matches!(self.watch, Watch::Gateways { learn: true, .. });
        let watches_clients = matches!(self.watch, Watch::Clients { .. });
        let known = self.known();
        if line.has("interface-id") {
            match line.get("interface-id") {
                Some(eni) if eni.starts_with("eni-") => {
                    if watches_clients {
                        return Whose::Client;
                    }
                    if let Some(gateway) = known.iter().find(|gateway| gateway.interfaces.iter().any(|own| own == eni))
                    {
                        return Whose::Gateway(gateway.clone());
                    }
                    let Some(gateway) = learned.iter().find(|gateway| gateway.nat == eni) else { return Whose::Other };
                    // Each record must say so itself, but one without data or that is cut off.
                    let says = line.get("interface-type");
                    let may_keep_silent = matches!(line.status(), Some("NODATA" | "SKIPDATA"));
                    let is_open = !line.fits() || matches!(says, Some("nat_gateway" | "-" | ""));
                    return match says {
                        _ if !line.has("interface-type") => Whose::Other,
                        _ if is_open && !line.is_record() => Whose::Malformed,
                        Some("nat_gateway") => Whose::Gateway(gateway.clone()),
                        Some("-") if may_keep_silent => Whose::Gateway(gateway.clone()),
                        _ => Whose::Other,
                    };
                }
                Some("-") => {}
                _ => return Whose::Malformed,
            }
            if !line.has("resource-id") {
                return Whose::Other;
            }
        }
        let resource = match line.get("resource-id") {
            None => return Whose::Malformed,
            Some(resource) if resource.starts_with("nat-") => resource,
            Some(_) if watches_clients && !line.has("interface-id") => return Whose::Client,
            Some(_) => return Whose::Other,
        };
        if watches_clients {
            return Whose::Other;
        }
        let is_it = |gateway: &&Gateway| gateway.nat_gateway_id.as_ref().is_some_and(|id| id.as_str() == resource);
        match known.iter().find(is_it) {
            Some(gateway) => Whose::Gateway(gateway.clone()),
            None if !learns => Whose::Other,
            None if !line.fits() => Whose::Malformed,
            None => {
                learned.iter().find(|gateway| gateway.nat == resource).cloned().map_or(Whose::Other, Whose::Gateway)
            }
        }
    }

    /// Counts what becomes of a record, unless it tells of bytes.
    fn record(&self, line: &Line<'_>, learned: &[Gateway], sums: &mut Sums) -> Option<Flow> {
        let statistics = &mut sums.statistics;
        let gateway = match self.whose(line, learned) {
            Whose::Malformed => {
                statistics.malformed += 1;
                return None;
            }
            Whose::Other => {
                statistics.other_interfaces += 1;
                return None;
            }
            Whose::Client => None,
            Whose::Gateway(gateway) => Some(gateway),
        };
        let status = (line.status().unwrap_or("OK"), line.get("action").unwrap_or("ACCEPT"));
        let fate = match (&gateway, status) {
            _ if !line.is_record() => &mut statistics.malformed,
            (Some(_), ("NODATA", _)) => &mut statistics.nodata,
            (Some(gateway), ("SKIPDATA", _)) => {
                *sums.skipdata.entry(gateway.nat.clone()).or_default() += 1;
                &mut statistics.skipdata
            }
            (Some(_), ("OK", "REJECT")) => &mut statistics.rejected,
            (None, ("NODATA" | "SKIPDATA", _) | ("OK", "REJECT")) => &mut statistics.other_interfaces,
            (_, ("OK", "ACCEPT")) => match self.accepted(line, gateway.as_ref()) {
                Ok(flow) => return Some(flow),
                Err(Why::Malformed) => &mut statistics.malformed,
                Err(Why::OtherLeg) => &mut statistics.other_legs,
                Err(Why::Other) => &mut statistics.other_interfaces,
                Err(Why::Outside) => &mut statistics.outside_window,
            },
            _ => &mut statistics.malformed,
        };
        *fate += 1;
        None
    }

    fn accepted(&self, line: &Line<'_>, gateway: Option<&Gateway>) -> Result<Flow, Why> {
        let bytes = line.number("bytes").ok_or(Why::Malformed)?;
        let packet = [line.get("pkt-srcaddr"), line.get("pkt-dstaddr")];
        let has_packet = packet.iter().all(|word| !matches!(word, None | Some("-")));
        let (from, to) = (line.get("srcaddr"), line.get("dstaddr"));
        // The packet is the gateway's own and the rest of the world's: nothing else of it matters. A regional gateway
        // shows no difference between the two, and NAT64's clients neither.
        let is_zonal = !matches!(line.get("interface-id"), None | Some("-"));
        let is_v6 = from.is_some_and(|from| from.contains(':'));
        if gateway.is_some() && is_zonal && has_packet && packet == [from, to] && !is_v6 {
            return Err(Why::OtherLeg);
        }
        let times = if line.has("start") {
            let start = line.number("start").ok_or(Why::Malformed)?;
            Some((start, if line.has("end") { line.number("end").ok_or(Why::Malformed)? } else { start }))
        } else {
            None
        };
        let address = |name| line.address(name).ok_or(Why::Malformed);
        let (source, destination) = (address("srcaddr")?, address("dstaddr")?);
        let packet = if has_packet { Some((address("pkt-srcaddr")?, address("pkt-dstaddr")?)) } else { None };
        let (name, is_upload, client, remote, place) = if let Some(gateway) = gateway {
            let (is_upload, client, remote) = leg(gateway, source, destination, packet).ok_or(Why::OtherLeg)?;
            let place = client.and_then(|client| place_of(gateway, client));
            (gateway.nat.clone(), is_upload, client, remote, place)
        } else {
            let sides = [(true, source, destination), (false, destination, source)];
            let found = sides.into_iter().find_map(|(is_upload, client, remote)| {
                Some((is_upload, client, remote, self.way(line, client, remote)?))
            });
            let (is_upload, client, remote, gateway) = found.ok_or(Why::Other)?;
            (gateway.nat.clone(), is_upload, Some(client), Some(remote), place_of(gateway, client))
        };
        let parts = match times {
            None => vec![(None, bytes)],
            Some((start, end)) => {
                if start > end || end - start > 86_400 || end > 253_402_300_799 {
                    return Err(Why::Malformed);
                }
                parts(bytes, start, end, self.window).ok_or(Why::Outside)?
            }
        };
        Ok(Flow { gateway: name, log: line.log.map(str::to_owned), client, place, remote, is_upload, parts })
    }

    /// The gateway by which a client reaches a remote address.
    fn way(&self, line: &Line<'_>, client: IpAddr, remote: IpAddr) -> Option<&Gateway> {
        let Watch::Clients { gateways, subnets } = self.watch else { return None };
        let named = |name| line.get(name).filter(|id| *id != "-");
        let is_candidate = |subnet: &&ClientSubnet| match (named("subnet-id"), named("vpc-id")) {
            (Some(id), _) => subnet.subnet_id.as_str() == id,
            (None, Some(id)) => subnet.vpc_id.as_str() == id,
            (None, None) => true,
        };
        let holding: Vec<_> =
            subnets.iter().filter(is_candidate).filter(|subnet| subnet.net.contains(&client)).collect();
        if holding.iter().map(|subnet| &subnet.vpc_id).collect::<BTreeSet<_>>().len() > 1 {
            return None;
        }
        let subnet = holding.into_iter().max_by_key(|subnet| subnet.net.prefix_len())?;
        let routes = subnet.routes.iter().filter(|(net, _)| net.contains(&remote));
        gateways.get(routes.max_by_key(|(net, _)| net.prefix_len())?.1?)
    }

    fn add(&self, flow: &Flow, winners: &BTreeMap<(String, Option<u32>), Option<String>>, sums: &mut Sums) {
        let gateway = || flow.gateway.clone();
        let won = |hour: Option<u32>| winners.get(&(gateway(), hour)) == Some(&flow.log);
        let parts: Vec<_> = flow.parts.iter().filter(|(hour, _)| won(*hour)).collect();
        let log = flow.log.clone().unwrap_or_else(|| "unnamed".to_owned());
        let doubles = sums.doubles.entry((gateway(), log)).or_default();
        if parts.is_empty() {
            *doubles += 1;
            sums.statistics.duplicates += 1;
            return;
        }
        let bytes = parts.iter().map(|(_, bytes)| bytes).sum();
        let mut volume = Volume::default();
        if flow.is_upload {
            (volume.upload, volume.upload_records) = (bytes, 1);
        } else {
            (volume.download, volume.download_records) = (bytes, 1);
        }
        let label = flow.remote.map(|remote| self.label(remote));
        if let Some(client) = flow.client {
            *sums.clients.entry((gateway(), client, label.clone())).or_default() += volume;
            *sums.places.entry((gateway(), flow.place.clone(), label.clone())).or_default() += volume;
        }
        let Some(label) = label else {
            sums.statistics.other_legs += 1;
            return;
        };
        sums.statistics.counted += 1;
        *sums.flows.entry((gateway(), label.clone())).or_default() += volume;
        for (hour, bytes) in
            parts.into_iter().filter_map(|(hour, bytes)| Some(((*hour)?, *bytes))).filter(|(_, bytes)| *bytes > 0)
        {
            *sums.hours.entry((gateway(), hour)).or_default() += bytes;
            *sums.labels.entry((gateway(), hour, label.clone())).or_default() += bytes;
        }
        let method = match (self.watch, flow.client) {
            (Watch::Clients { .. }, _) => Method::ClientInterfaces,
            (_, Some(_)) => Method::ClientLegs,
            (_, None) => Method::RemoteLegs,
        };
        let known = sums.methods.entry(gateway()).or_insert(Method::None);
        *known = method.max(*known);
    }

    fn label(&self, remote: IpAddr) -> Label {
        let owner = self.book.owner(self.book.owner_of(remote));
        Label {
            service: owner.service.clone(),
            region: owner.region.clone(),
            gateway_endpoint: owner.gateway_endpoint,
            named_by: if owner.by_prefix_list { NamedBy::PrefixList } else { NamedBy::Address },
        }
    }
}

/// Why an accepted record's bytes do not count.
enum Why {
    Malformed,
    OtherLeg,
    Other,
    Outside,
}

/// A record's bytes in each hour that it has in the window: even over its seconds, whole bytes, nothing lost between.
fn parts(bytes: Bytes, start: u64, end: u64, window: Option<(u64, u64)>) -> Option<Vec<(Option<u32>, Bytes)>> {
    let end = if end == start { start + 1 } else { end };
    let until = |second: u64| u128::from(bytes) * u128::from(second - start) / u128::from(end - start);
    let (from, to) = window.map_or((start, end), |(first, after)| (first.max(start), after.min(end)));
    if from >= to {
        return None;
    }
    let mut parts = Vec::new();
    let mut at = from;
    while at < to {
        let next = ((at / 3600 + 1) * 3600).min(to);
        parts.push((Some(u32::try_from(at / 3600).unwrap()), u64::try_from(until(next) - until(at)).unwrap()));
        at = next;
    }
    Some(parts)
}

/// Which flow log counts in each hour of a gateway: of those that have the hour the one that is best as a whole, by
/// telling both ends, by bytes, by name.
fn winners(flows: &[Flow]) -> BTreeMap<(String, Option<u32>), Option<String>> {
    let mut logs = BTreeMap::<(String, Option<String>), (bool, Bytes, BTreeSet<Option<u32>>)>::new();
    for flow in flows {
        let (both, bytes, hours) = logs.entry((flow.gateway.clone(), flow.log.clone())).or_default();
        *both |= flow.client.is_some() && flow.remote.is_some();
        *bytes += flow.parts.iter().map(|(_, bytes)| bytes).filter(|_| flow.remote.is_some()).sum::<Bytes>();
        hours.extend(flow.parts.iter().map(|(hour, _)| *hour));
    }
    let mut order: Vec<_> = logs.into_iter().collect();
    order.sort_by_key(|((_, log), (both, bytes, _))| (std::cmp::Reverse((*both, *bytes)), log.clone()));
    let mut winners = BTreeMap::new();
    for ((gateway, log), (_, _, hours)) in order {
        for hour in hours {
            winners.entry((gateway.clone(), hour)).or_insert_with(|| log.clone());
        }
    }
    winners
}
