//! Cache-line padding against false sharing.

use std::ops::Deref;

/// A value alone on its cache line (64 bytes on x86-64 and most of ARM): what one thread writes all the time does not
/// slow down another that writes its neighbour.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct CachePadded<T>(pub T);

impl<T> Deref for CachePadded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
