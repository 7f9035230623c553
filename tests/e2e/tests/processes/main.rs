//! The examples as processes that find and call each other: through etcd, the embedded registry and fixed addresses; and
//! whole crates as users make them.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod dev;
mod hello_micro;
mod helloworld;
mod layouts;
mod login;
mod music;
mod naming;
mod releases;
mod scaffold;
mod seeds;
mod settings;
mod transcript;
