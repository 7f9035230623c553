//! IDLs: what is read of them, what is refused, what they mean, and which Rust they become.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod generator;
mod normal;
#[path = "../random/mod.rs"]
mod random;
mod sandbox;

mod build_script;
mod front;
mod golden;
mod grammar;
mod hostile;
mod imports;
mod kitex;
mod large;
#[cfg(feature = "cli")]
mod names;
mod openapi;
mod pilota;
mod proto;
mod routes;
mod verdicts;
