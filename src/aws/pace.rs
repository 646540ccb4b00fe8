//! How many calls of one account and Region may be under way. EC2 gives each account a bucket of requests in each
//! Region, which everybody who calls there shares: who is asked to slow down must leave the others their part.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Calls under way at the most: EC2 allows a burst of 100 for each operation, and each call takes a connection.
const MOST: usize = 32;
/// One burst of throttled calls is one request to slow down.
const PAUSE: Duration = Duration::from_millis(250);

/// Halves the number of calls when AWS asks to slow down, and lets it grow by one with as many answers as it allows.
#[derive(Debug)]
pub(super) struct Pace {
    calls: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    /// Permits to take away, once they are given back.
    owed: usize,
    answers: usize,
    slowed: Option<Instant>,
}

impl Pace {
    pub(super) fn new() -> Self {
        let state = State { limit: MOST, owed: 0, answers: 0, slowed: None };
        Self { calls: Semaphore::new(MOST), state: Mutex::new(state) }
    }

    /// Waits until one more call may be made; it may last as long as the permit.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.calls.acquire().await.ok()
    }

    /// AWS asked to slow down.
    pub(super) fn slow_down(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.answers = 0;
        if state.slowed.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        state.slowed = Some(Instant::now());
        let fewer = state.limit - (state.limit / 2).max(1);
        state.limit -= fewer;
        state.owed += fewer;
        self.settle(&mut state);
    }

    /// AWS answered.
    pub(super) fn answered(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.settle(&mut state);
        if state.limit == MOST {
            return;
        }
        state.answers += 1;
        if state.answers >= state.limit {
            state.answers = 0;
            state.limit += 1;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                self.calls.add_permits(1);
            }
        }
    }

    fn settle(&self, state: &mut State) {
        if state.owed > 0 {
            state.owed -= self.calls.forget_permits(state.owed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_throttled_region_is_asked_less_and_then_more_again() {
        let pace = Pace::new();
        pace.slow_down();
        pace.slow_down();
        assert_eq!(pace.calls.available_permits(), MOST / 2, "one burst counts once");
        (0..MOST / 2).for_each(|_| pace.answered());
        assert_eq!(pace.calls.available_permits(), MOST / 2 + 1);
        (0..MOST * MOST).for_each(|_| pace.answered());
        assert_eq!(pace.calls.available_permits(), MOST);
    }

    #[tokio::test]
    async fn permits_that_are_out_are_taken_away_when_they_come_back() {
        let pace = Pace::new();
        let mut out = Vec::new();
        for _ in 0..MOST {
            out.push(pace.turn().await.unwrap());
        }
        pace.slow_down();
        out.clear();
        assert_eq!(pace.calls.available_permits(), MOST);
        pace.answered();
        assert_eq!(pace.calls.available_permits(), MOST / 2);
    }

    #[tokio::test]
    async fn one_call_is_always_allowed() {
        let pace = Pace::new();
        for _ in 0..10 {
            pace.state.lock().unwrap().slowed = None;
            pace.slow_down();
        }
        assert!(pace.turn().await.is_some());
    }
}
