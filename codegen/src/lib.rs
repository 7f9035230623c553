//! Kiteline's generator: turns Thrift and proto IDL into the files of a Rust service.
//!
//! The command line is the binary `kiteline`. A build script calls [`compile`], or [`Builder`] for options:
//!
//! ```no_run
//! // build.rs; the crate has `runtime::include_generated!();`
//! fn main() -> Result<(), codegen::Error> {
//!     codegen::compile("idl/add.thrift")
//! }
//! ```
//!
//! | module | stage |
//! |---|---|
//! | [`source`], [`front`] | texts, and what their syntax says |
//! | [`check`], [`resolve`] | rules and names; the resolved program is [`ir`]'s `Model` |
//! | [`emit`], `assemble` | Rust as tokens, then as text |
//! | `scaffold`, [`output`] | the files of a whole crate, and their way to the disk |
//! | [`diag`], [`options`] | findings, and what a user can choose |
//!
//! `ARCHITECTURE.md` describes the types between the stages. Features: `cli` (default) has the command line and the
//! scaffold, `net` commands that use the network; build scripts need neither.

mod assemble;
mod builder;
pub mod check;
pub mod diag;
pub mod emit;
pub mod front;
pub mod ir;
pub mod openapi;
pub mod options;
pub mod output;
pub mod resolve;
#[cfg(feature = "cli")]
pub mod scaffold;
pub mod source;

pub use assemble::{made_from, single, tree};
pub use builder::{Builder, Error, Loaded, StandIn, compile};
