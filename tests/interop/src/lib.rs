//! The two sides of the tests: our service of `idl/interop.thrift`, and programs of another system
//! that serve and call the same one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod handler;
mod interpreter;

pub use e2e::Go;
pub use handler::{Handler, Watcher};
pub use interpreter::interpreter;

/// What the build script made of `idl/interop.thrift`.
#[allow(missing_docs, reason = "the IDL says it")]
pub mod generated {
    runtime::include_generated!();
}
