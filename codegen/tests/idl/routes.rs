//! Routes of HTTP in the model, and what refuses them.

use crate::sandbox::dir;
use codegen::emit::Sides;
use codegen::ir::http::{ReplyBody, RequestBody, Route};
use codegen::options::Options;
use codegen::{Builder, Error, Loaded};

fn load(name: &str, text: &str, sides: Sides) -> Result<Loaded, Error> {
    let dir = dir(&[(name, text)]);
    let options = Options { sides, ..Options::default() };
    Builder::new().idl(dir.path().join(name)).options(options).load(false)
}

fn routes(name: &str, text: &str) -> Vec<Route> {
    let loaded = load(name, text, Sides::Both).unwrap();
    assert!(loaded.found.is_empty(), "{}", loaded.render(false));
    loaded.model.services.into_iter().flat_map(|it| it.methods).flat_map(|it| it.routes).collect()
}

const HEAD: &str = "syntax = \"proto3\"; package a; import \"google/api/annotations.proto\"; \
    import \"google/api/httpbody.proto\"; message M { string name = 1; google.api.HttpBody file = 2; M inner = 3; }";

fn proto(methods: &str) -> String {
    format!("{HEAD} service S {{ {methods} }}")
}

#[test]
fn bodies_are_what_their_types_say() {
    let rpc = |input: &str, output: &str, rule: &str| {
        let text = format!("rpc A({input}) returns ({output}) {{ option (google.api.http) = {{ {rule} }}; }}");
        let route = routes("a.proto", &proto(&text)).remove(0);
        (route.body, route.reply, route.query)
    };
    let (whole, plain) = (RequestBody::Whole, ReplyBody::Whole);
    let field = |name: &str| RequestBody::Field(name.to_owned());
    assert_eq!(rpc("M", "M", "get: \"/\""), (RequestBody::None, plain.clone(), true));
    assert_eq!(rpc("M", "M", "post: \"/\" body: \"*\""), (whole, plain.clone(), false));
    assert_eq!(rpc("M", "M", "post: \"/\" body: \"inner\""), (field("inner"), plain.clone(), true));
    assert_eq!(rpc("M", "M", "post: \"/\" body: \"file\""), (RequestBody::Raw("file".to_owned()), plain.clone(), true));
    let raw = RequestBody::Raw(String::new());
    assert_eq!(rpc("google.api.HttpBody", "M", "post: \"/\" body: \"*\""), (raw, plain, false));
    let reply = |output: &str, rule: &str| rpc("M", output, rule).1;
    assert_eq!(reply("google.api.HttpBody", "get: \"/\""), ReplyBody::Raw(String::new()));
    assert_eq!(reply("M", "get: \"/\" response_body: \"file\""), ReplyBody::Raw("file".to_owned()));
    assert_eq!(reply("M", "get: \"/\" response_body: \"name\""), ReplyBody::Field("name".to_owned()));
    assert_eq!(reply("M", "get: \"/\" response_body: \"*\""), ReplyBody::Whole);
}

#[test]
fn a_custom_verb_may_be_any() {
    let text = proto(
        "rpc A(M) returns (M) { option (google.api.http) = { custom { kind: \"*\" path: \"/a\" } }; } \
         rpc B(M) returns (M) { option (google.api.http) = { custom: { path: \"/b\", kind: \"purge\" } }; }",
    );
    let verbs: Vec<_> = routes("a.proto", &text).into_iter().map(|it| (it.verb, it.path.len())).collect();
    assert_eq!(verbs, [("*".to_owned(), 1), ("PURGE".to_owned(), 1)]);
}

#[test]
fn clients_of_clashing_routes_are_made() {
    let text = proto(
        "rpc A(M) returns (M) { option (google.api.http) = { get: \"/{name}\" }; } \
         rpc B(M) returns (M) { option (google.api.http) = { get: \"/{inner.name}\" }; }",
    );
    assert!(load("a.proto", &text, Sides::Both).is_err());
    assert!(load("a.proto", &text, Sides::Client).is_ok());
}

#[test]
fn a_get_of_thrift_has_a_body_where_a_field_says_so() {
    let text = |annotation: &str| {
        let request = format!("struct R {{ 1: string a ({annotation}) }}");
        format!("{request} service S {{ void Go(1: R r) (api.get = \"/a\", api.post = \"/a\") }}")
    };
    let bodies =
        |annotation: &str| routes("a.thrift", &text(annotation)).into_iter().map(|it| it.body).collect::<Vec<_>>();
    assert_eq!(bodies("api.query = \"a\""), [RequestBody::None, RequestBody::Whole]);
    assert_eq!(bodies("api.body = \"a\""), [RequestBody::Whole, RequestBody::Whole]);
    let raw = RequestBody::Raw("a".to_owned());
    assert_eq!(bodies("api.raw_body = \"\""), [raw.clone(), raw]);
}

#[test]
fn structs_are_looked_into_once_each_and_not_without_end() {
    let own = "struct R { 1: optional R r, 2: i32 n (api.query = \"n\") }";
    let service = "service S { void Go(1: R r) (api.get = \"/\") }";
    let sources = routes("a.thrift", &format!("{own} {service}")).remove(0).sources;
    assert_eq!(sources.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), ["n"]);
    let name = |depth: usize| if depth == 0 { "R".to_owned() } else { format!("R{depth}") };
    let held =
        |depth: usize| (1..10).map(|at| format!("{at}: optional {} f{at}, ", name(depth + 1))).collect::<String>();
    let chain: String = (0..30).map(|depth| format!("struct {} {{ {} }} ", name(depth), held(depth))).collect();
    let found = load("a.thrift", &format!("{chain} struct R30 {{}} {service}"), Sides::Both).unwrap().found;
    assert!(found.is_empty());
}

#[test]
fn inherited_methods_have_one_route() {
    let text =
        "struct R {} service A { void Go(1: R r) (api.get = \"/a\") } service B extends A {} service C extends A {}";
    assert_eq!(routes("a.thrift", text).len(), 1);
}
