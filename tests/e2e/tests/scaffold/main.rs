//! Whole crates as users make them: built, tested, documented, run and changed.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod comments;
mod fresh;
mod gateway;
