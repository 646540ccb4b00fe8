//! In which pieces a window is asked for, so that no answer is cut off without anybody noticing.

use std::collections::VecDeque;

use super::layout::Layout;
use crate::flow_log::watch::Gateway;
use crate::model::Window;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
/// A first piece is not longer: what turns out to be too much was read for nothing.
const LONGEST: i64 = 24 * HOUR;
/// Nor are there fewer first pieces of a span, where it has as many hours: the first of them tells how dense records are.
const FIRST_PIECES: i64 = 8;
/// Counts have few rows, but a query ends after an hour.
const LONGEST_COUNT: i64 = 7 * LONGEST;
/// Gateways that one query asks for.
const MOST_WATCHED: usize = 200;

/// Whose records a query is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// Network interfaces of zonal gateways.
    pub interfaces: Vec<String>,
    /// Gateways whose records have no interface.
    pub resources: Vec<String>,
}

impl Watched {
    /// What a log group can be asked for of some gateways, as many as one query can ask for at a time.
    #[must_use]
    pub fn of(gateways: &[Gateway], layout: &Layout) -> Vec<Self> {
        // Ids of a given account are trusted to be nothing else, those of a snapshot are not.
        let is_id = |id: &&String| {
            !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let interfaces = gateways.iter().flat_map(|gateway| &gateway.interfaces).filter(is_id).cloned();
        let resources = gateways.iter().filter_map(|gateway| Some(gateway.nat_gateway_id.as_ref()?.to_string()));
        let resources = resources.filter(|id| layout.tells_regional() && is_id(&id));
        let all = interfaces.map(|id| (id, true)).chain(resources.map(|id| (id, false)));
        let mut parts: Vec<Self> = Vec::new();
        for (id, is_interface) in all {
            if parts.last().is_none_or(|part| part.len() == MOST_WATCHED) {
                parts.push(Self::default());
            }
            if let Some(part) = parts.last_mut() {
                if is_interface { part.interfaces.push(id) } else { part.resources.push(id) }
            }
        }
        parts
    }

    fn len(&self) -> usize {
        self.interfaces.len() + self.resources.len()
    }

    /// The same in two halves.
    fn halves(&self) -> [Self; 2] {
        let half = self.len().div_ceil(2);
        let first = half.min(self.interfaces.len());
        let (left, right) = self.interfaces.split_at(first);
        let (resources_left, resources_right) = self.resources.split_at(half - first);
        let part = |interfaces: &[String], resources: &[String]| Self {
            interfaces: interfaces.to_vec(),
            resources: resources.to_vec(),
        };
        [part(left, resources_left), part(right, resources_right)]
    }
}

/// Which end of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Destination,
}

/// A property of addresses that about half of them have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) side: Side,
    pub(super) pattern: &'static str,
}

/// In the order in which they are used.
pub(super) const CUTS: [Cut; 8] = {
    const fn cut(side: Side, pattern: &'static str) -> Cut {
        Cut { side, pattern }
    }
    use Side::{Destination, Source};
    [
        cut(Destination, "[0-4]$"),
        cut(Source, "[0-4]$"),
        cut(Destination, "[02468ace]$"),
        cut(Source, "[02468ace]$"),
        cut(Destination, "[0-4].$"),
        cut(Source, "[0-4].$"),
        cut(Destination, "[02468ace].$"),
        cut(Source, "[02468ace].$"),
    ]
};

/// What one query is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The first second since 1970 in which records start.
    pub from: i64,
    /// The second after the last one.
    pub to: i64,
    /// Whose records.
    pub watched: Watched,
    /// Properties that addresses have, or have not.
    pub(super) cuts: Vec<(Cut, bool)>,
}

/// What is too much even in the smallest piece.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "more than 10,000 rows for {} in one minute ({}) and a 256th of the addresses, which CloudWatch Logs Insights cannot return; read these flow logs from S3 or Athena", .nat, minute(*.from)
)]
pub struct TooMany {
    nat: String,
    from: i64,
}

fn minute(second: i64) -> String {
    jiff::Timestamp::from_second(second).map_or_else(|_| second.to_string(), |instant| instant.to_string())
}

/// What is still to be asked.
#[derive(Debug, Clone)]
pub struct Plan {
    queue: VecDeque<Piece>,
    /// Longer pieces were too much.
    longest: i64,
    /// Whether a piece has come back whole.
    proven: bool,
}

impl Plan {
    /// Sums over some windows.
    #[must_use]
    pub fn flows(windows: &[Window], watched: &[Watched]) -> Self {
        let hours: i64 = windows.iter().map(|window| i64::try_from(window.hours()).unwrap_or(0)).sum();
        Self::new(windows, watched, (hours / FIRST_PIECES * HOUR).clamp(HOUR, LONGEST))
    }

    /// Counts over some windows.
    #[must_use]
    pub fn counts(windows: &[Window], watched: &[Watched]) -> Self {
        Self::new(windows, watched, LONGEST_COUNT)
    }

    fn new(windows: &[Window], watched: &[Watched], longest: i64) -> Self {
        let piece = |watched: &Watched, window: &Window| Piece {
            from: window.start().as_second(),
            to: window.end().as_second(),
            watched: watched.clone(),
            cuts: Vec::new(),
        };
        let queue = watched.iter().flat_map(|watched| windows.iter().map(|window| piece(watched, window))).collect();
        Self { queue, longest, proven: false }
    }

    /// How many may be asked at once: one, until one has come back whole, since what is too much is asked again.
    #[must_use]
    pub fn at_once(&self, most: usize) -> usize {
        if self.proven { most } else { 1 }
    }

    /// Says that an answer was whole.
    pub fn whole(&mut self) {
        self.proven = true;
    }

    /// Puts a piece back whose answer was cut off, in two halves.
    ///
    /// # Errors
    /// When it cannot be made any smaller.
    pub fn too_much(&mut self, piece: &Piece) -> Result<(), TooMany> {
        let length = piece.to - piece.from;
        let halves = if length > MINUTE {
            let [first, second] = in_time(piece);
            // Others are likely to be as dense.
            self.longest = self.longest.min((first.to - first.from).max(HOUR));
            [first, second]
        } else if piece.watched.len() > 1 {
            piece.watched.halves().map(|watched| Piece { watched, ..piece.clone() })
        } else if let Some(cut) = CUTS.get(piece.cuts.len()) {
            [true, false].map(|matches| {
                let mut part = piece.clone();
                part.cuts.push((*cut, matches));
                part
            })
        } else {
            let mut nats = piece.watched.interfaces.iter().chain(&piece.watched.resources);
            return Err(TooMany { nat: nats.next().cloned().unwrap_or_default(), from: piece.from });
        };
        for half in halves.into_iter().rev() {
            self.queue.push_front(half);
        }
        Ok(())
    }
}

impl Iterator for Plan {
    type Item = Piece;

    /// The piece to ask for next.
    fn next(&mut self) -> Option<Piece> {
        let mut piece = self.queue.pop_front()?;
        if piece.to - piece.from > self.longest {
            let rest = Piece { from: piece.from + self.longest, ..piece.clone() };
            piece.to = rest.from;
            self.queue.push_front(rest);
        }
        Some(piece)
    }
}

/// Two halves: of whole hours where it has several, else of whole minutes.
fn in_time(piece: &Piece) -> [Piece; 2] {
    let length = piece.to - piece.from;
    let unit = if length > HOUR { HOUR } else { MINUTE };
    let middle = piece.from + ((length / unit + 1) / 2).max(1) * unit;
    [Piece { to: middle, ..piece.clone() }, Piece { from: middle, ..piece.clone() }]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(from: i64, to: i64) -> Window {
        let at = |hour: i64| jiff::Timestamp::from_second(hour * HOUR).unwrap();
        Window::new(at(from), at(to)).unwrap()
    }

    fn watched(count: usize) -> Watched {
        Watched { interfaces: (0..count).map(|n| format!("eni-{n}")).collect(), resources: vec!["nat-1".to_owned()] }
    }

    #[test]
    fn first_pieces_are_an_eighth_of_the_window_and_a_day_at_the_most() {
        let lengths = |from, to| -> Vec<i64> {
            Plan::flows(&[window(from, to)], &[watched(1)]).map(|piece| (piece.to - piece.from) / HOUR).collect()
        };
        assert_eq!(lengths(0, 3), [1, 1, 1]);
        assert_eq!(lengths(0, 24), [3; 8]);
        assert_eq!(lengths(0, 720), [24; 30]);
        assert_eq!(Plan::counts(&[window(0, 720)], &[watched(1)]).count(), 5);
    }

    #[test]
    fn what_is_too_much_is_halved_down_to_addresses_and_then_an_error() {
        let mut plan = Plan::flows(&[window(0, 8)], &[watched(1)]);
        let mut asked = 0;
        let error = loop {
            let piece = plan.next().unwrap();
            asked += 1;
            if let Err(error) = plan.too_much(&piece) {
                assert_eq!((piece.to - piece.from, piece.watched.len(), piece.cuts.len()), (60, 1, CUTS.len()));
                break error.to_string();
            }
        };
        // An hour, six times halved to a minute; two gateways; eight properties of addresses.
        assert_eq!(asked, 7 + 1 + 8);
        assert!(error.contains("eni-0 in one minute (1970-01-01T00:00:00Z)"), "{error}");
    }

    #[test]
    fn after_one_that_was_too_much_no_piece_is_as_long() {
        let mut plan = Plan::flows(&[window(0, 24 * 30)], &[watched(1)]);
        assert_eq!(plan.at_once(4), 1);
        let first = plan.next().unwrap();
        plan.too_much(&first).unwrap();
        plan.whole();
        assert_eq!(plan.at_once(4), 4);
        assert!(plan.all(|piece| piece.to - piece.from == 12 * HOUR));
    }

    #[test]
    fn gateways_are_asked_for_in_bearable_numbers_and_by_ids_only() {
        let gateway = |nat: &str, eni: &str| Gateway {
            nat_gateway_id: Some(nat.into()),
            interfaces: vec![eni.to_owned()],
            ..Gateway::default()
        };
        let many: Vec<_> = (0..250).map(|n| gateway(&format!("nat-{n}"), &format!("eni-{n}"))).collect();
        let default = Layout::of("/vpc", None, &[]).unwrap();
        assert_eq!(Watched::of(&many, &default).iter().map(Watched::len).collect::<Vec<_>>(), [200, 50]);
        let custom = Layout::of("/vpc", Some("interface-id resource-id srcaddr dstaddr bytes"), &[]).unwrap();
        let hostile = [gateway("nat-1\"] | limit 1", "eni-1\"]"), gateway("nat-2", "eni-2")];
        let expected = Watched { interfaces: vec!["eni-2".to_owned()], resources: vec!["nat-2".to_owned()] };
        assert_eq!(Watched::of(&hostile, &custom), [expected]);
    }

    proptest! {
        /// Whatever turns out to be too much, each second of each gateway and address is in one whole answer.
        #[test]
        fn pieces_cover_everything_once(hours in 1..60_i64, verdicts in prop::collection::vec(any::<bool>(), 0..80), gateways in 1..4_usize) {
            let spans = [window(0, hours), window(hours + 2, hours + 5)];
            let mut plan = Plan::flows(&spans, &[watched(gateways)]);
            let mut whole = 0_i64;
            let mut number = 0;
            let scale = i64::try_from(gateways + 1).unwrap() * 256;
            while let Some(piece) = plan.next() {
                let too_much = verdicts.get(number).copied().unwrap_or(false);
                number += 1;
                if too_much && plan.too_much(&piece).is_ok() {
                    continue;
                }
                let share = scale * i64::try_from(piece.watched.len()).unwrap() / i64::try_from(gateways + 1).unwrap();
                whole += (piece.to - piece.from) * (share >> piece.cuts.len());
            }
            prop_assert_eq!(whole, (hours + 3) * HOUR * scale);
        }
    }
}
