//! A second IDL given alone joins the first, and edits of the crate's own copies are never lost.

use super::{ADD, sandbox::Sandbox};

const MUL: &str = "namespace rs mul\nservice MulService { i32 Mul(1: i32 a, 2: i32 b) }\n";
const HELLO: &str = "syntax = \"proto3\";\npackage hello;\nmessage Hello { string name = 1; }\nservice Greeter { rpc Greet(Hello) returns (Hello); }\n";

#[test]
fn a_second_idl_joins() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("b/mul.thrift", MUL), ("hello.proto", HELLO)]);
    it.run(&["add.thrift"]).ends(0);
    it.run(&["b/mul.thrift", "-o", "add"]).ends(0).says("MulServiceServer").says("pub mod mul;");
    assert!(it.read("add/Cargo.toml").contains("idl = [\"idl/add.thrift\", \"idl/mul.thrift\"]"));
    assert!(it.path("add/src/generated/api.rs").exists() && it.path("add/src/generated/mul.rs").exists());
    it.run(&["hello.proto", "-o", "add", "--add-missing"]).ends(0);
    let manifest = it.read("add/Cargo.toml");
    assert!(manifest.contains("idl = [\"idl/add.thrift\", \"idl/mul.thrift\", \"idl/hello.proto\"]"), "{manifest}");
    assert!(manifest.contains("\"grpc\""), "generated code needs it: {manifest}");
    let main = it.read("add/src/main.rs");
    assert!(main.contains("MulServiceServer") && main.contains("GreeterServer"), "{main}");
    let before = it.bytes("add");
    for args in [&["-o", "add"][..], &["add.thrift", "-o", "add"], &["hello.proto", "add.thrift", "-o", "add"]] {
        it.run(args).ends(0);
        it.run(&[args, &["--check"]].concat()).ends(0);
    }
    it.run_in("add", &["idl/mul.thrift"]).ends(0);
    assert!(before == it.bytes("add"));
}

#[test]
fn a_clash_of_the_second_with_the_first_is_a_finding() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("other.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    let before = it.state("add");
    it.run(&["other.thrift", "-o", "add"]).ends(1).says(" other.thrift:").says("add/idl/add.thrift:");
    assert_eq!(before, it.state("add"));
}

#[test]
fn a_file_that_moved_is_the_same_file() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("a/add.thrift", ADD), ("b/mul.thrift", MUL)]);
    it.run(&["add.thrift"]).ends(0);
    it.run(&["a/add.thrift", "b/mul.thrift", "-o", "add"]).ends(0);
    assert!(it.read("add/Cargo.toml").contains("idl = [\"idl/a/add.thrift\", \"idl/b/mul.thrift\"]"));
    it.run(&["a/add.thrift", "-o", "add", "--check"]).ends(0);
    it.run(&["b/mul.thrift", "-o", "add", "--check"]).ends(0);
}

#[test]
fn shared_includes_are_one_file() {
    let base = "namespace rs base\nstruct Base { 1: i32 a }\n";
    let of =
        |name: &str| format!("include \"base.thrift\"\nnamespace rs {name}\nservice {name} {{ base.Base get() }}\n");
    let it = Sandbox::new(&[("base.thrift", base), ("one.thrift", &of("one")), ("two.thrift", &of("two"))]);
    it.run(&["one.thrift"]).ends(0);
    it.write("base.thrift", &base.replace("i32", "i64"));
    it.run(&["two.thrift", "-o", "one", "--add-missing"]).ends(0);
    assert!(it.read("one/src/generated/base.rs").contains("i64"));
    it.run_in("one", &["--check"]).ends(0);
    it.run(&["one.thrift", "two.thrift", "-o", "one", "--check"]).ends(0);
}

#[test]
fn a_recorded_file_that_is_gone_is_told() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("mul.thrift", MUL)]);
    it.run(&["add.thrift", "mul.thrift"]).ends(0);
    std::fs::remove_file(it.path("add/idl/mul.thrift")).unwrap();
    it.run(&["-o", "add"]).ends(3).says("add/idl/mul.thrift").says("take it out of `idl` in add/Cargo.toml");
}

#[test]
fn an_edit_of_the_copy_outlives_runs_inside_of_the_crate() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    it.write("add/idl/add.thrift", &ADD.replace("sum", "total"));
    it.run_in("add", &[]).ends(0);
    assert!(it.read("add/src/generated/api.rs").contains("total"));
    let before = it.state("add");
    // The original as it was, and changed too: neither is written over the edit.
    it.run(&["add.thrift"]).ends(1).says("conflict at add/idl/add.thrift");
    it.write("add.thrift", &ADD.replace("sum", "result"));
    it.run(&["add.thrift"]).ends(1).says("conflict at add/idl/add.thrift");
    assert_eq!(before, it.state("add"));
    // Brought into the original, it is none.
    it.write("add.thrift", &ADD.replace("sum", "total"));
    it.run(&["add.thrift"]).ends(0);
    it.write("add.thrift", &ADD.replace("sum", "result"));
    it.run(&["add.thrift"]).ends(0);
    assert!(it.read("add/idl/add.thrift").contains("result"));
}

#[test]
fn generate_drops_no_other_file_unasked() {
    let manifest = "[package]\nname = \"mine\"\n[dependencies]\nruntime = \"*\"\n";
    let files = [
        ("add.thrift", ADD),
        ("mul.thrift", MUL),
        ("mine/Cargo.toml", manifest),
        ("mine/src/lib.rs", "mod generated;"),
    ];
    let it = Sandbox::new(&files);
    it.run(&["generate", "add.thrift", "-o", "mine"]).ends(0);
    let before = it.state("mine");
    it.run(&["generate", "mul.thrift", "-o", "mine"]).ends(1).says("src/generated holds what was made from add.thrift");
    assert_eq!(before, it.state("mine"));
    it.run(&["generate", "add.thrift", "mul.thrift", "-o", "mine"]).ends(0);
    it.run(&["generate", "mul.thrift", "-o", "mine", "--prune"]).ends(0);
    assert!(!it.path("mine/src/generated/api.rs").exists());
}
