//! Kitex's verdicts about small IDLs against those of the whole pipeline: what Kitex accepts, ours
//! accepts with the same ids and words, and what it refuses, ours refuses; but for the tables below.

use codegen::{
    Builder, Error, Loaded,
    ir::model::{DefKind, Field, Model, Requiredness},
};
use serde_json::Value;

use crate::kitex::{READ_BETTER, agree};

/// Accepted by Kitex, refused by us.
const STRICTER: [(&str, &str, &str); 7] = [
    ("id_32768", "TH0105", "Kitex's Go code does not compile"),
    ("default_out_of_range", "TH0118", "Kitex's Go code does not compile"),
    ("method_of_base_again", "TH0128", "Kitex's Go code does not compile"),
    ("throws_a_struct", "TH0120", "Kitex's Go code does not compile"),
    ("two_args_same_id", "TH0104", "Kitex's Go code does not compile"),
    ("names_equal_in_go", "TH0113", "one name in Rust; `rust.name` is the way out"),
    ("streaming_annotation", "TH0124", "streams of Thrift are not supported; `--skip-streaming` leaves them out"),
];

/// Refused by Kitex, accepted by us.
const LENIENT: [(&str, &str); 8] = [
    ("annotation_without_value", "Apache Thrift accepts it"),
    ("bom", "editors of Windows write it, and it means nothing"),
    ("uuid", "a base type since Apache Thrift 0.20"),
    ("slist", "an old word of Apache Thrift for a string"),
    ("senum", "an old word of Apache Thrift for strings"),
    ("async_keyword", "an old word of Apache Thrift for `oneway`"),
    ("namespace_after_struct", "the order carries no meaning"),
    ("empty_file", "a file without definitions gives an empty module"),
];

/// Cases whose text is a description, or which have a test of their own.
fn is_text(case: &str) -> bool {
    !case.starts_with("include_") && case != "seed_add_thrift" && case != "kitchen_sink"
}

fn cases() -> Vec<Value> {
    let all = std::fs::read_to_string("../tests/vectors/kitex/idl.json").unwrap();
    let all: Vec<Value> = serde_json::from_str(&all).unwrap();
    assert_eq!(all.len(), 90);
    all.into_iter().filter(|it| is_text(it["case"].as_str().unwrap())).collect()
}

fn load(name: &str, text: &str) -> Result<Loaded, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("{name}.thrift"));
    std::fs::write(&path, text).unwrap();
    Builder::new().idl(path).load(false)
}

#[test]
fn verdicts_are_those_of_kitex_or_have_a_reason() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (name, text) = (case["case"].as_str().unwrap(), case["idl"].as_str().unwrap());
        let stricter = STRICTER.iter().find(|it| it.0 == name);
        let lenient = LENIENT.iter().any(|it| it.0 == name);
        let accepted = case["accepted"].as_bool().unwrap();
        match load(name, text) {
            Ok(_) if (accepted && stricter.is_none()) || (!accepted && lenient) => {}
            Ok(_) => wrong.push(format!("{name} is accepted")),
            Err(Error::Io(said)) => wrong.push(format!("{name}: {said}")),
            Err(Error::Findings(_, said)) => match stricter {
                Some((_, code, _)) if accepted && said.contains(&format!("error[{code}]")) => {}
                None if !accepted && !lenient => {}
                _ => wrong.push(format!("{name} is refused\n{said}")),
            },
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ids_and_words_are_those_of_kitex() {
    let mut checked = 0;
    for case in cases() {
        let (name, text) = (case["case"].as_str().unwrap(), case["idl"].as_str().unwrap());
        let Some(lines) = case["fields"].as_array().filter(|_| name != READ_BETTER) else { continue };
        let Ok(loaded) = load(name, text) else { continue };
        let ours = fields(&loaded.model);
        checked += agree(name, lines, &ours);
    }
    assert!(checked > 40, "{checked}");
}

/// `Struct: name,id[,requiredness]; …` for all structs, arguments and results of a model.
fn fields(model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    for def in &model.defs {
        match &def.kind {
            DefKind::Struct(it) => out.push(format!("{}: {}", def.head.name, line(&it.fields, None))),
            DefKind::Union(fields) => out.push(format!("{}: {}", def.head.name, line(fields, Some("optional")))),
            _ => {}
        }
    }
    for service in &model.services {
        for method in &service.methods {
            let (first, rest) = method.head.name.split_at(1);
            let of = format!("{}{}{rest}", service.head.name, first.to_uppercase());
            out.push(format!("{of}Args: {}", line(&method.arguments, None)));
            out.push(format!("{of}Result: {}", line(&method.throws, Some("optional"))));
        }
    }
    out
}

fn line(fields: &[Field], always: Option<&str>) -> String {
    let shown = fields.iter().map(|field| {
        let word = always.or(match field.requiredness {
            Requiredness::Default => None,
            Requiredness::Required => Some("required"),
            Requiredness::Optional => Some("optional"),
        });
        let word = word.map(|it| format!(",{it}")).unwrap_or_default();
        format!("{},{}{word}", field.head.name, field.id)
    });
    shown.collect::<Vec<_>>().join("; ")
}
