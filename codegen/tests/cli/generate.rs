//! `kiteline generate`: modules for a crate that is somebody else's.

use crate::{ADD, sandbox::Sandbox};

#[test]
fn an_existing_crate_is_told_what_it_lacks() {
    let manifest = "[package]\nname = \"mine\"\n";
    let it = Sandbox::new(&[("add.thrift", ADD), ("mine/Cargo.toml", manifest), ("mine/src/lib.rs", "")]);
    let run = it.run(&["generate", "add.thrift", "-o", "mine"]).ends(0);
    let run = run.says("mine/Cargo.toml lacks").says("features = [\"thrift\"]");
    run.says("mine/src/lib.rs lacks").says("pub mod generated;");
    assert_eq!(it.files("mine"), ["Cargo.toml", "src/generated/api.rs", "src/generated/mod.rs", "src/lib.rs"]);
    assert_eq!(it.read("mine/Cargo.toml"), manifest);

    it.write("mine/Cargo.toml", &format!("{manifest}[dependencies]\nruntime = \"*\"\n"));
    it.write("mine/src/lib.rs", "mod generated;\n");
    let run = it.run(&["generate", "add.thrift", "-o", "mine"]).ends(0);
    assert!(!run.said.contains("lacks"), "{}", run.said);
    it.run(&["generate", "add.thrift"]).ends(2).says("-o DIR");
}

#[test]
fn quiet_says_nothing_but_errors() {
    let it = Sandbox::new(&[("add.thrift", &ADD.replace("1: AddRequest req", "AddRequest req"))]);
    assert_eq!(it.run(&["-q", "add.thrift"]).ends(0).said, "");
}
