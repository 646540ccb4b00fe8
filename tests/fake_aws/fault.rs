//! Misbehaviour on order: which requests a fault strikes, and what it does to them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use serde::Deserialize;

use super::organisation::{Organisation, mix, region_name};
use super::page::Tokens;
use super::request::Request;
use super::respond::{Answer, Delivery, Refusal};
use super::served::Outcome;
use super::sts;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Asked to slow down, in the service's own words.
    Throttle,
    /// An error in the service's protocol: `status`, `code`, `message`.
    Error,
    /// A `status` from something in between that is no AWS: nothing in the body, or HTML with `body`.
    Http,
    /// The connection closes with nothing said.
    Reset,
    /// It closes in the middle of the body.
    HalfBody,
    /// The answer is not what its protocol allows.
    Malformed,
    /// Every page has a next one, by a token never seen before.
    EndlessPages,
    /// Every page has a next one, by the same token.
    RepeatedPage,
    /// A page with nothing on it comes before the one that was asked for.
    EmptyPage,
    /// The body comes `bytes` (1) at a time, each after `ms`.
    Drip,
    /// The answer comes `ms` later.
    Delay,
    /// AWS's clock is `hours` ahead: requests signed more than 15 minutes off are refused.
    ClockSkew,
    /// The access key of the request that is struck has expired: this request fails, and all later ones with that key.
    Expire,
    /// The role cannot be assumed: strikes `AssumeRole`, and nothing else.
    RefuseRole,
    /// The Region is not enabled for the account.
    DisabledRegion,
    /// Never answered, and the connection stays open.
    Silence,
}

/// A fault as it is ordered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    kind: Kind,
    /// The account that a request is about: for `AssumeRole` that of the role.
    account: Option<String>,
    region: Option<String>,
    /// `ec2`, `monitoring`, `sts` or `organizations`.
    service: Option<String>,
    operation: Option<String>,
    /// Only requests that are no retry.
    #[serde(default)]
    first_attempts: bool,
    /// Strikes from the so-manieth request on that the selectors fit.
    #[serde(default = "one")]
    nth: u64,
    /// Strikes so many requests, then no more.
    #[serde(default = "always")]
    times: u64,
    /// Strikes so many of a thousand, at random.
    #[serde(default = "thousand")]
    per_mille: u64,
    #[serde(default)]
    seed: u64,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    #[serde(default)]
    body: bool,
    #[serde(default = "thousand")]
    ms: u64,
    bytes: Option<usize>,
    #[serde(default = "one_hour")]
    hours: i64,
}

fn one() -> u64 {
    1
}

fn always() -> u64 {
    u64::MAX
}

fn thousand() -> u64 {
    1000
}

fn one_hour() -> i64 {
    1
}

/// A fault at work.
#[derive(Debug)]
pub struct Fault {
    order: Order,
    fitted: AtomicU64,
    struck: AtomicU64,
}

/// What becomes of one request.
#[derive(Debug, Default)]
pub struct Effect {
    pub delay: Duration,
    /// Answered instead of what was asked for.
    pub instead: Option<Answer>,
    pub tokens: Tokens,
    pub malformed: bool,
    pub delivery: Delivery,
    pub date: Option<String>,
    pub silent: bool,
    /// How it is counted, unless the service itself refuses.
    pub outcome: Outcome,
}

impl Fault {
    fn new(order: Order) -> Self {
        Self { order, fitted: AtomicU64::new(0), struck: AtomicU64::new(0) }
    }

    fn fits(&self, request: &Request) -> bool {
        let Order { kind, account, region, service, operation, first_attempts, .. } = &self.order;
        let same = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|it| it == value);
        let of_kind = match kind {
            Kind::RefuseRole => request.operation == "AssumeRole",
            // Who got in has other ways to be kept out.
            Kind::Expire => request.operation != "AssumeRole",
            _ => true,
        };
        of_kind
            && same(account, &Organisation::account_id(request.place.account))
            && same(region, region_name(request.place.region))
            && same(service, request.service.name())
            && same(operation, &request.operation)
            && (!first_attempts || request.attempt == 1)
    }

    fn strikes(&self, request: &Request) -> bool {
        if !self.fits(request) {
            return false;
        }
        let Order { nth, times, per_mille, seed, .. } = self.order;
        let number = self.fitted.fetch_add(1, Relaxed) + 1;
        let drawn = mix(seed.wrapping_mul(0x9e37_79b9).wrapping_add(number)) % 1000 < per_mille;
        let left = |struck: u64| (struck < times).then_some(struck.saturating_add(1));
        number >= nth && drawn && self.struck.fetch_update(Relaxed, Relaxed, left).is_ok()
    }

    fn effect(&self, request: &Request, serial: u64) -> Effect {
        let order = &self.order;
        let (service, pause) = (request.service, Duration::from_millis(order.ms));
        let refusal = |refusal: Refusal| {
            let code = order.code.clone().unwrap_or(refusal.code);
            let message = order.message.clone().unwrap_or(refusal.message);
            let refusal = Refusal { status: order.status.unwrap_or(refusal.status), code, message };
            let outcome = if order.kind == Kind::Throttle { Outcome::Throttled } else { Outcome::Failed };
            Effect { instead: Some(refusal.answer(service)), outcome, ..Effect::default() }
        };
        match order.kind {
            Kind::Throttle => refusal(Refusal::throttled(service)),
            Kind::Error => refusal(Refusal::new(500, "InternalError", "An internal error has occurred")),
            Kind::Http => {
                let status = order.status.unwrap_or(503);
                let page = format!("<html><body><h1>{status} Service Temporarily Unavailable</h1></body></html>");
                let body = if order.body { page.into_bytes() } else { Vec::new() };
                let instead = Some(Answer { status, content_type: "text/html", body });
                Effect { instead, ..failed() }
            }
            Kind::Reset => Effect { delivery: Delivery::Reset, ..failed() },
            Kind::HalfBody => Effect { delivery: Delivery::HalfBody, ..failed() },
            Kind::Malformed => Effect { malformed: true, ..failed() },
            Kind::EndlessPages => Effect { tokens: Tokens::Endless(serial), ..Effect::default() },
            Kind::RepeatedPage => Effect { tokens: Tokens::Repeated, ..Effect::default() },
            Kind::EmptyPage => Effect { tokens: Tokens::Empty(serial), ..Effect::default() },
            Kind::Drip => {
                let delivery = Delivery::Drip { bytes: order.bytes.unwrap_or(1), pause };
                Effect { delivery, ..Effect::default() }
            }
            Kind::Delay => Effect { delay: pause, ..Effect::default() },
            Kind::ClockSkew => skewed(order, request),
            Kind::Expire => refusal(Refusal::expired(service)),
            Kind::RefuseRole => refusal(sts::refuse(request)),
            Kind::DisabledRegion => refusal(Refusal::unknown_caller(service)),
            Kind::Silence => Effect { silent: true, ..Effect::default() },
        }
    }
}

/// What is counted as a failure.
fn failed() -> Effect {
    Effect { outcome: Outcome::Failed, ..Effect::default() }
}

/// By a clock that is off: the request is judged, and the answer dated, by that.
fn skewed(order: &Order, request: &Request) -> Effect {
    const TOLERANCE: i64 = 15 * 60;
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(order.hours);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok();
    let signed = request.signed_at.unwrap_or(now);
    let late = now.as_second() - signed.as_second();
    if late.abs() <= TOLERANCE {
        return Effect { date, ..Effect::default() };
    }
    let (signed, now) = (signed.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%dT%H%M%SZ"));
    let message = if late > 0 {
        format!("Signature expired: {signed} is now earlier than {now}")
    } else {
        format!("Signature not yet current: {signed} is still later than {now}")
    };
    let refusal = match request.service {
        super::request::Service::Ec2 => Refusal::new(400, "RequestExpired", "Request has expired."),
        _ => Refusal::new(403, "SignatureDoesNotMatch", message),
    };
    Effect { instead: Some(refusal.answer(request.service)), date, ..failed() }
}

/// The faults at work, and the access keys that they ended.
#[derive(Debug)]
pub struct Faults {
    at_start: Vec<Order>,
    at_work: RwLock<Vec<Arc<Fault>>>,
    dead_keys: Mutex<HashSet<String>>,
    serial: AtomicU64,
}

impl Faults {
    pub fn new(at_start: Vec<Order>) -> Self {
        let faults =
            Self { at_start, at_work: RwLock::default(), dead_keys: Mutex::default(), serial: AtomicU64::new(0) };
        faults.reset();
        faults
    }

    /// From now on these, and no others.
    pub fn set(&self, orders: Vec<Order>) {
        *self.at_work.write().unwrap() = orders.into_iter().map(|order| Arc::new(Fault::new(order))).collect();
    }

    /// Back to those of the start; keys that have expired are good again.
    pub fn reset(&self) {
        self.set(self.at_start.clone());
        self.dead_keys.lock().unwrap().clear();
    }

    /// What becomes of a request: the first fault that strikes decides.
    pub fn effect(&self, request: &Request) -> Option<Effect> {
        if self.dead_keys.lock().unwrap().contains(&request.access_key) {
            let refusal = Refusal::expired(request.service);
            return Some(Effect { instead: Some(refusal.answer(request.service)), ..failed() });
        }
        let fault = self.at_work.read().unwrap().iter().find(|fault| fault.strikes(request)).cloned()?;
        if fault.order.kind == Kind::Expire {
            self.dead_keys.lock().unwrap().insert(request.access_key.clone());
        }
        Some(fault.effect(request, self.serial.fetch_add(1, Relaxed)))
    }
}
