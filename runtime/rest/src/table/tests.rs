//! Paths that fit several routes, one, or none.

use std::future::ready;
use std::sync::Arc;

use super::*;
use kiteline_core::Context;
use kiteline_core::http_route::{HttpRoute, Variable};
use kiteline_core::service::{Answer, Call, Handling, Idl, Method, Service, ServiceInfo};

use Segment::{Any, Literal, Rest};

const fn variable(field: &'static str, first: usize, end: usize) -> Variable {
    Variable { field, first, end }
}

const V1: Segment = Literal("v1");

static METHODS: [Method; 9] = [
    Method::new(Idl::Proto, "/S/Get", 0).routes(&[HttpRoute {
        variables: &[variable("id", 2, 3)],
        ..HttpRoute::new("GET", &[V1, Literal("people"), Any])
    }]),
    Method::new(Idl::Proto, "/S/Put", 1).routes(&[HttpRoute {
        variables: &[variable("id", 2, 3)],
        ..HttpRoute::new("PUT", &[V1, Literal("people"), Any])
    }]),
    Method::new(Idl::Proto, "/S/Greet", 2).routes(&[HttpRoute {
        variables: &[variable("name", 1, 3)],
        ending: "greet",
        ..HttpRoute::new("GET", &[V1, Literal("people"), Any])
    }]),
    Method::new(Idl::Proto, "/S/Me", 3).routes(&[HttpRoute::new("GET", &[V1, Literal("people"), Literal("me")])]),
    Method::new(Idl::Proto, "/S/File", 4).routes(&[HttpRoute {
        variables: &[variable("path", 1, 3)],
        ..HttpRoute::new("GET", &[V1, Literal("files"), Rest])
    }]),
    Method::new(Idl::Proto, "/S/Cancel", 5).routes(&[HttpRoute {
        variables: &[variable("path", 2, 3)],
        ending: "cancel",
        ..HttpRoute::new("POST", &[V1, Literal("files"), Rest])
    }]),
    Method::new(Idl::Proto, "/S/Nested", 6).routes(&[HttpRoute {
        variables: &[variable("shelf.name", 1, 3), variable("book", 4, 5)],
        ..HttpRoute::new("GET", &[V1, Literal("shelves"), Any, Literal("books"), Any])
    }]),
    Method::new(Idl::Proto, "/S/Any", 7).routes(&[HttpRoute::new("*", &[Literal("any")])]),
    Method::new(Idl::Proto, "/S/Root", 8).routes(&[HttpRoute::new("GET", &[])]),
];
static TWICE: [Method; 1] =
    [Method::new(Idl::Proto, "/S/Other", 0).routes(&[HttpRoute::new("GET", &[V1, Literal("people"), Any])])];

struct Nobody;

impl Service for Nobody {
    fn info(&self) -> &'static ServiceInfo {
        static INFO: ServiceInfo =
            ServiceInfo { name: "S", package: "", registry_name: "s", idl: Idl::Proto, methods: &METHODS };
        &INFO
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(ready(Ok(Answer::new(&Context::new(), bytes::Bytes::new()))))
    }
}

fn targets(methods: &'static [Method]) -> Vec<router::Route> {
    methods.iter().map(|method| router::Route { service: Arc::new(Nobody), method }).collect()
}

/// What a request finds: the method's name and its variables, or verbs, or nothing.
fn find(verb: &str, path: &str) -> String {
    let targets = targets(&METHODS);
    let table = Table::new(targets.iter()).unwrap();
    match table.find(verb, &Path::read(path).unwrap()) {
        Found::Route(found) => {
            let variables = found.variables.iter().map(|(field, text)| format!(" {field}={text}"));
            format!("{}{}", found.target.method.name, variables.collect::<String>())
        }
        Found::OtherVerbs(verbs) => verbs.join(","),
        Found::Nothing => "-".to_owned(),
    }
}

#[test]
fn the_most_specific_route_is_taken() {
    for (verb, path, wanted) in [
        ("GET", "/v1/people/7", "Get id=7"),
        ("HEAD", "/v1/people/7", "Get id=7"),
        ("PUT", "/v1/people/7", "Put id=7"),
        ("GET", "/v1/people/me", "Me"),
        ("PUT", "/v1/people/me", "Put id=me"),
        ("GET", "/v1/people/7:greet", "Greet name=people/7"),
        ("GET", "/v1/people/me:greet", "Greet name=people/me"),
        ("GET", "/v1/people/7:other", "Get id=7:other"),
        ("GET", "/v1/people/a%2Fb", "Get id=a/b"),
        ("GET", "/v1/people/a%2Fb:greet", "Greet name=people/a%2Fb"),
        ("GET", "/v1/people/:greet", "Get id=:greet"),
        ("GET", "/v1/files/a/b/c", "File path=files/a/b/c"),
        ("GET", "/v1/files", "File path=files"),
        ("POST", "/v1/files/a/b:cancel", "Cancel path=a/b"),
        ("GET", "/v1/shelves/3/books/4", "Nested shelf.name=shelves/3 book=4"),
        ("PATCH", "/any", "Any"),
        ("GET", "/", "Root"),
    ] {
        assert_eq!(find(verb, path), wanted, "{verb} {path}");
    }
}

#[test]
fn other_verbs_are_told_and_other_paths_are_nothing() {
    for (verb, path, wanted) in [
        ("DELETE", "/v1/people/7", "GET,PUT"),
        ("POST", "/v1/files/a", "GET"),
        ("POST", "/v1/people/7:greet", "GET,PUT"),
        ("GET", "/v1/people", "-"),
        ("GET", "/v1/people/", "-"),
        ("GET", "/v1/people/7/", "-"),
        ("GET", "/v1/files/a/", "-"),
        ("GET", "/v2/people/7", "-"),
        ("GET", "/V1/people/7", "-"),
    ] {
        assert_eq!(find(verb, path), wanted, "{verb} {path}");
    }
}

#[test]
fn two_methods_have_no_route_in_common() {
    let all: Vec<_> = targets(&METHODS).into_iter().chain(targets(&TWICE)).collect();
    let error = Table::new(all.iter()).unwrap_err();
    assert_eq!(error.message(), "/S/Get and /S/Other have one route: GET /v1/people/*");
}
