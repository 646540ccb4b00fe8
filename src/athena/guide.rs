//! The columns of a flow log's fields, and the table that AWS's guide makes of them: what is assumed of a table that
//! cannot be looked at, and how natwise writes one.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-partition-projection.html>

use super::columns::{Column, Metadata};

/// The format of flow logs that were made without choosing one.
pub(super) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// The fields that are no text, and their types: AWS's Parquet files have them so.
const FIELDS: [(&str, &str); 11] = [
    ("version", "int"),
    ("srcport", "int"),
    ("dstport", "int"),
    ("protocol", "int"),
    ("packets", "bigint"),
    ("bytes", "bigint"),
    ("start", "bigint"),
    ("end", "bigint"),
    ("tcp-flags", "int"),
    ("traffic-path", "int"),
    ("encryption-status", "int"),
];

/// The columns of a format (`${version} ${account-id} …`, or a header line): none for the default one.
pub(super) fn columns(format: Option<&str>) -> Vec<Column> {
    let words = format.unwrap_or(DEFAULT).split_ascii_whitespace();
    let plain = |word| str::strip_prefix(word, "${").and_then(|word| word.strip_suffix('}')).unwrap_or(word);
    words.map(plain).map(column).collect()
}

fn column(field: &str) -> Column {
    let kind = FIELDS.iter().find(|(name, _)| *name == field).map_or("string", |(_, kind)| kind);
    Column::new(&field.replace('-', "_"), kind)
}

/// The table of AWS's guide, text with partition projection by day, for a format.
#[must_use]
pub fn guide(format: Option<&str>) -> Metadata {
    let parameters = [
        ("inputformat", "org.apache.hadoop.mapred.TextInputFormat"),
        ("projection.enabled", "true"),
        ("projection.day.type", "date"),
        ("projection.day.format", "yyyy/MM/dd"),
    ];
    Metadata {
        is_view: false,
        columns: columns(format),
        partition_keys: ["accid", "region", "day"].map(|name| Column::new(name, "string")).into(),
        parameters: parameters.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::athena::Table;

    #[test]
    fn formats_and_headers_read_alike() {
        let configured = DEFAULT.split(' ').map(|field| format!("${{{field}}}")).collect::<Vec<_>>().join(" ");
        assert_eq!(columns(Some(&configured)), columns(None));
        assert_eq!(columns(None)[2..4], [Column::new("interface_id", "string"), Column::new("srcaddr", "string")]);
        assert_eq!(columns(None)[9], Column::new("bytes", "bigint"));
        assert!(Table::new(guide(None)).unwrap().packet.is_none());
        assert!(
            Table::new(guide(Some("interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action")))
                .unwrap()
                .packet
                .is_some()
        );
    }
}
