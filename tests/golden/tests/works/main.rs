//! Generated code at work: called over sockets, and on recorded messages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod calls;
mod recorded;
mod rules;
