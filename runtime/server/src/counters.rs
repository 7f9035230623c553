//! Counters of a server.

use kiteline_core::counters::Counted;

/// The events that are counted. New ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(usize)]
pub enum Counter {
    /// Connections accepted.
    Accepted,
    /// Connections closed at once because too many are open, at all or from one address.
    Refused,
    /// Failures of the listener itself, such as no free descriptors.
    AcceptErrors,
    /// Connections whose first bytes are of a protocol that is not served.
    UnknownProtocol,
    /// Connections closed by a frame over its limit, or one that never ended.
    BadFrame,
    /// Connections closed by a message header that cannot be read.
    BadHeader,
    /// Calls to methods that are not served.
    UnknownMethod,
    /// Calls whose arguments could not be decoded.
    BadArguments,
    /// Handlers that panicked.
    Panics,
    /// Calls refused because too many, or too many bytes of them, are in work or arriving.
    Shed,
    /// Calls given up at their deadline.
    Deadlines,
    /// Calls whose caller went away first.
    Abandoned,
    /// Connections closed because the first byte or a whole frame took too long.
    Stalled,
    /// Connections closed because the peer did not take an answer in time.
    WriteTimeouts,
    /// Connections closed because nothing came for long.
    Idle,
    /// Connections closed because no TLS came about: the peer trusts another authority, has no certificate or speaks
    /// another version.
    Handshakes,
}

const COUNTERS: usize = Counter::Handshakes as usize + 1;

/// Counts since the start, by [`Counter`].
pub type Counters = kiteline_core::counters::Counters<Counter, COUNTERS>;

impl Counted for Counter {
    fn index(self) -> usize {
        self as usize
    }
}
