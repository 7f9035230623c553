//! The handlers, one file a service.
pub mod profile;
pub mod user;
