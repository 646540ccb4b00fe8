//! Flow logs from files to figures.

mod agreement;
mod bad_input;
mod clients;
mod columns;
mod hourly;
mod learned;
mod naive;
mod random;
mod several_logs;
mod write;

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::watch::{Gateway, Inside, Watch};
use super::{Options, attribute};
use crate::address::AddressBook;
use crate::model::Window;
use crate::traffic::{GatewayTraffic, Place, Statistics, Traffic};

/// 2026-10-01T00:00:00Z, and its hour.
const START: u64 = 1_790_812_800;
const FIRST_HOUR: u32 = 497_448;

/// The gateway that most tests watch.
const NAT: &str = "eni-0a";

/// The default format's header.
const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";

/// A zonal gateway 10.0.0.220 of a VPC 10.0.0.0/16.
fn gateway() -> Gateway {
    Gateway {
        nat: "nat-a".to_owned(),
        nat_gateway_id: Some("nat-a".into()),
        interfaces: vec![NAT.to_owned()],
        addresses: vec!["10.0.0.220".parse().unwrap()],
        vpc_id: Some("vpc-1".into()),
        inside: vec![Inside {
            net: "10.0.0.0/16".parse().unwrap(),
            place: Place { vpc_id: "vpc-1".into(), subnet_id: None },
        }],
        ..Gateway::default()
    }
}

fn watch() -> Watch {
    Watch::Gateways { known: vec![gateway()], learn: false }
}

/// A record of that gateway towards 203.0.113.5 in the default format: so many bytes, from a minute of the first hour on.
fn sent(bytes: u64, minute: u64) -> String {
    let (start, end) = (START + minute * 60, START + minute * 60 + 59);
    format!("2 111122223333 {NAT} 10.0.0.220 203.0.113.5 1 443 6 1 {bytes} {start} {end} ACCEPT OK\n")
}

/// A folder of flow logs.
struct Logs(tempfile::TempDir);

impl Logs {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn add(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Reads the folder as most users would.
    fn read(&self) -> Traffic {
        read(&[self.0.path()])
    }
}

/// The name that AWS gives to a file of a flow log.
fn delivered(log: &str, number: usize) -> String {
    format!("111122223333_vpcflowlogs_us-east-1_{log}_20261001T0000Z_{number:08x}.log")
}

fn gz(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content.as_ref()).unwrap();
    packed.finish().unwrap()
}

fn read(paths: &[&Path]) -> Traffic {
    read_with(paths, &watch(), |_| {})
}

fn options(book: &AddressBook) -> Options<'_> {
    Options {
        window: None,
        sample: None,
        threads: 1,
        log_format: None,
        flow_logs: &[],
        book,
        names: None,
        progress: &|_| {},
    }
}

fn read_with(paths: &[&Path], watch: &Watch, change: impl FnOnce(&mut Options<'_>)) -> Traffic {
    let book = AddressBook::default();
    let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
    let mut options = options(&book);
    change(&mut options);
    attribute(&paths, watch, &options).unwrap()
}

/// Hours of the first day.
fn hours(from: i64, to: i64) -> Window {
    let at = |hour: i64| jiff::Timestamp::from_second(i64::try_from(START).unwrap() + hour * 3600).unwrap();
    Window::new(at(from), at(to)).unwrap()
}

fn only(traffic: &Traffic) -> &GatewayTraffic {
    assert_eq!(traffic.gateways.len(), 1);
    &traffic.gateways[0]
}

fn bytes(traffic: &Traffic) -> u64 {
    only(traffic).total().bytes()
}

/// Problems by the names of files.
fn faults(traffic: &Traffic) -> Vec<(&str, &str, bool)> {
    let name = |file: &str| file.rsplit('/').next().map(str::len).unwrap();
    let tail = |file: &'_ str| file.len() - name(file);
    traffic.faults.iter().map(|fault| (&fault.file[tail(&fault.file)..], &*fault.problem, fault.partly_read)).collect()
}

/// Every record has one fate.
fn fates(statistics: &Statistics) -> u64 {
    let Statistics {
        files: _,
        records: _,
        counted,
        other_legs,
        other_interfaces,
        rejected,
        nodata,
        skipdata,
        malformed,
        outside_window,
        duplicates,
    } = *statistics;
    counted + other_legs + other_interfaces + rejected + nodata + skipdata + malformed + outside_window + duplicates
}
