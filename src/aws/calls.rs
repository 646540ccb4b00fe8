//! Counts and times the calls of a scan: by operation for the summary, one log event each, and the progress so far.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use rust_decimal::Decimal;

use super::pace::Pace;
use crate::model::Usd;

/// What a scan asked of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallLog {
    /// By operation. Each page is a call.
    pub operations: BTreeMap<String, OperationCalls>,
    /// Metrics asked for with `GetMetricData`, which is what CloudWatch charges for; each page asks for all of its.
    pub metrics_requested: u64,
}

/// How often one operation was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OperationCalls {
    /// Calls, whatever came of them.
    pub calls: u64,
    /// Requests sent: a call that was retried sent several.
    pub attempts: u64,
    /// Answers that asked to slow down.
    pub throttles: u64,
}

impl OperationCalls {
    /// Requests beyond the first of each call.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.attempts.saturating_sub(self.calls)
    }

    fn with(self, more: &Self) -> Self {
        Self {
            calls: self.calls + more.calls,
            attempts: self.attempts + more.attempts,
            throttles: self.throttles + more.throttles,
        }
    }
}

impl CallLog {
    /// Adds what was asked elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.metrics_requested += other.metrics_requested;
        for (operation, more) in &other.operations {
            let calls = self.operations.entry(operation.clone()).or_default();
            *calls = calls.with(more);
        }
    }

    /// All operations together.
    #[must_use]
    pub fn total(&self) -> OperationCalls {
        self.operations.values().fold(OperationCalls::default(), |sum, one| sum.with(one))
    }

    /// What CloudWatch charges for the metrics read: $0.01 per 1,000 requested, from the first one.
    #[must_use]
    pub fn metrics_cost(&self) -> Usd {
        Usd(Decimal::from(self.metrics_requested) * Decimal::new(1, 5))
    }
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Accounts found so far.
    pub accounts: usize,
    /// Accounts that are done.
    pub accounts_done: usize,
    /// Regions to scan, as far as they are known yet.
    pub regions: usize,
    /// Regions that are done.
    pub regions_done: usize,
    /// Calls answered.
    pub calls: u64,
    /// Answers that asked to slow down.
    pub throttles: u64,
}

/// Told after every call and every Region; must return at once.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// How far all accounts together are.
pub(super) struct Tally {
    progress: Mutex<Progress>,
    on_progress: OnProgress,
}

impl std::fmt::Debug for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tally").finish_non_exhaustive()
    }
}

impl Tally {
    pub(super) fn new(on_progress: OnProgress) -> Arc<Self> {
        Arc::new(Self { progress: Mutex::default(), on_progress })
    }

    pub(super) fn advance(&self, change: impl FnOnce(&mut Progress)) {
        let progress = {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut progress);
            *progress
        };
        (self.on_progress)(progress);
    }
}

/// Collects what the meters of an account's Regions see.
#[derive(Debug)]
pub(super) struct Counter {
    log: Mutex<CallLog>,
    pub(super) tally: Arc<Tally>,
}

impl Counter {
    pub(super) fn new(tally: &Arc<Tally>) -> Arc<Self> {
        Arc::new(Self { log: Mutex::default(), tally: Arc::clone(tally) })
    }

    fn state(&self) -> MutexGuard<'_, CallLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, cfg: &ConfigBag, change: impl FnOnce(&mut OperationCalls)) {
        let operation = cfg.load::<Metadata>().map_or("unknown", Metadata::name);
        let log = &mut *self.state();
        if let Some(calls) = log.operations.get_mut(operation) {
            change(calls);
        } else {
            change(log.operations.entry(operation.to_owned()).or_default());
        }
    }

    /// Adds metrics to what CloudWatch will charge for.
    pub(super) fn metrics_requested(&self, metrics: usize) {
        self.state().metrics_requested += u64::try_from(metrics).unwrap_or(0);
    }

    /// What was counted so far.
    pub(super) fn log(&self) -> CallLog {
        self.state().clone()
    }
}

/// The SDK interceptor that feeds a [`Counter`]. It never looks at headers or credentials.
#[derive(Debug, Clone)]
pub(super) struct CallMeter {
    pub(super) region: String,
    pub(super) counter: Arc<Counter>,
    pub(super) pace: Arc<Pace>,
}

#[derive(Debug)]
struct Execution {
    started: Instant,
    attempts: u32,
}

impl Storable for Execution {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallMeter {
    fn name(&self) -> &'static str {
        "CallMeter"
    }

    // The earliest hook that knows which operation it is for.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.counter.count(cfg, |calls| calls.calls += 1);
        cfg.interceptor_state().store_put(Execution { started: Instant::now(), attempts: 0 });
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.counter.count(cfg, |calls| calls.attempts += 1);
        if let Some((started, attempts)) = cfg.load::<Execution>().map(|it| (it.started, it.attempts)) {
            cfg.interceptor_state().store_put(Execution { started, attempts: attempts + 1 });
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(response) = context.response() else { return Ok(()) };
        if is_throttle(response) {
            self.counter.count(cfg, |calls| calls.throttles += 1);
            self.counter.tally.advance(|progress| progress.throttles += 1);
            self.pace.slow_down();
        } else {
            self.pace.answered();
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(metadata), Some(execution)) = (cfg.load::<Metadata>(), cfg.load::<Execution>()) {
            tracing::debug!(
                service = metadata.service(),
                operation = metadata.name(),
                region = self.region,
                milliseconds = u64::try_from(execution.started.elapsed().as_millis()).unwrap_or(u64::MAX),
                attempts = execution.attempts,
                status = context.response().map(|response| response.status().as_u16()),
                "call"
            );
        }
        self.counter.tally.advance(|progress| progress.calls += 1);
        Ok(())
    }
}

/// Whether an answer asks to slow down. The error's type is erased here, so its code is looked for in the body.
fn is_throttle(response: &HttpResponse) -> bool {
    const CODES: [&str; 5] = ["RequestLimitExceeded", "Throttl", "TooManyRequests", "SlowDown", "LimitExceeded"];
    let status = response.status();
    if status.as_u16() == 429 {
        return true;
    }
    let Some(body) = response.body().bytes().filter(|_| !status.is_success()) else { return false };
    let body = String::from_utf8_lossy(body);
    CODES.iter().any(|code| body.contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_metrics_cost_a_cent() {
        let log = CallLog { metrics_requested: 1_000, ..CallLog::default() };
        assert_eq!(log.metrics_cost().rounded().to_string(), "0.01000");
    }
}
