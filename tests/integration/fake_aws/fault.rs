//! What can go wrong between an account and its reader.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures::stream::{self, StreamExt};

use super::{Answer, Request, cloudwatch};

/// How a request fails.
#[derive(Debug, Clone)]
pub enum Failure {
    /// An error in the service's own protocol.
    Error { status: u16, code: &'static str, message: String },
    /// A status with no body: a proxy's answer.
    Status(u16),
    /// The right answer, late.
    Delay(Duration),
    /// The connection closes with nothing said.
    Reset,
    /// It closes in the middle of the answer.
    HalfBody,
    /// The answer is not what its protocol allows.
    Malformed,
    /// An XML answer with one more element at its end: a page token that leads nowhere, say.
    Insert(&'static str),
}

/// A failure and the requests it strikes.
#[derive(Debug)]
pub struct Fault {
    failure: Failure,
    region: Option<&'static str>,
    operation: Option<&'static str>,
    /// Only pages asked for by token.
    later_pages: bool,
    /// Only what is not a retry.
    first_attempts: bool,
    left: AtomicUsize,
}

impl Fault {
    /// Strikes every request, for ever.
    pub fn new(failure: Failure) -> Self {
        let left = AtomicUsize::new(usize::MAX);
        Self { failure, region: None, operation: None, later_pages: false, first_attempts: false, left }
    }

    pub fn error(status: u16, code: &'static str) -> Self {
        Self::new(Failure::Error { status, code, message: format!("scripted {code}") })
    }

    /// A missing permission.
    pub fn refused() -> Self {
        Self::error(403, "UnauthorizedOperation")
    }

    pub fn throttled() -> Self {
        Self::error(503, "RequestLimitExceeded")
    }

    #[must_use]
    pub fn on(mut self, operation: &'static str) -> Self {
        self.operation = Some(operation);
        self
    }

    #[must_use]
    pub fn in_region(mut self, region: &'static str) -> Self {
        self.region = Some(region);
        self
    }

    #[must_use]
    pub fn on_later_pages(mut self) -> Self {
        self.later_pages = true;
        self
    }

    #[must_use]
    pub fn on_first_attempts(mut self) -> Self {
        self.first_attempts = true;
        self
    }

    /// Strikes so many requests, then no more.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.left = AtomicUsize::new(times);
        self
    }

    pub(super) fn strikes(&self, request: &Request) -> Option<Failure> {
        let meant = self.region.is_none_or(|region| region == request.region)
            && self.operation.is_none_or(|operation| operation == request.operation)
            && (!self.later_pages || request.token.is_some())
            && (!self.first_attempts || request.attempt == 1);
        let spend = |left: usize| if left == usize::MAX { Some(left) } else { left.checked_sub(1) };
        let left = || self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok();
        (meant && left()).then(|| self.failure.clone())
    }
}

impl Failure {
    /// The answer instead of the world's.
    pub(super) fn instead(&self, service: &str) -> Option<Answer> {
        match self {
            Self::Error { status, code, message } => Some(error(service, *status, code, message)),
            Self::Status(status) => Some(Answer { status: *status, content_type: "text/html", body: Vec::new() }),
            _ => None,
        }
    }

    /// Spoils the world's answer.
    pub(super) fn spoil(&self, answer: &mut Answer) {
        match self {
            Self::Malformed => answer.body = b"<Response><is not=well-formed \xff".to_vec(),
            Self::Insert(element) => {
                let body = String::from_utf8(std::mem::take(&mut answer.body)).unwrap();
                let end = body.rfind("</").unwrap();
                answer.body = format!("{}{element}{}", &body[..end], &body[end..]).into_bytes();
            }
            _ => {}
        }
    }
}

/// An error as the service writes it.
pub(super) fn error(service: &str, status: u16, code: &str, message: &str) -> Answer {
    let xml = |body: String| Answer { status, content_type: "text/xml", body: body.into_bytes() };
    match service {
        "monitoring" => cloudwatch::error(status, code, message),
        "sts" => xml(format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>r</RequestId></ErrorResponse>"
        )),
        _ => xml(format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
             <RequestID>r</RequestID></Response>"
        )),
    }
}

/// Sends an answer, or as much of it as the failure lets through.
pub(super) fn respond(answer: Answer, failure: Option<&Failure>) -> Response<Body> {
    let Answer { status, content_type, body } = answer;
    let mut builder = Response::builder().status(status).header("content-type", content_type);
    if content_type == "application/cbor" {
        builder = builder.header("smithy-protocol", "rpc-v2-cbor");
    }
    let broken = || Err(io::Error::from(io::ErrorKind::ConnectionReset));
    let body = match failure {
        Some(Failure::Reset) => Body::from_stream(stream::iter([broken()] as [io::Result<Bytes>; 1])),
        Some(Failure::HalfBody) => {
            builder = builder.header("content-length", body.len());
            let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
            // The pause lets the first half go out: without it the connection closes with nothing sent.
            Body::from_stream(stream::iter([Ok(half), broken()]).then(|part| async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                part
            }))
        }
        _ => Body::from(body),
    };
    builder.body(body).unwrap()
}
