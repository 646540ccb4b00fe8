//! Work on many things, by all processors.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Does some work for each number below `count`, and returns what comes of it in order. After an error nothing more is
/// begun.
pub(super) fn each<T: Send>(count: usize, work: impl Fn(usize) -> anyhow::Result<T> + Sync) -> anyhow::Result<Vec<T>> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            let result = work(index);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.push((index, result));
        }
        done
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count);
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(worker)).collect();
        let mut done = worker();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_is_returned() {
        assert_eq!(each(0, Ok).unwrap(), [0; 0]);
        assert_eq!(each(1_000, |n| Ok(n * 2)).unwrap(), (0..1_000).map(|n| n * 2).collect::<Vec<_>>());
        let error = each(1_000, |n| if n == 500 { anyhow::bail!("number {n}") } else { Ok(n) }).unwrap_err();
        assert_eq!(error.to_string(), "number 500");
    }
}
