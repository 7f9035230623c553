//! The runtime of generated services: servers, channels, registries and settings.
//!
//! A server mounts generated services and is known in a registry; a channel finds them there. Each part is a
//! crate of its own below this one, which gathers them: the protocols know nothing of registries, the registries
//! nothing of protocols, the balancers neither. Nothing here depends on the generator.
//!
//! ```no_run
//! # async fn run(add: impl runtime::Service) -> runtime::Result<()> {
//! let config = runtime::Config::from_env()?; // service.toml, then environment, then flags
//! runtime::Server::new(config).add(add).run().await // listen, register, serve, drain
//! # }
//! ```
//!
//! | feature | adds |
//! |---|---|
//! | `thrift` | Thrift Binary and Compact on every transport, served and called |
//! | `grpc` | gRPC, gRPC-Web and Connect, and the messages of proto services; needs and has `thrift` |
//! | `http` | calls by the routes of HTTP that an IDL describes, for Thrift too; has `grpc` and `json` |
//! | `json` | messages in JSON: bodies of calls over HTTP |
//! | `zstd` | their messages compressed by zstd, beside gzip; needs a C compiler |
//! | `metrics` | metrics for Prometheus, and the page `/metrics`; has `grpc` |
//! | `otel` | metrics and traces of OpenTelemetry, sent by OTLP over gRPC |
//! | `etcd` | the etcd registry |
//! | `tls` | TLS for serving and calling, and to etcd |
//! | `dev` | the embedded development registry |
//! | `serde` | serde's traits for generated Thrift types |
//! | `jwt` | JSON Web Tokens in the layer of authentication |
//! | `validate`, `pattern` | checks of the rules in an IDL; those that are patterns |
//!
//! | module | is |
//! |---|---|
//! | [`server`], [`client`] | serving and calling |
//! | [`tls`] | certificates of servers and clients |
//! | [`layers`] | middleware that is ready: rate limits, authentication, logs, request ids, time limits |
//! | `validate` | rules of messages, and the violations of them |
//! | [`registry`], [`balance`] | finding instances and choosing one |
//! | [`thrift`], [`grpc`], [`json`] | the protocols and encodings, as generated code uses them |
//! | `rest` | requests, answers and errors by routes of HTTP |
//! | `observe` | metrics and traces |
//! | [`service`], [`body`], [`streaming`], [`metadata`], [`context`], [`error`] | what crosses between all of these |
//! | [`config`], [`limits`] | settings |

#[cfg(feature = "thrift")]
mod announce;
#[cfg(feature = "thrift")]
pub mod config;
mod console;
#[cfg(feature = "thrift")]
pub mod server;

pub use bytes::Bytes;
#[cfg(feature = "thrift")]
pub use client::Channel;
#[cfg(feature = "thrift")]
pub use config::Config;
pub use console::init_logging;
pub use kiteline_balance as balance;
#[cfg(feature = "thrift")]
pub use kiteline_client as client;
pub use kiteline_core::{
    Answer, Body, Call, Code, Context, Detail, Error, Form, Handling, Idl, Kind, Layered, Limits, Messages, Metadata,
    Method, PeerCertificate, Result, Service, ServiceInfo, Stream, Streaming, body, context, cors::Cors, error, event,
    http_route, limits, metadata, router, service, streaming,
};
#[cfg(feature = "grpc")]
pub use kiteline_grpc as grpc;
#[cfg(feature = "json")]
pub use kiteline_json as json;
pub use kiteline_layers as layers;
#[cfg(any(feature = "metrics", feature = "otel"))]
pub use kiteline_observe as observe;
#[cfg(any(feature = "metrics", feature = "otel"))]
pub use kiteline_observe::Metrics;
#[cfg(feature = "otel")]
pub use kiteline_observe::Tracing;
pub use kiteline_registry as registry;
#[cfg(feature = "http")]
pub use kiteline_rest as rest;
#[cfg(feature = "thrift")]
pub use kiteline_thrift as thrift;
#[cfg(feature = "thrift")]
pub use kiteline_tls as tls;
#[cfg(feature = "validate")]
pub use kiteline_validate as validate;
#[cfg(feature = "grpc")]
pub use prost;
#[cfg(feature = "grpc")]
pub use prost_types;
pub use registry::Registry;
#[cfg(feature = "serde")]
pub use serde;
#[cfg(feature = "thrift")]
pub use server::{Server, shutdown_signal};

/// The form of generated code that this runtime fits.
const FORM: u32 = 3;

/// Compiles only where generated code and this runtime fit: each generated module calls it in a
/// `const`, with the form that it was made for.
///
/// # Panics
///
/// At compile time, when they do not fit.
#[allow(clippy::panic, reason = "evaluated by the compiler: this is its error message")]
pub const fn fits(form: u32) {
    assert!(form >= FORM, "the generated code is older than the runtime: run kiteline again");
    assert!(form <= FORM, "the runtime is older than the generated code: update the runtime");
}

/// Includes what `codegen::compile` made in a build script.
///
/// Where types are nested some 40 levels deep and more, rustc stops with "queries overflow the depth limit" or
/// "overflow evaluating the requirement". Write `#![recursion_limit = "512"]` at the top of the crate, and of each
/// crate that uses the types; a scaffolded crate has the line where its types need it.
#[macro_export]
macro_rules! include_generated {
    () => {
        include!(concat!(env!("OUT_DIR"), "/kiteline.rs"));
    };
}
