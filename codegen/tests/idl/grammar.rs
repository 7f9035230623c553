//! The corners of the grammar that pilota does not know: docs, omitted ids, old words.

use codegen::{
    diag::Diagnostics,
    front::thrift::{self, Parsed},
    ir::draft::{Base, Enum, Item, LiteralKind, Requiredness, Service, Struct, TypeKind},
    source::SourceMap,
};

fn parse(text: &str) -> Parsed {
    let mut sources = SourceMap::new();
    let file = sources.add("case.thrift", text.to_owned());
    let mut found = Diagnostics::new();
    let parsed = thrift::parse(file, sources.text(file), &mut found);
    assert!(found.is_empty(), "{found:?}");
    parsed
}

fn structure(text: &str) -> Struct {
    match parse(text).items.pop() {
        Some(Item::Struct(it)) => it,
        other => panic!("{other:?}"),
    }
}

fn service(text: &str) -> Service {
    match parse(text).items.pop() {
        Some(Item::Service(it)) => it,
        other => panic!("{other:?}"),
    }
}

fn enumeration(text: &str) -> Enum {
    match parse(text).items.pop() {
        Some(Item::Enum(it)) => it,
        other => panic!("{other:?}"),
    }
}

#[test]
fn docs_go_to_what_they_are_about() {
    let text = "// license\n\n/** About S. */\nstruct S { // not about a\n  1: i32 a // tail of a\n  // about b\n  // too\n  2: i32 b, // not about b\n  /** about c */ 3: i32 c; 4: i32 d # tail of d\n\n  // far\n\n  5: i32 e\n} // not about S\nstruct T {}";
    let parsed = parse(text);
    let [Item::Struct(s), Item::Struct(t)] = &parsed.items[..] else { panic!() };
    assert_eq!((s.head.docs.as_str(), t.head.docs.as_str()), ("About S.", ""));
    let docs: Vec<_> = s.fields.iter().map(|it| it.head.docs.as_str()).collect();
    assert_eq!(docs, ["tail of a", "about b\ntoo", "about c", "tail of d", ""]);
}

#[test]
fn methods_and_members_have_docs_too() {
    let it = service("# S\nservice S {\n /** f\n  * g */ void f() // no\n void g() // tail\n}");
    let docs: Vec<_> = it.methods.iter().map(|it| it.head.docs.as_str()).collect();
    assert_eq!((it.head.docs.as_str(), docs), ("S", vec!["f\ng", "tail"]));
    let it = enumeration("enum E {\n A = 1, // one\n B // two\n}");
    let docs: Vec<_> = it.members.iter().map(|it| it.head.docs.as_str()).collect();
    assert_eq!(docs, ["one", "two"]);
}

#[test]
fn omitted_ids_and_references() {
    let it = structure("union U { i32 a, -0x2: optional U & b = 3 string c }");
    let ids: Vec<_> = it.fields.iter().map(|it| it.id.map(|it| it.0)).collect();
    assert_eq!(ids, [None, Some(-2), None]);
    assert!(it.fields[1].reference && it.fields[1].requiredness == Requiredness::Optional);
    assert_eq!(it.fields[1].default.as_ref().map(|it| &it.kind), Some(&LiteralKind::Int(3)));
}

#[test]
fn methods_of_old_and_odd_forms() {
    let it = service(
        "service S extends a.B { async void f() throws () oneway void g(required i32 a) async h() (flag, k.x = 'v') }",
    );
    let oneway: Vec<_> = it.methods.iter().map(|it| it.oneway.is_some()).collect();
    assert_eq!(oneway, [true, true, false]);
    assert_eq!(it.methods[1].arguments[0].requiredness, Requiredness::Required);
    let notes: Vec<_> =
        it.methods[2].head.annotations.iter().map(|it| (it.key.text.as_str(), it.value.is_some())).collect();
    assert_eq!(notes, [("flag", false), ("k.x", true)]);
}

#[test]
fn string_enums_and_old_types() {
    let it = enumeration("senum E { \"a\", 'b'; }");
    assert!(it.strings && it.members.len() == 2 && it.members[1].head.name.text == "b");
    let it = structure("struct S { 1: slist a 2: uuid b 3: byte c 4: map cpp_type 'm' <i32, binary> d 5: string.T e }");
    let kinds: Vec<_> = it.fields.iter().map(|it| &it.ty.kind).collect();
    assert!(matches!(kinds[0], TypeKind::Base(Base::String)) && matches!(kinds[1], TypeKind::Base(Base::Uuid)));
    assert!(matches!(kinds[2], TypeKind::Base(Base::I8)) && matches!(kinds[4], TypeKind::Named(_)));
    assert_eq!(it.fields[3].ty.annotations[0].key.text, "cpp_type");
}

#[test]
fn old_namespaces() {
    let it = parse("php_namespace a.b py_module 'c' namespace * d namespace go e.f (k) java_package g;");
    let all: Vec<_> = it.namespaces.iter().map(|it| (it.scope.text.as_str(), it.name.text.as_str())).collect();
    assert_eq!(all, [("php", "a.b"), ("py", "c"), ("*", "d"), ("go", "e.f"), ("java", "g")]);
}
