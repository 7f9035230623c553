//! Calling services: request builder, channels, connections and retries. This crate sees registries only as a
//! resolver's snapshots.
//!
//! A call goes through the layers of its channel, takes a snapshot of the resolver, asks the
//! balancer for an instance and uses a connection to it. It is sent to a second instance only when
//! no byte of it was written to the first, or when its method is idempotent; [`Retry`] says how often.
//!
//! ```no_run
//! # fn open() -> runtime::Result<()> {
//! use runtime::{Channel, Registry};
//!
//! let fixed = Channel::to("127.0.0.1:8888")?;
//! let registry = Registry::open("static:add=127.0.0.1:8888")?;
//! let found = Channel::builder("add").registry(&registry).timeout(std::time::Duration::from_secs(1)).build()?;
//! # let _ = (fixed, found);
//! # Ok(())
//! # }
//! ```
//!
//! | items | are |
//! |---|---|
//! | [`Channel`], [`Builder`], [`ClientConfig`] | a way to one service, and its settings |
//! | [`Request`], [`Pending`], [`Reply`] | one call of a generated client |
//! | [`Retry`] | which calls are sent again |
//! | [`Protocol`], [`Transport`] | how requests are written and wrapped |
//! | [`Counters`], [`Counter`] | what is counted |
//!
//! The feature `grpc` adds gRPC.

mod answers;
mod budget;
mod channel;
mod config;
mod connection;
mod counters;
mod deadline;
mod dial;
mod dispatch;
mod endpoint_connections;
mod endpoint_set;
#[cfg(feature = "grpc")]
mod http;
mod mux_connection;
mod mux_pool;
mod pending_calls;
mod pool;
mod request;
mod retry;
mod stream_request;
mod thrift;
mod transport;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_balance;
#[cfg(test)]
mod tests_caps;
#[cfg(test)]
mod tests_context;
#[cfg(test)]
mod tests_deadline;
#[cfg(test)]
#[cfg(feature = "grpc")]
mod tests_grpc;
#[cfg(test)]
#[cfg(feature = "grpc")]
mod tests_http;
#[cfg(test)]
mod tests_mux;
#[cfg(test)]
mod tests_mux_connection;
#[cfg(test)]
mod tests_registry;
#[cfg(test)]
#[cfg(feature = "grpc")]
mod tests_rest;
#[cfg(test)]
mod tests_retry;

pub use channel::{Builder, Channel};
pub use config::ClientConfig;
pub use counters::{Counter, Counters};
#[cfg(feature = "grpc")]
pub use http::Http;
pub use request::{Pending, Reply, Request};
pub use retry::Retry;
pub use stream_request::{Opening, StreamRequest};
pub use transport::{Protocol, Transport};
