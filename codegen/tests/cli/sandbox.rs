//! A folder of its own, and the command run in it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use tempfile::TempDir;

/// What a run gave.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) said: String,
}

impl Run {
    /// The run must end so; shows what it said otherwise.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.said.contains(text), "no `{text}` in:\n{}", self.said);
        self
    }

    /// The status words with their files: `create add/Cargo.toml`.
    pub(crate) fn words(&self, word: &str) -> Vec<String> {
        let lines = self.said.lines().filter_map(|line| line.trim_start().strip_prefix(word)?.strip_prefix(' '));
        lines.map(str::to_owned).collect()
    }
}

pub(crate) struct Sandbox(pub(crate) TempDir);

impl Sandbox {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let it = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            it.write(path, text);
        }
        it
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn command(&self, dir: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiteline"));
        command.current_dir(self.path(dir)).args(args).env("KITELINE_RUNTIME", "path:/kiteline/runtime");
        command
    }

    pub(crate) fn run_in(&self, dir: &str, args: &[&str]) -> Run {
        let output = self.command(dir, args).output().unwrap();
        assert!(output.stdout.is_empty(), "standard output is for data");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        Run { code: output.status.code().unwrap_or(-1), said }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_in(".", args)
    }

    /// Every file and link below a folder with its bytes and its time.
    pub(crate) fn state(&self, dir: &str) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
        let mut out = BTreeMap::new();
        walk(&self.path(dir), Path::new(""), &mut out);
        out
    }

    /// The same without the times.
    pub(crate) fn bytes(&self, dir: &str) -> BTreeMap<String, Vec<u8>> {
        self.state(dir).into_iter().map(|(path, (bytes, _))| (path, bytes)).collect()
    }

    pub(crate) fn files(&self, dir: &str) -> Vec<String> {
        self.state(dir).into_keys().collect()
    }
}

fn walk(root: &Path, below: &Path, out: &mut BTreeMap<String, (Vec<u8>, SystemTime)>) {
    let Ok(entries) = fs::read_dir(root.join(below)) else { return };
    for entry in entries {
        let path = below.join(entry.unwrap().file_name());
        let full = root.join(&path);
        let about = fs::symlink_metadata(&full).unwrap();
        let name = path.to_string_lossy().into_owned();
        // What a run remembers is nothing that it makes.
        if name.ends_with("target/kiteline") {
            continue;
        }
        if about.is_dir() {
            walk(root, &path, out);
        } else if about.is_symlink() {
            let to = fs::read_link(&full).unwrap().to_string_lossy().into_owned();
            out.insert(name, (to.into_bytes(), about.modified().unwrap()));
        } else {
            out.insert(name, (fs::read(&full).unwrap(), about.modified().unwrap()));
        }
    }
}
