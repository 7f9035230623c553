//! Generated with every option away from its default.
// The types of the IDL have no comments, so what is made of them has no docs.
#![allow(missing_docs)]

runtime::include_generated!();
