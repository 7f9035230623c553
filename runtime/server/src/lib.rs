//! Serving: accept loop, protocol drivers, admission, deadlines, drain and signals.
//!
//! This crate owns sockets and the life of a server. The accept loop knows no protocol ([`Driver`]s do), and nothing
//! here knows a registry: a [`Registrar`] is told when to register. Programs use it through `runtime::Server`:
//!
//! ```no_run
//! # async fn run(add: impl runtime::Service) -> runtime::Result<()> {
//! runtime::Server::new(runtime::Config::from_env()?).add(add).run().await
//! # }
//! ```
//!
//! | items | are |
//! |---|---|
//! | [`Builder`], [`Running`], [`Signals`], [`shutdown_signal`] | a server before and while it runs, and its end |
//! | [`Driver`], [`Claim`], [`Connection`], [`Calls`], [`Serving`], [`Phase`] | how a protocol plugs in |
//! | [`Registrar`], [`Registration`], [`Registering`], [`Standing`] | where a registry hooks in |
//! | [`Counters`], [`Counter`] | what is counted |
//!
//! The feature `grpc` adds gRPC, health and reflection; `json` bodies of gRPC calls in JSON.

mod accept;
mod admission;
mod connections;
mod counters;
#[cfg(target_os = "linux")]
mod descriptors;
mod driver;
mod failures;
#[cfg(feature = "grpc")]
mod health;
#[cfg(feature = "grpc")]
mod http;
mod http1;
mod partial;
#[cfg(feature = "grpc")]
mod readiness;
#[cfg(feature = "grpc")]
mod reflection;
mod registration;
mod running;
mod running_call;
mod share;
mod shared;
mod signals;
mod stage;
#[cfg(test)]
mod tests_connections;
mod thrift;
mod tls;

use std::fmt;
use std::sync::{Arc, OnceLock};

#[cfg(feature = "grpc")]
use http::ListedPage;
use kiteline_core::cors::Cors;
use kiteline_core::error::Error;
use kiteline_core::event::{Recorder, Recorders};
use kiteline_core::layered::Layered;
use kiteline_core::limits::Limits;
use kiteline_core::malloc;
use kiteline_core::methods::Methods;
use kiteline_core::router::Router;
#[cfg(feature = "grpc")]
use kiteline_core::service::ServiceInfo;
use kiteline_core::service::{Answer, Call, Service};
#[cfg(feature = "grpc")]
use kiteline_rest::Shape;
use kiteline_tls::{Acceptor, ServerTls};
use tokio::sync::watch;
use tower::{Layer, Service as Tower};

pub use connections::Phase;
pub use counters::{Counter, Counters};
pub use driver::{Calls, Claim, Connection, Driver, Serving};
#[cfg(feature = "grpc")]
pub use http::Page;
pub use registration::{Registering, Registrar, Registration, Standing};
pub use running::Running;
use shared::Shared;
pub use signals::{Signals, shutdown_signal};
use stage::Stage;

type Wrap = Box<dyn FnOnce(Layered) -> Layered + Send>;

/// A server that is being put together: services, layers and drivers.
#[must_use = "a server does nothing until it is started"]
pub struct Builder {
    limits: Limits,
    methods: Methods,
    services: Vec<Arc<dyn Service>>,
    layers: Vec<Wrap>,
    drivers: Vec<Box<dyn Driver>>,
    reflection: bool,
    cors: Option<Cors>,
    envelope: bool,
    error_body: Option<fn(&Error) -> String>,
    counters: Arc<Counters>,
    recorders: Recorders,
    tls: Option<ServerTls>,
    #[cfg(feature = "grpc")]
    pages: Vec<ListedPage>,
    health: bool,
    openapi: bool,
    beside: Option<(String, Box<Builder>)>,
    http_listen: Option<String>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("services", &self.services.len()).finish_non_exhaustive()
    }
}

impl Builder {
    /// A server without services that keeps these limits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            methods: Methods::default(),
            services: Vec::new(),
            layers: Vec::new(),
            drivers: Vec::new(),
            reflection: true,
            cors: None,
            envelope: false,
            error_body: None,
            counters: Arc::default(),
            recorders: Recorders::default(),
            tls: None,
            #[cfg(feature = "grpc")]
            pages: Vec::new(),
            health: true,
            openapi: true,
            beside: None,
            http_listen: None,
        }
    }

    /// Mounts a service.
    pub fn service(mut self, service: Arc<dyn Service>) -> Self {
        self.services.push(service);
        self
    }

    /// Wraps every call of every service. The layer that is added first sees a call first. Without
    /// layers nothing stands between a driver and the service.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Layered> + Send + 'static,
        L::Service: Tower<Call, Response = Answer, Error: Into<Error>> + Clone + Send + Sync + 'static,
        <L::Service as Tower<Call>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |inner| Layered::new(layer.layer(inner))));
        self
    }

    /// Whether a server describes its proto services to tools such as grpcurl
    /// (`grpc.reflection.v1.ServerReflection`). It does unless told otherwise.
    pub fn reflection(mut self, reflection: bool) -> Self {
        self.reflection = reflection;
        self
    }

    /// Says which web pages of other origins may call proto services over Connect and gRPC-Web. None without it.
    pub fn cors(mut self, cors: Option<Cors>) -> Self {
        self.cors = cors;
        self
    }

    /// Whether every answer by a route of HTTP is `{"code": 0, "message": "ok", "data": <the message>}`, and every error
    /// such an object with its code and without data. Default: messages as they are, errors as Kratos writes them.
    pub fn envelope(mut self, envelope: bool) -> Self {
        self.envelope = envelope;
        self
    }

    /// How an error of a route of HTTP is written, in JSON and in place of an envelope. Its status is that of its code.
    pub fn error_body(mut self, write: fn(&Error) -> String) -> Self {
        self.error_body = Some(write);
        self
    }

    /// What the server will count; the same as [`Running::counters`].
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Tells a recorder what happens.
    pub fn recorder(mut self, recorder: Arc<dyn Recorder>) -> Self {
        self.recorders.add(recorder);
        self
    }

    /// Answers `GET` and `HEAD` of a path, over HTTP/1.1 and HTTP/2, with what `make` gives at that moment. Services and
    /// routes of HTTP come first: a page whose path a route has is an error of [`Builder::start`], as is a second one.
    #[cfg(feature = "grpc")]
    pub fn page(mut self, path: &str, make: impl Fn() -> Page + Send + Sync + 'static) -> Self {
        self.pages.push(ListedPage::new(path, Arc::new(make)));
        self
    }

    /// Whether the server has the pages `/healthz` (the process works) and `/readyz` (it is to be sent calls: it has started,
    /// stands in its registry if it has one, and is not stopping), where no route and no page of the program's has their
    /// path. It has unless told otherwise, when it is built with gRPC.
    pub fn health(mut self, health: bool) -> Self {
        self.health = health;
        self
    }

    /// Whether the server shows the OpenAPI document of its services at `/openapi.json`, where they hold one (the option
    /// `openapi` of the generator) and no route and no page of the program's has that path. It does unless told otherwise.
    pub fn openapi(mut self, openapi: bool) -> Self {
        self.openapi = openapi;
        self
    }

    /// Starts another server with this one, at `host:port`, which lives as long: for pages that are not for everybody who
    /// reaches the services. It needs no services, and its `/healthz` and `/readyz` speak of this one.
    pub fn beside(mut self, listen: &str, other: Self) -> Self {
        self.beside = Some((listen.to_owned(), Box::new(other)));
        self
    }

    /// Listens on this `host:port` too, for calls over HTTP (routes, Connect, gRPC-Web, gRPC) and pages alone. It is the same
    /// server: limits, layers, counts and its end are of both ports.
    pub fn http_listen(mut self, listen: &str) -> Self {
        self.http_listen = Some(listen.to_owned());
        self
    }

    /// Speaks TLS alone, with these certificates. [`Builder::start`] reads them.
    pub fn tls(mut self, settings: &ServerTls) -> Self {
        self.tls = Some(settings.clone());
        self
    }

    /// Gives methods time limits of their own, in place of [`Limits::handler`]. [`Builder::start`] fails for a method that a
    /// service does not have.
    pub fn methods(mut self, methods: &Methods) -> Self {
        self.methods = methods.clone();
        self
    }

    /// Adds a protocol, which is asked for each connection before those that are built in.
    pub fn driver(mut self, driver: impl Driver) -> Self {
        self.drivers.push(Box::new(driver));
        self
    }

    /// Listens on `host:port`, accepts, then registers: whoever finds the entry is answered.
    ///
    /// # Errors
    ///
    /// `FailedPrecondition` when the services cannot share a server, or without any, and for a page that nobody would
    /// see; `InvalidArgument` for settings of a method that a service does not have;
    /// `Unavailable` when the address cannot be listened on; for TLS what [`Acceptor::open`] gives; what the
    /// registrar gives.
    pub async fn start(mut self, listen: &str, registrar: Option<Box<dyn Registrar>>) -> Result<Running, Error> {
        malloc::retain();
        let stage = watch::Sender::new(Stage::default());
        let standing = Arc::default();
        let services = std::mem::take(&mut self.services);
        #[cfg(feature = "grpc")]
        self.pages.extend(ListedPage::openapi(&services, self.openapi)?);
        let router = match services.is_empty() && self.has_pages() {
            true => Router::default(),
            false => Router::with_own(services, |services| own(services, &stage, self.reflection))?,
        };
        for foreign in self.methods.check(router.services())? {
            tracing::warn!(target: "runtime::server", "{foreign}");
        }
        let layers = stack(&router, std::mem::take(&mut self.layers));
        let tls = self.tls.as_ref().map(Acceptor::open).transpose()?;
        let [drivers, http] = self.drivers(&router, &stage, &standing)?;
        let listener = accept::bind(listen, "KITELINE_LISTEN").await?;
        #[cfg(target_os = "linux")]
        descriptors::make_room(&listener, self.limits.connections);
        let mut ports = vec![(listener, drivers)];
        if let Some(listen) = &self.http_listen {
            ports.push((accept::bind(listen, "`listen` of `[server.http]`").await?, http));
        }
        let beside = match self.beside {
            Some((listen, beside)) => Some(Box::new(Box::pin(beside.start(&listen, None)).await?)),
            None => None,
        };
        let admission = Arc::new(admission::Admission::new(self.counters, self.recorders));
        let connections = Arc::default();
        let (limits, methods) = (self.limits, self.methods);
        let shared = Shared { router, layers, limits, methods, admission, connections, stage, standing, tls };
        Running::start(ports, Arc::new(shared), registrar, beside).await
    }

    /// The drivers in the order in which they are asked: those of the services' port, and those of the port for HTTP alone.
    ///
    /// # Errors
    ///
    /// When two methods have one route of HTTP, and for a page that nobody would see.
    #[cfg(feature = "grpc")]
    fn drivers(
        &mut self,
        router: &Router,
        stage: &watch::Sender<Stage>,
        standing: &Arc<OnceLock<Standing>>,
    ) -> Result<[Vec<Box<dyn Driver>>; 2], Error> {
        let readiness = || readiness::Readiness { stage: stage.subscribe(), standing: Arc::clone(standing) };
        if self.health {
            self.pages.extend(readiness().pages());
        }
        if let Some((_, beside)) = &mut self.beside
            && std::mem::take(&mut beside.health)
        {
            beside.pages.extend(readiness().pages());
        }
        let shape = match self.error_body {
            Some(write) => Shape::Own(write),
            None if self.envelope => Shape::Envelope,
            None => Shape::Plain,
        };
        let http = http::Http::new(router, shape, self.cors.take(), std::mem::take(&mut self.pages))?;
        let alone: Vec<Box<dyn Driver>> = vec![Box::new(http.clone()), Box::new(http1::Refusal)];
        Ok([self.around(router, Some(Box::new(http))), alone])
    }

    #[cfg(not(feature = "grpc"))]
    fn drivers(
        &mut self,
        router: &Router,
        _: &watch::Sender<Stage>,
        _: &Arc<OnceLock<Standing>>,
    ) -> Result<[Vec<Box<dyn Driver>>; 2], Error> {
        drop((self.envelope, self.error_body, self.cors.take(), self.health, self.openapi));
        if self.http_listen.is_some() {
            let text =
                "`[server.http]` asks for a port, and this build has no HTTP; add the feature `grpc` of `runtime`";
            return Err(Error::new(kiteline_core::error::Code::FailedPrecondition, text));
        }
        Ok([self.around(router, None), Vec::new()])
    }

    /// The program's drivers, and those that are built in around that of HTTP.
    fn around(&mut self, router: &Router, http: Option<Box<dyn Driver>>) -> Vec<Box<dyn Driver>> {
        let mut drivers = std::mem::take(&mut self.drivers);
        drivers.push(Box::new(thrift::Thrift::new(router)));
        drivers.extend(http);
        drivers.push(Box::new(http1::Refusal));
        drivers
    }

    fn has_pages(&self) -> bool {
        #[cfg(feature = "grpc")]
        return !self.pages.is_empty();
        #[cfg(not(feature = "grpc"))]
        false
    }
}

/// The services of a server's own: health, which Kubernetes' probe of gRPC asks for on a server of Thrift's too, and, where
/// it is wanted, reflection.
#[cfg(feature = "grpc")]
fn own(services: &[Arc<dyn Service>], stage: &watch::Sender<Stage>, reflection: bool) -> Vec<Arc<dyn Service>> {
    let infos: Vec<&'static ServiceInfo> = services.iter().map(|service| service.info()).collect();
    let health: Arc<dyn Service> = Arc::new(health::Health::new(&infos, stage.subscribe()));
    let own = [health.info()];
    let reflection = reflection.then(|| reflection::Reflection::versions(services, &own));
    [health].into_iter().chain(reflection.into_iter().flatten()).collect()
}

#[cfg(not(feature = "grpc"))]
fn own(_: &[Arc<dyn Service>], _: &watch::Sender<Stage>, _: bool) -> Vec<Arc<dyn Service>> {
    Vec::new()
}

/// Puts the layers around the router, the last one innermost.
fn stack(router: &Router, layers: Vec<Wrap>) -> Option<Layered> {
    if layers.is_empty() {
        return None;
    }
    let inner = Layered::new(router.clone());
    Some(layers.into_iter().rev().fold(inner, |inner, wrap| wrap(inner)))
}
