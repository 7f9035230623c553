//! Programs in Go and ours as one: servers of both kinds under one name in a real etcd, found and called by clients of
//! both kinds. `scenario` is what all systems go through; each has a file that says how it keeps its services. Kitex has a
//! folder of its own, for calls in both directions. `messages` has what needs no etcd: values and messages of other libraries.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod dev_registry;
mod go_kit;
mod go_micro;
mod go_zero;
mod grpc;
mod health;
mod hertz;
mod kitex;
mod kitex_protobuf;
mod kratos;
mod kratos_example;
mod kratos_web;
mod messages;
mod outcomes;
mod scenario;
