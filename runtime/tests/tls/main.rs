//! TLS for serving and calling: every protocol, certificates of both sides, files that change, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(all(feature = "grpc", feature = "tls"))]

mod calling;
mod echo;
mod files;
#[path = "../log/mod.rs"]
mod log;
mod refused;
