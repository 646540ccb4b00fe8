//! For gateways that no flow log tells about: the log that is there already, or how to get one, and what that costs.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::Context;
use crate::command;
use crate::cost::NatGatewayCost;
use crate::model::{AccountId, FlowLog, Gigabytes, NatGatewayId, RegionName, Usd};
use crate::pricing::Product;
use crate::topology::{Part, is_live, records};

/// How to learn what a gateway's bytes are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowLogAdvice {
    /// The account.
    #[schemars(with = "String")]
    pub account_id: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: RegionName,
    /// The gateway.
    #[schemars(with = "String")]
    pub nat_gateway_id: NatGatewayId,
    /// The flow log that records it; null when none does.
    pub flow_log_id: Option<String>,
    /// What to do.
    pub message: String,
    /// Commands for it; words in capitals are to be filled in.
    pub commands: Vec<String>,
    /// What a day of a new log costs at this traffic, at the least; an assumption that `message` names. Null when a log
    /// is there, or the traffic or the price is unknown.
    pub day_usd_low: Option<Usd>,
    /// The same at the most.
    pub day_usd_high: Option<Usd>,
}

/// What tells a client and a service apart, and no more.
const FORMAT: &str = "${version} ${account-id} ${interface-id} ${resource-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${bytes} ${start} ${end} ${action} ${log-status}";

/// A record of that format, before compression.
const RECORD_BYTES: u64 = 170;

/// How much one record tells of, at the least and at the most: a flow of a few minutes between two ports.
const BYTES_PER_RECORD: [u64; 2] = [10 << 10, 1 << 20];

/// Advice for every gateway in use whose bytes nothing tells apart.
pub(super) fn advice(context: &Context<'_>) -> Vec<FlowLogAdvice> {
    let parts = context.topology.parts.iter();
    let unattributed = |cost: &&NatGatewayCost<'_>| {
        cost.gateway.is_some_and(is_live)
            && cost.bytes.processed() != Some(0)
            && context.attribution.of(cost.id).is_none()
    };
    let of_part = |part: &'_ Part<'_>| -> Vec<FlowLogAdvice> {
        let unread = part.scan.gaps.iter().any(|gap| gap.operation == "DescribeFlowLogs");
        let here = context
            .costs
            .nat_gateways
            .iter()
            .filter(|cost| (cost.account_id, cost.region) == (&part.scan.account_id, &part.scan.region));
        here.filter(unattributed).map(|cost| one(context, part, cost, unread)).collect()
    };
    parts.flat_map(of_part).collect()
}

fn one(context: &Context<'_>, part: &Part<'_>, cost: &NatGatewayCost<'_>, unread: bool) -> FlowLogAdvice {
    let mut advice = FlowLogAdvice {
        account_id: cost.account_id.clone(),
        region: cost.region.clone(),
        nat_gateway_id: cost.id.clone(),
        flow_log_id: None,
        message: String::new(),
        commands: Vec::new(),
        day_usd_low: None,
        day_usd_high: None,
    };
    match part.scan.flow_logs.iter().find(|log| cost.gateway.is_some_and(|gateway| records(log, gateway))) {
        Some(log) => use_of(log, part, &mut advice),
        None => creation(context, part, cost, unread, &mut advice),
    }
    advice
}

fn use_of(log: &FlowLog, part: &Part<'_>, advice: &mut FlowLogAdvice) {
    let id = log.flow_log_id.as_str();
    advice.flow_log_id = Some(id.to_owned());
    let region = part.region();
    let destination = log.log_destination.as_deref().unwrap_or_default();
    advice.message = match (log.log_destination_type.as_deref(), &log.log_group_name) {
        (Some("s3"), _) => {
            let path = destination.rsplit_once(":::").map_or(destination, |(_, path)| path).trim_end_matches('/');
            let source = format!("s3://{path}/AWSLogs/");
            advice.commands.extend(command::line(["natwise", "audit", "--flow-logs", &source]));
            format!(
                "Flow log {id} records it in {source}: --flow-logs auto reads it there, and says first what that costs."
            )
        }
        (_, Some(group)) => {
            let place = format!("insights:{group}");
            let arguments = ["natwise", "audit", "--region", region.as_str(), "--flow-logs", &place];
            advice.commands.extend(command::line(arguments));
            format!(
                "Flow log {id} records it in log group {group}: --flow-logs auto asks CloudWatch Logs Insights there, and says first what that costs."
            )
        }
        _ => {
            format!("Flow log {id} records it: audit with --flow-logs and the files that it delivers to {destination}.")
        }
    };
    if log.log_format.as_deref().is_some_and(|format| !format.contains("pkt-dstaddr")) {
        advice.message.push_str(" Its format has no pkt-srcaddr and pkt-dstaddr, so it tells services and clients, but not which client used which service.");
    }
}

fn creation(
    context: &Context<'_>,
    part: &Part<'_>,
    cost: &NatGatewayCost<'_>,
    unread: bool,
    advice: &mut FlowLogAdvice,
) {
    let Some(gateway) = cost.gateway else { return };
    let interface = gateway.addresses.iter().find_map(|address| address.network_interface_id.as_deref());
    let (kind, resource) = match interface.filter(|_| !cost.regional) {
        Some(interface) => ("NetworkInterface", interface),
        None if cost.regional => ("RegionalNatGateway", gateway.nat_gateway_id.as_str()),
        None => ("Subnet", gateway.subnet_id.as_ref().map_or("SUBNET", |id| id.as_str())),
    };
    let options = "FileFormat=parquet,HiveCompatiblePartitions=true,PerHourPartition=true";
    let arguments = [
        "--resource-type",
        kind,
        "--resource-ids",
        resource,
        "--traffic-type",
        "ACCEPT",
        "--log-destination-type",
        "s3",
        "--log-destination",
        "arn:aws:s3:::BUCKET",
        "--destination-options",
        options,
        "--max-aggregation-interval",
        "600",
        "--log-format",
        FORMAT,
    ];
    advice.commands.extend(command::ec2(part.region(), "create-flow-logs", arguments));
    advice.message = if unread {
        "Whether a flow log records it could not be read. If none does, this one tells what its bytes are.".to_owned()
    } else {
        "No flow log records it. This one tells what its bytes are, of which client and for which service.".to_owned()
    };
    price(context, cost, advice);
}

/// What a day of that log costs.
fn price(context: &Context<'_>, cost: &NatGatewayCost<'_>, advice: &mut FlowLogAdvice) {
    let Some(monthly) = cost.monthly_gb() else { return };
    let Ok(delivery) = context.prices.unit(cost.region, Product::FlowLogDeliveryGb) else {
        advice.message.push_str(&format!(
            " What a day of it costs is unknown: the price book has no row for {} in {}.",
            Product::FlowLogDeliveryGb,
            cost.region
        ));
        return;
    };
    let parquet = context.prices.unit(cost.region, Product::FlowLogParquetGb);
    let rate = delivery + parquet.as_ref().copied().unwrap_or(Usd::ZERO);
    let daily_bytes =
        monthly * Decimal::from(24) / Decimal::from(crate::model::HOURS_PER_MONTH) * Decimal::from(1_u64 << 30);
    // Each byte is in two records: as it enters and as it leaves.
    let day = |bytes_per_record: u64| {
        let log = daily_bytes * Decimal::TWO / Decimal::from(bytes_per_record) * Decimal::from(RECORD_BYTES);
        rate * Gigabytes::of(log).0
    };
    let [most, least] = BYTES_PER_RECORD.map(day);
    advice.day_usd_low = Some(least);
    advice.day_usd_high = Some(most);
    advice.message.push_str(&format!(
        " A day of it costs about ${} to ${} at this traffic, assuming that a record tells of 1 MB to 10 KB{}.",
        least.rounded().round_dp(2),
        most.rounded().round_dp(2),
        if parquet.is_ok() {
            ""
        } else {
            "; writing it as Parquet comes on top, at a rate that the price book does not have"
        }
    ));
}
