//! Finding an included file: next to its includer, then in each include directory, never outside
//! the directories that the user named.

use std::path::{Component, Path, PathBuf};

use super::{
    Error, FileId, SourceMap, Span,
    read::{Refusal, canonical, nearest},
};
use crate::diag::{Diagnostics, catalogue::source as say};

impl SourceMap {
    /// Sets what may be read: the directories of the roots, the one that holds them all, the one
    /// below which a root was named by its relative path, and the include directories.
    ///
    /// # Errors
    /// [`Error::Io`] for a directory that is not there.
    pub fn fence(&mut self, roots: &[PathBuf], include_dirs: &[PathBuf]) -> Result<(), Error> {
        let mut parents = Vec::new();
        for root in roots {
            parents.push(self.directory(parent(root))?);
        }
        let common = parents.iter().cloned().reduce(|all, dir| common(&all, &dir));
        let below = |root: &PathBuf| root.is_relative() && !root.components().any(|it| it == Component::ParentDir);
        let here = roots.iter().any(below).then(|| real_directory(Path::new("."))).transpose()?;
        // The root of the disk would let everything be read.
        let wide = common.into_iter().chain(here).filter(|dir| dir.parent().is_some());
        let given = include_dirs.iter().map(|dir| self.directory(dir)).collect::<Result<Vec<_>, _>>()?;
        for real in parents.iter().cloned().chain(wide).chain(given) {
            self.allow_real(real);
        }
        self.include_dirs.extend(include_dirs.iter().cloned());
        Ok(())
    }

    /// Lets files below a directory be read, if it is there.
    pub fn allow(&mut self, dir: &Path) {
        if let Ok(real) = canonical(dir) {
            self.allow_real(real);
        }
    }

    /// The real path of a directory, which need not be there when a text stands in for a file in it.
    fn directory(&self, dir: &Path) -> Result<PathBuf, Error> {
        real_directory(dir).or_else(|error| {
            let near = nearest(dir);
            if self.stand_ins.keys().any(|it| it.starts_with(&near)) { Ok(near) } else { Err(error) }
        })
    }

    fn allow_real(&mut self, real: PathBuf) {
        if !self.fences.contains(&real) {
            self.fences.push(real);
        }
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

    /// As [`import`](Self::import); where none of the directories holds the file, `text` is what it says.
    ///
    /// # Errors
    /// A finding at `by`, about a file that a directory holds.
    pub fn import_or(&mut self, dirs: &[PathBuf], path: &str, text: &str, by: Span) -> Result<FileId, Diagnostics> {
        if dirs.iter().any(|dir| self.real(&dir.join(path)).is_ok()) {
            return self.import(dirs, path, by);
        }
        // The paths of files are absolute ones.
        if let Some(id) = self.known.get(Path::new(path)) {
            return Ok(*id);
        }
        let id = self.add(path, text.to_owned());
        self.known.insert(PathBuf::from(path), id);
        Ok(id)
    }

    /// Whether a text is that of a file, rather than one that the program brings along.
    pub fn is_file(&self, id: FileId) -> bool {
        self.opened(id).is_some()
    }

    fn first_of(&mut self, places: &[(PathBuf, PathBuf)], path: &str, by: Span) -> Result<FileId, Diagnostics> {
        for (dir, shown) in places {
            let candidate = dir.join(path);
            let Ok(real) = self.real(&candidate) else {
                continue;
            };
            let full = tidy(&shown.join(path));
            let allowed = self.stand_ins.contains_key(&real) || self.fences.iter().any(|fence| real.starts_with(fence));
            if !allowed {
                return Err(say::outside(path, &folder_of(&full, &real), by).into());
            }
            self.used.insert(dir.clone());
            let shown = slashed(&full);
            return self.open(&candidate, &shown, Some(by)).map_err(|refusal| match refusal {
                Refusal::Io(what) => say::unreadable_include(path, &what, by).into(),
                Refusal::Finding(found) => found,
            });
        }
        let searched: Vec<_> = places.iter().map(|(_, shown)| directory(shown)).collect();
        let near = Path::new(self.path(by.file)).ancestors().skip(1);
        let holder = near.map(|dir| if dir.as_os_str().is_empty() { Path::new(".") } else { dir });
        let holder = holder.filter(|dir| dir.parent().is_some()).find(|dir| dir.join(path).is_file()).map(directory);
        Err(say::missing_include(path, &searched, holder.as_deref(), by).into())
    }

    /// The directories below which files were found, or by which they have their names.
    pub fn used_dirs(&self) -> impl Iterator<Item = &Path> {
        self.used.iter().map(PathBuf::as_path)
    }

    /// The directories in which includes are looked for, as typed.
    pub fn include_dirs(&self) -> &[PathBuf] {
        &self.include_dirs
    }

    /// The path of a file below the first of the given directories that holds it, slashes forward:
    /// the name by which another file would import it.
    pub fn name_below(&mut self, id: FileId, dirs: &[PathBuf]) -> Option<String> {
        let real = self.real(self.opened(id)?).ok()?;
        let (dir, name) = dirs.iter().find_map(|dir| {
            // The directory of a text that stands in for a file may not be there.
            let below = real.strip_prefix(nearest(dir)).ok()?;
            Some((dir.clone(), slashed(below)))
        })?;
        self.used.insert(dir);
        Some(name)
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

/// The directory that holds both.
fn common(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

/// The directory to name so that a file may be read: as typed, or as it really is where links lead
/// elsewhere.
fn folder_of(typed: &Path, real: &Path) -> String {
    let (typed, real) = (parent(typed), parent(real));
    let same = canonical(typed).is_ok_and(|it| it == real);
    directory(if same { typed } else { real })
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
