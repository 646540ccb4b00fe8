//! Reads a listing of one Region to its end, and notes what could not be read.

use std::collections::HashSet;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::{Instant, timeout_at};

use super::error::{DEADLINE, gap, gap_of};
use super::operation::Operation;
use super::pace::Pace;
use crate::model::{Gap, RegionName};

/// More pages than any account has: beyond, the service repeats itself in a way that its tokens hide.
const PAGES_LIMIT: usize = 10_000;

/// The gaps of one Region, and whether anything answered there.
#[derive(Debug)]
pub(super) struct Reader {
    region: RegionName,
    gaps: Mutex<Vec<Gap>>,
    answered: AtomicBool,
    pace: Arc<Pace>,
    /// When the account's time is over: nothing is waited for any longer.
    deadline: Instant,
}

/// What was read, and whether that is all of it.
pub(super) struct Listing<T> {
    pub(super) items: Vec<T>,
    pub(super) complete: bool,
}

impl Reader {
    pub(super) fn new(region: RegionName, pace: Arc<Pace>, deadline: Instant) -> Self {
        Self { region, gaps: Mutex::default(), answered: AtomicBool::new(false), pace, deadline }
    }

    /// The Region it reads.
    pub(super) fn region(&self) -> &RegionName {
        &self.region
    }

    /// Whether any call was answered.
    pub(super) fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Notes something that could not be read.
    pub(super) fn miss(&self, operation: Operation, code: &str, message: &str) {
        self.note(gap(operation, Some(&self.region), code, message));
    }

    fn note(&self, gap: Gap) {
        let mut gaps = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        if !gaps.contains(&gap) {
            gaps.push(gap);
        }
    }

    /// Everything missed so far.
    pub(super) fn take_gaps(&self) -> Vec<Gap> {
        std::mem::take(&mut self.gaps.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks for page after page. Pages before a failure are kept: the gap says that they are not all.
    pub(super) async fn pages<T, O, E, F>(
        &self,
        operation: Operation,
        mut call: impl FnMut(Option<String>) -> F,
        split: impl Fn(O) -> (Option<Vec<T>>, Option<String>),
    ) -> Listing<T>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut items = Vec::new();
        let mut tokens = HashSet::new();
        let mut token = None;
        loop {
            let turn = async {
                let _turn = self.pace.turn().await;
                call(token.take()).await
            };
            let (page, next) = match timeout_at(self.deadline, turn).await {
                Ok(Ok(output)) => split(output),
                Err(_) => {
                    self.miss(operation, DEADLINE, "the account's time (--timeout) was over before this was answered");
                    return Listing { items, complete: false };
                }
                Ok(Err(error)) => {
                    self.note(gap_of(operation, Some(&self.region), &error));
                    return Listing { items, complete: false };
                }
            };
            self.answered.store(true, Ordering::Relaxed);
            let mut page = page.unwrap_or_default();
            if items.is_empty() {
                items = page;
            } else {
                items.append(&mut page);
            }
            let Some(next) = next.filter(|next| !next.is_empty()) else { return Listing { items, complete: true } };
            if tokens.len() >= PAGES_LIMIT || !tokens.insert(next.clone()) {
                self.miss(operation, "RepeatedPageToken", "the pages do not end: a page token came twice or too often");
                return Listing { items, complete: false };
            }
            token = Some(next);
        }
    }
}
