//! Athena: a table's metadata, and one query from its start to its rows.

pub mod data;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_athena::Client;
use aws_sdk_athena::error::ProvideErrorMetadata;
use aws_sdk_athena::types::{
    Column as SdkColumn, QueryExecutionContext, QueryExecutionState, QueryExecutionStatus, ResultConfiguration, Row,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

use super::error::{is_refusal, is_silence, reason};
use crate::athena::{Column, Metadata, RowError, Rows};
use crate::flow_log::Sum;
use crate::model::{Bytes, RegionName};

/// The catalogue of tables that every account has.
pub const CATALOG: &str = "AwsDataCatalog";

/// The workgroup that every account has.
pub const WORKGROUP: &str = "primary";

/// Rows of one page at the most.
const PAGE: i32 = 1000;

/// How long to wait before asking again whether a query is done: first, and at the most.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why Athena gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A call failed.
    #[error("{call} failed ({code}: {message}){}", hint(.call, .code))]
    Call {
        /// The call.
        call: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// The query failed.
    #[error("the Athena query {id} failed: {reason}{}", remedy(.reason))]
    Failed {
        /// The query.
        id: String,
        /// What Athena says.
        reason: String,
    },
    /// Somebody stopped the query.
    #[error("the Athena query {id} was cancelled: {reason}")]
    Cancelled {
        /// The query.
        id: String,
        /// What Athena says.
        reason: String,
    },
    /// Nothing says where the result is to be written.
    #[error(
        "the Athena workgroup {0:?} has no place for results: give one with --output-location s3://BUCKET/PREFIX, or another workgroup with --workgroup"
    )]
    NoOutput(String),
    /// The workgroup insists on its own place.
    #[error(
        "the Athena workgroup {workgroup:?} writes its results to {enforced} and lets nobody choose: leave --output-location {given} out"
    )]
    Enforced {
        /// The workgroup.
        workgroup: String,
        /// Where it writes.
        enforced: String,
        /// Where it was to write.
        given: String,
    },
    /// The workgroup takes no queries.
    #[error("the Athena workgroup {0:?} is disabled: choose another one with --workgroup")]
    Disabled(String),
    /// The answer is not what was asked.
    #[error(transparent)]
    Rows(#[from] RowError),
}

impl QueryError {
    /// Whether a permission is missing.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Call { code, .. } if is_refusal(code))
    }

    /// Whether nothing answered at all.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Call { code, .. } if is_silence(code))
    }
}

fn hint(call: &str, code: &str) -> String {
    if is_refusal(code) {
        // Athena reads tables from Glue, and results from S3, as the caller.
        let more = match call {
            "GetTableMetadata" => " and glue:GetTable, glue:GetDatabase",
            "GetQueryResults" => " and s3:GetObject on the place of the results",
            _ => "",
        };
        format!("; IAM action to allow: athena:{call}{more}")
    } else if matches!(code, "TooManyRequestsException" | "ThrottlingException") {
        "; Athena was asked too often, by others too: try again later".to_owned()
    } else {
        String::new()
    }
}

/// What helps against some failures.
fn remedy(reason: &str) -> &'static str {
    let has = |part: &str| reason.to_ascii_uppercase().contains(part);
    if has("PARTITION") && (has("NOT FOUND") || has("MISMATCH") || has("NOT EXIST") || has("MISSING")) {
        "; a partition of the table is missing or does not fit it: run MSCK REPAIR TABLE or ALTER TABLE … ADD PARTITION, or correct its partition projection"
    } else if has("BYTES SCANNED LIMIT") {
        "; the workgroup's limit per query is lower than what there is to read: shorten the window, or use another --workgroup"
    } else if has("EXHAUSTED") || has("TIMEOUT") {
        "; shorten the window, or ask for fewer NAT gateways"
    } else {
        ""
    }
}

/// What a workgroup prescribes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workgroup {
    /// Its name.
    pub name: String,
    /// Where it writes results, where it says.
    pub output_location: Option<String>,
    /// Whether its settings win over a query's.
    pub enforced: bool,
    /// Whether Athena itself keeps results.
    pub managed: bool,
    /// The most bytes a query may read.
    pub most_bytes: Option<Bytes>,
}

/// A finished query.
#[derive(Debug)]
pub struct Answer {
    /// Its rows.
    pub sums: Vec<Sum>,
    /// Bytes that it read.
    pub scanned: Option<Bytes>,
}

/// Speaks with Athena.
#[derive(Debug)]
pub struct Athena {
    client: Client,
    /// Where.
    pub region: RegionName,
    running: Mutex<Option<Running>>,
}

/// What is to be stopped when nobody waits for it any more.
#[derive(Debug, Clone)]
struct Running {
    query: Query,
    /// None while Athena has not answered: then the same token asked once more tells the id.
    id: Option<String>,
}

/// A query to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// The data catalogue.
    pub catalog: String,
    /// The database.
    pub database: String,
    /// The workgroup.
    pub workgroup: String,
    /// Where the result goes, where the workgroup does not say.
    pub output_location: Option<String>,
    /// The same for the same query, so that it is made once however often it is sent.
    pub token: String,
}

impl Athena {
    /// With a set-up for a Region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let region = config.region().map_or(super::HOME, |region| region.as_ref()).into();
        Self { client: Client::new(config), region, running: Mutex::new(None) }
    }

    /// What a workgroup prescribes.
    ///
    /// # Errors
    /// When there is none, or it is disabled.
    pub async fn workgroup(&self, name: &str) -> Result<Workgroup, QueryError> {
        let answer = self.client.get_work_group().work_group(name).send().await.map_err(call("GetWorkGroup"))?;
        let group = answer.work_group;
        if group.as_ref().and_then(|group| group.state.as_ref()).is_some_and(|state| state.as_str() == "DISABLED") {
            return Err(QueryError::Disabled(name.to_owned()));
        }
        let settings = group.and_then(|group| group.configuration);
        let Some(settings) = settings else { return Ok(Workgroup { name: name.to_owned(), ..Workgroup::default() }) };
        let place = settings.result_configuration().and_then(|result| result.output_location());
        Ok(Workgroup {
            name: name.to_owned(),
            output_location: place.filter(|place| !place.is_empty()).map(str::to_owned),
            enforced: settings.enforce_work_group_configuration().unwrap_or_default(),
            managed: settings.managed_query_results_configuration().is_some_and(|managed| managed.enabled()),
            most_bytes: settings.bytes_scanned_cutoff_per_query().and_then(|most| u64::try_from(most).ok()),
        })
    }

    /// What is known of a table.
    ///
    /// # Errors
    /// When there is none, or it must not be seen.
    pub async fn metadata(&self, catalog: &str, database: &str, table: &str) -> Result<Metadata, QueryError> {
        let request = self.client.get_table_metadata().catalog_name(catalog).database_name(database).table_name(table);
        let answer = request.send().await.map_err(call("GetTableMetadata"))?;
        let Some(table) = answer.table_metadata else { return Ok(Metadata::default()) };
        let columns = |columns: &[SdkColumn]| {
            columns.iter().map(|column| Column::new(column.name(), column.r#type().unwrap_or("string"))).collect()
        };
        Ok(Metadata {
            is_view: table.table_type().is_some_and(|kind| kind == "VIRTUAL_VIEW"),
            columns: columns(table.columns()),
            partition_keys: columns(table.partition_keys()),
            parameters: table.parameters.iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect(),
        })
    }

    /// Makes a query and waits for its rows.
    ///
    /// # Errors
    /// When it cannot be started, fails or is cancelled.
    pub async fn run(&self, query: &Query) -> Result<Answer, QueryError> {
        self.note(Some(Running { query: query.clone(), id: None }));
        let id = match self.start(query).await {
            Ok(id) => id,
            Err(error) => {
                self.note(None);
                return Err(error);
            }
        };
        self.note(Some(Running { query: query.clone(), id: Some(id.clone()) }));
        let scanned = self.finish(&id).await;
        if scanned.is_ok() || matches!(scanned, Err(QueryError::Failed { .. } | QueryError::Cancelled { .. })) {
            self.note(None);
        }
        let scanned = scanned?;
        let rows = self.rows(&id).await?;
        Ok(Answer { sums: rows.done(), scanned })
    }

    /// Stops the query that runs; whether there was one.
    pub async fn stop(&self) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { query, id }) = running else { return false };
        let id = match id {
            Some(id) => Ok(id),
            None => self.start(&query).await,
        };
        let stopped = match id {
            Ok(id) => self
                .client
                .stop_query_execution()
                .query_execution_id(id)
                .send()
                .await
                .map_err(call("StopQueryExecution"))
                .map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = stopped {
            tracing::warn!("the Athena query may still run, and cost: {error}");
        }
        true
    }

    fn note(&self, running: Option<Running>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    async fn start(&self, query: &Query) -> Result<String, QueryError> {
        let context = QueryExecutionContext::builder().catalog(&query.catalog).database(&query.database).build();
        let place = query.output_location.as_ref();
        let place = place.map(|place| ResultConfiguration::builder().output_location(place).build());
        let request = self
            .client
            .start_query_execution()
            .query_string(&query.sql)
            .client_request_token(&query.token)
            .work_group(&query.workgroup)
            .query_execution_context(context)
            .set_result_configuration(place);
        let answer = request.send().await.map_err(|error| {
            let no_place = error.message().is_some_and(|message| message.contains("output location"));
            if no_place { QueryError::NoOutput(query.workgroup.clone()) } else { call("StartQueryExecution")(error) }
        })?;
        answer.query_execution_id.ok_or_else(|| QueryError::Call {
            call: "StartQueryExecution",
            code: "InvalidResponse".to_owned(),
            message: "the answer names no query".to_owned(),
        })
    }

    /// Waits for the end; the bytes that were read.
    async fn finish(&self, id: &str) -> Result<Option<Bytes>, QueryError> {
        let mut wait = FIRST_WAIT;
        loop {
            let request = self.client.get_query_execution().query_execution_id(id);
            let answer = request.send().await.map_err(call("GetQueryExecution"))?;
            let execution = answer.query_execution();
            let status = execution.and_then(|execution| execution.status());
            match status.and_then(|status| status.state()) {
                Some(QueryExecutionState::Succeeded) => {
                    let statistics = execution.and_then(|execution| execution.statistics());
                    let scanned = statistics.and_then(|statistics| statistics.data_scanned_in_bytes());
                    return Ok(scanned.and_then(|bytes| u64::try_from(bytes).ok()));
                }
                Some(QueryExecutionState::Failed) => {
                    return Err(QueryError::Failed { id: id.to_owned(), reason: why(status) });
                }
                Some(QueryExecutionState::Cancelled) => {
                    return Err(QueryError::Cancelled { id: id.to_owned(), reason: why(status) });
                }
                _ => {}
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 3 / 2).min(LONGEST_WAIT);
        }
    }

    async fn rows(&self, id: &str) -> Result<Rows, QueryError> {
        let mut rows = Rows::default();
        let mut next = None;
        loop {
            let request = self.client.get_query_results().query_execution_id(id).max_results(PAGE);
            let answer = request.set_next_token(next).send().await.map_err(call("GetQueryResults"))?;
            for row in answer.result_set().map_or(&[][..], |set| set.rows()) {
                rows.add(&values(row))?;
            }
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(rows);
            }
        }
    }
}

fn values(row: &Row) -> Vec<Option<String>> {
    row.data().iter().map(|datum| datum.var_char_value().map(str::to_owned)).collect()
}

fn why(status: Option<&QueryExecutionStatus>) -> String {
    let reason = status.and_then(|status| status.state_change_reason());
    let error = status.and_then(|status| status.athena_error()).and_then(|error| error.error_message());
    reason.or(error).unwrap_or("Athena does not say why").to_owned()
}

fn call<E>(name: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> QueryError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    move |error| {
        let (code, message) = reason(&error);
        QueryError::Call { call: name, code, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_what_helps() {
        let failed = |reason: &str| QueryError::Failed { id: "q".to_owned(), reason: reason.to_owned() }.to_string();
        assert!(failed("HIVE_PARTITION_SCHEMA_MISMATCH: x").contains("MSCK REPAIR TABLE"));
        assert!(failed("Bytes scanned limit was exceeded").contains("limit per query"));
        assert_eq!(failed("SYNTAX_ERROR"), "the Athena query q failed: SYNTAX_ERROR");
        let call = |code: &str| {
            let (code, message) = (code.to_owned(), "no".to_owned());
            QueryError::Call { call: "GetTableMetadata", code, message }.to_string()
        };
        assert!(
            call("AccessDeniedException")
                .ends_with("IAM action to allow: athena:GetTableMetadata and glue:GetTable, glue:GetDatabase")
        );
        assert!(call("TooManyRequestsException").contains("try again later"));
    }
}
