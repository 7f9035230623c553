//! The IDL files of a crate: those that it records, those that a run names, and the paths that all
//! of them have in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use codegen::output::hash;
use codegen::scaffold::Idl;
use codegen::{Builder, Error, Loaded, StandIn};

use super::invocation::Invocation;
use super::place::{Record, absolute, shown};

/// The IDL files of a run, loaded and placed.
pub(super) struct Gathered {
    pub(super) loaded: Loaded,
    /// In the order of the model's files.
    pub(super) idls: Vec<Idl>,
    /// Include folders of the crate, such as `idl/common`.
    pub(super) include: Vec<String>,
}

/// Loads the files that are named, and beside them those that the crate records: a file that is
/// named alone joins the ones that are there.
pub(super) fn gather(invocation: &Invocation, root: &Path, record: &Record, color: bool) -> Result<Gathered, Error> {
    let own = absolute(root)?;
    let (inside, outside) = split(&invocation.idls, &own)?;
    if outside.is_empty() {
        let mut roots = record.idls.clone();
        roots.extend(inside.into_iter().filter(|it| !record.idls.contains(it)));
        return of_crate(invocation, root, &roots, &record.include, Vec::new(), color);
    }
    let loaded = load(invocation, &outside, &invocation.options.include, root, Vec::new(), color)?;
    let gathered = place(invocation, loaded, &own, record)?;
    let placed: Vec<&Idl> = gathered.idls.iter().filter(|it| it.root).collect();
    let missing =
        record.idls.iter().filter(|path| !placed.iter().any(|it| it.path == **path || record.moved(path, it)));
    let mut roots: Vec<String> = missing.cloned().collect();
    let borrowed = !invocation.said.contains(&"include") && !record.include.is_empty();
    if roots.is_empty() && inside.is_empty() && !borrowed {
        return Ok(gathered);
    }
    let named = inside.iter().chain(placed.iter().map(|it| &it.path)).cloned();
    let kept: Vec<String> = if roots.is_empty() { Vec::new() } else { record.idls.clone() };
    roots =
        kept.into_iter().filter(|it| roots.contains(it) || placed.iter().any(|placed| placed.path == *it)).collect();
    let more: Vec<String> = named.filter(|it| !roots.contains(it)).collect();
    roots.extend(more);
    let mut include = record.include.clone();
    include.extend(gathered.include.iter().filter(|it| !record.include.contains(it)).cloned());
    let copies =
        gathered.idls.iter().zip(gathered.loaded.model.own_files()).filter(|(it, _)| !it.own).map(|(it, file)| {
            StandIn {
                path: root.join(&it.path),
                shown: gathered.loaded.sources.path(file.id).to_owned(),
                text: it.text.clone(),
            }
        });
    of_crate(invocation, root, &roots, &include, copies.collect(), color)
}

/// Which of the named files are the crate's own, by their paths in it, and which are not.
fn split(named: &[PathBuf], own: &Path) -> Result<(Vec<String>, Vec<PathBuf>), Error> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for path in named {
        match absolute(path)?.strip_prefix(own) {
            Ok(below) if below.starts_with("idl") => inside.push(shown(below)),
            _ => outside.push(path.clone()),
        }
    }
    Ok((inside, outside))
}

/// Loads the crate's own copies, `copies` in the place of some that are to be written.
fn of_crate(
    it: &Invocation,
    root: &Path,
    roots: &[String],
    include: &[String],
    copies: Vec<StandIn>,
    color: bool,
) -> Result<Gathered, Error> {
    for path in roots {
        if !copies.iter().any(|it| it.path == root.join(path)) && !root.join(path).exists() {
            let (file, manifest) = (root.join(path), root.join("Cargo.toml"));
            return Err(Error::Io(format!(
                "cannot read `{}`: no such file; when it is not wanted any more, take it out of `idl` in {}",
                file.display(),
                manifest.display()
            )));
        }
    }
    let fresh: Vec<PathBuf> = copies.iter().map(|it| it.path.clone()).collect();
    let (roots, include): (Vec<_>, Vec<_>) =
        (roots.iter().map(|it| root.join(it)).collect(), include.iter().map(|it| root.join(it)).collect());
    let include = if it.said.contains(&"include") && fresh.is_empty() { it.options.include.clone() } else { include };
    let names: BTreeMap<String, PathBuf> = copies.iter().map(|it| (it.shown.clone(), it.path.clone())).collect();
    let loaded = load(it, &roots, &include, root, copies, color)?;
    let own = absolute(root)?;
    let mut idls = Vec::new();
    for file in loaded.model.files.iter().filter(|it| !it.built_in) {
        let path = loaded.sources.path(file.id);
        let path = absolute(names.get(path).map_or(Path::new(path), PathBuf::as_path))?;
        let Some(below) = path.strip_prefix(&own).ok().filter(|it| it.starts_with("idl")) else {
            // A file beside `idl/`: all are copied as if they came from elsewhere.
            let mut invocation = it.clone();
            invocation.options.include = include;
            return place(&invocation, loaded, &own, &Record::default());
        };
        let copy = fresh.iter().any(|it| absolute(it).is_ok_and(|it| it == path));
        let text = loaded.sources.text(file.id).to_owned();
        idls.push(Idl { path: shown(below), text, root: file.root, own: !copy });
    }
    let used = used(&loaded, &include)?;
    let below = used.iter().filter_map(|dir| dir.strip_prefix(&own).ok().map(shown)).collect();
    Ok(Gathered { loaded, idls, include: below })
}

fn load(
    invocation: &Invocation,
    roots: &[PathBuf],
    include: &[PathBuf],
    root: &Path,
    copies: Vec<StandIn>,
    color: bool,
) -> Result<Loaded, Error> {
    let mut options = invocation.options.clone();
    options.include = include.to_vec();
    let builder = Builder::new().options(options).allow(root.join("idl"));
    let builder = roots.iter().fold(builder, |builder, idl| builder.idl(idl));
    copies.into_iter().fold(builder, Builder::stand_in).load(color)
}

/// Gives each file its path in the crate: its own where it is in there, else the one below the
/// folder that holds all others and the include folders by which they are found.
fn place(invocation: &Invocation, loaded: Loaded, own: &Path, record: &Record) -> Result<Gathered, Error> {
    let mut paths = Vec::new();
    for file in loaded.model.own_files() {
        paths.push(absolute(Path::new(loaded.sources.path(file.id)))?);
    }
    let idl = own.join("idl");
    let all_inside = paths.iter().all(|it| it.starts_with(&idl));
    let is_own = |path: &Path| path.starts_with(&idl) && (all_inside || !record.idls.is_empty());
    let used = used(&loaded, &invocation.options.include)?;
    let folders = paths.iter().map(|it| it.parent().unwrap_or(it)).chain(used.iter().map(PathBuf::as_path));
    let base = common(folders.filter(|it| !is_own(it)));
    let copied = |path: &Path, base: &Path| {
        let below = path.strip_prefix(if is_own(path) { &idl } else { base }).unwrap_or(path);
        shown(&Path::new("idl").join(below))
    };
    // Where an earlier run put most of them, it is done again.
    let known = |base: &Path| paths.iter().filter(|it| record.hashes.contains_key(&copied(it, base))).count();
    let base = base.ancestors().fold((known(&base), base.as_path()), |best, outer| {
        let count = known(outer);
        if count > best.0 { (count, outer) } else { best }
    });
    let files = loaded.model.own_files().zip(&paths);
    let idls = files.map(|(file, path)| Idl {
        path: copied(path, base.1),
        text: loaded.sources.text(file.id).to_owned(),
        root: file.root,
        own: is_own(path),
    });
    let idls = idls.collect();
    let include = used.iter().map(|dir| copied(dir, base.1).trim_end_matches('/').to_owned()).collect();
    Ok(Gathered { include, idls, loaded })
}

/// The include folders below which a file was found.
fn used(loaded: &Loaded, include: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut dirs = Vec::new();
    for dir in include.iter().filter(|dir| loaded.sources.used_dirs().any(|it| it == dir.as_path())) {
        let dir = absolute(dir)?;
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    Ok(dirs)
}

/// The deepest folder that holds all of these.
fn common<'a>(mut folders: impl Iterator<Item = &'a Path>) -> PathBuf {
    let first = folders.next().unwrap_or(Path::new("/")).to_owned();
    folders.fold(first, |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    })
}

impl Record {
    /// Whether a recorded file is the one that is now named by another path: the same name and text.
    fn moved(&self, path: &str, idl: &Idl) -> bool {
        let name = |path: &str| Path::new(path).file_name().map(std::ffi::OsStr::to_owned);
        name(path) == name(&idl.path) && self.hashes.get(path).is_some_and(|known| *known == hash(&idl.text))
    }
}

/// How the files are named in the headers of generated code: by their paths in the crate, else below
/// the folder that holds them, so that the text is the same on any machine.
pub(super) fn names(gathered: &Gathered, root: &Path, generate: bool) -> Vec<String> {
    let own = absolute(root).unwrap_or_else(|_| root.to_owned());
    let of = |(it, file): (&Idl, &codegen::ir::model::File)| {
        let path = absolute(Path::new(gathered.loaded.sources.path(file.id))).unwrap_or_default();
        match path.strip_prefix(&own) {
            _ if !generate => it.path.clone(),
            Ok(below) => shown(below),
            Err(_) => it.path.strip_prefix("idl/").unwrap_or(&it.path).to_owned(),
        }
    };
    let model = &gathered.loaded.model;
    let built_in = model.files.iter().filter(|file| file.built_in).map(|file| file.import.clone());
    gathered.idls.iter().zip(model.own_files()).map(of).chain(built_in).collect()
}
