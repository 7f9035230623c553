//! Serving: accept loop, protocol drivers, drain and signals.
//!
//! Owns sockets and the life of a server. It speaks no protocol itself (`thrift`, `grpc` do) and
//! knows no registry: it only says when to register ([`Registrar`]).

mod accept;
mod connections;
mod counters;
#[cfg(target_os = "linux")]
mod descriptors;
mod driver;
mod failures;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "grpc")]
mod health;
mod http1;
mod load;
mod partial;
mod prefixed;
mod registration;
mod running;
mod share;
mod shared;
mod signals;
mod stage;
#[cfg(test)]
mod tests_connections;
mod thrift;
mod work;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;
use tower::{Layer, Service as Tower};

use crate::announce::Announcer;
use crate::config::Config;
use crate::console::{init_logging, say};
use crate::error::{Code, Error};
use crate::heap;
use crate::layered::Layered;
use crate::registry::Registry;
use crate::router::Router;
#[cfg(feature = "grpc")]
use crate::service::Idl;
use crate::service::{Answer, Call, Service, ServiceInfo};

pub use connections::Phase;
pub use counters::{Counter, Counters};
pub use driver::{Calls, Claim, Connection, Driver, Serving};
pub use registration::{Registering, Registrar, Registration};
pub use running::Running;
use shared::Shared;
pub use signals::shutdown_signal;
use stage::Stage;

type Wrap = Box<dyn FnOnce(Layered) -> Layered + Send>;

/// A server that is being put together.
///
/// ```no_run
/// # async fn run(add: impl runtime::Service) -> runtime::Result<()> {
/// runtime::Server::new(runtime::Config::local()).add(add).run().await
/// # }
/// ```
#[must_use = "a server does nothing until it is run"]
pub struct Server {
    config: Config,
    registry: Option<Registry>,
    services: Vec<Arc<dyn Service>>,
    layers: Vec<Wrap>,
    drivers: Vec<Box<dyn Driver>>,
    registrar: Option<Box<dyn Registrar>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Server {
    /// A server without services.
    pub fn new(config: Config) -> Self {
        Self { config, registry: None, services: Vec::new(), layers: Vec::new(), drivers: Vec::new(), registrar: None }
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
    /// Without layers nothing stands between a driver and the service. What a layer fails with
    /// becomes an [`Error`]: see `From<BoxError>` there for tower's own layers.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Layered> + Send + 'static,
        L::Service: Tower<Call, Response = Answer, Error: Into<Error>> + Clone + Send + Sync + 'static,
        <L::Service as Tower<Call>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |inner| Layered::new(layer.layer(inner))));
        self
    }

    /// Adds a protocol. It is asked for each connection before those that are built in.
    pub fn driver(mut self, driver: impl Driver) -> Self {
        self.drivers.push(Box::new(driver));
        self
    }

    /// Registers in this registry rather than in the one that the configuration names.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Sets what makes the server known, in place of a registry.
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
        self.begin(false).await
    }

    /// The same; `aloud` where a person is to be told what goes on.
    async fn begin(self, aloud: bool) -> Result<Running, Error> {
        let registry = match self.registry {
            Some(registry) => registry,
            None => Registry::open(&self.config.registry.url)?,
        };
        heap::keep();
        let stage = watch::Sender::new(Stage::default());
        let router = Router::with_own(self.services, |services| health(services, &stage))?;
        let layers = stack(&router, self.layers);
        let listen = &self.config.server.listen;
        let listener = accept::listen(listen).await.map_err(|error| not_bound(listen, &error))?;
        #[cfg(target_os = "linux")]
        descriptors::make_room(&listener, self.config.limits.connections);
        let shared = Shared {
            router,
            layers,
            limits: self.config.limits.clone(),
            load: Arc::default(),
            connections: Arc::default(),
            stage,
        };
        let mut drivers = self.drivers;
        drivers.extend(built_in(&shared.router));
        let config = &self.config;
        let registrar = self.registrar.unwrap_or_else(|| Box::new(Announcer::new(registry, config, aloud)));
        Running::start(listener, drivers, Arc::new(shared), Some(registrar)).await
    }

    /// Starts, says so, serves until SIGTERM or Ctrl-C, then drains. A second signal ends the
    /// server at once.
    ///
    /// # Errors
    ///
    /// As [`Server::start`], and [`Code::Cancelled`] after a second signal.
    pub async fn run(self) -> Result<(), Error> {
        let mut signals = signals::Signals::listen()?;
        init_logging();
        say(&format!("settings: {}", self.config.source));
        let running = self.begin(true).await?;
        say(&running.limits().to_string());
        signals.next().await;
        let outcome = tokio::select! {
            outcome = running.stop_aloud(say) => outcome,
            () = signals.next() => return Err(Error::new(Code::Cancelled, "ended by a second signal")),
        };
        say("stopped");
        outcome
    }
}

/// The drivers of every server, in the order in which they are asked.
fn built_in(router: &Router) -> Vec<Box<dyn Driver>> {
    let mut drivers: Vec<Box<dyn Driver>> = vec![Box::new(thrift::Thrift::new(router))];
    #[cfg(feature = "grpc")]
    if router.serves(Idl::Proto) {
        drivers.push(Box::new(grpc::Grpc::default()));
    }
    drivers.push(Box::new(http1::Refusal));
    drivers
}

/// The health service of a server with proto services.
#[cfg(feature = "grpc")]
fn health(services: &[&'static ServiceInfo], stage: &watch::Sender<Stage>) -> Option<Arc<dyn Service>> {
    let has_proto = services.iter().any(|info| info.idl == Idl::Proto);
    has_proto.then(|| Arc::new(health::Health::new(services, stage.subscribe())) as Arc<dyn Service>)
}

#[cfg(not(feature = "grpc"))]
fn health(_: &[&'static ServiceInfo], _: &watch::Sender<Stage>) -> Option<Arc<dyn Service>> {
    None
}

/// Puts the layers around the router, the last one innermost.
fn stack(router: &Router, layers: Vec<Wrap>) -> Option<Layered> {
    if layers.is_empty() {
        return None;
    }
    let inner = Layered::new(router.clone());
    Some(layers.into_iter().rev().fold(inner, |inner, wrap| wrap(inner)))
}

fn not_bound(listen: &str, error: &std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => "; KITELINE_LISTEN sets another address",
        _ => "",
    };
    Error::unavailable(format!("cannot listen on {listen}: {error}{hint}"))
}
