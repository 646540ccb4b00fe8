//! What a failed call means: a gap in the snapshot, or the end of the scan.

use std::collections::BTreeSet;
use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::operation::Operation;
use crate::model::{Gap, RegionName};

/// Why nothing could be collected at all. Whatever fails in part becomes a [`Gap`] instead.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// No provider of the default chain has any.
    #[error(
        "no AWS credentials were found; set AWS_PROFILE (or --profile), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
         or sign in with `aws sso login` or `aws configure`"
    )]
    NoCredentials,
    /// A provider has some, but could not hand them out: an expired SSO session, a broken profile.
    #[error(
        "the AWS credentials could not be loaded: {0}; check the profile (AWS_PROFILE, --profile), or sign in again"
    )]
    Credentials(String),
    /// A profile's role asks for the code of a second device.
    #[error("{0}")]
    Mfa(String),
    /// There is no such profile.
    #[error("there is no AWS profile {name:?}; {}", known_profiles(.known))]
    UnknownProfile {
        /// The one that was asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The shared configuration cannot be read.
    #[error("the AWS configuration files could not be read: {0}")]
    Configuration(String),
    /// The endpoint to call instead of AWS is no URL.
    #[error("the endpoint {0:?} is not a URL; it must start with http:// or https://")]
    Endpoint(String),
    /// Nothing says which Region to scan.
    #[error(
        "no Region is configured; give --region REGION or --all-regions, set AWS_REGION, or put one in the profile"
    )]
    NoRegion,
    /// They were valid once.
    #[error("the AWS credentials have expired ({code}: {message}); sign in again, or check this machine's clock")]
    ExpiredCredentials {
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// AWS does not know them.
    #[error("AWS does not accept the credentials ({code}: {message})")]
    InvalidCredentials {
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// Every call failed.
    #[error("nothing could be read: every call failed{}", reasons(.0))]
    NothingRead(Vec<Gap>),
}

fn known_profiles(known: &[String]) -> String {
    if known.is_empty() { "no profile is configured".to_owned() } else { format!("there are: {}", known.join(", ")) }
}

/// Each distinct code once, with what it says the first time, then the IAM actions to allow.
fn reasons(gaps: &[Gap]) -> String {
    let is_new = |index: usize| gaps[..index].iter().all(|earlier| earlier.code != gaps[index].code);
    let new = gaps.iter().enumerate().filter(|(index, _)| is_new(*index));
    let mut lines: Vec<String> = new.map(|(_, gap)| format!("\n  {}: {}", gap.code, gap.message)).collect();
    let actions: BTreeSet<&str> = gaps.iter().filter_map(|gap| gap.iam_action.as_deref()).collect();
    if !actions.is_empty() {
        lines.push(format!("\n  IAM actions to allow: {}", Vec::from_iter(actions).join(", ")));
    }
    lines.concat()
}

/// Longest message kept: AWS appends encoded authorization details of several thousand characters.
const MESSAGE_LIMIT: usize = 500;

/// A gap with its message cut to a bearable length.
pub(super) fn gap(operation: Operation, region: Option<&RegionName>, code: &str, message: &str) -> Gap {
    let mut message = message.trim().to_owned();
    if let Some((end, _)) = message.char_indices().nth(MESSAGE_LIMIT) {
        message.truncate(end);
        message.push('…');
    }
    Gap {
        account_id: None,
        region: region.cloned(),
        operation: operation.name().to_owned(),
        code: code.to_owned(),
        message,
        iam_action: is_refusal(code).then(|| operation.iam_action().to_owned()),
    }
}

/// The gap that a profile leaves which cannot be used.
pub(super) fn of_profile(profile: &str, error: &CollectError) -> Gap {
    Gap {
        account_id: None,
        region: None,
        operation: "Credentials".to_owned(),
        code: "NoCredentials".to_owned(),
        message: format!("profile {profile:?}: {error}"),
        iam_action: None,
    }
}

/// The gap that a failed call leaves.
pub(super) fn gap_of<E>(operation: Operation, region: Option<&RegionName>, error: &SdkError<E, HttpResponse>) -> Gap
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (code, message) = reason(error);
    gap(operation, region, &code, &message)
}

/// Why a call failed: AWS's code, or one of ours where it gave none, and what it says.
pub(super) fn reason<E>(error: &SdkError<E, HttpResponse>) -> (String, String)
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            match (service.err().code(), service.err().message()) {
                (Some(code), message) => (code.to_owned(), message.unwrap_or_default().to_owned()),
                (None, _) if status >= 300 => (format!("Http{status}"), "AWS answered without saying why".to_owned()),
                (None, _) => ("InvalidResponse".to_owned(), chain(service.err())),
            }
        }
        SdkError::ResponseError(response) if response.raw().status().as_u16() >= 500 => {
            (format!("Http{}", response.raw().status().as_u16()), chain(error))
        }
        SdkError::TimeoutError(_) => ("Timeout".to_owned(), chain(error)),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ("Timeout".to_owned(), chain(error)),
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map_or_else(|| chain(error), |cause| chain(cause));
            ("Unreachable".to_owned(), cause)
        }
        SdkError::ConstructionFailure(_) => ("NotSent".to_owned(), chain(error)),
        _ => ("InvalidResponse".to_owned(), chain(error)),
    }
}

/// An error and its causes in one line, saying nothing twice.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// Whether a permission is missing.
pub(super) fn is_refusal(code: &str) -> bool {
    ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "UnauthorizedAccess"].contains(&code)
}

/// Whether the credentials have expired.
pub(super) fn is_expiry(code: &str) -> bool {
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(&code)
}

/// Whether AWS does not know the caller: wrong credentials, or right ones in a Region that is not enabled.
pub(super) fn is_unknown_caller(code: &str) -> bool {
    [
        "AuthFailure",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
    ]
    .contains(&code)
}

/// Whether a Region that answers so to every call is not there for this account.
pub(super) fn is_region_off(code: &str) -> bool {
    is_unknown_caller(code) || code == "OptInRequired"
}

/// The code of a gap that there was no time for.
pub(super) const DEADLINE: &str = "DeadlineExceeded";

/// Whether nothing answered at all.
pub(super) fn is_silence(code: &str) -> bool {
    ["Unreachable", "Timeout", DEADLINE].contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_bounded_and_refusals_name_their_action() {
        let gap = gap(Operation::DescribeVpcs, None, "UnauthorizedOperation", &"é".repeat(2_000));
        assert_eq!(gap.message.chars().count(), MESSAGE_LIMIT + 1);
        assert_eq!(gap.iam_action.as_deref(), Some("ec2:DescribeVpcs"));
    }

    #[test]
    fn nothing_read_says_each_reason_once() {
        let gaps = [Operation::DescribeVpcs, Operation::ListMetrics]
            .map(|operation| gap(operation, None, "AccessDenied", "no"))
            .to_vec();
        let text = CollectError::NothingRead(gaps).to_string();
        assert_eq!(text.matches("AccessDenied").count(), 1, "{text}");
        assert!(text.ends_with("IAM actions to allow: cloudwatch:ListMetrics, ec2:DescribeVpcs"), "{text}");
    }
}
