//! A pseudorandom number generator that threads share: one atomic counter. The same seed gives the same numbers.

use kiteline_core::fnv::mix;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// 2^64 divided by the golden ratio: its multiples fill a circle more evenly than those of any
/// other number.
pub(super) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Debug)]
pub(super) struct Rng(AtomicU64);

impl Rng {
    pub(super) fn new() -> Self {
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    pub(super) fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(super) fn draw(&self) -> u64 {
        mix(self.0.fetch_add(GOLDEN, Ordering::Relaxed))
    }
}

/// The place in `0..count` that a number of the whole range falls into.
pub(super) fn scale(number: u64, count: u64) -> u64 {
    let place = (u128::from(number) * u128::from(count)) >> 64;
    // Below `count`, which is a u64.
    u64::try_from(place).unwrap_or(u64::MAX)
}
