//! A whole crate where `cargo new` made one already.

use super::{ADD, sandbox::Sandbox};

const MANIFEST: &str = "[package]\nname = \"plain\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
const LIB: &str = "pub fn add(left: u64, right: u64) -> u64 {\n    left + right\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n";
const MAIN: &str = "fn main() {\n    println!(\"Hello, world!\");\n}\n";

#[test]
fn the_manifest_gets_the_dependencies_that_it_lacks() {
    for table in ["", "\n[dependencies]\n"] {
        let manifest = format!("{MANIFEST}{table}");
        let it = Sandbox::new(&[("add.thrift", ADD), ("plain/Cargo.toml", &manifest)]);
        it.run(&["add.thrift", "-o", "plain"]).ends(0);
        let after = it.read("plain/Cargo.toml");
        let lines = [
            "[dependencies]",
            "tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }",
            "runtime = { path = \"/kiteline/runtime\", features = [\"thrift\", \"etcd\", \"dev\"] }",
        ];
        for line in lines {
            assert_eq!(after.lines().filter(|it| *it == line).count(), 1, "{after}");
        }
        it.run(&["add.thrift", "-o", "plain", "--check"]).ends(0);
    }
}

#[test]
fn a_library_is_told_or_given_its_modules() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("plain/Cargo.toml", MANIFEST), ("plain/src/lib.rs", LIB)]);
    let run = it.run(&["add.thrift", "-o", "plain"]).ends(0);
    run.says("plain/src/lib.rs lacks").says("pub mod generated;\n").says("pub mod handler;");
    assert_eq!(it.read("plain/src/lib.rs"), LIB);

    it.run(&["add.thrift", "-o", "plain", "--add-missing"]).ends(0);
    // Nothing stands behind the tests.
    let modules = "#[rustfmt::skip] // formatted by kiteline\npub mod generated;\npub mod handler;\n\n";
    assert_eq!(it.read("plain/src/lib.rs"), LIB.replace("#[cfg(test)]", &format!("{modules}#[cfg(test)]")));
}

#[test]
fn a_library_of_clients_is_told_too() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("plain/Cargo.toml", MANIFEST), ("plain/src/lib.rs", "mod own;\n")]);
    it.run(&["add.thrift", "-o", "plain", "--sides", "client"]).ends(0).says("pub mod generated;");
    it.run(&["add.thrift", "-o", "plain", "--sides", "client", "--add-missing"]).ends(0);
    assert_eq!(
        it.read("plain/src/lib.rs"),
        "#[rustfmt::skip] // formatted by kiteline\npub mod generated;\nmod own;\n"
    );
}

#[test]
fn a_program_that_starts_no_server_is_told_the_whole_program() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("plain/Cargo.toml", MANIFEST), ("plain/src/main.rs", MAIN)]);
    let run = it.run(&["add.thrift", "-o", "plain"]).ends(0).says("use plain::{generated, handler};\n");
    run.says("    runtime::Server::new(config)\n        .add(generated::api::AddServiceServer::new(");
    let run = it.run(&["add.thrift", "-o", "plain", "--add-missing"]).ends(0).says("runtime::Server::new(config)\n");
    assert!(!run.said.contains("run again with --add-missing"), "{}", run.said);
    assert_eq!(it.read("plain/src/main.rs"), MAIN);
}

#[test]
fn what_is_told_has_no_odd_spaces() {
    let main = "fn main() {\n    let server = runtime::Server::new(config());\n    serve(server);\n}\n";
    let it = Sandbox::new(&[("add.thrift", ADD), ("plain/Cargo.toml", MANIFEST), ("plain/src/main.rs", main)]);
    let text = "\n.add(generated::api::AddServiceServer::new(\n    handler::add::Add::default(),\n))\n";
    it.run(&["add.thrift", "-o", "plain"]).ends(0).says(text);
}

#[test]
fn the_manifest_of_a_workspace_is_no_crate() {
    let manifest = "[workspace]\nmembers = []\n";
    let it = Sandbox::new(&[("add.thrift", ADD), ("Cargo.toml", manifest)]);
    it.run(&["add.thrift", "-o", "."]).ends(3).says("holds a workspace and no package");
    assert_eq!(it.files("."), ["Cargo.toml", "add.thrift"]);
}

#[test]
fn what_a_program_lacks_is_told_without_odd_spaces() {
    let it = Sandbox::new(&[
        ("add.thrift", ADD),
        ("sub.thrift", &ADD.replace("rs api", "rs sub").replace("AddService", "SubService")),
    ]);
    it.run(&["add.thrift", "-o", "made"]).ends(0);
    let run = it.run(&["sub.thrift", "-o", "made"]).ends(0).says("made/src/main.rs lacks");
    run.says("\n.add(generated::sub::SubServiceServer::new(\n    handler::sub::Sub::default(),\n))\n");
}

#[test]
fn a_proto_that_joins_brings_the_features_of_a_fresh_one() {
    let proto = "syntax = \"proto3\";\nservice S { rpc F(M) returns (M); }\nmessage M {}\n";
    let it = Sandbox::new(&[("add.thrift", ADD), ("s.proto", proto)]);
    it.run(&["add.thrift", "-o", "made"]).ends(0);
    it.run(&["s.proto", "-o", "made"]).ends(0);
    assert!(it.read("made/Cargo.toml").contains("[\"thrift\", \"etcd\", \"dev\", \"grpc\", \"json\"]"));
    // One that was taken out comes back where generated code needs it, and stays out where it does not.
    let without = it.read("made/Cargo.toml").replace(", \"json\"", "");
    it.write("made/Cargo.toml", &without);
    it.run(&["s.proto", "-o", "made"]).ends(0);
    assert!(it.read("made/Cargo.toml").contains("[\"thrift\", \"etcd\", \"dev\", \"grpc\", \"json\"]"));
    it.write("made/Cargo.toml", &without);
    it.run(&["s.proto", "-o", "made", "--json", "off"]).ends(0);
    assert!(it.read("made/Cargo.toml").contains("[\"thrift\", \"etcd\", \"dev\", \"grpc\"]"));
}

#[test]
fn rules_bring_the_features_that_check_them() {
    let idl = |rule: &str| ADD.replace("1: i32 first", &format!("1: string first ({rule})"));
    for (rule, features) in [
        ("vt.min_size = \"1\"", "\"validate\""),
        ("vt.pattern = \"a\"", "\"validate\", \"pattern\""),
        ("a = \"b\"", ""),
    ] {
        let it = Sandbox::new(&[("add.thrift", &idl(rule)), ("plain/Cargo.toml", MANIFEST)]);
        it.run(&["add.thrift", "-o", "plain"]).ends(0);
        let (after, comma) = (it.read("plain/Cargo.toml"), if features.is_empty() { "" } else { ", " });
        assert!(after.contains(&format!("features = [\"thrift\"{comma}{features}, \"etcd\", \"dev\"]")), "{after}");
    }
}
