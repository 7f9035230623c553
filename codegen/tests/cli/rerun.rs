//! The next runs: what stays, what follows the IDL, what stands in the way.

use std::fs;

use super::{ADD, sandbox::Sandbox};

fn made() -> Sandbox {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    it
}

#[test]
fn a_second_run_touches_nothing() {
    let it = made();
    let before = it.state("add");
    let run = it.run(&["add.thrift"]).ends(0);
    for word in ["create", "update", "insert", "remove"] {
        assert!(run.words(word).is_empty(), "{}", run.said);
    }
    assert_eq!(run.said.lines().count(), 1, "{}", run.said);
    assert!(run.said.trim_start().starts_with("unchanged add: 1 service, 1 method"), "{}", run.said);
    let run = it.run(&["add.thrift", "-v"]).ends(0);
    assert_eq!(run.words("identical").len() + run.words("kept").len(), 12);
    it.run_in("add", &[]).ends(0);
    it.run_in("add", &["idl/add.thrift"]).ends(0);
    it.run(&["-o", "add"]).ends(0);
    assert_eq!(before, it.state("add"), "bytes and times");
}

#[test]
fn a_changed_idl_changes_what_is_ours() {
    let it = made();
    let before = it.bytes("add");
    it.write(
        "add.thrift",
        &ADD.replace("Add(1: AddRequest req)", "Add(1: AddRequest req)\n    i32 Twice(1: i32 value)"),
    );
    let run = it.run(&["add.thrift"]).ends(0).says("lacks what follows").says("async fn twice(");
    assert_eq!(run.words("update"), ["add/idl/add.thrift", "add/src/generated/api.rs"]);
    assert_eq!(run.words("insert"), ["add/Cargo.toml"]);
    let after = it.bytes("add");
    let changed: Vec<_> = before.keys().filter(|path| before[*path] != after[*path]).collect();
    assert_eq!(changed, ["Cargo.toml", "idl/add.thrift", "src/generated/api.rs"]);
    let (old, new) = (&before["Cargo.toml"], it.read("add/Cargo.toml"));
    let old = String::from_utf8_lossy(old);
    let lines: Vec<_> = old.lines().zip(new.lines()).filter(|(a, b)| a != b).map(|(_, b)| b).collect();
    assert!(lines.len() == 1 && lines[0].starts_with("\"idl/add.thrift\" = "), "{lines:?}");
}

#[test]
fn an_edited_copy_is_a_conflict() {
    let it = made();
    it.write("add/idl/add.thrift", &ADD.replace("sum", "total"));
    it.write("add.thrift", &ADD.replace("sum", "result"));
    let before = it.state("add");
    it.run(&["add.thrift"]).ends(1).says("conflict at add/idl/add.thrift").says("nothing was written");
    assert_eq!(before, it.state("add"));
    it.run(&["add.thrift", "--force"]).ends(0);
    assert!(it.read("add/idl/add.thrift").contains("result"));
    it.write("add/idl/add.thrift", &ADD.replace("sum", "total"));
    it.run_in("add", &[]).ends(0);
    assert!(it.read("add/src/generated/api.rs").contains("total"), "inside the crate the copy is the IDL");
}

#[test]
fn check_and_dry_run_write_nothing() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift", "--dry-run"]).ends(0).says("would make");
    it.run(&["add.thrift", "--check"]).ends(1).says("stale");
    assert_eq!(it.files("."), ["add.thrift"]);
    assert!(!it.path("add").exists());
    it.run(&["add.thrift"]).ends(0);
    let before = it.state("add");
    it.run(&["add.thrift", "--check"]).ends(0).says("fresh");
    it.write("add.thrift", &ADD.replace("sum", "total"));
    it.run(&["add.thrift", "--check"]).ends(1).says("stale");
    it.run(&["add.thrift", "--dry-run"]).ends(0);
    assert_eq!(before, it.state("add"));
}

#[test]
fn a_users_file_in_our_place_is_a_conflict() {
    let it = made();
    it.write("add/src/generated/api.rs", "// mine\n");
    let before = it.state("add");
    it.run(&["add.thrift"]).ends(1).says("conflict at add/src/generated/api.rs: not made by kiteline");
    it.run(&["add.thrift", "--check"]).ends(1);
    assert_eq!(before, it.state("add"));
    it.run(&["add.thrift", "--force"]).ends(0);
    assert!(it.read("add/src/generated/api.rs").starts_with("// @generated"));
}

#[test]
fn leftovers_are_told_and_pruned() {
    let it = made();
    it.write("add/src/generated/mine.rs", "// mine\n");
    it.write("add.thrift", &ADD.replace("rs api", "rs other"));
    let run = it.run(&["add.thrift"]).ends(0);
    assert_eq!(run.words("leftover"), ["add/src/generated/api.rs (remove it with --prune)"]);
    let run = it.run(&["add.thrift", "--prune"]).ends(0);
    assert_eq!(run.words("remove"), ["add/src/generated/api.rs"]);
    assert!(!it.path("add/src/generated/api.rs").exists());
    assert!(it.path("add/src/generated/mine.rs").exists(), "not ours");
}

#[test]
fn users_files_stay_whatever_is_in_them() {
    let it = made();
    let mine = ["src/main.rs", "src/lib.rs", "src/handler/add.rs", "service.toml", "README.md", "tests/add.rs"];
    for path in mine {
        fs::write(it.path("add").join(path), b"\xff\xfe no text, no Rust {{{").unwrap();
    }
    it.write("add.thrift", &ADD.replace("sum", "total"));
    it.run(&["add.thrift", "--add-missing", "--force", "--prune"]);
    for path in mine {
        assert_eq!(fs::read(it.path("add").join(path)).unwrap(), b"\xff\xfe no text, no Rust {{{", "{path}");
    }
}

#[test]
fn a_manifest_keeps_its_comments() {
    let it = made();
    let mine =
        it.read("add/Cargo.toml").replace("[dependencies]", "# my own words\n[dependencies] # mine\nserde = \"1\"");
    it.write("add/Cargo.toml", &mine);
    it.write("add.thrift", &ADD.replace("sum", "total"));
    it.run(&["add.thrift"]).ends(0);
    let after = it.read("add/Cargo.toml");
    assert_eq!(mine.lines().count(), after.lines().count());
    assert!(after.contains("# my own words\n[dependencies] # mine\nserde = \"1\"\n"), "{after}");
}
