//! Apache Thrift and ours: calls both ways with its Python library and from its Go client, and random
//! structs through Python and us.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod called;
mod calls;
mod go;
mod python;
mod structs;

#[path = "../../../golden/tests/recorded/canonical.rs"]
mod canonical;
#[path = "../../../golden/tests/recorded/random.rs"]
mod random;
#[path = "../../../golden/tests/recorded/xorshift.rs"]
mod xorshift;
