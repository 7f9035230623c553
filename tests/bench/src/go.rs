//! Programs of Kitex, Hertz and Kratos, built from `go/` and `go-kratos/` with what Kitex's own tools and protoc generate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A module of Go, copied to where it may be written.
struct Module(PathBuf);

impl Module {
    fn new(name: &str) -> Self {
        let folder = here().join("target").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let module = Self(folder);
        module.run(Command::new("cp").args(["-r", "-T"]).arg(here().join(name)).arg(&module.0));
        module
    }

    /// Runs a command there, which finds the programs that were built.
    fn run(&self, command: &mut Command) {
        let path = format!("{}:{}", self.0.join("bin").display(), std::env::var("PATH").expect("a path"));
        let done = command.current_dir(&self.0).env("PATH", path).env("GOFLAGS", "-mod=mod").status();
        assert!(done.expect("it is there").success(), "{command:?}");
    }

    fn build(&self, name: &str, package: &str) -> PathBuf {
        let program = self.0.join("bin").join(name);
        self.run(Command::new("go").args(["build", "-o"]).arg(&program).arg(package));
        program
    }
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds a server, a client and a gateway of Bench.Echo; gives their folder.
pub fn build() -> PathBuf {
    let module = Module::new("go");
    module.build("kitex", "github.com/cloudwego/kitex/tool/cmd/kitex");
    module.build("thriftgo", "github.com/cloudwego/thriftgo");
    module.run(Command::new("kitex").args(["-module", "bench"]).arg(here().join("idl/bench.thrift")));
    for name in ["server", "client", "gateway"] {
        module.build(name, &format!("./{name}"));
    }
    module.0.join("bin")
}

/// Builds the routes of `web.proto` by Hertz.
pub fn hertz() -> PathBuf {
    Module::new("go").build("web", "./web")
}

/// Builds the routes of `web.proto` by Kratos.
pub fn kratos() -> PathBuf {
    let module = Module::new("go-kratos");
    module.build("protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go");
    let api = "google.golang.org/genproto/googleapis/api/annotations";
    let names = ["annotations", "http"].map(|name| format!("Mgoogle/api/{name}.proto={api}")).join(",");
    let mut protoc = Command::new("protoc");
    for folder in ["idl", "../../codegen/imports"] {
        protoc.arg("-I").arg(here().join(folder));
    }
    let names = format!("--go_opt=module=kratosweb,Mweb.proto=kratosweb/web,{names}");
    module.run(protoc.args(["--go_out=.", &names, "web.proto"]));
    module.build("kratosweb", ".")
}
