//! What the platform's allocator does with memory that is free again.
//!
//! glibc gives the end of its heap back to the kernel once more than 128 KiB are free there, and takes it again page by
//! page: a process that decodes one long list after the other does so for each. It also raises that bound by itself, to
//! twice the largest block that it mapped alone and got back, up to blocks of 32 MiB on 64-bit machines
//! (`M_MMAP_THRESHOLD` in mallopt(3), `__libc_free` in its `malloc.c`). One such block at the start is all that it takes.

use std::hint::black_box;
use std::sync::Once;

use crate::memory;

/// Less than glibc's largest block, whose size counts what stands in front of it, in whole pages.
const LARGEST: usize = (32 << 20) - (64 << 10);
/// At most one in this many parts of the memory that the process may take, for each of glibc's heaps.
const PART: usize = 32;

/// Buffers from this size on are mapped alone.
#[cfg(feature = "thrift")]
pub(crate) const LARGE: usize = 256 << 10;
/// More than glibc's largest block that may come from a heap.
#[cfg(feature = "thrift")]
const ALONE: usize = (32 << 20) + (64 << 10);

/// The room of a buffer for `size` bytes: more than that where it is to be mapped alone.
#[cfg(feature = "thrift")]
pub(crate) fn room(size: usize) -> usize {
    match size {
        LARGE..ALONE if cfg!(target_env = "gnu") && memory::is_lent_freely() => ALONE,
        _ => size,
    }
}

/// Lets the allocator keep what is free for the next use: up to 64 MiB of each heap, less where little memory is there.
/// Other allocators map the block and forget it; nothing is written to it.
pub(crate) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut taken = Vec::<u8>::new();
        // Where there is no room for it nothing is raised, and nothing lost.
        let _ = taken.try_reserve_exact(block(memory::available()));
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

    #[cfg(feature = "thrift")]
    #[test]
    fn large_buffers_are_over_the_largest_block() {
        for size in [0, LARGE - 1, ALONE, 64 << 20] {
            assert_eq!(room(size), size);
        }
        let alone = cfg!(target_env = "gnu") && memory::is_lent_freely();
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
