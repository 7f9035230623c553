//! Systems of Go and ours as one: servers of both kinds under one name in a real etcd, found and called by clients of
//! both kinds. `scenario` is what all systems go through; each has a file that says how it keeps its services.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod go_kit;
mod go_micro;
mod go_zero;
mod grpc;
mod health;
mod kratos;
mod outcomes;
mod scenario;
