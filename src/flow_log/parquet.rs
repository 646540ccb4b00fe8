//! Flow logs in Parquet: columns instead of lines, so that those of other interfaces are not even unpacked.
//!
//! Text columns are read as dictionaries, and what an interface or address is is worked out once for each value of
//! those, not for each row.

mod delta;
mod faults;
mod footer;
mod pages;
mod read;
mod select;
mod table;
mod unpack;

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, RecordBatch, StringArray};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use faults::guarded;
pub(crate) use table::Table;

use super::counter::Counter;
use super::format::{self, FIELDS, Field, Format};
use super::gateways::Gateways;
use super::record::{Gate, Packet, Row};
use super::tally::Fate;
use super::text::{self, Problem};
use crate::model::AccountId;

/// Larger numbers are none, as in text.
const LARGEST: i64 = 1_000_000_000_000_000_000;

/// What a file may ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of its footer: what is made of one takes some twenty times as much memory.
    footer: u64,
    /// Columns with the groups that they are nested in.
    columns: u64,
    /// The longest text of a dictionary, and the mean of a page without: where a column leaves its dictionary, texts are
    /// written out, each as often as it comes.
    longest: u32,
    mean: usize,
}

impl Limits {
    /// No field of a flow log has half as much.
    const FLOW_LOG: Self = Self { footer: 2 << 20, columns: 2 * format::MOST_FIELDS as u64, longest: 256, mean: 64 };

    /// Bills have hundreds of columns, and resources of long names.
    pub(crate) const BILL: Self = Self { footer: 8 << 20, columns: 1 << 14, longest: 4 << 10, mean: 512 };
}

type Texts = DictionaryArray<Int32Type>;

/// A file, open.
pub(super) struct Parquet {
    file: Arc<Mutex<File>>,
    metadata: ArrowReaderMetadata,
}

impl Parquet {
    /// Reads what the file says of itself.
    pub(super) fn open(file: File) -> Result<Self, Problem> {
        let open = Table::open(file, Limits::FLOW_LOG, |column| wanted(column).is_some());
        let Table { file, metadata, .. } = open.map_err(Problem::Parquet)?;
        Ok(Self { file, metadata })
    }

    /// How many parts can be read side by side.
    pub(super) fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Counts the records of one part, or all. Whatever is wrong with the file ends here.
    pub(super) fn read(
        self,
        part: Option<usize>,
        counter: &mut Counter<'_>,
        log: u32,
        accounts: &mut BTreeSet<AccountId>,
    ) -> Result<(), Problem> {
        let names: Vec<_> =
            self.metadata.schema().fields().iter().map(|field| field.name().replace('_', "-")).collect();
        let format = Format::parse(&names.join(" "))?;
        if counter.rules.window.is_some() && !format.has_time() {
            return Err(Problem::NoTime);
        }
        let parts = part.map_or(0..self.row_groups(), |part| part..part + 1);
        let mut known = Known::default();
        for part in parts {
            if part == 0 {
                guarded(|| self.account(accounts))?;
            }
            guarded(|| self.part(part, &mut known, counter, log))?;
        }
        Ok(())
    }
}

/// The field of a column; its name has underscores where a header has hyphens.
fn wanted(column: &str) -> Option<Field> {
    let is_it = |name: &str| {
        name.len() == column.len() && name.bytes().zip(column.bytes()).all(|(a, b)| a == b || (a == b'-' && b == b'_'))
    };
    FIELDS.iter().find(|(_, name)| is_it(name)).map(|(field, _)| *field)
}

/// A column of a batch.
#[derive(Default)]
enum Column {
    #[default]
    Absent,
    Texts {
        keys: arrow_array::Int32Array,
        values: StringArray,
    },
    Longs(arrow_array::Int64Array),
    Ints(arrow_array::Int32Array),
    /// Of a type that no flow log has.
    Other,
}

impl Column {
    fn of(array: &ArrayRef) -> Self {
        if let Some(texts) = array.as_any().downcast_ref::<Texts>()
            && let Some(values) = texts.values().as_any().downcast_ref::<StringArray>()
        {
            return Self::Texts { keys: texts.keys().clone(), values: values.clone() };
        }
        match array.data_type() {
            DataType::Int64 => Self::Longs(array.as_primitive::<Int64Type>().clone()),
            DataType::Int32 => Self::Ints(array.as_primitive::<Int32Type>().clone()),
            _ => Self::Other,
        }
    }

    /// The place of a row's text in the dictionary.
    fn key(&self, row: usize) -> Option<usize> {
        match self {
            Self::Texts { keys, .. } if !keys.is_null(row) => usize::try_from(keys.value(row)).ok(),
            _ => None,
        }
    }

    /// A row's address; where it is of IPv4, it is known.
    fn address(&self, row: usize, known: &[Option<Ipv4Addr>]) -> Option<IpAddr> {
        let key = self.key(row)?;
        let v4 = known.get(key)?.map(IpAddr::V4);
        v4.or_else(|| match self {
            Self::Texts { values, .. } if values.is_valid(key) => text::other_address(values.value(key).as_bytes()),
            _ => None,
        })
    }
}

/// Something for each value of a dictionary, and the dictionary.
type OfValues<T> = (Option<ArrayRef>, Vec<Option<T>>);

/// What is worked out for the values of dictionaries, as long as those are the same.
#[derive(Default)]
struct Known {
    /// Of IPv4: others are few, and would make each of these four times as large.
    addresses: [OfValues<Ipv4Addr>; 4],
    words: [OfValues<&'static [u8]>; 2],
    interfaces: OfValues<Gate>,
    /// Columns that are there, of types that no flow log has.
    unread: Vec<Field>,
}

/// Columns of a few words each, and the words.
const WORDS: [Field; 2] = [Field::Status, Field::Action];
const KNOWN_WORDS: [&[u8]; 6] = [b"OK", b"ACCEPT", b"REJECT", b"NODATA", b"SKIPDATA", b"-"];

const ADDRESSES: [Field; 4] = [Field::Source, Field::Destination, Field::PacketSource, Field::PacketDestination];

impl Known {
    fn count(&mut self, batch: &RecordBatch, counter: &mut Counter<'_>, log: u32) {
        let mut columns: [Column; FIELDS.len()] = Default::default();
        for field in &self.unread {
            if let Some(place) = columns.get_mut(*field as usize) {
                *place = Column::Other;
            }
        }
        let schema = batch.schema();
        for (column, array) in schema.fields().iter().zip(batch.columns()) {
            let Some(field) = wanted(column.name()) else { continue };
            if let Some(place) = columns.get_mut(field as usize) {
                *place = Column::of(array);
            }
            let Some(texts) = array.as_any().downcast_ref::<Texts>() else { continue };
            if let Some(place) = ADDRESSES.iter().position(|address| *address == field)
                && let Some(known) = self.addresses.get_mut(place)
            {
                of_values(known, texts.values(), |value| text::v4_address(value.as_bytes()));
            }
            if let Some(place) = WORDS.iter().position(|word| *word == field)
                && let Some(known) = self.words.get_mut(place)
            {
                of_values(known, texts.values(), |value| {
                    KNOWN_WORDS.into_iter().find(|word| *word == value.as_bytes())
                });
            }
            if field == Field::Interface {
                let gateways = &counter.rules.gateways;
                of_values(&mut self.interfaces, texts.values(), |value| interface(value.as_bytes(), gateways));
            }
        }
        let columns = &columns;
        let keys = |field: Field| match columns.get(field as usize) {
            Some(Column::Texts { keys, .. }) => Some(keys),
            _ => None,
        };
        let addresses = ADDRESSES.map(|field| columns.get(field as usize).unwrap_or(&Column::Absent));
        let [status, action] = WORDS.map(keys);
        let [of_status, of_action] = &self.words;
        let words = [OfRows { keys: status, values: &of_status.1 }, OfRows { keys: action, values: &of_action.1 }];
        for row in 0..batch.num_rows() {
            let at = At { columns, words: words.map(|of| of.at(row)), addresses: [None; 4], row };
            counter.tally.statistics.records += 1;
            match self.gate(&at, &counter.rules.gateways) {
                Gate::Unread => counter.tally.statistics.malformed += 1,
                Gate::NoInterface => counter.tally.statistics.other_interfaces += 1,
                Gate::Other if counter.rules.gateways.clients.is_none() => {
                    counter.tally.statistics.other_interfaces += 1;
                }
                Gate::Unsure => match at.status() {
                    b"NODATA" => counter.tally.unsure(at.text(Field::Interface), log, Fate::NoData),
                    b"SKIPDATA" => counter.tally.unsure(at.text(Field::Interface), log, Fate::SkipData),
                    _ => counter.tally.statistics.other_interfaces += 1,
                },
                gate => {
                    let mut known = self.addresses.iter();
                    let addresses = addresses.map(|column| column.address(row, &known.next()?.1));
                    counter.take(gate, log, &At { addresses, ..at });
                }
            }
        }
    }

    /// Whose record it is.
    fn gate(&self, at: &At<'_>, gateways: &Gateways) -> Gate {
        if at.has(Field::Interface) {
            let known =
                at.column(Field::Interface).key(at.row).and_then(|key| self.interfaces.1.get(key).copied().flatten());
            if let Some(gate) = known {
                return gate;
            }
            let id = at.text(Field::Interface);
            if id.starts_with(b"eni-") {
                return match at.text(Field::InterfaceType) {
                    b"nat_gateway" => gateways.learn(id, false).map_or(Gate::Other, Gate::Gateway),
                    b"-" => Gate::Unsure,
                    _ => Gate::Other,
                };
            }
            if id != b"-" {
                return Gate::Unread;
            }
        }
        let resource = at.text(Field::Resource);
        if !resource.starts_with(b"nat-") {
            return if at.has(Field::Interface) { Gate::NoInterface } else { Gate::Other };
        }
        let learned = || gateways.learn.then(|| gateways.learn(resource, true)).flatten();
        gateways.of_resource(resource).or_else(learned).map_or(Gate::NoInterface, Gate::Gateway)
    }
}

/// Whose an interface is, where its id alone tells.
fn interface(id: &[u8], gateways: &Gateways) -> Option<Gate> {
    if !id.starts_with(b"eni-") {
        return None;
    }
    match gateways.of_interface(id) {
        Some(gateway) => Some(Gate::Gateway(gateway)),
        None if gateways.learn && gateways.clients.is_none() => None,
        None => Some(Gate::Other),
    }
}

/// Works something out for each value of a dictionary that is not the one of before.
fn of_values<T>(known: &mut OfValues<T>, values: &ArrayRef, work: impl Fn(&str) -> Option<T>) {
    if known.0.as_ref().is_some_and(|before| Arc::ptr_eq(before, values)) {
        return;
    }
    known.1.clear();
    if let Some(texts) = values.as_any().downcast_ref::<StringArray>() {
        known.1.extend(texts.iter().map(|value| value.and_then(&work)));
    }
    known.0 = Some(Arc::clone(values));
}

/// What is known of a column's rows: for each the place of its value, and what is known of the values.
#[derive(Clone, Copy)]
struct OfRows<'b, T> {
    keys: Option<&'b arrow_array::Int32Array>,
    values: &'b [Option<T>],
}

impl<T: Copy> OfRows<'_, T> {
    fn at(self, row: usize) -> Option<T> {
        let keys = self.keys.filter(|keys| !keys.is_null(row))?;
        self.values.get(usize::try_from(keys.value(row)).ok()?).copied().flatten()
    }
}

/// A row of a batch.
struct At<'b> {
    columns: &'b [Column; FIELDS.len()],
    /// In the order of [`WORDS`].
    words: [Option<&'static [u8]>; 2],
    /// In the order of [`ADDRESSES`].
    addresses: [Option<IpAddr>; 4],
    row: usize,
}

impl At<'_> {
    fn column(&self, field: Field) -> &Column {
        self.columns.get(field as usize).unwrap_or(&Column::Absent)
    }
}

impl Row for At<'_> {
    fn has(&self, field: Field) -> bool {
        !matches!(self.column(field), Column::Absent)
    }

    fn packet(&self) -> Packet {
        let [source, destination, packet_source, packet_destination] = self.addresses;
        match packet_source.zip(packet_destination) {
            // Numbers are the same where the texts are, but for IPv6, which has several.
            Some((from, to)) if Some(from) == source && Some(to) == destination && from.is_ipv4() => Packet::SameV4,
            Some(_) => Packet::There,
            None => {
                let is_absent = |field| matches!(self.text(field), b"" | b"-");
                let absent = is_absent(Field::PacketSource) || is_absent(Field::PacketDestination);
                if absent { Packet::Absent } else { Packet::There }
            }
        }
    }

    fn text(&self, field: Field) -> &[u8] {
        let [status, action] = self.words;
        let word = match field {
            Field::Status => status,
            Field::Action => action,
            _ => None,
        };
        if let Some(word) = word {
            return word;
        }
        match self.column(field) {
            Column::Absent => b"",
            column @ Column::Texts { values, .. } => match column.key(self.row) {
                Some(key) if !values.is_null(key) => values.value(key).as_bytes(),
                _ => b"-",
            },
            // A number is asked for as one; as text it only is, or is not, there.
            Column::Longs(values) if !values.is_null(self.row) => b"0",
            Column::Ints(values) if !values.is_null(self.row) => b"0",
            Column::Longs(_) | Column::Ints(_) | Column::Other => b"-",
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        let value = match self.column(field) {
            Column::Longs(values) if !values.is_null(self.row) => values.value(self.row),
            Column::Ints(values) if !values.is_null(self.row) => values.value(self.row).into(),
            Column::Texts { .. } => return text::number(self.text(field), text::MOST_DIGITS),
            _ => return None,
        };
        u64::try_from(value).ok().filter(|_| value < LARGEST)
    }

    fn packet_ends(&self, _: (IpAddr, IpAddr)) -> Option<(IpAddr, IpAddr)> {
        self.address(Field::PacketSource).zip(self.address(Field::PacketDestination))
    }

    fn address(&self, field: Field) -> Option<IpAddr> {
        let [source, destination, packet_source, packet_destination] = self.addresses;
        match field {
            Field::Source => source,
            Field::Destination => destination,
            Field::PacketSource => packet_source,
            Field::PacketDestination => packet_destination,
            _ => None,
        }
    }
}
