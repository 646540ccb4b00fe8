//! `natwise attribute`: flow logs → bytes by gateway, service and direction.

use super::ExitStatus;
use super::audit::eprint;
use super::destination::Destination;
use super::flow_logs::{Account, gateway, print_ddl, print_sql, traffic};
use super::snapshots::Snapshots;
use crate::cli::{AccountArgs, AttributeArgs, When, now};
use crate::output::render_traffic;
use crate::report::TrafficReport;

pub(super) fn run(args: &AttributeArgs, color: When, quiet: bool) -> anyhow::Result<ExitStatus> {
    let window = args.window.of_files(now())?;
    let destination = Destination::open(args.output.as_deref())?;
    let style = destination.style(color, args.top);
    let given: Vec<_> = args.gateways.iter().map(|text| gateway(text, &args.client_cidrs)).collect::<Result<_, _>>()?;
    let snapshot = match &*args.snapshots {
        [] => None,
        paths => Some(Snapshots::find(paths, quiet)?.whole()?),
    };
    if args.print_ddl {
        let ddl = print_ddl(&args.places, &args.reading, snapshot.as_ref())?;
        destination.write(|out| out.write_all(ddl.as_bytes()))?;
        return Ok(ExitStatus::Done);
    }
    let account = snapshot.as_ref().map_or(Account::Given(given), Account::Scanned);
    if args.print_sql {
        let sql = print_sql(&args.places, &args.reading, &account, window, quiet)?;
        destination.write(|out| out.write_all(sql.as_bytes()))?;
        return Ok(ExitStatus::Done);
    }
    let traffic = traffic(&args.places, &args.reading, &account, window, &AccountArgs::default(), quiet)?;
    anyhow::ensure!(
        !traffic.gateways.is_empty(),
        "{}",
        if snapshot.is_some() {
            "the snapshot has no NAT gateway"
        } else {
            "the records do not say which interfaces are NAT gateways (no interface-type, no resource-id of one): pass --snapshot FILE, or --nat eni-…=ADDRESS for each gateway"
        }
    );
    let owners = snapshot.iter().flat_map(|snapshot| &snapshot.regions).map(|scan| scan.account_id.clone());
    let report = TrafficReport::new(&traffic, owners.collect(), args.top);
    destination.write(|out| render_traffic(&report, args.format, style, out))?;
    if args.strict && !report.faults.is_empty() {
        eprint(&format!(
            "natwise: {} file(s) were not read to their end, and --strict makes that an error",
            report.faults.len()
        ));
        return Ok(ExitStatus::Failed);
    }
    Ok(ExitStatus::Done)
}
