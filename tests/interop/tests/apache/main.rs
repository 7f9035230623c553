//! Apache Thrift's Python library and ours: calls both ways, and random structs through both.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod called;
mod calls;
mod python;
mod structs;

#[path = "../../../golden/tests/recorded/canonical.rs"]
mod canonical;
#[path = "../../../golden/tests/recorded/random.rs"]
mod random;
#[path = "../../../golden/tests/recorded/xorshift.rs"]
mod xorshift;
