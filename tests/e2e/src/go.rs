//! Go programs of the tests: built from `tests/interop/go/<system>`, with what the system's own tools generate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::workspace;

/// A copy of `tests/interop/go/<system>` below the target folder, where generated code may lie.
#[derive(Clone, Debug)]
pub struct Go {
    folder: PathBuf,
    /// What stands in the environment of its programs.
    environment: Vec<(&'static str, &'static str)>,
}

impl Go {
    /// Copies the module. `None` where the machine has no Go, said in one line; under `CI` that is a failure.
    ///
    /// # Panics
    ///
    /// Without Go under `CI`.
    pub fn module(system: &str) -> Option<Self> {
        if Command::new("go").arg("version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "go is missing");
            eprintln!("`go` is missing: what needs it is skipped");
            return None;
        }
        let folder = workspace().join("target/interop").join(system);
        copy(&sources(system), &folder);
        Some(Self { folder, environment: Vec::new() })
    }

    /// Kitex's programs: what its own tools make of the seed's IDL and of ours, and the mains that use it. Built once.
    pub fn kitex() -> Option<&'static Self> {
        static BUILT: OnceLock<Option<Go>> = OnceLock::new();
        let build = || {
            let go = Self::module("kitex")?;
            go.generate(&["idl/add.thrift", "tests/interop/idl/interop.thrift"]);
            for program in ["server", "client", "sinkserver", "sinkclient"] {
                go.build(program, &format!("./{program}"));
            }
            Some(go)
        };
        BUILT.get_or_init(build).as_ref()
    }

    /// A system's server and client of `idl/greeter.proto`: one program, with what all of them share beside it. Built once.
    pub fn greeter(system: &str) -> Option<Self> {
        static BUILT: Mutex<BTreeMap<String, Go>> = Mutex::new(BTreeMap::new());
        // The lock of a build that failed: the next one says why, too.
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(go) = built.get(system) {
            return Some(go.clone());
        }
        let go = Self::module(system)?;
        copy(&sources("greeter"), &go.folder.join("greeter"));
        go.build("greeter", ".");
        built.insert(system.to_owned(), go.clone());
        Some(go)
    }

    /// Kratos' programs, with `hello` beside them: `examples/helloworld` as Kratos makes it, with what protoc makes of its messages.
    pub fn hello() -> Option<Self> {
        let go = Self::greeter("kratos")?;
        go.build("protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go");
        let mut protoc = Command::new("protoc");
        for folder in ["examples/helloworld/idl", "codegen/imports"] {
            protoc.arg("-I").arg(workspace().join(folder));
        }
        let api = "google.golang.org/genproto/googleapis/api/annotations";
        let mut names: Vec<_> = ["annotations", "http"].map(|name| format!("Mgoogle/api/{name}.proto={api}")).into();
        names.push("Mhelloworld.proto=interop/helloworld".to_owned());
        let names = names.join(",");
        go.run(protoc.args(["--go_out=.", &format!("--go_opt=module=interop,{names}"), "helloworld.proto"]));
        go.build("hello", "./hello");
        Some(go)
    }

    /// Generates what Kitex's own tools make of IDL files of Thrift.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn generate(&self, files: &[&str]) {
        self.build("kitex", "github.com/cloudwego/kitex/tool/cmd/kitex");
        self.build("thriftgo", "github.com/cloudwego/thriftgo");
        for idl in files {
            self.run(self.program("kitex").args(["-module", "interop"]).arg(workspace().join(idl)));
        }
    }

    /// Builds a package into `bin/<name>`.
    ///
    /// # Panics
    ///
    /// When it does not build.
    pub fn build(&self, name: &str, package: &str) {
        self.run(Command::new("go").args(["build", "-o", &format!("bin/{name}"), package]));
    }

    /// Runs a program in the module's folder, with what was built first on its path.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn run(&self, command: &mut Command) {
        let path = format!("{}:{}", self.folder.join("bin").display(), std::env::var("PATH").unwrap());
        let output = command.current_dir(&self.folder).env("PATH", path).env("GOFLAGS", "-mod=mod").output().unwrap();
        assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A program that was built.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(name));
        command.envs(self.environment.iter().copied());
        command
    }

    /// The same programs with a variable in their environment.
    #[must_use]
    pub fn with_env(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }
}

fn sources(system: &str) -> PathBuf {
    workspace().join("tests/interop/go").join(system)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
