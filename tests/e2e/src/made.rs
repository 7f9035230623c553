//! Crates as a new user makes them.

use std::path::Path;
use std::process::{Command, Output};

use crate::{program, workspace};

/// Runs kiteline in a folder.
///
/// # Panics
///
/// When it fails.
pub fn kiteline(folder: &Path, args: &[&str]) -> Output {
    let output = program("kiteline")
        .args(args)
        .current_dir(folder)
        .env("KITELINE_RUNTIME", format!("path:{}", workspace().join("runtime").display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Runs cargo in a crate; warnings are errors, those of its documentation too. One target folder for all crates: what they depend
/// on is built once.
///
/// # Panics
///
/// When there is no cargo.
pub fn cargo(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(folder);
    command.env("CARGO_TARGET_DIR", workspace().join("target/scaffold")).env("RUSTFLAGS", "-D warnings");
    command.env("RUSTDOCFLAGS", "-D warnings");
    // Nobody debugs these crates, and what a debugger needs of them takes gigabytes.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    command.env("KITELINE_LISTEN", "127.0.0.1:0").env("KITELINE_REGISTRY", "none");
    // No build of theirs may ask for a protoc.
    command.env("PROTOC", "/nonexistent/protoc");
    command.output().unwrap()
}

/// Runs cargo in a crate.
///
/// # Panics
///
/// When it fails.
pub fn passes(folder: &Path, args: &[&str]) {
    let output = cargo(folder, args);
    assert!(output.status.success(), "cargo {args:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}
