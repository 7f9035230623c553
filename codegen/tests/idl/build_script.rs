//! Needs of a build script: every file that was read, and errors that its log shows readably.

use std::path::{Path, PathBuf};

use codegen::Builder;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/build-script/idl")
}

#[test]
fn included_files_are_watched_too() {
    let loaded = Builder::new().idl(example().join("user.thrift")).load(false).unwrap();
    let files = loaded.model.files.iter().map(|file| Path::new(loaded.sources.path(file.id)).canonicalize().unwrap());
    let expected = ["user.thrift", "types/user.thrift"].map(|it| example().join(it).canonicalize().unwrap());
    assert_eq!(files.collect::<Vec<_>>(), expected);
}

#[test]
fn an_error_of_main_shows_its_lines() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("wrong.thrift"), "struct A {\n    1: i46 id\n}\n").unwrap();
    let error = Builder::new().idl(folder.join("wrong.thrift")).load(false).unwrap_err();
    let shown = format!("Error: {error:?}");
    assert!(shown.starts_with("Error: the IDL is wrong\nerror[TH0102]: there is no type `i46`\n"), "{shown}");
    assert!(shown.contains("\n2 |     1: i46 id\n"), "{shown}");
    let missing = Builder::new().idl(folder.join("missing.thrift")).load(false).unwrap_err();
    assert!(!format!("{missing:?}").contains("\\\\"), "{missing:?}");
}
