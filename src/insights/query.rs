//! The texts of queries.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>

use super::layout::{Field, Layout};
use super::plan::{Piece, Side, Watched};

/// Rows of an answer, at the most.
pub const MOST_ROWS: usize = 10_000;

/// What the sums are called.
pub(super) const BYTES: &str = "sumOfBytes";
/// What the counts are called.
pub(super) const RECORDS: &str = "records";
/// The hour, which Insights calls as it was asked for.
pub(super) const HOUR: &str = "bin(1h)";

/// Events that are looked at where no record was found.
const SAMPLES: usize = 20;

impl Layout {
    /// Sums of accepted records by hour and addresses, those of legs that cannot count left out where the language can
    /// tell.
    #[must_use]
    pub fn flows(&self, piece: &Piece) -> String {
        let mut commands = self.of_gateways(&piece.watched);
        let name = |field| self.name(field);
        let action = name(Field::Action).map(|action| format!("{action} = \"ACCEPT\""));
        // Where records have no status, those without data have no bytes.
        let status = name(Field::Status).map_or_else(
            || name(Field::Bytes).map(|bytes| format!("{bytes} != \"-\"")),
            |status| Some(format!("{status} = \"OK\"")),
        );
        let told: Vec<_> = action.into_iter().chain(status).collect();
        commands.extend((!told.is_empty()).then(|| format!("filter {}", told.join(" and "))));
        commands.extend(self.not_only_the_gateways());
        if let (Some(start), Some(end)) = (name(Field::Start), name(Field::End)) {
            commands.push(format!("filter {end} >= {start} and {end} - {start} <= 86400"));
        }
        for (cut, matches) in &piece.cuts {
            let field = if cut.side == Side::Source { Field::Source } else { Field::Destination };
            let not = if *matches { "" } else { "not " };
            commands.extend(name(field).map(|name| format!("filter {name} {not}like /{}/", cut.pattern)));
        }
        let keys: Vec<_> = std::iter::once(HOUR).chain(self.keys()).collect();
        let bytes = name(Field::Bytes).unwrap_or_default();
        commands.push(format!("stats sum({bytes}) as {BYTES}, count(*) as {RECORDS} by {}", keys.join(", ")));
        commands.push(format!("limit {MOST_ROWS}"));
        commands.join("\n| ")
    }

    /// Counts of the gateways' records by what they say of themselves.
    #[must_use]
    pub fn statistics(&self, watched: &Watched) -> String {
        let mut commands = self.of_gateways(watched);
        let fields = [Field::Interface, Field::Resource, Field::Action, Field::Status];
        let keys: Vec<_> = fields.into_iter().filter_map(|field| self.name(field)).collect();
        commands.push(format!("stats count(*) as {RECORDS} by {}", keys.join(", ")));
        commands.push(format!("limit {MOST_ROWS}"));
        commands.join("\n| ")
    }

    /// Some events as they are.
    #[must_use]
    pub fn sample() -> String {
        format!("fields @message\n| limit {SAMPLES}")
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        let packet = [Field::PacketSource, Field::PacketDestination].into_iter().filter(|_| self.has_packet());
        let fields = [Field::Interface, Field::Resource, Field::Source, Field::Destination].into_iter();
        fields.chain(packet).filter_map(|field| self.name(field))
    }

    /// Whether records tell both ends of packets.
    pub(super) fn has_packet(&self) -> bool {
        self.name(Field::PacketSource).is_some() && self.name(Field::PacketDestination).is_some()
    }

    fn of_gateways(&self, watched: &Watched) -> Vec<String> {
        let mut commands: Vec<String> = self.parse_command().into_iter().collect();
        let list = |ids: &[String]| {
            let ids: Vec<_> = ids.iter().map(|id| format!("\"{id}\"")).collect();
            format!("[{}]", ids.join(", "))
        };
        let interface = self.name(Field::Interface).filter(|_| !watched.interfaces.is_empty());
        let interfaces = interface.map(|name| format!("{name} in {}", list(&watched.interfaces)));
        let resource = self.name(Field::Resource).filter(|_| !watched.resources.is_empty());
        let resources = resource.map(|name| {
            let resources = format!("{name} in {}", list(&watched.resources));
            // An interface tells more than its resource.
            self.name(Field::Interface)
                .map_or_else(|| resources.clone(), |interface| format!("({interface} = \"-\" and {resources})"))
        });
        let whose: Vec<_> = interfaces.into_iter().chain(resources).collect();
        commands.push(format!("filter {}", whose.join(" or ")));
        commands
    }

    /// Packets of a zonal gateway's own are the other side of others' that tell more. IPv6 is told apart otherwise.
    fn not_only_the_gateways(&self) -> Option<String> {
        let (packet_source, packet_destination) =
            self.name(Field::PacketSource).zip(self.name(Field::PacketDestination))?;
        let (source, destination) = self.name(Field::Source).zip(self.name(Field::Destination))?;
        let interface = self.name(Field::Interface)?;
        let regional =
            if self.name(Field::Resource).is_some() { format!(" or {interface} = \"-\"") } else { String::new() };
        Some(format!(
            "filter {packet_source} != {source} or {packet_destination} != {destination} or {source} like /:/{regional}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insights::plan::CUTS;

    fn watched(interfaces: &[&str], resources: &[&str]) -> Watched {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Watched { interfaces: owned(interfaces), resources: owned(resources) }
    }

    fn piece(watched: Watched) -> Piece {
        Piece { from: 0, to: 3600, watched, cuts: Vec::new() }
    }

    #[test]
    fn the_default_format_is_asked_for_by_discovered_fields() {
        let layout = Layout::of("/vpc", None, &[]).unwrap();
        assert_eq!(
            layout.flows(&piece(watched(&["eni-1", "eni-2"], &["nat-3"]))),
            "filter interfaceId in [\"eni-1\", \"eni-2\"]\n\
             | filter action = \"ACCEPT\" and logStatus = \"OK\"\n\
             | filter endTime >= startTime and endTime - startTime <= 86400\n\
             | stats sum(bytes) as sumOfBytes, count(*) as records by bin(1h), interfaceId, srcAddr, dstAddr\n\
             | limit 10000"
        );
        assert_eq!(
            layout.statistics(&watched(&["eni-1"], &[])),
            "filter interfaceId in [\"eni-1\"]\n\
             | stats count(*) as records by interfaceId, action, logStatus\n\
             | limit 10000"
        );
    }

    #[test]
    fn custom_formats_are_parsed_and_the_gateways_own_packets_left_out() {
        let format = "interface-id resource-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes";
        let layout = Layout::of("/vpc", Some(format), &[]).unwrap();
        let mut piece = piece(watched(&["eni-1"], &["nat-3"]));
        piece.cuts = vec![(CUTS[0], true), (CUTS[1], false)];
        assert_eq!(
            layout.flows(&piece),
            "parse @message \"* * * * * * *\" as logInterfaceId, logResourceId, logSrcaddr, logDstaddr, logPktSrcaddr, \
             logPktDstaddr, logBytes\n\
             | filter logInterfaceId in [\"eni-1\"] or (logInterfaceId = \"-\" and logResourceId in [\"nat-3\"])\n\
             | filter logBytes != \"-\"\n\
             | filter logPktSrcaddr != logSrcaddr or logPktDstaddr != logDstaddr or logSrcaddr like /:/ or \
             logInterfaceId = \"-\"\n\
             | filter logDstaddr like /[0-4]$/\n\
             | filter logSrcaddr not like /[0-4]$/\n\
             | stats sum(logBytes) as sumOfBytes, count(*) as records by bin(1h), logInterfaceId, logResourceId, \
             logSrcaddr, logDstaddr, logPktSrcaddr, logPktDstaddr\n\
             | limit 10000"
        );
    }
}
