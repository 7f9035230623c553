//! The handlers, one file a service.
pub mod user;
