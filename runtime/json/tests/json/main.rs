//! Reading and writing JSON by tables, as generated code does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod known;
mod reading;
mod sample;
mod texts;
mod writing;
