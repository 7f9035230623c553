//! Exit codes: 0 is done.

/// Findings, a conflict, or something stale.
pub(super) const FINDINGS: u8 = 1;
/// A command line that cannot be read, or names what is not there.
pub(super) const USAGE: u8 = 2;
/// Reading, writing, or the network.
pub(super) const IO: u8 = 3;
