//! The generic cell rate algorithm (ATM Forum, Traffic Management 4.0, section 4.4.2): a token bucket whose whole state is
//! one time, the one at which the bucket would be full again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The lowest and the highest rate: a call in 11 days, and one per nanosecond.
const LOWEST: f64 = 1e-6;
const HIGHEST: f64 = 1e9;

/// A rate and a burst. Times are nanoseconds since a beginning that the caller chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gcra {
    /// Between two calls at the rate.
    interval: u64,
    /// How far ahead of the present the state may be.
    tolerance: u64,
}

impl Gcra {
    /// So many calls per second, of which `burst` may come at once.
    pub(crate) fn new(per_second: f64, burst: u32) -> Self {
        let per_second = if per_second.is_nan() { LOWEST } else { per_second.clamp(LOWEST, HIGHEST) };
        let interval = (1e9 / per_second) as u64;
        Self { interval, tolerance: interval.saturating_mul(u64::from(burst.max(1) - 1)) }
    }

    /// What a state becomes by a call, or how long the caller has to wait.
    pub(crate) fn next(self, state: u64, now: u64) -> Result<u64, Duration> {
        let ahead = state.saturating_sub(now);
        if ahead > self.tolerance {
            return Err(Duration::from_nanos(ahead - self.tolerance));
        }
        Ok(state.max(now).saturating_add(self.interval))
    }

    /// A call now, in a state that others change too.
    pub(crate) fn take(self, state: &AtomicU64, now: u64) -> Result<(), Duration> {
        let mut wait = Duration::ZERO;
        let next = |state| self.next(state, now).map_err(|longer| wait = longer).ok();
        match state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(_) => Ok(()),
            Err(_) => Err(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let (gcra, state) = (Gcra::new(10.0, 3), AtomicU64::new(0));
        let calls = [0, 0, 0, 0, 99, 100, 100, 250, 1000, 1000, 1000, 1000];
        let waits = calls.map(|ms| gcra.take(&state, ms * MS).err().map(|wait| wait.as_millis()));
        let (none, some) = (None, Some);
        assert_eq!(waits, [none, none, none, some(100), some(1), none, some(100), none, none, none, none, some(100)]);
    }

    #[test]
    fn odd_rates_are_bounded() {
        for rate in [f64::NAN, -1.0, 0.0, f64::NEG_INFINITY] {
            let (gcra, state) = (Gcra::new(rate, 0), AtomicU64::new(0));
            assert!(gcra.take(&state, 0).is_ok() && gcra.take(&state, 3_600_000 * MS).is_err(), "{rate}");
        }
        let (gcra, state) = (Gcra::new(f64::INFINITY, u32::MAX), AtomicU64::new(u64::MAX));
        assert!(gcra.take(&state, 0).is_err());
        assert!(gcra.take(&state, u64::MAX).is_ok());
        assert_eq!(Gcra::new(1e-9, u32::MAX).tolerance, u64::MAX);
    }
}
