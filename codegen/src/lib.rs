//! Kiteline's generator: an IDL goes in, the files of a Rust service come out.
//!
//! The stages and the types that cross their lines are in `ARCHITECTURE.md`. A build script calls
//! [`compile`]; the command line is the binary `kiteline`.

mod assemble;
mod builder;
pub mod check;
pub mod diag;
pub mod emit;
pub mod front;
pub mod ir;
pub mod options;
pub mod output;
pub mod resolve;
#[cfg(feature = "cli")]
pub mod scaffold;
pub mod source;

pub use assemble::{made_from, single, tree};
pub use builder::{Builder, Error, Loaded, StandIn, compile};
