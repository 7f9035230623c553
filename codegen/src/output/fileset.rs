//! The files that are wanted.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The owner of a file, who may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Ours: rewritten at every run.
    Generated,
    /// The user's: written once, then kept.
    User,
    /// The user's, but ours to bring up to date: the text was made from what is on disk.
    Edited,
    /// A copy of a file from elsewhere. It follows the original until somebody edits it, which
    /// shows by its hash.
    Copy {
        /// The hash of the copy as we last wrote it.
        known: Option<u64>,
    },
}

/// FNV-1a of a text: tells whether a copy was edited, guards nothing.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One file that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The whole text.
    pub text: String,
    /// The owner.
    pub owner: Owner,
}

/// Files by their path below the crate's root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSet(pub(super) BTreeMap<PathBuf, Wanted>);

impl FileSet {
    /// Adds a file; a later one replaces an earlier one of the same path.
    pub fn add(&mut self, path: PathBuf, text: String, owner: Owner) {
        self.0.insert(path, Wanted { text, owner });
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&PathBuf, &Wanted)> {
        self.0.iter()
    }
}
