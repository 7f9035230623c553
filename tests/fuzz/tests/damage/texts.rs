//! Everything that reads text from outside: IDLs, settings, gRPC's details and headers.

use codegen::Builder;
use codegen::diag::Diagnostics;
use codegen::emit::emit;
use codegen::front::thrift;
use codegen::options::Options;
use codegen::source::SourceMap;
use fuzz::{executions, fuzz, fuzz_text};
use runtime::Config;
use runtime::grpc::{Status, error_of, status_of};

const SINK: &str = include_str!("../../../vectors/kitex/kitchen_sink.thrift");
const ADD: &str = include_str!("../../../../idl/add.thrift");
const HELLO: &str = include_str!("../../../../idl/hello.proto");

const SMALL: &str = r#"namespace rs small.er
typedef list<Kind> Kinds
enum Kind { A, B = 3 }
const map<string, i32> AGES = {"ann": 30}
struct One { 1: required i32 a = 1, 2: optional One next, 3: Kinds kinds = [Kind.A], 4: map<i64, set<string>> m }
union Two { 1: One one, 2: string text }
exception Three { 1: string why (note = "x") }
service Four { Two Get(1: One one) throws (1: Three three), oneway void Put(1: Kind kind, 2: binary b) }
"#;

const SMALL_PROTO: &str = r#"syntax = "proto3";
package small.er;
enum Kind { NONE = 0; SOME = 1; }
message One { int32 a = 1; optional One next = 2; repeated Kind kinds = 3; map<int64, string> m = 4; oneof way { bytes b = 5; bool c = 6; } }
service Four { rpc Get(One) returns (One); }
"#;

#[test]
fn the_thrift_front_end() {
    fuzz_text(&[SMALL, ADD, SINK], executions(2_400), |text| {
        let mut sources = SourceMap::new();
        let file = sources.add("case.thrift", text.to_owned());
        let mut found = Diagnostics::new();
        thrift::parse(file, sources.text(file), &mut found);
        codegen::diag::render(&found, &sources, false);
    });
}

/// Runs all stages on damaged IDLs; how many were still whole.
fn generate(corpus: &[&str], name: &str, count: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut whole = 0;
    fuzz_text(corpus, count, |text| {
        std::fs::write(&path, text).unwrap();
        match Builder::new().idl(&path).load(false) {
            Ok(loaded) => {
                whole += 1;
                let text = codegen::single(&emit(&loaded.model, Options::default().sides));
                syn::parse_file(&text).unwrap();
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
    whole
}

#[test]
fn the_whole_generator_on_thrift() {
    let count = executions(2_400);
    let whole = generate(&[SMALL, ADD], "case.thrift", count);
    assert!((count / 50..count).contains(&whole), "{whole} of {count}");
}

#[test]
fn the_whole_generator_on_proto() {
    let count = executions(1_200);
    let whole = generate(&[SMALL_PROTO, HELLO], "case.proto", count);
    assert!((count / 100..count).contains(&whole), "{whole} of {count}");
}

#[test]
fn settings() {
    let text = include_str!("../../../../examples/add/service.toml").replace("# ", "");
    fuzz_text(&[&text, "[limits]\nframe = 1\n[server]\nlisten = \"[::1]:0\"\n"], executions(12_000), |text| {
        match Config::from_toml(text, "service.toml") {
            Ok(config) => assert!(!config.limits.to_string().is_empty()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

#[test]
fn addresses_and_registries() {
    let corpus = ["etcd://u:p@h1:2379,[::1]:2379?layout=kitex&prefix=/a&ttl=15", "static:add=h:1;b=c:2", "memory"];
    fuzz_text(&corpus, executions(20_000), |text| {
        let _ = runtime::Channel::to(text);
        // Opening one that names etcd would dial it.
        if !text.starts_with("etcd") {
            let _ = runtime::Registry::open(text);
        }
    });
}

#[test]
fn statuses_in_trailers() {
    let error = runtime::Error::not_found("gone ✗").with_reason("GONE").with_pair("a", "b");
    let mut headers = http::HeaderMap::new();
    status_of(&error).write(&mut headers);
    let corpus: Vec<_> = headers.values().map(|value| value.as_bytes().to_vec()).collect();
    assert_eq!(corpus.len(), 3);
    fuzz(&corpus, executions(40_000), |input| {
        let Ok(value) = http::HeaderValue::from_bytes(input) else { return };
        for name in headers.keys() {
            let mut headers = headers.clone();
            headers.insert(name, value.clone());
            let _ = error_of(&Status::read(&headers).unwrap());
        }
    });
}

#[test]
fn timeouts_in_headers() {
    fuzz_text(&["10S", "99999999H", "1n"], executions(40_000), |text| {
        let Ok(value) = http::HeaderValue::from_str(text) else { return };
        let headers = http::HeaderMap::from_iter([(http::HeaderName::from_static("grpc-timeout"), value)]);
        let _ = runtime::grpc::read_timeout(&headers);
    });
}
