//! SIGTERM and Ctrl-C.

use tokio::signal::unix::{Signal, SignalKind, signal};

use kiteline_core::error::Error;

/// Both signals that ask a server to stop.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from their default, which ends the process.
    ///
    /// # Errors
    ///
    /// [`kiteline_core::Code::Internal`] when the process cannot install a handler.
    pub fn listen() -> Result<Self, Error> {
        let open = |kind| signal(kind).map_err(|error| Error::internal(format!("cannot take signals: {error}")));
        let terminate = open(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: open(SignalKind::interrupt())? })
    }

    /// Ends at the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A future that ends at SIGTERM or Ctrl-C, for programs that serve something else than
/// `runtime::Server` does, such as HTTP. From this call on the signals no longer end the process.
/// `runtime::Server::run` heeds them by itself.
///
/// ```no_run
/// # async fn serve(_stop: impl Future<Output = ()>) {}
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> runtime::Result<()> {
/// let stop = runtime::shutdown_signal()?;
/// serve(stop).await; // such as `axum::serve(…).with_graceful_shutdown(stop)`
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`kiteline_core::Code::Internal`] when the process cannot install a handler.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn shutdown_signal() -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let mut signals = Signals::listen()?;
    Ok(async move { signals.next().await })
}
