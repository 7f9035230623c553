//! The user service as a library, so that tests and other crates reach its handlers and clients.
#[rustfmt::skip] // formatted by kiteline
pub mod generated;
pub mod handler;
pub mod users;
