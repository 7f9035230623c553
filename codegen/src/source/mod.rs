//! The texts that were read, and places in them. The only module that reads files.
//!
//! It knows nothing of any IDL: it finds, reads and measures texts, and refuses what lies outside
//! the directories that the user named.

mod error;
mod map;
mod read;
mod search;

pub use error::Error;
pub use map::{Position, SourceMap};
pub(crate) use search::parent;

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 16 << 20;
/// The most bytes that are read in one run, all files together.
pub const MAX_TOTAL_BYTES: u64 = 64 << 20;
/// The most files that are read in one run.
pub const MAX_FILES: usize = 4096;

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From the start of this one to the end of the other, which lies after it in the same file.
    pub fn to(self, other: Self) -> Self {
        Self { end: other.end.max(self.end), ..self }
    }
}
