//! The front ends: one for each IDL, both ending in a [`Draft`]. They follow includes and report
//! syntax; they resolve no name and judge no meaning.

mod cycle;
mod files;
pub mod proto;
pub mod streams;
pub mod thrift;

use std::path::{Path, PathBuf};

use crate::{
    diag::{Diagnostics, catalogue::source as say},
    ir::draft::{Draft, Language},
    source::{Error, SourceMap},
};

/// Reads the roots and everything that they include. The ending of a root's name tells its language.
///
/// # Errors
/// [`Error::Io`] when a root or an include directory cannot be read; [`Error::Diagnostics`] with the
/// findings of all files when one of them is an error. Otherwise the findings are warnings and notes.
pub fn load(
    sources: &mut SourceMap,
    roots: &[PathBuf],
    include_dirs: &[PathBuf],
) -> Result<(Draft, Diagnostics), Error> {
    let languages = languages(roots)?;
    let mut files = files::Files::new(sources, proto::import_dirs(roots, include_dirs));
    for (root, language) in roots.iter().zip(languages) {
        files.root(root, language)?;
    }
    files.fence(roots, include_dirs)?;
    files.read_all();
    let (mut draft, units, mut found) = files.finish();
    if !found.has_errors() {
        proto::lower(sources, units, &mut draft, &mut found);
    }
    Ok((draft, found.or_errors()?))
}

fn languages(roots: &[PathBuf]) -> Result<Vec<Language>, Diagnostics> {
    let unknown = roots.iter().filter(|it| language(it).is_none());
    let found: Diagnostics = unknown.map(|it| say::unknown_ending(&it.to_string_lossy())).collect();
    found.or_errors().map(|_| roots.iter().filter_map(|it| language(it)).collect())
}

/// The language that the ending of a name tells.
pub fn language(path: &Path) -> Option<Language> {
    match path.extension()?.to_str()? {
        "thrift" => Some(Language::Thrift),
        "proto" => Some(Language::Proto),
        _ => None,
    }
}
