//! Types within types within types: rustc looks 128 steps deep unless the crate asks for more.

use super::{ADD, sandbox::Sandbox};

/// `levels` structs, each with the next one in an optional field.
fn chain(levels: usize) -> String {
    let links = (0..levels).map(|at| format!("struct M{at} {{ 1: optional M{} next }}\n", at + 1));
    format!("namespace rs deep\n{}struct M{levels} {{}}\nservice S {{ M0 get(1: M0 m) }}\n", links.collect::<String>())
}

fn messages(levels: usize) -> String {
    let links = (0..levels).map(|at| format!("message M{at} {{ map<string, M{}> next = 1; }}\n", at + 1));
    let links = links.collect::<String>();
    format!(
        "syntax = \"proto3\";\npackage deep;\n{links}message M{levels} {{}}\nservice S {{ rpc Get(M0) returns (M0); }}\n"
    )
}

#[test]
fn deep_types_raise_the_limit_wherever_rustc_meets_them() {
    let line = |limit: usize| format!("\n#![recursion_limit = \"{limit}\"]");
    for (file, idl, limit) in
        [("deep.thrift", chain(130), 512), ("deep.thrift", chain(400), 2048), ("deep.proto", messages(50), 512)]
    {
        let it = Sandbox::new(&[(file, &idl)]);
        it.run(&[file]).ends(0);
        for path in ["deep/src/lib.rs", "deep/src/main.rs", "deep/tests/deep.rs"] {
            assert!(it.read(path).contains(&line(limit)), "{path}: {}", it.read(path));
        }
    }
}

#[test]
fn usual_types_leave_it_as_it_is() {
    let circle = "namespace rs deep\nstruct A { 1: list<B> b, 2: map<string, C> c }\nstruct B { 1: optional C c }\n\
                  struct C { 1: optional A a }\nservice S { A get() }\n";
    for idl in [ADD, circle, &chain(20)] {
        let it = Sandbox::new(&[("deep.thrift", idl)]);
        it.run(&["deep.thrift"]).ends(0);
        assert!(!it.read("deep/src/lib.rs").contains("recursion_limit"));
    }
}

#[test]
fn files_that_are_there_are_told_of_it() {
    let it = Sandbox::new(&[("deep.thrift", &chain(2))]);
    it.run(&["deep.thrift"]).ends(0);
    let before = it.read("deep/src/lib.rs");
    it.write("deep.thrift", &chain(130));
    let said = it.run(&["deep.thrift"]).ends(0).said.clone();
    assert_eq!(said.matches("#![recursion_limit = \"512\"]").count(), 2, "{said}");
    assert_eq!(it.read("deep/src/lib.rs"), before);
    it.run(&["deep.thrift", "--add-missing"]).ends(0);
    let title = "//! The s service as a library, so that tests and other crates reach its handlers and clients.\n";
    let with = before.replace(title, &format!("{title}#![recursion_limit = \"512\"]\n"));
    assert_eq!(it.read("deep/src/lib.rs"), with);
    assert!(it.read("deep/src/main.rs").starts_with("//! The s service.\n#![recursion_limit = \"512\"]\nuse "));
    it.run(&["deep.thrift", "--check"]).ends(0);
}
