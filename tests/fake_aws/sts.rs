//! STS: who calls, and roles to assume. An access key says whose it is: `ASIA`, the account, the expiry and a serial
//! number for a session; `AKIA` and the account for a user; any other is the management account's.

use std::sync::atomic::{AtomicU64, Ordering};

use super::organisation::{Organisation, mix};
use super::request::Request;
use super::respond::{Answer, Refusal};
use super::xml::escape;

/// What it takes to get in by the role.
#[derive(Debug, Clone)]
pub struct Door {
    pub role: String,
    pub external_id: Option<String>,
    pub mfa_code: Option<String>,
    /// How long a session lasts, whatever was asked for.
    pub session_seconds: Option<i64>,
}

/// What a caller's tests look for in places where no secret belongs: each secret key begins so, and each token.
const SECRET: &str = "FakeSecret";
const TOKEN: &str = "FakeSessionToken";

static SERIAL: AtomicU64 = AtomicU64::new(1);

/// Whose access key it is.
pub fn account_of(organisation: &Organisation, access_key: &str) -> usize {
    let id = access_key.strip_prefix("ASIA").or(access_key.strip_prefix("AKIA")).and_then(|rest| rest.get(..12));
    id.and_then(|id| organisation.account(id)).unwrap_or(0)
}

/// The account of a role, `arn:aws:iam::123456789012:role/name`.
pub fn account_of_role(organisation: &Organisation, arn: &str) -> Option<usize> {
    organisation.account(arn.split(':').nth(4)?)
}

fn session_token(access_key: &str) -> String {
    let number = access_key.bytes().fold(7, |state, byte| mix(state ^ u64::from(byte)));
    format!("{TOKEN}{number:016x}{:016x}", mix(number))
}

fn expired(expiry: i64) -> bool {
    jiff::Timestamp::now().as_second() >= expiry
}

/// Whether a caller's credentials are good. Signatures are not checked.
pub fn admit(organisation: &Organisation, request: &Request) -> Result<(), Refusal> {
    let Some(session) = request.access_key.strip_prefix("ASIA").filter(|it| it.len() >= 20) else { return Ok(()) };
    let known = session.get(..12).and_then(|id| organisation.account(id)).is_some();
    if !known || request.session_token.as_deref() != Some(&session_token(&request.access_key)) {
        return Err(Refusal::unknown_caller(request.service));
    }
    match session.get(12..20).and_then(|expiry| i64::from_str_radix(expiry, 16).ok()) {
        Some(expiry) if !expired(expiry) => Ok(()),
        _ => Err(Refusal::expired(request.service)),
    }
}

pub fn answer(organisation: &Organisation, door: &Door, request: &Request) -> Result<Answer, Refusal> {
    let result = match request.operation.as_str() {
        "GetCallerIdentity" => {
            let id = Organisation::account_id(request.caller);
            let who = if request.access_key.starts_with("ASIA") {
                format!("arn:aws:sts::{id}:assumed-role/{}/session", door.role)
            } else {
                format!("arn:aws:iam::{id}:user/auditor")
            };
            format!("<Arn>{who}</Arn><UserId>AIDAFAKE</UserId><Account>{id}</Account>")
        }
        "AssumeRole" => assume(organisation, door, request)?,
        other => return Err(Refusal::new(400, "InvalidAction", format!("no operation {other}"))),
    };
    let operation = &request.operation;
    Ok(Answer::xml(format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{result}\
         </{operation}Result><ResponseMetadata><RequestId>fake</RequestId></ResponseMetadata></{operation}Response>"
    )))
}

fn assume(organisation: &Organisation, door: &Door, request: &Request) -> Result<String, Refusal> {
    let arn = request.parameter("RoleArn").unwrap_or_default();
    let name = request.parameter("RoleSessionName").unwrap_or_default();
    let account = account_of_role(organisation, arn).filter(|account| organisation.is_active(*account));
    let fits = |wanted: Option<&String>, parameter| wanted.is_none_or(|it| request.parameter(parameter) == Some(it));
    let opens = arn.rsplit('/').next() == Some(&door.role)
        && fits(door.external_id.as_ref(), "ExternalId")
        && fits(door.mfa_code.as_ref(), "TokenCode");
    let Some(account) = account.filter(|_| opens) else { return Err(refuse(request)) };
    let asked = request.parameter("DurationSeconds").and_then(|it| it.parse().ok());
    let expiry = jiff::Timestamp::now().as_second() + door.session_seconds.or(asked).unwrap_or(3600);
    let id = Organisation::account_id(account);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let key = format!("ASIA{id}{expiry:08X}{serial:06X}");
    let (token, secret) = (session_token(&key), mix(serial));
    let expiration = jiff::Timestamp::from_second(expiry).unwrap();
    let (role, name) = (&door.role, escape(name));
    Ok(format!(
        "<AssumedRoleUser><AssumedRoleId>AROAFAKE:{name}</AssumedRoleId>\
         <Arn>arn:aws:sts::{id}:assumed-role/{role}/{name}</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SECRET}{secret:030x}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration></Credentials>"
    ))
}

/// The refusal of a role, in STS's words.
pub fn refuse(request: &Request) -> Refusal {
    let role = escape(request.parameter("RoleArn").unwrap_or_default());
    let user = format!("arn:aws:iam::{}:user/auditor", Organisation::account_id(request.caller));
    let message = format!("User: {user} is not authorized to perform: sts:AssumeRole on resource: {role}");
    Refusal::new(403, "AccessDenied", message)
}
