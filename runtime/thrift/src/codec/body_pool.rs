//! Pools of body buffers: per thread in classes of sizes, and one large buffer per process. glibc caches small blocks
//! per thread; threads that allocate and free larger ones wait for each other; and it maps large ones anew each time,
//! whose pages then cost more than what is written to them.

use std::cell::RefCell;
use std::mem;
use std::sync::Mutex;

use bytes::Bytes;

use kiteline_core::lock::lock;
use kiteline_core::malloc;

/// Bodies up to this size are left to the allocator: glibc keeps blocks up to 1,032 bytes for each thread
/// (`tcache` of its `malloc.c`).
const SMALL: usize = 1 << 10;
/// Bodies over this size are left to it too, up to those that are mapped alone.
const LARGE: usize = 64 << 10;
/// The longest body whose memory is kept for the next one that is mapped alone: so much stays for good.
const LONGEST: usize = 16 << 20;
/// Bytes kept per thread and size class.
const KEPT: usize = 128 << 10;
/// The sizes: powers of two over [`SMALL`], up to [`LARGE`].
const SIZES: usize = (LARGE / SMALL).ilog2() as usize;

thread_local! {
    static BODIES: RefCell<[Vec<Vec<u8>>; SIZES]> = const { RefCell::new([const { Vec::new() }; SIZES]) };
}

/// The memory of a large body that is gone.
static ALONE: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// An empty body with room for `size` bytes.
pub(super) fn begin(size: usize) -> Vec<u8> {
    if is_alone(size) {
        let kept = lock(&ALONE).take_if(|kept| kept.capacity() >= size);
        return kept.unwrap_or_else(|| Vec::with_capacity(malloc::room(size)));
    }
    if !is_kept(size) {
        return Vec::with_capacity(malloc::room(size));
    }
    let size = size.next_power_of_two();
    // A thread that is ending has no pool.
    let kept = BODIES.try_with(|bodies| bodies.borrow_mut().get_mut(place(size)).and_then(Vec::pop));
    kept.ok().flatten().unwrap_or_else(|| Vec::with_capacity(size))
}

/// A body that is complete, in the memory that [`begin`] gave it.
pub(super) fn finish(body: Vec<u8>) -> Bytes {
    if is_kept(body.len()) || is_alone(body.len()) { Bytes::from_owner(Body(body)) } else { Bytes::from(body) }
}

/// Whether such a body is mapped alone, and its memory may be kept.
fn is_alone(size: usize) -> bool {
    (malloc::LARGE..=LONGEST).contains(&size)
}

fn is_kept(size: usize) -> bool {
    size > SMALL && size <= LARGE
}

/// The place of a power of two; one behind all places for any other size.
fn place(size: usize) -> usize {
    (size / SMALL).checked_ilog2().and_then(|log| log.checked_sub(1)).map_or(usize::MAX, |place| place as usize)
}

/// Memory that comes back when the last who has the body drops it.
struct Body(Vec<u8>);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let mut body = mem::take(&mut self.0);
        let alone = is_alone(body.len());
        body.clear();
        if alone {
            // The former one, if any, is freed behind the lock.
            let former = lock(&ALONE).replace(body);
            drop(former);
            return;
        }
        // A thread that ends keeps nothing.
        let _ = BODIES.try_with(|bodies| {
            let (mut bodies, size) = (bodies.borrow_mut(), body.capacity());
            let kept = bodies.get_mut(place(size)).filter(|kept| kept.len() < KEPT / size.max(1));
            kept.map(|kept| kept.push(body))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(size: usize) -> Bytes {
        let mut body = begin(size);
        body.resize(size, 7);
        finish(body)
    }

    fn kept() -> usize {
        BODIES.with_borrow(|bodies| bodies.iter().flatten().map(Vec::capacity).sum())
    }

    #[test]
    fn memory_is_used_again_by_bodies_of_its_size() {
        for (size, capacity) in [(1_025, 2_048), (2_048, 2_048), (2_049, 4_096), (65_535, 65_536), (65_536, 65_536)] {
            let first = body(size);
            let (at, second) = (first.as_ptr(), first.clone());
            drop(first);
            assert_eq!(kept(), 0, "somebody has it");
            drop(second);
            assert_eq!(kept(), capacity, "{size}");
            let again = body(size);
            assert_eq!((again.as_ptr(), kept()), (at, 0), "{size}");
            assert_eq!(again, vec![7; size]);
            BODIES.take();
            drop(again);
            BODIES.take();
        }
    }

    #[test]
    fn small_and_large_bodies_are_the_allocators() {
        for size in [0, 1, 1_024, 65_537, 200_000] {
            assert_eq!(body(size).len(), size);
            assert_eq!(kept(), 0, "{size}");
        }
    }

    #[test]
    fn one_large_body_s_memory_is_used_again() {
        let used_again = || {
            let [first, second] = [body(1 << 20), body(2 << 20)];
            assert_ne!(first.as_ptr(), second.as_ptr());
            let address = second.as_ptr();
            drop((first, second));
            let again = body(300 << 10);
            assert_eq!(again, vec![7; 300 << 10]);
            again.as_ptr() == address
        };
        // Another test may have taken it.
        assert!((0..100).any(|_| used_again()));
        assert_eq!(body(LONGEST + 1).len(), LONGEST + 1);
    }

    #[test]
    fn a_thread_that_ends_encodes_without_what_it_kept() {
        struct Farewell;
        impl Drop for Farewell {
            fn drop(&mut self) {
                assert_eq!(body(10_000), vec![7; 10_000]);
            }
        }
        thread_local!(static FAREWELL: Farewell = const { Farewell });
        let ends = || {
            FAREWELL.with(|_| ());
            drop(body(10_000));
        };
        std::thread::spawn(ends).join().unwrap();
    }

    #[test]
    fn a_thread_keeps_so_much_of_a_size() {
        let bodies: Vec<_> = (0..200).map(|_| body(10_000)).collect();
        drop(bodies);
        assert_eq!(kept(), KEPT);
    }
}
