//! Counters of events, one atomic number per kind of event.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of event that is counted: an enum whose variants are numbered from 0.
pub trait Counted: Copy + 'static {
    /// The variant's number.
    fn index(self) -> usize;
}

/// `N` counters, one per variant of `E`.
pub struct Counters<E, const N: usize> {
    counts: [AtomicU64; N],
    of: PhantomData<fn(E)>,
}

impl<E, const N: usize> Default for Counters<E, N> {
    fn default() -> Self {
        Self { counts: std::array::from_fn(|_| AtomicU64::new(0)), of: PhantomData }
    }
}

impl<E, const N: usize> fmt::Debug for Counters<E, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.counts).finish()
    }
}

impl<E: Counted, const N: usize> Counters<E, N> {
    /// How often it happened.
    pub fn get(&self, event: E) -> u64 {
        self.counts.get(event.index()).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Counts one event.
    pub fn add(&self, event: E) {
        if let Some(count) = self.counts.get(event.index()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    enum Seen {
        One,
        Other,
    }

    impl Counted for Seen {
        fn index(self) -> usize {
            self as usize
        }
    }

    #[test]
    fn each_event_has_a_number_of_its_own() {
        let counters = Counters::<Seen, 2>::default();
        (0..3).for_each(|_| counters.add(Seen::Other));
        assert_eq!((counters.get(Seen::One), counters.get(Seen::Other)), (0, 3));
    }
}
