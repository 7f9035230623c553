//! A gateway as a new user makes it: built without a warning, tested, and called by HTTP in front of a real service.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::made::{kiteline, passes};
use e2e::{Process, http, workspace};

/// The IDL of the example `add`, with a route.
const ADD: &str = "namespace go api\n\
    struct AddRequest { 1: required i32 first, 2: required i32 second }\n\
    struct AddResponse { 1: i32 sum }\n\
    service AddService { AddResponse Add(1: AddRequest req) (api.post = \"/add\") }\n";

const CHAT: &str = "syntax = \"proto3\";\npackage chat.v1;\nimport \"google/api/annotations.proto\";\nmessage Line { string text = 1; }\n\
    service Chat {\n  rpc Say(Line) returns (Line) { option (google.api.http) = { get: \"/say\" }; }\n\
    rpc Watch(Line) returns (stream Line);\n  rpc Send(stream Line) returns (Line);\n  rpc Talk(stream Line) returns (stream Line);\n}\n";

#[test]
fn a_gateway_answers_http_by_the_services_behind() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("add.thrift"), ADD).unwrap();
    fs::write(folder.path().join("chat.proto"), CHAT).unwrap();
    kiteline(folder.path(), &["gateway", "add.thrift", "chat.proto", "-o", "door"]);
    let made = folder.path().join("door");
    passes(&made, &["test", "--quiet"]);
    passes(&made, &["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]);
    passes(&made, &["build", "--quiet"]);
    let (add, at) = Process::serve("add", "none");
    let registry = format!("static:add={at};chat=127.0.0.1:9");

    let (gateway, door) = start(&made, &registry);
    let post = |target: &str| http::send(&door, "POST", target).map(|it| (it.status, it.body)).unwrap();
    assert_eq!(post("/add?first=1&second=2"), (200, "{\"sum\":3}".to_owned()));
    let missing = "{\"code\":400,\"reason\":\"\",\"message\":\"second: the field is missing\",\"metadata\":{}}";
    assert_eq!(post("/add?first=1"), (400, missing.to_owned()));
    let overflow = "{\"code\":400,\"reason\":\"\",\"message\":\"the sum overflows i32\",\"metadata\":{}}";
    assert_eq!(post("/add?first=2147483647&second=1"), (400, overflow.to_owned()));
    assert_eq!(http::send(&door, "GET", "/say?text=a").unwrap().status, 503);
    gateway.stop();

    // In an envelope, as settings say.
    let settings = made.join("service.toml");
    let text = fs::read_to_string(&settings).unwrap().replace("# envelope = false", "envelope = true");
    fs::write(&settings, text).unwrap();
    let (gateway, door) = start(&made, &registry);
    let answer = http::send(&door, "POST", "/add?first=1&second=2").unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"code\":0,\"message\":\"ok\",\"data\":{\"sum\":3}}"));
    gateway.stop();
    add.stop();
}

/// The gateway on a port of its own, and its address.
fn start(made: &Path, registry: &str) -> (Process, String) {
    let mut command = Command::new(workspace().join("target/scaffold/debug/door"));
    command.current_dir(made).env("KITELINE_LISTEN", "127.0.0.1:0").env("KITELINE_REGISTRY", registry);
    let process = Process::start("door", &mut command);
    let line = process.line("listening on");
    let address = line.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap().to_owned();
    (process, address)
}
