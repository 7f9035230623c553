//! Metrics sent by OTLP over gRPC: those of the page `/metrics`, read from the same tables each time that they are sent.

mod message;
mod sending;
mod settings;

use std::time::Duration;

use kiteline_core::error::{Code, Error};
use tonic::transport::Endpoint;

use crate::metrics::Metrics;
pub use sending::OtlpExporter;
use settings::Settings;
pub(crate) use settings::resource;

/// Where metrics are sent by OTLP, and how often. The environment says it as OpenTelemetry has it, and a program may say
/// otherwise.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn run(metrics: runtime::Metrics) -> runtime::Result<()> {
/// let otlp = runtime::observe::Otlp::new("gateway").endpoint("http://collector:4317").interval(Duration::from_secs(15));
/// let exporter = metrics.otlp_with(otlp)?;
/// # exporter.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is for `Metrics::otlp_with`"]
pub struct Otlp {
    service: String,
    settings: Settings,
}

impl Otlp {
    /// As the environment says: `OTEL_EXPORTER_OTLP_ENDPOINT` (default `http://localhost:4317`), `OTEL_METRIC_EXPORT_INTERVAL`
    /// in milliseconds (60,000), `OTEL_EXPORTER_OTLP_TIMEOUT` in milliseconds (10,000), `OTEL_EXPORTER_OTLP_HEADERS`; of
    /// all but the interval, those with `_METRICS` behind `OTLP` come first. `service` is the `service.name` unless
    /// `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` has one.
    pub fn new(service: &str) -> Self {
        Self { service: service.to_owned(), settings: Settings::read(&settings::environment) }
    }

    /// Sends to the collector at this URL, `http://host:port`.
    pub fn endpoint(mut self, url: &str) -> Self {
        url.clone_into(&mut self.settings.endpoint);
        self
    }

    /// The time between two messages; at least a millisecond.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.settings.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// How long the collector may take for one.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }
}

impl Metrics {
    /// Sends all metrics but those of [`Metrics::also`] by OTLP over gRPC, where and as often as the environment says; see
    /// [`Otlp::new`]. `service` is the `service.name` unless the environment has one. To be called in a runtime of tokio.
    ///
    /// ```no_run
    /// # async fn run(add: impl runtime::Service) -> runtime::Result<()> {
    /// let metrics = runtime::Metrics::new();
    /// let exporter = metrics.otlp("add")?; // OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4317
    /// let server = runtime::Server::new(runtime::Config::from_env()?).metrics(&metrics).add(add);
    /// let outcome = server.run().await;
    /// exporter.shutdown().await; // sends the last numbers
    /// outcome
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::FailedPrecondition`] for an endpoint that is none, and outside of a runtime.
    pub fn otlp(&self, service: &str) -> Result<OtlpExporter, Error> {
        self.otlp_with(Otlp::new(service))
    }

    /// The same with settings of the program's own.
    ///
    /// # Errors
    ///
    /// Those of [`Metrics::otlp`].
    pub fn otlp_with(&self, otlp: Otlp) -> Result<OtlpExporter, Error> {
        let Otlp { service, settings } = otlp;
        let wrong =
            |why: &str| Error::new(Code::FailedPrecondition, format!("no metrics to `{}`: {why}", settings.endpoint));
        tokio::runtime::Handle::try_current().map_err(|_| wrong("there is no runtime of tokio here"))?;
        let endpoint = Endpoint::from_shared(settings.url()?).map_err(|_| wrong("it is not a URL"))?;
        let channel = endpoint.connect_timeout(settings.timeout).connect_lazy();
        Ok(OtlpExporter::start(self.clone(), channel, resource(&service), settings))
    }
}
