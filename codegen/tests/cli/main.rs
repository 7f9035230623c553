//! The command line, run as people run it: in a folder of their own, by its exit code, its words
//! and the bytes it leaves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod call;
mod crash;
mod depth;
mod diff;
mod escape;
mod existing;
mod exits;
mod explain;
mod flags;
mod format;
mod fresh;
mod gateway;
mod generate;
mod imports;
mod inject;
mod join;
mod openapi;
mod order;
#[path = "../random/mod.rs"]
mod random;
mod registry;
mod repository;
mod rerun;
mod roots;
mod sandbox;
mod secrets;
mod seen;
mod streams;
mod stubs;

/// A small service.
pub(crate) const ADD: &str = "namespace rs api\n\nstruct AddRequest {\n    1: i32 first\n    2: i32 second\n}\n\nstruct AddResponse { 1: i32 sum }\n\nservice AddService {\n    AddResponse Add(1: AddRequest req)\n}\n";
