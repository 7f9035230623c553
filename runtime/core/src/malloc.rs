//! Keeps glibc from returning freed heap to the kernel, up to a bound, and lets it return the rest.
//!
//! glibc gives the end of its heap back to the kernel once more than 128 KiB are free there, and takes it again page by
//! page: a process that decodes one long list after the other does so for each. It also raises that bound by itself, to
//! twice the largest block that it mapped alone and got back, up to blocks of 32 MiB on 64-bit machines
//! (`M_MMAP_THRESHOLD` in mallopt(3), `__libc_free` in its `malloc.c`). One such block at the start is all that it takes.

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::sync::Once;

use crate::memory_limit;

/// Half of what is kept at most. glibc would take up to twice as much; what it keeps, it keeps for each thread that
/// decodes.
const LARGEST: usize = 16 << 20;
/// At most one in this many parts of the memory that the process may take, for each of glibc's heaps.
const PART: usize = 32;

/// Buffers from this size on are mapped alone.
pub const LARGE: usize = 256 << 10;
/// More than glibc's largest block that may come from a heap.
const ALONE: usize = (32 << 20) + (64 << 10);

/// The room of a buffer for `size` bytes: more than that where it is to be mapped alone.
pub fn room(size: usize) -> usize {
    match size {
        LARGE..ALONE if cfg!(target_env = "gnu") && memory_limit::is_lent_freely() => ALONE,
        _ => size,
    }
}

/// glibc looks for what can go back to the kernel when so much is free in one piece (`FASTBIN_CONSOLIDATION_THRESHOLD`
/// in its `malloc.c`); blocks that were free before are joined then.
const JOINING: usize = 128 << 10;
/// Blocks of one size that glibc keeps for a thread, and the sizes of them (`TCACHE_FILL_COUNT`, `MAX_TCACHE_SIZE`).
const CACHED: usize = 7;
const SIZES: RangeInclusive<usize> = 24..=1032;

/// Taken before the many small values of a large message, by the thread that makes them, and dropped behind them by
/// whichever thread has them then: what they took goes back to the kernel, unless others use the heap too. Nothing
/// is written to it.
#[derive(Debug)]
pub struct Anchor {
    _block: Vec<u8>,
    moved: bool,
}

impl Anchor {
    /// Takes the block.
    pub fn take() -> Self {
        Self { _block: black_box(Vec::with_capacity(JOINING)), moved: true }
    }

    /// Drops it where the values were dropped that the same thread made.
    pub fn drop_here(mut self) {
        self.moved = false;
    }
}

impl Drop for Anchor {
    fn drop(&mut self) {
        if self.moved {
            // The thread's cached blocks are of the values' heap now: others take their places.
            let (cached, others) = (cached(), cached());
            drop(others);
            drop(cached);
        }
    }
}

/// As many blocks of each size as are cached, and those first.
fn cached() -> Vec<[Vec<u8>; CACHED]> {
    let sizes = if cfg!(target_env = "gnu") { SIZES } else { RangeInclusive::new(1, 0) };
    sizes.step_by(16).map(|size| black_box(std::array::from_fn(|_| Vec::with_capacity(size)))).collect()
}

/// Lets the allocator keep what is free for the next use: up to 32 MiB of each heap, less where little memory is there.
/// Other allocators map the block and forget it; nothing is written to it.
pub fn retain() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut taken = Vec::<u8>::new();
        // Where there is no room for it nothing is raised, and nothing lost.
        let _ = taken.try_reserve_exact(block(memory_limit::available()));
        drop(black_box(taken));
    });
}

/// The block for a process that may take so much memory: half of what is kept.
fn block(available: usize) -> usize {
    (available / PART / 2).min(LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_are_over_the_largest_block() {
        for size in [0, LARGE - 1, ALONE, 64 << 20] {
            assert_eq!(room(size), size);
        }
        let alone = cfg!(target_env = "gnu") && memory_limit::is_lent_freely();
        for size in [LARGE, 15_000_000, ALONE - 1] {
            assert_eq!(room(size), if alone { ALONE } else { size });
        }
    }

    #[test]
    fn what_is_kept_is_a_part_of_the_memory() {
        assert_eq!(block(24 << 30), LARGEST);
        assert_eq!(block(512 << 20), 8 << 20);
        assert_eq!(block(0), 0);
    }
}
