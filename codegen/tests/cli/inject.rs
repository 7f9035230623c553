//! Texts from an IDL that try to become code: the generated files hold the same items as for
//! harmless texts, and no attribute or macro beside ours.

use std::collections::BTreeMap;

use super::sandbox::Sandbox;

const PAYLOADS: &[&str] = &[
    "*/ fn evil() {} /*",
    "/* open",
    "// line",
    "\"; fn evil() {} //",
    "\"#; fn evil() {} //",
    "\"##\"###",
    "r#\"x\"#",
    "\\",
    "\\\\\\",
    "\\n\\0\\u{41}",
    "{}",
    "{0} {evil} {{}}",
    "${evil} $evil",
    "\u{202e}live\u{2066}",
    "]",
    ")] fn evil() {} #[doc(hidden",
    "```\nfn evil() {}\n```",
    "```rust\npanic!()",
    "~~~",
    "#![allow(warnings)]",
    "#[no_mangle]",
    "'''",
    "\"\"\"",
    "include!(\"/etc/passwd\")",
    "<script>alert(1)</script>",
    "[link](http://evil)",
    "[`Vec`] [evil]: x",
    "    indented();",
    "\tindented();",
    "*",
    "/",
    "!",
    "#",
    "---\n===",
    "| a | b |",
    "{{ name }} {% if x %}",
    "%s %n",
    "\u{feff}\u{200b}",
    "é漢字🦀",
    "\u{1b}[31m",
    "a\r\nb",
    "\u{7f}\u{85}\u{2028}\u{2029}",
];

/// Where a payload is put: each gives an IDL, or `None` where Thrift itself cannot hold it there.
fn idls(payload: &str) -> Vec<(&'static str, String)> {
    let comment = payload.replace("*/", "* /");
    let double = payload.replace('\\', "\\\\").replace('"', "\\\"");
    let one_line = payload.replace(['\n', '\r'], " ");
    vec![
        ("doc", body(&format!("/** {comment} */"), "x", "x")),
        ("line doc", body(&format!("/// {one_line}\n"), "x", "x")),
        ("hash doc", body(&format!("# {one_line}\n"), "x", "x")),
        ("string", body("", &double, "x")),
        ("annotation", body("", "x", &double)),
    ]
}

fn body(doc: &str, text: &str, note: &str) -> String {
    format!(
        "namespace rs api\n{doc}\nstruct S {{\n{doc}\n 1: string a = \"{text}\" (go.tag = \"{note}\", deprecated = \"{note}\")\n 2: optional string b = \"{text}\"\n}} (deprecated = \"{note}\", k = \"{note}\")\n{doc}\nenum E {{\n{doc}\n A (deprecated = \"{note}\") }}\n{doc}\nunion U {{\n{doc}\n 1: i32 a (deprecated = \"{note}\") }}\n{doc}\nexception X {{ 1: string why = \"{text}\" }}\n{doc}\nconst string C = \"{text}\"\n{doc}\nconst map<string, binary> M = {{\"{text}\": \"{text}\"}}\n{doc}\nservice Add {{\n{doc}\n i32 f(1: string a (k = \"{note}\")) throws ({doc}\n 1: X x) (deprecated = \"{note}\") }} (deprecated = \"{note}\")\n"
    )
}

/// The shape of a Rust text: item names by kind, attributes but docs, and macros.
fn shape(text: &str) -> BTreeMap<String, usize> {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut shape = BTreeMap::new();
    collect(quote::ToTokens::to_token_stream(&file), &mut shape);
    shape
}

/// Every token but literals: a payload may only ever be inside of one.
fn collect(tokens: proc_macro2::TokenStream, shape: &mut BTreeMap<String, usize>) {
    // How many lines of docs there are depends on the text.
    let docs = tokens.to_string();
    if docs.starts_with("doc = ") {
        return;
    }
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Group(group) => collect(group.stream(), shape),
            proc_macro2::TokenTree::Ident(it) => *shape.entry(it.to_string()).or_default() += 1,
            proc_macro2::TokenTree::Punct(it) if !"#!,".contains(it.as_char()) => {
                *shape.entry(it.to_string()).or_default() += 1;
            }
            _ => {}
        }
    }
}

fn rust_shapes(it: &Sandbox) -> BTreeMap<String, BTreeMap<String, usize>> {
    let files = it.files("out").into_iter().filter(|path| path.ends_with(".rs"));
    files.map(|path| (path.clone(), shape(&it.read(&format!("out/{path}"))))).collect()
}

#[test]
fn texts_never_become_code() {
    let run = |idl: &str| {
        let it = Sandbox::new(&[("add.thrift", idl)]);
        let run = it.run(&["add.thrift", "-o", "out"]);
        (it, run)
    };
    let harmless: BTreeMap<_, _> =
        idls("harmless").into_iter().map(|(place, idl)| (place, rust_shapes(&run(&idl).0))).collect();
    let (mut cases, mut wrong) = (0, Vec::new());
    for payload in PAYLOADS {
        for (place, idl) in idls(payload) {
            let (it, run) = run(&idl);
            cases += 1;
            if run.code == 1 && run.said.contains("add.thrift:") {
                continue;
            }
            assert_eq!(run.code, 0, "{place} {payload:?}\n{}", run.said);
            let shapes = rust_shapes(&it);
            if shapes != harmless[place] {
                wrong.push(format!("{place} {payload:?}: {}", difference(&shapes, &harmless[place])));
            }
            check_texts(&it, payload);
        }
    }
    assert!(cases >= 200, "{cases}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn difference(a: &BTreeMap<String, BTreeMap<String, usize>>, b: &BTreeMap<String, BTreeMap<String, usize>>) -> String {
    let mut out = Vec::new();
    for (path, shape) in a {
        let other = &b[path];
        out.extend(
            shape.iter().filter(|(name, count)| other.get(*name) != Some(count)).map(|it| format!("{path} {it:?}")),
        );
    }
    out.join(", ")
}

/// No text of a finding reaches a terminal or a file as a control or direction character.
fn check_texts(it: &Sandbox, payload: &str) {
    for path in it.files("out").iter().filter(|path| path.ends_with(".rs")) {
        let text = it.read(&format!("out/{path}"));
        let bad =
            text.chars().find(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{1b}' | '\0'));
        assert!(bad.is_none(), "{path} {payload:?} {bad:?}");
    }
}

#[test]
fn file_names_break_no_toml_and_no_table() {
    for name in [
        "a b",
        "a|b",
        "a`b",
        "a\"b",
        "a'b",
        "]x",
        "a\nb",
        "$(id)",
        "a#b",
        "{{x}}",
        "<b>",
        "\u{202e}x",
        "a\\b",
        "*/ fn evil() {} /*",
    ] {
        let name = name.replace('/', "_");
        let it = Sandbox::new(&[]);
        it.write(&format!("{name}.thrift"), "struct S { 1: i32 a }\nservice Add { void f() }\n");
        let run = it.run(&["-o", "out", "--", &format!("{name}.thrift")]);
        if run.code == 1 {
            continue;
        }
        assert_eq!(run.code, 0, "{name}: {}", run.said);
        let manifest: toml_edit::DocumentMut = it.read("out/Cargo.toml").parse().unwrap();
        assert_eq!(
            manifest.as_table().iter().map(|it| it.0).collect::<Vec<_>>(),
            ["package", "dependencies", "lints"],
            "{name}"
        );
        it.read("out/service.toml").parse::<toml_edit::DocumentMut>().unwrap();
        let files = it.files("out");
        for path in files.iter().filter(|it| it.ends_with(".rs")) {
            let text = it.read(&format!("out/{path}"));
            shape(&text);
            assert!(!text.contains("fn evil() {}\n"), "{name}: {path}");
        }
        let readme = it.read("out/README.md");
        let rows = readme.lines().filter(|line| line.starts_with('|')).count();
        assert_eq!(rows, 6, "{name}\n{readme}");
        it.run(&["-o", "out", "--check", "--", &format!("{name}.thrift")]).ends(0);
    }
}
