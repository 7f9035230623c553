//! Buffers between two uses, a few a thread: idle connections own none, busy ones allocate none.

use std::cell::RefCell;

use bytes::BytesMut;

/// What a buffer holds when it is made.
pub const ROOM: usize = 64 << 10;
/// Buffers that grew beyond this are not kept.
const LARGEST: usize = 2 * ROOM;
/// Buffers kept a thread.
const KEPT: usize = 32;

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with room.
pub fn take() -> BytesMut {
    let spare = SPARE.with_borrow_mut(Vec::pop);
    spare.unwrap_or_else(|| BytesMut::with_capacity(ROOM))
}

/// Takes a buffer back for the next use.
pub fn give(mut buffer: BytesMut) {
    buffer.clear();
    // Shared parts may still be in a handler's hands; only memory of its own is kept.
    if buffer.capacity() < ROOM && !buffer.try_reclaim(ROOM) || buffer.capacity() > LARGEST {
        return;
    }
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(buffer);
        }
    });
}
