//! Services of Thrift: every type there and back, results, exceptions, protocols.

use super::Caller;
use super::servers::{EVERYTHING, serve_thrift};

const ALL: &str = r#"{
  "flag": true,
  "tiny": -128,
  "small": 32767,
  "number": -2147483648,
  "large": 9223372036854775807,
  "real": 0.1,
  "text": "é \u001b[31m \"x\"",
  "bytes": "AAEC/w==",
  "key": "00112233-4455-6677-8899-aabbccddeeff",
  "color": "GREEN",
  "points": [{"x": 1}, {"x": 2, "y": 3}],
  "words": ["a"],
  "by_id": {"-7": "seven"},
  "by_color": {"RED": 5},
  "by_flag": {"true": "yes"},
  "by_point": {"{\"x\": 1}": "one"},
  "shape": {"name": "round"},
  "alias": 1,
  "grid": [[1, 2], []],
  "inner": {"inner": {"number": 1}}
}
"#;

#[test]
fn every_type_comes_back_as_it_went() {
    let server = serve_thrift();
    let it = Caller::new(&server.address, &[("all.thrift", EVERYTHING), ("all.json", ALL)]);
    it.call(&["all.thrift", "Echo", "@all.json"]).gives(ALL);
    it.fed(&["all.thrift", "Echo", "-"], ALL).gives(ALL);
    for protocol in ["ttheader", "framed", "buffered", "compact", "mux"] {
        it.call(&["all.thrift", "Echo", "@all.json", "--protocol", protocol]).gives(ALL);
    }
    // Other spellings of the same.
    for (json, back) in [
        (
            r#"{"large": "-5", "color": 2, "by_color": {"1": 5}}"#,
            r#"{"large": -5, "color": "GREEN", "by_color": {"RED": 5}}"#,
        ),
        (r#"{"number": 1e3, "real": 1, "color": 77}"#, r#"{"number": 1000, "real": 1.0, "color": 77}"#),
        (r#"{"real": "-Infinity", "bytes": "AAEC_w"}"#, r#"{"real": "-Infinity", "bytes": "AAEC/w=="}"#),
        (r#"{"text": null, "shape": {"point": {"x": 1}, "name": null}}"#, r#"{"shape": {"point": {"x": 1}}}"#),
        ("", "{}"),
    ] {
        it.call(&["all.thrift", "Echo", json]).gives(&format!("{back}\n"));
    }
    it.call(&["all.thrift", "Echo"]).gives("{}\n");
}

#[test]
fn arguments_go_by_name_and_results_are_what_they_are() {
    let server = serve_thrift();
    let it = Caller::new(&server.address, &[("all.thrift", EVERYTHING)]);
    it.call(&["all.thrift", "Sum", r#"{"a": 40, "b": 2}"#]).gives("42\n");
    it.call(&["all.thrift", "Everything.Ping"]).gives("{}\n");
    it.call(&["all.thrift", "Tell", r#"{"what": "x"}"#]).gives("");
}

#[test]
fn a_declared_exception_is_a_failed_call() {
    let server = serve_thrift();
    let it = Caller::new(&server.address, &[("all.thrift", EVERYTHING)]);
    let run = it.call(&["all.thrift", "Drop", r#"{"id": 7}"#]);
    run.fails(1, "error: NotFound {\"id\": 7, \"why\": \"gone\"}\n");
}

#[test]
fn a_server_that_is_not_there_or_does_not_know_the_method() {
    let server = serve_thrift();
    let more = EVERYTHING.replace("i32 Sum(", "i32 Minus(1: i32 a)\n    i32 Sum(");
    let it = Caller::new(&server.address, &[("all.thrift", &more)]);
    let run = it.call(&["all.thrift", "Minus", r#"{"a": 1}"#]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{run:?}");
    assert!(run.said.starts_with("error: Unimplemented: ") && run.said.contains("Minus"), "{}", run.said);
    let address = server.address.clone();
    drop(server);
    let run = it.call(&["all.thrift", "Everything.Ping"]);
    assert!(run.code == 1 && run.said.starts_with("error: Unavailable: ") && run.said.contains(&address), "{run:?}");
}
