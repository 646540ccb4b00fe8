//! What a failed call on a bucket means, and what to do about it.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::error::{is_expiry, is_refusal, is_unknown_caller, reason};

/// Why a bucket, or an object of it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// There is none of that name.
    #[error("there is no bucket {bucket}")]
    NoSuchBucket {
        /// Its name.
        bucket: String,
    },
    /// The caller may not.
    #[error(
        "no access to s3://{bucket} ({code}: {message}): allow {action} in your IAM policy and, where the bucket is \
         another account's, in the bucket's policy too; or read it as somebody else, with --logs-profile or \
         --logs-role-arn"
    )]
    Refused {
        /// The bucket.
        bucket: String,
        /// The IAM action.
        action: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// The object is encrypted with a key that the caller may not use, or nobody can.
    #[error(
        "s3://{bucket} is encrypted with a KMS key that cannot be used ({code}: {message}): allow kms:Decrypt in your \
         IAM policy and, where the key is another account's, in the key's policy too"
    )]
    Key {
        /// The bucket.
        bucket: String,
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// It is in another Region, and S3 does not say in which.
    #[error("s3://{bucket} is in another Region ({code}: {message}): name it with --logs-region")]
    OtherRegion {
        /// The bucket.
        bucket: String,
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// The credentials are of no use.
    #[error("AWS does not accept the credentials for s3://{bucket} ({code}: {message}); sign in again")]
    Credentials {
        /// The bucket.
        bucket: String,
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// It is archived.
    #[error("it is in an archive of S3 ({message}): restore it first")]
    Archived {
        /// AWS's explanation.
        message: String,
    },
    /// It is not what was listed.
    #[error("it was {0} after it was listed")]
    Changed(&'static str),
    /// There are more keys than can be looked at.
    #[error(
        "more than {most} keys begin with s3://{bucket}/{prefix}: name a narrower prefix, such as one that ends in \
         AWSLogs/, or a shorter window"
    )]
    TooMany {
        /// The bucket.
        bucket: String,
        /// The prefix.
        prefix: String,
        /// The bound.
        most: usize,
    },
    /// Anything else.
    #[error("s3://{bucket}: {code}: {message}")]
    Other {
        /// The bucket.
        bucket: String,
        /// AWS's error code, or one of ours.
        code: String,
        /// The explanation.
        message: String,
    },
}

impl BucketError {
    /// What an error of a call means.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>, bucket: &str, action: &'static str) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (code, message) = reason(error);
        let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
        Self::by(bucket, action, status, code, message)
    }

    fn by(bucket: &str, action: &'static str, status: u16, code: String, message: String) -> Self {
        let bucket = bucket.to_owned();
        match code.as_str() {
            "NoSuchBucket" => Self::NoSuchBucket { bucket },
            "NoSuchKey" => Self::Changed("deleted"),
            "PreconditionFailed" => Self::Changed("changed"),
            "InvalidObjectState" => Self::Archived { message },
            "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
                Self::OtherRegion { bucket, code, message }
            }
            _ if code.starts_with("KMS.") || (is_refusal(&code) && message.contains("kms:")) => {
                Self::Key { bucket, code, message }
            }
            _ if is_unknown_caller(&code) || is_expiry(&code) => Self::Credentials { bucket, code, message },
            _ if is_refusal(&code) || status == 403 => Self::Refused { bucket, action, code, message },
            _ => match status {
                301 => Self::OtherRegion { bucket, code, message },
                412 => Self::Changed("changed"),
                _ => Self::Other { bucket, code, message },
            },
        }
    }

    /// Whether every other object of the bucket would most probably fail in the same way.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Key { .. } | Self::Credentials { .. } | Self::NoSuchBucket { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, code: &str, message: &str) -> String {
        BucketError::by("logs", "s3:GetObject", status, code.to_owned(), message.to_owned()).to_string()
    }

    #[test]
    fn each_refusal_says_what_to_allow() {
        let no = told(403, "AccessDenied", "User is not authorized to perform: s3:GetObject");
        assert!(no.contains("allow s3:GetObject") && no.contains("--logs-role-arn"), "{no}");
        assert!(told(403, "Http403", "").contains("allow s3:GetObject"));
        let key = told(403, "AccessDenied", "User is not authorized to perform: kms:Decrypt on the resource");
        assert!(key.contains("allow kms:Decrypt"), "{key}");
        assert!(told(400, "KMS.DisabledException", "is disabled").contains("KMS key"));
        assert!(told(301, "Http301", "").contains("another Region"));
        assert!(told(400, "ExpiredToken", "").contains("sign in again"));
        assert!(told(403, "InvalidObjectState", "GLACIER").contains("restore it first"));
        assert_eq!(told(412, "PreconditionFailed", ""), "it was changed after it was listed");
        assert_eq!(told(404, "NoSuchKey", ""), "it was deleted after it was listed");
    }
}
