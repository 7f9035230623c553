//! Why a run cannot go on: the machine's fault or the IDL's.

use std::fmt;

use crate::diag::Diagnostics;

/// Why sources could not be had.
#[derive(Debug)]
pub enum Error {
    /// A file or directory that the user named cannot be read: no finding about an IDL.
    Io {
        /// The path as the user typed it.
        path: String,
        /// What the system said.
        what: String,
    },
    /// Findings, at least one of them an error.
    Diagnostics(Diagnostics),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, what } => write!(f, "cannot read `{path}`: {what}"),
            Self::Diagnostics(found) => write!(f, "{} findings", found.len()),
        }
    }
}

impl std::error::Error for Error {}

impl From<Diagnostics> for Error {
    fn from(found: Diagnostics) -> Self {
        Self::Diagnostics(found)
    }
}
