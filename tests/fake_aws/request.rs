//! Reading a request: who asks what of which service, in each service's own protocol.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Bytes;
use axum::http::request::Parts;

use super::organisation::{Organisation, Place, region_index};
use super::respond::Refusal;
use super::sts;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    Ec2,
    CloudWatch,
    Sts,
    Organizations,
}

impl Service {
    /// Its name in signatures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::CloudWatch => "monitoring",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
        }
    }
}

/// The parameters of a call, as its protocol has them.
#[derive(Debug)]
pub enum Input {
    Query(BTreeMap<String, String>),
    Cbor(ciborium::Value),
    Json(serde_json::Value),
}

/// One request.
#[derive(Debug)]
pub struct Request {
    pub service: Service,
    pub operation: String,
    /// Whose credentials it came with.
    pub caller: usize,
    /// The account that it is about, and its Region: for `AssumeRole` the account of the role.
    pub place: Place,
    pub access_key: String,
    pub session_token: Option<String>,
    pub input: Input,
    /// Whether CloudWatch is to answer in JSON, not in CBOR.
    pub wants_json: bool,
    /// Which attempt at its call it is, from 1.
    pub attempt: u32,
    /// Stands for the call that it is an attempt at.
    pub invocation: u64,
    /// Stands for the operation and everything that was asked.
    pub question: u64,
    /// When it was signed, by the caller's clock.
    pub signed_at: Option<jiff::Timestamp>,
}

/// Why something is no request of any service.
pub type Unreadable = &'static str;

const CLOUDWATCH: &str = "/service/GraniteServiceVersion20100801/operation/";

impl Request {
    pub fn read(organisation: &Organisation, parts: &Parts, body: &Bytes) -> Result<Self, Unreadable> {
        let header = |name: &str| parts.headers.get(name).and_then(|it| it.to_str().ok());
        let credential = header("authorization").and_then(|it| it.split("Credential=").nth(1));
        let credential = credential.and_then(|it| it.split(',').next()).ok_or("no Authorization header")?;
        let mut scope = credential.split('/');
        let (access_key, region, service) = (scope.next(), scope.nth(1), scope.next());
        let access_key = access_key.unwrap_or_default();
        let region = region_index(region.ok_or("no Region in the scope")?).ok_or("unknown Region")?;
        let service = match service {
            Some("ec2") => Service::Ec2,
            Some("monitoring") => Service::CloudWatch,
            Some("sts") => Service::Sts,
            Some("organizations") => Service::Organizations,
            _ => return Err("unknown service"),
        };
        let target = header("x-amz-target").and_then(|it| it.split_once('.'));
        let (operation, input) = match service {
            Service::Ec2 | Service::Sts => {
                let parameters: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
                (parameters.get("Action").cloned().ok_or("no Action")?, Input::Query(parameters))
            }
            Service::CloudWatch => match (parts.uri.path().strip_prefix(CLOUDWATCH), target) {
                (Some(operation), _) => {
                    (operation.to_owned(), Input::Cbor(ciborium::from_reader(&body[..]).map_err(|_| "no CBOR")?))
                }
                // As SDKs for Python speak to it still.
                (None, Some(target)) => {
                    (target.1.to_owned(), Input::Cbor(serde_json::from_slice(body).map_err(|_| "no JSON")?))
                }
                (None, None) => return Err("CloudWatch speaks RPC v2 CBOR and awsJson here"),
            },
            Service::Organizations => {
                let target = target.ok_or("no X-Amz-Target")?;
                let input = serde_json::from_slice(body).map_err(|_| "no JSON")?;
                (target.1.to_owned(), Input::Json(input))
            }
        };
        let caller = sts::account_of(organisation, access_key);
        let role = match &input {
            Input::Query(parameters) if operation == "AssumeRole" => parameters.get("RoleArn"),
            _ => None,
        };
        let account = role.and_then(|arn| sts::account_of_role(organisation, arn)).unwrap_or(caller);
        let place = Place { account, region };
        Ok(Self {
            service,
            question: hash((caller, region, service, &operation, body)),
            operation,
            caller,
            place,
            access_key: access_key.to_owned(),
            session_token: header("x-amz-security-token").map(str::to_owned),
            input,
            wants_json: service == Service::CloudWatch && target.is_some(),
            attempt: header("amz-sdk-request").and_then(attempt).unwrap_or(1),
            invocation: hash(header("amz-sdk-invocation-id")),
            signed_at: header("x-amz-date").and_then(signed_at),
        })
    }

    /// A parameter of a query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        match &self.input {
            Input::Query(parameters) => parameters.get(name).map(String::as_str),
            Input::Cbor(value) => value.as_map()?.iter().find(|it| it.0.as_text() == Some(name))?.1.as_text(),
            Input::Json(value) => value.get(name)?.as_str(),
        }
    }

    /// The token of the page that it asks for.
    pub fn token(&self) -> Option<&str> {
        self.parameter("NextToken")
    }

    /// How many items the caller wants on a page, within what the operation allows.
    pub fn max_results(&self, least: usize, most: usize) -> Result<Option<usize>, Refusal> {
        let size = match &self.input {
            Input::Json(value) => value.get("MaxResults").map(ToString::to_string),
            Input::Query(_) | Input::Cbor(_) => self.parameter("MaxResults").map(str::to_owned),
        };
        let Some(size) = size else { return Ok(None) };
        match size.parse() {
            Ok(size) if (least..=most).contains(&size) => Ok(Some(size)),
            _ => Err(Refusal::new(
                400,
                "InvalidParameterValue",
                format!("Value ( {size} ) for parameter maxResults is invalid. Expecting {least} to {most}."),
            )),
        }
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// `attempt=2; max=8`.
fn attempt(header: &str) -> Option<u32> {
    header.split("attempt=").nth(1)?.split(';').next()?.trim().parse().ok()
}

/// `20261128T130000Z`.
fn signed_at(header: &str) -> Option<jiff::Timestamp> {
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", header).ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}
