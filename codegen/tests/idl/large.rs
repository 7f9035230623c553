//! Structs of Thrift that would be too large for a stack hold what makes them so in boxes.

use std::fs;

use codegen::Builder;
use codegen::emit::{Sides, emit};

/// The text of `levels` structs, each with two of the next one.
fn doubled(levels: usize, kind: &str, word: &str) -> String {
    let mut idl = format!("namespace rs a\n{kind} M{levels} {{ 1: i64 x }}\n");
    for at in (0..levels).rev() {
        idl += &format!("{kind} M{at} {{ 1: {word} M{} a, 2: {word} M{0} b }}\n", at + 1);
    }
    made(&idl)
}

fn made(idl: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.thrift"), idl).unwrap();
    let loaded = Builder::new().idl(dir.path().join("a.thrift")).load(false).unwrap();
    codegen::single(&emit(&loaded.model, Sides::Both))
}

#[test]
fn what_doubles_at_each_level_is_boxed() {
    for (kind, word, plain, boxed) in [
        ("struct", "required", "pub a: M", "pub a: Box<M"),
        ("struct", "optional", "pub a: Option<M", "pub a: Option<Box<M"),
        ("struct", "", "pub a: M", "pub a: Option<Box<M"),
        ("exception", "required", "pub a: M", "pub a: Box<M"),
    ] {
        let all = doubled(100, kind, word);
        let (plain, boxed) = (all.matches(plain).count(), all.matches(boxed).count());
        assert_eq!(plain + boxed, 100, "{kind} {word}");
        assert!((10..20).contains(&boxed), "{kind} {word}: {boxed}");
    }
}

/// Unions are as large as their largest member: they grow by what tells which one it is.
#[test]
fn unions_are_boxed_by_their_members() {
    let many: String = (1..=300).map(|at| format!("{at}: i64 f{at}\n")).collect();
    let all = made(&format!(
        "namespace rs a\nstruct S {{ {many} }}\nunion U {{ 1: S a, 2: i32 b }}\n\
         struct Two {{ 1: U a, 2: U b }}\nunion V {{ 1: Two two, 2: i32 b }}\n"
    ));
    assert!(all.contains("pub a: Option<Box<U>>") && all.contains("A(S),") && all.contains("Two(Two),"), "{all}");
}

#[test]
fn usual_sizes_are_not_boxed() {
    let many: String = (1..=100).map(|at| format!("{at}: string f{at}\n")).collect();
    let all = made(&format!("namespace rs a\nstruct S {{ {many} }}\nstruct T {{ 1: S a, 2: optional S b }}\n"));
    assert!(!all.contains("Box<"), "{all}");
}

/// A message of proto is measured by what its numbers take: 200 x 200 of four bytes are under the bound, of
/// eight are over it.
#[test]
fn messages_are_measured_by_their_numbers() {
    let many = |ty: &str| (1..=200).map(|at| format!("{ty} f{at} = {at}; ")).collect::<String>();
    let load = |number: &str| {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "syntax = \"proto3\";\nmessage A {{ {}}}\nmessage B {{ {}}}\nmessage C {{ {}}}\n",
            many(number),
            many("A"),
            "B b = 1; "
        );
        fs::write(dir.path().join("a.proto"), text).unwrap();
        Builder::new().idl(dir.path().join("a.proto")).load(false).map(|_| ()).map_err(|it| it.to_string())
    };
    for number in ["int32", "fixed32", "bool", "optional bool"] {
        assert_eq!(load(number), Ok(()), "{number}");
    }
    assert!(load("int64").is_err_and(|it| it.contains("PB0007")));
}
