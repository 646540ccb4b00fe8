//! `--flow-logs auto`: the scanned account's own flow logs, in buckets and log groups.

use std::collections::BTreeSet;

use aws_config::Region;

use super::remote::Remote;
use super::{Account, Found, Request, bucket, insights};
use crate::commands::audit::eprint;
use crate::flow_log::best::{Best, Place};
use crate::flow_log::watch::Gateway;
use crate::model::NatGatewayId;
use crate::output::clean;

/// The account's flow logs that are read.
pub(super) fn best(account: &Account<'_>) -> anyhow::Result<Best> {
    let Account::Scanned(snapshot) = account else {
        anyhow::bail!("auto reads the flow logs of a scanned account: pass --snapshot FILE, or use natwise audit");
    };
    let best = Best::of(snapshot);
    anyhow::ensure!(
        !best.places.is_empty(),
        "--flow-logs auto: no flow log of this account records a NAT gateway in a bucket or log group; without --flow-logs the report ends with how to get one"
    );
    Ok(best)
}

/// Reads the best flow log of each gateway where it is.
pub(super) fn find(mut remote: Remote, best: &Best, request: &Request<'_>) -> anyhow::Result<Found> {
    tell(&remote, best);
    let of = |ids: &BTreeSet<NatGatewayId>| -> Vec<Gateway> {
        let is_of = |gateway: &&Gateway| gateway.nat_gateway_id.as_ref().is_some_and(|id| ids.contains(id));
        request.gateways.iter().filter(is_of).cloned().collect()
    };
    let mut found = Found::default();
    let (mut buckets, mut logs) = (Vec::new(), BTreeSet::new());
    for (place, (ids, gateways)) in &best.places {
        match place {
            Place::Bucket { bucket, prefix } => {
                buckets.push((bucket.as_str(), prefix.as_str()));
                logs.extend(ids.iter().cloned());
            }
            Place::LogGroup { region, name } => {
                let gateways = of(gateways);
                let request = Request { gateways: &gateways, ..request.clone() };
                remote.config = remote.config.to_builder().region(Region::new(region.to_string())).build();
                found.sums.get_or_insert_default().extend(insights::sums(&remote, name, &request)?);
            }
        }
    }
    if !buckets.is_empty() {
        found.buckets = bucket::objects(&remote, &buckets, &Request { logs: Some(&logs), ..request.clone() })?;
    }
    Ok(found)
}

/// What is read for whom.
fn tell(remote: &Remote, best: &Best) {
    if remote.quiet {
        return;
    }
    for (place, (logs, gateways)) in &best.places {
        let place = match place {
            Place::Bucket { bucket, prefix } => format!("s3://{bucket}/{prefix}"),
            Place::LogGroup { region, name } => format!("insights:{name} ({region})"),
        };
        let logs: Vec<_> = logs.iter().map(String::as_str).collect();
        let line = format!("{} for {} NAT gateway(s), by {}", place, gateways.len(), logs.join(", "));
        eprint(&format!("natwise: {}", clean(&line)));
    }
    if !best.none.is_empty() {
        let none: Vec<_> = best.none.iter().map(|id| id.as_str()).collect();
        eprint(&format!("natwise: no flow log that can be read records {}", clean(&none.join(", "))));
    }
}
