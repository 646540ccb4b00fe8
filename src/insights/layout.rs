//! Where the fields of a log group's records are: discovered by Insights for the default format, parsed for any other.

use std::collections::BTreeSet;

use crate::flow_log::watch::Gateway;
use crate::flow_log::{DEFAULT_FORMAT, FormatError, check_format};
use crate::model::FlowLog;

/// The fields that are asked for, by their names in a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Interface,
    Resource,
    Source,
    Destination,
    PacketSource,
    PacketDestination,
    Bytes,
    Start,
    End,
    Action,
    Status,
}

/// Each with its name in a format, and the one under which Insights discovers it in the default format.
const FIELDS: [(Field, &str, &str); 11] = [
    (Field::Interface, "interface-id", "interfaceId"),
    (Field::Resource, "resource-id", ""),
    (Field::Source, "srcaddr", "srcAddr"),
    (Field::Destination, "dstaddr", "dstAddr"),
    (Field::PacketSource, "pkt-srcaddr", ""),
    (Field::PacketDestination, "pkt-dstaddr", ""),
    (Field::Bytes, "bytes", "bytes"),
    (Field::Start, "start", "startTime"),
    (Field::End, "end", "endTime"),
    (Field::Action, "action", "action"),
    (Field::Status, "log-status", "logStatus"),
];

/// How a log group's records are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What each field of a record is called in a query, and in its format; none for the default format.
    parsed: Option<Vec<(String, String)>>,
}

/// Why a log group cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Its format cannot be used.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// Not one that tells which records are whose.
    #[error(
        "flow logs of different formats write to this log group ({}), and a query reads one: say which with --log-format", .0.join(", ")
    )]
    Several(Vec<String>),
}

impl Layout {
    /// Of a log group: as the user says, as the flow logs that write to it say, or the default.
    ///
    /// # Errors
    /// When its format cannot be used, or is not known.
    pub fn of(log_group: &str, log_format: Option<&str>, flow_logs: &[&FlowLog]) -> Result<Self, LayoutError> {
        if let Some(format) = log_format {
            return Self::parse(format);
        }
        let of_group = || flow_logs.iter().filter(|log| log.log_group_name.as_deref() == Some(name(log_group)));
        let format = |log: &FlowLog| plain(log.log_format.as_deref().unwrap_or(DEFAULT_FORMAT)).join(" ");
        let formats: BTreeSet<String> = of_group().map(|log| format(log)).collect();
        if formats.len() > 1 {
            return Err(LayoutError::Several(of_group().map(|log| log.flow_log_id.to_string()).collect()));
        }
        Self::parse(formats.first().map_or(DEFAULT_FORMAT, String::as_str))
    }

    fn parse(format: &str) -> Result<Self, LayoutError> {
        check_format(format)?;
        let fields = plain(format);
        if fields.join(" ") == DEFAULT_FORMAT {
            return Ok(Self { parsed: None });
        }
        let mut taken = BTreeSet::new();
        let alias = |(index, field): (usize, &&str)| {
            let mut alias = alias(field);
            if !taken.insert(alias.clone()) {
                alias.push_str(&format!("No{index}"));
            }
            (alias, (*field).to_owned())
        };
        Ok(Self { parsed: Some(fields.iter().enumerate().map(alias).collect()) })
    }

    /// What a field is called in queries. None where records do not have it.
    pub(super) fn name(&self, field: Field) -> Option<&str> {
        let (_, in_format, discovered) = FIELDS.iter().find(|(known, ..)| *known == field)?;
        match &self.parsed {
            None => Some(*discovered).filter(|name| !name.is_empty()),
            Some(parsed) => parsed.iter().find(|(_, field)| field == in_format).map(|(alias, _)| alias.as_str()),
        }
    }

    /// The command that takes records apart. None where Insights does so by itself.
    pub(super) fn parse_command(&self) -> Option<String> {
        let parsed = self.parsed.as_ref()?;
        let aliases: Vec<_> = parsed.iter().map(|(alias, _)| alias.as_str()).collect();
        Some(format!("parse @message \"{}\" as {}", vec!["*"; parsed.len()].join(" "), aliases.join(", ")))
    }

    /// How many fields records have.
    #[must_use]
    pub fn fields(&self) -> usize {
        self.parsed.as_ref().map_or_else(|| plain(DEFAULT_FORMAT).len(), Vec::len)
    }

    /// Whether records say which regional gateway they are of.
    #[must_use]
    pub fn tells_regional(&self) -> bool {
        self.name(Field::Resource).is_some()
    }

    /// Whether a log event looks like one of these records.
    #[must_use]
    pub fn fits(&self, message: &str) -> bool {
        let words: Vec<_> = message.trim_end().split(' ').collect();
        let fields = self.parsed.as_ref().map_or_else(
            || plain(DEFAULT_FORMAT),
            |parsed| parsed.iter().map(|(_, field)| field.as_str()).collect::<Vec<_>>(),
        );
        let is = |field: &str, of: &dyn Fn(&str) -> bool| {
            fields
                .iter()
                .position(|name| *name == field)
                .is_none_or(|place| words.get(place).is_some_and(|word| of(word)))
        };
        let number = |word: &str| word == "-" || word.bytes().all(|byte| byte.is_ascii_digit());
        words.len() == fields.len()
            && is("interface-id", &|word| word == "-" || word.starts_with("eni-"))
            && is("bytes", &number)
            && is("log-status", &|word| matches!(word, "OK" | "NODATA" | "SKIPDATA"))
    }
}

/// A gateway that several flow logs record into one log group, and those: nothing in their records tells which of them
/// wrote it, so its bytes would be counted more than once. Of flow logs of subnets it cannot be told here.
#[must_use]
pub fn recorded_twice(log_group: &str, flow_logs: &[&FlowLog], gateways: &[Gateway]) -> Option<(String, Vec<String>)> {
    let here = |log: &&&FlowLog| {
        log.log_group_name.as_deref() == Some(name(log_group)) && log.traffic_type.as_deref() != Some("REJECT")
    };
    let of = |gateway: &Gateway, id: &str| {
        gateway.interfaces.iter().any(|interface| interface == id)
            || gateway.nat_gateway_id.as_ref().is_some_and(|nat| nat.as_str() == id)
            || gateway.vpc_id.as_ref().is_some_and(|vpc| vpc.as_str() == id)
    };
    gateways.iter().find_map(|gateway| {
        let logs = flow_logs.iter().filter(here).filter(|log| of(gateway, &log.resource_id));
        let logs: Vec<_> = logs.map(|log| log.flow_log_id.to_string()).collect();
        (logs.len() > 1).then(|| (gateway.nat.clone(), logs))
    })
}

/// The name of a log group that may be given by its ARN.
pub(super) fn name(log_group: &str) -> &str {
    let name = log_group.strip_prefix("arn:").and_then(|arn| arn.split_once(":log-group:")).map(|(_, name)| name);
    name.map_or(log_group, |name| name.strip_suffix(":*").unwrap_or(name))
}

fn plain(format: &str) -> Vec<&str> {
    let word = |word| str::strip_prefix(word, "${").and_then(|word| word.strip_suffix('}')).unwrap_or(word);
    format.split_ascii_whitespace().map(word).collect()
}

/// `pkt-srcaddr` as `logPktSrcaddr`: letters and digits only, which need no quotes, and no name that Insights discovers.
fn alias(field: &str) -> String {
    let mut alias = "log".to_owned();
    for word in field.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        alias.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        alias.extend(letters);
    }
    alias
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow_log(id: &str, group: &str, format: Option<&str>) -> FlowLog {
        let log = serde_json::json!({
            "flow_log_id": id, "resource_id": "vpc-1", "traffic_type": "ALL", "log_destination_type": "cloud-watch-logs",
            "log_group_name": group, "log_format": format, "max_aggregation_interval": 60,
        });
        serde_json::from_value(log).unwrap()
    }

    #[test]
    fn the_default_format_is_discovered_and_any_other_parsed() {
        let default = Layout::of("/vpc", None, &[]).unwrap();
        assert_eq!((default.parse_command(), default.name(Field::Source)), (None, Some("srcAddr")));
        assert_eq!((default.fields(), default.tells_regional()), (14, false));
        let words: Vec<_> = DEFAULT_FORMAT.split(' ').map(|name| format!("${{{name}}}")).collect();
        assert_eq!(Layout::of("/vpc", Some(&words.join(" ")), &[]).unwrap(), default);
        let custom = Layout::of("/vpc", Some("interface-id srcaddr dstaddr pkt-srcaddr bytes bytes"), &[]).unwrap();
        assert_eq!(
            custom.parse_command().unwrap(),
            "parse @message \"* * * * * *\" as logInterfaceId, logSrcaddr, logDstaddr, logPktSrcaddr, logBytes, logBytesNo5"
        );
        assert_eq!((custom.name(Field::Bytes), custom.name(Field::Status)), (Some("logBytes"), None));
    }

    #[test]
    fn the_flow_logs_of_the_group_tell_its_format() {
        let custom = "${resource-id} ${srcaddr} ${dstaddr} ${bytes}";
        let (mine, other) = (flow_log("fl-1", "/vpc", Some(custom)), flow_log("fl-2", "/other", None));
        let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/vpc:*";
        for group in ["/vpc", arn] {
            assert!(Layout::of(group, None, &[&mine, &other]).unwrap().tells_regional());
        }
        let second = flow_log("fl-3", "/vpc", None);
        let error = Layout::of("/vpc", None, &[&mine, &second]).unwrap_err().to_string();
        assert!(error.contains("fl-1, fl-3") && error.contains("--log-format"), "{error}");
        assert!(Layout::of("/vpc", Some(custom), &[&mine, &second]).is_ok());
        let error = Layout::of("/vpc", Some("srcaddr dstaddr bytes"), &[]).unwrap_err().to_string();
        assert_eq!(error, "its records have no interface-id");
    }

    #[test]
    fn what_two_flow_logs_record_into_one_group_is_told() {
        let gateway = Gateway { nat: "nat-1".to_owned(), vpc_id: Some("vpc-1".into()), ..Gateway::default() };
        let (first, second) = (flow_log("fl-1", "/vpc", None), flow_log("fl-2", "/vpc", None));
        let twice = |logs: &[&FlowLog], gateway: &Gateway| {
            recorded_twice("/vpc", logs, std::slice::from_ref(gateway))
                .map(|(nat, logs)| format!("{nat} {}", logs.join(" ")))
        };
        assert_eq!(twice(&[&first, &second], &gateway).as_deref(), Some("nat-1 fl-1 fl-2"));
        let (elsewhere, refused) =
            (flow_log("fl-3", "/other", None), FlowLog { traffic_type: Some("REJECT".to_owned()), ..second.clone() });
        assert_eq!(twice(&[&first, &elsewhere, &refused], &gateway), None);
        let other = Gateway { vpc_id: Some("vpc-2".into()), interfaces: vec!["eni-1".to_owned()], ..gateway };
        assert_eq!(twice(&[&first, &second], &other), None);
    }

    #[test]
    fn other_events_are_told_from_records() {
        let layout = Layout::of("/vpc", None, &[]).unwrap();
        let record = "2 123456789012 eni-1 10.0.1.5 10.0.0.220 1 443 6 1 60 1600000000 1600000060 ACCEPT OK";
        assert!(layout.fits(record) && layout.fits(&format!("{record}\n")));
        assert!(layout.fits("2 123456789012 eni-1 - - - - - - - 1431280876 1431280934 - NODATA"));
        assert!(!layout.fits(&format!("{record} vpc-1")) && !layout.fits("START RequestId: 1"));
        assert!(!layout.fits(&record.replace(" OK", " vpc-1")));
    }
}
