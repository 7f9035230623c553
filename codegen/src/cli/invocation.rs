//! What is to be made, of what, how.

use std::path::PathBuf;

use codegen::options::Options;
use codegen::scaffold::Runtime;

use super::flags::Color;

/// The command: what is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// A whole crate.
    Crate,
    /// A whole crate whose handlers hand calls on.
    Gateway,
    /// Only `src/generated`, in a crate that is there.
    Generate,
}

/// The parsed command line: what is to be made, of what, how.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    pub(super) command: Command,
    pub(super) idls: Vec<PathBuf>,
    pub(super) out: Option<PathBuf>,
    pub(super) options: Options,
    /// The options that flags name: what the crate records of them does not hold.
    pub(super) said: Vec<&'static str>,
    pub(super) runtime: Option<Runtime>,
    pub(super) member: bool,
    pub(super) dry_run: bool,
    pub(super) check: bool,
    pub(super) diff: bool,
    pub(super) add_missing: bool,
    pub(super) prune: bool,
    pub(super) force: bool,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    pub(super) color: Color,
}

/// Where the runtime comes from, as a flag or a variable says it.
pub(super) fn runtime(text: &str) -> Option<Runtime> {
    if let Some(path) = text.strip_prefix("path:").filter(|it| !it.is_empty()) {
        return Some(Runtime::Path(path.to_owned()));
    }
    let url = text.strip_prefix("git:").filter(|it| !it.is_empty())?;
    Some(match url.rsplit_once('#') {
        Some((url, rev)) => Runtime::Git(url.to_owned(), Some(rev.to_owned())),
        None => Runtime::Git(url.to_owned(), None),
    })
}
