//! Flow logs for `natwise attribute` and `natwise audit --flow-logs`: where they are, whose gateways, by whose addresses.

mod athena;
mod auto;
mod bucket;
mod insights;
mod remote;
mod spend;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ipnet::IpNet;

pub(super) use athena::{print_ddl, print_sql};
use remote::Remote;

use super::audit::eprint;
use super::read;
use crate::address::AddressBook;
use crate::cli::{AccountArgs, FlowLogArgs, Location};
use crate::flow_log::watch::{Gateway, Inside, Watch};
use crate::flow_log::{Options, Sources, Sum, attribute, attribute_sums, read_names};
use crate::model::{Bytes, FlowLog, Snapshot, VpcId, Window};
use crate::progress::ReadProgress;
use crate::sample::{Plan, Sampling};
use crate::topology::Topology;
use crate::traffic::{GatewayTraffic, Method, Place, Traffic};

/// Where flow logs are read for.
pub(super) enum Account<'a> {
    /// A scanned one.
    Scanned(&'a Snapshot),
    /// None that was scanned: gateways as the user gives them, or as the records say where that is empty.
    Given(Vec<Gateway>),
}

impl<'a> Account<'a> {
    /// Who routes where, where that is known.
    fn topology(&self) -> Option<Topology<'a>> {
        match self {
            Self::Scanned(snapshot) => Some(Topology::new(snapshot)),
            Self::Given(_) => None,
        }
    }

    /// Whose records are looked for, with the topology that belongs to it.
    fn watch(&self, topology: Option<&Topology<'_>>) -> Watch {
        match (self, topology) {
            (Self::Given(known), _) => Watch::Gateways { known: known.clone(), learn: known.is_empty() },
            (Self::Scanned(_), Some(topology)) => Watch::of(topology),
            (Self::Scanned(snapshot), None) => Watch::of(&Topology::new(snapshot)),
        }
    }
}

/// What is asked of flow logs that are not on this machine.
#[derive(Clone)]
pub(super) struct Request<'r> {
    /// Which hours: in order, apart from each other.
    pub(super) windows: Vec<Window>,
    /// Whose.
    pub(super) gateways: &'r [Gateway],
    /// The account's flow-log configurations.
    pub(super) flow_logs: &'r [&'r FlowLog],
    /// Of files that name their flow log, those of these; none: all.
    pub(super) logs: Option<&'r BTreeSet<String>>,
    /// The format of records that do not tell it, as the user says.
    pub(super) log_format: Option<&'r str>,
    /// Whether every sum is to tell its hour.
    pub(super) by_hour: bool,
}

/// Flow logs, found.
#[derive(Default)]
struct Found {
    paths: Vec<PathBuf>,
    buckets: bucket::Objects,
    /// What another engine made of some that are not read here.
    sums: Option<Vec<Sum>>,
}

/// Finds flow logs, and has those summed that another engine reads.
fn find(
    places: &[Location],
    account: &Account<'_>,
    remote: impl FnOnce() -> anyhow::Result<Remote>,
    request: &Request<'_>,
) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut buckets = Vec::new();
    let mut engines = Vec::new();
    for place in places {
        match place {
            Location::Path(path) => found.paths.push(path.clone()),
            Location::S3 { bucket, prefix } => buckets.push((bucket.as_str(), prefix.as_str())),
            engine => engines.push(engine),
        }
    }
    anyhow::ensure!(
        engines.is_empty() || places.len() == 1,
        "flow logs that Athena or CloudWatch Logs Insights reads, or auto, cannot be combined with other places"
    );
    if buckets.is_empty() && engines.is_empty() {
        return Ok(found);
    }
    anyhow::ensure!(
        !request.windows.is_empty(),
        "flow logs that are not on this machine are read for a window: give --last, --month, or --from and --to"
    );
    if places == [Location::Auto] {
        let best = auto::best(account)?;
        return auto::find(remote()?, &best, request);
    }
    let remote = remote()?;
    if !buckets.is_empty() {
        found.buckets = bucket::objects(&remote, &buckets, request)?;
    }
    match engines.first() {
        Some(Location::Athena { catalog, database, table }) => {
            found.sums = Some(athena::sums(&remote, (catalog.as_deref(), database, table), request)?);
        }
        Some(Location::Insights { log_group }) => found.sums = Some(insights::sums(&remote, log_group, request)?),
        _ => {}
    }
    Ok(found)
}

/// Reads flow logs.
pub(super) fn traffic(
    places: &[Location],
    args: &FlowLogArgs,
    account: &Account<'_>,
    window: Option<Window>,
    access: &AccountArgs,
    quiet: bool,
) -> anyhow::Result<Traffic> {
    let mut book = match &args.ip_ranges {
        Some(path) => {
            AddressBook::from_json(&read(path)?).with_context(|| format!("address ranges {}", path.display()))?
        }
        None => AddressBook::embedded(),
    };
    let mut flow_logs = Vec::new();
    if let Account::Scanned(snapshot) = account {
        let regions = || snapshot.regions.iter();
        book = book
            .with_prefix_lists(regions().flat_map(|scan| scan.prefix_lists.iter().map(|list| (&scan.region, list))));
        flow_logs = regions().flat_map(|scan| &scan.flow_logs).collect();
    }
    let threads =
        args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get), usize::from);
    let (names, name_faults) = read_names(&args.resolver_logs, &book, threads);
    anyhow::ensure!(
        args.resolver_logs.is_empty() || names.statistics().lines > 0,
        "no Resolver query log could be read{}",
        name_faults.first().map(|fault| format!(": {}: {}", fault.file, fault.problem)).unwrap_or_default()
    );
    let sample = sample(args.sample, account, window)?;
    let topology = account.topology();
    let watch = account.watch(topology.as_ref());
    let gateways = watch.gateways();
    let request = Request {
        windows: sample.as_ref().map_or_else(|| window.into_iter().collect(), Plan::windows),
        gateways,
        flow_logs: &flow_logs,
        logs: None,
        log_format: args.log_format.as_deref(),
        by_hour: !names.is_empty() || sample.is_some(),
    };
    let found = find(places, account, || Remote::new(&args.remote, access, quiet), &request)?;
    // Only now: questions are asked before.
    let progress = ReadProgress::new(quiet);
    let options = Options {
        window,
        sample: sample.as_ref(),
        threads,
        log_format: args.log_format.as_deref(),
        flow_logs: &flow_logs,
        book: &book,
        names: Some(&names).filter(|names| !names.is_empty()),
        progress: &|bytes| progress.add(bytes),
    };
    let summed = found.sums.map(|sums| attribute_sums(sums, &watch, &options));
    let told = |mut traffic: Traffic, faults: Vec<_>| {
        traffic.faults.extend(faults);
        traffic.names = (!names.is_empty()).then(|| *names.statistics());
        traffic
    };
    let has_files = !(found.paths.is_empty() && found.buckets.objects.is_empty());
    let summed = match summed {
        Some(summed) if !has_files => return Ok(told(summed, name_faults)),
        summed => summed,
    };
    let sources = Sources { paths: &found.paths, objects: &found.buckets.objects };
    let attribute = |watch: &Watch| attribute(sources, watch, &options).context("--log-format");
    let mut traffic = attribute(&watch)?;
    if let Some(topology) = &topology
        && let Some(clients) = clients(topology, &traffic).filter(|_| !found.paths.iter().any(|path| is_stdin(path)))
    {
        merge(&mut traffic, attribute(&clients)?);
    }
    drop(progress);
    found.buckets.told().filter(|_| !quiet).for_each(|line| eprint(&format!("natwise: {line}")));
    let readable = traffic.statistics.files > unread(&traffic);
    if !readable {
        let first = traffic.faults.first().map(|fault| format!("{}: {}", fault.file, fault.problem));
        let others =
            (traffic.other_files > 0).then(|| format!("{} files are no flow logs by their names", traffic.other_files));
        anyhow::bail!(
            "no flow log could be read: {}",
            first.or(others).unwrap_or_else(|| "there is no file".to_owned())
        );
    }
    if let Some(summed) = summed {
        traffic.statistics += summed.statistics;
        replace(&mut traffic, summed);
    }
    Ok(told(traffic, name_faults))
}

/// The hours that are read. CloudWatch's metrics tell which matter, and what the sample's shares are of.
fn sample(sampling: Option<Sampling>, account: &Account<'_>, window: Option<Window>) -> anyhow::Result<Option<Plan>> {
    let Some(sampling) = sampling else { return Ok(None) };
    let (Account::Scanned(snapshot), Some(window)) = (account, window) else {
        anyhow::bail!("--sample estimates shares of what CloudWatch metered: use it with natwise audit");
    };
    let mut sizes = BTreeMap::<u32, Bytes>::new();
    for metrics in snapshot.regions.iter().flat_map(|scan| &scan.metrics.nat_gateways) {
        for series in [&metrics.bytes_in_from_source, &metrics.bytes_in_from_destination] {
            for (hour, bytes) in series.iter().enumerate() {
                let instant = window.instant_of(hour).as_second() / 3600;
                if let (Ok(hour), Some(bytes)) = (u32::try_from(instant), bytes) {
                    let sum = sizes.entry(hour).or_default();
                    *sum = sum.saturating_add(bytes);
                }
            }
        }
    }
    Ok(Some(Plan::new(sampling, window, &sizes)))
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Files of which nothing was read.
fn unread(traffic: &Traffic) -> u64 {
    traffic.faults.iter().filter(|fault| !fault.partly_read && !fault.is_copy()).count() as u64
}

/// The gateways without a record of their own, by those of their clients, where there are others' records.
fn clients(topology: &Topology<'_>, traffic: &Traffic) -> Option<Watch> {
    let unseen = traffic.gateways.iter().filter(|gateway| gateway.method == Method::None);
    let unseen: BTreeSet<_> = unseen.filter_map(|gateway| gateway.nat_gateway_id.clone()).collect();
    if unseen.is_empty() || traffic.statistics.other_interfaces == 0 {
        return None;
    }
    Watch::clients_of(topology, &unseen)
}

/// Adds what clients' records told.
fn merge(traffic: &mut Traffic, clients: Traffic) {
    // Those records were of other interfaces the first time.
    let (sums, more) = (&mut traffic.statistics, clients.statistics);
    for (mine, theirs) in [
        (&mut sums.counted, more.counted),
        (&mut sums.outside_window, more.outside_window),
        (&mut sums.duplicates, more.duplicates),
    ] {
        let moved = theirs.min(sums.other_interfaces);
        *mine += moved;
        sums.other_interfaces -= moved;
    }
    replace(traffic, clients);
}

/// Takes what others tell of gateways.
fn replace(traffic: &mut Traffic, others: Traffic) {
    let seen = |gateway: &GatewayTraffic| gateway.method != Method::None;
    for gateway in others.gateways.into_iter().filter(seen) {
        if let Some(mine) = traffic.gateways.iter_mut().find(|mine| mine.nat == gateway.nat) {
            *mine = gateway;
        }
    }
}

/// Reads `eni-…=10.0.0.220[,10.0.0.221]`, or `nat-…=…` for a regional gateway.
pub(super) fn gateway(text: &str, clients: &[IpNet]) -> anyhow::Result<Gateway> {
    let (id, addresses) = text.split_once('=').unwrap_or((text, ""));
    let regional = id.starts_with("nat-");
    anyhow::ensure!(
        (regional || id.starts_with("eni-"))
            && id.len() > 4
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        "--nat {text:?} is not an interface and its addresses, such as eni-0a1b=10.0.0.220, nor a regional gateway, such as nat-0a1b=198.51.100.7"
    );
    let parse = |address: &str| {
        address.trim().parse::<IpAddr>().with_context(|| format!("--nat {text:?}: {address:?} is not an address"))
    };
    let addresses = addresses.split(',').filter(|address| !address.is_empty()).map(parse).collect::<Result<_, _>>()?;
    let place = Place { vpc_id: VpcId::from(""), subnet_id: None };
    Ok(Gateway {
        nat: id.to_owned(),
        nat_gateway_id: regional.then(|| id.into()),
        interfaces: if regional { Vec::new() } else { vec![id.to_owned()] },
        addresses,
        regional,
        region: None,
        vpc_id: None,
        inside: clients.iter().map(|net| Inside { net: *net, place: place.clone() }).collect(),
    })
}
