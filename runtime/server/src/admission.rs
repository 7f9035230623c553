//! Admission control: how many calls and how many bytes of requests a server has in work, over all its connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use super::counters::{Counter, Counters};
use super::partial::{Frame, Held};
use super::share::Share;
use kiteline_core::error::{Code, Error};
use kiteline_core::event::{Begun, Recorders, Side};
use kiteline_core::limits::Limits;
use kiteline_core::lock::lock;
use kiteline_core::service::Method;

/// A request up to this size, and one 64th of the limit, is a small one: it is taken although larger ones that have
/// not all arrived hold the room.
const SMALL: usize = 1 << 20;

/// The calls and bytes in work, for all drivers of a server.
#[derive(Debug, Default)]
pub(super) struct Admission {
    in_flight: AtomicUsize,
    /// Of requests in work, and reserved for frames that are not whole.
    bytes: AtomicUsize,
    /// Those of [`Admission::bytes`] that are reserved.
    pub(super) reserved: AtomicUsize,
    /// Frames over 64 KiB that are not whole.
    frames: Mutex<Vec<Arc<Frame>>>,
    pub(super) counters: Arc<Counters>,
    pub(super) recorders: Recorders,
}

/// The entry of a call: whose it is, and what was reserved for it.
pub(super) struct Entry<'a> {
    pub(super) share: &'a Share,
    pub(super) held: Option<Held>,
    /// When its message was read, where a clock was looked at for that.
    pub(super) read: Option<Instant>,
}

impl Admission {
    /// One that counts here, and whose calls are told to recorders.
    pub(super) fn new(counters: Arc<Counters>, recorders: Recorders) -> Self {
        Self { counters, recorders, ..Self::default() }
    }

    /// Tells recorders of a call that failed before it began.
    #[cold]
    pub(super) fn refused(&self, method: &'static Method, peer: Option<SocketAddr>, error: &Error) {
        if let Some(timed) = self.recorders.timed(Side::Server, method, peer) {
            timed.end(Some(error));
        }
    }

    /// Admits a call and the bytes of its request, unless a limit is reached. Bytes that were reserved for the request
    /// are always admitted.
    ///
    /// # Errors
    ///
    /// [`Code::ResourceExhausted`].
    pub(super) fn enter(self: &Arc<Self>, bytes: usize, entry: Entry<'_>, limits: &Limits) -> Result<Permit, Error> {
        let calls = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let held = entry.held.map_or(0, Held::into_bytes);
        let mut permit = Permit { admission: Arc::clone(self), bytes: held };
        if calls >= limits.in_flight {
            return Err(self.shed("too many calls in work"));
        }
        if entry.share.is_over(calls, limits.in_flight) {
            return Err(self.shed("too many calls of this caller in work"));
        }
        let more = bytes.saturating_sub(held);
        if more > 0 {
            if !self.take_within(more, limits.in_flight_bytes) && !self.squeezes_in(more, limits) {
                return Err(self.shed("too many bytes of requests in work"));
            }
            permit.bytes += more;
        }
        Ok(permit)
    }

    /// Room for bytes that a request in work turns out to take more, or that its answer takes, unless there is none. Behind
    /// it is a 16th of the limit for small requests of others.
    ///
    /// # Errors
    ///
    /// [`Code::ResourceExhausted`].
    pub(super) fn more(self: &Arc<Self>, bytes: usize, limits: &Limits) -> Result<More, Error> {
        let limit = limits.in_flight_bytes;
        if bytes > 0 && !self.take_within(bytes, limit - limit / 16) {
            return Err(self.shed("too many bytes of requests in work"));
        }
        Ok(More { admission: Arc::clone(self), bytes })
    }

    /// Whether a small request is taken beyond the limit because frames that are not whole hold the room: up to an
    /// eighth beyond it.
    #[cold]
    fn squeezes_in(&self, bytes: usize, limits: &Limits) -> bool {
        let (reserved, limit) = (self.reserved.load(Ordering::SeqCst), limits.in_flight_bytes);
        is_small(bytes, limits) && self.take_within(bytes, limit.saturating_add(reserved.min(limit / 8)))
    }

    #[cold]
    pub(super) fn shed(&self, why: &str) -> Error {
        self.counters.add(Counter::Shed);
        Error::new(Code::ResourceExhausted, why)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Counts bytes where they fit, whether they do. What does not fit is not counted for a moment either: others would be
    /// refused for it.
    pub(super) fn take_within(&self, bytes: usize, most: usize) -> bool {
        let fits = |before: usize| before.checked_add(bytes).filter(|all| *all <= most);
        self.bytes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).is_ok()
    }

    pub(super) fn free(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
    }

    pub(super) fn frames(&self) -> MutexGuard<'_, Vec<Arc<Frame>>> {
        lock(&self.frames)
    }
}

/// Whether a request of so many bytes is a small one.
pub(super) fn is_small(bytes: usize, limits: &Limits) -> bool {
    bytes <= SMALL.min(limits.in_flight_bytes / 64)
}

/// Bytes beside those of a [`Permit`], given back when they are dropped.
pub(super) struct More {
    admission: Arc<Admission>,
    bytes: usize,
}

impl Drop for More {
    fn drop(&mut self) {
        self.admission.free(self.bytes);
    }
}

/// A place among the calls in work, given back when it is dropped.
pub(super) struct Permit {
    admission: Arc<Admission>,
    bytes: usize,
}

impl Permit {
    pub(super) fn count(&self, counter: Counter) {
        self.admission.counters.add(counter);
    }

    /// Tells recorders that the call begins, whose message was read at that time; `None` without any.
    pub(super) fn begin(
        &self,
        method: &'static Method,
        peer: Option<SocketAddr>,
        read: Option<Instant>,
    ) -> Option<Begun> {
        self.admission.recorders.begin_at(Side::Server, method, peer, read)
    }

    /// Tells them how it ended.
    pub(super) fn end(&self, begun: Begun, error: Option<&Error>) {
        self.admission.recorders.end(begun, error);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.admission.free(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1 << 10;

    fn limits(in_flight: usize, in_flight_bytes: usize) -> Limits {
        Limits { in_flight, in_flight_bytes, ..Limits::default() }
    }

    fn enter(admission: &Arc<Admission>, bytes: usize, limits: &Limits) -> Result<Permit, Error> {
        admission.enter(bytes, Entry { share: &Share::default(), held: None, read: None }, limits)
    }

    #[test]
    fn calls_are_shed_above_the_limit_and_not_at_it() {
        let admission = Arc::new(Admission::default());
        let limits = limits(2, KIB);
        let held: Vec<_> = (0..2).map(|_| enter(&admission, 0, &limits).unwrap()).collect();
        assert_eq!(enter(&admission, 0, &limits).err().unwrap().code(), Code::ResourceExhausted);
        assert_eq!((admission.in_flight(), admission.counters.get(Counter::Shed)), (2, 1));
        drop(held);
        assert_eq!((admission.in_flight(), admission.bytes()), (0, 0));
    }

    #[test]
    fn bytes_are_shed_above_the_limit_and_not_at_it() {
        let admission = Arc::new(Admission::default());
        let limits = limits(9, KIB);
        let first = enter(&admission, KIB - 1, &limits).unwrap();
        let second = enter(&admission, 1, &limits).unwrap();
        assert_eq!(enter(&admission, 1, &limits).err().unwrap().code(), Code::ResourceExhausted);
        assert!(enter(&admission, 0, &limits).is_ok());
        drop(first);
        assert!(enter(&admission, KIB - 1, &limits).is_ok());
        drop(second);
        assert_eq!((admission.in_flight(), admission.bytes()), (0, 0));
    }

    /// A large request that is refused on one thread while small ones come on another.
    #[test]
    fn what_is_refused_takes_no_room_from_others() {
        let (admission, limits) = (Arc::new(Admission::default()), limits(9, KIB));
        let end = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let large = scope.spawn(|| {
                let refused = |_: &usize| enter(&admission, 2 * KIB, &limits).is_err();
                let more = |_: &usize| admission.more(2 * KIB, &limits).is_err();
                let refused = (0..100_000).filter(refused).filter(more).count();
                end.store(true, Ordering::Relaxed);
                refused
            });
            let mut others = 0;
            while !end.load(Ordering::Relaxed) {
                assert!(enter(&admission, 1, &limits).is_ok(), "behind {others}");
                others += 1;
            }
            assert_eq!(large.join().unwrap(), 100_000);
        });
        assert_eq!((admission.in_flight(), admission.bytes()), (0, 0));
    }

    #[test]
    fn answers_leave_room_for_small_requests() {
        let (admission, limits) = (Arc::new(Admission::default()), limits(9, KIB));
        let answer = admission.more(KIB - KIB / 16, &limits).ok().unwrap();
        assert!(admission.more(1, &limits).is_err());
        assert!(enter(&admission, KIB / 16, &limits).is_ok());
        drop(answer);
        assert_eq!(admission.bytes(), 0);
    }
}
