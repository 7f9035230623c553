//! What generated services call: protocols, server, client, registry and balancer.
//!
//! Never depends on the generator. Protocols know nothing of registries, registries know
//! nothing of protocols, balancers know neither.

#[cfg(any(feature = "thrift", feature = "grpc"))]
pub mod announce;
pub mod balance;
pub mod client;
pub mod config;
pub mod context;
pub mod error;
#[cfg(feature = "grpc")]
pub mod grpc;
pub mod limits;
pub mod registry;
#[cfg(any(feature = "thrift", feature = "grpc"))]
pub mod router;
#[cfg(any(feature = "thrift", feature = "grpc"))]
pub mod server;
pub mod service;
#[cfg(feature = "thrift")]
pub mod thrift;

pub use client::Channel;
pub use config::Config;
pub use context::Context;
pub use error::{Code, Error};
pub use limits::Limits;
#[cfg(feature = "grpc")]
pub use prost;
pub use registry::Registry;
#[cfg(any(feature = "thrift", feature = "grpc"))]
pub use server::Server;
pub use service::{Answer, Call, Handling, Idl, Kind, Method, Service, ServiceInfo};

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
