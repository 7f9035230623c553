//! Where a registry hooks in. The server says when; what is written where is not its business.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use crate::error::Error;
use crate::service::ServiceInfo;

/// The future of a registry's work.
pub type Registering<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Makes a server known. Called once, when it listens and answers.
pub trait Registrar: Send + Sync + 'static {
    /// Registers the services at the address that the server listens on; the port is final.
    fn register(
        &self,
        address: SocketAddr,
        services: &[&'static ServiceInfo],
    ) -> Registering<Result<Box<dyn Registration>, Error>>;
}

/// A server that is known. Called once, while it still answers.
pub trait Registration: Send + Sync + 'static {
    /// Takes the entries away; gives the time until clients have noticed, for which the server
    /// goes on answering. Failures are the registry's to log.
    fn deregister(self: Box<Self>) -> Registering<Duration>;
}
