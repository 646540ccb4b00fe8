//! `athena:DATABASE.TABLE`: the table is looked at, the query priced, allowed, made, and its rows handed on.

mod print;

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use anyhow::Context as _;

use super::Request;
use super::remote::Remote;
use super::spend::{Estimate, dollars, size};
use crate::athena::{Hours, Metadata, Question, Table, TableError, folders};
use crate::aws::athena::data::{self, Size};
use crate::aws::athena::{Athena, CATALOG, Query, QueryError, WORKGROUP, Workgroup};
use crate::cli::now;
use crate::commands::audit::eprint;
use crate::flow_log::{Sum, overlap_in_part};
use crate::model::{Bytes, RegionName, Usd};
use crate::output::clean;
use crate::pricing::{PriceBook, Product};

pub(in crate::commands) use print::{print_ddl, print_sql};

/// A table's name: its catalogue, where that is not the account's own, its database, and itself.
type Name<'n> = (Option<&'n str>, &'n str, &'n str);

/// What Athena makes of a table's records.
pub(super) fn sums(remote: &Remote, name: Name<'_>, request: &Request<'_>) -> anyhow::Result<Vec<Sum>> {
    anyhow::ensure!(!request.gateways.is_empty(), TableError::NoGateway);
    let athena = Athena::new(&remote.config);
    let (metadata, workgroup) = remote.wait(
        async {
            let group = remote.workgroup.as_deref().unwrap_or(WORKGROUP);
            let (metadata, workgroup) = tokio::join!(metadata(&athena, name), athena.workgroup(group));
            Ok((metadata?, known(workgroup, group)?))
        },
        async {},
    )?;
    let output_location = place(remote, workgroup.as_ref())?;
    let table = Table::new(metadata.clone()).with_context(|| title(name))?;
    let question = question(name, request);
    // Whatever is wrong with the table is found out before anything is listed.
    question.statement(&table).with_context(|| title(name))?;
    let data = remote.wait(measure(remote, &metadata, request), async {})?;
    let table = Asked { remote, athena, name, table, data, workgroup, output_location };
    let sums = table.ask(&question, &[])?;
    if !request.by_hour && overlap_in_part(&sums) {
        // One of them is left out in the hours that both have, which it takes the flows of each hour for.
        let why = "two flow logs have some hours of a NAT gateway in common, but not all: it is asked again, by hour";
        return table.ask(&Question { by_hour: true, ..question }, &[why]);
    }
    Ok(sums)
}

/// A table that can be asked.
struct Asked<'a> {
    remote: &'a Remote,
    athena: Athena,
    name: Name<'a>,
    table: Table,
    data: Size,
    workgroup: Option<Workgroup>,
    output_location: Option<String>,
}

impl Asked<'_> {
    /// Asks it, if that may cost what it costs.
    fn ask(&self, question: &Question<'_>, notes: &[&str]) -> anyhow::Result<Vec<Sum>> {
        let Self { remote, athena, name, .. } = self;
        let statement = question.statement(&self.table).with_context(|| title(*name))?;
        let notes = notes.iter().map(|note| (*note).to_owned()).chain(statement.notes).collect();
        let book = PriceBook::embedded()?;
        let bounds = (self.data.clone(), self.workgroup.as_ref());
        remote.budget.allow(&estimate(*name, &athena.region, &book, bounds, notes))?;
        let query = Query {
            token: token(&statement.sql),
            sql: statement.sql,
            catalog: name.0.unwrap_or(CATALOG).to_owned(),
            database: name.1.to_owned(),
            workgroup: remote.workgroup.clone().unwrap_or_else(|| WORKGROUP.to_owned()),
            output_location: self.output_location.clone(),
        };
        let run = async {
            let answer = athena.run(&query).await;
            if answer.is_err() {
                // What nobody waits for must not go on.
                athena.stop().await;
            }
            Ok(answer?)
        };
        let stop = async {
            if athena.stop().await {
                eprint("natwise: the Athena query was stopped; what it had read by then is billed");
            }
        };
        let answer = remote.wait(run, stop)?;
        if !remote.quiet {
            let read = answer.scanned.map_or_else(|| "an unknown number of bytes".to_owned(), size);
            let paid = answer.scanned.and_then(|bytes| price(&book, &athena.region, bytes));
            let paid =
                paid.map_or_else(|| "at an unknown price".to_owned(), |usd| format!("{} at list price", dollars(usd)));
            eprint(&format!("natwise: Athena read {read}, {paid}"));
        }
        Ok(answer.sums)
    }
}

fn question<'q>(name: Name<'q>, request: &'q Request<'_>) -> Question<'q> {
    Question {
        catalog: name.0,
        database: name.1,
        table: name.2,
        windows: &request.windows,
        gateways: request.gateways,
        by_hour: request.by_hour,
    }
}

fn title((catalog, database, table): Name<'_>) -> String {
    let catalog = catalog.map(|catalog| format!("{catalog}.")).unwrap_or_default();
    format!("athena:{catalog}{database}.{table}")
}

async fn metadata(athena: &Athena, (catalog, database, table): Name<'_>) -> Result<Metadata, QueryError> {
    athena.metadata(catalog.unwrap_or(CATALOG), database, table).await
}

/// A workgroup that must not be looked at may still take queries.
fn known(workgroup: Result<Workgroup, QueryError>, name: &str) -> anyhow::Result<Option<Workgroup>> {
    match workgroup {
        Ok(workgroup) => Ok(Some(workgroup)),
        Err(error) if error.is_refusal() => {
            tracing::warn!("what the Athena workgroup {name:?} prescribes is not known: {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the result is to be written, where the workgroup does not say.
fn place(remote: &Remote, workgroup: Option<&Workgroup>) -> Result<Option<String>, QueryError> {
    let given = remote.output_location.clone();
    let Some(workgroup) = workgroup else { return Ok(given) };
    let its_own =
        workgroup.output_location.clone().or_else(|| workgroup.managed.then(|| "Athena's own place".to_owned()));
    match (its_own, given) {
        (Some(enforced), Some(given))
            if workgroup.enforced && enforced.trim_end_matches('/') != given.trim_end_matches('/') =>
        {
            Err(QueryError::Enforced { workgroup: workgroup.name.clone(), enforced, given })
        }
        (None, None) => Err(QueryError::NoOutput(workgroup.name.clone())),
        (Some(_), Some(_)) if workgroup.enforced => Ok(None),
        (_, given) => Ok(given),
    }
}

/// How many bytes there are to be read at the most, as far as a listing tells.
async fn measure(remote: &Remote, metadata: &Metadata, request: &Request<'_>) -> anyhow::Result<Size> {
    let regions = request.gateways.iter().map(|gateway| gateway.region.clone()).collect::<Option<_>>();
    let Some(folders) = folders(metadata, &Hours::of_folders(&request.windows), regions.as_ref()) else {
        return Ok(Size::Unknown("the table does not say where in S3 its data is".to_owned()));
    };
    Ok(data::size(&remote.config, &folders).await)
}

/// What the query costs at the most: it cannot read more than there is, nor more than its workgroup allows.
fn estimate(
    name: Name<'_>,
    region: &RegionName,
    book: &PriceBook,
    (data, workgroup): (Size, Option<&Workgroup>),
    mut notes: Vec<String>,
) -> Estimate {
    let limit = workgroup.and_then(|workgroup| Some((workgroup.name.as_str(), workgroup.most_bytes?)));
    if let Some((workgroup, most)) = limit {
        notes.push(format!("the workgroup {workgroup:?} ends a query that reads more than {}", size(most)));
    }
    let there = match data {
        Size::Known { bytes, objects } => {
            notes.push(format!(
                "the window's partitions have {objects} objects of {}; of Parquet a part is read",
                size(bytes)
            ));
            Some(bytes)
        }
        Size::Unknown(why) => {
            notes.push(format!("what there is to read is not known: {why}"));
            None
        }
    };
    let bytes = [there, limit.map(|(_, most)| most)].into_iter().flatten().min();
    Estimate {
        what: format!("Athena query of {} in {region}", title(name).trim_start_matches("athena:")),
        bytes,
        usd: bytes.and_then(|bytes| price(book, region, bytes)),
        // They quote the table and AWS.
        notes: notes.iter().map(|note| clean(note).into_owned()).collect(),
    }
}

/// Athena's megabyte and terabyte are binary ones: 1,024 GB make a TB in the examples of its price page.
const MEGABYTE: Bytes = 1 << 20;
const TERABYTE: Bytes = 1 << 40;

/// A query is billed by whole megabytes, and for ten at the least.
fn price(book: &PriceBook, region: &RegionName, bytes: Bytes) -> Option<Usd> {
    let billed = bytes.div_ceil(MEGABYTE).max(10).saturating_mul(MEGABYTE);
    let unit = book.unit(region, Product::AthenaTb).ok()?;
    Some(Usd(unit.0 * Decimal::from(billed) / Decimal::from(TERABYTE)))
}

/// What makes a query that is sent twice one query. Another run asks anew, for there may be more records by then.
fn token(sql: &str) -> String {
    let seed = format!("{} {} {sql}", now().as_nanosecond(), std::process::id());
    let bytes: Vec<_> = Sha256::digest(seed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_megabytes_are_the_least() {
        let book = PriceBook::embedded().unwrap();
        let price = |bytes| price(&book, &"us-east-1".into(), bytes).unwrap().0.round_dp(8).to_string();
        assert_eq!(price(1), "0.00004768");
        assert_eq!(price(10 << 20), "0.00004768");
        assert_eq!(price((10 << 20) + 1), "0.00005245");
        assert_eq!(price(1 << 40), "5");
    }

    #[test]
    fn a_query_reads_no_more_than_there_is_or_may_be() {
        let book = PriceBook::embedded().unwrap();
        let group = Workgroup { name: "team".to_owned(), most_bytes: Some(1 << 30), ..Workgroup::default() };
        let region = "us-east-1".into();
        let bytes = |data, group| estimate((None, "logs", "flow"), &region, &book, (data, group), Vec::new());
        assert_eq!(bytes(Size::Known { bytes: 1 << 20, objects: 3 }, Some(&group)).bytes, Some(1 << 20));
        assert_eq!(bytes(Size::Known { bytes: 1 << 40, objects: 3 }, Some(&group)).bytes, Some(1 << 30));
        assert_eq!(bytes(Size::Unknown("no".to_owned()), Some(&group)).bytes, Some(1 << 30));
        let unknown = bytes(Size::Unknown("no".to_owned()), None);
        assert_eq!((unknown.bytes, unknown.usd), (None, None));
        assert_eq!(unknown.what, "Athena query of logs.flow in us-east-1");
    }

    #[test]
    fn every_run_has_its_own_token() {
        assert_eq!(token("SELECT 1").len(), 64);
        assert_ne!(token("SELECT 1"), token("SELECT 2"));
    }
}
