//! Carries a plan out: everything is written beside its place first, then renamed into it, so that
//! a full disk or a missing permission leaves every file as it was.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Action, Error, Plan, Step};

/// A file that is written but not yet in its place; removed unless it gets there.
struct Staged {
    temp: PathBuf,
    place: PathBuf,
    done: bool,
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.temp);
        }
    }
}

/// Writes what the plan says.
///
/// # Errors
///
/// The first file that could not be written; nothing was changed then, unless a rename itself
/// failed, and then every file is wholly old or wholly new.
pub fn apply(plan: &Plan) -> Result<(), Error> {
    sweep(plan);
    let writes = plan.steps.iter().filter(|it| matches!(it.action, Action::Create | Action::Update | Action::Insert));
    let mut staged = Vec::new();
    for step in writes {
        staged.push(stage(&plan.root, step)?);
    }
    for mut it in staged {
        fs::rename(&it.temp, &it.place).map_err(|error| Error::new(&it.place, error))?;
        it.done = true;
    }
    for step in plan.steps.iter().filter(|it| it.action == Action::Remove) {
        let path = plan.root.join(&step.path);
        fs::remove_file(&path).map_err(|error| Error::new(&path, error))?;
    }
    Ok(())
}

/// Removes what runs that were killed left beside the files of a plan. Those of processes that
/// are still there stay.
fn sweep(plan: &Plan) {
    let folders: BTreeSet<PathBuf> =
        plan.steps.iter().filter_map(|it| Some(plan.root.join(&it.path).parent()?.to_owned())).collect();
    let names: BTreeSet<&OsStr> = plan.steps.iter().filter_map(|it| it.path.file_name()).collect();
    for folder in folders {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let of = name.to_str().and_then(temporary).filter(|(of, _)| names.contains(OsStr::new(of)));
            if of.is_some_and(|(_, process)| !alive(process)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// `.NAME.PROCESS.tmp` as its parts.
fn temporary(name: &str) -> Option<(&str, u32)> {
    let (name, process) = name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
    Some((name, process.parse().ok()?))
}

/// Whether a process is there, where the system tells; else it is taken to be.
fn alive(process: u32) -> bool {
    let all = Path::new("/proc");
    !all.join("self").exists() || all.join(process.to_string()).exists()
}

fn stage(root: &Path, step: &Step) -> Result<Staged, Error> {
    let place = root.join(&step.path);
    let folder = place.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|error| Error::new(folder, error))?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let temp = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let staged = Staged { temp, place, done: false };
    let failed = |error: std::io::Error| Error::new(&staged.place, error);
    let mut file = fs::File::create(&staged.temp).map_err(failed)?;
    if let Some(wanted) = &step.wanted {
        file.write_all(wanted.text.as_bytes()).map_err(failed)?;
        permit(&staged).map_err(failed)?;
    }
    Ok(staged)
}

/// A replaced file keeps its mode.
fn permit(staged: &Staged) -> std::io::Result<()> {
    match fs::metadata(&staged.place) {
        Ok(before) => fs::set_permissions(&staged.temp, before.permissions()),
        Err(_) => Ok(()),
    }
}
