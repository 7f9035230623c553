//! The proto front end on whole files.

use std::{fs, path::Path};

use crate::sandbox::{dir, load, said};
use codegen::Builder;
use codegen::emit::{Sides, emit};
use codegen::ir::draft::{Base, Draft, Item, Requiredness, Struct, TypeKind};

fn message<'a>(draft: &'a Draft, name: &str) -> &'a Struct {
    let mut items = draft.files.iter().flat_map(|it| &it.items);
    match items.find(|it| it.head().name.text == name) {
        Some(Item::Struct(it)) => it,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn proto_is_lowered_with_places_and_docs() {
    let (result, sources) = load(Path::new("tests/proto"), &["all.proto"], &[]);
    let (draft, _) = result.unwrap();
    let file = &draft.files[0];
    assert_eq!((draft.files.len(), file.namespaces[0].name.text.as_str()), (1, "demo.v1"));
    let names: Vec<_> = file.items.iter().map(|it| it.head().name.text.as_str()).collect();
    assert_eq!(names, ["Level", "Request", "Request.Inner", "Request.Inner.Kind", "Reply", "Demo"]);
    for item in &file.items {
        let name = &item.head().name;
        assert_eq!(Some(sources.slice(name.span)), name.text.rsplit('.').next());
    }
}

#[test]
fn proto_fields_have_their_types_and_words() {
    let (result, sources) = load(Path::new("tests/proto"), &["all.proto"], &[]);
    let (draft, _) = result.unwrap();
    let request = message(&draft, "Request");
    assert_eq!(request.head.docs, "A request.\nIn two lines.");
    let fields: Vec<_> = request.fields.iter().map(|it| (it.head.name.text.as_str(), it.requiredness)).collect();
    use Requiredness::{Default, Optional};
    let words = [("name", Default), ("age", Optional), ("inners", Default), ("by_name", Default)];
    assert_eq!(fields[..4], words);
    assert_eq!(fields[4..6], [("raw", Optional), ("inner", Optional)]);
    let kinds: Vec<_> = request.fields.iter().map(|it| format!("{:?}", it.ty.kind)).collect();
    assert!(matches!(request.fields[0].ty.kind, TypeKind::Base(Base::String)));
    assert!(kinds[2].starts_with("List") && kinds[2].contains(".demo.v1.Request.Inner"), "{}", kinds[2]);
    assert!(kinds[3].starts_with("Map"), "{}", kinds[3]);
    assert_eq!(kinds[6], "Named(\".google.protobuf.Timestamp\")");
    assert_eq!(request.fields[7].head.annotations[0].key.text, "deprecated");
    assert_eq!(sources.slice(request.fields[1].id.unwrap().1), "2");
}

#[test]
fn proto_services_and_enums() {
    let (result, sources) = load(Path::new("tests/proto"), &["all.proto"], &[]);
    let (draft, _) = result.unwrap();
    let Item::Enum(level) = &draft.files[0].items[0] else { panic!() };
    assert_eq!((level.head.docs.as_str(), level.members[1].head.docs.as_str()), ("How loud.", "quiet"));
    assert_eq!(level.members[2].number.unwrap().0, 1);
    let Some(Item::Service(demo)) = draft.files[0].items.last() else { panic!() };
    let streams: Vec<_> = demo.methods.iter().map(|it| (it.client_streaming, it.server_streaming)).collect();
    assert_eq!(streams, [(false, false), (false, true), (true, true)]);
    let argument = &demo.methods[2].arguments[0];
    assert_eq!((argument.head.name.text.as_str(), argument.id.unwrap().0), ("req", 1));
    assert_eq!(sources.slice(argument.ty.span), "Request");
    assert_eq!(demo.methods[0].head.docs, "Asks once.");
}

#[test]
fn proto_imports_and_their_names() {
    let syntax = "syntax = \"proto3\";";
    let dir = dir(&[
        ("idl/a.proto", &format!("{syntax} package a; import \"sub/b.proto\"; message A {{ b.B b = 1; }}")),
        ("idl/sub/b.proto", &format!("{syntax} package b; message B {{}}")),
        ("idl/two.proto", &format!("{syntax} import \"sub/b.proto\"; import \"b.proto\";")),
    ]);
    for roots in [["idl/a.proto", "idl/sub/b.proto"], ["idl/sub/b.proto", "idl/a.proto"]] {
        let (result, _) = load(dir.path(), &roots, &[]);
        let (draft, _) = result.unwrap();
        assert_eq!(draft.files.len(), 2);
        assert!(draft.files.iter().all(|it| it.root && it.items.len() == 1));
    }
    let two = said(dir.path(), &["idl/two.proto"], &["idl/sub"]);
    assert!(two.contains("PB0004"), "{two}");
}

#[test]
fn long_proto_chains_do_not_overflow() {
    let dir = dir(&[]);
    for at in 0..1000 {
        let import = if at < 999 { format!("import \"p{}.proto\";", at + 1) } else { String::new() };
        let text = format!("syntax = \"proto3\"; {import} message M{at} {{}}");
        fs::write(dir.path().join(format!("p{at}.proto")), text).unwrap();
    }
    let (result, _) = load(dir.path(), &["p0.proto"], &[]);
    assert_eq!(result.unwrap().0.files.len(), 1000);
}

/// Whether a message may be copied depends on what is inside, in the files of `google.protobuf` too.
#[test]
fn messages_may_hold_numbers_and_known_types_alone() {
    let text = "syntax = \"proto3\"; package a; \
        import \"google/protobuf/timestamp.proto\"; import \"google/protobuf/struct.proto\"; \
        message Seen { int64 id = 1; google.protobuf.Timestamp at = 2; } \
        message Noted { google.protobuf.Value note = 1; int64 id = 2; }";
    let dir = dir(&[("a.proto", text)]);
    let loaded = Builder::new().idl(dir.path().join("a.proto")).load(false).unwrap();
    let modules = emit(&loaded.model, Sides::Both);
    assert_eq!(modules.paths().collect::<Vec<_>>(), [&["a".to_owned()]]);
    let text = modules.tokens(0).to_string();
    let derived = |name: &str| text[..text.find(name).unwrap()].rsplit_once("derive").unwrap().1.to_owned();
    assert!(derived("struct Seen").contains("Copy , PartialEq , Eq"), "{text}");
    assert!(!derived("struct Noted").contains("Copy") && !derived("struct Noted").contains("PartialEq , Eq"), "{text}");
}

/// The text of everything that a folder's files make.
fn made(files: &[(&str, &str)], roots: &[&str]) -> String {
    let dir = dir(files);
    let options = codegen::options::Options { include: vec![dir.path().to_owned()], ..Default::default() };
    let builder = roots.iter().fold(Builder::new().options(options), |it, root| it.idl(dir.path().join(root)));
    let loaded = builder.load(false).unwrap();
    codegen::single(&emit(&loaded.model, Sides::Both))
}

#[test]
fn packages_of_any_name_have_their_messages() {
    for (package, module) in [
        ("acme.type", "pub mod r#type {"),
        ("a.in", "pub mod r#in {"),
        ("a.FooBar", "pub mod foo_bar {"),
        ("a.extern", "pub mod r#extern {"),
        ("a.self", "pub mod self_ {"),
        ("a._", "pub mod __ {"),
        ("a.con", "pub mod con_ {"),
        ("a.mod", "pub mod mod_ {"),
    ] {
        let text = format!("syntax = \"proto3\"; package {package}; message Money {{ int64 units = 1; }}");
        let other =
            format!("syntax = \"proto3\"; package z; import \"a.proto\"; message Z {{ {package}.Money m = 1; }}");
        let all = made(&[("a.proto", &text), ("z.proto", &other)], &["z.proto"]);
        let path = module.trim_start_matches("pub mod ").trim_end_matches(" {");
        assert!(all.contains(module) && all.contains("pub struct Money {"), "{all}");
        assert!(all.contains(&format!("::{path}::Money>")), "{all}");
    }
}

#[test]
fn a_type_of_a_file_without_package_exists_once() {
    let a = "syntax = \"proto3\"; package x.y; import \"b.proto\"; message A { Root r = 1; }";
    let all = made(&[("a.proto", a), ("b.proto", "syntax = \"proto3\"; message Root {}")], &["a.proto"]);
    assert!(all.contains("::core::option::Option<super::super::b::Root>"), "{all}");
    assert_eq!(all.matches("pub struct Root {").count(), 1, "{all}");
}

/// Files without a package are not a package: each has the descriptors of its own services, and of what it imports.
#[test]
fn files_without_package_do_not_hold_descriptors_of_each_other() {
    let file = |name: &str, import: &str| {
        format!(
            "syntax = \"proto3\"; {import} message {name} {{}} service Of{name} {{ rpc Do({name}) returns ({name}); }}"
        )
    };
    let (a, b) = (file("Aaaa", ""), file("Bbbb", "import \"c.proto\";"));
    let files = [("a.proto", &*a), ("b.proto", &b), ("c.proto", "syntax = \"proto3\"; message Cccc {}")];
    let all = made(&files, &["a.proto", "b.proto"]);
    let all = all.replace("\\\n", "");
    let held = |name: &str| all.matches(&format!("\\x04{name}")).count();
    assert_eq!((held("Aaaa"), held("Bbbb"), held("Cccc")), (1, 1, 1), "{all}");
}

#[test]
fn modules_give_way_to_what_is_there() {
    let syntax = "syntax = \"proto3\";";
    let outer = format!(
        "{syntax} package x.v2; message Core {{ message In {{}} }} message I32 {{ oneof kind {{ int32 a = 1; }} }}"
    );
    let inner = format!(
        "{syntax} package x.v2.core; import \"outer.proto\"; message B {{ x.v2.Core.In a = 1; x.v2.I32 b = 2; }}"
    );
    let grpc = format!("{syntax} package x.v2.grpc; import \"inner.proto\"; message C {{ x.v2.core.B b = 1; }}");
    let all = made(&[("outer.proto", &outer), ("inner.proto", &inner), ("grpc.proto", &grpc)], &["grpc.proto"]);
    for text in ["pub mod core {", "pub mod core_ {", "pub mod grpc_ {", "pub mod i32_ {", "Option<super::core_::B>"] {
        assert!(all.contains(text), "{text}: {all}");
    }
    assert!(all.contains("Option<super::core::In>") && all.contains("oneof = \"i32_::Kind\""), "{all}");
}

#[test]
fn google_protobuf_may_hold_types_of_users() {
    let own = "syntax = \"proto3\"; package google.protobuf; import \"google/protobuf/timestamp.proto\"; \
        message Mine { Timestamp at = 1; }";
    let all = made(&[("google/protobuf/mine.proto", own)], &["google/protobuf/mine.proto"]);
    assert!(all.contains("pub struct Mine {") && all.contains("Option<::runtime::prost_types::Timestamp>"), "{all}");
}

/// prost boxes messages that contain themselves; so do we what is written as a group.
#[test]
fn groups_that_contain_themselves_are_boxed() {
    let text = "syntax = \"proto2\"; package a; message M { \
        optional group Again = 1 { optional Again deeper = 1; optional M up = 2; repeated Again many = 3; } \
        oneof kind { group Turn = 2 { optional M back = 1; } int32 number = 3; } \
        optional group Plain = 4 { optional int32 a = 1; } }";
    let all = made(&[("a.proto", text)], &["a.proto"]);
    let option = "::core::option::Option<";
    let boxed = format!("{option}::runtime::prost::alloc::boxed::Box<");
    for field in [
        format!("pub again: {boxed}m::Again>>"),
        format!("pub deeper: {boxed}Again>>"),
        format!("pub up: {option}super::M>"),
        format!("pub back: {option}super::M>"),
        "pub many: ::runtime::prost::alloc::vec::Vec<Again>".to_owned(),
        "Turn(::runtime::prost::alloc::boxed::Box<Turn>)".to_owned(),
        "pub plain: ::core::option::Option<m::Plain>".to_owned(),
    ] {
        assert!(all.contains(&field), "{field}: {all}");
    }
}

/// Members with one number are one variant, and a default may be any of them.
#[test]
fn defaults_name_the_variant_that_there_is() {
    let text = "syntax = \"proto2\"; package a; enum E { option allow_alias = true; ONE = 1; UNO = 1; } \
        message M { optional E e = 1 [default = UNO]; map<string, E> type = 2; }";
    let all = made(&[("a.proto", text)], &["a.proto"]);
    assert!(all.contains("default = \"One\"") && all.contains("pub type_: "), "{all}");
}

/// A relative name is looked up among what its own file imports, whatever else is given beside it.
#[test]
fn relative_names_do_not_see_packages_of_other_roots() {
    let syntax = "syntax = \"proto3\";";
    let core = format!("{syntax} package a.config.core; message T {{}}");
    let nearer = format!("{syntax} package a.b.config; message Other {{}}");
    let x = format!("{syntax} package a.b.x; import \"core.proto\"; message X {{ config.core.T t = 1; }}");
    let y = format!("{syntax} package a.b.y; import \"x.proto\"; message Y {{ a.b.x.X x = 1; }}");
    let files = [("core.proto", &*core), ("nearer.proto", &nearer), ("x.proto", &x), ("y.proto", &y)];
    for roots in [["nearer.proto", "y.proto"], ["y.proto", "nearer.proto"]] {
        let all = made(&files, &roots);
        assert!(all.contains("Option<super::super::config::core::T>") && all.contains("pub struct Other {"), "{all}");
    }
    let both = format!(
        "{syntax} package a.b.x; import \"core.proto\"; import \"nearer.proto\"; message X {{ config.core.T t = 1; }}"
    );
    let said =
        said(dir(&[("core.proto", &core), ("nearer.proto", &nearer), ("x.proto", &both)]).path(), &["x.proto"], &[]);
    assert!(said.contains("PB0002") && said.contains("x.proto:1:"), "{said}");
}
