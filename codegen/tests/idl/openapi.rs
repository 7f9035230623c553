//! The OpenAPI document of an IDL.

use std::path::Path;
use std::{env, fs};

use codegen::emit::{Sides, emit};
use codegen::options::Options;
use codegen::{Builder, openapi};
use serde_json::Value;

use crate::sandbox::dir;

fn golden(idl: &str) -> String {
    let loaded = Builder::new().idl(Path::new("../tests/golden/idl").join(idl)).load(false).unwrap();
    openapi::document(&loaded.model)
}

/// `UPDATE=1` writes them.
#[test]
fn the_documents_of_both_idls_are_what_their_goldens_say() {
    for idl in ["library.proto", "web.thrift"] {
        let path = format!("tests/openapi/{idl}.json");
        let made = golden(idl);
        if env::var_os("UPDATE").is_some() {
            fs::write(&path, &made).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap_or_default() == made, "{path} is stale: run with UPDATE=1");
        assert_eq!(made, golden(idl));
    }
}

/// The first service of a file holds it for all of them, and none without the option.
#[test]
fn servers_hold_the_document_where_they_are_to() {
    let idl = "service A { void A() (api.get = '/a') }\nservice B { void B() (api.get = '/b') }";
    let dir = dir(&[("two.thrift", idl)]);
    for openapi in [false, true] {
        let options = Options { openapi, ..Options::default() };
        let loaded = Builder::new().idl(dir.path().join("two.thrift")).options(options).load(false).unwrap();
        let text = codegen::single(&emit(&loaded.model, Sides::Both));
        let held: Vec<_> = text.split("fn openapi(&self) -> &'static str {").skip(1).collect();
        assert_eq!(held.len(), usize::from(openapi));
        if let [held] = held.as_slice() {
            let literal = syn::parse_str::<syn::LitStr>(held.split("}\n").next().unwrap_or_default().trim());
            assert_eq!(literal.map(|it| it.value()).ok(), Some(openapi::document(&loaded.model)));
        }
    }
}

fn document(name: &str, text: &str) -> Value {
    let dir = dir(&[(name, text)]);
    let loaded = Builder::new().idl(dir.path().join(name)).load(false).unwrap();
    serde_json::from_str(&openapi::document(&loaded.model)).unwrap()
}

/// Every component that something refers to is there, and every parameter of a path is declared.
fn is_whole(document: &Value) {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|it| walk(it, found));
            }
            Value::Array(all) => all.iter().for_each(|it| walk(it, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(document, &mut found);
    for target in found {
        assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        let names: Vec<_> = path.split('{').skip(1).map(|it| it.split('}').next().unwrap()).collect();
        for operation in operations.as_object().unwrap().values() {
            let all = operation["parameters"].as_array().cloned().unwrap_or_default();
            let declared: Vec<_> =
                all.iter().filter(|it| it["in"] == "path").map(|it| it["name"].as_str().unwrap()).collect();
            assert_eq!(declared, names, "{path}");
        }
    }
}

const PROTO: &str = r#"syntax = "proto3"; package a.v1;
    import "google/api/annotations.proto"; import "google/protobuf/timestamp.proto"; import "google/protobuf/empty.proto";
    // One book.
    message Book { string id = 1; Book next = 2; map<string, Kind> kinds = 3; uint64 big_number = 4; bytes raw = 5;
        google.protobuf.Timestamp since = 6; repeated Kind list = 7; }
    enum Kind { NONE = 0; SOME = 1; }
    service Books {
        // Finds it.
        rpc Find(Book) returns (Book) { option (google.api.http) = { get: "/v1/{id}" }; }
        rpc Drop(Book) returns (google.protobuf.Empty) { option (google.api.http) = { delete: "/v1/{next.id}" }; }
        rpc Plain(Book) returns (Book);
        rpc Watch(Book) returns (stream Book);
        rpc Any(Book) returns (Book) { option (google.api.http) = { custom { kind: "*" path: "/any/{id=**}" } }; }
    }"#;

#[test]
fn paths_that_differ_in_names_of_variables_are_one() {
    let document = document("a.proto", PROTO);
    is_whole(&document);
    let verbs: Vec<_> = document["paths"]["/v1/{id}"].as_object().unwrap().keys().collect();
    assert_eq!(verbs, ["delete", "get"]);
    assert_eq!(document["paths"]["/any/{id}"].as_object().unwrap().len(), 7);
}

#[test]
fn a_method_without_a_route_is_a_call_of_connect() {
    let document = document("a.proto", PROTO);
    let call = &document["paths"]["/a.v1.Books/Plain"]["post"];
    assert_eq!(call["responses"]["default"]["$ref"], "#/components/responses/ConnectError");
    assert!(document["paths"].get("/a.v1.Books/Watch").is_none(), "a stream is not one call");
}

#[test]
fn messages_are_as_their_json_is() {
    let document = document("a.proto", PROTO);
    let book = &document["components"]["schemas"]["a.v1.Book"];
    assert_eq!(book["description"], "One book.");
    let fields = &book["properties"];
    assert_eq!(fields["bigNumber"]["type"], "string");
    assert_eq!(fields["raw"]["contentEncoding"], "base64");
    assert_eq!(fields["since"]["format"], "date-time");
    assert_eq!(fields["kinds"]["additionalProperties"]["$ref"], "#/components/schemas/a.v1.Kind");
    assert_eq!(document["components"]["schemas"]["a.v1.Kind"]["enum"], serde_json::json!(["NONE", "SOME"]));
    assert_eq!(document["paths"]["/v1/{id}"]["get"]["summary"], "Finds it.");
}

#[test]
fn messages_that_hold_many_others_end_somewhere() {
    let fields: String = (0..60).map(|at| format!("M f{at} = {}; ", at + 1)).collect();
    let head = "syntax = \"proto3\"; import \"google/api/annotations.proto\";";
    let rule = "option (google.api.http) = { get: \"/v1\" };";
    let service = format!("service S {{ rpc Get(M) returns (M) {{ {rule} }} }}");
    is_whole(&document("a.proto", &format!("{head} message M {{ {fields} string name = 99; }} {service}")));
}

#[test]
fn rules_are_keywords_where_json_schema_has_them() {
    let proto = r#"syntax = "proto3"; package a;
        import "buf/validate/validate.proto"; import "google/api/annotations.proto";
        message M {
          string name = 1 [(buf.validate.field).string = {min_len: 2, max_len: 9, pattern: "^[a-z]+$", prefix: "a."}];
          string mail = 2 [(buf.validate.field).string.email = true, (buf.validate.field).required = true];
          string kind = 3 [(buf.validate.field).string = {in: ["x", "y"], not_in: ["z"]}];
          int32 age = 4 [(buf.validate.field).int32 = {gte: 0, lt: 150}];
          int64 big = 5 [(buf.validate.field).int64.gt = 5];
          double part = 6 [(buf.validate.field).double = {gt: 0, lte: 0.5}];
          repeated string tags = 7 [(buf.validate.field).repeated = {min_items: 1, unique: true, items: {string: {max_bytes: 4}}}];
          map<string, int32> counts = 8 [(buf.validate.field).map = {max_pairs: 3, values: {int32: {not_in: [7]}}}];
          string maybe = 9 [(buf.validate.field).string.min_len = 3, (buf.validate.field).ignore = IGNORE_IF_ZERO_VALUE];
          bool yes = 10 [(buf.validate.field).bool.const = true];
        }
        service S { rpc Put(M) returns (M) { option (google.api.http) = {post: "/m/{kind}" body: "*"}; } }"#;
    let document = document("m.proto", proto);
    let fields = &document["components"]["schemas"]["a.M"];
    assert_eq!(fields["required"], serde_json::json!(["mail"]));
    let expected = serde_json::json!({
        "name": {"type": "string", "minLength": 2, "maxLength": 9, "pattern": "^[a-z]+$", "allOf": [{"pattern": "^a\\."}]},
        "mail": {"type": "string", "format": "email", "minLength": 1},
        "kind": {"type": "string", "enum": ["x", "y"], "not": {"enum": ["z"]}},
        "age": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 149},
        "big": {"type": "string", "format": "int64"},
        "part": {"type": "number", "format": "double", "exclusiveMinimum": 0, "maximum": 0.5},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 4}, "minItems": 1, "uniqueItems": true},
        "counts": {"type": "object", "additionalProperties": {"type": "integer", "format": "int32", "not": {"enum": [7]}},
            "maxProperties": 3},
        "maybe": {"type": "string"},
        "yes": {"type": "boolean", "const": true},
    });
    assert_eq!(fields["properties"], expected, "{:#}", fields["properties"]);
    let kind = &document["paths"]["/m/{kind}"]["post"]["parameters"][0]["schema"];
    assert_eq!(*kind, expected["kind"]);
}

#[test]
fn rules_of_thrift_are_keywords_too() {
    let thrift = r#"struct M {
            1: required string name (api.vd = "len($) > 0 && len($) <= 8"),
            2: i32 age (vt.ge = "1", vt.lt = "9"),
            3: list<i32> some (vt.max_size = "3") }
        service S { M Put(1: M m) (api.post = "/m") }"#;
    let document = document("m.thrift", thrift);
    let properties = &document["components"]["schemas"]["m.M"]["properties"];
    let expected = serde_json::json!({
        "name": {"type": "string", "minLength": 1, "maxLength": 8},
        "age": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 8},
        "some": {"type": "array", "items": {"type": "integer", "format": "int32"}, "maxItems": 3},
    });
    assert_eq!(*properties, expected, "{properties:#}");
}
