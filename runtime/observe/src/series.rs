//! The numbers of one method on one side: calls, how they ended, how long they took.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kiteline_core::cache_padded::CachePadded;
use kiteline_core::lock::lock;

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

/// Copies of the numbers that one thread at a time has to itself, so that threads do not write the same cache lines.
const OWNED: usize = 8;
/// Copies behind those, which all other threads take turns at.
const SHARED: usize = 8;

/// What threads that come next get.
struct Places {
    /// Copies that were a thread's own, and are nobody's.
    back: Vec<usize>,
    given: usize,
}

static PLACES: Mutex<Places> = Mutex::new(Places { back: Vec::new(), given: 0 });

/// The copy of a thread, given back at its end. What it has written is seen by the next one: the lock is between them.
struct Place(usize);

impl Place {
    fn take() -> Self {
        let mut places = lock(&PLACES);
        if let Some(place) = places.back.pop() {
            return Self(place);
        }
        let given = places.given;
        places.given = given.wrapping_add(1);
        Self(if given < OWNED { given } else { OWNED + given % SHARED })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.0 < OWNED {
            lock(&PLACES).back.push(self.0);
        }
    }
}

thread_local! {
    static PLACE: Place = Place::take();
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
pub(crate) struct Series([CachePadded<Shard>; OWNED + SHARED]);

/// The copy that a thread writes.
struct Own<'a> {
    shard: &'a Shard,
    /// Whether nobody else writes it: then there is no need for a locked instruction.
    alone: bool,
}

impl Own<'_> {
    fn add(&self, number: &AtomicU64, more: u64) {
        if self.alone {
            number.store(number.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
        } else {
            number.fetch_add(more, Ordering::Relaxed);
        }
    }
}

impl Series {
    fn own(&self) -> Own<'_> {
        // A thread that is at its end has no copy any more.
        let place = PLACE.try_with(|place| place.0).unwrap_or(OWNED);
        Own { shard: &self.0[place % (OWNED + SHARED)], alone: place < OWNED }
    }

    pub(crate) fn begin(&self) {
        let own = self.own();
        own.add(&own.shard.begun, 1);
    }

    pub(crate) fn end(&self, outcome: usize, took: Duration) {
        let own = self.own();
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if let (Some(outcome), Some(bucket)) = (own.shard.outcomes.get(outcome), own.shard.buckets.get(bucket(nanos))) {
            own.add(outcome, 1);
            own.add(bucket, 1);
        }
        own.add(&own.shard.nanos, nanos);
    }
}

/// The bucket of a time; most calls of a service are in the first one.
fn bucket(nanos: u64) -> usize {
    if nanos <= BOUNDS[0].1 { 0 } else { BOUNDS.partition_point(|(_, bound)| *bound < nanos) }
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
    use std::sync::Barrier;

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

    #[test]
    fn nothing_is_lost_by_more_threads_than_there_are_copies_nor_by_those_that_follow() {
        let series = Series::default();
        for _ in 0..20 {
            let together = Barrier::new(3 * OWNED);
            std::thread::scope(|scope| {
                for _ in 0..3 * OWNED {
                    scope.spawn(|| {
                        together.wait();
                        for _ in 0..500 {
                            series.begin();
                            series.end(0, Duration::from_nanos(1));
                        }
                    });
                }
            });
        }
        let mut sums = Sums::default();
        sums.add(&series);
        let all = 20 * 3 * OWNED as u64 * 500;
        assert_eq!((sums.begun, sums.outcomes[0], sums.buckets[0], sums.nanos), (all, all, all, all));
    }
}
