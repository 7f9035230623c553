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

impl Counter {
    /// Every one, in order.
    pub const ALL: [Self; COUNTERS] = [
        Self::Accepted,
        Self::Refused,
        Self::AcceptErrors,
        Self::UnknownProtocol,
        Self::BadFrame,
        Self::BadHeader,
        Self::UnknownMethod,
        Self::BadArguments,
        Self::Panics,
        Self::Shed,
        Self::Deadlines,
        Self::Abandoned,
        Self::Stalled,
        Self::WriteTimeouts,
        Self::Idle,
        Self::Handshakes,
    ];

    /// The name that metrics show it by, such as `bad_frame`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::AcceptErrors => "accept_errors",
            Self::UnknownProtocol => "unknown_protocol",
            Self::BadFrame => "bad_frame",
            Self::BadHeader => "bad_header",
            Self::UnknownMethod => "unknown_method",
            Self::BadArguments => "bad_arguments",
            Self::Panics => "panics",
            Self::Shed => "shed",
            Self::Deadlines => "deadlines",
            Self::Abandoned => "abandoned",
            Self::Stalled => "stalled",
            Self::WriteTimeouts => "write_timeouts",
            Self::Idle => "idle",
            Self::Handshakes => "handshakes",
        }
    }
}

impl Counted for Counter {
    fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_is_listed_in_its_place_under_a_name_of_its_own() {
        let mut names: Vec<_> = Counter::ALL.iter().map(|counter| counter.name()).collect();
        assert!(Counter::ALL.iter().enumerate().all(|(place, counter)| counter.index() == place));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COUNTERS);
    }
}
