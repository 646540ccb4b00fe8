//! Which service a hostname is of.
//!
//! The catalogue's hostnames as a tree, label by label from the right, so that a name is one walk down: no pattern is
//! tried against it, and nothing but whole labels can match.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::{HOME, SERVICES};
use crate::model::{RegionName, Service};

/// What stands for the Region in the catalogue's hostnames.
pub(super) const REGION: &str = "{region}";

/// A place in the tree, reached by the labels to the right of it.
#[derive(Debug, Default)]
struct Node {
    labels: HashMap<&'static str, Node>,
    /// What follows a label that varies in part, as `ecs-a-*`: what it begins and ends with.
    partial: Vec<(&'static str, &'static str, Node)>,
    /// What follows any Region.
    region: Option<Box<Node>>,
    /// The service whose hostname ends here.
    exact: Option<&'static str>,
    /// The service of every hostname with further labels.
    any: Option<&'static str>,
}

static TREE: LazyLock<Node> = LazyLock::new(|| {
    let mut root = Node::default();
    for service in SERVICES.values() {
        service.hostnames.iter().for_each(|name| root.insert(name, &service.suffix));
    }
    root
});

/// The service with an endpoint that a public hostname is of, and the Region that it names. None where it is no such
/// name, or an endpoint's own.
///
/// Upper case, a trailing dot, FIPS names (`sqs-fips.…`) and China's suffix make no difference. A service without
/// Regions is at home in us-east-1; the Region is none where only the redirect knows it (`BUCKET.s3.amazonaws.com`).
#[must_use]
pub fn service_of_hostname(name: &str) -> Option<(Service, Option<RegionName>)> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_upper = name.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = if is_upper { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) };
    let (name, chinese) = match lower.strip_suffix(".cn") {
        Some(name) if name.ends_with(".amazonaws.com") => (name, true),
        _ => (&*lower, false),
    };
    let found = TREE.find(name.strip_prefix("fips.").unwrap_or(name), None)?;
    let region = found.region.or_else(|| (!found.wildcard).then_some(HOME));
    let fits = !chinese || region.is_some_and(|region| region.starts_with("cn-"));
    fits.then(|| (Service::new(found.suffix), region.map(RegionName::from)))
}

/// What a walk found.
struct Found<'n> {
    suffix: &'static str,
    region: Option<&'n str>,
    wildcard: bool,
}

impl Node {
    /// Adds a hostname below this place.
    fn insert(&mut self, name: &'static str, suffix: &'static str) {
        match name {
            "" => self.exact = Some(suffix),
            "*" => self.any = Some(suffix),
            _ => {
                let (rest, label) = name.rsplit_once('.').unwrap_or(("", name));
                self.below(label).insert(rest, suffix);
            }
        }
    }

    /// The place that a label of a hostname in the catalogue leads to.
    fn below(&mut self, label: &'static str) -> &mut Self {
        if label == REGION {
            return self.region.get_or_insert_default();
        }
        let Some((start, end)) = label.split_once('*') else { return self.labels.entry(label).or_default() };
        self.partial.push((start, end, Self::default()));
        let last = self.partial.len() - 1;
        &mut self.partial[last].2
    }

    /// Finds a name's service below this place: the more of the label is given, the sooner it is tried.
    fn find<'n>(&self, name: &'n str, region: Option<&'n str>) -> Option<Found<'n>> {
        if name.is_empty() {
            return self.exact.map(|suffix| Found { suffix, region, wildcard: false });
        }
        let (rest, label) = name.rsplit_once('.').unwrap_or(("", name));
        let plain = label.strip_suffix("-fips").unwrap_or(label);
        let by_label = || self.labels.get(plain)?.find(rest, region.or(is_region(label).then_some(label)));
        let by_region = || self.region.as_ref().filter(|_| is_region(label))?.find(rest, Some(label));
        let by_part = || {
            let fits = |start: &str, end: &str| {
                plain.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)).is_some_and(|rest| !rest.is_empty())
            };
            let mut fitting = self.partial.iter().filter(|(start, end, _)| fits(start, end));
            fitting.find_map(|(_, _, node)| node.find(rest, region))
        };
        let by_any = || self.any.map(|suffix| Found { suffix, region, wildcard: true });
        by_label().or_else(by_region).or_else(by_part).or_else(by_any)
    }
}

/// Whether a label can be a Region's code: `us-gov-west-1`, two words or more and a number.
fn is_region(label: &str) -> bool {
    let Some((words, number)) = label.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && label.len() <= 24 && words.contains('-') && words.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> Option<String> {
        let (service, region) = service_of_hostname(name)?;
        Some(format!("{service} {}", region.map_or("-".to_owned(), |region| region.to_string())))
    }

    #[test]
    fn every_hostname_of_the_catalogue_is_its_services() {
        for service in SERVICES.values() {
            for hostname in &service.hostnames {
                let name = hostname.replace(REGION, "eu-west-1").replace('*', "a1");
                let region = match hostname {
                    name if name.contains(REGION) => "eu-west-1",
                    name if name.starts_with('*') => "-",
                    _ => HOME,
                };
                assert_eq!(said(&name), Some(format!("{} {region}", service.suffix)), "{name}");
            }
        }
    }

    #[test]
    fn names_are_read_as_clients_write_them() {
        let known = [
            ("SQS.us-EAST-1.amazonaws.com.", "sqs us-east-1"),
            ("sqs-fips.us-gov-west-1.amazonaws.com", "sqs us-gov-west-1"),
            ("api-fips.sagemaker.us-east-1.amazonaws.com", "sagemaker.api us-east-1"),
            ("fips.eks.us-east-1.amazonaws.com", "eks us-east-1"),
            ("111122223333.dkr.ecr-fips.us-east-1.amazonaws.com", "ecr.dkr us-east-1"),
            ("sqs.cn-north-1.amazonaws.com.cn", "sqs cn-north-1"),
            ("kms.eu-west-1.api.aws", "kms eu-west-1"),
            ("eu-west-1.queue.amazonaws.com", "sqs eu-west-1"),
            ("ecs-a-1.eu-west-1.amazonaws.com", "ecs-agent eu-west-1"),
            ("streams.dynamodb.eu-west-1.amazonaws.com", "dynamodb-streams eu-west-1"),
            ("111122223333.ddb.eu-west-1.amazonaws.com", "dynamodb eu-west-1"),
            ("0a1b.data-kinesis.eu-west-1.amazonaws.com", "kinesis-streams eu-west-1"),
            ("a.b.c.s3.eu-west-1.amazonaws.com", "s3 eu-west-1"),
            ("bucket.s3.amazonaws.com", "s3 -"),
            ("s3.amazonaws.com", "s3 us-east-1"),
            ("ce.us-east-1.amazonaws.com", "ce us-east-1"),
        ];
        for (name, expected) in known {
            assert_eq!(said(name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn nothing_but_whole_labels_match() {
        let unknown = [
            "",
            ".",
            "..",
            "amazonaws.com",
            "us-east-1.amazonaws.com",
            "evilsqs.us-east-1.amazonaws.com",
            "sqs.us-east-1.amazonaws.com.attacker.net",
            "sqs.us-east-1.evilamazonaws.com",
            "sqs.us-east-1.amazonaws.com.cn",
            "sqs.nowhere.amazonaws.com",
            "sqs.amazonaws.com",
            "queue.sqs.us-east-1.amazonaws.com",
            "ce.eu-west-1.amazonaws.com",
            "execute-api.us-east-1.amazonaws.com",
            "ecs-a-.us-east-1.amazonaws.com",
            // An endpoint's own names lead to it whether private DNS is on or not.
            "vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com",
            "bucket.bucket.vpce-0a1b-2c3d.s3.us-east-1.vpce.amazonaws.com",
            // No endpoint takes these.
            "sts.amazonaws.com",
            "internal-web-1234.us-east-1.elb.amazonaws.com",
            "ec2-3-5-0-1.compute-1.amazonaws.com",
            "d111111abcdef8.cloudfront.net",
        ];
        for name in unknown {
            assert_eq!(said(name), None, "{name}");
        }
        assert_eq!(said(&"a.".repeat(100_000)), None);
    }
}
