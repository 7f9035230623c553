//! Room for Thrift frames that have not all arrived: reserved for the whole frame once it has begun, so that what is
//! read on can also be finished, or refused at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::admission::{Admission, is_small};
use kiteline_core::limits::Limits;
use kiteline_core::lock::lock;

/// Bytes of a frame that is not whole that are not counted: what a buffer holds anyway.
pub(super) const FREE: usize = 64 << 10;

/// A frame of which nothing came for so long gives its room up to one that comes.
const SILENT: Duration = Duration::from_secs(1);

/// One frame that is not whole, and what is reserved for it.
#[derive(Debug)]
pub(super) struct Frame {
    bytes: AtomicUsize,
    progress: Mutex<Progress>,
    /// Its room was given to another one.
    evicted: AtomicBool,
    wake: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Progress {
    arrived: usize,
    begun: Instant,
    last: Instant,
}

impl Frame {
    fn new(bytes: usize, arrived: usize) -> Self {
        let now = Instant::now();
        let progress = Mutex::new(Progress { arrived, begun: now, last: now });
        Self { bytes: AtomicUsize::new(bytes), progress, evicted: AtomicBool::new(false), wake: Notify::new() }
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Acquire)
    }

    fn has(&self, arrived: usize) {
        let mut progress = lock(&self.progress);
        if arrived != progress.arrived {
            *progress = Progress { arrived, last: Instant::now(), ..*progress };
        }
    }

    /// Whether it may lose its room: its peer is silent, or too slow to send all of it in time.
    fn lags(&self, now: Instant, limits: &Limits) -> bool {
        let progress = *lock(&self.progress);
        let age = now.saturating_duration_since(progress.begun);
        let due = age.as_secs_f64() / limits.whole_frame.as_secs_f64() * self.bytes() as f64;
        let slow = age >= SILENT && (progress.arrived as f64) < due;
        slow || now.saturating_duration_since(progress.last) >= SILENT
    }
}

impl Admission {
    /// Reserves `bytes` more for a frame of `whole` bytes, at the cost of frames that lag where need be.
    fn reserve(&self, bytes: usize, whole: usize, limits: &Limits) -> bool {
        // Small ones have room of their own; behind it is some for small requests that are whole.
        let limit = limits.in_flight_bytes;
        let limit = if is_small(whole, limits) { limit.saturating_add(limit / 16) } else { limit };
        let fits = || self.take_within(bytes, limit);
        let reserved = fits() || self.evict(bytes, limit, limits) && fits();
        if reserved {
            self.reserved.fetch_add(bytes, Ordering::SeqCst);
        }
        reserved
    }

    /// Takes the room of frames that lag until `bytes` may fit; whether they may.
    #[cold]
    fn evict(&self, bytes: usize, limit: usize, limits: &Limits) -> bool {
        let now = Instant::now();
        let mut frames = self.frames();
        let missing = || self.bytes().saturating_add(bytes).saturating_sub(limit);
        let lagging: Vec<_> = frames.iter().filter(|frame| frame.lags(now, limits)).map(Arc::clone).collect();
        // No frame loses its room unless that makes enough of it.
        if lagging.iter().map(|frame| frame.bytes()).sum::<usize>() < missing() {
            return false;
        }
        for frame in lagging {
            if missing() == 0 {
                break;
            }
            frame.evicted.store(true, Ordering::Release);
            self.give_back(frame.bytes.swap(0, Ordering::Relaxed));
            frames.retain(|other| !Arc::ptr_eq(other, &frame));
            frame.wake.notify_one();
        }
        true
    }

    fn give_back(&self, bytes: usize) {
        self.reserved.fetch_sub(bytes, Ordering::SeqCst);
        self.free(bytes);
    }
}

/// The room of one connection's frame that is not whole; given back when it is dropped.
pub(super) struct Partial {
    admission: Arc<Admission>,
    frame: Option<Arc<Frame>>,
}

impl Partial {
    pub(super) fn new(admission: &Arc<Admission>) -> Self {
        Self { admission: Arc::clone(admission), frame: None }
    }

    /// Whether the rest of a frame of `whole` bytes may be read of which `arrived` are here; `false` from when there
    /// is no room for it.
    pub(super) fn hold(&mut self, arrived: usize, whole: usize, limits: &Limits) -> bool {
        self.hold_beyond(FREE, arrived, whole, limits)
    }

    /// The same where the first `free` bytes are not counted.
    pub(super) fn hold_beyond(&mut self, free: usize, arrived: usize, whole: usize, limits: &Limits) -> bool {
        // Most frames are not counted, and need not look at what all drivers write.
        if arrived <= free {
            drop(self.take());
            return true;
        }
        let whole = whole.max(arrived);
        let Some(frame) = &self.frame else {
            if !self.admission.reserve(whole, whole, limits) {
                return false;
            }
            let frame = Arc::new(Frame::new(whole, arrived));
            self.admission.frames().push(Arc::clone(&frame));
            self.frame = Some(frame);
            return true;
        };
        frame.has(arrived);
        let more = whole.saturating_sub(frame.bytes());
        if more == 0 || frame.is_evicted() {
            return !frame.is_evicted();
        }
        if !self.admission.reserve(more, whole, limits) {
            return false;
        }
        let frames = self.admission.frames();
        if frame.is_evicted() {
            self.admission.give_back(more);
            return false;
        }
        frame.bytes.fetch_add(more, Ordering::Relaxed);
        drop(frames);
        true
    }

    /// Takes the reservation of the frame that is whole now or was refused.
    pub(super) fn take(&mut self) -> Option<Held> {
        self.frame.take().map(|frame| self.held(frame))
    }

    /// As [`Partial::take`], for a frame that may be whole.
    #[inline]
    pub(super) fn take_if(&mut self, whole: bool) -> Option<Held> {
        if whole { self.take() } else { None }
    }

    fn held(&self, frame: Arc<Frame>) -> Held {
        let mut frames = self.admission.frames();
        frames.retain(|other| !Arc::ptr_eq(other, &frame));
        drop(frames);
        Held { admission: Arc::clone(&self.admission), bytes: frame.bytes() }
    }

    /// As [`Partial::evicted`], for whoever keeps it beside this; `None` while nothing is reserved.
    #[cfg(feature = "grpc")]
    pub(super) fn eviction(&self) -> Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>> {
        let frame = Arc::clone(self.frame.as_ref()?);
        Some(Box::pin(async move {
            while !frame.is_evicted() {
                frame.wake.notified().await;
            }
        }))
    }

    pub(super) fn is_held(&self) -> bool {
        self.frame.is_some()
    }

    /// Ends when the room was given to another frame.
    pub(super) async fn evicted(&self) {
        match &self.frame {
            Some(frame) => {
                while !frame.is_evicted() {
                    frame.wake.notified().await;
                }
            }
            None => std::future::pending().await,
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// Reserved bytes of a frame that is whole; given back when they are dropped.
pub(super) struct Held {
    admission: Arc<Admission>,
    bytes: usize,
}

impl Held {
    /// The reservation as bytes of a request in work.
    pub(super) fn into_bytes(mut self) -> usize {
        let bytes = std::mem::take(&mut self.bytes);
        self.admission.reserved.fetch_sub(bytes, Ordering::SeqCst);
        bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.admission.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Entry;
    use crate::share::Share;
    use kiteline_core::error::Code;

    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;

    fn limits() -> Limits {
        Limits { in_flight: 9, in_flight_bytes: 64 * MIB, ..Limits::default() }
    }

    /// Four frames of a quarter each, read in turns: each has room up to its end, and becomes a request in work.
    #[test]
    fn frames_that_fit_together_all_go_on() {
        let (admission, limits) = (Arc::new(Admission::default()), limits());
        let mut frames: Vec<_> = (0..4).map(|_| Partial::new(&admission)).collect();
        for arrived in (MIB..16 * MIB).step_by(MIB) {
            assert!(frames.iter_mut().all(|frame| frame.hold(arrived, 16 * MIB, &limits)), "{arrived}");
        }
        assert_eq!(admission.bytes(), 64 * MIB);
        // The fifth is refused at once, and changes nothing.
        assert!(!Partial::new(&admission).hold(FREE + 1, 16 * MIB, &limits));
        let enter = |frame: &mut Partial| {
            admission.enter(16 * MIB, Entry { share: &Share::default(), held: frame.take(), read: None }, &limits)
        };
        let running: Vec<_> = frames.iter_mut().map(|frame| enter(frame).ok().unwrap()).collect();
        assert_eq!((admission.bytes(), admission.reserved.load(Ordering::SeqCst)), (64 * MIB, 0));
        drop((running, frames));
        assert_eq!(admission.bytes(), 0);
    }

    #[test]
    fn small_requests_go_on_whatever_large_frames_do() {
        let (admission, limits) = (Arc::new(Admission::default()), limits());
        let mut large: Vec<_> = (0..4).map(|_| Partial::new(&admission)).collect();
        assert!(large.iter_mut().all(|frame| frame.hold(FREE + 1, 16 * MIB, &limits)));
        let mut small = Partial::new(&admission);
        assert!(small.hold(FREE + 1, 100 * KIB, &limits));
        let enter = |bytes, held| admission.enter(bytes, Entry { share: &Share::default(), held, read: None }, &limits);
        let whole = enter(100 * KIB, small.take()).ok().unwrap();
        let other = enter(KIB, None).ok().unwrap();
        // Requests that are not small are refused, and so are small ones beyond an eighth.
        assert_eq!(enter(2 * MIB, None).err().unwrap().code(), Code::ResourceExhausted);
        let mut more: Vec<_> = std::iter::from_fn(|| enter(MIB, None).ok()).take(9).collect();
        assert_eq!(more.len(), 7);
        more.clear();
        drop((large, whole, other, more));
        assert_eq!((admission.bytes(), admission.reserved.load(Ordering::SeqCst)), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_that_lags_gives_its_room_to_one_that_comes() {
        let (admission, limits) = (Arc::new(Admission::default()), limits());
        let mut frames: Vec<_> = (0..4).map(|_| Partial::new(&admission)).collect();
        assert!(frames.iter_mut().all(|frame| frame.hold(8 * MIB, 16 * MIB, &limits)));
        tokio::time::sleep(SILENT / 2).await;
        let mut fifth = Partial::new(&admission);
        assert!(!fifth.hold(MIB, 16 * MIB, &limits));
        // Three go on.
        assert!(frames.iter_mut().take(3).all(|frame| frame.hold(9 * MIB, 16 * MIB, &limits)));
        tokio::time::sleep(SILENT / 2).await;
        assert!(fifth.hold(MIB, 16 * MIB, &limits));
        frames[3].evicted().await;
        assert!(!frames[3].hold(9 * MIB, 16 * MIB, &limits));
        assert!(frames.iter_mut().take(3).all(|frame| frame.hold(10 * MIB, 16 * MIB, &limits)));
        assert_eq!(admission.bytes(), 64 * MIB);
        drop((frames, fifth));
        assert_eq!((admission.bytes(), admission.reserved.load(Ordering::SeqCst), admission.frames().len()), (0, 0, 0));
    }

    /// A byte now and then is not progress: who would not be done in time may lose its room.
    #[tokio::test(start_paused = true)]
    async fn a_frame_that_drips_lags() {
        let (admission, limits) = (Arc::new(Admission::default()), limits());
        let mut frames: Vec<_> = (0..4).map(|_| Partial::new(&admission)).collect();
        for arrived in 0..20 {
            assert!(frames.iter_mut().all(|frame| frame.hold(MIB + arrived, 16 * MIB, &limits)), "{arrived}");
            tokio::time::sleep(SILENT / 5).await;
        }
        assert!(Partial::new(&admission).hold(MIB, 16 * MIB, &limits));
        drop(frames);
        assert_eq!(admission.bytes(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_refused_for_a_frame_that_cannot_fit() {
        let (admission, limits) = (Arc::new(Admission::default()), limits());
        let mut one = Partial::new(&admission);
        assert!(one.hold(MIB, 16 * MIB, &limits));
        tokio::time::sleep(SILENT).await;
        assert!(!Partial::new(&admission).hold(MIB, 65 * MIB, &limits));
        assert!(one.hold(2 * MIB, 16 * MIB, &limits));
    }

    /// A bare message states no length: its room grows with it.
    #[test]
    fn room_may_grow() {
        let (admission, limits) = (Arc::new(Admission::default()), limits());
        let (mut one, mut two) = (Partial::new(&admission), Partial::new(&admission));
        for arrived in 1..=32 {
            assert!(one.hold(arrived * MIB, 0, &limits) && two.hold(arrived * MIB, 0, &limits));
        }
        assert!(!one.hold(33 * MIB, 0, &limits));
        drop(one);
        assert!(two.hold(33 * MIB, 0, &limits));
        assert!(two.hold(FREE, 0, &limits));
        assert_eq!((admission.bytes(), two.is_held()), (0, false));
    }
}
