//! Kinds of name of proto, and the IDL files that are made of them and of words.

use std::collections::BTreeSet;

use codegen::resolve::names;

use super::One;
use super::words::{PROTO_WORDS, WORDS};

const KINDS: &[&str] = &[
    "file",
    "package",
    "message",
    "outer",
    "nested",
    "field",
    "map",
    "proto2",
    "oneof",
    "arm",
    "enum",
    "inside",
    "value",
    "prefixed",
    "service",
    "method",
    "group",
    "extension",
];

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().chain(PROTO_WORDS).copied()
}

/// Every word in every place.
pub(crate) fn each() -> impl Iterator<Item = One> {
    let pairs = KINDS.iter().flat_map(|kind| fitting(kind).map(move |word| (*kind, word)));
    pairs.map(|(kind, word)| One {
        kind,
        word,
        file: if kind == "file" { format!("{word}.proto") } else { "one.proto".to_owned() },
        text: text(kind, "matrix", &[word]),
        refused: refused(kind, word),
    })
}

/// The words that may stand in a place: a group's are capitalized.
fn fitting(kind: &str) -> impl Iterator<Item = &'static str> {
    let group = kind == "group";
    words().filter(move |it| !group || it.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Words that begin something else than a member of an enum.
fn refused(kind: &str, word: &str) -> bool {
    kind == "value" && matches!(word, "option" | "reserved")
}

/// The Rust name that decides which words can stand together.
fn key(kind: &str, word: &str) -> String {
    match kind {
        "message" | "outer" | "nested" | "arm" | "enum" | "inside" | "group" => names::proto_type(word),
        "service" => names::type_name(word).to_lowercase(),
        "value" => names::proto_variant("ZE", word),
        "prefixed" => names::proto_variant("ZE", &format!("Z_E_{word}")),
        "extension" => word.to_owned(),
        "oneof" => names::proto_type(word),
        // Fields have methods, names in JSON and entries of maps besides.
        "field" | "map" | "proto2" => {
            let method = ["get_", "set_", "push_", "insert_"].iter().find_map(|it| word.strip_prefix(it));
            method.unwrap_or(word).replace('_', "").to_lowercase()
        }
        _ => names::proto_field(word),
    }
}

/// Everything, in as few files as the clashes allow: a name and a text each.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for kind in KINDS {
        let mut left: Vec<&str> = fitting(kind).filter(|it| !refused(kind, it)).collect();
        if matches!(*kind, "file" | "package") {
            let one = |(at, word): (usize, &&str)| {
                let name = if *kind == "file" { format!("{word}.proto") } else { format!("packages/p{at}.proto") };
                (name, text(kind, "", &[word]).replace("ZInner", &format!("ZInner{at}{kind}")))
            };
            files.extend(left.iter().enumerate().map(one));
            continue;
        }
        let mut round = 0;
        while !left.is_empty() {
            let mut taken = BTreeSet::new();
            let (now, later): (Vec<&str>, Vec<&str>) = left.into_iter().partition(|word| taken.insert(key(kind, word)));
            // One server serves them all: its services have names of their own.
            let text = text(kind, &format!("matrix.{kind}{round}"), &now)
                .replace("service Z", &format!("service Z{}{round}", files.len()));
            files.push((format!("{kind}{round}.proto"), text));
            left = later;
            round += 1;
        }
    }
    files
}

fn text(kind: &str, package: &str, words: &[&str]) -> String {
    let syntax = if matches!(kind, "proto2" | "group" | "extension") { "proto2" } else { "proto3" };
    let package = match kind {
        "file" => String::new(),
        "package" => format!("package outer.{0}.{0};\n", words[0]),
        _ => format!("package {package};\n"),
    };
    let scope = package.trim_start_matches("package ").trim_end_matches(";\n");
    format!("syntax = \"{syntax}\";\n{package}{}", body(kind, scope, words))
}

/// A line for each word.
fn lines(words: &[&str], line: impl Fn(usize, &str) -> String) -> String {
    words.iter().enumerate().map(|(at, word)| line(at + 1, word) + "\n").collect()
}

/// Messages and a service that use the types of all names.
fn users(scope: &str, words: &[&str]) -> String {
    let one = lines(words, |at, it| format!("{scope}.{it} f{at} = {at};"));
    let optional = lines(words, |at, it| format!("optional {scope}.{it} f{at} = {at};"));
    let many = lines(words, |at, it| format!("repeated {scope}.{it} f{at} = {at};"));
    let map = lines(words, |at, it| format!("map<string, {scope}.{it}> f{at} = {at};"));
    format!(
        "message ZOne {{ {one} }}\nmessage ZOptional {{ {optional} }}\nmessage ZMany {{ {many} }}\n\
         message ZMap {{ {map} }}\nmessage ZChosen {{ oneof kind {{ {one} }} }}\n"
    )
}

fn calls(scope: &str, words: &[&str]) -> String {
    let methods = lines(words, |at, it| format!("rpc M{at}({scope}.{it}) returns ({scope}.{it});"));
    format!("service ZUser {{ {methods} }}\n")
}

fn body(kind: &str, package: &str, words: &[&str]) -> String {
    let scope = format!(".{package}");
    match kind {
        "message" => {
            let types = lines(words, |_, it| format!("message {it} {{ int32 a = 1; {scope}.{it} b = 2; }}"));
            types + &users(&scope, words) + &calls(&scope, words)
        }
        "outer" => {
            let types = lines(words, |_, it| {
                format!(
                    "message {it} {{ message In {{ int32 a = 1; {scope}.{it} b = 2; }} enum Kind {{ NONE = 0; }}\n\
                     oneof either {{ int32 x = 1; In y = 2; Kind z = 3; }} map<string, In> all = 4; }}"
                )
            });
            types + &users(&scope, words) + &calls(&scope, words)
        }
        "nested" => {
            let types = lines(words, |_, it| {
                format!(
                    "message {it} {{ message Deep {{ {scope}.ZOuter.{it} up = 1; }} Deep down = 1; oneof o {{ int32 i = 2; }} }}"
                )
            });
            let scope = format!("{scope}.ZOuter");
            format!("message ZOuter {{ {types} }}\n") + &users(&scope, words) + &calls(&scope, words)
        }
        "enum" | "inside" => {
            let types = lines(words, |at, it| format!("enum {it} {{ Z{at}_A = 0; Z{at}_B = 5; }}"));
            match kind {
                "enum" => types + &users(&scope, words),
                _ => format!("message ZOuter {{ {types} }}\n") + &users(&format!("{scope}.ZOuter"), words),
            }
        }
        "value" => values(&scope, "", words),
        "prefixed" => values(&scope, "Z_E_", words),
        "service" | "method" | "package" | "file" => services(kind, words),
        _ => members(kind, words),
    }
}

fn values(scope: &str, prefix: &str, words: &[&str]) -> String {
    let members = lines(words, |at, it| format!("{prefix}{it} = {at};"));
    format!(
        "message ZOuter {{ enum ZE {{ ZNone = 0; {members} }} ZE one = 1; optional ZE two = 2; repeated ZE many = 3; }}\n\
         message ZUser {{ {scope}.ZOuter.ZE zz = 1; }}\n"
    )
}

fn services(kind: &str, words: &[&str]) -> String {
    let message = "message ZInner { int32 a = 1; oneof kind { string b = 2; ZInner c = 3; } }\n";
    let body = match kind {
        "service" => lines(words, |_, it| format!("service {it} {{ rpc F(ZInner) returns (ZInner); }}")),
        "method" => {
            let methods = lines(words, |_, it| format!("rpc {it}(ZInner) returns (ZInner);"));
            format!("service ZMethods {{ {methods} }}\n")
        }
        _ => "service ZInnerUser { rpc F(ZInner) returns (ZInner); }\n".to_owned(),
    };
    message.to_owned() + &body
}

/// Everything inside a message.
fn members(kind: &str, words: &[&str]) -> String {
    let many = |before: &str| lines(words, |at, it| format!("{before} {it} = {at};"));
    let types = "enum ZE { ZA = 0; ZB = 1; }\n";
    match kind {
        "field" => {
            let all = ["int32", "optional int32", "string", "optional bytes", "repeated string", "ZE", "optional ZE"];
            let all = all.into_iter().chain(["repeated ZE", "ZHolder0", "repeated ZHolder0"]).enumerate();
            types.to_owned()
                + &all.map(|(at, ty)| format!("message ZHolder{at} {{ {} }}\n", many(ty))).collect::<String>()
        }
        "map" => {
            let all = ["string, string", "int64, ZE", "bool, ZHolder0"].into_iter().enumerate();
            let all = all.map(|(at, ty)| format!("message ZHolder{at} {{ {} }}\n", many(&format!("map<{ty}>"))));
            types.to_owned() + &all.collect::<String>()
        }
        "proto2" => {
            let preset = lines(words, |at, it| format!("optional string {it} = {at} [default = \"{it}\"];"));
            let defaults = lines(words, |at, it| format!("optional ZE {it} = {at} [default = ZB];"));
            let types = types.to_owned() + "message ZM { optional int32 a = 1; }\n";
            types
                + &format!(
                    "message ZHolder0 {{ {preset} }}\nmessage ZHolder1 {{ {defaults} }}\nmessage ZHolder2 {{ {} }}\n\
                 message ZHolder3 {{ {} }}\nmessage ZHolder4 {{ {} }}\n",
                    many("required int64"),
                    many("required ZM"),
                    many("required ZE"),
                )
        }
        "oneof" => {
            let each = lines(words, |at, it| format!("message Z{at} {{ oneof {it} {{ int32 a = 1; Z{at} b = 2; }} }}"));
            let all =
                lines(words, |at, it| format!("oneof {it} {{ int32 zp{at} = {at}; ZAll zq{at} = {}; }}", at + 1000));
            format!("{each}message ZAll {{ {all} }}\n")
        }
        "arm" => format!(
            "{types}message ZHolder {{ oneof kind {{ {} }} }}\nmessage ZDeep {{ oneof kind {{ {} }} }}\n\
             message ZEnums {{ oneof kind {{ {} }} }}\n",
            many("string"),
            many("ZDeep"),
            many("ZE")
        ),
        "group" => {
            let groups = |label: &str| {
                lines(words, |at, it| format!("{label} group {it} = {at} {{ optional int32 {it} = 1; }}"))
            };
            let within = lines(words, |at, it| format!("group {it} = {at} {{ optional ZKind up = 1; }}"));
            format!(
                "message ZOne {{ {} }}\nmessage ZMany {{ {} }}\nmessage ZKind {{ oneof kind {{ {within} }} }}\n",
                groups("optional"),
                groups("repeated")
            )
        }
        _ => {
            let at = lines(words, |at, it| format!("optional int32 {it} = {};", at + 1000));
            format!("message ZM {{ extensions 1000 to max; }}\nextend ZM {{ {at} }}\n")
        }
    }
}
