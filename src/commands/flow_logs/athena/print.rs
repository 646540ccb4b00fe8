//! `natwise attribute --print-sql` and `--print-ddl`: what would be asked, and the table that it could be asked of.

use anyhow::Context as _;

use super::{Name, metadata, question, title};
use crate::athena::{Metadata, Table, ddl, guide};
use crate::aws::CollectError;
use crate::aws::athena::Athena;
use crate::cli::{AccountArgs, FlowLogArgs, Location};
use crate::commands::audit::eprint;
use crate::commands::flow_logs::remote::Remote;
use crate::commands::flow_logs::{Account, Request};
use crate::model::{FlowLog, RegionName, Snapshot, Window};
use crate::output::clean;
use crate::pricing::Region;

/// The name of a table that has none yet.
const NAME: &str = "vpc_flow_logs";

fn one<'p>(places: &'p [Location], option: &str, example: &str) -> anyhow::Result<&'p Location> {
    let [place] = places else {
        anyhow::bail!("{option} is for one place, such as {example}");
    };
    Ok(place)
}

/// The statement that a table would be asked.
pub(in crate::commands) fn print_sql(
    places: &[Location],
    args: &FlowLogArgs,
    account: &Account<'_>,
    window: Option<Window>,
    quiet: bool,
) -> anyhow::Result<String> {
    let example = "athena:default.vpc_flow_logs";
    let Location::Athena { catalog, database, table } = one(places, "--print-sql", example)? else {
        anyhow::bail!("--print-sql shows the statement for an Athena table, such as {example}");
    };
    anyhow::ensure!(args.sample.is_none(), "--print-sql shows the statement for a whole window: leave --sample out");
    let window = window.context("the statement is for a window: give --last, --month, or --from and --to")?;
    let watch = account.watch(None);
    let request = Request {
        windows: vec![window],
        gateways: watch.gateways(),
        flow_logs: &[],
        logs: None,
        log_format: None,
        by_hour: !args.resolver_logs.is_empty(),
    };
    let name = (catalog.as_deref(), database.as_str(), table.as_str());
    let metadata = match look(name, args, quiet)? {
        Ok(metadata) => metadata,
        Err(why) => {
            let why = clean(&why);
            eprint(&format!(
                "natwise: {} could not be looked at ({why}); the statement is for a table as AWS's guide makes it: text, \
                 partitioned by accid, region and day (yyyy/MM/dd), with a column for each field of {}",
                title(name),
                if format(args, account).is_some() { "the flow log's format" } else { "the default format" }
            ));
            guide(format(args, account).as_deref())
        }
    };
    let table = Table::new(metadata).with_context(|| title(name))?;
    let statement = question(name, &request).statement(&table).with_context(|| title(name))?;
    for note in &statement.notes {
        eprint(&format!("natwise: {}", clean(note)));
    }
    Ok(statement.sql)
}

/// Looks at a table; the inner error where nobody could be asked.
fn look(name: Name<'_>, args: &FlowLogArgs, quiet: bool) -> anyhow::Result<Result<Metadata, String>> {
    let remote = match Remote::new(&args.remote, &AccountArgs::default(), quiet) {
        Ok(remote) => remote,
        Err(error) => match error.downcast_ref() {
            Some(CollectError::NoCredentials) => return Ok(Err("there are no AWS credentials".to_owned())),
            Some(CollectError::Credentials(_)) => return Ok(Err(error.to_string())),
            _ => return Err(error),
        },
    };
    let athena = Athena::new(&remote.config);
    let looked = remote.wait(async { Ok(metadata(&athena, name).await) }, async {})?;
    match looked {
        Ok(metadata) => Ok(Ok(metadata)),
        Err(error) if error.is_silence() => Ok(Err(error.to_string())),
        Err(error) => Err(error).with_context(|| title(name)),
    }
}

/// The records' format, as far as it is told: one that all of the account's flow logs have.
fn format(args: &FlowLogArgs, account: &Account<'_>) -> Option<String> {
    if args.log_format.is_some() {
        return args.log_format.clone();
    }
    let Account::Scanned(snapshot) = account else { return None };
    let mut formats = flow_logs(snapshot).map(|log| log.log_format.as_deref());
    let first = formats.next()??;
    formats.all(|format| format == Some(first)).then(|| first.to_owned())
}

fn flow_logs(snapshot: &Snapshot) -> impl Iterator<Item = &FlowLog> {
    snapshot.regions.iter().flat_map(|scan| &scan.flow_logs)
}

/// A table for a bucket.
pub(in crate::commands) fn print_ddl(
    places: &[Location],
    args: &FlowLogArgs,
    snapshot: Option<&Snapshot>,
) -> anyhow::Result<String> {
    let example = "s3://my-flow-logs/AWSLogs/";
    let Location::S3 { bucket, prefix } = one(places, "--print-ddl", example)? else {
        anyhow::bail!("--print-ddl writes a table for a bucket, such as {example}");
    };
    let is_there = |log: &&FlowLog| {
        let arn = log.log_destination.as_deref().and_then(|arn| arn.split_once(":s3:::"));
        arn.is_some_and(|(_, place)| place.split('/').next() == Some(bucket))
    };
    let mut layouts: Vec<_> = snapshot.into_iter().flat_map(flow_logs).filter(is_there).map(ddl::Layout::of).collect();
    layouts.dedup();
    if layouts.len() > 1 {
        eprint("natwise: the bucket's flow logs differ in format or layout; the table is for the first of them");
    }
    let mut layout = layouts.into_iter().next().unwrap_or_else(|| {
        if snapshot.is_some() {
            eprint("natwise: none of the snapshot's flow logs is delivered to the bucket; the table is for text in the default layout");
        }
        ddl::Layout::default()
    });
    if args.log_format.is_some() {
        layout.format.clone_from(&args.log_format);
    }
    let scans = || snapshot.into_iter().flat_map(|snapshot| &snapshot.regions);
    let mut accounts: Vec<_> = scans().map(|scan| scan.account_id.clone()).collect();
    accounts.sort();
    accounts.dedup();
    let mut regions: Vec<RegionName> = scans().map(|scan| scan.region.clone()).collect();
    if regions.is_empty() {
        regions = Region::all().filter(|region| region.is_commercial()).map(|region| region.name.clone()).collect();
    }
    regions.sort();
    regions.dedup();
    Ok(ddl::table(NAME, &ddl::Place::new(bucket, prefix), &layout, &accounts, &regions)?)
}
