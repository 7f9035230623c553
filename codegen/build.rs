//! Tells the program of which repository and commit it was built, for the manifests of new crates.
//! Without a repository around it, such as in an archive, it tells nothing.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=KITELINE_REPOSITORY");
    println!("cargo::rerun-if-env-changed=KITELINE_REVISION");
    let Some(folder) = folder() else { return };
    // A commit on the same branch makes no new program: who installs one builds it anew.
    println!("cargo::rerun-if-changed={}", folder.join("HEAD").display());
    let shared = read(&folder.join("commondir")).map_or_else(|| folder.clone(), |it| folder.join(it));
    let named = Some(env!("CARGO_PKG_REPOSITORY").to_owned()).filter(|it| !it.is_empty());
    if let (Some(url), Some(revision)) = (named.or_else(|| origin(&shared)), revision(&folder, &shared)) {
        println!("cargo::rustc-env=KITELINE_REPOSITORY={url}");
        println!("cargo::rustc-env=KITELINE_REVISION={revision}");
    }
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|it| it.trim().to_owned())
}

/// The folder in which git keeps this work tree's state.
fn folder() -> Option<PathBuf> {
    let git = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    read(&git)?.strip_prefix("gitdir: ").map(PathBuf::from)
}

fn revision(folder: &Path, shared: &Path) -> Option<String> {
    let head = read(&folder.join("HEAD"))?;
    let Some(name) = head.strip_prefix("ref: ") else { return Some(head) };
    let packed = || {
        let all = read(&shared.join("packed-refs"))?;
        all.lines().find_map(|line| Some(line.strip_suffix(name)?.trim_end().to_owned()))
    };
    read(&shared.join(name)).or_else(packed)
}

/// The URL of `origin`, where others can reach it.
fn origin(shared: &Path) -> Option<String> {
    let config = read(&shared.join("config"))?;
    let section = config.split("[remote \"origin\"]").nth(1)?;
    let line =
        section.lines().take_while(|line| !line.starts_with('[')).find_map(|it| it.trim().strip_prefix("url = "))?;
    let url = line.trim();
    (url.starts_with("https://") || url.starts_with("ssh://")).then(|| url.to_owned())
}
