//! Calls over HTTP on real sockets: gRPC, gRPC-Web, Connect and their callers, and the services that every server has.

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
