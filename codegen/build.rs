//! Tells the program of which repository and commit it was built, for the manifests of new crates.
//! Without a repository around it, such as in an archive, it tells nothing.

#[path = "build/repository.rs"]
mod repository;

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/repository.rs");
    println!("cargo::rerun-if-env-changed=KITELINE_REPOSITORY");
    println!("cargo::rerun-if-env-changed=KITELINE_REVISION");
    let Some(root) = Path::new(env!("CARGO_MANIFEST_DIR")).parent() else { return };
    let Some(git) = repository::folder(root) else { return };
    // A commit on the same branch makes no new program: who installs one builds it anew.
    println!("cargo::rerun-if-changed={}", git.join("HEAD").display());
    if let Some((url, revision)) = repository::repository(&git, env!("CARGO_PKG_REPOSITORY")) {
        println!("cargo::rustc-env=KITELINE_REPOSITORY={url}");
        println!("cargo::rustc-env=KITELINE_REVISION={revision}");
    }
}
