//! Where flow logs are, as the command line says it: `PATH`, `s3://BUCKET/PREFIX`, `insights:LOG-GROUP`,
//! `athena:DATABASE.TABLE` or `auto`.

use std::path::PathBuf;
use std::str::FromStr;

/// A place with flow logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file or folder of this machine; `-` for standard input.
    Path(PathBuf),
    /// A bucket, and how the keys of its flow logs begin.
    S3 {
        /// The bucket.
        bucket: String,
        /// How keys begin: up to `AWSLogs/`, or further.
        prefix: String,
    },
    /// A log group, asked by CloudWatch Logs Insights.
    Insights {
        /// The log group: its name, or its ARN where it is another account's.
        log_group: String,
    },
    /// A table, asked by Athena.
    Athena {
        /// The data catalogue; none for the account's own.
        catalog: Option<String>,
        /// The database.
        database: String,
        /// The table.
        table: String,
    },
    /// Where the account's flow logs say that they are.
    Auto,
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        if let Some(place) = text.strip_prefix("s3://") {
            let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
            let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
            if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(known) {
                return Err("not a bucket and a prefix, such as s3://my-flow-logs/AWSLogs/".to_owned());
            }
            return Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() });
        }
        if let Some(log_group) = text.strip_prefix("insights:") {
            if log_group.is_empty() || log_group.contains(char::is_whitespace) {
                return Err("not a log group, such as insights:/vpc/flow-logs".to_owned());
            }
            return Ok(Self::Insights { log_group: log_group.to_owned() });
        }
        if let Some(name) = text.strip_prefix("athena:") {
            let parts: Vec<_> = name.split('.').map(str::to_owned).collect();
            return match <[String; 2]>::try_from(parts) {
                Ok([database, table]) if !database.is_empty() && !table.is_empty() => {
                    Ok(Self::Athena { catalog: None, database, table })
                }
                Ok(_) => Err(athena()),
                Err(parts) => match <[String; 3]>::try_from(parts) {
                    Ok([catalog, database, table]) if [&catalog, &database, &table].iter().all(|p| !p.is_empty()) => {
                        Ok(Self::Athena { catalog: Some(catalog), database, table })
                    }
                    _ => Err(athena()),
                },
            };
        }
        Ok(Self::Path(PathBuf::from(text)))
    }
}

fn athena() -> String {
    "not a table, such as athena:default.vpc_flow_logs".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location, String> {
        text.parse()
    }

    #[test]
    fn every_place_has_its_form() {
        let path = |text: &str| Ok(Location::Path(PathBuf::from(text)));
        assert_eq!(parse("logs/october"), path("logs/october"));
        assert_eq!(parse("-"), path("-"));
        assert_eq!(parse("./auto"), path("./auto"));
        assert_eq!(parse("auto"), Ok(Location::Auto));
        let s3 = |bucket: &str, prefix: &str| Ok(Location::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() });
        assert_eq!(parse("s3://flow-logs"), s3("flow-logs", ""));
        assert_eq!(parse("s3://flow-logs/a/AWSLogs/"), s3("flow-logs", "a/AWSLogs/"));
        assert_eq!(parse("insights:/vpc/flow"), Ok(Location::Insights { log_group: "/vpc/flow".to_owned() }));
        let athena = |catalog: Option<&str>| {
            Ok(Location::Athena {
                catalog: catalog.map(str::to_owned),
                database: "logs".to_owned(),
                table: "flow".to_owned(),
            })
        };
        assert_eq!(parse("athena:logs.flow"), athena(None));
        assert_eq!(parse("athena:lake.logs.flow"), athena(Some("lake")));
    }

    #[test]
    fn what_is_none_is_said() {
        assert!(parse("s3:///AWSLogs").unwrap_err().contains("s3://my-flow-logs"));
        assert!(parse("s3://My_Bucket/x").unwrap_err().contains("not a bucket"));
        for text in ["athena:flow", "athena:.flow", "athena:a.b.c.d", "athena:a..c"] {
            assert!(parse(text).unwrap_err().contains("not a table"), "{text}");
        }
        assert!(parse("insights:").unwrap_err().contains("not a log group"));
    }
}
