//! SIGTERM and Ctrl-C.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Error;

/// Both signals that ask a server to stop.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from their default, which ends the process.
    ///
    /// # Errors
    ///
    /// [`crate::Code::Internal`] when the process cannot install a handler.
    pub(super) fn listen() -> Result<Self, Error> {
        let open = |kind| signal(kind).map_err(|error| Error::internal(format!("cannot take signals: {error}")));
        let terminate = open(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: open(SignalKind::interrupt())? })
    }

    /// Ends at the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
