//! The hook for registries: the server says when to register, the hook what is written where.

use std::net::SocketAddr;
use std::time::Duration;

use kiteline_core::error::Error;
use kiteline_core::service::{BoxFuture, ServiceInfo};

/// The future of a registry's work.
pub type Registering<T> = BoxFuture<T>;

/// Tells at any time whether a server is to be sent calls, as far as its registry goes.
pub type Standing = Box<dyn Fn() -> bool + Send + Sync>;

/// Makes a server known. Called once, when it listens and answers.
pub trait Registrar: Send + Sync + 'static {
    /// Is told before [`Registrar::register`] where the server listens for HTTP alone, if it does. Does nothing unless told
    /// otherwise.
    fn http(&self, _address: SocketAddr) {}

    /// Registers the services at the address that the server listens on; the port is final.
    fn register(
        &self,
        address: SocketAddr,
        services: &[&'static ServiceInfo],
    ) -> Registering<Result<Box<dyn Registration>, Error>>;
}

/// A server that is known.
pub trait Registration: Send + Sync + 'static {
    /// Sets the share of calls that it is to get from now on; see
    /// [`Running::set_weight`](super::Running::set_weight). Does nothing unless told otherwise.
    fn set_weight(&self, _weight: u32) {}

    /// Takes the entries away until [`Registration::resume`]. Does nothing unless told otherwise.
    fn pause(&self) {}

    /// Ends a pause. Does nothing unless told otherwise.
    fn resume(&self) {}

    /// What `/readyz` says while the server serves: `false` until others can find it. Always `true` unless told otherwise.
    fn standing(&self) -> Standing {
        Box::new(|| true)
    }

    /// Called once, while the server still answers. Takes the entries away; gives the time until clients have noticed, for which the server
    /// goes on answering. Failures are the registry's to log.
    fn deregister(self: Box<Self>) -> Registering<Duration>;
}
