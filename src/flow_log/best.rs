//! `--flow-logs auto`: of the flow logs that the scan found, the best one for each NAT gateway.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FlowLog, NatGatewayId, RegionName, RegionScan, Snapshot};
use crate::topology::{is_live, records};

/// Where flow logs are that natwise can read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A Region's folder in a bucket.
    Bucket {
        /// The bucket.
        bucket: String,
        /// Up to the Region.
        prefix: String,
    },
    /// A log group.
    LogGroup {
        /// Its Region.
        region: RegionName,
        /// Its name.
        name: String,
    },
}

/// What tells of the gateways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Best {
    /// Places, and the flow logs and gateways that each is read for.
    pub places: BTreeMap<Place, (BTreeSet<String>, BTreeSet<NatGatewayId>)>,
    /// Gateways that no flow log records in a place that can be read.
    pub none: Vec<NatGatewayId>,
}

impl Best {
    /// Chooses. Buckets before log groups, as reading those costs more; and formats that tell both ends of each byte
    /// before those that do not.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut best = Self::default();
        for scan in &snapshot.regions {
            for gateway in scan.nat_gateways.iter().filter(|gateway| is_live(gateway)) {
                let logs = scan.flow_logs.iter().filter(|log| records(log, gateway));
                let readable = logs.filter_map(|log| Some((log, place(scan, log)?)));
                let quality = |(log, place): &(&FlowLog, Place)| {
                    let is_bucket = matches!(place, Place::Bucket { .. });
                    (!tells_both_ends(log), !is_bucket, log.flow_log_id.clone())
                };
                match readable.min_by_key(quality) {
                    Some((log, place)) => {
                        let (logs, gateways) = best.places.entry(place).or_default();
                        logs.insert(log.flow_log_id.to_string());
                        gateways.insert(gateway.nat_gateway_id.clone());
                    }
                    None => best.none.push(gateway.nat_gateway_id.clone()),
                }
            }
        }
        best
    }
}

fn tells_both_ends(log: &FlowLog) -> bool {
    log.log_format.as_deref().is_some_and(|format| format.contains("pkt-dstaddr") && format.contains("pkt-srcaddr"))
}

fn place(scan: &RegionScan, log: &FlowLog) -> Option<Place> {
    if log.log_destination_type.as_deref() == Some("s3") {
        // arn:aws:s3:::BUCKET/PREFIX/
        let (_, path) = log.log_destination.as_deref()?.split_once(":::")?;
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let above = prefix.trim_end_matches('/');
        let above = if above.is_empty() { String::new() } else { format!("{above}/") };
        let (account, region) = (&scan.account_id, &scan.region);
        let folder = if log.hive_compatible_partitions {
            format!("AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/")
        } else {
            format!("AWSLogs/{account}/vpcflowlogs/{region}/")
        };
        return Some(Place::Bucket { bucket: bucket.to_owned(), prefix: above + &folder });
    }
    let name = log.log_group_name.clone()?;
    (!name.is_empty()).then(|| Place::LogGroup { region: scan.region.clone(), name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Account;

    fn log(id: &str, resource: &str, to: &str, format: Option<&str>) -> FlowLog {
        let bucket = to.strip_prefix("s3:").map(|path| format!("arn:aws:s3:::{path}"));
        FlowLog {
            flow_log_id: id.into(),
            resource_id: resource.to_owned(),
            traffic_type: Some("ALL".to_owned()),
            log_destination_type: Some(if bucket.is_some() { "s3" } else { "cloud-watch-logs" }.to_owned()),
            log_group_name: bucket.is_none().then(|| to.to_owned()),
            log_destination: bucket,
            log_format: format.map(str::to_owned),
            file_format: None,
            hive_compatible_partitions: id.ends_with("hive"),
            per_hour_partition: false,
            max_aggregation_interval: Some(600),
            deliver_logs_status: Some("SUCCESS".to_owned()),
        }
    }

    fn best(logs: Vec<FlowLog>) -> Best {
        Best::of(&Account::sound("us-east-1").scan(|scan| scan.flow_logs = logs).snapshot())
    }

    const BOTH: Option<&str> = Some("${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${bytes}");

    #[test]
    fn buckets_before_log_groups_and_both_ends_before_one() {
        let found = best(vec![
            log("fl-1", "vpc-1", "/vpc/flow", BOTH),
            log("fl-2", "vpc-1", "s3:logs/a/", BOTH),
            log("fl-3", "vpc-1", "s3:old", None),
        ]);
        let bucket = |bucket: &str, prefix: &str| Place::Bucket { bucket: bucket.into(), prefix: prefix.into() };
        let place = bucket("logs", "a/AWSLogs/111122223333/vpcflowlogs/us-east-1/");
        assert_eq!(found.places.keys().collect::<Vec<_>>(), [&place]);
        assert_eq!((found.places[&place].1.len(), &found.none), (2, &Vec::new()));
        let hive = best(vec![log("fl-hive", "vpc-1", "s3:logs", None)]);
        let folder = "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/";
        assert_eq!(hive.places.keys().collect::<Vec<_>>(), [&bucket("logs", folder)]);
    }

    #[test]
    fn each_gateway_has_its_own_and_some_have_none() {
        let found = best(vec![log("fl-1", "nat-a", "/vpc/flow", None)]);
        let group = Place::LogGroup { region: "us-east-1".into(), name: "/vpc/flow".into() };
        assert_eq!(found.places[&group].1.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["nat-a"]);
        assert_eq!(found.none, ["nat-b".into()]);
    }
}
