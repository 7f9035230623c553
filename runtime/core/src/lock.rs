//! Locking without poisoning: a panic of one call is not a reason for the next one to fail.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also when a thread panicked while it held it. For values that are whole after each step.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_who_held_it_is_not_handed_on() {
        let mutex = Mutex::new(1);
        let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = mutex.lock();
            std::panic::resume_unwind(Box::new("while it is held"));
        }));
        assert!(held.is_err() && mutex.is_poisoned());
        assert_eq!(*lock(&mutex), 1);
    }
}
