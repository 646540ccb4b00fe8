//! A table for a bucket of flow logs that has none: the statement that makes it.

use super::guide::columns;
use super::quote::{hive_name, hive_text};
use crate::model::{AccountId, FlowLog, RegionName};

/// How files of flow logs are laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Their fields (`${version} …`); none for the default format.
    pub format: Option<String>,
    /// Whether they are Parquet.
    pub parquet: bool,
    /// Whether folders are named `key=value`.
    pub hive: bool,
    /// Whether a day's folder is split by hour.
    pub per_hour: bool,
}

impl Layout {
    /// The layout of a flow log's files.
    #[must_use]
    pub fn of(log: &FlowLog) -> Self {
        Self {
            format: log.log_format.clone(),
            parquet: log.file_format.as_deref() == Some("parquet"),
            hive: log.hive_compatible_partitions,
            per_hour: log.per_hour_partition,
        }
    }
}

/// A bucket's part that holds flow logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    bucket: String,
    /// Up to `AWSLogs/`.
    prefix: String,
    /// What the prefix itself tells.
    account: Option<AccountId>,
    region: Option<RegionName>,
}

/// Why there is no table for a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DdlError {
    /// Nothing tells the accounts.
    #[error(
        "which accounts have flow logs in s3://{0}/{1} is not known: name one (s3://{0}/{1}AWSLogs/123456789012/), or pass --snapshot FILE"
    )]
    NoAccount(String, String),
}

impl Place {
    /// Reads `s3://BUCKET/PREFIX`, the prefix being what is before `AWSLogs/`, or that and some of what comes then.
    #[must_use]
    pub fn new(bucket: &str, prefix: &str) -> Self {
        let (before, after) = match prefix.find("AWSLogs/") {
            Some(at) if at == 0 || prefix[..at].ends_with('/') => (&prefix[..at], &prefix[at + "AWSLogs/".len()..]),
            _ => (prefix.strip_suffix("AWSLogs").unwrap_or(prefix), ""),
        };
        let mut before = before.to_owned();
        if !before.is_empty() && !before.ends_with('/') {
            before.push('/');
        }
        let words: Vec<_> = after.split('/').map(|word| word.rsplit('=').next().unwrap_or(word)).collect();
        let known = |index: usize| words.get(index).copied().filter(|word| !word.is_empty());
        Self {
            bucket: bucket.to_owned(),
            prefix: before,
            account: known(0).map(AccountId::from),
            region: known(2).map(RegionName::from),
        }
    }

    fn location(&self) -> String {
        format!("s3://{}/{}AWSLogs/", self.bucket, self.prefix)
    }
}

/// The statement, ready for Athena's editor.
///
/// # Errors
/// When something must be named that is not known.
pub fn table(
    name: &str,
    place: &Place,
    layout: &Layout,
    accounts: &[AccountId],
    regions: &[RegionName],
) -> Result<String, DdlError> {
    let accounts: Vec<_> = place.account.iter().chain(accounts.iter().filter(|_| place.account.is_none())).collect();
    let regions: Vec<_> = place.region.iter().chain(regions.iter().filter(|_| place.region.is_none())).collect();
    let columns: Vec<_> = columns(layout.format.as_deref())
        .iter()
        .map(|column| format!("  {} {}", hive_name(&column.name), column.kind))
        .collect();
    let columns = columns.join(",\n");
    let form = if layout.parquet { "STORED AS PARQUET" } else { "ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '" };
    let location = place.location();
    let name = hive_name(name);
    let head = |keys: &[&str]| {
        let keys: Vec<_> = keys.iter().map(|key| format!("{} string", hive_name(key))).collect();
        format!(
            "CREATE EXTERNAL TABLE IF NOT EXISTS {name} (\n{columns}\n)\nPARTITIONED BY ({})\n{form}\nLOCATION {}\n",
            keys.join(", "),
            hive_text(&location)
        )
    };
    let properties = |all: &[(&str, String)]| {
        let all: Vec<_> =
            all.iter().map(|(key, value)| format!("  {} = {}", hive_text(key), hive_text(value))).collect();
        if all.is_empty() { String::new() } else { format!("TBLPROPERTIES (\n{}\n)", all.join(",\n")) }
    };
    let mut all = Vec::new();
    if !layout.parquet {
        all.push(("skip.header.line.count", "1".to_owned()));
    }
    if layout.hive {
        let mut keys = vec!["aws-account-id", "aws-service", "aws-region", "year", "month", "day"];
        keys.extend(layout.per_hour.then_some("hour"));
        return Ok(format!(
            "{}{};\n-- Then, and again for each new day: MSCK REPAIR TABLE {name};\n",
            head(&keys),
            properties(&all)
        ));
    }
    if accounts.is_empty() {
        return Err(DdlError::NoAccount(place.bucket.clone(), place.prefix.clone()));
    }
    let list = |values: Vec<&str>| values.join(",");
    let format = if layout.per_hour { "yyyy/MM/dd/HH" } else { "yyyy/MM/dd" };
    all.extend([
        ("projection.enabled", "true".to_owned()),
        ("projection.accid.type", "enum".to_owned()),
        ("projection.accid.values", list(accounts.iter().map(|account| account.as_str()).collect())),
        ("projection.region.type", "enum".to_owned()),
        ("projection.region.values", list(regions.iter().map(|region| region.as_str()).collect())),
        ("projection.day.type", "date".to_owned()),
        ("projection.day.range", "NOW-3YEARS,NOW".to_owned()),
        ("projection.day.format", format.to_owned()),
        ("projection.day.interval", "1".to_owned()),
        ("projection.day.interval.unit", if layout.per_hour { "HOURS" } else { "DAYS" }.to_owned()),
        ("storage.location.template", format!("{location}${{accid}}/vpcflowlogs/${{region}}/${{day}}")),
    ]);
    Ok(format!("{}{};\n", head(&["accid", "region", "day"]), properties(&all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(place: (&str, &str), layout: &Layout) -> Result<String, DdlError> {
        table("vpc_flow_logs", &Place::new(place.0, place.1), layout, &[], &["eu-west-1".into(), "us-east-1".into()])
    }

    #[test]
    fn text_is_projected() {
        let sql = write(("logs", "AWSLogs/123456789012/"), &Layout::default()).unwrap();
        assert!(sql.starts_with("CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` (\n  `version` int,\n"), "{sql}");
        for part in [
            "`end` bigint",
            "PARTITIONED BY (`accid` string, `region` string, `day` string)",
            "LOCATION 's3://logs/AWSLogs/'",
            "'skip.header.line.count' = '1'",
            "'projection.accid.values' = '123456789012'",
            "'projection.region.values' = 'eu-west-1,us-east-1'",
            "'storage.location.template' = 's3://logs/AWSLogs/${accid}/vpcflowlogs/${region}/${day}'",
        ] {
            assert!(sql.contains(part), "{part}: {sql}");
        }
        let error = write(("logs", "a/"), &Layout::default()).unwrap_err().to_string();
        assert!(error.contains("s3://logs/a/AWSLogs/123456789012/"), "{error}");
    }

    #[test]
    fn parquet_by_hour_and_hive() {
        let layout = Layout {
            parquet: true,
            per_hour: true,
            format: Some("${interface-id} ${pkt-srcaddr} ${bytes}".to_owned()),
            hive: false,
        };
        let sql = write(("logs", "a/AWSLogs/123456789012/vpcflowlogs/eu-west-1/"), &layout).unwrap();
        assert!(sql.contains("(\n  `interface_id` string,\n  `pkt_srcaddr` string,\n  `bytes` bigint\n)"), "{sql}");
        assert!(sql.contains("STORED AS PARQUET\nLOCATION 's3://logs/a/AWSLogs/'"), "{sql}");
        assert!(
            sql.contains("'yyyy/MM/dd/HH'") && !sql.contains("skip.header") && sql.contains("'eu-west-1',\n"),
            "{sql}"
        );
        let hive = write(("logs", ""), &Layout { hive: true, ..layout }).unwrap();
        assert!(hive.contains("(`aws-account-id` string, `aws-service` string, `aws-region` string, `year` string, `month` string, `day` string, `hour` string)"), "{hive}");
        assert!(hive.ends_with("MSCK REPAIR TABLE `vpc_flow_logs`;\n"), "{hive}");
    }

    #[test]
    fn hostile_prefixes_and_formats_end_where_they_end() {
        let layout = Layout { format: Some("a`) -- ${bytes}".to_owned()), hive: true, ..Layout::default() };
        let sql = write(("logs", "it's\\/AWSLogs/"), &layout).unwrap();
        assert!(sql.contains("LOCATION 's3://logs/it\\'s\\\\/AWSLogs/'"), "{sql}");
        assert!(sql.contains("`a``)` string"), "{sql}");
    }
}
