//! The user and profile services as a library, so that tests and other crates reach its handlers and clients.
pub mod endpoint;
#[rustfmt::skip] // formatted by kiteline
pub mod generated;
pub mod handler;
pub mod settings;
