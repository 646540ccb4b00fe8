//! Answers and refusals, as each service writes them, and how a fault lets them out.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures::stream::{self, StreamExt};

use super::cbor::Cbor;
use super::request::Service;

/// What a service says when all is well.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// A failure in the service's own protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl Answer {
    pub fn xml(body: String) -> Self {
        Self { status: 200, content_type: "text/xml;charset=UTF-8", body: body.into_bytes() }
    }

    pub fn cbor(body: Vec<u8>) -> Self {
        Self { status: 200, content_type: "application/cbor", body }
    }

    /// CBOR as awsJson has it: instants as numbers.
    pub fn translated(self) -> Self {
        let value: ciborium::Value = ciborium::from_reader(&self.body[..]).unwrap();
        Self { status: self.status, ..Self::json(plain(value).to_string()) }
    }

    pub fn json(body: String) -> Self {
        Self { status: 200, content_type: "application/x-amz-json-1.1", body: body.into_bytes() }
    }
}

fn plain(value: ciborium::Value) -> serde_json::Value {
    use ciborium::Value;
    match value {
        Value::Tag(_, value) => plain(*value),
        Value::Map(fields) => {
            fields.into_iter().map(|(name, value)| (name.into_text().unwrap(), plain(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

impl Refusal {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    pub fn invalid_token() -> Self {
        Self::new(400, "InvalidNextToken", "The token is not valid.")
    }

    pub fn throttled(service: Service) -> Self {
        match service {
            Service::Ec2 => Self::new(503, "RequestLimitExceeded", "Request limit exceeded."),
            Service::CloudWatch | Service::Sts => Self::new(400, "Throttling", "Rate exceeded"),
            Service::Organizations => Self::new(400, "TooManyRequestsException", "Rate exceeded"),
        }
    }

    /// Credentials that AWS does not know, or does not know in this Region.
    pub fn unknown_caller(service: Service) -> Self {
        let invalid = "The security token included in the request is invalid.";
        match service {
            Service::Ec2 => {
                let message = "AWS was not able to validate the provided access credentials";
                Self::new(401, "AuthFailure", message)
            }
            Service::CloudWatch | Service::Organizations => Self::new(403, "UnrecognizedClientException", invalid),
            Service::Sts => Self::new(403, "InvalidClientTokenId", invalid),
        }
    }

    /// Credentials whose time is over.
    pub fn expired(service: Service) -> Self {
        let expired = "The security token included in the request is expired";
        match service {
            Service::Ec2 => Self::new(400, "RequestExpired", "Request has expired."),
            Service::CloudWatch | Service::Sts => Self::new(403, "ExpiredToken", expired),
            Service::Organizations => Self::new(400, "ExpiredTokenException", expired),
        }
    }

    /// The answer that says so.
    pub fn answer(&self, service: Service) -> Answer {
        let Self { status, code, message } = self;
        let answer = match service {
            Service::Ec2 => Answer::xml(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>{code}</Code>\
                 <Message>{message}</Message></Error></Errors><RequestID>fake</RequestID></Response>"
            )),
            Service::Sts => Answer::xml(format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>{code}</Code><Message>{message}</Message></Error><RequestId>fake</RequestId></ErrorResponse>"
            )),
            Service::CloudWatch => {
                let mut body = Cbor::default();
                body.map(2);
                body.text("__type").text(&format!("com.amazonaws.cloudwatch#{code}"));
                body.text("message").text(message);
                Answer::cbor(body.bytes)
            }
            Service::Organizations => {
                Answer::json(serde_json::json!({ "__type": code, "Message": message }).to_string())
            }
        };
        Answer { status: *status, ..answer }
    }
}

/// How an answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    #[default]
    Whole,
    /// The connection closes with nothing said.
    Reset,
    /// It closes in the middle of the body.
    HalfBody,
    /// So many bytes at a time, and a pause after each.
    Drip { bytes: usize, pause: Duration },
}

/// Sends an answer. `date` is what the server's clock shows, where it is wrong.
pub fn send(answer: Answer, delivery: Delivery, date: Option<String>) -> Response<Body> {
    let Answer { status, content_type, body } = answer;
    let mut builder = Response::builder().status(status).header("content-type", content_type);
    if content_type == "application/cbor" {
        builder = builder.header("smithy-protocol", "rpc-v2-cbor");
    }
    if let Some(date) = date {
        builder = builder.header("date", date);
    }
    let broken = || Err(io::Error::from(io::ErrorKind::ConnectionReset));
    let body = match delivery {
        Delivery::Whole => Body::from(body),
        Delivery::Reset => Body::from_stream(stream::iter([broken()] as [io::Result<Bytes>; 1])),
        Delivery::HalfBody => {
            builder = builder.header("content-length", body.len());
            let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
            // The pause lets the first half go out: without it the connection closes with nothing sent.
            Body::from_stream(stream::iter([Ok(half), broken()]).then(|part| async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                part
            }))
        }
        Delivery::Drip { bytes, pause } => {
            builder = builder.header("content-length", body.len());
            let parts: Vec<_> = body.chunks(bytes.max(1)).map(Bytes::copy_from_slice).collect();
            Body::from_stream(stream::iter(parts).then(move |part| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, io::Error>(part)
            }))
        }
    };
    builder.body(body).unwrap()
}
