//! What traffic is for.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::RegionName;

/// A service that traffic goes to: `s3`, `dynamodb`, the suffix of an endpoint service (`ecr.api`), or a class of
/// address (`aws`, `internet`, `private`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Service(Cow<'static, str>);

impl Service {
    /// Amazon S3, general-purpose buckets. Not `s3express`, which has a gateway endpoint of its own.
    pub const S3: Self = Self(Cow::Borrowed("s3"));
    /// Amazon DynamoDB.
    pub const DYNAMODB: Self = Self(Cow::Borrowed("dynamodb"));
    /// Amazon S3, directory buckets.
    const S3_EXPRESS: Self = Self(Cow::Borrowed("s3express"));
    /// AWS's, of a service that the address cannot name.
    pub const AWS: Self = Self(Cow::Borrowed("aws"));
    /// Not AWS's.
    pub const INTERNET: Self = Self(Cow::Borrowed("internet"));
    /// Addresses of private networks.
    pub const PRIVATE: Self = Self(Cow::Borrowed("private"));
    /// The services whose gateway endpoint costs nothing, in the order they are reported.
    pub const WITH_GATEWAY_ENDPOINT: [Self; 2] = [Self::S3, Self::DYNAMODB];

    /// A service by its name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name a person would use.
    #[must_use]
    pub fn title(&self) -> &str {
        match self.as_str() {
            "s3" => "S3",
            "dynamodb" => "DynamoDB",
            other => other,
        }
    }

    /// The endpoint service's full name in a Region. S3 and DynamoDB are named alike in every partition.
    #[must_use]
    pub fn endpoint_service_name(&self, region: &RegionName) -> String {
        format!("com.amazonaws.{region}.{}", self.0)
    }

    /// The AWS service behind an endpoint's service name, or none when a third party offers it.
    ///
    /// Cut exactly, never by substring: `….s3express` is not `….s3`.
    #[must_use]
    pub fn of_endpoint(service_name: &str, region: &RegionName) -> Option<Self> {
        let name = service_name.strip_prefix("cn.").unwrap_or(service_name);
        for family in ["com.amazonaws.", "aws.sagemaker.", "aws.api."] {
            let Some(rest) = name.strip_prefix(family) else { continue };
            if rest.starts_with("vpce.") {
                return None;
            }
            let suffix = rest.strip_prefix(region.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(rest);
            return Some(Self::new(suffix));
        }
        None
    }

    /// The service with a gateway endpoint that a Region's prefix list is of, by either address family.
    #[must_use]
    pub fn of_prefix_list(name: &str, region: &RegionName) -> Option<Self> {
        let own = name.strip_prefix("com.amazonaws.")?.strip_prefix(region.as_str())?.strip_prefix('.')?;
        match own.strip_prefix("ipv6.").unwrap_or(own) {
            "s3" => Some(Self::S3),
            "dynamodb" => Some(Self::DYNAMODB),
            "s3express" => Some(Self::S3_EXPRESS),
            _ => None,
        }
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_names_are_cut_exactly() {
        let service = |name| Service::of_endpoint(name, &"us-east-1".into()).map(|s| s.as_str().to_owned());
        assert_eq!(service("com.amazonaws.us-east-1.s3").as_deref(), Some("s3"));
        assert_eq!(service("com.amazonaws.us-east-1.s3express").as_deref(), Some("s3express"));
        assert_eq!(service("com.amazonaws.us-east-1.ecr.api").as_deref(), Some("ecr.api"));
        assert_eq!(service("com.amazonaws.iam").as_deref(), Some("iam"));
        assert_eq!(service("cn.com.amazonaws.us-east-1.sqs").as_deref(), Some("sqs"));
        assert_eq!(service("com.amazonaws.vpce.us-east-1.vpce-svc-0a1b"), None);
        assert_eq!(service("com.example.private"), None);
    }

    #[test]
    fn prefix_lists_of_gateway_services_are_told_exactly() {
        let service = |name| Service::of_prefix_list(name, &"us-east-1".into()).map(|s| s.as_str().to_owned());
        assert_eq!(service("com.amazonaws.us-east-1.s3").as_deref(), Some("s3"));
        assert_eq!(service("com.amazonaws.us-east-1.ipv6.dynamodb").as_deref(), Some("dynamodb"));
        assert_eq!(service("com.amazonaws.us-east-1.s3express").as_deref(), Some("s3express"));
        assert_eq!(service("com.amazonaws.us-east-1.s3-outposts"), None);
        assert_eq!(service("com.amazonaws.us-east-12.s3"), None);
        assert_eq!(service("com.amazonaws.us-east-1.vpc-lattice"), None);
        assert_eq!(service("com.amazonaws.global.cloudfront.origin-facing"), None);
    }
}
