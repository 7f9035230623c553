//! Calls over real sockets, and the servers and channels that make them: each concern has a module, all are one program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(feature = "thrift")]
mod add;
#[cfg(any(feature = "metrics", all(feature = "otel", feature = "http")))]
mod exposition;
#[cfg(feature = "grpc")]
mod hello;
#[cfg(feature = "thrift")]
mod limited;
#[cfg(feature = "thrift")]
mod log;
#[cfg(feature = "thrift")]
mod peer;
#[cfg(feature = "thrift")]
mod vectors;

mod alone;
#[cfg(feature = "grpc")]
mod http;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(all(feature = "otel", feature = "http"))]
mod otel;
#[cfg(feature = "thrift")]
mod server;
#[cfg(feature = "thrift")]
mod thrift;
#[cfg(all(feature = "grpc", feature = "tls"))]
mod tls;
