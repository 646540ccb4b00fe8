//! How long an audit of a snapshot takes, and how it grows: `cargo bench --bench audit`.
//!
//! Each VPC has 3 NAT gateways, 12 route tables and 6 endpoints, with 30 days of hourly series. The time covers what
//! `natwise audit --snapshot FILE --format json` does once the file is in memory: parse, analyse, write.
//!
//! `cargo bench --bench audit -- --write N FILE` writes the snapshot of N VPCs instead, for `tests/bench/run`, which
//! measures the whole program, its memory, and `jq` beside it.

#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::fs::File;
use std::io::{BufWriter, Write};

use natwise::assumption::Assumptions;
use natwise::model::{
    AvailabilityMode, ConnectivityType, EndpointMetrics, EndpointState, EndpointType, NatGateway, NatGatewayAddress,
    NatGatewayMetrics, NatGatewayState, RegionScan, Route, RouteState, RouteTable, RouteTableAssociation, Series,
    Snapshot, Subnet, Tags, Vpc, VpcEndpoint, Window,
};
use natwise::output::{Format, Style, render};
use natwise::pricing::PriceBook;
use natwise::report::Report;

const ZONES: [&str; 3] = ["a", "b", "c"];
const HOURS: usize = 30 * 24;
const SERVICES: [&str; 5] = ["sqs", "logs", "kms", "ecr.api", "secretsmanager"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--write") {
        let vpcs = arguments[at + 1].parse().unwrap();
        let mut file = BufWriter::new(File::create(&arguments[at + 2]).unwrap());
        serde_json::to_writer(&mut file, &account(vpcs)).unwrap();
        file.flush().unwrap();
        return;
    }
    divan::main();
}

#[divan::bench(args = [10, 100, 1_000], sample_count = 5, sample_size = 1)]
fn audit_snapshot(bencher: divan::Bencher<'_, '_>, vpcs: usize) {
    let json = serde_json::to_vec(&account(vpcs)).unwrap();
    let prices = PriceBook::embedded().unwrap();
    bencher.counter(divan::counter::BytesCount::new(json.len())).bench(|| {
        let snapshot = Snapshot::parse(&json).unwrap();
        let report = Report::new(&snapshot, None, &prices, &Assumptions::default());
        let mut out = Vec::new();
        render(&report, Format::Json, Style { color: false, width: 100, rows: None }, &mut out).unwrap();
        out
    });
}

/// The same of 1,000 VPCs in each form.
#[divan::bench(args = ["json", "markdown", "csv", "xlsx", "focus"], sample_count = 5, sample_size = 1)]
fn formats(bencher: divan::Bencher<'_, '_>, form: &str) {
    let format = match form {
        "markdown" => Format::Markdown,
        "csv" => Format::Csv,
        "xlsx" => Format::Xlsx,
        "focus" => Format::Focus,
        _ => Format::Json,
    };
    let json = serde_json::to_vec(&account(1_000)).unwrap();
    let prices = PriceBook::embedded().unwrap();
    bencher.bench(|| {
        let snapshot = Snapshot::parse(&json).unwrap();
        let report = Report::new(&snapshot, None, &prices, &Assumptions::default());
        let mut out = Vec::new();
        render(&report, format, Style { color: false, width: 100, rows: None }, &mut out).unwrap();
        out
    });
}

/// Hour by hour a different number of gigabytes, the same in every run.
fn series(seed: usize, scale: u64) -> Series {
    let mut state = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    Series::from_points((0..HOURS).map(|hour| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (hour, state % scale)
    }))
}

fn account(vpcs: usize) -> Snapshot {
    let window = Window::new("2026-10-01T00:00:00Z".parse().unwrap(), "2026-10-31T00:00:00Z".parse().unwrap()).unwrap();
    let mut scan = RegionScan::new("111122223333".into(), "us-east-1".into());
    for v in 0..vpcs {
        vpc(&mut scan, v);
    }
    Snapshot::new(window, vec![scan])
}

#[allow(clippy::too_many_lines)]
fn vpc(scan: &mut RegionScan, v: usize) {
    let id = |kind: &str, n: usize| format!("{kind}-{v:08x}{n:09x}");
    let vpc_id = id("vpc", 0);
    let created = Some("2026-01-01T00:00:00Z".parse().unwrap());
    scan.vpcs.push(Vpc {
        vpc_id: vpc_id.as_str().into(),
        owner_id: Some("111122223333".into()),
        cidr_blocks: vec!["10.0.0.0/16".parse().unwrap()],
        ipv6_cidr_blocks: Vec::new(),
        is_default: false,
        tags: Tags::from([("Name".to_owned(), format!("vpc number {v}"))]),
    });
    for n in 0..12 {
        let zone = ZONES[n % 3];
        scan.subnets.push(Subnet {
            subnet_id: id("subnet", n).into(),
            vpc_id: vpc_id.as_str().into(),
            owner_id: Some("111122223333".into()),
            availability_zone: format!("us-east-1{zone}"),
            availability_zone_id: Some(format!("use1-az{}", n % 3 + 1)),
            cidr_block: Some(format!("10.0.{n}.0/24").parse().unwrap()),
            enable_dns64: false,
            tags: Tags::new(),
        });
        let (gateway, nat) =
            if n < 3 { (Some("igw-1".to_owned()), None) } else { (None, Some(id("nat", n % 3).into())) };
        let route = |cidr: &str| Route {
            destination_cidr: Some(cidr.parse().unwrap()),
            gateway_id: gateway.clone(),
            nat_gateway_id: nat.clone(),
            state: RouteState::Active,
            ..Route::default()
        };
        let local = Route {
            destination_cidr: Some("10.0.0.0/16".parse().unwrap()),
            gateway_id: Some("local".to_owned()),
            ..Route::default()
        };
        scan.route_tables.push(RouteTable {
            route_table_id: id("rtb", n).into(),
            vpc_id: vpc_id.as_str().into(),
            owner_id: Some("111122223333".into()),
            routes: vec![local, route("0.0.0.0/0")],
            associations: vec![RouteTableAssociation {
                main: n == 3,
                subnet_id: (n != 3).then(|| id("subnet", n).into()),
                gateway_id: None,
            }],
            tags: Tags::new(),
        });
    }
    for (n, _) in ZONES.iter().enumerate() {
        scan.nat_gateways.push(NatGateway {
            nat_gateway_id: id("nat", n).into(),
            vpc_id: vpc_id.as_str().into(),
            subnet_id: Some(id("subnet", n).into()),
            state: NatGatewayState::Available,
            availability_mode: AvailabilityMode::Zonal,
            connectivity_type: ConnectivityType::Public,
            create_time: created,
            delete_time: None,
            addresses: vec![NatGatewayAddress {
                allocation_id: Some(id("eipalloc", n)),
                ..NatGatewayAddress::default()
            }],
            route_table_id: None,
            tags: Tags::new(),
        });
        let seed = v * 31 + n;
        scan.metrics.nat_gateways.push(NatGatewayMetrics {
            nat_gateway_id: id("nat", n).into(),
            availability_zone: None,
            bytes_in_from_source: series(seed, 1 << 31),
            bytes_in_from_destination: series(seed + 1, 1 << 33),
            bytes_out_to_destination: series(seed, 1 << 31),
            bytes_out_to_source: series(seed + 1, 1 << 33),
            active_connection_count: series(seed + 2, 900),
        });
    }
    for n in 0..6 {
        let service = SERVICES.get(n).copied();
        let name = format!("com.amazonaws.us-east-1.{}", service.unwrap_or("s3"));
        scan.vpc_endpoints.push(VpcEndpoint {
            vpc_endpoint_id: id("vpce", n).into(),
            endpoint_type: if service.is_some() { EndpointType::Interface } else { EndpointType::Gateway },
            vpc_id: vpc_id.as_str().into(),
            service_name: name.clone(),
            service_region: None,
            state: EndpointState::Available,
            creation_timestamp: created,
            owner_id: None,
            requester_managed: false,
            private_dns_enabled: service.is_some(),
            private_dns_only_for_inbound_resolver_endpoint: None,
            route_table_ids: if service.is_some() { Vec::new() } else { vec![id("rtb", 4).into()] },
            subnet_ids: if service.is_some() { (3..6).map(|s| id("subnet", s).into()).collect() } else { Vec::new() },
            security_group_ids: Vec::new(),
            policy_document: None,
            failure: None,
            tags: Tags::new(),
        });
        if service.is_some() {
            scan.metrics.endpoints.push(EndpointMetrics {
                vpc_endpoint_id: id("vpce", n).into(),
                endpoint_type: "Interface".to_owned(),
                service_name: name,
                vpc_id: vpc_id.as_str().into(),
                subnet_id: None,
                bytes_processed: series(v * 7 + n, 1 << 28),
            });
        }
    }
}
