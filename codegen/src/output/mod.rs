//! What is to be on disk, what is there, and the way from one to the other. The only module that
//! writes.

mod apply;
mod fileset;
mod plan;

pub use apply::apply;
pub use fileset::{FileSet, Owner, Wanted, hash};
pub use plan::{Action, Plan, Policy, Step, plan, plan_alone};

/// Why the disk could not be read or written.
#[derive(Debug)]
pub struct Error {
    /// The path.
    pub path: std::path::PathBuf,
    /// What the system said.
    pub what: String,
}

impl Error {
    fn new(path: &std::path::Path, what: impl std::fmt::Display) -> Self {
        Self { path: path.to_owned(), what: what.to_string() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.what)
    }
}

impl std::error::Error for Error {}

/// The text of a file that is there.
///
/// # Errors
///
/// A file that is there but cannot be read as text.
pub fn read(path: &std::path::Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(path, error)),
    }
}
