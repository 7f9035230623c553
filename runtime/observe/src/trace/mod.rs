//! Traces of OpenTelemetry: a span for each call that is served and each that is made, one trace over all hops.
//!
//! The trace travels as W3C Trace Context (`traceparent`, `tracestate`) in the metadata of calls: headers of HTTP and gRPC,
//! transient pairs of a TTHeader. A call that a handler makes `with` its context is a child of the call that it serves.

mod carrier;
mod layer;
mod span;

use std::fmt;

use kiteline_core::error::Error;
use opentelemetry::trace::{SpanKind, TracerProvider};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::otlp::resource;
pub use layer::{TraceLayer, Traced};

/// Makes spans of calls, and sends them where its provider says. Clones are one.
///
/// ```no_run
/// # async fn run(add: impl runtime::Service, registry: runtime::Registry) -> runtime::Result<()> {
/// let tracing = runtime::Tracing::otlp("add")?; // OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4317
/// let channel = runtime::Channel::builder("sum").registry(&registry).layer(tracing.client()).build()?;
/// let server = runtime::Server::new(runtime::Config::from_env()?).layer(tracing.server()).add(add);
/// let outcome = server.run().await;
/// tracing.shutdown(); // what was not sent yet
/// # drop(channel);
/// outcome
/// # }
/// ```
#[derive(Clone)]
pub struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing").finish_non_exhaustive()
    }
}

impl Tracing {
    /// Spans for a provider of the program's own: its exporter, its sampler, its limits.
    pub fn new(provider: SdkTracerProvider) -> Self {
        let tracer = provider.tracer("kiteline");
        Self { provider, tracer }
    }

    /// Sends spans by OTLP over gRPC, in batches. `service` is the `service.name` of all of them unless `OTEL_SERVICE_NAME`
    /// or `OTEL_RESOURCE_ATTRIBUTES` has one; the environment says the
    /// rest as OpenTelemetry has it: `OTEL_EXPORTER_OTLP_ENDPOINT` (`http://localhost:4317` without it),
    /// `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`. A collector that is away costs spans and nothing
    /// else. To be called in a runtime of tokio.
    ///
    /// # Errors
    ///
    /// [`Code::FailedPrecondition`](kiteline_core::Code::FailedPrecondition) for an endpoint that is none, and outside of a
    /// runtime.
    pub fn otlp(service: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::new(kiteline_core::Code::FailedPrecondition, format!("no traces: {why}"));
        tokio::runtime::Handle::try_current().map_err(|_| wrong("there is no runtime of tokio here".to_owned()))?;
        let exporter = SpanExporter::builder().with_tonic().build().map_err(|error| wrong(error.to_string()))?;
        let provider =
            SdkTracerProvider::builder().with_resource(resource(service)).with_batch_exporter(exporter).build();
        Ok(Self::new(provider))
    }

    /// A layer for a server: a span for each call that is served.
    pub fn server(&self) -> TraceLayer {
        TraceLayer::new(self.tracer.clone(), SpanKind::Server)
    }

    /// A layer for a channel's builder: a span for each call that is made, all its attempts together.
    pub fn client(&self) -> TraceLayer {
        TraceLayer::new(self.tracer.clone(), SpanKind::Client)
    }

    /// Sends the spans that have ended. Blocks until then, for some seconds at most: in a runtime, in a thread of its own
    /// ([`tokio::task::spawn_blocking`]).
    pub fn flush(&self) {
        if let Err(error) = self.provider.force_flush() {
            tracing::debug!(target: "runtime::observe::trace", %error, "spans were not sent");
        }
    }

    /// The same at the end of a program; spans that end later are lost.
    pub fn shutdown(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::debug!(target: "runtime::observe::trace", %error, "spans were not sent");
        }
    }
}
