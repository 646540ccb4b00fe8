//! The server: reads a request, counts it, holds it back, spoils or answers it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Response, Uri};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::bucket::Buckets;
use super::fault::{Effect, Faults, Order};
use super::latency::Latency;
use super::network::Network;
use super::organisation::Organisation;
use super::page::Tokens;
use super::request::{Request, Service};
use super::respond::{Answer, Refusal, send};
use super::served::{Outcome, Served};
use super::truth::{self, Window};
use super::{cloudwatch, ec2, organizations, sts};

/// How the fake is.
#[derive(Debug)]
pub struct Settings {
    pub organisation: Organisation,
    pub latency: Latency,
    pub page_size: usize,
    pub throttles: bool,
    pub door: sts::Door,
    pub faults: Vec<Order>,
}

#[derive(Debug)]
pub struct Server {
    settings: Settings,
    faults: Faults,
    buckets: Buckets,
    served: Served,
    answers: AtomicU64,
}

impl Server {
    pub fn new(mut settings: Settings) -> Self {
        let faults = Faults::new(std::mem::take(&mut settings.faults));
        let (buckets, served) = (Buckets::default(), Served::default());
        Self { settings, faults, buckets, served, answers: AtomicU64::new(0) }
    }

    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let app = Router::new()
            .route("/_fake/served", get(async |State(server): State<Arc<Self>>| json(&server.served.report())))
            .route("/_fake/truth", get(tell))
            .route("/_fake/faults", post(order))
            .route("/_fake/reset", post(reset))
            .fallback(answer)
            .with_state(Arc::new(self));
        // Answers are written at once: half of them would wait 40 ms for an acknowledgement.
        axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), app).await
    }

    /// What AWS would say.
    fn genuine(&self, request: &Request, tokens: Tokens) -> Result<Answer, Refusal> {
        let Settings { organisation, page_size, door, .. } = &self.settings;
        sts::admit(organisation, request)?;
        let enabled = organisation.enabled(request.caller).contains(&request.place.region);
        if !enabled || !organisation.is_active(request.caller) {
            return Err(Refusal::unknown_caller(request.service));
        }
        match request.service {
            Service::Ec2 => ec2::answer(organisation, *page_size, request, tokens),
            Service::CloudWatch => {
                cloudwatch::answer(&Network::of(organisation, request.place), *page_size, request, tokens)
            }
            Service::Sts => sts::answer(organisation, door, request),
            Service::Organizations => organizations::answer(organisation, *page_size, request, tokens),
        }
    }
}

fn text(status: u16, text: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).body(text.into()).unwrap()
}

fn json(value: &serde_json::Value) -> Response<Body> {
    let builder = Response::builder().header("content-type", "application/json");
    builder.body(value.to_string().into()).unwrap()
}

/// `?start=2026-10-01T00:00:00Z&end=…`, for the bytes in that window.
async fn tell(State(server): State<Arc<Server>>, uri: Uri) -> Response<Body> {
    let query = uri.query().unwrap_or_default().as_bytes();
    let edge = |wanted| {
        let (_, value) = form_urlencoded::parse(query).find(|(name, _)| name == wanted)?;
        Some(value.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second))
    };
    let window = match (edge("start"), edge("end")) {
        (None, None) => None,
        (Some(Ok(start)), Some(Ok(end))) => Some(Window { start, end }),
        _ => return text(400, "start and end are instants such as 2026-10-01T00:00:00Z"),
    };
    let report = move || truth::report(&server.settings.organisation, window);
    json(&tokio::task::spawn_blocking(report).await.unwrap())
}

async fn order(State(server): State<Arc<Server>>, body: Bytes) -> Response<Body> {
    match serde_json::from_slice(&body) {
        Ok(orders) => {
            server.faults.set(orders);
            text(200, "")
        }
        Err(error) => text(400, error.to_string()),
    }
}

async fn reset(State(server): State<Arc<Server>>) -> Response<Body> {
    server.faults.reset();
    server.buckets.reset();
    server.served.reset();
    text(200, "")
}

async fn answer(State(server): State<Arc<Server>>, parts: Parts, body: Bytes) -> Response<Body> {
    let request = match Request::read(&server.settings.organisation, &parts, &body) {
        Ok(request) => request,
        Err(reason) => return text(400, reason),
    };
    let arrived = Instant::now();
    let ticket = server.served.arrive(&request);
    let latency = server.settings.latency.of(server.answers.fetch_add(1, Ordering::Relaxed));
    let admitted = !server.settings.throttles || server.buckets.admit(&request, arrived);
    let effect = if admitted { server.faults.effect(&request) } else { None };
    let Effect { delay, instead, tokens, malformed, delivery, date, silent, outcome } = effect.unwrap_or_default();
    if silent {
        std::future::pending::<()>().await;
    }
    if !(latency + delay).is_zero() {
        tokio::time::sleep(latency + delay).await;
    }
    let (outcome, mut answer) = match instead {
        Some(instead) => (outcome, instead),
        None if !admitted => (Outcome::Throttled, Refusal::throttled(request.service).answer(request.service)),
        None => match server.genuine(&request, tokens) {
            Ok(answer) => (outcome, answer),
            Err(refusal) => (Outcome::Failed, refusal.answer(request.service)),
        },
    };
    if request.wants_json && answer.content_type == "application/cbor" {
        answer = answer.translated();
    }
    if malformed {
        answer.body = b"<Response><is not=well-formed \xff".to_vec();
    }
    ticket.ended(outcome);
    send(answer, delivery, date)
}
