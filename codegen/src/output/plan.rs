//! The comparison of what is wanted with what is there. Reads, never writes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::{Error, FileSet, MARK, Owner, Wanted};

/// The change of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is not there yet.
    Create,
    /// It is ours and differs.
    Update,
    /// It is there as wanted.
    Identical,
    /// It is the user's.
    Keep,
    /// It is the user's, and what is missing in it is added.
    Insert,
    /// It is in the way: a user's file where ours should be, or a link.
    Conflict,
    /// We made it earlier and would not today.
    Stale,
    /// The same, and it is to go.
    Remove,
}

/// One file of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// Below the root.
    pub path: PathBuf,
    /// The change.
    pub action: Action,
    /// The text to write, where something is written.
    pub wanted: Option<Wanted>,
    /// The text that is there, for a diff.
    pub before: String,
    /// Why it is a conflict.
    pub why: String,
}

/// The changes that a run will make.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The crate's root.
    pub root: PathBuf,
    /// The files in the order of their paths, leftovers last.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Whether anything would change on disk, or stands in the way.
    pub fn is_clean(&self) -> bool {
        self.steps.iter().all(|it| matches!(it.action, Action::Identical | Action::Keep))
    }

    /// The files that stand in the way.
    pub fn conflicts(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|it| it.action == Action::Conflict)
    }
}

/// How a plan treats what it meets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// Leftovers are removed.
    pub prune: bool,
    /// A file in the way is replaced, unless it is a link.
    pub force: bool,
}

/// Compares what is wanted with what is below `root`.
///
/// # Errors
///
/// A file or directory that cannot be read.
pub fn plan(root: &Path, wanted: &FileSet, policy: Policy) -> Result<Plan, Error> {
    let Plan { root: _, mut steps } = plan_alone(root, wanted, policy)?;
    let mut left = Vec::new();
    leftovers(root, Path::new("src/generated"), wanted, &mut left)?;
    left.sort();
    for path in left {
        let action = if policy.prune { Action::Remove } else { Action::Stale };
        steps.push(Step { path, action, wanted: None, before: String::new(), why: String::new() });
    }
    Ok(Plan { root: root.to_owned(), steps })
}

/// Plans without looking for leftovers.
///
/// # Errors
///
/// A file that cannot be read.
pub fn plan_alone(root: &Path, wanted: &FileSet, policy: Policy) -> Result<Plan, Error> {
    let steps = wanted.iter().map(|(path, it)| step(root, path, it, policy)).collect::<Result<_, _>>()?;
    Ok(Plan { root: root.to_owned(), steps })
}

fn step(root: &Path, path: &Path, wanted: &Wanted, policy: Policy) -> Result<Step, Error> {
    let made = |action, before, why: &str| Step {
        path: path.to_owned(),
        action,
        wanted: Some(wanted.clone()),
        before,
        why: why.to_owned(),
    };
    if let Some(link) = link_below(root, path) {
        let why = format!("{} is a symbolic link; nothing is written through links", link.display());
        return Ok(made(Action::Conflict, String::new(), &why));
    }
    let full = root.join(path);
    let before = match fs::read(&full) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(made(Action::Create, String::new(), "")),
        Err(error) => return Err(Error::new(&full, error)),
    };
    if before == wanted.text {
        let action = if wanted.owner == Owner::User { Action::Keep } else { Action::Identical };
        return Ok(made(action, before, ""));
    }
    Ok(match wanted.owner {
        Owner::User => made(Action::Keep, before, ""),
        Owner::Edited => made(Action::Insert, before, ""),
        Owner::Copy { known } if policy.force || known == Some(super::hash(&before)) => {
            made(Action::Update, before, "")
        }
        Owner::Copy { .. } => {
            made(Action::Conflict, before, "edited here, and differs from the original: settle it, or use --force")
        }
        Owner::Generated if before.starts_with(MARK) || policy.force => made(Action::Update, before, ""),
        Owner::Generated => made(Action::Conflict, before, "not made by kiteline: move it, or use --force"),
    })
}

/// The first part of `path` below `root` that is a symbolic link.
fn link_below(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut prefix = root.to_owned();
    for part in path.components() {
        let Component::Normal(part) = part else { return Some(path.to_owned()) };
        prefix.push(part);
        if fs::symlink_metadata(&prefix).is_ok_and(|it| it.file_type().is_symlink()) {
            return Some(prefix);
        }
    }
    None
}

/// Files below `folder` that carry our header and are not wanted.
fn leftovers(root: &Path, folder: &Path, wanted: &FileSet, left: &mut Vec<PathBuf>) -> Result<(), Error> {
    let full = root.join(folder);
    let entries = match fs::read_dir(&full) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::new(&full, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::new(&full, error))?;
        let (path, kind) = (folder.join(entry.file_name()), entry.file_type());
        let kind = kind.map_err(|error| Error::new(&full, error))?;
        if kind.is_dir() {
            leftovers(root, &path, wanted, left)?;
        } else if kind.is_file() && !wanted.0.contains_key(&path) {
            let ours = fs::read(entry.path()).is_ok_and(|bytes| bytes.starts_with(MARK.as_bytes()));
            if ours {
                left.push(path);
            }
        }
    }
    Ok(())
}
