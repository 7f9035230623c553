//! Everything that reads a request by a route, and the answer to one: paths, queries, forms, forms in parts, headers, cookies,
//! errors. Whatever comes is refused, or becomes texts that are not much larger than what came.

use std::sync::Arc;

use bytes::Bytes;
use fuzz::{executions, fuzz, fuzz_text};
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use kiteline_rest::{Found, Framing, Path, Request, Table, Variables};
use runtime::error::Origin;
use runtime::http_route::{HttpParts, HttpRoute, Place, ReplyBody, RequestBody, Segment, Source, Variable};
use runtime::router::Route;
use runtime::{Answer, Call, Error, Handling, Idl, Method, Service, ServiceInfo};

use Segment::{Any, Literal, Rest};

/// The most texts of a request.
const MOST: usize = 4096;

const SOURCES: &[Source] = &[
    Source { field: "token", place: Place::Header, name: "x-token" },
    Source { field: "session", place: Place::Cookie, name: "sid" },
    Source { field: "page", place: Place::Query, name: "p" },
    Source { field: "name", place: Place::Form, name: "n" },
];

const ROUTES: &[HttpRoute] = &[
    HttpRoute { variables: &[variable("id", 1, 2)], ..HttpRoute::new("GET", &[Literal("v1"), Any]) },
    HttpRoute {
        variables: &[variable("a.b", 0, 3)],
        ending: "read",
        body: RequestBody::Whole,
        sources: SOURCES,
        ..HttpRoute::new("POST", &[Literal("v1"), Any, Literal("x")])
    },
    HttpRoute {
        variables: &[variable("path", 1, 2)],
        body: RequestBody::Field("book"),
        sources: SOURCES,
        ..HttpRoute::new("PUT", &[Literal("files"), Rest])
    },
    HttpRoute {
        body: RequestBody::Raw("file"),
        reply: ReplyBody::Raw("file"),
        sources: SOURCES,
        ..HttpRoute::new("*", &[])
    },
];

const fn variable(field: &'static str, first: usize, end: usize) -> Variable {
    Variable { field, first, end }
}

static METHODS: [Method; 1] = [Method::new(Idl::Proto, "/S/All", 0).routes(ROUTES)];
static INFO: ServiceInfo =
    ServiceInfo { name: "S", package: "", registry_name: "s", idl: Idl::Proto, methods: &METHODS };

struct Nobody;

impl Service for Nobody {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(async { Ok(Answer::default()) })
    }
}

#[test]
fn paths_of_requests() {
    let target = Route { service: Arc::new(Nobody), method: &METHODS[0] };
    let table = Table::new([target].iter()).unwrap();
    let corpus = ["GET /v1/a%2Fb", "POST /v1/a%20é/x:read", "PUT /files/a/%2E%2e/b/c", "PATCH /", "GET /v1//:read"];
    let mut taken = 0;
    fuzz_text(&corpus, executions(10_000), |text| {
        let (verb, path) = text.split_once(' ').unwrap_or(("GET", text));
        let Ok(read) = Path::read(path) else { return };
        let Found::Route(found) = table.find(verb, &read) else { return };
        taken += 1;
        for (_, value) in &found.variables {
            assert!(value.len() <= 2 * path.len(), "{text:?}: {value:?}");
            assert!(!value.chars().any(char::is_control), "{text:?}: {value:?}");
            assert!(!value.split('/').any(|part| part == ".."), "{text:?}: {value:?}");
        }
    });
    assert!(taken > 100, "{taken}");
}

/// The parts of a request that every route makes of it.
fn each(query: &str, headers: &HeaderMap, body: &[u8], mut check: impl FnMut(&HttpParts)) {
    for route in ROUTES {
        let variables: Variables = route.variables.iter().map(|it| (it.field, "7".to_owned())).collect();
        let request = Request { query, headers, body: Bytes::copy_from_slice(body) };
        let Ok((kept, parts)) = kiteline_rest::read_parts(route, &variables, request) else { continue };
        let parts = parts.unwrap_or_default();
        assert!(kept.len() <= body.len());
        assert!(parts.texts.len() <= MOST);
        // A text stands under its own name and under that of a field, and a file is in base64.
        let came = query.len() + body.len() + headers.values().map(HeaderValue::len).sum::<usize>();
        let size: usize = parts.texts.iter().map(|(name, text)| name.len().min(64) + text.len()).sum();
        assert!(size <= 4 * came + 64 * (parts.texts.len() + 1), "{size} of {came}");
        check(&parts);
    }
}

#[test]
fn queries_and_forms() {
    let form = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))]);
    let many = "a=1&b&".repeat(700);
    let corpus = ["p=2&a.b=1&a.b=2&id=9&labels[k]=v&d=%C3%A9+x", "n=bob&&=&%3d=%26&token=evil", &many];
    let mut read = 0;
    fuzz_text(&corpus, executions(1_000), |text| {
        each(text, &HeaderMap::new(), b"", |_| read += 1);
        each("", &form, text.as_bytes(), |parts| read += usize::from(!parts.texts.is_empty()));
    });
    assert!(read > 100, "{read}");
}

#[test]
fn forms_in_parts() {
    let form = |boundary: &str| {
        let label = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
        label.map(|label| HeaderMap::from_iter([(CONTENT_TYPE, label)]))
    };
    let part = "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nbob\r\n";
    let file = "--b\r\ncontent-type: a/b\r\ncontent-disposition: form-data; name=f; filename=\"x\"\r\n\r\n\0\u{1}\r\n";
    let corpus = [format!("{part}{file}--b--\r\n"), format!("{}--b--", part.repeat(40)), "--b--".to_owned()];
    let corpus = corpus.map(String::into_bytes);
    let mut read = 0;
    fuzz(&corpus, executions(1_500), |input| {
        each("", &form("b").unwrap(), input, |_| read += 1);
        // What came is the boundary, too.
        let name = String::from_utf8_lossy(input.get(..input.len().min(80)).unwrap_or_default());
        if let Ok(headers) = form(&name) {
            each("", &headers, input, |_| ());
        }
    });
    assert!(read > 100, "{read}");
}

#[test]
fn headers_and_cookies() {
    let corpus = [
        "a=b; sid=\"s\"; sid=t",
        "multipart/form-data; boundary=\"b\"; x",
        "text/html, application/x-NDJSON;q=0.9",
        "application/protojson; charset=\"utf-8\"",
    ];
    fuzz_text(&corpus, executions(3_000), |text| {
        let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) else { return };
        for name in [COOKIE, CONTENT_TYPE, ACCEPT, HeaderName::from_static("x-token")] {
            let headers = HeaderMap::from_iter([(name, value.clone())]);
            let framing = kiteline_rest::framing(&headers);
            assert!(matches!(framing, Framing::Events | Framing::Lines));
            each("", &headers, b"--b--", |_| ());
        }
    });
}

#[test]
fn answers_and_errors() {
    let error = Error::not_found("gone \u{2717}").with_reason("R").with_pair("a", "b");
    let (_, body) = kiteline_rest::write_failure(&error);
    let corpus = [body.to_vec(), br#"{"code":418,"details":[{"type":"a.B","value":"CAE="}],"metadata":{}}"#.to_vec()];
    fuzz(&corpus, executions(4_000), |input| {
        for status in [StatusCode::NOT_FOUND, StatusCode::IM_A_TEAPOT] {
            let read = kiteline_rest::read_failure(status, input);
            assert_eq!(read.origin(), Origin::Remote);
            assert!(read.message().len() <= input.len() + 64);
        }
        for route in ROUTES {
            let label = String::from_utf8_lossy(input);
            let reply = kiteline_rest::read_reply(route, &label, Bytes::copy_from_slice(input));
            assert!(reply.len() <= 20 * input.len() + 64);
        }
    });
}

#[test]
fn requests_of_clients() {
    let corpus = [
        r#"{"id":"a b/c","a":{"b":"v1/7/x"},"path":"a/b%2Fc","file":{"contentType":"a/b","data":"AAE="},"p":[1,2]}"#,
        r#"{"token":"t","session":"s","page":2,"name":null,"book":{"x":[{}]},"labels":{"k":"v"}}"#,
    ];
    let mut written = 0;
    fuzz_text(&corpus, executions(2_000), |text| {
        for route in ROUTES {
            let Ok(request) = kiteline_rest::write_request(route, text.as_bytes()) else { continue };
            written += 1;
            assert!(request.target.starts_with('/') && request.target.is_ascii(), "{text:?}: {}", request.target);
            assert!(!request.target.contains(|it: char| it.is_ascii_control() || it == ' '), "{}", request.target);
        }
    });
    assert!(written > 100, "{written}");
}
