//! Values and messages of other libraries and ours: the same bytes, the same meaning, the same reaction.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what went wrong by panicking")]

mod apache;
mod protobuf;
mod reads;
#[path = "../../../golden/tests/works/recorded/xorshift.rs"]
mod xorshift;
