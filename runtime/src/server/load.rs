//! What all connections of a server have in work: calls, and bytes of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::counters::{Counter, Counters};
use crate::error::{Code, Error};
use crate::limits::Limits;

/// Bytes of a frame that is not whole that are not counted: what a buffer holds anyway.
#[cfg(feature = "thrift")]
const FREE: usize = 64 << 10;

/// What all drivers of a server add to.
#[derive(Debug, Default)]
pub(super) struct Load {
    in_flight: AtomicUsize,
    bytes: AtomicUsize,
    /// Connections that wait for bytes to be given back.
    waiting: AtomicUsize,
    freed: Notify,
    pub(super) counters: Counters,
}

impl Load {
    /// Takes a place among the calls in work and room for the bytes of a request, unless there is
    /// none.
    ///
    /// # Errors
    ///
    /// [`Code::ResourceExhausted`].
    pub(super) fn enter(self: &Arc<Self>, bytes: usize, limits: &Limits) -> Result<Permit, Error> {
        let calls = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let before = self.bytes.fetch_add(bytes, Ordering::SeqCst);
        let permit = Permit { load: Arc::clone(self), bytes };
        if calls >= limits.in_flight {
            return Err(self.shed("too many calls in work"));
        }
        if before.saturating_add(bytes) > limits.in_flight_bytes {
            return Err(self.shed("too many bytes of requests in work"));
        }
        Ok(permit)
    }

    #[cold]
    fn shed(&self, why: &str) -> Error {
        self.counters.add(Counter::Shed);
        Error::new(Code::ResourceExhausted, why)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn free(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.freed.notify_waiters();
        }
    }
}

/// A place among the calls in work, given back when it is dropped.
pub(super) struct Permit {
    load: Arc<Load>,
    bytes: usize,
}

impl Permit {
    pub(super) fn count(&self, counter: Counter) {
        self.load.counters.add(counter);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.load.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.load.free(self.bytes);
    }
}

/// The counted bytes of one connection's frame that is not whole; given back when it is dropped.
///
/// All of them together take half of [`Limits::in_flight_bytes`] at most, so that there is room
/// for whole requests; a frame that is alone may always be read on.
#[cfg(feature = "thrift")]
pub(super) struct Partial {
    load: Arc<Load>,
    bytes: usize,
}

#[cfg(feature = "thrift")]
impl Partial {
    pub(super) fn new(load: &Arc<Load>) -> Self {
        Self { load: Arc::clone(load), bytes: 0 }
    }

    /// Counts `buffered` bytes from now on, more or fewer than before.
    pub(super) fn set(&mut self, buffered: usize) {
        let bytes = if buffered > FREE { buffered } else { 0 };
        if bytes > self.bytes {
            self.load.bytes.fetch_add(bytes - self.bytes, Ordering::SeqCst);
        } else if bytes < self.bytes {
            self.load.free(self.bytes - bytes);
        }
        self.bytes = bytes;
    }

    /// Whether more of the frame may be read.
    pub(super) fn may_grow(&self, limits: &Limits) -> bool {
        // Asked first: most frames are not counted, and need not look at what all drivers write.
        if self.bytes == 0 {
            return true;
        }
        let others = self.load.bytes.load(Ordering::SeqCst).saturating_sub(self.bytes);
        others == 0 || others.saturating_add(self.bytes) <= limits.in_flight_bytes / 2
    }

    /// Ends when more of the frame may be read.
    pub(super) async fn room(&self, limits: &Limits) {
        if self.may_grow(limits) {
            return;
        }
        self.load.counters.add(Counter::Paused);
        let _waiting = Waiting::new(&self.load);
        loop {
            let freed = self.load.freed.notified();
            if self.may_grow(limits) {
                return;
            }
            freed.await;
        }
    }
}

#[cfg(feature = "thrift")]
impl Drop for Partial {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// One connection that waits, also one that is ended while it does.
#[cfg(feature = "thrift")]
struct Waiting<'a>(&'a Load);

#[cfg(feature = "thrift")]
impl<'a> Waiting<'a> {
    fn new(load: &'a Load) -> Self {
        load.waiting.fetch_add(1, Ordering::SeqCst);
        Self(load)
    }
}

#[cfg(feature = "thrift")]
impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
#[cfg(feature = "thrift")]
mod tests {
    use super::*;

    const KIB: usize = 1 << 10;

    fn limits(in_flight: usize, in_flight_bytes: usize) -> Limits {
        Limits { in_flight, in_flight_bytes, ..Limits::default() }
    }

    #[test]
    fn calls_are_shed_above_the_limit_and_not_at_it() {
        let load = Arc::new(Load::default());
        let limits = limits(2, KIB);
        let held: Vec<_> = (0..2).map(|_| load.enter(0, &limits).unwrap()).collect();
        assert_eq!(load.enter(0, &limits).err().unwrap().code(), Code::ResourceExhausted);
        assert_eq!((load.in_flight(), load.counters.get(Counter::Shed)), (2, 1));
        drop(held);
        assert_eq!((load.in_flight(), load.bytes()), (0, 0));
    }

    #[test]
    fn bytes_are_shed_above_the_limit_and_not_at_it() {
        let load = Arc::new(Load::default());
        let limits = limits(9, KIB);
        let first = load.enter(KIB - 1, &limits).unwrap();
        let second = load.enter(1, &limits).unwrap();
        assert_eq!(load.enter(1, &limits).err().unwrap().code(), Code::ResourceExhausted);
        assert!(load.enter(0, &limits).is_ok());
        drop(first);
        assert!(load.enter(KIB - 1, &limits).is_ok());
        drop(second);
        assert_eq!((load.in_flight(), load.bytes()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_are_not_whole_take_half_and_wait_for_room() {
        let load = Arc::new(Load::default());
        let limits = limits(9, 800 * KIB);
        let (mut one, mut two) = (Partial::new(&load), Partial::new(&load));
        // Alone it may have all, and what a buffer holds is free.
        one.set(900 * KIB);
        assert!(one.may_grow(&limits));
        two.set(FREE);
        assert!(two.may_grow(&limits) && load.bytes() == 900 * KIB);
        one.set(300 * KIB);
        two.set(100 * KIB);
        assert!(one.may_grow(&limits) && two.may_grow(&limits));
        two.set(101 * KIB);
        assert!(!one.may_grow(&limits) && !two.may_grow(&limits));
        let waits = tokio::spawn(async move {
            two.room(&limits).await;
            two
        });
        tokio::task::yield_now().await;
        assert_eq!((load.counters.get(Counter::Paused), waits.is_finished()), (1, false));
        drop(one);
        assert_eq!(waits.await.unwrap().bytes, 101 * KIB);
        assert_eq!((load.bytes(), load.waiting.load(Ordering::SeqCst)), (0, 0));
    }
}
