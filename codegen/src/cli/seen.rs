//! Cache of an earlier run, so that a run that changes nothing need not generate again.
//!
//! `target/kiteline` in the crate says of which model, by which program, which texts were made. They
//! are read back where all of that is the same and every file still holds its text; else, and for
//! `--check`, everything is made anew.

use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path, PathBuf};

use codegen::Loaded;
use codegen::output::{self, FileSet, Owner, Policy, hash};

use super::invocation::Invocation;

/// Where it stands in a crate.
const FILE: &str = "target/kiteline";

/// All that the generated files depend on, as a number; `None` where the program does not know itself.
pub(super) fn key(invocation: &Invocation, loaded: &Loaded, names: &[String]) -> Option<u64> {
    let program = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    let mut text = Hashed(DefaultHasher::new());
    (program.len(), program.modified().ok()?).hash(&mut text.0);
    write!(text, "{:?} {names:?} {:?}", invocation.options.sides, loaded.model).ok()?;
    Some(text.0.finish())
}

/// A text of which the hash is kept alone.
struct Hashed(DefaultHasher);

impl fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// The files that a run with this key made, where they are as it left them.
pub(super) fn recall(root: &Path, key: u64) -> Option<FileSet> {
    let text = output::read(&root.join(FILE)).ok()??;
    let mut lines = text.lines();
    if lines.next()? != first_line(key, lines.clone().count()) {
        return None;
    }
    let mut files = FileSet::default();
    for line in lines {
        let (known, path) = line.split_once(' ')?;
        let below = Path::new(path).strip_prefix("src/generated").ok()?;
        if !below.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let text = output::read(&root.join(path)).ok()??;
        if u64::from_str_radix(known, 16).ok()? != hash(&text) {
            return None;
        }
        files.add(PathBuf::from(path), text, Owner::Generated);
    }
    Some(files)
}

/// Keeps what was made, in a crate whose `target` is cargo's. What cannot be written is not kept.
pub(super) fn remember(root: &Path, key: u64, files: &FileSet) {
    let ignored = output::read(&root.join(".gitignore")).ok().flatten().unwrap_or_default();
    if !root.join("target").is_dir() && !ignored.lines().any(|line| line.trim_matches('/') == "target") {
        return;
    }
    let mut text = first_line(key, files.iter().count());
    for (path, file) in files.iter() {
        text.push_str(&format!("\n{:016x} {}", hash(&file.text), path.display()));
    }
    let mut wanted = FileSet::default();
    wanted.add(PathBuf::from(FILE), text, Owner::Edited);
    if let Ok(plan) = output::plan_alone(root, &wanted, Policy::default())
        && plan.conflicts().next().is_none()
    {
        let _ = output::apply(&plan);
    }
}

/// What the files depend on, and how many there are.
fn first_line(key: u64, files: usize) -> String {
    format!("{key:016x} {files}")
}
