//! Counters of a channel.

use kiteline_core::counters::Counted;

/// The events that are counted. New ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(usize)]
pub enum Counter {
    /// Thrift answers that nobody waits for: late, repeated, or never asked for. They are dropped,
    /// never given to another call.
    UnknownReplies,
    /// Thrift connections closed because what came is no answer to the call: a frame, a TTHeader or
    /// a message header that cannot be read, another number or another method.
    BrokenReplies,
    /// Connects that failed or took too long.
    ConnectFailures,
    /// Shared Thrift connections closed because the peer took nothing for 10 s.
    WriteTimeouts,
    /// Calls refused here because too many bytes, or calls, wait for a shared connection.
    Shed,
    /// Calls given up at their deadline.
    Deadlines,
    /// Calls given up because their own caller went away.
    Abandoned,
    /// Calls sent once more: to an instance that may have got them before.
    Retries,
}

const COUNTERS: usize = Counter::Retries as usize + 1;

/// Counts since the channel was made, by [`Counter`].
pub type Counters = kiteline_core::counters::Counters<Counter, COUNTERS>;

impl Counted for Counter {
    fn index(self) -> usize {
        self as usize
    }
}
