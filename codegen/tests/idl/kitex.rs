//! Kitex's verdicts about small IDLs, as far as they are about syntax: what Kitex accepts, ours
//! reads, with the ids and words of the fields. Kitex rejects more for their meaning; that is the
//! business of later stages.

use codegen::{
    diag::{Diagnostics, render},
    front::thrift::{self, Parsed},
    ir::draft::{Field, Item, Requiredness, StructKind},
    source::SourceMap,
};
use serde_json::Value;

/// Rejected by Kitex and by us, for their syntax.
const REFUSED: [&str; 2] = ["missing_brace", "field_without_name"];

/// Kitex reads `0x10` as id 0; we read 16.
pub(crate) const READ_BETTER: &str = "id_hex";

/// Cases whose text is a description; the files are read in `front.rs`.
fn is_text(case: &str) -> bool {
    !case.starts_with("include_") && case != "seed_add_thrift" && case != "kitchen_sink"
}

fn cases() -> Vec<Value> {
    let all = std::fs::read_to_string("../tests/vectors/kitex/idl.json").unwrap();
    let all: Vec<Value> = serde_json::from_str(&all).unwrap();
    all.into_iter().filter(|it| is_text(it["case"].as_str().unwrap())).collect()
}

fn parse(text: &str) -> Result<Parsed, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("case.thrift", text.to_owned());
    let mut found = Diagnostics::new();
    let parsed = thrift::parse(file, sources.text(file), &mut found);
    if found.has_errors() { Err(render(&found, &sources, false)) } else { Ok(parsed) }
}

#[test]
fn everything_but_broken_syntax_is_read() {
    let all = cases();
    assert_eq!(all.len(), 84);
    for case in all {
        let (name, text) = (case["case"].as_str().unwrap(), case["idl"].as_str().unwrap());
        match parse(text) {
            Ok(_) => assert!(!REFUSED.contains(&name), "{name} is read"),
            Err(said) => assert!(REFUSED.contains(&name), "{name}: {said}"),
        }
    }
}

#[test]
fn fields_are_those_of_kitex() {
    let mut checked = 0;
    for case in cases() {
        let (name, text) = (case["case"].as_str().unwrap(), case["idl"].as_str().unwrap());
        let Some(lines) = case["fields"].as_array().filter(|_| name != READ_BETTER) else {
            continue;
        };
        let ours = fields(&parse(text).unwrap());
        checked += agree(name, lines, &ours);
    }
    assert!(checked > 40, "{checked}");
}

/// Sees that what Kitex says of each struct, a line each, is among ours; gives how many there were.
pub(crate) fn agree(name: &str, lines: &[Value], ours: &[String]) -> usize {
    let mut checked = 0;
    for line in lines {
        let (of, theirs) = line.as_str().unwrap().split_once(": ").unwrap();
        let theirs = theirs.split("; ").filter(|it| !it.starts_with("success,0")).collect::<Vec<_>>().join("; ");
        if !theirs.is_empty() {
            assert!(ours.contains(&format!("{of}: {theirs}")), "{name}: {of}: {theirs}\n{ours:#?}");
            checked += 1;
        }
    }
    checked
}

/// `Struct: name,id[,requiredness]; …` for all structs, arguments and results.
fn fields(parsed: &Parsed) -> Vec<String> {
    let mut out = Vec::new();
    for item in &parsed.items {
        match item {
            Item::Struct(it) => {
                let word = if it.kind == StructKind::Union { Some("optional") } else { None };
                out.push(format!("{}: {}", it.head.name.text, line(&it.fields, word)));
            }
            Item::Service(service) => {
                for method in &service.methods {
                    let (first, rest) = method.head.name.text.split_at(1);
                    let of = format!("{}{}{rest}", service.head.name.text, first.to_uppercase());
                    out.push(format!("{of}Args: {}", line(&method.arguments, None)));
                    out.push(format!("{of}Result: {}", line(&method.throws, Some("optional"))));
                }
            }
            Item::Typedef(_) | Item::Const(_) | Item::Enum(_) => {}
        }
    }
    out
}

/// An omitted id is the one before it plus one.
fn line(fields: &[Field], always: Option<&str>) -> String {
    let mut last = 0;
    let mut all = Vec::new();
    for field in fields {
        last = field.id.map_or(last + 1, |it| it.0);
        let word = always.or(match field.requiredness {
            Requiredness::Default => None,
            Requiredness::Required => Some("required"),
            Requiredness::Optional => Some("optional"),
        });
        let word = word.map(|it| format!(",{it}")).unwrap_or_default();
        all.push(format!("{},{last}{word}", field.head.name.text));
    }
    all.join("; ")
}
