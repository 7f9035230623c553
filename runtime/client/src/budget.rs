//! Retry budget: at most a share of the load may be further attempts, a fifth by default, so that retries cannot bury a
//! service that is already in trouble.

use std::sync::atomic::{AtomicU32, Ordering};

/// Attempts that are there from the start; there are never more at once.
const ATTEMPTS: u32 = 10;

/// One channel's budget: every call adds one coin, every further attempt costs some.
#[derive(Debug)]
pub(super) struct Budget {
    coins: AtomicU32,
    /// `None`: nothing is sold.
    cost: Option<u32>,
}

impl Budget {
    pub(super) fn new(cost: Option<u32>) -> Self {
        Self { coins: AtomicU32::new(ATTEMPTS * cost.unwrap_or_default()), cost }
    }

    /// A call begins.
    pub(super) fn earn(&self) {
        // Full is the normal state; then a call only reads.
        if self.coins.load(Ordering::Relaxed) < ATTEMPTS * self.cost.unwrap_or_default() {
            self.coins.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a further attempt may be made; it is paid for then.
    pub(super) fn spend(&self) -> bool {
        let Some(cost) = self.cost else { return false };
        let pay = |coins: u32| coins.checked_sub(cost);
        self.coins.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_calls_may_be_tried_again() {
        let none = Budget::new(None);
        none.earn();
        assert!(!none.spend());
        let budget = Budget::new(Some(5));
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
        let paid = (0..100).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(paid.count(), 20);
    }
}
