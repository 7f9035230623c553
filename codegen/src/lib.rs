//! Kiteline's generator: an IDL goes in, the files of a Rust service come out.
//!
//! The stages and the types that cross their lines are in `ARCHITECTURE.md`.

pub mod check;
pub mod diag;
pub mod emit;
pub mod front;
pub mod ir;
pub mod resolve;
pub mod source;
