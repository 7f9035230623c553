//! Calls over HTTP on real sockets: gRPC, gRPC-Web, Connect and their callers, and the services that every server has.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "grpc")]

mod hello;
#[path = "../vectors/mod.rs"]
mod vectors;

mod callers;
mod grpc;
mod grpc_vectors;
mod health;
mod micro;
mod pages;
#[cfg(feature = "json")]
mod ports;
mod reflection;
#[cfg(feature = "json")]
mod sockets;
