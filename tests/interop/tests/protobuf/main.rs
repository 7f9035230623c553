//! Random proto messages through Google's library and ours: equal values, both ways, in bytes and in JSON.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod canonical;
mod kinds;
mod known;
mod messages;
mod python;
mod random;
mod schema;

#[path = "../../../golden/tests/recorded/xorshift.rs"]
mod xorshift;
