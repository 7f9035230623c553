//! Names from an IDL that mean something in Rust, in the standard library or in generated code:
//! each is refused with its place, or the crate that is made of all of them compiles without a
//! warning.

mod proto;
mod thrift;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use codegen::emit::{Sides, emit};
use codegen::{Builder, Error};

/// An IDL with one word as a name in one place.
struct One {
    kind: &'static str,
    word: &'static str,
    file: String,
    text: String,
    refused: bool,
}

/// Reads and emits each, none of which may take the generator by surprise.
fn try_each(all: impl Iterator<Item = One>, least: usize) {
    let (mut wrong, mut count) = (Vec::new(), 0);
    let dir = tempfile::tempdir().unwrap();
    for One { kind, word, file, text, refused } in all {
        let path = dir.path().join(&file);
        fs::write(&path, text).unwrap();
        count += 1;
        match Builder::new().idl(&path).load(false) {
            Ok(loaded) if !refused => assert!(!codegen::single(&emit(&loaded.model, Sides::Both)).is_empty()),
            Err(Error::Findings(_, text)) if refused && text.contains(&format!("{file}:")) => {}
            Ok(_) => wrong.push(format!("{kind} {word} is read")),
            Err(error) => wrong.push(format!("{kind} {word}: {error}")),
        }
        fs::remove_file(&path).unwrap();
    }
    assert!(count >= least, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_name_of_thrift_is_read_or_refused_at_its_place() {
    try_each(thrift::each(), 500);
}

/// One word in eight in each place; the others: `cargo test -p codegen --test idl -- names --ignored`.
#[test]
fn names_of_proto_are_read_or_refused_at_their_places() {
    try_each(proto::each().step_by(8), 400);
}

#[test]
#[ignore = "takes minutes"]
fn every_name_of_proto_is_read_or_refused_at_its_place() {
    try_each(proto::each(), 3200);
}

/// Generates a crate of files, which are a name and a text each; returns its folder.
fn generate(dir: &Path, files: Vec<(String, String)>) -> PathBuf {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiteline"));
    let idl = dir.join("idl");
    for (name, text) in files {
        let path = idl.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        command.arg(path);
    }
    let out = dir.join("names");
    let output = command
        .arg("-I")
        .arg(idl)
        .arg("-o")
        .arg(&out)
        .arg("-q")
        .arg(format!("--runtime=path:{}/../runtime", env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out
}

/// Everything but the library's own tests, of which there are none: they would check all that was generated once more.
const ALL: [&str; 3] = ["--lib", "--bins", "--test=*"];

fn check(root: &Path, targets: &[&str]) {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, root.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline"])
        .args(targets)
        .current_dir(root)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Needs a build of `runtime`, and with it some minutes: `cargo test -p codegen --test idl -- names --ignored`. In a folder that
/// stays, with what the crate depends on: that is checked once.
fn all_compile(language: &str, files: Vec<(String, String)>, targets_of_2021: &[&str]) {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("names").join(language);
    for stale in ["idl", "names/src", "names/tests", "names/Cargo.toml"].map(|path| dir.join(path)) {
        let _ = if stale.is_dir() { fs::remove_dir_all(stale) } else { fs::remove_file(stale) };
    }
    let root = generate(&dir, files);
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let strict = manifest.replace("[lints.rust]\n", "[lints.rust]\nwarnings = \"deny\"\n");
    fs::write(root.join("Cargo.toml"), &strict).unwrap();
    check(&root, &ALL);
    fs::write(root.join("Cargo.toml"), strict.replace("edition = \"2024\"", "edition = \"2021\"")).unwrap();
    check(&root, targets_of_2021);
}

#[test]
#[ignore = "builds the runtime"]
fn all_names_of_thrift_together_compile_without_a_warning() {
    all_compile("thrift", thrift::files(), &ALL);
}

#[test]
#[ignore = "builds the runtime"]
fn all_names_of_proto_together_compile_without_a_warning() {
    // What was generated is in the library, which takes minutes.
    all_compile("proto", proto::files(), &["--lib"]);
}
