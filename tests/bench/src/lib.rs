//! Common parts of the benchmarks: our generated code, callers, and the way to time them.

/// Ours.
pub mod ours {
    runtime::include_generated!();
}

/// tonic's.
#[allow(missing_docs, reason = "tonic's code")]
pub mod tonics {
    include!(concat!(env!("OUT_DIR"), "/echo.Echo.rs"));
}

/// tonic's message.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TonicText {
    /// What is said.
    #[prost(string, tag = "1")]
    pub text: String,
}

pub mod by_hand;
pub mod echo;
pub mod floor;
pub mod go;
pub mod load;
pub mod measure;
pub mod process;
pub mod web;
