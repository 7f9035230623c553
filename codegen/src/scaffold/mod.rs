//! The files of a whole crate.
