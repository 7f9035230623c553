//! Errors, contexts, metadata, bodies, calls, limits, the router and layers: the types that cross every inner line of
//! Kiteline. This crate knows no protocol, no registry and no socket.
//!
//! Programs use it through `runtime`, which re-exports these names.
//!
//! ```
//! use kiteline_core::{Code, Context, Error};
//!
//! let mut metadata = kiteline_core::Metadata::default();
//! metadata.append("tenant", "kites");
//! let cx = Context::new().with_metadata(metadata);
//! assert_eq!(cx.get("tenant"), Some("kites"));
//! let error = Error::not_found("no such kite");
//! assert_eq!((error.code(), error.message()), (Code::NotFound, "no such kite"));
//! ```
//!
//! | module | is |
//! |---|---|
//! | [`error`], [`context`], [`metadata`] | what travels beside a call and its answer |
//! | [`pushback`] | how long a service wants its caller to wait before the next attempt |
//! | [`cancellation`] | what ends a call before its answer |
//! | [`certificate`] | who a caller proved to be, over TLS |
//! | [`body`], [`service`] | one message or a stream of them; calls, answers and services |
//! | [`router`], [`layered`] | which service a call goes to; one type for any stack of `tower` layers |
//! | [`limits`], [`methods`], [`memory_limit`] | every limit with its default; settings of single methods; how much memory there may be |
//! | [`malloc`], [`cache_padded`], [`lock`], [`counters`], [`aside`] | memory, locks, counters, CPU-heavy work on other threads |
//! | [`fnv`], [`base64`], [`words`], [`say`] | small functions that several crates need |
//!
//! | feature | adds |
//! |---|---|
//! | `grpc` | details of errors as proto messages |

pub mod aside;
pub mod base64;
pub mod body;
pub mod cache_padded;
pub mod cancellation;
pub mod certificate;
pub mod context;
pub mod cors;
pub mod counters;
pub mod error;
pub mod event;
pub mod fnv;
mod forward;
pub mod http_route;
pub mod layered;
pub mod limits;
pub mod lock;
pub mod malloc;
pub mod memory_limit;
pub mod metadata;
pub mod methods;
pub mod pushback;
pub mod reading;
pub mod router;
pub mod say;
pub mod service;
pub mod streaming;
pub mod words;

pub use body::{Body, Messages};
pub use bytes::Bytes;
pub use certificate::PeerCertificate;
pub use context::Context;
pub use error::{Code, Detail, Error};
pub use futures_core::Stream;
pub use layered::Layered;
pub use limits::Limits;
pub use metadata::Metadata;
pub use methods::{MethodSettings, Methods};
pub use service::{Answer, Call, Form, Handling, Idl, Kind, Method, Service, ServiceInfo};
pub use streaming::Streaming;

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
