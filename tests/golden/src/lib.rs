//! Generated code of representative IDLs: committed, compiled without a warning, run by the tests of this crate.
//! `UPDATE=1 cargo test -p codegen --test idl -- golden` writes it again.
#![deny(warnings)]
#![forbid(unsafe_code)]
// The types of the IDLs have few comments, so what is made of them has few docs.
#![allow(missing_docs)]

// The generator formats what it makes.
#[rustfmt::skip]
pub mod generated;

pub mod nobody;
