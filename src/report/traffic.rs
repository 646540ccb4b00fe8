//! What `natwise attribute` writes: bytes by gateway, service and direction, without a price.
//!
//! These types *are* the JSON of `attribute --format json` (schema `natwise.traffic/1`): add fields freely, never
//! rename one or change its meaning without a new schema number.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{AccountId, Bytes, RegionName, Service, Window};
use crate::resolver_log::ResolverStatistics;
use crate::traffic::{FileFault, GatewayTraffic, Method, NamedBy, Statistics, Traffic};

/// The form of the JSON.
const TRAFFIC_SCHEMA: &str = "natwise.traffic/1";

/// What flow logs say.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrafficReport {
    /// Always `natwise.traffic/1`.
    pub schema: &'static str,
    /// The program and version that wrote it.
    pub generated_by: &'static str,
    /// The span that was asked for; null for all that is in the logs.
    pub window: Option<Window>,
    /// Every gateway that was looked for.
    pub gateways: Vec<GatewayRow>,
    /// Bytes, each counted once, by gateway, service, Region and direction; the most first within a gateway.
    pub flows: Vec<FlowRow>,
    /// The largest clients.
    pub sources: Vec<SourceRow>,
    /// Lines of `sources` that are left out, by `--top`.
    pub sources_left_out: usize,
    /// What became of the records.
    pub statistics: Statistics,
    /// Files that could not be read, or not to their end.
    pub faults: Vec<FileFault>,
    /// Files in folders that are no flow logs by their names.
    pub other_files: u64,
    /// The accounts that the records are of.
    #[schemars(with = "Vec<String>")]
    pub accounts: Vec<AccountId>,
    /// The accounts that the snapshot is of; empty without one.
    #[schemars(with = "Vec<String>")]
    pub snapshot_accounts: Vec<AccountId>,
    /// What Resolver query logs were read; null when none were.
    pub resolver_logs: Option<ResolverStatistics>,
    /// From when the address ranges are that tell AWS's services.
    pub ranges_published: String,
}

/// A gateway.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GatewayRow {
    /// `nat-…`, or `eni-…` where no more is known.
    pub nat: String,
    /// Which of its records show each byte once; `none` when there are none.
    pub method: Method,
    /// Bytes from its clients outwards.
    pub upload: Bytes,
    /// Bytes back to its clients.
    pub download: Bytes,
    /// How many hours have records of it.
    pub hours: usize,
    /// How many clients are told apart.
    pub clients: usize,
    /// Bytes of further clients, which were too many to be told apart.
    pub other_clients: Bytes,
    /// `SKIPDATA` records: each says that records were lost.
    pub skipdata: u64,
    /// The flow logs that recorded it, each with how many of its records were left out as another's doubles.
    pub flow_logs: BTreeMap<String, u64>,
}

/// Bytes of one direction for one service.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowRow {
    /// The gateway.
    pub nat: String,
    /// Where they went or came from.
    pub service: Service,
    /// The Region of that: `GLOBAL` as AWS publishes it; null outside AWS.
    #[schemars(with = "Option<String>")]
    pub region: Option<RegionName>,
    /// `upload` or `download`.
    pub direction: &'static str,
    /// How many.
    pub bytes: Bytes,
    /// In how many records.
    pub records: u64,
    /// How the service is known.
    pub named_by: BTreeSet<NamedBy>,
}

/// A client's bytes for one service.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceRow {
    /// The gateway.
    pub nat: String,
    /// The client.
    pub address: std::net::IpAddr,
    /// Its VPC, where that is known.
    #[schemars(with = "Option<String>")]
    pub vpc_id: Option<String>,
    /// Its subnet, where that is known.
    #[schemars(with = "Option<String>")]
    pub subnet_id: Option<String>,
    /// What for; null where the records cannot tell it (formats without `pkt-` fields).
    pub service: Option<Service>,
    /// From it outwards.
    pub upload: Bytes,
    /// Back to it.
    pub download: Bytes,
}

impl TrafficReport {
    /// What flow logs say, with the largest so many sources, or all for 0.
    #[must_use]
    pub fn new(traffic: &Traffic, snapshot_accounts: BTreeSet<AccountId>, top: usize) -> Self {
        let mut sources: Vec<_> = traffic.gateways.iter().flat_map(sources).collect();
        let key = |row: &SourceRow| (row.nat.clone(), row.address, row.service.clone());
        sources.sort_by_cached_key(|row| (Reverse(row.upload.saturating_add(row.download)), key(row)));
        let shown = if top == 0 { sources.len() } else { top.min(sources.len()) };
        let left_out = sources.len() - shown;
        sources.truncate(shown);
        Self {
            schema: TRAFFIC_SCHEMA,
            generated_by: crate::GENERATED_BY,
            window: traffic.window,
            gateways: traffic.gateways.iter().map(GatewayRow::new).collect(),
            flows: traffic.gateways.iter().flat_map(flows).collect(),
            sources,
            sources_left_out: left_out,
            statistics: traffic.statistics,
            faults: traffic.faults.clone(),
            other_files: traffic.other_files,
            accounts: traffic.accounts.iter().cloned().collect(),
            snapshot_accounts: snapshot_accounts.into_iter().collect(),
            resolver_logs: traffic.names,
            ranges_published: traffic.ranges_published.clone(),
        }
    }

    /// Whether the logs are of other accounts than the snapshot, and know none of its gateways.
    #[must_use]
    pub fn is_of_others(&self) -> bool {
        let unseen = self.gateways.iter().all(|gateway| gateway.method == Method::None);
        let apart = self.accounts.iter().all(|account| !self.snapshot_accounts.contains(account));
        unseen && apart && !self.accounts.is_empty() && !self.snapshot_accounts.is_empty()
    }

    /// The JSON Schema of it.
    #[must_use]
    pub fn json_schema() -> schemars::Schema {
        schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<Self>()
    }
}

impl GatewayRow {
    fn new(traffic: &GatewayTraffic) -> Self {
        let total = traffic.total();
        let clients: BTreeSet<_> = traffic.clients.iter().map(|client| client.address).collect();
        Self {
            nat: traffic.nat.clone(),
            method: traffic.method,
            upload: total.upload,
            download: total.download,
            hours: traffic.hours.len(),
            clients: clients.len(),
            other_clients: traffic.other_clients.bytes(),
            skipdata: traffic.skipdata,
            flow_logs: traffic.flow_logs.clone(),
        }
    }
}

/// A gateway's flows, one row for each service, Region and direction, however the service is known.
fn flows(traffic: &GatewayTraffic) -> Vec<FlowRow> {
    let mut sums = BTreeMap::<_, (Bytes, u64, BTreeSet<NamedBy>)>::new();
    for (label, volume) in &traffic.flows {
        for (direction, bytes, records) in
            [("upload", volume.upload, volume.upload_records), ("download", volume.download, volume.download_records)]
        {
            if bytes > 0 || records > 0 {
                let sum = sums.entry((&label.service, &label.region, direction)).or_default();
                sum.0 = sum.0.saturating_add(bytes);
                sum.1 += records;
                sum.2.insert(label.named_by);
            }
        }
    }
    let row =
        |((service, region, direction), (bytes, records, named_by)): ((&Service, &Option<RegionName>, _), _)| FlowRow {
            nat: traffic.nat.clone(),
            service: service.clone(),
            region: region.clone(),
            direction,
            bytes,
            records,
            named_by,
        };
    let mut rows: Vec<_> = sums.into_iter().map(row).collect();
    rows.sort_by_key(|row| Reverse(row.bytes));
    rows
}

/// A gateway's clients, one row for each of their services.
fn sources(traffic: &GatewayTraffic) -> Vec<SourceRow> {
    let mut rows = BTreeMap::<_, SourceRow>::new();
    for client in &traffic.clients {
        let service = client.label.as_ref().map(|label| &label.service);
        let row = rows.entry((client.address, service)).or_insert_with(|| SourceRow {
            nat: traffic.nat.clone(),
            address: client.address,
            vpc_id: client.place.as_ref().map(|place| place.vpc_id.to_string()).filter(|id| !id.is_empty()),
            subnet_id: client.place.as_ref().and_then(|place| place.subnet_id.as_ref()).map(ToString::to_string),
            service: service.cloned(),
            upload: 0,
            download: 0,
        });
        row.upload = row.upload.saturating_add(client.volume.upload);
        row.download = row.download.saturating_add(client.volume.download);
    }
    rows.into_values().collect()
}
