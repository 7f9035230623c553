//! The committed code of `tests/golden` is what the generator makes today, byte by byte.
//! `UPDATE=1 cargo test -p codegen --test idl -- golden` writes it again, also where the old one no longer builds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use codegen::emit::{self, Sides};
use codegen::{Builder, Loaded};

/// The files that the golden code is made of; what they include comes along.
const ROOTS: &[&str] = &[
    "tests/golden/idl/shapes.thrift",
    "tests/golden/idl/names.thrift",
    "tests/golden/idl/rules.thrift",
    "tests/golden/idl/shop.proto",
    "tests/golden/idl/legacy.proto",
    "tests/golden/idl/bare.proto",
    "tests/golden/idl/checks.proto",
    "tests/golden/idl/chat.proto",
    "tests/golden/idl/older.proto",
    "tests/golden/idl/library.proto",
    "tests/golden/idl/reasons.proto",
    "tests/golden/idl/web.thrift",
    "tests/vectors/kitex/kitchen_sink.thrift",
    "examples/add/idl/add.thrift",
    "examples/echo/idl/echo.thrift",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn load() -> Loaded {
    let root = repository();
    let builder = ROOTS.iter().fold(Builder::new(), |builder, idl| builder.idl(root.join(idl)));
    builder.load(false).unwrap_or_else(|error| panic!("{error}"))
}

/// Path and text of every file, as `kiteline generate … -o tests/golden` makes them.
fn made() -> BTreeMap<PathBuf, String> {
    let loaded = load();
    let root = repository();
    let name = |file: &codegen::ir::model::File| {
        let path = Path::new(loaded.sources.path(file.id));
        path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    };
    let names: Vec<String> = loaded.model.files.iter().map(name).collect();
    let files = codegen::tree(&loaded.model, &emit::emit(&loaded.model, Sides::Both), &names);
    files.iter().map(|(path, file)| (path.to_owned(), file.text.clone())).collect()
}

fn committed(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { committed(&path, found) } else { found.push(path) }
    }
}

#[test]
fn the_generated_code_is_fresh() {
    let here = repository().join("tests/golden");
    let made = made();
    let mut found = Vec::new();
    committed(&here.join("src/generated"), &mut found);
    let update = std::env::var_os("UPDATE").is_some();
    let mut stale = Vec::new();
    for path in found.iter().filter(|path| !made.contains_key(path.strip_prefix(&here).unwrap())) {
        stale.push(path.clone());
        if update {
            fs::remove_file(path).unwrap();
        }
    }
    for (path, text) in &made {
        let path = here.join(path);
        if fs::read_to_string(&path).ok().as_deref() == Some(text) {
            continue;
        }
        if update {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        stale.push(path);
    }
    assert!(update || stale.is_empty(), "run with UPDATE=1 and look at the difference: {stale:?}");
}

#[test]
fn two_runs_give_the_same_bytes() {
    assert_eq!(made(), made());
}
