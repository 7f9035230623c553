//! What generated services call: protocols, server, client, registry and balancer.
//!
//! Never depends on the generator. Protocols know nothing of registries, registries know
//! nothing of protocols, balancers know neither.

#[cfg(any(feature = "thrift", feature = "grpc"))]
mod announce;
mod aside;
pub mod balance;
#[cfg(any(feature = "thrift", feature = "grpc"))]
mod base64;
pub mod body;
pub mod client;
pub mod config;
mod console;
pub mod context;
pub mod error;
mod fnv;
#[cfg(feature = "grpc")]
pub mod grpc;
mod heap;
mod layered;
pub mod limits;
mod line;
mod memory;
pub mod metadata;
#[cfg(feature = "thrift")]
mod receive;
pub mod registry;
#[cfg(any(feature = "thrift", feature = "grpc"))]
pub mod router;
#[cfg(any(feature = "thrift", feature = "grpc"))]
pub mod server;
pub mod service;
#[cfg(any(feature = "grpc", feature = "etcd"))]
mod status_details;
pub mod streaming;
#[cfg(feature = "thrift")]
pub mod thrift;
mod words;

pub use body::{Body, Messages};
pub use bytes::Bytes;
pub use client::Channel;
pub use config::Config;
pub use console::init_logging;
pub use context::Context;
pub use error::{Code, Detail, Error};
pub use futures_core::Stream;
pub use layered::Layered;
pub use limits::Limits;
pub use metadata::Metadata;
#[cfg(feature = "grpc")]
pub use prost;
#[cfg(feature = "grpc")]
pub use prost_types;
pub use registry::Registry;
#[cfg(feature = "serde")]
pub use serde;
#[cfg(any(feature = "thrift", feature = "grpc"))]
pub use server::{Server, shutdown_signal};
pub use service::{Answer, Call, Handling, Idl, Kind, Method, Service, ServiceInfo};
pub use streaming::Streaming;

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The form of generated code that this runtime fits.
const FORM: u32 = 2;

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
#[macro_export]
macro_rules! include_generated {
    () => {
        include!(concat!(env!("OUT_DIR"), "/kiteline.rs"));
    };
}
