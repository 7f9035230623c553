//! The heap that hostile bytes take, counted. The allocator counts for the whole process, so each test has one of its own.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod compact;
mod decode;
mod json;
mod rest;
mod server;

use alloc_tests::Counting;

#[global_allocator]
static HEAP: Counting = Counting::new();
