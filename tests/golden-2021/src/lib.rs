//! The generated code of `tests/golden` in edition 2021: a crate that has not moved on can hold it.
#![deny(warnings)]
#![forbid(unsafe_code)]
// The types of the IDLs have few comments, so what is made of them has few docs.
#![allow(missing_docs)]

// The generator formats what it makes.
#[rustfmt::skip]
#[path = "../../golden/src/generated/mod.rs"]
pub mod generated;
