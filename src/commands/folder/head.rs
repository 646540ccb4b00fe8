//! What the beginning of a snapshot tells, without the rest: a folder can hold 17,000 of them, of many megabytes each.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::{AccountId, RegionName, SNAPSHOT_SCHEMA, Window};

/// A beginning is a few hundred bytes; gaps, which are in it, may take more.
const MOST_BYTES: u64 = 1 << 20;

/// What a part's snapshot begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) struct Head {
    /// The span of its metrics.
    pub(in crate::commands) window: Window,
    /// When it was scanned.
    pub(in crate::commands) scanned_at: Option<Timestamp>,
    /// Whether every call succeeded.
    pub(in crate::commands) complete: bool,
}

/// Reads a snapshot's beginning; none unless it is one of this account and Region.
pub(super) fn read(mut file: File, account_id: &AccountId, region: &RegionName) -> Option<Head> {
    if !ends_as_a_snapshot(&mut file)? {
        return None;
    }
    let mut seen = Seen::default();
    let beginning = BufReader::with_capacity(1 << 12, file).take(MOST_BYTES);
    // It stops with an error where it has seen enough, so that only what was seen can tell whether all went well.
    let _stopped = Snapshot(&mut seen).deserialize(&mut serde_json::Deserializer::from_reader(beginning));
    let is_it = seen.is_enough && seen.account_id.as_ref() == Some(account_id) && seen.region.as_ref() == Some(region);
    Some(Head { window: seen.window.filter(|_| is_it)?, scanned_at: seen.scanned_at, complete: !seen.gaps })
}

/// A file that was torn off, or never reached the disk, does not end so: the one line break is the last byte.
fn ends_as_a_snapshot(file: &mut File) -> Option<bool> {
    const END: &[u8] = b"]}\n";
    let length = file.metadata().ok()?.len();
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(length.checked_sub(END.len() as u64)?)).ok()?;
    file.by_ref().take(END.len() as u64).read_to_end(&mut end).ok()?;
    file.rewind().ok()?;
    Some(end == END)
}

#[derive(Default)]
struct Seen {
    window: Option<Window>,
    scanned_at: Option<Timestamp>,
    account_id: Option<AccountId>,
    region: Option<RegionName>,
    /// Whether there is a gap.
    gaps: bool,
    /// Whether nothing that could change the rest can follow.
    is_enough: bool,
}

impl Seen {
    /// Notes that this is all, and stops the reading.
    fn stop<E: serde::de::Error>(&mut self) -> E {
        self.is_enough = true;
        E::custom("the beginning has been read")
    }
}

/// Gives a struct around what is seen the two methods that reading it takes.
macro_rules! reads {
    ($name:ident, $visit:ident, $access:ident, $deserialize:ident, $expected:literal) => {
        struct $name<'s>(&'s mut Seen);

        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.$deserialize(self)
            }
        }

        impl<'de> Visitor<'de> for $name<'_> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($expected)
            }

            fn $visit<A: $access<'de>>(self, access: A) -> Result<(), A::Error> {
                self.read(access)
            }
        }
    };
}

reads!(Snapshot, visit_map, MapAccess, deserialize_map, "a snapshot");
reads!(Parts, visit_seq, SeqAccess, deserialize_seq, "a snapshot's parts");
reads!(Part, visit_map, MapAccess, deserialize_map, "a part");
reads!(Gaps, visit_seq, SeqAccess, deserialize_seq, "gaps");

impl Snapshot<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "schema" if map.next_value::<String>()? != SNAPSHOT_SCHEMA => {
                    return Err(A::Error::custom("another form of snapshot"));
                }
                "schema" => {}
                "window" => self.0.window = Some(map.next_value()?),
                "scanned_at" => self.0.scanned_at = map.next_value()?,
                "gaps" => map.next_value_seed(Gaps(self.0))?,
                "regions" => map.next_value_seed(Parts(self.0))?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

impl Parts<'_> {
    fn read<'de, A: SeqAccess<'de>>(self, mut parts: A) -> Result<(), A::Error> {
        parts.next_element_seed(Part(self.0))?;
        Err(A::Error::custom("no part"))
    }
}

impl Part<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "account_id" => self.0.account_id = Some(map.next_value()?),
                "account_name" => _ = map.next_value::<IgnoredAny>()?,
                "region" => self.0.region = Some(map.next_value()?),
                "gaps" => {
                    map.next_value_seed(Gaps(self.0))?;
                    return Err(self.0.stop());
                }
                // Gaps would have come before it: they are left out when there are none.
                _ => return Err(self.0.stop()),
            }
        }
        Err(self.0.stop())
    }
}

impl Gaps<'_> {
    fn read<'de, A: SeqAccess<'de>>(self, mut gaps: A) -> Result<(), A::Error> {
        while gaps.next_element::<IgnoredAny>()?.is_some() {
            self.0.gaps = true;
        }
        Ok(())
    }
}
