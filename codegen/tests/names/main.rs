//! Names from an IDL that mean something in Rust, in the standard library or in generated code:
//! each is refused with its place, or the crate that is made of all of them compiles without a
//! warning.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod matrix;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use codegen::{Builder, Error};
use matrix::{KINDS, WORDS, files, refused, small};

#[test]
fn every_name_is_read_or_refused_at_its_place() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    let dir = tempfile::tempdir().unwrap();
    for kind in KINDS {
        for word in WORDS {
            let path = dir.path().join("one.thrift");
            fs::write(&path, small(kind, word)).unwrap();
            count += 1;
            match Builder::new().idl(&path).load(false) {
                Ok(_) if !refused(kind, word) => {}
                Err(Error::Findings(_, text)) if refused(kind, word) && text.contains("one.thrift:") => {}
                Ok(_) => wrong.push(format!("{kind} {word} is read")),
                Err(error) => wrong.push(format!("{kind} {word}: {error}")),
            }
        }
    }
    assert!(count >= 500, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Generates a crate of all names; returns its folder.
fn generate(dir: &Path) -> PathBuf {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiteline"));
    for (name, text) in files() {
        let path = dir.join("idl").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        command.arg(path);
    }
    let out = dir.join("names");
    let output = command
        .arg("-o")
        .arg(&out)
        .arg("-q")
        .arg(format!("--runtime=path:{}/../runtime", env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out
}

fn check(root: &Path) {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, root.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--all-targets"])
        .current_dir(root)
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Needs a build of `runtime`, and with it some minutes: `cargo test -p codegen --test names -- --ignored`.
#[test]
#[ignore = "builds the runtime"]
fn all_names_together_compile_without_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let root = generate(dir.path());
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let strict = manifest.replace("[lints.rust]\n", "[lints.rust]\nwarnings = \"deny\"\n");
    fs::write(root.join("Cargo.toml"), &strict).unwrap();
    check(&root);
    fs::write(root.join("Cargo.toml"), strict.replace("edition = \"2024\"", "edition = \"2021\"")).unwrap();
    check(&root);
}
