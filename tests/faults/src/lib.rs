//! Hostile input and faults against a running server: what is sent, and what is measured.
//!
//! Owns the corpus and the programs; asserts bounds of whole processes, which no `cargo test` does.

/// What the build script made of the files in `idl`.
pub mod generated {
    #![allow(missing_docs, reason = "the IDL has few comments")]
    runtime::include_generated!();
}

pub mod attacker;
pub mod backend;
pub mod corpus;
pub mod h2;
pub mod handler;
pub mod page;
pub mod plot;
pub mod process;
pub mod registry;
pub mod report;
pub mod rows;
pub mod scripted;
pub mod traffic;

/// What stops the program itself, not the server.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
