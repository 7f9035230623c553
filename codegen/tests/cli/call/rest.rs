//! `--protocol rest`: what goes over the wire by a route, and what is made of what comes back.

use std::net::TcpListener;

use runtime::registry::{Endpoint, Instance, Registry};

use super::Caller;
use super::services::Process;
use super::site::{LIBRARY, Site};

/// Method, request, and what is sent.
const OF_PROTO: &[(&str, &str, &str)] = &[
    ("Find", r#"{"book_id": 7}"#, "GET /v1/books/7"),
    ("Find", r#"{"bookNo": "7", "pageToken": "a b"}"#, "GET /v1/books/7?pageToken=a%20b"),
    // What is given is sent, a zero too.
    ("Find", r#"{"book_id": 0, "deep": false}"#, "GET /v1/books/0?deep=false"),
    ("Find", r#"{"book_id": 1e2, "genre": 1, "tags": ["a", "é"]}"#, "GET /v1/books/100?genre=NOVEL&tags=a&tags=%C3%A9"),
    (
        "Find",
        r#"{"book_id": 7, "shelf": {"size": 3}, "since": "2026-01-02T03:04:05.000Z", "raw": "-_8", "tags": null}"#,
        "GET /v1/books/7?raw=%2B%2F8%3D&shelf.size=3&since=2026-01-02T03%3A04%3A05Z",
    ),
    // The first route whose path has all of its fields.
    ("Find", r#"{"shelf": {"full_name": "shelves/a b"}, "deep": true}"#, "GET /v1/shelves/a%20b/books:find?deep=true"),
    ("Add", "{}", "POST /v1/books | {}"),
    (
        "Add",
        r#"{"book_id": 7, "shelves": [{"full_name": "x", "size": 0}], "by_name": {"k": {"size": 1}}}"#,
        r#"POST /v1/books | {"bookNo":"7","byName":{"k":{"size":"1"}},"shelves":[{"fullName":"x","size":"0"}]}"#,
    ),
    ("Move", r#"{"book_id": 7, "shelf": {"size": 1}, "deep": true}"#, r#"PUT /v1/books/7?deep=true | {"size":"1"}"#),
];

#[test]
fn a_request_of_proto_is_spread_over_path_query_and_body() {
    let site = Site::json("{}");
    for (method, json, sent) in &OF_PROTO[..8] {
        site.call(&["lib.proto", method, json]).gives("{}\n");
        assert_eq!(site.sent(&[]), *sent, "{json}");
    }
    let site = Site::json("\"3\"");
    let (method, json, sent) = OF_PROTO[8];
    site.call(&["lib.proto", method, json]).gives("{\"pageCount\": \"3\"}\n");
    assert_eq!(site.sent(&[]), sent);
    let site = Site::new("200 OK\r\ncontent-type: image/png", b"\0\xff");
    site.call(&["lib.proto", "Cover", r#"{"pageToken": "a/b c"}"#])
        .gives("{\"contentType\": \"image/png\", \"data\": \"AP8=\"}\n");
    assert_eq!(site.sent(&[]), "GET /v1/cover/a/b%20c");
}

#[test]
fn a_request_of_thrift_is_spread_over_path_query_headers_and_body() {
    let site =
        Site::json(r#"{"id": 7, "bookTitle": "Emma", "color": 2, "tags": null, "more": [1], "notes": {"1": "x"}}"#);
    let book = "{\"id\": 7, \"bookTitle\": \"Emma\", \"color\": \"GREEN\", \"notes\": {\"1\": \"x\"}}\n";
    site.call(&["books.thrift", "Look", r#"{"id": 7, "color": "RED", "page": 2}"#]).gives(book);
    assert_eq!(site.sent(&["content-"]), "GET /books/7?p=2&color=1");
    let all = r#"{"id": 7, "token": "t", "session": "s", "page": 2, "note": "n", "bookTitle": "Emma", "secret": "x", "color": 1, "tags": ["a"]}"#;
    site.call(&["books.thrift", "Save", all]).gives(book);
    let headers = "x-token: t | cookie: sid=s";
    let body = r#"{"bookTitle": "Emma", "color": 1, "tags": ["a"]}"#.replace("\": ", "\":").replace(", ", ",");
    assert_eq!(site.sent(&["x-", "cookie", "secret"]), format!("POST /books/7?p=2&note=n | {headers} | {body}"));
    let run = site.call(&["-v", "books.thrift", "Save", all, "-H", "x-user: ada", "--deadline", "20s"]);
    let said: Vec<&str> = run.said.lines().filter(|it| !it.ends_with(" ms") && !it.starts_with('<')).collect();
    let (way, line) =
        (format!("* plain://{} (--addr)", site.address()), "> POST /books/7?p=2&note=n (rest, plain text)");
    assert_eq!(said, [&way, line, "* deadline 20s", "> X-Token: t", "> cookie: sid=s", "> x-user: ada"]);
    assert!(site.sent(&["x-user", "grpc-timeout"]).contains("x-user: ada"));
    site.call(&["books.thrift", "Touch"]).gives("{}\n");
    assert_eq!(site.sent(&["content-type"]), "POST /touch | content-type: application/json | {}");
}

#[test]
fn requests_that_do_not_fit_their_route() {
    let site = Site::json("{}");
    for (words, said) in [
        (
            ["lib.proto", "Find", r#"{"deep": true}"#],
            "error: `book_id` is missing: it is in the path of the route `GET /v1/books/{book_id}`
 --> request:1:1
  |
1 | {\"deep\": true}
  | ^^^^^^^^^^^^^^
  |
  = help: add \"bookNo\": …
",
        ),
        (
            ["books.thrift", "Look", r#"{"id": "x"}"#],
            "error: `id` is an i64: write a whole number
 --> request:1:8
  |
1 | {\"id\": \"x\"}
  |        ^^^ this is a text
",
        ),
        (
            ["lib.proto", "Find", r#"{"book_id": 7, "shelves": [{}]}"#],
            "error: the list shelves has no form in a query
 --> request:1:1
  |
1 | {\"book_id\": 7, \"shelves\": [{}]}
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: the route is `GET /v1/books/{book_id}`
",
        ),
    ] {
        site.call(&words).fails(2, said);
    }
    assert_eq!(site.sent(&[]), "", "nothing was sent");
}

#[test]
fn methods_without_a_route_are_told_of_those_with_one() {
    let site = Site::json("{}");
    for (words, said) in [
        (
            &["lib.proto", "Bare"][..],
            "`Library.Bare` has no route of HTTP: `Library.Find` (GET /v1/books/{book_id}), `Library.Add` (POST /v1/books), `Library.Move` (PUT /v1/books/{book_id}), `Library.Cover` (GET /v1/cover/{page_token=**}) and `Library.Code` (GET /v1/code) have one",
        ),
        (
            &["books.thrift", "Bare"],
            "`Books.Bare` has no route of HTTP: `Books.Look` (GET /books/{id}), `Books.Save` (POST /books/{id}) and `Books.Touch` (POST /touch) have one",
        ),
        (
            &["lib.proto", "Watch"],
            "`Library.Watch` cannot be called by its route: its messages are a stream, and --protocol rest calls with one each way: use connect or grpc",
        ),
        (
            &["Library.Find"],
            "--protocol rest needs the routes, which stand in the IDL: name it (`kiteline call idl/user.proto …`)",
        ),
    ] {
        site.call(words).fails(2, &format!("error: {said}\n"));
    }
    for (name, text, write) in [
        ("none.proto", super::servers::CHAT, "option (google.api.http) = { get: \"/…\" };"),
        ("none.thrift", super::servers::EVERYTHING, "(api.get = \"/…\")"),
    ] {
        site.caller.folder.write(name, text);
        let method = if name.ends_with("proto") { "Chat.Say" } else { "Everything.Sum" };
        let said = format!("`{method}` has no route of HTTP, nor has any other method of the IDL: write `{write}`");
        site.call(&[name, method]).fails(2, &format!("error: {said}\n"));
    }
}

const FIND: [&str; 3] = ["lib.proto", "Find", r#"{"book_id": 7}"#];

#[test]
fn errors_are_shown_whoever_wrote_them() {
    for (head, body, said) in [
        (
            "404 Not Found",
            r#"{"code":404,"reason":"NO_BOOK","message":"no book","metadata":{"id":"7"}}"#,
            "NotFound: no book\n  reason: NO_BOOK\n  id: 7\n",
        ),
        ("409 Conflict", r#"{"code":6,"message":"it is there","details":[]}"#, "AlreadyExists: it is there\n"),
        (
            "400 Bad Request",
            r#"{"code":3,"message":"no","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"BAD","metadata":{"field":"id"}}]}"#,
            "InvalidArgument: no\n  reason: BAD\n  field: id\n",
        ),
        ("200 OK", r#"{"code":10001,"message":"no tea","data":null}"#, "business error 10001: no tea\n"),
        ("401 Unauthorized", r#"{"code":401,"message":"who?","data":null}"#, "Unauthenticated: who?\n"),
        ("400 Bad Request", "bad \u{1b}[31m id", "InvalidArgument: HTTP 400 Bad Request\n"),
        ("400 Bad Request", "no such id", "InvalidArgument: HTTP 400 Bad Request: no such id\n"),
        ("502 Bad Gateway", "<html>", "Unavailable: HTTP 502 Bad Gateway\n"),
    ] {
        Site::new(head, body.as_bytes()).call(&FIND).fails(1, &format!("error: {said}"));
    }
    let site = Site::new("404 Not Found", b"404 page not found\n");
    let help = format!("  help: {} may not have the route: -v shows what is sent\n", site.address());
    site.call(&FIND).fails(1, &format!("error: NotFound: HTTP 404 Not Found: 404 page not found\n{help}"));
    let site = Site::new("302 Found\r\nlocation: http://127.0.0.1:1/v2", b"");
    let help = "redirects to http://127.0.0.1:1/v2, which is not followed: --addr says where to call\n";
    site.call(&FIND).fails(1, &format!("error: Unknown: HTTP 302 Found\n  help: {} {help}", site.address()));
}

#[test]
fn answers_are_read_by_their_types() {
    let emma = "{\"title\": \"Emma\", \"pageCount\": \"3\"}\n";
    for body in [
        r#"{"title":"Emma","page_count":3,"more":{"x":[1]}}"#,
        r#"{"code":0,"message":"ok","data":{"title":"Emma","pageCount":"3"}}"#,
    ] {
        Site::json(body).call(&FIND).gives(emma);
    }
    Site::json("").call(&FIND).gives("{}\n");
    // A type that has these fields itself.
    let coded = ["lib.proto", "Code"];
    Site::json(r#"{"code":7,"message":"x"}"#).call(&coded).gives("{\"code\": 7, \"message\": \"x\"}\n");
    let moved = ["lib.proto", "Move", r#"{"book_id": 7}"#];
    Site::json(r#"{"code":0,"message":"ok","data":"3"}"#).call(&moved).gives("{\"pageCount\": \"3\"}\n");
    let look = ["books.thrift", "Look", r#"{"id": 7}"#];
    for (words, body, why) in [
        (&FIND, "<html>\n</html>", "it is not JSON: <html>…"),
        (&FIND, "{\"title\"", "it is not JSON: {\"title\""),
        (&FIND, "{} {}", "it is not JSON: {} {}"),
        (&look, "[1]", "the answer is the struct `Book`: this is a list"),
        (&look, r#"{"id":"x"}"#, "`id` is an i64: this is a text"),
        (&look, r#"{"notes":{"1":2}}"#, "`notes[\"1\"]` is a string: this is a number"),
    ] {
        let method = if words == &look { "Books.Look" } else { "Library.Find" };
        Site::json(body).call(words).fails(1, &format!("error: the answer of {method} cannot be read: {why}\n"));
    }
    let run = Site::json(r#"{"title":7}"#).call(&FIND);
    assert!(run.code == 1 && run.said.starts_with("error: the answer of Library.Find cannot be read: "), "{run:?}");
    // No more than 4 MiB, said or sent.
    let large = format!("{{\"title\":\"{}\"}}", "x".repeat(5 << 20));
    let run = Site::json(&large).call(&FIND);
    assert!(run.code == 1 && run.said.contains("4194304") && run.said.len() < 300, "{run:?}");
}

#[test]
fn whom_http_1_is_spoken_to_by_another_protocol_is_told_of_the_route() {
    let site = Site::new("404 Not Found", b"");
    let at = site.address();
    for (words, help) in [
        (
            &FIND[..],
            format!("{at} speaks HTTP/1.1, and gRPC needs HTTP/2: the method has a route, so add --protocol rest"),
        ),
        (
            &["books.thrift", "Look", r#"{"id": 7}"#],
            format!("{at} speaks HTTP/1.1, not Thrift: the method has a route, so add --protocol rest"),
        ),
        (&["lib.proto", "Find", "--protocol", "connect"], "the method has a route, so add --protocol rest".to_owned()),
    ] {
        let run = site.caller.call(words);
        assert_eq!((run.code, run.said.lines().nth(1)), (1, Some(format!("  help: {help}").as_str())), "{run:?}");
    }
}

#[test]
fn a_silent_site_ends_at_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let it = Caller::new(&address, &[("lib.proto", LIBRARY)]);
    let run = it.call(&[&FIND[..], &["--protocol", "rest", "--deadline", "100ms"]].concat());
    assert!(run.code == 1 && run.said.starts_with("error: DeadlineExceeded: "), "{run:?}");
}

/// As an instance of Kratos that has no gRPC.
#[test]
fn an_instance_of_http_alone_is_called_by_its_route() {
    let site = Site::json(r#"{"title": "Emma"}"#);
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _kept = tokio.block_on(async {
        let registry = Registry::open(&format!("{url}?layout=kratos")).unwrap();
        let endpoint = Endpoint { scheme: "http".to_owned(), ..Endpoint::parse(site.address()).unwrap() };
        let kept = registry.register(vec![Instance::new("library", endpoint)]).unwrap();
        while registry.list(None).await.unwrap().entries.is_empty() {
            tokio::task::yield_now().await;
        }
        kept
    });
    let call = |words: &[&str]| {
        let words = [&["call", "--registry", &url], &FIND[..], words].concat();
        super::run(site.caller.folder.command(".", &words), "")
    };
    call(&["--protocol", "rest"]).gives("{\"title\": \"Emma\"}\n");
    let run = call(&[]);
    let said = "error: Unavailable: none of the 1 instances of service `library` serves grpc; ";
    let help = "\n  help: it serves http: the method has a route, so add --protocol rest\n";
    assert!(run.code == 1 && run.said.starts_with(said) && run.said.ends_with(help), "{run:?}");
}
