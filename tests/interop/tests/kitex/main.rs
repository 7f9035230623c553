//! Kitex's server and client, and ours, found through a real etcd in both directions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod metadata;
mod outcomes;
mod restart;
mod seed;
mod site;
mod timeouts;
mod values;
