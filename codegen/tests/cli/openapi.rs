//! `kiteline openapi`: a document on standard output.

use super::{ADD, sandbox::Sandbox};

#[test]
fn a_document_is_printed_and_nothing_is_written() {
    let web = "struct R { 1: string id } service Web { R Get(1: R r) (api.get = \"/r/:id\") }";
    let it = Sandbox::new(&[("web.thrift", web), ("add.thrift", ADD)]);
    let output = it.command(".", &["openapi", "web.thrift", "add.thrift"]).output().unwrap();
    let (text, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && said.is_empty(), "{said}");
    assert!(text.starts_with("{\n  \"openapi\": \"3.1.0\"") && text.contains("\"/r/{id}\""), "{text}");
    assert_eq!(it.files("."), ["add.thrift", "web.thrift"]);
}

#[test]
fn findings_are_told_as_elsewhere() {
    let it = Sandbox::new(&[("bad.thrift", "service Web { void Get() (api.get = \"/r/:id\") }")]);
    it.run(&["openapi", "bad.thrift"]).ends(1).says("error[RT0003]");
    it.run(&["openapi", "none.thrift"]).ends(3);
    it.run(&["openapi"]).ends(2);
}
