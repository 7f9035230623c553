//! Reads the URL and the commit of a repository from git's files, without git: those of a clone and
//! those of what `cargo install --git` checks out.

use std::fs;
use std::path::{Path, PathBuf};

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|it| it.trim().to_owned())
}

/// The folder in which git keeps the state of a work tree.
pub(crate) fn folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    read(&git)?.strip_prefix("gitdir: ").map(PathBuf::from)
}

/// The URL under which others reach the repository, `named` where that is not empty, and the commit.
pub(crate) fn repository(git: &Path, named: &str) -> Option<(String, String)> {
    let shared = read(&git.join("commondir")).map_or_else(|| git.to_owned(), |it| git.join(it));
    let url = if named.is_empty() { reachable(&origin(&shared)?)? } else { named.to_owned() };
    Some((url, revision(git, &shared)?))
}

fn revision(git: &Path, shared: &Path) -> Option<String> {
    let head = read(&git.join("HEAD"))?;
    let Some(name) = head.strip_prefix("ref: ") else { return Some(head) };
    let packed = || {
        let all = read(&shared.join("packed-refs"))?;
        all.lines().find_map(|line| Some(line.strip_suffix(name)?.trim_end().to_owned()))
    };
    read(&shared.join(name)).or_else(packed)
}

/// The URL of `origin`.
fn origin(shared: &Path) -> Option<String> {
    let config = read(&shared.join("config"))?;
    let section = config.split("[remote \"origin\"]").nth(1)?;
    let mut lines = section.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    let url = lines.find_map(|it| it.strip_prefix("url = "))?;
    Some(url.trim().to_owned())
}

/// A URL that cargo can fetch on other machines, without what logs in to it.
fn reachable(url: &str) -> Option<String> {
    if let Some(folder) = url.strip_prefix("file://") {
        return fetched(Path::new(folder));
    }
    if let Some(rest) = url.strip_prefix("https://") {
        let (host, path) = rest.split_once('/')?;
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        return Some(format!("https://{host}/{path}"));
    }
    if url.starts_with("ssh://") {
        return Some(url.to_owned());
    }
    // `git@host:path`, which cargo does not read.
    let (host, path) = url.split_once(':')?;
    let remote = host.contains('@') && !host.contains('/') && !path.starts_with('/');
    remote.then(|| format!("ssh://{host}/{path}"))
}

/// Where cargo fetched its copy of a repository from: checkouts of `cargo install --git` have that
/// copy, below `git/db`, as their origin.
fn fetched(copy: &Path) -> Option<String> {
    let db = copy.parent()?;
    if !db.ends_with("git/db") {
        return None;
    }
    let line = read(&copy.join("FETCH_HEAD"))?;
    // `commit TAB TAB URL`, or `… TAB branch 'main' of URL`.
    let from = line.lines().next()?.rsplit('\t').next()?;
    let url = from.rsplit(' ').next()?;
    if url.starts_with("file://") { Some(url.to_owned()) } else { reachable(url) }
}
