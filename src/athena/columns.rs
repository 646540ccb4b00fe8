//! Which of a table's columns are which fields of a flow log: AWS's guides alone have three ways of naming them.

use std::collections::BTreeMap;

use super::{TableError, quote};

/// What Athena tells of a table (`GetTableMetadata`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Whether it is a view, which has no files of its own.
    pub is_view: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its partition columns.
    pub partition_keys: Vec<Column>,
    /// Its properties: `projection.…`, `storage.location.template`, `location`, `inputformat` and others.
    pub parameters: BTreeMap<String, String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, such as `bigint`.
    pub kind: String,
}

impl Column {
    /// A column.
    #[must_use]
    pub fn new(name: &str, kind: &str) -> Self {
        Self { name: name.to_owned(), kind: kind.to_ascii_lowercase() }
    }

    pub(super) fn is_text(&self) -> bool {
        self.kind == "string" || self.kind.starts_with("varchar") || self.kind.starts_with("char")
    }

    pub(super) fn is_integer(&self) -> bool {
        matches!(self.kind.as_str(), "tinyint" | "smallint" | "int" | "integer" | "bigint")
    }

    /// Its name without what tells ways of writing apart.
    pub(super) fn plain_name(&self) -> String {
        self.name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
    }
}

/// A table whose columns are known. Each field is an expression of its column that is never null, but for numbers,
/// which are where the record has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub(super) metadata: Metadata,
    pub(super) interface: Option<String>,
    pub(super) resource: Option<String>,
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) packet: Option<(String, String)>,
    pub(super) bytes: String,
    pub(super) start: String,
    pub(super) end: Option<String>,
    pub(super) action: Option<String>,
    pub(super) status: Option<String>,
    /// What tells that a line had too few fields, or an empty one. Only where records are lines of text.
    pub(super) broken: Option<String>,
}

/// The names of fields without hyphens: those of the flow log first, then those of other guides.
type Names = &'static [&'static str];
const INTERFACE: Names = &["interfaceid"];
const RESOURCE: Names = &["resourceid"];
const SOURCE: Names = &["srcaddr", "sourceaddress", "srcaddress", "sourceaddr"];
const DESTINATION: Names = &["dstaddr", "destinationaddress", "dstaddress", "destinationaddr", "destaddr"];
const PACKET_SOURCE: Names = &["pktsrcaddr", "pktsrcaddress", "pktsourceaddress"];
const PACKET_DESTINATION: Names = &["pktdstaddr", "pktdstaddress", "pktdestinationaddress"];
const BYTES: Names = &["bytes", "numbytes"];
const START: Names = &["start", "starttime"];
const END: Names = &["end", "endtime"];
const ACTION: Names = &["action"];
const STATUS: Names = &["logstatus"];

impl Table {
    /// Finds the fields.
    ///
    /// # Errors
    /// When one is missing that nothing can do without, or is of a type that it cannot have.
    pub fn new(metadata: Metadata) -> Result<Self, TableError> {
        let find = |names: Names| {
            names.iter().find_map(|name| metadata.columns.iter().find(|column| column.plain_name() == *name))
        };
        let missing = |field| metadata.lacks(field);
        let text = |names, field| find(names).map(|column| text_of(column, field)).transpose();
        let number = |names, field| find(names).map(|column| number_of(column, field)).transpose();
        let (interface, resource) = (text(INTERFACE, "interface-id")?, text(RESOURCE, "resource-id")?);
        if interface.is_none() && resource.is_none() {
            return Err(missing("interface-id"));
        }
        let packet = text(PACKET_SOURCE, "pkt-srcaddr")?.zip(text(PACKET_DESTINATION, "pkt-dstaddr")?);
        let used = [INTERFACE, RESOURCE, SOURCE, DESTINATION, PACKET_SOURCE, PACKET_DESTINATION, ACTION, STATUS];
        let used: Vec<_> = used.into_iter().filter_map(find).collect();
        Ok(Self {
            interface,
            resource,
            source: text(SOURCE, "srcaddr")?.ok_or_else(|| missing("srcaddr"))?,
            destination: text(DESTINATION, "dstaddr")?.ok_or_else(|| missing("dstaddr"))?,
            packet,
            bytes: number(BYTES, "bytes")?.ok_or_else(|| missing("bytes"))?,
            // Without it nothing tells which records are in the window.
            start: number(START, "start")?.ok_or_else(|| missing("start"))?,
            end: number(END, "end")?,
            action: text(ACTION, "action")?,
            status: text(STATUS, "log-status")?,
            broken: metadata.is_lines().then(|| broken(&used, &metadata.columns)).flatten(),
            metadata,
        })
    }
}

impl Metadata {
    /// That it has no column for a field.
    pub(super) fn lacks(&self, field: &'static str) -> TableError {
        let names: Vec<_> = self.columns.iter().take(40).map(|column| column.name.as_str()).collect();
        let columns = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        TableError::NoColumn { field, columns }
    }

    /// Whether its records are lines of text. Then a field that does not apply is `-`, and null one that is not there.
    fn is_lines(&self) -> bool {
        let of = |key: &str| self.parameters.get(key).map_or("", String::as_str);
        of("inputformat").contains("TextInputFormat") || of("serde.serialization.lib").contains("LazySimpleSerDe")
    }
}

fn text_of(column: &Column, field: &'static str) -> Result<String, TableError> {
    let name = quote::name(&column.name);
    if column.is_text() { Ok(format!("coalesce({name}, '-')")) } else { Err(kind(column, field)) }
}

/// Digits, and no more than 18: what is longer may not fit.
fn number_of(column: &Column, field: &'static str) -> Result<String, TableError> {
    let name = quote::name(&column.name);
    if column.is_text() {
        Ok(format!("CASE WHEN regexp_like({name}, '^[0-9]{{1,18}}$') THEN CAST({name} AS BIGINT) END"))
    } else if column.is_integer() {
        let whole = format!("CAST({name} AS BIGINT)");
        Ok(format!("CASE WHEN {whole} BETWEEN 0 AND 999999999999999999 THEN {whole} END"))
    } else {
        Err(kind(column, field))
    }
}

fn kind(column: &Column, field: &'static str) -> TableError {
    TableError::Kind { column: column.name.clone(), kind: column.kind.clone(), field }
}

fn broken(used: &[&Column], columns: &[Column]) -> Option<String> {
    let names: Vec<_> = used.iter().map(|column| quote::name(&column.name)).collect();
    let last = columns.iter().rfind(|column| column.is_text())?;
    Some(format!("{} IS NULL OR '' IN ({})", quote::name(&last.name), names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, &str)]) -> Result<Table, TableError> {
        let columns = columns.iter().map(|(name, kind)| Column::new(name, kind)).collect();
        Table::new(Metadata { columns, ..Metadata::default() })
    }

    #[test]
    fn every_guides_names_are_known() {
        let new = [("interface_id", "string"), ("srcaddr", "string"), ("dstaddr", "string"), ("bytes", "bigint")];
        let new = table(&[&new[..], &[("start", "bigint"), ("end", "bigint"), ("log_status", "string")]].concat());
        assert_eq!(
            new.unwrap().end.unwrap(),
            "CASE WHEN CAST(\"end\" AS BIGINT) BETWEEN 0 AND 999999999999999999 THEN CAST(\"end\" AS BIGINT) END"
        );
        let old = [
            ("InterfaceId", "STRING"),
            ("sourceaddress", "string"),
            ("destinationaddress", "varchar(50)"),
            ("numbytes", "string"),
            ("starttime", "int"),
        ];
        let old = table(&old).unwrap();
        assert_eq!(
            (old.interface.as_deref(), old.source.as_str()),
            (Some("coalesce(\"InterfaceId\", '-')"), "coalesce(\"sourceaddress\", '-')")
        );
        assert!(old.bytes.contains("regexp_like(\"numbytes\", '^[0-9]{1,18}$')"), "{}", old.bytes);
        let hyphens = table(&[
            ("resource-id", "string"),
            ("srcaddr", "string"),
            ("dstaddr", "string"),
            ("bytes", "int"),
            ("start", "int"),
            ("pkt-srcaddr", "string"),
            ("PKT-DSTADDR", "string"),
        ])
        .unwrap();
        assert_eq!(hyphens.packet.unwrap().1, "coalesce(\"PKT-DSTADDR\", '-')");
        assert!(hyphens.interface.is_none() && hyphens.resource.is_some());
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |columns: &[(&str, &str)]| table(columns).unwrap_err().to_string();
        let columns = [("interface_id", "string"), ("srcaddr", "string"), ("dstaddr", "string"), ("start", "bigint")];
        assert_eq!(error(&columns), "the table has no column for bytes: it has interface_id, srcaddr, dstaddr, start");
        assert!(error(&[]).starts_with("the table has no column for interface-id: it has none"));
        let columns = [("interface_id", "string"), ("srcaddr", "string"), ("dstaddr", "string"), ("bytes", "double")];
        assert_eq!(
            error(&columns),
            "the table's column \"bytes\" is of type \"double\", which bytes cannot be read from"
        );
        let columns = [("interface_id", "string"), ("srcaddr", "string"), ("dstaddr", "string"), ("bytes", "int")];
        assert!(error(&columns).contains("no column for start"));
    }

    #[test]
    fn a_name_stays_a_name() {
        let table = table(&[
            ("interface_id", "string"),
            ("srcaddr", "string"),
            ("dstaddr", "string"),
            ("bytes", "int"),
            ("s\"tart", "int"),
        ]);
        assert!(table.is_err(), "a name that only resembles one is none");
    }

    #[test]
    fn lines_that_are_cut_off_are_told_by_their_last_text() {
        let columns = [
            ("interface_id", "string"),
            ("srcaddr", "string"),
            ("dstaddr", "string"),
            ("bytes", "int"),
            ("start", "int"),
            ("flow_direction", "string"),
            ("traffic_path", "int"),
        ];
        let columns: Vec<_> = columns.iter().map(|(name, kind)| Column::new(name, kind)).collect();
        let parameters = [("inputformat".to_owned(), "org.apache.hadoop.mapred.TextInputFormat".to_owned())].into();
        let table = Table::new(Metadata { columns, parameters, ..Metadata::default() }).unwrap();
        let broken = table.broken.unwrap();
        assert_eq!(broken, "\"flow_direction\" IS NULL OR '' IN (\"interface_id\", \"srcaddr\", \"dstaddr\")");
    }
}
