//! A server as a whole: its life, its limits, its events, its place in a registry, and what plugs in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "thrift")]

#[path = "../add/mod.rs"]
mod add;
#[path = "../limited/mod.rs"]
mod limited;
#[path = "../peer/mod.rs"]
mod peer;

mod events;
mod fair;
mod file_registry;
mod life;
mod limits;
mod methods;
mod offers;
#[cfg(feature = "grpc")]
mod rolling;
mod toy_driver;
