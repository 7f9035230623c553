//! Everything that reads bytes or text from outside, fed with damage.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod http;
mod json;
mod rest;
mod texts;
mod thrift;
mod thrift_json;
