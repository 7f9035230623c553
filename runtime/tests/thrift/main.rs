//! Thrift over real sockets, on every transport and in every protocol, against recorded bytes and damaged ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "thrift")]

#[path = "../add/mod.rs"]
mod add;
mod hex;
#[path = "../limited/mod.rs"]
mod limited;
#[path = "../peer/mod.rs"]
mod peer;
mod sink;
#[path = "../vectors/mod.rs"]
mod vectors;

mod buffered;
mod compact;
mod framed;
#[cfg(feature = "grpc")]
mod kitex_protobuf;
mod large;
mod names;
mod out_of_order;
mod ttheader;
mod values;
