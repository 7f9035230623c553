//! The open streams of one connection, and what they make of its phase.

use std::sync::{Arc, Mutex};

use crate::connections::{ConnectionGuard, Phase};
use crate::share::Share;
use kiteline_core::lock::lock;

/// How many streams are open. The count and the phase change together: of a stream that ends and one
/// that begins at once, the one that wrote last would else decide, whichever was counted last.
pub(super) struct Streams {
    guard: ConnectionGuard,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    streams: usize,
    /// Whether a head of HTTP/1 has begun and is not whole.
    head: bool,
}

impl Open {
    fn phase(&self) -> Phase {
        match (self.streams, self.head) {
            (0, false) => Phase::Streamless,
            (0, true) => Phase::Frame,
            _ => Phase::Work,
        }
    }
}

impl Streams {
    /// None yet.
    pub(super) fn new(guard: ConnectionGuard) -> Self {
        guard.enter(Phase::Streamless);
        Self { guard, open: Mutex::default() }
    }

    /// What the connection's calls have of all calls in work.
    pub(super) fn share(&self) -> &Arc<Share> {
        self.guard.share()
    }

    /// Ends the connection.
    pub(super) fn abort(&self) {
        self.guard.abort();
    }

    fn change(&self, change: impl FnOnce(&mut Open)) {
        let mut open = lock(&self.open);
        let before = open.phase();
        change(&mut open);
        let phase = open.phase();
        if phase != before {
            self.guard.enter(phase);
        }
    }

    /// One begins.
    pub(super) fn begin(&self) {
        self.change(|open| open.streams += 1);
    }

    /// One that began ends.
    pub(super) fn end(&self) {
        self.change(|open| open.streams -= 1);
    }

    /// A head of HTTP/1 has begun and is not whole, or it is.
    pub(super) fn awaits_head(&self, head: bool) {
        self.change(|open| open.head = head);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::connections::Connections;
    use kiteline_core::limits::Limits;

    #[test]
    fn the_last_stream_that_ends_makes_it_idle() {
        let connections = Arc::new(Connections::default());
        let guard = connections.admit(IpAddr::V4(Ipv4Addr::LOCALHOST), &Limits::default()).unwrap();
        let streams = Streams::new(guard);
        assert!(streams.guard.is_in(Phase::Streamless));
        streams.begin();
        streams.begin();
        streams.end();
        assert!(streams.guard.is_in(Phase::Work));
        streams.end();
        assert!(streams.guard.is_in(Phase::Streamless));
    }

    #[test]
    fn a_head_that_has_begun_is_waited_for_once_no_stream_is_open() {
        let connections = Arc::new(Connections::default());
        let guard = connections.admit(IpAddr::V4(Ipv4Addr::LOCALHOST), &Limits::default()).unwrap();
        let streams = Streams::new(guard);
        streams.begin();
        streams.awaits_head(true);
        assert!(streams.guard.is_in(Phase::Work));
        streams.end();
        assert!(streams.guard.is_in(Phase::Frame));
        streams.awaits_head(false);
        assert!(streams.guard.is_in(Phase::Streamless));
    }
}
