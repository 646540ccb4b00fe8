//! Counts what was served, so that tests can prove that nothing was asked twice and nothing was missed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

use serde::Serialize;

use super::organisation::{Organisation, Place, region_name};
use super::request::Request;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    #[default]
    Answered,
    /// A token bucket was empty, or a fault said so.
    Throttled,
    Failed,
}

/// How often one operation was asked.
#[derive(Debug, Clone, Default, Serialize)]
struct Asked {
    /// Calls, whatever came of them: attempts at one have its invocation id in common.
    calls: u64,
    /// Requests.
    attempts: u64,
    throttled: u64,
    /// Requests that were refused or broken otherwise.
    failed: u64,
    /// Calls for a page after the first.
    pages: u64,
    /// Calls that asked what another call, which did not fail, had asked before.
    duplicates: u64,
}

impl Asked {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.attempts += other.attempts;
        self.throttled += other.throttled;
        self.failed += other.failed;
        self.pages += other.pages;
        self.duplicates += other.duplicates;
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Flight {
    now: u64,
    most: u64,
}

impl Flight {
    fn start(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }
}

#[derive(Debug, Default)]
struct Counts {
    calls: BTreeMap<(Place, String), Asked>,
    invocations: HashSet<u64>,
    /// Which call asked a question and got, or may still get, its answer.
    questions: HashMap<u64, u64>,
    flight: Flight,
    flights: BTreeMap<Place, Flight>,
}

#[derive(Debug, Default)]
pub struct Served {
    counts: Mutex<Counts>,
}

/// A request under way: it has ended when this is dropped, as a failure unless something else was said.
pub struct Ticket<'a> {
    served: &'a Served,
    request: &'a Request,
    outcome: Outcome,
}

impl Served {
    pub fn arrive<'a>(&'a self, request: &'a Request) -> Ticket<'a> {
        let counts = &mut *self.counts.lock().unwrap();
        let calls = counts.calls.entry((request.place, request.operation.clone())).or_default();
        calls.attempts += 1;
        if counts.invocations.insert(request.invocation) {
            calls.calls += 1;
            calls.pages += u64::from(request.token().is_some());
            let first = *counts.questions.entry(request.question).or_insert(request.invocation);
            calls.duplicates += u64::from(first != request.invocation);
        }
        counts.flight.start();
        counts.flights.entry(request.place).or_default().start();
        Ticket { served: self, request, outcome: Outcome::Failed }
    }

    pub fn reset(&self) {
        let counts = &mut *self.counts.lock().unwrap();
        let (flight, flights) = (counts.flight.now, std::mem::take(&mut counts.flights));
        // What is still under way ends later, and must find its place.
        let flights = flights.into_iter().filter(|it| it.1.now > 0);
        let flights = flights.map(|(place, it)| (place, Flight { now: it.now, most: it.now })).collect();
        *counts = Counts { flight: Flight { now: flight, most: flight }, flights, ..Counts::default() };
    }

    /// Everything that was counted, as JSON: `total` over all, `operations` by name, and `accounts` by id, Region and
    /// name. `most_in_flight` is how many requests were under way at once.
    pub fn report(&self) -> serde_json::Value {
        let counts = self.counts.lock().unwrap();
        let mut total = Asked::default();
        let mut operations: BTreeMap<&str, Asked> = BTreeMap::new();
        let mut accounts: BTreeMap<String, BTreeMap<&str, Part<'_>>> = BTreeMap::new();
        for ((place, operation), calls) in &counts.calls {
            total.add(calls);
            operations.entry(operation).or_default().add(calls);
            let regions = accounts.entry(Organisation::account_id(place.account)).or_default();
            let part = regions.entry(region_name(place.region)).or_default();
            part.most_in_flight = counts.flights.get(place).map_or(0, |it| it.most);
            part.operations.insert(operation, calls.clone());
        }
        serde_json::json!({
            "most_in_flight": counts.flight.most,
            "total": total,
            "operations": operations,
            "accounts": accounts,
        })
    }
}

#[derive(Debug, Default, Serialize)]
struct Part<'a> {
    most_in_flight: u64,
    operations: BTreeMap<&'a str, Asked>,
}

impl Ticket<'_> {
    pub fn ended(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let counts = &mut *self.served.counts.lock().unwrap();
        counts.flight.now = counts.flight.now.saturating_sub(1);
        if let Some(flight) = counts.flights.get_mut(&self.request.place) {
            flight.now = flight.now.saturating_sub(1);
        }
        if self.outcome == Outcome::Answered {
            return;
        }
        // It may be asked again: nobody has the answer.
        if counts.questions.get(&self.request.question) == Some(&self.request.invocation) {
            counts.questions.remove(&self.request.question);
        }
        let key = (self.request.place, self.request.operation.clone());
        if let Some(calls) = counts.calls.get_mut(&key) {
            match self.outcome {
                Outcome::Throttled => calls.throttled += 1,
                _ => calls.failed += 1,
            }
        }
    }
}
