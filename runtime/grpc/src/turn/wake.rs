//! The waker of a connection that is polled in turns: who wakes it during a turn asks for another one, and nobody is scheduled.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use kiteline_core::lock::lock;

/// Nobody polls, and nobody has to.
const REST: u8 = 0;
/// It is being polled.
const TURN: u8 = 1;
/// Somebody woke it.
const WOKEN: u8 = 2;

/// Whether there is something to do.
#[derive(Debug, Default)]
pub(super) struct Turn {
    state: AtomicU8,
    /// Of the task in which the turns are.
    task: Mutex<Option<Waker>>,
}

impl Turn {
    /// Says whose turns they are.
    pub(super) fn wakes(&self, waker: &Waker) {
        let mut task = lock(&self.task);
        if !task.as_ref().is_some_and(|old| old.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    pub(super) fn begin(&self) {
        self.state.store(TURN, Ordering::SeqCst);
    }

    /// Whether nobody woke it since the turn began; from then on who does wakes the task.
    pub(super) fn ends(&self) -> bool {
        self.state.compare_exchange(TURN, REST, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Ends the turn with more to do.
    pub(super) fn goes_on(&self) {
        self.state.store(WOKEN, Ordering::SeqCst);
        self.schedule();
    }

    fn schedule(&self) {
        if let Some(task) = &*lock(&self.task) {
            task.wake_by_ref();
        }
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::SeqCst) == REST {
            self.schedule();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_task_is_woken_once_and_never_during_a_turn() {
        let (turn, count) = (Arc::<Turn>::default(), Arc::<Count>::default());
        let woken = || count.0.load(Ordering::SeqCst);
        turn.wakes(&Arc::clone(&count).into());
        turn.begin();
        turn.wake_by_ref();
        assert_eq!((turn.ends(), woken()), (false, 0), "another turn is asked for");
        turn.begin();
        assert_eq!((turn.ends(), woken()), (true, 0));
        turn.wake_by_ref();
        turn.wake_by_ref();
        assert_eq!(woken(), 1);
        turn.begin();
        turn.goes_on();
        assert_eq!(woken(), 2);
    }
}
