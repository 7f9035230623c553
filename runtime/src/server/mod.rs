//! Serving: accept loop, protocol drivers, drain and signals.
//!
//! Owns sockets and the life of a server. It speaks no protocol itself (`thrift`, `grpc` do) and
//! knows no registry: it only says when to register ([`Registrar`]).

mod accept;
mod connections;
mod counters;
#[cfg(feature = "grpc")]
mod grpc;
mod http1;
#[cfg(feature = "grpc")]
mod prefixed;
mod registration;
mod running;
mod shared;
mod signals;
mod sniff;
#[cfg(feature = "thrift")]
mod thrift;
mod work;

use std::fmt;
use std::sync::Arc;

use tokio::net::TcpListener;
use tower::{Layer, Service as Tower};

use crate::error::{Code, Error};
use crate::limits::Limits;
use crate::router::Router;
use crate::service::{Answer, Call, Service};

pub use counters::{Counter, Counters};
pub use registration::{Registering, Registrar, Registration};
pub use running::Running;
use shared::{Shared, Stacked};

/// What a server needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on, `host:port`. Default `127.0.0.1:8888`; port 0 asks the kernel.
    pub listen: String,
    /// Every limit.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8888".to_owned(), limits: Limits::default() }
    }
}

type Wrap = Box<dyn FnOnce(Stacked) -> Stacked + Send>;

/// A server that is being put together.
///
/// ```no_run
/// # async fn run(add: impl runtime::Service) -> runtime::Result<()> {
/// runtime::Server::new(runtime::server::Options::default()).add(add).run().await
/// # }
/// ```
#[must_use = "a server does nothing until it is run"]
pub struct Server {
    options: Options,
    services: Vec<Arc<dyn Service>>,
    layers: Vec<Wrap>,
    registrar: Option<Box<dyn Registrar>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Server {
    /// A server without services.
    pub fn new(options: Options) -> Self {
        Self { options, services: Vec::new(), layers: Vec::new(), registrar: None }
    }

    /// Mounts a service.
    #[expect(clippy::should_implement_trait, reason = "nobody adds servers up")]
    pub fn add(self, service: impl Service) -> Self {
        self.add_arc(Arc::new(service))
    }

    /// Mounts a service that something else holds too.
    pub fn add_arc(mut self, service: Arc<dyn Service>) -> Self {
        self.services.push(service);
        self
    }

    /// Wraps every call of every service. The layer that is added first sees a call first.
    /// Without layers nothing stands between a driver and the service.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Stacked> + Send + 'static,
        L::Service: Tower<Call, Response = Answer, Error = Error> + Clone + Send + Sync + 'static,
        <L::Service as Tower<Call>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |inner| Stacked::new(layer.layer(inner))));
        self
    }

    /// Sets what makes the server known.
    pub fn registrar(mut self, registrar: impl Registrar) -> Self {
        self.registrar = Some(Box::new(registrar));
        self
    }

    /// Listens, accepts and registers.
    ///
    /// # Errors
    ///
    /// [`Code::FailedPrecondition`] when the services cannot share a server, or without any;
    /// [`Code::Unavailable`] when the address cannot be listened on; what the registrar gives.
    pub async fn start(self) -> Result<Running, Error> {
        let router = Router::new(self.services)?;
        let layers = stack(&router, self.layers);
        let listener = TcpListener::bind(&self.options.listen)
            .await
            .map_err(|error| not_bound(&self.options.listen, &error))?;
        let shared = Shared {
            router,
            layers,
            limits: self.options.limits,
            load: Arc::default(),
            connections: Arc::default(),
        };
        Running::start(listener, Arc::new(shared), self.registrar).await
    }

    /// Starts, says so, serves until SIGTERM or Ctrl-C, then drains. A second signal ends the
    /// server at once.
    ///
    /// # Errors
    ///
    /// As [`Server::start`], and [`Code::Cancelled`] after a second signal.
    pub async fn run(self) -> Result<(), Error> {
        let mut signals = signals::Signals::listen()?;
        let running = self.start().await?;
        println!("{} on {}", running.services(), running.addr());
        signals.next().await;
        println!("stopping: no new calls, up to {:?} for those in work", running.drain_limit());
        tokio::select! {
            outcome = running.stop() => outcome,
            () = signals.next() => Err(Error::new(Code::Cancelled, "ended by a second signal")),
        }
    }
}

/// Puts the layers around the router, the last one innermost.
fn stack(router: &Router, layers: Vec<Wrap>) -> Option<Stacked> {
    if layers.is_empty() {
        return None;
    }
    let inner = Stacked::new(router.clone());
    Some(layers.into_iter().rev().fold(inner, |inner, wrap| wrap(inner)))
}

fn not_bound(listen: &str, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => "; KITELINE_LISTEN sets another address",
        _ => "",
    };
    Error::unavailable(format!("cannot listen on {listen}: {error}{hint}"))
}
