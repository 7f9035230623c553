//! Retry budget: at most a fifth of the load may be second attempts, so that retries cannot bury a service
//! that is already in trouble.

use std::sync::atomic::{AtomicU32, Ordering};

/// A second attempt costs this many.
const ATTEMPT: u32 = 5;
/// Ten attempts are there from the start, and never more than that at once.
const MOST: u32 = 10 * ATTEMPT;

/// One channel's budget: every call adds one coin, every second attempt costs [`ATTEMPT`].
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(MOST))
    }
}

impl Budget {
    /// A call begins.
    pub(super) fn earn(&self) {
        // Full is the normal state; then a call only reads.
        if self.0.load(Ordering::Relaxed) < MOST {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a second attempt may be made; it is paid for then.
    pub(super) fn spend(&self) -> bool {
        let pay = |coins: u32| coins.checked_sub(ATTEMPT);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_calls_may_be_tried_again() {
        let budget = Budget::default();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
        let paid = (0..100).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(paid.count(), 20);
    }
}
