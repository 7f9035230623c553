//! The open streams of one connection, and what they make of its phase.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::connections::{ConnectionGuard, Phase};
use crate::share::Share;
use kiteline_core::lock::lock;

/// How many streams are open. The count and the phase change together: of a stream that ends and one
/// that begins at once, the one that wrote last would else decide, whichever was counted last.
pub(super) struct Streams {
    guard: ConnectionGuard,
    open: Mutex<usize>,
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

    fn open(&self) -> MutexGuard<'_, usize> {
        lock(&self.open)
    }

    /// One begins.
    pub(super) fn begin(&self) {
        let mut open = self.open();
        *open += 1;
        if *open == 1 {
            self.guard.enter(Phase::Work);
        }
    }

    /// One that began ends.
    pub(super) fn end(&self) {
        let mut open = self.open();
        *open -= 1;
        if *open == 0 {
            self.guard.enter(Phase::Streamless);
        }
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
}
