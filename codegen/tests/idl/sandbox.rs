//! Files in a directory of their own, and what loading them gives.

use std::{fs, path::Path};

use codegen::{
    diag::{Diagnostics, render},
    front,
    ir::draft::Draft,
    source::{Error, SourceMap},
};
use tempfile::TempDir;

/// A directory with files in it.
pub(crate) fn dir(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

pub(crate) fn load(
    dir: &Path,
    roots: &[&str],
    include_dirs: &[&str],
) -> (Result<(Draft, Diagnostics), Error>, SourceMap) {
    let join = |all: &[&str]| all.iter().map(|it| dir.join(it)).collect::<Vec<_>>();
    let mut sources = SourceMap::new();
    let result = front::load(&mut sources, &join(roots), &join(include_dirs));
    (result, sources)
}

/// What is said, with the directory taken out.
pub(crate) fn said(dir: &Path, roots: &[&str], include_dirs: &[&str]) -> String {
    let (result, sources) = load(dir, roots, include_dirs);
    let text = match result {
        Ok((_, found)) | Err(Error::Diagnostics(found)) => render(&found, &sources, false),
        Err(error) => error.to_string(),
    };
    text.replace(&dir.display().to_string(), "DIR")
}
