//! Random small accounts: sound ones, faulty ones and senseless ones.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::{Account, START, at};
use crate::model::{AvailabilityMode, EndpointType, NatGatewayState, Series, VpcEndpoint};

/// One thing that is added: what it is, and what varies of it. Indexes wrap around at what is there already.
type Step = (u8, [u8; 4], Option<u64>);

const REGIONS: [&str; 8] =
    ["us-east-1", "us-east-1", "us-east-1", "eu-west-1", "eu-west-3", "mx-central-1", "cn-north-1", "xx-moon-1"];
const ZONES: [&str; 3] = ["a", "b", "c"];
const STATES: [&str; 9] =
    ["available", "available", "available", "available", "pending", "failed", "deleting", "deleted", "dreaming"];
const SERVICES: [&str; 6] = ["s3", "dynamodb", "sqs", "ecr.api", "s3express", "vpce-svc-1"];
const KINDS: [&str; 7] =
    ["Interface", "Interface", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel"];
const DEFAULT_POLICY: &str = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
const CALLS: [&str; 7] = [
    "DescribeVpcs",
    "DescribeSubnets",
    "DescribeRouteTables",
    "DescribeNatGateways",
    "DescribeVpcEndpoints",
    "DescribeSecurityGroups",
    "GetMetricData",
];

/// An account of up to forty things, in a Region whose prices are known, known in part, or not at all.
pub(crate) fn any_account() -> impl Strategy<Value = Account> {
    let bytes = prop_oneof![Just(0), 0..1_u64 << 30, 0..1_u64 << 42, any::<u64>()];
    let steps = prop::collection::vec((0..20_u8, any::<[u8; 4]>(), prop::option::of(bytes)), 0..40);
    let region = prop::sample::select(REGIONS.to_vec());
    (region, 0..8_u8, steps).prop_map(|(region, base, steps)| {
        let start = match base {
            0 => Account::new(region).vpc("vpc-1", "10.0.0.0/16"),
            1..=3 => Account::plain(region),
            4 | 5 => Account::plain(region).traffic("nat-1", 100, 400),
            _ => Account::sound(region),
        };
        steps.iter().enumerate().fold(start, |account, (number, step)| add(account, number, step))
    })
}

fn pick<'x>(from: &[&'x str], index: u8) -> &'x str {
    from[usize::from(index) % from.len()]
}

/// The id of something that is there, or one that nothing has.
fn known(ids: impl IntoIterator<Item = String>, index: u8, none: &str) -> String {
    let ids: Vec<_> = ids.into_iter().collect();
    ids.get(usize::from(index) % ids.len().max(1)).cloned().unwrap_or_else(|| none.to_owned())
}

fn add(mut account: Account, number: usize, (kind, [a, b, c, d], bytes): &Step) -> Account {
    let (a, b, c, d) = (*a, *b, *c, *d);
    let part = account.part().clone();
    let subnet = known(part.subnets.iter().map(|s| s.subnet_id.to_string()), b, "subnet-none");
    let table = part.route_tables.get(usize::from(c) % part.route_tables.len().max(1));
    let nat = known(part.nat_gateways.iter().map(|n| n.nat_gateway_id.to_string()), a, "nat-none");
    let vpc = known(part.vpcs.iter().map(|v| v.vpc_id.to_string()), a, "vpc-none");
    match kind {
        0 => {
            let account = account.vpc(&format!("vpc-{number}"), &format!("10.{number}.0.0/16"));
            account.scan(|scan| {
                if a % 8 == 0 {
                    scan.vpcs.last_mut().unwrap().owner_id = Some("999988887777".into());
                }
            })
        }
        1..=3 => {
            let account = account.subnet(&format!("subnet-{number}"), pick(&ZONES, a), &format!("10.{b}.{c}.0/24"));
            account.scan(|scan| scan.subnets.last_mut().unwrap().enable_dns64 = d % 4 == 0)
        }
        4 if a % 3 == 0 => account.main_table(&format!("rtb-{number}")),
        4 | 5 => account.table(&format!("rtb-{number}"), &[&subnet]),
        6..=9 => {
            let Some(table) = table else { return account };
            let destination =
                pick(&["0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/1", "pl-s3", "52.216.0.0/16", "64:ff9b::/96", "::/0"], d);
            let endpoint = known(part.vpc_endpoints.iter().map(|e| e.vpc_endpoint_id.to_string()), b, "vpce-none");
            let target = pick(&[&nat, &nat, &nat, &nat, "igw-1", "tgw-1", "pcx-1", "nat-deleted", &endpoint], b);
            let add = if d % 7 == 6 { Account::blackhole } else { Account::route };
            add(account, table.route_table_id.as_str(), destination, target)
        }
        10 | 11 => add_nat(account, number, &subnet, [a, b, c, d]),
        12 | 13 => {
            let regional =
                |id: &str| part.nat_gateways.iter().any(|n| n.nat_gateway_id.as_str() == id && n.subnet_id.is_none());
            let zone = (regional(&nat) || d % 9 == 0).then(|| pick(&ZONES, b).to_owned());
            let bytes = bytes.unwrap_or_default();
            let account = account.metrics(if a % 6 == 0 { "nat-gone" } else { &nat }, zone, bytes, bytes / 3);
            account.scan(|scan| {
                let metrics = scan.metrics.nat_gateways.last_mut().unwrap();
                if c % 6 == 0 {
                    metrics.bytes_in_from_source = Series::default();
                }
            })
        }
        14 => {
            let service = pick(&SERVICES[..2], a);
            if part.vpc_endpoints.iter().any(|endpoint| endpoint.vpc_endpoint_id.as_str() == format!("vpce-{service}"))
            {
                return account;
            }
            let tables = table.map(|table| table.route_table_id.to_string());
            account.gateway_endpoint(service, &tables.as_deref().into_iter().collect::<Vec<_>>())
        }
        15 if a % 4 == 0 => account.refused(pick(&CALLS, b), "ec2:Something"),
        15 => {
            let table = (c % 2 == 0).then_some("tgw-rtb-1");
            let account = account.attach("tgw-1", &vpc, &[&subnet], table);
            if d % 3 == 0 { account.tgw_table("tgw-rtb-1", &[("0.0.0.0/0", &vpc)]) } else { account }
        }
        _ => add_endpoint(account, number, &subnet, [a, b, c, d], *bytes),
    }
}

fn add_nat(account: Account, number: usize, subnet: &str, [a, b, c, d]: [u8; 4]) -> Account {
    let id = format!("nat-{number}");
    account.nat(&id, subnet).edit_nat(&id, |nat| {
        nat.state = pick(&STATES, b).into();
        nat.addresses = vec![nat.addresses[0].clone(); usize::from(c % 3)];
        if d % 5 == 0 {
            nat.availability_mode = AvailabilityMode::Regional;
            nat.subnet_id = None;
            nat.addresses.iter_mut().for_each(|address| address.availability_zone = Some(pick(&ZONES, b).into()));
        }
        if a % 3 == 0 {
            nat.create_time = Some(at(START) + SignedDuration::from_hours(i64::from(b) * 3));
        }
        if nat.state == NatGatewayState::Deleted && a % 2 == 0 {
            nat.delete_time = Some(at(START) + SignedDuration::from_hours(i64::from(c) * 3));
        }
    })
}

fn add_endpoint(account: Account, number: usize, subnet: &str, [a, b, c, d]: [u8; 4], bytes: Option<u64>) -> Account {
    let service = pick(&SERVICES, a);
    let account = account.interface_endpoint(service, &[subnet]);
    let kind = EndpointType::from(pick(&KINDS, c));
    let edit = |endpoint: &mut VpcEndpoint| {
        endpoint.endpoint_type = kind;
        endpoint.state = pick(&STATES, b).into();
        endpoint.requester_managed = d % 9 == 0;
        endpoint.private_dns_enabled = d % 2 == 0;
        endpoint.policy_document = (d % 3 == 0).then(|| DEFAULT_POLICY.to_owned());
        if d % 4 == 0 {
            endpoint.creation_timestamp = Some(at(START) + SignedDuration::from_hours(i64::from(c) * 3));
        }
    };
    account.scan(|scan| {
        edit(scan.vpc_endpoints.last_mut().unwrap());
        let id = format!("vpce-{number}");
        scan.vpc_endpoints.last_mut().unwrap().vpc_endpoint_id = id.as_str().into();
        scan.metrics.endpoints.last_mut().unwrap().vpc_endpoint_id = id.as_str().into();
        if a % 7 == 0 {
            scan.security_groups.last_mut().unwrap().ingress.clear();
        }
        match bytes {
            Some(bytes) => {
                scan.metrics.endpoints.last_mut().unwrap().bytes_processed =
                    Series::from_points([(usize::from(a), bytes)]);
            }
            None if d % 5 == 0 => drop(scan.metrics.endpoints.pop()),
            None => {}
        }
    })
}
