//! What reading flow logs needs, place by place, narrowed to what is read.

use std::collections::BTreeSet;

use super::Statement;
use crate::cli::{IamPolicyArgs, Location};

/// The statements for some places.
///
/// # Errors
/// When a place, or where Athena writes its results, does not say what it is.
pub(super) fn statements(args: &IamPolicyArgs) -> anyhow::Result<Vec<Statement>> {
    let mut statements = Vec::new();
    let mut is_s3 = false;
    for (number, place) in (1..).zip(&args.flow_logs) {
        match place {
            // The machine's own files need nothing of AWS.
            Location::Path(_) => {}
            Location::S3 { bucket, prefix } => {
                is_s3 = true;
                statements.extend(bucket_read(number, args, bucket, prefix));
            }
            Location::Insights { log_group } => statements.extend(insights(number, args, log_group)),
            Location::Athena { catalog, database, table } => {
                is_s3 = true;
                statements.extend(athena(number, args, catalog.as_deref(), database, table)?);
            }
            Location::Auto => anyhow::bail!(
                "--flow-logs auto reads what a scan finds, which a policy cannot be narrowed to: name the places, such as s3://BUCKET/PREFIX"
            ),
        }
    }
    if is_s3 {
        let keys = Statement::allow("NatwiseFlowLogsKeys", vec!["kms:Decrypt"], vec!["*".to_owned()]);
        statements.push(keys.only_where("StringLike", "kms:ViaService", vec!["s3.*.amazonaws.com".to_owned()]));
    }
    if let Some(role) = &args.logs_role_arn {
        statements.push(Statement::allow("NatwiseFlowLogsRole", vec!["sts:AssumeRole"], vec![role.clone()]));
    }
    Ok(statements)
}

/// Objects of a bucket, whose keys begin so.
fn bucket_read(number: usize, args: &IamPolicyArgs, bucket: &str, prefix: &str) -> [Statement; 2] {
    // natwise finds a bucket's Region by what ListBucket allows, Athena does not.
    let by_athena = args.flow_logs.iter().any(|place| matches!(place, Location::Athena { .. }));
    let list = Statement::allow(
        format!("NatwiseFlowLogsList{number}"),
        if by_athena { vec!["s3:GetBucketLocation", "s3:ListBucket"] } else { vec!["s3:ListBucket"] },
        vec![format!("arn:aws:s3:::{bucket}")],
    );
    let get = Statement::allow(
        format!("NatwiseFlowLogsGet{number}"),
        vec!["s3:GetObject"],
        vec![format!("arn:aws:s3:::{bucket}/{prefix}*")],
    );
    [list, get]
}

fn insights(number: usize, args: &IamPolicyArgs, log_group: &str) -> Vec<Statement> {
    let arn = if log_group.starts_with("arn:") {
        log_group.strip_suffix(":*").unwrap_or(log_group).to_owned()
    } else {
        format!("arn:aws:logs:{}:*:log-group:{log_group}", region(args))
    };
    vec![
        Statement::allow(
            format!("NatwiseLogsInsights{number}"),
            vec!["logs:StartQuery"],
            vec![arn.clone(), format!("{arn}:*")],
        ),
        // These are of queries, not of log groups; the metric tells beforehand how much a query reads.
        Statement::allow(
            format!("NatwiseLogsQueries{number}"),
            vec!["cloudwatch:GetMetricData", "logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery"],
            vec!["*".to_owned()],
        ),
    ]
}

fn athena(
    number: usize,
    args: &IamPolicyArgs,
    catalog: Option<&str>,
    database: &str,
    table: &str,
) -> anyhow::Result<Vec<Statement>> {
    let region = region(args);
    let workgroup = args.workgroup.as_deref().unwrap_or("primary");
    let catalog = catalog.unwrap_or("AwsDataCatalog");
    // Athena looks at the default database whatever is asked.
    let databases = BTreeSet::from(["default", database]);
    let databases = databases.into_iter().map(|name| format!("arn:aws:glue:{region}:*:database/{name}"));
    let table = format!("arn:aws:glue:{region}:*:table/{database}/{table}");
    let glue = std::iter::once(format!("arn:aws:glue:{region}:*:catalog")).chain(databases).chain([table]);
    let mut statements = vec![
        Statement::allow(
            format!("NatwiseAthena{number}"),
            vec![
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:GetWorkGroup",
                "athena:StartQueryExecution",
                "athena:StopQueryExecution",
            ],
            vec![format!("arn:aws:athena:{region}:*:workgroup/{workgroup}")],
        ),
        Statement::allow(
            format!("NatwiseAthenaTable{number}"),
            vec!["athena:GetTableMetadata"],
            vec![format!("arn:aws:athena:{region}:*:datacatalog/{catalog}")],
        ),
        Statement::allow(
            format!("NatwiseGlue{number}"),
            vec!["glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable"],
            glue.collect(),
        ),
    ];
    // Where the table's data are only the table says; with the place given, nothing else may be read.
    let data: Vec<_> = args.flow_logs.iter().filter(|place| matches!(place, Location::S3 { .. })).collect();
    if data.is_empty() {
        statements.extend(bucket_read(number, args, "*", ""));
    }
    match &args.output_location {
        Some(location) => {
            let Ok(Location::S3 { bucket, prefix }) = location.parse() else {
                anyhow::bail!("--output-location {location:?} is not an S3 place, such as s3://my-results/athena/");
            };
            statements.extend(results(number, &bucket, &prefix));
        }
        // The workgroup's own, whose name only the workgroup says.
        None => statements.extend(results(number, "aws-athena-query-results-*", "")),
    }
    Ok(statements)
}

/// Where Athena writes what it found, in the name of whoever asked.
fn results(number: usize, bucket: &str, prefix: &str) -> [Statement; 2] {
    let list = Statement::allow(
        format!("NatwiseAthenaResultsList{number}"),
        vec!["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
        vec![format!("arn:aws:s3:::{bucket}")],
    );
    let objects = Statement::allow(
        format!("NatwiseAthenaResults{number}"),
        vec!["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
        vec![format!("arn:aws:s3:::{bucket}/{prefix}*")],
    );
    [list, objects]
}

fn region(args: &IamPolicyArgs) -> &str {
    args.logs_region.as_ref().map_or("*", |region| region.as_str())
}
