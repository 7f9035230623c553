//! The cache of an earlier run saves work and changes nothing else.

use std::fs;

use super::{ADD, sandbox::Sandbox};

const SEEN: &str = "add/target/kiteline";
const API: &str = "add/src/generated/api.rs";

fn made() -> Sandbox {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    it
}

/// The remembered text, with the hash of the generated file as it is now.
fn forged(it: &Sandbox) -> String {
    let hash = codegen::output::hash(&it.read(API));
    let lines = it.read(SEEN);
    let lines = lines.lines().map(|line| match line.split_once(' ') {
        Some((_, path)) if path.ends_with("api.rs") => format!("{hash:016x} {path}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_that_changes_nothing_writes_nothing() {
    let it = made();
    let (before, seen) = (it.state("add"), it.read(SEEN));
    it.run(&["add.thrift"]).ends(0);
    assert_eq!((it.state("add"), it.read(SEEN)), (before, seen));
}

#[test]
fn an_edited_file_is_made_again() {
    let it = made();
    let before = it.read(API);
    it.write(API, &before.replace("pub first", "pub second_to_none"));
    it.run(&["-o", "add"]).ends(0);
    assert_eq!(it.read(API), before);
    fs::remove_file(it.path(API)).unwrap();
    it.run(&["-o", "add"]).ends(0);
    assert_eq!(it.read(API), before);
}

#[test]
fn another_idl_and_another_option_are_something_else() {
    let it = made();
    let before = it.read(API);
    it.write("add.thrift", &ADD.replace("second", "other"));
    it.run(&["add.thrift"]).ends(0);
    assert!(it.read(API).contains("pub other"));
    it.write("add.thrift", ADD);
    it.run(&["add.thrift"]).ends(0);
    assert_eq!(it.read(API), before);
    it.run(&["add.thrift", "--client-only"]).ends(0);
    assert!(!it.read(API).contains("AddServiceServer"));
    it.run(&["add.thrift", "--sides", "both"]).ends(0);
    assert_eq!(it.read(API), before);
}

#[test]
fn a_check_believes_nothing_that_is_remembered() {
    let it = made();
    it.write(API, &it.read(API).replace("pub first", "pub forged"));
    it.write(SEEN, &forged(&it));
    it.run(&["-o", "add", "--check"]).ends(1);
}

#[test]
fn a_path_that_leads_elsewhere_is_not_followed() {
    let it = made();
    let before = it.read(API);
    let first = it.read(SEEN).lines().next().unwrap().rsplit_once(' ').unwrap().0.to_owned() + " 1";
    for path in ["../add.thrift", "src/generated/../../Cargo.toml", "src/lib.rs", "/etc/hostname"] {
        it.write(SEEN, &format!("{first}\n0000000000000000 {path}"));
        it.run(&["-o", "add"]).ends(0);
        assert_eq!(it.read(API), before, "{path}");
    }
    for broken in ["", "x", &first, &format!("{first}\nno"), &format!("{first}\nzz src/generated/api.rs")] {
        it.write(SEEN, broken);
        it.run(&["-o", "add"]).ends(0);
        assert_eq!(it.read(API), before, "{broken}");
    }
}

#[test]
fn nothing_is_kept_where_no_target_is_ignored() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("mine/Cargo.toml", "[package]\nname = \"mine\"\n")]);
    it.run(&["generate", "add.thrift", "-o", "mine"]).ends(0);
    assert!(!it.path("mine/target").exists());
    let dry = Sandbox::new(&[("add.thrift", ADD)]);
    dry.run(&["add.thrift", "--dry-run"]).ends(0);
    assert!(!dry.path("add").exists());
}
