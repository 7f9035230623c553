//! The types that cross every inner line of Kiteline: errors, contexts, metadata, bodies, services,
//! limits, the router and the layers. Knows no protocol, no registry and no socket.
//!
//! Programs use this crate through `runtime`, whose names for these things stay.

pub mod aside;
pub mod base64;
pub mod body;
pub mod cache_padded;
pub mod context;
pub mod counters;
pub mod error;
pub mod event;
pub mod fnv;
pub mod layered;
pub mod limits;
pub mod lock;
pub mod malloc;
pub mod memory_limit;
pub mod metadata;
pub mod router;
pub mod say;
pub mod service;
#[cfg(feature = "tonic")]
pub mod status_details;
pub mod streaming;
pub mod words;

pub use body::{Body, Messages};
pub use bytes::Bytes;
pub use context::Context;
pub use error::{Code, Detail, Error};
pub use futures_core::Stream;
pub use layered::Layered;
pub use limits::Limits;
pub use metadata::Metadata;
pub use service::{Answer, Call, Handling, Idl, Kind, Method, Service, ServiceInfo};
pub use streaming::Streaming;

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
