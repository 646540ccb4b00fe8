//! What flow logs add to the report: each gateway's bytes by service, and how far the logs can be trusted.

use std::cmp::Reverse;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::attribution::Measured;
use crate::finding::Basis;
use crate::model::{AccountId, Bytes, Hours, RegionName, Service};
use crate::traffic::{FileFault, Method, NamedBy, Statistics, Traffic};

/// The flow logs that were read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowLogs {
    /// What became of their records.
    pub statistics: Statistics,
    /// Files that could not be read, or not to their end.
    pub faults: Vec<FileFault>,
    /// The accounts that their records are of.
    #[schemars(with = "Vec<String>")]
    pub accounts: Vec<AccountId>,
    /// From when the address ranges are that tell AWS's services.
    pub ranges_published: String,
    /// Gateways that are in no record.
    pub unseen: Vec<String>,
}

impl FlowLogs {
    pub(super) fn new(traffic: &Traffic) -> Self {
        let unseen = traffic.gateways.iter().filter(|gateway| gateway.method == Method::None);
        Self {
            statistics: traffic.statistics,
            faults: traffic.faults.clone(),
            accounts: traffic.accounts.iter().cloned().collect(),
            ranges_published: traffic.ranges_published.clone(),
            unseen: unseen.map(|gateway| gateway.nat.clone()).collect(),
        }
    }
}

/// A part of a gateway's bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrafficRow {
    /// Where they went.
    pub service: Service,
    /// The Region they went to: `GLOBAL` as AWS publishes it; null outside AWS.
    #[schemars(with = "Option<String>")]
    pub region: Option<RegionName>,
    /// How many in the window: the logs' share of CloudWatch's total, or the logged bytes where that is unknown.
    pub bytes: Bytes,
    /// How many the flow logs show.
    pub logged_bytes: Bytes,
    /// Whether a gateway endpoint in that Region would carry them.
    pub gateway_endpoint: bool,
    /// How the service is known.
    pub named_by: NamedBy,
    /// How that is known: `measured`; `measured (sampled)` where only some hours were read, of which this is the estimate
    /// for all; `measured (partial)` where the logs saw less than 80% of the bytes.
    pub basis: Basis,
    /// Of a sample: the low end of the 95% confidence interval of `bytes`; else null.
    pub bytes_low: Option<Bytes>,
    /// The high end.
    pub bytes_high: Option<Bytes>,
}

/// What flow logs saw of a gateway, beside CloudWatch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Coverage {
    /// Which records show each byte once.
    pub method: Method,
    /// Bytes that the logs show in the window.
    pub logged_bytes: Bytes,
    /// Bytes that CloudWatch metered in the window; null when unknown.
    pub metered_bytes: Option<Bytes>,
    /// The first as a part of the second (of a sample: as a part of what was metered in its hours): 0.972 for 97.2%.
    #[schemars(with = "Option<f64>")]
    #[serde(serialize_with = "super::number")]
    pub share: Option<Decimal>,
    /// Hours that were read, where that was a sample; null when all were.
    pub sampled_hours: Option<Hours>,
    /// Bytes that CloudWatch metered in those: what `share` is of then.
    pub metered_bytes_in_sampled_hours: Option<Bytes>,
    /// Hours of the window with logged bytes.
    pub logged_hours: Hours,
    /// Hours of the window with metered bytes.
    pub metered_hours: Hours,
    /// Bytes metered in the hours that have logged ones.
    pub metered_bytes_in_logged_hours: Bytes,
    /// Logged bytes of AWS services that their address does not name.
    pub unnamed_bytes: Bytes,
    /// Records that say that records were lost.
    pub skipdata: u64,
}

impl Coverage {
    pub(super) fn new(measured: &Measured<'_>) -> Self {
        Self {
            method: measured.traffic.method,
            logged_bytes: measured.logged,
            metered_bytes: measured.metered,
            share: measured.coverage(),
            sampled_hours: measured.sample.map(|sample| sample.plan.hours().len() as Hours),
            metered_bytes_in_sampled_hours: measured.sample.map(|sample| sample.metered),
            logged_hours: measured.logged_hours,
            metered_hours: measured.metered_hours,
            metered_bytes_in_logged_hours: measured.metered_in_logged_hours,
            unnamed_bytes: measured.unnamed(),
            skipdata: measured.traffic.skipdata,
        }
    }
}

/// A gateway's bytes by service, the most first.
pub(super) fn traffic(measured: &Measured<'_>) -> Vec<TrafficRow> {
    let basis = measured.basis(measured.is_covered());
    let mut rows: Vec<_> = measured
        .flows()
        .into_iter()
        .map(|(label, volume, bytes)| (label, volume, bytes, measured.interval(label)))
        .map(|(label, volume, bytes, interval)| TrafficRow {
            service: label.service.clone(),
            region: label.region.clone(),
            bytes,
            logged_bytes: volume.bytes(),
            gateway_endpoint: label.gateway_endpoint,
            named_by: label.named_by,
            basis,
            bytes_low: interval.and_then(|range| Bytes::try_from(range.low.round()).ok()),
            bytes_high: interval.and_then(|range| Bytes::try_from(range.high.round()).ok()),
        })
        .collect();
    // The flows come in the order of their labels, which decides between equals.
    rows.sort_by_key(|row| Reverse((row.bytes, row.logged_bytes)));
    rows
}
