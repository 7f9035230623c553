//! The files that everybody imports and nobody should have to copy.

use std::path::Path;

use crate::sandbox::{dir, load, said};
use codegen::Builder;
use codegen::emit::{Sides, emit};
use prost_types::FileDescriptorSet;

/// The path of every file that the program brings along.
fn brought() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else {
                let path = entry.strip_prefix("imports").unwrap().to_str().unwrap();
                found.push(path.replace('\\', "/"));
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("imports"), &mut found);
    found.sort();
    found
}

const MAIL: &str = "syntax = \"proto3\"; package mail; \
    import \"google/api/annotations.proto\"; import \"google/api/httpbody.proto\"; import \"google/rpc/error_details.proto\"; \
    import \"google/type/interval.proto\"; import \"google/type/money.proto\"; import \"buf/validate/validate.proto\"; \
    message Mail { google.type.Money price = 1 [(buf.validate.field).required = true]; \
      map<string, google.rpc.QuotaFailure.Violation> by_name = 2; string to = 3 [(buf.validate.field).string.email = true]; } \
    service Post { rpc Send(Mail) returns (google.api.HttpBody) { option (google.api.http) = { get: \"/v1\" }; } }";

#[test]
fn every_file_is_found_by_its_name() {
    let all = brought();
    assert!(all.len() > 30, "{all:?}");
    for path in all {
        let text = format!("syntax = \"proto3\"; import \"{path}\"; message M {{}}");
        let dir = dir(&[("a.proto", &text)]);
        assert_eq!(said(dir.path(), &["a.proto"], &[]), "", "{path}");
    }
}

#[test]
fn what_is_imported_for_its_options_makes_no_type() {
    let dir = dir(&[("mail.proto", MAIL)]);
    let (result, _) = load(dir.path(), &["mail.proto"], &[]);
    let (draft, found) = result.unwrap();
    assert!(found.is_empty());
    let files: Vec<_> = draft.files.iter().map(|it| (it.import.as_str(), it.built_in)).collect();
    let kept = ["google/api/httpbody.proto", "google/rpc/error_details.proto", "google/type/money.proto"];
    assert_eq!(files[0], ("mail.proto", false));
    assert_eq!(files[1..], kept.map(|it| (it, true)));
    let names: Vec<_> = draft.files[2].items.iter().map(|it| it.head().name.text.as_str()).collect();
    assert_eq!(names, ["QuotaFailure", "QuotaFailure.Violation"]);
    for file in &draft.files {
        assert!(file.includes.iter().all(|it| draft.files[it.file].import == it.path.text));
    }
}

#[test]
fn the_descriptors_are_complete() {
    let dir = dir(&[("mail.proto", MAIL)]);
    let loaded = Builder::new().idl(dir.path().join("mail.proto")).load(false).unwrap();
    let set: FileDescriptorSet = prost::Message::decode(loaded.model.descriptors.as_slice()).unwrap();
    let mut known: Vec<&str> = Vec::new();
    for file in &set.file {
        assert!(file.dependency.iter().all(|it| known.contains(&it.as_str())), "{}", file.name());
        known.push(file.name());
    }
    let modules = emit(&loaded.model, Sides::Both);
    let files = codegen::tree(&loaded.model, &modules, &[]);
    let text: String = files.iter().map(|(_, file)| file.text.as_str()).collect();
    for name in ["pub struct Money", "pub struct HttpBody", "pub struct Violation", "google/api/annotations.proto"] {
        assert!(text.contains(name), "no {name}");
    }
    for name in ["pub struct HttpRule", "pub struct FieldRules", "pub struct BadRequest", "pub struct Interval"] {
        assert!(!text.contains(name), "{name}");
    }
}

#[test]
fn a_file_of_the_user_is_taken_first() {
    let own = "syntax = \"proto3\"; package google.type; message Money { string mine = 1; }";
    let text = "syntax = \"proto3\"; import \"google/type/money.proto\"; message M { google.type.Money m = 1; }";
    let dir = dir(&[("idl/a.proto", text), ("idl/google/type/money.proto", own), ("far/google/type/money.proto", own)]);
    let (result, _) = load(dir.path(), &["idl/a.proto"], &[]);
    let (draft, _) = result.unwrap();
    assert!(draft.files.len() == 2 && !draft.files[1].built_in && draft.files[1].items.len() == 1);
    std::fs::remove_dir_all(dir.path().join("idl/google")).unwrap();
    for (include, built_in) in [(&["far"][..], false), (&[], true)] {
        let (result, _) = load(dir.path(), &["idl/a.proto"], include);
        assert_eq!(result.unwrap().0.files[1].built_in, built_in);
    }
}

#[test]
fn one_file_of_the_user_may_be_beside_those_of_the_program() {
    let own = "syntax = \"proto3\"; package google.api; message HttpRule { string get = 2; string mine = 60; }";
    let text = "syntax = \"proto3\"; import \"google/api/annotations.proto\"; message M {} \
        service S { rpc Go(M) returns (M) { option (google.api.http) = { get: \"/a\", mine: \"x\" }; } }";
    let dir = dir(&[("a.proto", text), ("google/api/http.proto", own)]);
    let (result, _) = load(dir.path(), &["a.proto"], &[]);
    let files: Vec<_> = result.unwrap().0.files.into_iter().map(|it| (it.import, it.built_in)).collect();
    assert_eq!(files, [("a.proto".to_owned(), false), ("google/api/http.proto".to_owned(), false)]);
}

#[test]
fn a_name_that_is_nearly_one_of_them_is_missing() {
    let dir = dir(&[("a.proto", "syntax = \"proto3\"; import \"google/api/annotation.proto\";")]);
    assert!(said(dir.path(), &["a.proto"], &[]).contains("error[SR0001]: "));
}
