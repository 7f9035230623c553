//! Programs of Kitex and Hertz, built from `go/` with what Kitex's own tools generate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds them; gives their folder.
pub fn build() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let go = here.join("target/go");
    fs::create_dir_all(&go).expect("a folder");
    let run = |command: &mut Command| {
        let path = format!("{}:{}", go.join("bin").display(), std::env::var("PATH").expect("a path"));
        let done = command.current_dir(&go).env("PATH", path).env("GOFLAGS", "-mod=mod").status().expect("go is there");
        assert!(done.success(), "{command:?}");
    };
    run(Command::new("cp").args(["-r", "-T"]).arg(here.join("go")).arg(&go));
    for (name, package) in
        [("kitex", "github.com/cloudwego/kitex/tool/cmd/kitex"), ("thriftgo", "github.com/cloudwego/thriftgo")]
    {
        run(Command::new("go").args(["build", "-o", &format!("bin/{name}"), package]));
    }
    run(Command::new(go.join("bin/kitex")).args(["-module", "bench"]).arg(here.join("idl/bench.thrift")));
    for name in ["server", "client", "gateway"] {
        run(Command::new("go").args(["build", "-o", &format!("bin/{name}"), &format!("./{name}")]));
    }
    go.join("bin")
}
