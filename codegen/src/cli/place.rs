//! The place of a crate: its folder, its manifest, its workspace, its way to `runtime`.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use codegen::emit::Sides;
use codegen::options::TABLE;
use codegen::output;
use codegen::scaffold::{self, Crate, Manifest, Runtime};
use codegen::{Error, Loaded};

use super::idls::Gathered;
use super::invocation::{Command, Invocation};

/// The key of a gateway in `[package.metadata.kiteline]`, and its folder.
const GATEWAY: &str = "gateway";

/// The crate's folder: `-o`, else the crate that we stand in when the IDL is one of its own, else
/// a folder named after the first IDL, of a gateway `gateway`.
pub(super) fn root(invocation: &Invocation) -> Result<PathBuf, Error> {
    if let Some(out) = &invocation.out {
        return Ok(out.clone());
    }
    let own = manifest(Path::new("Cargo.toml"))?.map_or_else(Vec::new, |it| it.strings("idl"));
    let ours = own.iter().any(|own| invocation.idls.iter().any(|idl| clean(idl) == Path::new(own)));
    let Some(first) = invocation.idls.first().filter(|_| !ours) else { return Ok(PathBuf::from(".")) };
    let stem = first.file_stem().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    // The services behind a gateway may have the folders that are named after their IDLs.
    Ok(PathBuf::from(if invocation.command == Command::Gateway {
        GATEWAY.to_owned()
    } else {
        scaffold::package_name(&stem)
    }))
}

/// The record of an earlier run about the IDL files, in the crate's manifest.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The files that were named, by their paths in the crate.
    pub(super) idls: Vec<String>,
    /// The include folders of the crate.
    pub(super) include: Vec<String>,
    /// The hash of each copy as it came.
    pub(super) hashes: BTreeMap<String, u64>,
}

/// The invocation with every option as an earlier run recorded it where no flag says otherwise, and
/// what it recorded of the IDL.
pub(super) fn recorded(
    invocation: &Invocation,
    root: &Path,
    manifest: Option<&Manifest>,
) -> Result<(Invocation, Record), Error> {
    let mut invocation = invocation.clone();
    let Some(manifest) = manifest else { return Ok((invocation, Record::default())) };
    let (idls, include) = (manifest.strings("idl"), manifest.strings("include"));
    let was_gateway = manifest.values(GATEWAY) == ["true"];
    let serves = manifest.values("sides") != ["client"];
    if invocation.command == Command::Gateway && !was_gateway && !idls.is_empty() && serves {
        let root = root.display();
        return Err(Error::Io(format!(
            "the crate in {root} serves itself: name another folder for a gateway with `-o`"
        )));
    }
    if invocation.command == Command::Crate && was_gateway {
        invocation.command = Command::Gateway;
    }
    if !invocation.said.contains(&"include") {
        invocation.options.include = include.iter().map(|folder| root.join(folder)).collect();
    }
    for spec in TABLE.iter().filter(|spec| !invocation.said.contains(&spec.name)) {
        for value in manifest.values(spec.name) {
            spec.set(&mut invocation.options, &value).map_err(|wanted| {
                let place = root.join("Cargo.toml");
                Error::Io(format!("{}: `{}` in [package.metadata.kiteline]: {wanted}", place.display(), spec.name))
            })?;
        }
    }
    if invocation.command == Command::Gateway {
        invocation.options.sides = Sides::Both;
    }
    Ok((invocation, Record { idls, include, hashes: manifest.hashes() }))
}

/// The files of an earlier run of `generate` that this one does not name: what was made from them
/// would go.
pub(super) fn dropped(root: &Path, names: &[String]) -> Result<Vec<String>, Error> {
    let before = output::read(&root.join("src/generated/mod.rs")).map_err(|error| Error::Io(error.to_string()))?;
    let before = before.unwrap_or_default();
    // One of them may have had more folders in front.
    let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|it| it.is_empty() || it.ends_with('/'));
    let gone =
        codegen::made_from(&before).into_iter().filter(|old| !names.iter().any(|it| ends(old, it) || ends(it, old)));
    Ok(gone.map(str::to_owned).collect())
}

/// The needs of an existing crate beside `src/generated`: the dependency, and the module.
pub(super) fn lacking(
    loaded: &Loaded,
    root: &Path,
    manifest: Option<&Manifest>,
) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut lacking = Vec::new();
    let path = PathBuf::from("Cargo.toml");
    if !manifest.is_some_and(Manifest::depends) {
        let source = runtime(&absolute(root)?).unwrap_or_else(|| Runtime::Path("DIR".to_owned()));
        lacking.push((path, scaffold::dependency(&loaded.model, &source)));
    }
    let mut declared = false;
    for file in ["src/lib.rs", "src/main.rs"] {
        let text = output::read(&root.join(file)).map_err(|error| Error::Io(error.to_string()))?;
        declared |= text.is_some_and(|text| text.contains("mod generated"));
    }
    if !declared {
        lacking.push((PathBuf::from("src/lib.rs"), "#[rustfmt::skip]\npub mod generated;".to_owned()));
    }
    Ok(lacking)
}

/// A manifest, if it is there.
pub(super) fn manifest(path: &Path) -> Result<Option<Manifest>, Error> {
    let text = output::read(path).map_err(|error| Error::Io(error.to_string()))?;
    let Some(text) = text else { return Ok(None) };
    let said = |error: toml_edit::TomlError| {
        let first = error.to_string().replace('\n', " ");
        Error::Io(format!("{}: {}", path.display(), first.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    Manifest::parse(&text).map(Some).map_err(said)
}

/// The crate as far as it is known.
pub(super) fn shape(
    invocation: &Invocation,
    gathered: &Gathered,
    root: &Path,
    manifest: Option<&Manifest>,
) -> Result<Crate, Error> {
    let loaded = &gathered.loaded;
    let absolute = absolute(root)?;
    if manifest.is_some_and(Manifest::is_workspace_alone) {
        let path = root.join("Cargo.toml");
        return Err(Error::Io(format!(
            "{} holds a workspace and no package: name a folder of the crate's own, and --member to have it listed",
            path.display()
        )));
    }
    let named = manifest.and_then(|it| it.name().map(str::to_owned));
    let depends = manifest.is_some_and(Manifest::depends);
    let around = workspace_around(&absolute)?;
    let serves = invocation.options.sides != Sides::Client && loaded.model.root_services().next().is_some();
    Ok(Crate {
        manifest: manifest.cloned(),
        name: named.unwrap_or_else(|| crate_name(&absolute)),
        runtime: match invocation.runtime.clone().or_else(|| runtime(&absolute)) {
            Some(runtime) => runtime,
            // The existing manifest already says where it comes from.
            None if depends => Runtime::Path(String::new()),
            None => return Err(Error::Io("where does the crate get `runtime` from? This kiteline does not know the repository that it was built from: name it with --runtime git:URL#REV or --runtime path:DIR".to_owned())),
        },
        runtime_named: invocation.runtime.is_some(),
        member: invocation.member,
        own_workspace: !invocation.member && around.as_ref().is_some_and(|around| !around.lists),
        idls: gathered.idls.clone(),
        include: gathered.include.clone(),
        server: serves,
        gateway: invocation.command == Command::Gateway && serves,
        add_missing: invocation.add_missing,
        options: invocation.options.clone(),
    })
}

/// A path from the root of the disk, without `.` and `..`.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path).map_err(|error| Error::Io(format!("{}: {error}", path.display())))?;
    Ok(clean(&path))
}

/// A path without `.` and `..`, by its text alone.
fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// A path with slashes forward.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// The workspace whose folder a crate is in.
struct Around {
    path: PathBuf,
    manifest: Manifest,
    /// Whether it has the crate as a member or excludes it, so that cargo does not object.
    lists: bool,
}

fn workspace_around(root: &Path) -> Result<Option<Around>, Error> {
    for folder in root.ancestors().skip(1) {
        let path = folder.join("Cargo.toml");
        let Some(manifest) = manifest(&path)? else { continue };
        let Some(members) = manifest.workspace("members") else { continue };
        let Ok(below) = root.strip_prefix(folder) else { continue };
        let below = shown(below);
        let excluded = manifest.workspace("exclude").unwrap_or_default();
        let lists = members.into_iter().chain(excluded).any(|it| matches(it, &below));
        return Ok(Some(Around { lists, path, manifest }));
    }
    Ok(None)
}

/// A workspace's entry against a path: the same, or with `*` for one name.
fn matches(entry: &str, path: &str) -> bool {
    let (entry, path): (Vec<&str>, Vec<&str>) =
        (entry.trim_end_matches('/').split('/').collect(), path.split('/').collect());
    entry.len() == path.len() && entry.iter().zip(&path).all(|(entry, part)| *entry == "*" || entry == part)
}

/// With `--member`: the folder of the workspace around the crate, and its manifest with the crate
/// among its members, every other byte as it was. `None` when it is one already.
pub(super) fn member(invocation: &Invocation, root: &Path) -> Result<Option<(PathBuf, String)>, Error> {
    if !invocation.member {
        return Ok(None);
    }
    let root = absolute(root)?;
    let around = workspace_around(&root)?
        .ok_or_else(|| Error::Io(format!("--member: there is no workspace around {}", root.display())))?;
    if around.lists {
        return Ok(None);
    }
    let folder = around.path.parent().unwrap_or(Path::new("/"));
    let below = shown(root.strip_prefix(folder).unwrap_or(&root));
    let text = around.manifest.with_member(&below);
    let text = text.ok_or_else(|| Error::Io(format!("{}: `workspace.members` is no list", around.path.display())))?;
    Ok(Some((folder.to_owned(), text)))
}

/// Where a new crate gets `runtime` from: relative when the crate is in the repository of which
/// this program was built, so that both can move together; else what the environment says, or that
/// repository at the commit that was built. Never a place on the machine that built it.
fn runtime(root: &Path) -> Option<Runtime> {
    let repository = clean(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    if let Ok(below) = root.strip_prefix(&repository) {
        let up = "../".repeat(below.components().count());
        return Some(Runtime::Path(format!("{up}runtime")));
    }
    let said = std::env::var("KITELINE_RUNTIME").ok().and_then(|it| super::invocation::runtime(&it));
    let built = || {
        Some(Runtime::Git(
            option_env!("KITELINE_REPOSITORY")?.to_owned(),
            Some(option_env!("KITELINE_REVISION")?.to_owned()),
        ))
    };
    said.or_else(built)
}

/// The crate's name: what its manifest says, else the folder's.
fn crate_name(root: &Path) -> String {
    let folder = root.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    scaffold::package_name(&folder)
}
