//! Texts made to hurt: whatever comes in, an answer comes out, soon, and never a panic.

use std::time::{Duration, Instant};

use crate::random::Random;
use codegen::{
    diag::{Diagnostics, render},
    front::{self, thrift},
    ir::draft::Item,
    source::{Error, SourceMap},
};

/// The findings and how many definitions were read. Every place lies in the text.
fn parse(text: String) -> (Diagnostics, SourceMap, usize) {
    let mut sources = SourceMap::new();
    let file = sources.add("case.thrift", text);
    let mut found = Diagnostics::new();
    let parsed = thrift::parse(file, sources.text(file), &mut found);
    for one in found.sorted() {
        for label in one.primary.iter().chain(&one.secondary) {
            let range = label.span.start as usize..label.span.end as usize;
            assert!(sources.text(file).get(range).is_some(), "{one:?}");
        }
    }
    (found, sources, parsed.items.len())
}

fn mutated(text: &str, random: &mut Random) -> String {
    const PIECES: [&[u8]; 12] =
        [b"{", b"}", b"(", b"<", b"\"", b"'", b"/*", b"\0", b"\xff", b"0x", b"\xe2\x80\xae", b"\n"];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(4) {
            0 if at < bytes.len() => bytes[at] = random.next() as u8,
            1 => bytes.truncate(at),
            2 => drop(bytes.splice(at..at, random.pick(&PIECES).iter().copied())),
            _ => drop(bytes.drain(at..(at + random.below(8)).min(bytes.len()))),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn twenty_thousand_mutations_never_panic() {
    let mut random = Random::new(7);
    for round in 0..20_000 {
        let text = crate::generator::Generator::new(round % 500).file();
        let (found, sources, _) = parse(mutated(&text, &mut random));
        if round % 20 == 0 {
            render(&found, &sources, round % 40 == 0);
        }
    }
}

#[test]
fn mutations_of_a_whole_file_never_panic() {
    let text = std::fs::read_to_string("../tests/vectors/kitex/kitchen_sink.thrift").unwrap();
    let mut random = Random::new(11);
    for _ in 0..300 {
        let (found, sources, _) = parse(mutated(&text, &mut random));
        render(&found, &sources, false);
    }
}

#[test]
fn mutations_of_proto_never_panic() {
    let text = std::fs::read_to_string("tests/proto/all.proto").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("all.proto");
    let mut random = Random::new(13);
    for _ in 0..1500 {
        std::fs::write(&path, mutated(&text, &mut random)).unwrap();
        let mut sources = SourceMap::new();
        if let Err(Error::Diagnostics(found)) = front::load(&mut sources, std::slice::from_ref(&path), &[]) {
            render(&found, &sources, false);
        }
    }
}

/// Parses within a second, with at least one error, on a small stack.
fn refused_soon(name: &str, text: String) {
    let start = Instant::now();
    let run = std::thread::Builder::new().stack_size(512 << 10);
    let (found, sources, _) = run.spawn(move || parse(text)).unwrap().join().unwrap();
    assert!(found.has_errors(), "{name}");
    let said = render(&found, &sources, false);
    assert!(said.len() < 200_000, "{name}: {}", said.len());
    assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
}

#[test]
fn bombs() {
    const DEEP: usize = 20_000;
    let nested = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(DEEP), close.repeat(DEEP));
    refused_soon("lists", format!("struct S {{ 1: {} a }}", nested("list<", "i32", ">")));
    refused_soon("maps", format!("typedef {} T", nested("map<i32,", "i32", ">")));
    refused_soon("values", format!("const i32 A = {}", nested("[", "1", "]")));
    refused_soon("pairs", format!("const i32 A = {}", nested("{1:", "1", "}")));
    refused_soon("open braces", "struct S {".repeat(DEEP));
    refused_soon("open braces on lines", "struct S {\n".repeat(DEEP));
    refused_soon("open quotes", "\"\\\"\n".repeat(DEEP));
    refused_soon("parentheses", "(".repeat(1 << 20));
    refused_soon("services", "service S { void F(".repeat(DEEP));
    refused_soon("words", "struct ".repeat(1 << 17));
    refused_soon("signs", "$ ".repeat(1 << 19));
    refused_soon("long", format!("struct S {{{}}}", "1:i32 a\n".repeat(1 << 18)));
    refused_soon("nothing", "\0".repeat(4 << 20));
    refused_soon("digits", format!("const i64 A = {}", "9".repeat(1 << 20)));
    refused_soon("fields", format!("struct S {{ {} }}", "1: ".repeat(1 << 18)));
    refused_soon("xsd", "struct S { 1: i32 a xsd_attrs { ".to_owned() + &"1: i32 a xsd_attrs { ".repeat(DEEP));
}

#[test]
fn long_names_and_odd_characters() {
    let long = "n".repeat(1024);
    let (found, _, items) = parse(format!("struct {long} {{ 1: i32 {long} }}"));
    assert!(found.is_empty() && items == 1);
    // What stands in comments and texts is not ours to judge here.
    let (found, _, items) = parse("// \u{202e} \0 \u{7}\nconst string A = \"\u{202e}\0\" /* \u{2066} */".to_owned());
    assert!(found.is_empty() && items == 1);
    let (found, sources, _) = parse("struct \u{202e}S { 1: i32 a\0b }".to_owned());
    assert!(found.has_errors());
    let said = render(&found, &sources, false);
    assert!(!said.contains(['\u{202e}', '\0']), "{said:?}");
}

#[test]
fn a_broken_statement_takes_no_other_with_it() {
    let text = "struct A { 1: i32 }\nstruct B { 1: i32 a }\nenum C { X = }\nservice D { void F(1: ) void G() }";
    let mut sources = SourceMap::new();
    let file = sources.add("case.thrift", text.to_owned());
    let mut found = Diagnostics::new();
    let parsed = thrift::parse(file, sources.text(file), &mut found);
    assert_eq!(found.len(), 3);
    let names: Vec<_> = parsed.items.iter().map(|it| it.head().name.text.as_str()).collect();
    assert_eq!(names, ["A", "B", "C", "D"]);
    let Some(Item::Service(service)) = parsed.items.last() else { panic!() };
    assert_eq!(service.methods.len(), 2);
}
