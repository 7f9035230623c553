//! Our Python programs beside what Apache's compiler makes of the kitchen sink.

use std::path::Path;
use std::process::Command;

use e2e::workspace;
use interop::interpreter;
use tempfile::TempDir;

/// The interpreter and the generated modules.
pub(crate) struct Python {
    interpreter: &'static str,
    pub(crate) folder: TempDir,
}

impl Python {
    /// `None` where the compiler or the library is missing, said in one line; under `CI` that is a failure.
    pub(crate) fn with_thrift() -> Option<Self> {
        let interpreter = interpreter("thrift");
        let compiler = Command::new("thrift").arg("--version").output().is_ok_and(|output| output.status.success());
        let Some(interpreter) = interpreter.filter(|_| compiler) else {
            assert!(std::env::var_os("CI").is_none(), "thrift-compiler or python3-thrift is missing");
            eprintln!("skipped: this test needs Debian's `thrift-compiler` and `python3-thrift`");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let idl = workspace().join("tests/vectors/kitex/kitchen_sink.thrift");
        let mut thrift = Command::new("thrift");
        finish(thrift.args(["-nowarn", "-r", "--gen", "py", "-out"]).arg(folder.path()).arg(idl));
        Some(Self { interpreter, folder })
    }

    /// One of `tests/interop/python`, ready to be started.
    pub(crate) fn program(&self, name: &str) -> Command {
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let mut command = Command::new(self.interpreter);
        // Nothing is written beside the sources.
        command.arg("-B").arg(programs.join(name)).env("PYTHONPATH", self.folder.path());
        command
    }
}

/// Runs a program to its end; gives what it printed.
pub(crate) fn finish(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
