//! The numbers of one method on one side: calls, how they ended, how long they took.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use kiteline_core::cache_padded::CachePadded;

use crate::outcome::OUTCOMES;

/// The upper ends of the latency buckets in seconds, as they are written, and in nanoseconds: those of Prometheus'
/// clients and Kratos, and finer ones below, where most calls of a service are.
pub(crate) const BOUNDS: [(&str, u64); 16] = [
    ("0.0001", 100_000),
    ("0.00025", 250_000),
    ("0.0005", 500_000),
    ("0.001", 1_000_000),
    ("0.0025", 2_500_000),
    ("0.005", 5_000_000),
    ("0.01", 10_000_000),
    ("0.025", 25_000_000),
    ("0.05", 50_000_000),
    ("0.1", 100_000_000),
    ("0.25", 250_000_000),
    ("0.5", 500_000_000),
    ("1", 1_000_000_000),
    ("2.5", 2_500_000_000),
    ("5", 5_000_000_000),
    ("10", 10_000_000_000),
];

/// Copies of the numbers, so that threads do not write the same cache lines.
const SHARDS: usize = 8;

thread_local! {
    static SHARD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The copy of this thread; threads take turns.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    SHARD.with(|shard| match shard.get() {
        Some(place) => place,
        None => {
            let place = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
            shard.set(Some(place));
            place
        }
    })
}

#[derive(Debug, Default)]
struct Shard {
    begun: AtomicU64,
    outcomes: [AtomicU64; OUTCOMES],
    /// Calls per bucket, not yet added up; the last one has no upper end.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

/// The numbers of one method on one side. Written without locks.
#[derive(Debug, Default)]
pub(crate) struct Series([CachePadded<Shard>; SHARDS]);

impl Series {
    fn own(&self) -> &Shard {
        &self.0[shard() % SHARDS]
    }

    pub(crate) fn begin(&self) {
        self.own().begun.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, outcome: usize, took: Duration) {
        let own = self.own();
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|(_, bound)| *bound < nanos);
        if let (Some(outcome), Some(bucket)) = (own.outcomes.get(outcome), own.buckets.get(bucket)) {
            outcome.fetch_add(1, Ordering::Relaxed);
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        own.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// Numbers that were added up over threads.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    begun: u64,
    pub(crate) outcomes: [u64; OUTCOMES],
    pub(crate) buckets: [u64; BOUNDS.len() + 1],
    nanos: u64,
}

impl Sums {
    pub(crate) fn add(&mut self, series: &Series) {
        // Ends before beginnings: what ends in between is in work for one page more, never less than none.
        for shard in &series.0 {
            let all = self.outcomes.iter_mut().zip(&shard.outcomes);
            all.chain(self.buckets.iter_mut().zip(&shard.buckets)).for_each(add);
            add((&mut self.nanos, &shard.nanos));
        }
        series.0.iter().for_each(|shard| add((&mut self.begun, &shard.begun)));
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.begun.saturating_sub(self.outcomes.iter().sum())
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.nanos as f64 / 1e9
    }
}

fn add((sum, count): (&mut u64, &AtomicU64)) {
    *sum = sum.wrapping_add(count.load(Ordering::Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_written_as_they_are_compared() {
        for (text, nanos) in BOUNDS {
            assert_eq!((text.parse::<f64>().unwrap() * 1e9).round() as u64, nanos);
        }
        assert!(BOUNDS.is_sorted_by_key(|(_, nanos)| *nanos));
    }

    #[test]
    fn a_bound_belongs_to_its_bucket_and_threads_add_up() {
        let series = Series::default();
        std::thread::scope(|scope| {
            for nanos in [0, 100_000, 100_001, 10_000_000_000, 10_000_000_001, u64::MAX] {
                let series = &series;
                scope.spawn(move || {
                    series.begin();
                    series.end(0, Duration::from_nanos(nanos));
                });
            }
        });
        series.begin();
        let mut sums = Sums::default();
        sums.add(&series);
        assert_eq!((sums.begun, sums.in_flight(), sums.outcomes[0]), (7, 1, 6));
        assert_eq!((sums.buckets[0], sums.buckets[1], sums.buckets[15], sums.buckets[16]), (2, 1, 1, 2));
    }
}
