//! Partitions: parts of AWS that know nothing of each other, neither credentials nor Regions.

use crate::model::RegionName;

/// How a partition's Regions begin, its name in ARNs, and where its global services are at home.
const PARTITIONS: [(&str, &str, &str); 8] = [
    ("cn-", "aws-cn", "cn-north-1"),
    ("us-gov-", "aws-us-gov", "us-gov-west-1"),
    ("us-iso-", "aws-iso", "us-iso-east-1"),
    ("us-isob-", "aws-iso-b", "us-isob-east-1"),
    ("us-isof-", "aws-iso-f", "us-isof-south-1"),
    ("eu-isoe-", "aws-iso-e", "eu-isoe-west-1"),
    ("eusc-", "aws-eusc", "eusc-de-east-1"),
    ("", "aws", "us-east-1"),
];

/// The partition that a Region is in, as ARNs name it.
pub(super) fn partition_of(region: &RegionName) -> &'static str {
    let of = PARTITIONS.iter().find(|(prefix, _, _)| region.as_str().starts_with(prefix));
    of.map_or("aws", |(_, partition, _)| partition)
}

/// Where calls of a partition go that are for no Region in particular.
pub(super) fn home_of(partition: &str) -> RegionName {
    let of = PARTITIONS.iter().find(|(_, name, _)| *name == partition);
    of.map_or("us-east-1", |(_, _, home)| home).into()
}

/// The partition that an ARN is in, and its account.
pub(super) fn of_arn(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
    let (partition, _service, _region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (!partition.is_empty() && !account.is_empty()).then_some((partition, account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_arns_know_their_partition() {
        assert_eq!(partition_of(&"cn-northwest-1".into()), "aws-cn");
        assert_eq!(partition_of(&"us-gov-east-1".into()), "aws-us-gov");
        assert_eq!(partition_of(&"us-isob-east-1".into()), "aws-iso-b");
        assert_eq!(partition_of(&"eu-central-1".into()), "aws");
        for (_, partition, home) in PARTITIONS {
            assert_eq!((partition_of(&home.into()), home_of(partition).as_str()), (partition, home));
        }
        assert_eq!(of_arn("arn:aws-cn:iam::111122223333:role/a:b"), Some(("aws-cn", "111122223333")));
        for bad in ["", "arn:aws:s3:::bucket", "role/audit", "arn:aws:iam"] {
            assert_eq!(of_arn(bad), None, "{bad}");
        }
    }
}
