//! pilota's parser as the oracle: what it accepts, ours accepts, with the same meaning. Known
//! differences, all on purpose: `void` as the type of a value and doubles beyond the range of a
//! double are errors of ours, and `slist` is Apache's old word for `string`, not a name.

use codegen::{
    diag::{Diagnostics, render},
    front::thrift,
    source::SourceMap,
};
use pilota_thrift_parser::{FileParser, FileSource};

fn ours(text: &str) -> Result<String, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("case.thrift", text.to_owned());
    let mut found = Diagnostics::new();
    let parsed = thrift::parse(file, sources.text(file), &mut found);
    if found.has_errors() { Err(render(&found, &sources, false)) } else { Ok(crate::normal::ours(&parsed)) }
}

fn theirs(text: &str) -> Option<String> {
    FileParser::new(FileSource::new(text)).parse().ok().map(|it| crate::normal::theirs(&it))
}

/// Compares, and tells whether pilota accepts the text.
fn same(name: &str, text: &str) -> bool {
    let Some(theirs) = theirs(text) else {
        return false;
    };
    match ours(text) {
        Ok(ours) => assert_eq!(ours, theirs, "{name}:\n{text}"),
        Err(said) => panic!("{name} is refused:\n{said}\n{text}"),
    }
    true
}

#[test]
fn the_examples() {
    let all = std::fs::read_dir("../idl").unwrap().map(|it| it.unwrap().path());
    let mut accepted = 0;
    for path in all.filter(|it| it.extension().is_some_and(|it| it == "thrift")) {
        let text = std::fs::read_to_string(&path).unwrap();
        accepted += usize::from(same(&path.display().to_string(), &text));
        ours(&text).unwrap();
    }
    assert!(accepted > 0);
    for name in ["kitchen_sink", "sink_base"] {
        let text = std::fs::read_to_string(format!("../tests/vectors/kitex/{name}.thrift")).unwrap();
        same(name, &text);
        // Without the omitted ids of its last method pilota accepts the whole file.
        let text = text.replace("i32 NoIds(i32 a, i32 b, 7: i32 c, i32 d)", "");
        assert!(same(name, &text), "{name}");
    }
}

#[test]
fn the_small_ones_of_kitex() {
    let all = std::fs::read_to_string("../tests/vectors/kitex/idl.json").unwrap();
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    let texts = all.as_array().unwrap().iter().map(|it| (it["case"].as_str().unwrap(), it["idl"].as_str().unwrap()));
    let texts = texts.filter(|(case, _)| *case != "slist");
    let accepted = texts.filter(|(case, text)| same(case, text)).count();
    assert!(accepted >= 50, "{accepted}");
}

#[test]
fn two_thousand_generated_ones() {
    let (mut accepted, count) = (0, 2000);
    for seed in 0..count {
        let text = crate::generator::Generator::new(seed).file();
        if let Err(said) = ours(&text) {
            panic!("{seed}:\n{said}\n{text}");
        }
        accepted += usize::from(same(&format!("seed {seed}"), &text));
    }
    assert!(accepted * 2 > count as usize, "pilota accepts only {accepted} of {count}");
}

#[test]
fn odd_ones_that_pilota_accepts() {
    let all = [
        "struct S { 1: list list 2: map map, 3: set<i32> set; 4: string string }",
        "struct struct { 1: i32 struct } service service { service service(1: service service) }",
        "struct S{1:i32 a 2:i32 b}typedef i32 X;const X Y=1struct T{}",
        "const list<i32> L = [1 2,3;A.B] const map<i32,i32> M = {1:2 3:4,5:-.5}",
        "namespace py.twisted a.b namespace * c (x = 'y')\nstruct S {}\nnamespace rs d",
        "typedef base. Point P",
        "service S extends base.Base { async f() (k = 'v', k.l. = \"w\"; m = 'x') oneway void g() }",
        "service S { i32 f(1: i32 a) throws (1: E e) list<i32>\tg(); }",
        "enum E { A = -0x1, B = +2; C (k = 'v') } (k = 'v')",
        "struct S { 1: list < i32 > cpp_type \"x\" a, 2: set cpp_type 'y' <i32> b (z = '\\'') }",
        "const string A = \"\\\"\\n\\\\\\0'\nb\" const double D = -1.5E+3 const bool B = true",
        "struct S { 0x10: required i32 a = 0x1F, -1: optional i64 b = -5 } // end",
        "union U { 1: i32 a } exception E { 1: string why } /* x */",
        "struct S { 1: requiredness a 2: optionals b 3: i32x c 4: voidish d }",
    ];
    for text in all {
        assert!(same("odd", text), "pilota refuses {text}");
    }
}
