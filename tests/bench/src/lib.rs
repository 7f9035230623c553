//! Common parts of the benchmarks: our generated code, callers, and the way to time them.

/// Ours.
pub mod ours {
    runtime::include_generated!();
}

pub mod by_hand;
pub mod floor;
pub mod load;
pub mod measure;
