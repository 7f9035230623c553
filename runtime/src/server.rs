//! A server as a program makes it: its settings, its registry and what it serves.

use std::fmt;
use std::sync::Arc;

#[cfg(doc)]
use kiteline_core::error::Code;
use kiteline_core::error::Error;
use kiteline_core::event::{Recorder, Recorders};
use kiteline_core::layered::Layered;
use kiteline_core::say::say;
use kiteline_core::service::{Answer, Call, Service};
use kiteline_layers::MethodRates;
#[cfg(any(feature = "metrics", feature = "otel"))]
use kiteline_observe::Metrics;
use kiteline_registry::Registry;
#[cfg(feature = "grpc")]
pub use kiteline_server::Page;
use kiteline_server::Signals;
pub use kiteline_server::{
    Builder, Calls, Claim, Connection, Counter, Counters, Driver, Phase, Registering, Registrar, Registration, Running,
    Serving, Standing, shutdown_signal,
};
use tower::{Layer, Service as Tower};

use crate::announce::ConfiguredRegistrar;
use crate::config::{Config, HttpConfig};
use crate::console::init_logging;

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
    builder: Builder,
    recorders: Recorders,
    registrar: Option<Box<dyn Registrar>>,
    #[cfg(any(feature = "metrics", feature = "otel"))]
    metrics: Option<Metrics>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Server {
    /// A server without services.
    pub fn new(config: Config) -> Self {
        let mut limits = config.limits.clone();
        limits.decode.validate = config.server.validate;
        let mut builder = Builder::new(&limits)
            .methods(&config.methods)
            .reflection(config.server.reflection)
            .cors(config.server.cors.clone())
            .envelope(config.server.http.envelope)
            .health(config.server.http.health)
            .openapi(config.server.http.openapi);
        if let Some(tls) = &config.server.tls {
            builder = builder.tls(tls);
        }
        if let Some(listen) = &config.server.http.listen {
            builder = builder.http_listen(listen);
        }
        Self {
            config,
            registry: None,
            builder,
            recorders: Recorders::default(),
            registrar: None,
            #[cfg(any(feature = "metrics", feature = "otel"))]
            metrics: None,
        }
    }

    /// Mounts a service.
    #[expect(clippy::should_implement_trait, reason = "nobody adds servers up")]
    pub fn add(self, service: impl Service) -> Self {
        self.add_arc(Arc::new(service))
    }

    /// Mounts a service that something else holds too.
    pub fn add_arc(mut self, service: Arc<dyn Service>) -> Self {
        self.builder = self.builder.service(service);
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
        self.builder = self.builder.layer(layer);
        self
    }

    /// Writes the errors of routes of HTTP as JSON of your own, in place of Kratos' form and of an envelope. Their status stays
    /// the one of their code. An error behind the first message of a stream stays as it is.
    ///
    /// ```
    /// # let server = runtime::Server::new(runtime::Config::local());
    /// let server = server.error_body(|error| format!(r#"{{"error":{:?}}}"#, error.code()));
    /// # drop(server);
    /// ```
    pub fn error_body(mut self, write: fn(&Error) -> String) -> Self {
        self.builder = self.builder.error_body(write);
        self
    }

    /// Tells a recorder what happens, for metrics and traces. Without one nothing is timed.
    pub fn recorder(mut self, recorder: impl Recorder) -> Self {
        let recorder: Arc<dyn Recorder> = Arc::new(recorder);
        self.recorders.add(Arc::clone(&recorder));
        self.builder = self.builder.recorder(recorder);
        self
    }

    /// Counts what happens; in builds with the feature `metrics`, it is shown at `/metrics`: on the services' port, or where
    /// `metrics_listen` of `[server.http]` says. With `metrics = true` there, a server has metrics of its own without this.
    /// Give the same ones to channels.
    #[cfg(any(feature = "metrics", feature = "otel"))]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = Some(metrics.clone());
        self
    }

    /// Answers `GET` and `HEAD` of a path, over HTTP/1.1 and HTTP/2, with what `make` gives at that moment. It should return
    /// at once. Services and routes of HTTP come first: a page whose path a route has is an error of
    /// [`Server::start`], as is a second one.
    ///
    /// ```
    /// # use runtime::server::Page;
    /// # let server = runtime::Server::new(runtime::Config::local());
    /// let server = server.page("/version", || Page::text(env!("CARGO_PKG_VERSION")));
    /// # drop(server);
    /// ```
    #[cfg(feature = "grpc")]
    pub fn page(mut self, path: &str, make: impl Fn() -> Page + Send + Sync + 'static) -> Self {
        self.builder = self.builder.page(path, make);
        self
    }

    /// Adds a protocol. It is asked for each connection before those that are built in.
    pub fn driver(mut self, driver: impl Driver) -> Self {
        self.builder = self.builder.driver(driver);
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
    /// [`Code::FailedPrecondition`] when the services cannot share a server, or without any, and for a page that nobody
    /// would see; [`Code::Unavailable`] when the address cannot be listened on; for files of `[server.tls]` that cannot be used,
    /// with their setting; what the registrar gives.
    pub async fn start(self) -> Result<Running, Error> {
        self.begin(false).await
    }

    /// The same; `aloud` where a person is to be told what goes on.
    async fn begin(mut self, aloud: bool) -> Result<Running, Error> {
        self = self.with_metrics()?;
        let registry = match self.registry {
            Some(registry) => registry,
            None => Registry::open(&self.config.registry.url)?,
        };
        let config = &self.config;
        let rates = config.methods.iter().filter_map(|(path, settings)| Some((path, settings.rate?)));
        let rates = MethodRates::new(rates);
        if !rates.is_empty() {
            // Innermost: calls that are refused are logged by a layer for that, and those of nobody do not count.
            self.builder = self.builder.layer(rates);
        }
        let registrar = self
            .registrar
            .unwrap_or_else(|| Box::new(ConfiguredRegistrar::new(registry, config, self.recorders, aloud)));
        let running = self.builder.start(&config.server.listen, Some(registrar)).await?;
        if let (true, Some(beside)) = (aloud, running.beside()) {
            say(&format!("metrics at http://{}/metrics", beside.addr()));
        }
        Ok(running)
    }

    #[cfg(feature = "metrics")]
    fn with_metrics(mut self) -> Result<Self, Error> {
        let HttpConfig { metrics: wanted, metrics_listen, .. } = &self.config.server.http;
        let own = (*wanted || metrics_listen.is_some()).then(Metrics::new);
        let Some(metrics) = self.metrics.take().or(own) else { return Ok(self) };
        let listen = metrics_listen.clone();
        self = self.counted_by(&metrics);
        let page = move || Page::new(kiteline_observe::CONTENT_TYPE, metrics.text());
        self.builder = match listen {
            Some(listen) => {
                let limits = self.config.limits.clone();
                self.builder.beside(&listen, Builder::new(&limits).page("/metrics", page))
            }
            None => self.builder.page("/metrics", page),
        };
        Ok(self)
    }

    #[cfg(any(feature = "metrics", feature = "otel"))]
    fn counted_by(self, metrics: &Metrics) -> Self {
        let counters = self.builder.counters();
        // Accepted connections are a metric of their own.
        let shown = Counter::ALL.into_iter().filter(|counter| *counter != Counter::Accepted);
        metrics.events(move |event| shown.clone().for_each(|counter| event(counter.name(), counters.get(counter))));
        self.recorder(metrics.clone())
    }

    #[cfg(not(feature = "metrics"))]
    #[cfg_attr(not(feature = "otel"), expect(unused_mut, reason = "only OTLP takes metrics then"))]
    fn with_metrics(mut self) -> Result<Self, Error> {
        let HttpConfig { metrics, metrics_listen, .. } = &self.config.server.http;
        if *metrics || metrics_listen.is_some() {
            let text =
                "`[server.http]` asks for metrics, and this build has none; add the feature `metrics` of `runtime`";
            return Err(Error::new(kiteline_core::Code::FailedPrecondition, text));
        }
        #[cfg(feature = "otel")]
        if let Some(metrics) = self.metrics.take() {
            self = self.counted_by(&metrics);
        }
        Ok(self)
    }

    /// Starts, says so, serves until SIGTERM or Ctrl-C, then drains. A second signal ends the
    /// server at once.
    ///
    /// # Errors
    ///
    /// As [`Server::start`], and [`Code::Cancelled`] after a second signal.
    pub async fn run(self) -> Result<(), Error> {
        let mut signals = Signals::listen()?;
        init_logging();
        say(&format!("settings: {}", self.config.source));
        let running = self.begin(true).await?;
        say(&running.limits().to_string());
        signals.next().await;
        let outcome = tokio::select! {
            outcome = running.stop_aloud(say) => outcome,
            () = signals.next() => return Err(Error::new(kiteline_core::Code::Cancelled, "ended by a second signal")),
        };
        say("stopped");
        outcome
    }
}
