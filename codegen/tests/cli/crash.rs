//! Runs that are killed, and two at once: each file is old or new, and the next run heals.

use std::{thread, time::Duration};

use super::{ADD, sandbox::Sandbox};

/// An IDL with enough text that writing takes a while.
fn large(word: &str) -> String {
    let structs = (0..300).map(|at| format!("struct {word}{at} {{ 1: i32 a, 2: string b, 3: list<i64> c }}\n"));
    format!("{ADD}{}", structs.collect::<String>())
}

#[test]
fn a_killed_run_leaves_files_old_or_new() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("two/add.thrift", &large("New"))]);
    it.run(&["add.thrift"]).ends(0);
    it.run(&["two/add.thrift", "-o", "want"]).ends(0);
    let (old, new) = (it.bytes("add"), it.bytes("want"));
    for at in 0..24 {
        let mut child = it.command(".", &["two/add.thrift", "-o", "add", "--force", "-q"]).spawn().unwrap();
        thread::sleep(Duration::from_millis(at * 4));
        let _ = child.kill();
        child.wait().unwrap();
        for (path, bytes) in it.bytes("add").into_iter().filter(|(path, _)| !path.ends_with(".tmp")) {
            let known = [old.get(&path), new.get(&path)];
            assert!(path == "Cargo.toml" || known.contains(&Some(&bytes)), "{path} is half written after {at}");
        }
        it.run(&["add.thrift", "--force"]).ends(0);
        let healed = it.bytes("add");
        assert_eq!(old.keys().collect::<Vec<_>>(), healed.keys().collect::<Vec<_>>(), "after {at}");
        assert!(old == healed, "after {at}");
    }
}

#[test]
fn files_of_dead_runs_are_cleaned_up() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    let clean = it.bytes("add");
    it.write("add/src/generated/.api.rs.4294967294.tmp", "half");
    it.write("add/.Cargo.toml.4294967294.tmp", "half");
    it.write("add/src/.mine.tmp", "not ours");
    it.run(&["add.thrift"]).ends(0);
    let after = it.bytes("add");
    assert!(after.contains_key("src/.mine.tmp"));
    assert_eq!(after.len(), clean.len() + 1, "{:?}", after.keys());
}

#[test]
fn two_runs_at_once_leave_whole_files() {
    let it = Sandbox::new(&[("one/add.thrift", ADD), ("two/add.thrift", &large("New"))]);
    it.run(&["one/add.thrift", "-o", "first"]).ends(0);
    it.run(&["two/add.thrift", "-o", "second"]).ends(0);
    let (first, second) = (it.bytes("first"), it.bytes("second"));
    for _ in 0..10 {
        let start = |idl: &str| it.command(".", &[idl, "-o", "both", "--force", "-q"]).spawn().unwrap();
        let (mut one, mut two) = (start("one/add.thrift"), start("two/add.thrift"));
        let codes = [one.wait().unwrap().code(), two.wait().unwrap().code()];
        assert!(codes.iter().all(|it| matches!(it, Some(0 | 1 | 3))), "{codes:?}");
        for (path, bytes) in it.bytes("both") {
            let same = |of: &std::collections::BTreeMap<String, Vec<u8>>| of.get(&path) == Some(&bytes);
            let named = ["Cargo.toml", "README.md", "service.toml"].contains(&path.as_str());
            assert!(
                named || path.starts_with("tests/") || path == "src/main.rs" || same(&first) || same(&second),
                "{path}"
            );
        }
    }
    it.run(&["one/add.thrift", "-o", "both", "--force"]).ends(0);
    assert_eq!(it.bytes("both").get("src/generated/api.rs"), first.get("src/generated/api.rs"));
}
