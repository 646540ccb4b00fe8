//! The text of the statement, step by step: records, their legs, their hours, the sums.

use crate::athena::columns::Table;
use crate::athena::legs::{Gateways, KIND, is_inside, is_nat64, is_own, key_of};
use crate::athena::rows::COLUMNS;
use crate::model::Window;

/// The gateways, and their records as they are in the table.
pub(super) fn records(table: &Table, gateways: &Gateways, from: &str, conditions: &str) -> String {
    let missing = "CAST('-' AS VARCHAR)";
    let or_missing = |column: &Option<String>| column.clone().unwrap_or_else(|| missing.to_owned());
    let (nat, has_interface) = match (&table.interface, &table.resource) {
        (Some(interface), Some(resource)) => {
            (format!("CASE WHEN {interface} = '-' THEN {resource} ELSE {interface} END"), format!("{interface} <> '-'"))
        }
        (Some(interface), None) => (interface.clone(), "true".to_owned()),
        (None, resource) => (or_missing(resource), "false".to_owned()),
    };
    let (packet_source, packet_destination) = match &table.packet {
        Some((source, destination)) => (source.clone(), destination.clone()),
        None => (missing.to_owned(), missing.to_owned()),
    };
    // A view has no files.
    let flow_log = if table.metadata.is_view {
        "CAST(NULL AS VARCHAR)"
    } else {
        "nullif(regexp_extract(\"$path\", '_vpcflowlogs_[^_/]*_(fl-[^_/]+)_[^_/]+_[^/]+$', 1), '')"
    };
    format!(
        "-- The bytes of NAT gateways by flow log, direction, client and remote address, each payload byte once.
WITH gateway (nat, site, is_regional, own) AS (
    VALUES
        {gateways}
),
-- Where their clients are: first and last addresses, written so that they sort.
site (site, inside) AS (
    VALUES
        {sites}
),
record AS (
    SELECT
        {nat} AS nat,
        {has_interface} AS has_interface,
        {flow_log} AS flow_log,
        {state} AS state,
        {bytes} AS bytes,
        {start} AS started,
        {end} AS ended,
        {source} AS source,
        {destination} AS destination,
        {packet_source} AS packet_source,
        {packet_destination} AS packet_destination
    FROM {from}
    WHERE {conditions}
),
",
        gateways = gateways.rows(),
        sites = gateways.sites(),
        state = state(table),
        bytes = table.bytes,
        start = table.start,
        end = table.end.as_ref().unwrap_or(&table.start),
        source = table.source,
        destination = table.destination,
    )
}

/// What a record says of itself. An empty word counts as one that the format does not have, as in Parquet files.
fn state(table: &Table) -> String {
    let broken = table.broken.iter().map(|broken| format!("WHEN {broken} THEN 'malformed'"));
    let status = match &table.status {
        Some(status) => vec![
            format!("WHEN {status} = 'NODATA' THEN 'nodata'"),
            format!("WHEN {status} = 'SKIPDATA' THEN 'skipdata'"),
            format!("WHEN {status} NOT IN ('OK', '') THEN 'malformed'"),
        ],
        None => vec![format!("WHEN {} IS NULL THEN 'nodata'", table.bytes)],
    };
    let action = match &table.action {
        Some(action) => vec![
            format!("WHEN {action} IN ('ACCEPT', '') THEN 'accepted'"),
            format!("WHEN {action} = 'REJECT' THEN 'rejected'"),
            "ELSE 'malformed'".to_owned(),
        ],
        None => vec!["ELSE 'accepted'".to_owned()],
    };
    let all: Vec<_> = broken.chain(status).chain(action).collect();
    if let [only] = &all[..] {
        return only.trim_start_matches("ELSE ").to_owned();
    }
    format!("CASE\n            {}\n        END", all.join("\n            "))
}

/// What leg each record is of.
pub(super) fn legs() -> String {
    format!(
        "-- The ends of the packets themselves (`from`, `to`) where the records have them, else those of the interface.
ends AS (
    SELECT
        record.*,
        packet_source NOT IN ('', '-') AND packet_destination NOT IN ('', '-') AS has_packet,
        transform(ARRAY[source, destination, packet_source, packet_destination], a -> {key_of}) AS keys
    FROM record
),
sides AS (
    SELECT
        ends.*,
        gateway.is_regional,
        gateway.own,
        site.inside,
        keys[1] AS source_key,
        keys[2] AS destination_key,
        CASE WHEN has_packet THEN keys[3] ELSE keys[1] END AS from_key,
        CASE WHEN has_packet THEN keys[4] ELSE keys[2] END AS to_key,
        CASE WHEN has_packet THEN packet_source ELSE source END AS from_address,
        CASE WHEN has_packet THEN packet_destination ELSE destination END AS to_address
    FROM ends
    JOIN gateway ON gateway.nat = ends.nat
    JOIN site ON site.site = gateway.site
),
told AS (
    SELECT
        sides.*,
        {owns_source} AS owns_source,
        {owns_destination} AS owns_destination,
        {owns_from} AS owns_from,
        {owns_to} AS owns_to,
        {from_inside} AS from_inside,
        {to_inside} AS to_inside,
        {source_nat64} AS source_nat64,
        {destination_nat64} AS destination_nat64,
        {from_nat64} AS from_nat64,
        {to_nat64} AS to_nat64
    FROM sides
),
legs AS (
    SELECT
        told.*,
        {KIND} AS leg
    FROM told
),
timed AS (
    SELECT
        legs.*,
        strpos(leg, 'load') > 0 AS has_bytes,
        -- A record of more than a day is none; one of no second is of one.
        NOT (ended BETWEEN started AND least(started + 86400, 253402300799)) AS is_no_time,
        greatest(ended, started + 1) AS stopped,
        started / 3600 AS first_hour,
        (greatest(ended, started + 1) - 1) / 3600 AS last_hour
    FROM legs
),
",
        key_of = key_of("a"),
        owns_source = is_own("source_key"),
        owns_destination = is_own("destination_key"),
        owns_from = is_own("from_key"),
        owns_to = is_own("to_key"),
        from_inside = is_inside("from_key"),
        to_inside = is_inside("to_key"),
        source_nat64 = is_nat64("source_key"),
        destination_nat64 = is_nat64("destination_key"),
        from_nat64 = is_nat64("from_key"),
        to_nat64 = is_nat64("to_key"),
    )
}

/// First and last hours of windows, since 1970.
pub(super) struct Hours(Vec<(i64, i64)>);

impl Hours {
    pub(super) fn of(windows: &[Window]) -> Self {
        let hour = |instant: jiff::Timestamp| instant.as_second() / 3600;
        Self(windows.iter().map(|window| (hour(window.start()), hour(window.end()) - 1)).collect())
    }

    /// The records with the first of their hours that is in a window.
    pub(super) fn counted(&self) -> String {
        let first = |(from, to): &(i64, i64)| {
            format!("WHEN first_hour <= {to} AND last_hour >= {from} THEN greatest(first_hour, {from})")
        };
        let first: Vec<_> = self.0.iter().map(first).collect();
        format!(
            "counted AS (
    SELECT
        timed.*,
        CASE
            WHEN NOT has_bytes THEN leg
            WHEN is_no_time THEN 'malformed'
            WHEN first_counted IS NULL THEN 'outside window'
            ELSE leg
        END AS kind
    FROM (
        SELECT
            timed.*,
            CASE {first} END AS first_counted
        FROM timed
    ) AS timed
),
",
            first = first.join("\n            "),
        )
    }

    /// The records' parts in each hour of a window.
    pub(super) fn parts(&self) -> String {
        let within: Vec<_> = self.0.iter().map(|(from, to)| format!("hour BETWEEN {from} AND {to}")).collect();
        format!(
            "-- One row for each hour of a record.
part AS (
    SELECT
        counted.*,
        strpos(kind, 'load') > 0 AS is_flow,
        h.hour AS hour,
        greatest(started, h.hour * 3600) - started AS passed_before,
        least(stopped, (h.hour + 1) * 3600) - started AS passed_after,
        stopped - started AS seconds
    FROM counted
    CROSS JOIN UNNEST(CASE WHEN strpos(kind, 'load') > 0 THEN sequence(first_hour, last_hour) ELSE sequence(0, 0) END) AS h (hour)
),
flow AS (
    SELECT
        kind,
        nat,
        flow_log,
        CASE
            WHEN kind IN ('upload', 'upload of client') THEN from_address
            WHEN kind IN ('download', 'download of client') THEN to_address
        END AS client,
        CASE
            WHEN kind IN ('upload', 'upload to remote')
                THEN CASE WHEN destination_nat64 AND NOT to_nat64 THEN destination ELSE to_address END
            WHEN kind IN ('download', 'download to remote')
                THEN CASE WHEN source_nat64 AND NOT from_nat64 THEN source ELSE from_address END
        END AS remote,
        CASE WHEN is_flow THEN kind IN ('upload', 'download') END AS both_ends,
        CASE WHEN is_flow THEN hour END AS hour,
        CASE WHEN is_flow AND hour <> first_counted THEN 0 ELSE 1 END AS records,
        -- Bytes are spread evenly over the seconds: those before one are rounded down, so that no split loses any.
        CASE WHEN is_flow THEN
            (bytes / seconds * passed_after + bytes % seconds * passed_after / seconds)
            - (bytes / seconds * passed_before + bytes % seconds * passed_before / seconds)
        ELSE 0 END AS bytes
    FROM part
    WHERE NOT is_flow
        OR {within}
)
",
            within = within.join("\n        OR "),
        )
    }
}

/// The sums, by hour, or those of flows and those of hours side by side.
pub(super) fn sums(by_hour: bool) -> String {
    let (both, grouping) = if by_hour {
        ("CAST(NULL AS BOOLEAN)", "kind, nat, flow_log, client, remote, hour")
    } else {
        (
            "both_ends",
            "GROUPING SETS ((kind, nat, flow_log, client, remote), (nat, flow_log, both_ends, hour))\nHAVING kind IS NOT NULL OR hour IS NOT NULL",
        )
    };
    let [kind, nat, flow_log, client, remote, both_ends, hour, bytes, remote_bytes, records] = COLUMNS;
    format!(
        "SELECT
    kind AS {kind},
    nat AS {nat},
    flow_log AS {flow_log},
    client AS {client},
    remote AS {remote},
    {both} AS {both_ends},
    hour AS {hour},
    sum(CAST(bytes AS DECIMAL(38, 0))) AS {bytes},
    sum(CAST(CASE WHEN remote IS NULL THEN 0 ELSE bytes END AS DECIMAL(38, 0))) AS {remote_bytes},
    sum(records) AS {records}
FROM flow
GROUP BY {grouping}
"
    )
}
