//! What a user can choose about the generated text: one type for the builder, the flags
//! (`cli::args`) and what a crate records in `[package.metadata.kiteline]` (`cli::place`).

use std::path::PathBuf;

use crate::emit::Sides;

/// Every option of generation.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folders in which includes and imports are looked for, beside the including file's own.
    pub include: Vec<PathBuf>,
    /// Which sides of a service are generated.
    pub sides: Sides,
    /// Warnings stop generation.
    pub deny_warnings: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { include: Vec::new(), sides: Sides::Both, deny_warnings: false }
    }
}
