//! `--diff`: what a run would change, as a patch on standard output.

use std::process::{Command, Stdio};

use super::{ADD, sandbox::Sandbox};

/// The patch and the exit code.
fn diff(it: &Sandbox, args: &[&str]) -> (String, i32) {
    let output = it.command(".", args).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

#[test]
fn a_diff_shows_lines_and_writes_nothing() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    assert_eq!(diff(&it, &["add.thrift", "--diff"]), (String::new(), 0));
    let before = it.state("add");
    it.write("add.thrift", &ADD.replace("    2: i32 second\n", "    2: i64 second\n    3: i32 third\n"));
    let (patch, code) = diff(&it, &["add.thrift", "--diff"]);
    let idl = "--- add/idl/add.thrift\n+++ add/idl/add.thrift\n@@ -2,7 +2,8 @@\n \n struct AddRequest {\n     1: i32 first\n-    2: i32 second\n+    2: i64 second\n+    3: i32 third\n }\n \n struct AddResponse { 1: i32 sum }\n";
    assert!(patch.contains(idl), "{patch}");
    assert!(patch.contains("\n+    pub third: i32,\n"), "{patch}");
    assert_eq!(code, 0);
    assert_eq!(diff(&it, &["add.thrift", "--diff", "--check"]), (patch, 1));
    assert_eq!(it.state("add"), before);
}

#[test]
fn a_new_file_is_all_new() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    let (patch, _) = diff(&it, &["add.thrift", "--diff"]);
    assert!(patch.contains("--- /dev/null\n+++ add/.gitignore\n@@ -0,0 +1 @@\n+/target\n"), "{patch}");
    assert_eq!(it.files("."), ["add.thrift"]);
}

#[test]
fn patch_applies_it() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    it.write("add.thrift", &ADD.replace("AddResponse { 1: i32 sum }", "AddResponse { 1: string text }\nenum E { A }"));
    let (patch, _) = diff(&it, &["add.thrift", "--diff"]);
    let mut command = Command::new("patch");
    let Ok(mut child) = command.args(["-p0", "-s"]).current_dir(it.path(".")).stdin(Stdio::piped()).spawn() else {
        eprintln!("skipped: this test needs `patch` on the PATH (apt-get install patch)");
        return;
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), patch.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{patch}");
    it.run(&["add.thrift", "--check"]).ends(0);
}
