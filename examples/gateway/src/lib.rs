//! The gateway to the add and echo services as a library, so that tests and other crates reach its handlers and clients.
pub mod clients;
#[rustfmt::skip] // formatted by kiteline
pub mod generated;
pub mod handler;
