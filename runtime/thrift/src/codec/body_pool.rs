//! Per-thread, size-classed pool of body buffers. glibc caches small blocks per thread; threads that allocate and free
//! larger ones wait for each other.

use std::cell::RefCell;
use std::mem;

use bytes::Bytes;

use kiteline_core::malloc;

/// Bodies up to this size are left to the allocator: glibc keeps blocks up to 1,032 bytes for each thread
/// (`tcache` of its `malloc.c`).
const SMALL: usize = 1 << 10;
/// Bodies over this size are left to it too.
const LARGE: usize = 64 << 10;
/// Bytes kept per thread and size class.
const KEPT: usize = 128 << 10;
/// The sizes: powers of two over [`SMALL`], up to [`LARGE`].
const SIZES: usize = (LARGE / SMALL).ilog2() as usize;

thread_local! {
    static BODIES: RefCell<[Vec<Vec<u8>>; SIZES]> = const { RefCell::new([const { Vec::new() }; SIZES]) };
}

/// An empty body with room for `size` bytes.
pub(super) fn begin(size: usize) -> Vec<u8> {
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
    if is_kept(body.len()) { Bytes::from_owner(Body(body)) } else { Bytes::from(body) }
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
        body.clear();
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
        for size in [0, 1, 1_024, 65_537, 1 << 20] {
            assert_eq!(body(size).len(), size);
            assert_eq!(kept(), 0, "{size}");
        }
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
