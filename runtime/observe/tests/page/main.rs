//! The page of metrics: its text, and what the dashboard and the documentation say of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod dashboard;
mod text;
