//! Per-thread pool of connection buffers: idle connections own none, busy ones allocate none.

use std::cell::RefCell;

use bytes::BytesMut;

/// Capacity of a new buffer.
pub const ROOM: usize = 64 << 10;
/// Buffers that grew beyond this are not kept.
const LARGEST: usize = 2 * ROOM;
/// Buffers kept per thread.
const KEPT: usize = 32;

thread_local! {
    static POOL: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with a capacity of [`ROOM`] or more.
pub fn take() -> BytesMut {
    let pooled = POOL.with_borrow_mut(Vec::pop);
    pooled.unwrap_or_else(|| BytesMut::with_capacity(ROOM))
}

/// Takes a buffer back for the next use.
pub fn give(mut buffer: BytesMut) {
    buffer.clear();
    // Shared parts may still be in a handler's hands; only memory of its own is kept.
    if buffer.capacity() < ROOM && !buffer.try_reclaim(ROOM) || buffer.capacity() > LARGEST {
        return;
    }
    POOL.with_borrow_mut(|pool| {
        if pool.len() < KEPT {
            pool.push(buffer);
        }
    });
}
