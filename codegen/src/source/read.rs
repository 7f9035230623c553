//! Reading one file, within the limits.

use std::{
    fs::{self, File},
    io::Read,
    path::{Component, Path, PathBuf},
};

use super::{
    Error, FileId, MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES, SourceMap, Span, map::StandIn, search::slashed,
};
use crate::diag::{Diagnostic, Diagnostics, catalogue::source as say};

/// Why one file could not be had.
pub(super) enum Refusal {
    /// The system's words.
    Io(String),
    /// One finding.
    Finding(Diagnostics),
}

impl SourceMap {
    /// Reads a file that the user named. The same file twice is one file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Diagnostics`] when it is too big, one file too
    /// many or not UTF-8.
    pub fn load(&mut self, path: &Path) -> Result<FileId, Error> {
        let shown = slashed(path);
        self.open(path, &shown, None).map_err(|refusal| match refusal {
            Refusal::Io(what) => Error::Io { path: shown.clone(), what },
            Refusal::Finding(found) => Error::Diagnostics(found),
        })
    }

    pub(super) fn open(&mut self, path: &Path, shown: &str, by: Option<Span>) -> Result<FileId, Refusal> {
        let real = self.real(path)?;
        if let Some(id) = self.known.get(&real) {
            return Ok(*id);
        }
        let (shown, text) = match self.stand_ins.get(&real) {
            Some(it) => (it.shown.clone(), it.text.clone()),
            None => {
                let bytes = self.read(&real, shown, by)?;
                let text = String::from_utf8(bytes)
                    .map_err(|error| finding(say::not_utf8(shown, error.utf8_error().valid_up_to(), by)))?;
                (shown.to_owned(), text)
            }
        };
        let id = self.insert(shown, Some(path.to_owned()), text);
        self.known.insert(real, id);
        Ok(id)
    }

    /// Lets a text be read in the place of a file; findings name it as `shown`.
    pub fn stand_in(&mut self, path: &Path, shown: &str, text: &str) {
        let stand_in = StandIn { shown: shown.to_owned(), text: text.to_owned() };
        self.stand_ins.insert(nearest(path), stand_in);
    }

    /// The path of a file without links. A text that stands in for one may have no file yet.
    pub(super) fn real(&self, path: &Path) -> Result<PathBuf, Refusal> {
        canonical(path).or_else(|refusal| {
            let near = nearest(path);
            if self.stand_ins.contains_key(&near) { Ok(near) } else { Err(refusal) }
        })
    }

    fn read(&mut self, real: &Path, shown: &str, by: Option<Span>) -> Result<Vec<u8>, Refusal> {
        if self.len() >= MAX_FILES {
            return Err(finding(say::too_many_files(shown, by)));
        }
        // A pipe or a device would block or never end: only regular files are opened.
        let meta = fs::metadata(real).map_err(io)?;
        if !meta.is_file() {
            let what = if meta.is_dir() { "it is a directory" } else { "it is not a regular file" };
            return Err(Refusal::Io(what.to_owned()));
        }
        let mut bytes = Vec::new();
        let file = File::open(real).map_err(io)?;
        if meta.len() <= MAX_FILE_BYTES {
            file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        }
        let len = meta.len().max(bytes.len() as u64);
        if len > MAX_FILE_BYTES {
            return Err(finding(say::too_big(shown, by)));
        }
        self.total += len;
        if self.total > MAX_TOTAL_BYTES {
            return Err(finding(say::too_much(shown, by)));
        }
        Ok(bytes)
    }
}

fn finding(found: Diagnostic) -> Refusal {
    Refusal::Finding(found.into())
}

/// The real path of a file that may not be there: that of the folder around it which is.
pub(super) fn nearest(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
        out = fs::canonicalize(&out).unwrap_or(out);
    }
    out
}

pub(super) fn canonical(path: &Path) -> Result<PathBuf, Refusal> {
    fs::canonicalize(path).map_err(io)
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn io(error: std::io::Error) -> Refusal {
    Refusal::Io(match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    })
}
