//! Finding an included file: next to its includer, then in each include directory, never outside
//! the directories that the user named.

use std::path::{Component, Path, PathBuf};

use super::{
    Error, FileId, SourceMap, Span,
    read::{Refusal, canonical},
};
use crate::diag::{Diagnostics, catalogue::source as say};

impl SourceMap {
    /// Sets what may be read: the directories of the roots and the include directories.
    ///
    /// # Errors
    /// [`Error::Io`] for a directory that is not there.
    pub fn fence(&mut self, roots: &[PathBuf], include_dirs: &[PathBuf]) -> Result<(), Error> {
        let parents = roots.iter().map(|root| parent(root));
        for dir in parents.chain(include_dirs.iter().map(PathBuf::as_path)) {
            let real = real_directory(dir)?;
            if !self.fences.contains(&real) {
                self.fences.push(real);
            }
        }
        self.include_dirs.extend(include_dirs.iter().cloned());
        Ok(())
    }

    /// Finds and reads a file that another one includes.
    ///
    /// # Errors
    /// A finding at `by`, the place of the include.
    pub fn include(&mut self, from: FileId, path: &str, by: Span) -> Result<FileId, Diagnostics> {
        let here = self.opened(from).map(|it| parent(it).to_owned());
        let shown_here = parent(Path::new(self.path(from))).to_owned();
        let near = here.map(|dir| (dir, shown_here));
        let far = self.include_dirs.iter().map(|dir| (dir.clone(), dir.clone()));
        let places: Vec<_> = near.into_iter().chain(far).collect();
        self.first_of(&places, path, by)
    }

    /// Finds and reads a file by its path below one of the given directories.
    ///
    /// # Errors
    /// A finding at `by`, the place of the import.
    pub fn import(&mut self, dirs: &[PathBuf], path: &str, by: Span) -> Result<FileId, Diagnostics> {
        let places: Vec<_> = dirs.iter().map(|dir| (dir.clone(), dir.clone())).collect();
        self.first_of(&places, path, by)
    }

    fn first_of(&mut self, places: &[(PathBuf, PathBuf)], path: &str, by: Span) -> Result<FileId, Diagnostics> {
        for (dir, shown) in places {
            let candidate = dir.join(path);
            let Ok(real) = canonical(&candidate) else {
                continue;
            };
            let shown = slashed(&tidy(&shown.join(path)));
            if !self.fences.iter().any(|fence| real.starts_with(fence)) {
                return Err(say::outside(path, by).into());
            }
            return self.open(&candidate, &shown, Some(by)).map_err(|refusal| match refusal {
                Refusal::Io(what) => say::unreadable_include(path, &what, by).into(),
                Refusal::Finding(found) => found,
            });
        }
        let searched: Vec<_> = places.iter().map(|(_, shown)| directory(shown)).collect();
        Err(say::missing_include(path, &searched, by).into())
    }

    /// The directories in which includes are looked for, as typed.
    pub fn include_dirs(&self) -> &[PathBuf] {
        &self.include_dirs
    }

    /// The path of a file below the first of the given directories that holds it, slashes forward:
    /// the name by which another file would import it.
    pub fn name_below(&self, id: FileId, dirs: &[PathBuf]) -> Option<String> {
        let real = canonical(self.opened(id)?).ok()?;
        dirs.iter().find_map(|dir| {
            let dir = canonical(dir).ok()?;
            real.strip_prefix(dir).ok().map(slashed)
        })
    }
}

fn real_directory(dir: &Path) -> Result<PathBuf, Error> {
    let failed = |what: &str| Error::Io { path: directory(dir), what: what.to_owned() };
    match canonical(dir) {
        Ok(real) if real.is_dir() => Ok(real),
        Ok(_) => Err(failed("it is not a directory")),
        Err(Refusal::Io(what)) => Err(failed(&what.replace("file", "directory"))),
        Err(Refusal::Finding(_)) => Err(failed("it cannot be resolved")),
    }
}

/// The directory of a path; `.` for a bare name.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => Path::new("."),
        Some(dir) => dir,
        None => Path::new("."),
    }
}

/// A path as it is shown.
pub(crate) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn directory(path: &Path) -> String {
    let shown = slashed(path);
    if shown.is_empty() { ".".to_owned() } else { shown }
}

/// Takes `.` and `x/..` out, for showing only: what is opened keeps them.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied_for_show() {
        let show = |path: &str| slashed(&tidy(Path::new(path)));
        assert_eq!(show("./a/../b.thrift"), "b.thrift");
        assert_eq!(show("../x/./y.thrift"), "../x/y.thrift");
        assert_eq!(show("a/b/../../../c"), "../c");
        assert_eq!(parent(Path::new("a.thrift")), Path::new("."));
    }
}
