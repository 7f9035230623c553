//! Exit codes: 1 findings, 2 usage, 3 the disk; nothing written, one clear line.

use std::fs;

use super::{ADD, sandbox::Sandbox};

#[test]
fn findings_end_with_one() {
    let it = Sandbox::new(&[("bad.thrift", "struct S { 1: Nope a, 1: i32 b }\n")]);
    it.run(&["bad.thrift"]).ends(1).says("error[TH0102]").says("error[TH0104]").says("nothing was written: 2 errors");
    assert_eq!(it.files("."), ["bad.thrift"]);
    let it = Sandbox::new(&[("warn.thrift", "struct S { 0: i32 a }\n")]);
    it.run(&["warn.thrift", "--deny", "warnings"]).ends(1).says("TH0106");
    assert_eq!(it.files("."), ["warn.thrift"]);
    it.run(&["warn.thrift"]).ends(0).says("warning[TH0106]");
}

#[test]
fn wrong_usage_ends_with_two() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&[]).ends(2).says("name at least one IDL file");
    it.run(&["--nope"]).ends(2);
    it.run(&["add.thrift", "--client-only", "--server-only"]).ends(2);
    it.run(&["generate", "add.thrift"]).ends(2).says("-o DIR");
    it.run(&["add.thrift", "--runtime", "somewhere"]).ends(2).says("path:DIR");
    it.run(&["add.thrift", "--deny", "everything"]).ends(2);
    it.run(&["new", "shop"]).ends(2).says("there is no command `new`").says("`kiteline shop.thrift`");
    it.run(&["init"]).ends(2).says("there is no command `init`").says("`kiteline add.thrift`");
    assert_eq!(it.files("."), ["add.thrift"]);
}

#[test]
fn what_cannot_be_read_ends_with_three() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("folder.thrift/x", "")]);
    fs::write(it.path("latin.thrift"), b"// caf\xe9\nstruct S {}\n").unwrap();
    it.run(&["nope.thrift"]).ends(3).says("nope.thrift");
    it.run(&["folder.thrift"]).ends(3).says("folder.thrift");
    it.run(&["latin.thrift"]).ends(3).says("not UTF-8");
    for run in [it.run(&["nope.thrift"]), it.run(&["folder.thrift"])] {
        assert_eq!(run.said.lines().count(), 1, "{}", run.said);
    }
    assert_eq!(it.files("."), ["add.thrift", "folder.thrift/x", "latin.thrift"]);
}

#[test]
fn what_cannot_be_written_ends_with_three() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("file", "mine")]);
    let run = it.run(&["add.thrift", "-o", "file"]).ends(3).says("file");
    assert_eq!(run.said.lines().filter(|line| line.starts_with("error")).count(), 1, "{}", run.said);
    assert_eq!(it.read("file"), "mine");
    it.run(&["add.thrift", "-o", "file/below"]).ends(3);
    it.write("add/src", "a file in the place of a folder");
    it.run(&["add.thrift"]).ends(3).says("src");
    assert_eq!(it.files("add"), ["src"], "nothing half made");
    fs::remove_file(it.path("add/src")).unwrap();
    fs::create_dir_all(it.path("add/src/main.rs")).unwrap();
    it.run(&["add.thrift"]).ends(3).says("main.rs");
    assert!(it.files("add").is_empty());
}

#[test]
fn a_manifest_that_is_no_toml_is_told() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("add/Cargo.toml", "[package\nname = ")]);
    it.run(&["add.thrift"]).ends(3).says("add/Cargo.toml");
    assert_eq!(it.files("add"), ["Cargo.toml"]);
    assert_eq!(it.read("add/Cargo.toml"), "[package\nname = ");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    let before = it.state("add");
    it.write("add.thrift", &ADD.replace("sum", "total"));
    // A limit on the size of files stands in for a full disk.
    let line = format!("ulimit -f 1; trap '' XFSZ; exec {} add.thrift", env!("CARGO_BIN_EXE_kiteline"));
    let output = std::process::Command::new("sh").args(["-c", &line]).current_dir(it.path(".")).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(before, it.state("add"));
    it.run(&["add.thrift"]).ends(0);
}
