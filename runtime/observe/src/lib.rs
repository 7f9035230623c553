//! Metrics of servers and channels in the text format of Prometheus; with the feature `otel`, metrics and traces by
//! OpenTelemetry's protocol, OTLP.
//!
//! [`Metrics`] is a [`Recorder`](kiteline_core::event::Recorder): it counts the events of whatever it is given to, and
//! [`Metrics::text`] writes what it has counted. This crate knows no protocol, no socket and neither side of a call.
//! Programs use it through `runtime`, with the feature `metrics`:
//!
//! ```
//! let metrics = runtime::Metrics::new();
//! let server = runtime::Server::new(runtime::Config::local()).metrics(&metrics); // and a page `/metrics`
//! let channel = runtime::Channel::builder("add").recorder(metrics.clone());
//! # drop((server, channel));
//! ```

mod format;
mod metrics;
#[cfg(feature = "otel")]
mod otlp;
mod outcome;
mod series;
mod services;
mod table;
mod text;
#[cfg(feature = "otel")]
mod trace;

pub use metrics::{CONTENT_TYPE, Metrics};
#[cfg(feature = "otel")]
pub use otlp::{Otlp, OtlpExporter};
#[cfg(feature = "otel")]
pub use trace::{TraceLayer, Traced, Tracing};
#[cfg(feature = "otel")]
pub use {opentelemetry_otlp, opentelemetry_sdk};
