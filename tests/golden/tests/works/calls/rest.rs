//! Calls by routes of HTTP of both IDLs: requests as curl sends them, and our client's.

use golden::generated::golden::library::v1::{
    Book, CoverRequest, GetBookRequest, Library, LibraryClient, LibraryServer, SetBookRequest,
};
use golden::generated::google::api::HttpBody;
use golden::generated::web::{FindRequest, Found, UploadRequest, Web, WebServer};
use runtime::client::Http;
use runtime::server::Running;
use runtime::{Channel, Code, Config, Context, Error, Registry, Server, Stream, streaming};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(super) struct Handler;

fn book(name: &str) -> Book {
    Book { name: name.to_owned(), author: "Jane".to_owned(), pages: 7, ..Book::default() }
}

impl Library for Handler {
    async fn get_book(&self, cx: &Context, req: GetBookRequest) -> Result<Book, Error> {
        match req.name.as_str() {
            "shelves/1/books/none" => {
                Err(Error::not_found("no such book").with_reason("NO_BOOK").with_pair("name", &*req.name))
            }
            "shelves/1/books/tea" => Err(Error::business(418, "tea", [])),
            _ => {
                cx.send_back("x-author", "Jane");
                Ok(Book { pages: req.page, ..book(&req.name) })
            }
        }
    }

    async fn set_book(&self, _: &Context, req: SetBookRequest) -> Result<Book, Error> {
        let created = if req.create { 1 } else { 0 };
        Ok(Book { pages: created, ..req.book.unwrap_or_default() })
    }

    async fn set_cover(&self, cx: &Context, req: CoverRequest) -> Result<(), Error> {
        let picture = req.picture.unwrap_or_default();
        cx.send_back("x-size", format!("{} {} {}", req.name, picture.content_type, picture.data.len()));
        Ok(())
    }

    async fn cover(&self, _: &Context, req: GetBookRequest) -> Result<HttpBody, Error> {
        Ok(HttpBody { content_type: "image/png".to_owned(), data: req.name.into_bytes(), ..HttpBody::default() })
    }

    async fn look(
        &self,
        _: &Context,
        req: GetBookRequest,
    ) -> Result<impl Stream<Item = Result<Book, Error>> + Send + 'static, Error> {
        let all = [Ok(book("a")), Ok(book("b")), Err(Error::unavailable("torn"))];
        Ok(streaming::iter(all.into_iter().take(if req.page == 0 { 2 } else { 3 })))
    }
}

impl Web for Handler {
    async fn find(&self, _: &Context, req: FindRequest) -> Result<Found, Error> {
        let page = req.page.unwrap_or_default();
        Ok(Found {
            names: vec![format!("{} {:?} {:?} {:?}", req.id, req.tags, req.session, req.name), format!("{page:?}")],
        })
    }

    async fn upload(&self, cx: &Context, req: UploadRequest) -> Result<(), Error> {
        cx.send_back("x-size", format!("{} {}", req.path, req.content.len()));
        Ok(())
    }

    async fn all(&self, _: &Context) -> Result<Found, Error> {
        Ok(Found { names: vec!["all".to_owned()] })
    }

    async fn kept(&self, _: &Context, a: i32, b: i32) -> Result<Found, Error> {
        Ok(Found { names: vec![format!("{a} {b}")] })
    }
}

async fn site() -> (Running, Registry) {
    site_of(Config::local()).await
}

async fn site_of(config: Config) -> (Running, Registry) {
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(config).registry(&registry);
    let server = server.add(LibraryServer::new(Handler)).add(WebServer::new(Handler));
    (server.start().await.unwrap(), registry)
}

/// What HTTP/1.1 on a connection of its own answers: the status, and what the answer holds.
pub(super) async fn ask(server: &Running, head: &str, body: &[u8]) -> (u16, String) {
    let mut connection = TcpStream::connect(server.addr()).await.unwrap();
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}{length}\r\n");
    connection.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// As [`ask`], with what is behind the head alone.
async fn body(server: &Running, head: &str, sent: &str) -> (u16, String) {
    let (status, answer) = ask(server, head, sent.as_bytes()).await;
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// A body in chunks (RFC 9112, section 7.1).
fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let (chunk, rest) = rest.split_at(usize::from_str_radix(size, 16).unwrap());
        whole += chunk;
        body = &rest[2..];
    }
    whole
}

#[tokio::test]
async fn proto_methods_are_reached_by_their_routes() {
    let (server, _) = site().await;
    for (head, sent, wanted) in [
        ("GET /v1/shelves/1/books/2?page=3", "", r#"{"name":"shelves/1/books/2","author":"Jane","pages":3}"#),
        ("GET /v1/archive/a/b:read", "", r#"{"name":"archive/a/b","author":"Jane"}"#),
        (
            "PUT /v1/shelves/1/books/2?create=true\ncontent-type: application/json",
            r#"{"author": "Jane", "pages": 4, "price": {"units": "7"}}"#,
            r#"{"name":"shelves/1/books/2","author":"Jane","price":{"units":"7"},"pages":1}"#,
        ),
        ("POST /v1/books:set", r#"{"book": {"author": "Ann", "pages": 4}}"#, "\"Ann\""),
        ("GET /v1/covers/a%2Fb", "", "a/b"),
        ("PUT /v1/covers/c\ncontent-type: image/png", "\0\0", "{}"),
        (
            "POST /golden.library.v1.Library/GetBook\ncontent-type: application/json",
            r#"{"page": 1}"#,
            r#"{"author":"Jane","pages":1}"#,
        ),
    ] {
        assert_eq!(body(&server, head, sent).await, (200, wanted.to_owned()), "{head}");
    }
    let (_, answer) = ask(&server, "GET /v1/covers/c", b"").await;
    assert!(answer.contains("content-type: image/png\r\n"), "{answer}");
    let (_, answer) = ask(&server, "PUT /v1/covers/c\ncontent-type: image/png", b"12").await;
    assert!(answer.contains("x-size: c image/png 2\r\n"), "{answer}");
}

#[tokio::test]
async fn thrift_methods_are_reached_by_the_annotations_of_hertz() {
    let (server, _) = site().await;
    let find = "GET /users/7?tag=a&tag=b&page_size=5&secret=s\nx-token: t\ncookie: sid=c";
    let (status, found) = body(&server, find, "").await;
    let wanted =
        r#"{"found":["7 Some([\"a\", \"b\"]) Some(\"c\") None","Page { size: Some(5), token: Some(\"t\") }"]}"#;
    assert_eq!((status, found.as_str()), (200, wanted));
    let form = "POST /users/7/find\ncontent-type: application/x-www-form-urlencoded";
    let (_, found) = body(&server, form, "name=bob+b").await;
    assert!(found.contains(r#"7 None None Some(\"bob b\")"#), "{found}");
    let (status, answer) = ask(&server, "PUT /files/a/b", b"hello").await;
    assert!(status == 200 && answer.contains("x-size: a/b 5\r\n"), "{answer}");
    assert_eq!(body(&server, "PATCH /all", "").await, (200, r#"{"found":["all"]}"#.to_owned()));
    let kept = "POST /Web/Kept\ncontent-type: application/json";
    assert_eq!(body(&server, kept, r#"{"a": 1, "b": 2}"#).await, (200, r#"{"found":["1 2"]}"#.to_owned()));
}

#[tokio::test]
async fn errors_have_a_status_and_a_body() {
    let (server, _) = site().await;
    let json = "content-type: application/json";
    for (head, sent, status, wanted) in [
        (
            "GET /v1/shelves/1/books/none",
            "",
            404,
            r#""reason":"NO_BOOK","message":"no such book","metadata":{"name":"shelves/1/books/none"}"#,
        ),
        ("GET /v1/shelves/1/books/tea", "", 418, r#"{"code":418,"reason":"","message":"tea""#),
        ("GET /v1/shelves/1/books/2?page=x", "", 400, r#""message":"page: \"x\" is not a whole number"#),
        ("GET /users/x", "", 400, r#""message":"id: \"x\" is not a whole number"#),
        ("GET /v1/shelves/1", "", 404, "there is nothing at this path"),
        ("GET /v1/shelves/1/books/2/", "", 404, "there is nothing at this path"),
        ("GET /v1/shelves/%2e%2e/books/2", "", 400, "a segment of dots"),
        ("GET /v1/shelves/a%0d%0ax/books/2", "", 400, "a control character"),
        ("GET /v1/shelves/%zz/books/2", "", 400, "an escape that is none"),
        ("GET /v1/shelves/1/books/2?page=%zz", "", 400, "an escape that is none"),
        ("PATCH /v1/shelves/1/books/2", "", 405, "allow: GET, PUT"),
        // A rule of the IDL: the author is missing.
        (&format!("PUT /v1/shelves/1/books/2\n{json}"), "{}", 400, r#""reason":"VALIDATION""#),
        (&format!("PUT /v1/shelves/1/books/2\n{json}"), "{}", 400, r#""type":"google.rpc.BadRequest""#),
        (&format!("POST /v1/books:set\n{json}"), "{", 400, "at byte 1"),
        (
            &format!("POST /v1/books:set\n{json}"),
            r#"{"book": {"pages": "x"}}"#,
            400,
            r#"book.pages: \"x\" is not a whole number"#,
        ),
        (&format!("POST /v1/books:set\n{json}"), &"[".repeat(100_000), 400, "message"),
        ("POST /v1/books:set\ncontent-type: text/html", "{}", 415, "neither JSON nor a form"),
        (&format!("POST /v1/books:set\n{json}\ncontent-encoding: br"), "{}", 415, r#"{"code":415"#),
        (&format!("POST /v1/books:set\n{json}"), &" ".repeat(5 << 20), 413, r#"{"code":413"#),
    ] {
        let (found, answer) = ask(&server, head, sent.as_bytes()).await;
        assert!(found == status && answer.contains(wanted), "{head}\n{answer}");
    }
    let two = "POST /v1/books:set\ncontent-type: application/json\ntransfer-encoding: chunked";
    let (status, answer) = ask(&server, two, b"0\r\n\r\nGET /all HTTP/1.1\r\n\r\n").await;
    assert!(status == 400 && answer.matches("HTTP/1.1").count() == 1, "{answer}");
}

#[tokio::test]
async fn chunks_that_are_none_are_refused() {
    let (server, _) = site().await;
    for chunks in ["0x2\r\n{}\r\n0\r\n\r\n", "1\r\n{}\r\n0\r\n\r\n", "10000000000000002\r\n{}\r\n0\r\n\r\n"] {
        let mut connection = TcpStream::connect(server.addr()).await.unwrap();
        let head = "POST /v1/books:set HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write_all(format!("{head}{chunks}GET /all HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.matches("HTTP/1.1").count() == 1, "{chunks}: {answer}");
    }
}

/// As the clients of Kratos' third version ask, who else take it for Go's JSON.
#[tokio::test]
async fn whoever_asks_for_protojson_is_told_that_it_is() {
    let (server, _) = site().await;
    let label = "content-type: application/protojson\r\n";
    for (head, sent, wanted) in [
        ("GET /v1/shelves/1/books/2\naccept: application/protojson", "", true),
        ("POST /v1/books:set\ncontent-type: application/protojson", "{}", true),
        ("POST /v1/books:set\ncontent-type: application/json", "{}", false),
        ("GET /v1/shelves/1/books/2\naccept: application/json", "", false),
    ] {
        let (status, answer) = ask(&server, head, sent.as_bytes()).await;
        assert!(status == 200 && answer.contains(label) == wanted, "{head}\n{answer}");
    }
}

#[tokio::test]
async fn answers_and_errors_stand_in_an_envelope_when_that_is_set() {
    let mut config = Config::local();
    config.server.http.envelope = true;
    let (server, _) = site_of(config).await;
    let nothing = r#"{"code":404,"message":"there is nothing at this path","data":null}"#;
    for (head, sent, status, wanted) in [
        (
            "GET /v1/shelves/1/books/2?page=3",
            "",
            200,
            r#"{"code":0,"message":"ok","data":{"name":"shelves/1/books/2","author":"Jane","pages":3}}"#,
        ),
        ("PATCH /all", "", 200, r#"{"code":0,"message":"ok","data":{"found":["all"]}}"#),
        (
            "POST /v1/books:set",
            r#"{"book": {"author": "Ann", "pages": 1}}"#,
            200,
            r#"{"code":0,"message":"ok","data":"Ann"}"#,
        ),
        ("PUT /v1/covers/c\ncontent-type: image/png", "12", 200, r#"{"code":0,"message":"ok","data":{}}"#),
        // Bytes as they are.
        ("GET /v1/covers/a%2Fb", "", 200, "a/b"),
        ("GET /v1/shelves/1/books/tea", "", 200, r#"{"code":418,"message":"tea","data":null}"#),
        ("GET /v1/shelves/1/books/none", "", 404, r#"{"code":404,"message":"no such book","data":null}"#),
        ("GET /users/x", "", 400, r#"{"code":400,"message":"id: \"x\" is not a whole number","data":null}"#),
        ("GET /v1/shelves/1", "", 404, nothing),
        (
            "PATCH /v1/shelves/1/books/2",
            "",
            405,
            r#"{"code":405,"message":"the path is there for other verbs","data":null}"#,
        ),
        // Connect's answers are its own.
        ("POST /golden.library.v1.Library/GetBook\ncontent-type: application/json", "{}", 200, r#"{"author":"Jane"}"#),
    ] {
        assert_eq!(body(&server, head, sent).await, (status, wanted.to_owned()), "{head}");
    }
    let (status, answer) = ask(&server, "PUT /files/a/b", b"hello").await;
    assert!(status == 200 && answer.ends_with(r#"{"code":0,"message":"ok","data":{}}"#), "{answer}");
    let json = "POST /v1/books:set\ncontent-type: application/json";
    let (status, answer) = ask(&server, json, " ".repeat(5 << 20).as_bytes()).await;
    assert!(status == 413 && answer.contains(r#"{"code":413,"message""#), "{answer}");
}

#[tokio::test]
async fn errors_are_as_the_program_writes_them() {
    let mut config = Config::local();
    config.server.http.envelope = true; // comes behind
    let write = |error: &Error| format!(r#"{{"why":"{}"}}"#, error.message());
    let server = Server::new(config).registry(&Registry::open("memory").unwrap()).error_body(write);
    let server = server.add(LibraryServer::new(Handler)).start().await.unwrap();
    for (head, status, wanted) in [
        ("GET /v1/shelves/1/books/2?page=3", 200, r#"{"name":"shelves/1/books/2","author":"Jane","pages":3}"#),
        ("GET /v1/shelves/1/books/tea", 418, r#"{"why":"tea"}"#),
        ("GET /v1/shelves/1/books/none", 404, r#"{"why":"no such book"}"#),
        ("GET /v1/shelves/1", 404, r#"{"why":"there is nothing at this path"}"#),
        ("PATCH /v1/shelves/1/books/2", 405, r#"{"why":"the path is there for other verbs"}"#),
    ] {
        assert_eq!(body(&server, head, "").await, (status, wanted.to_owned()), "{head}");
    }
}

#[tokio::test]
async fn streams_are_events_or_lines() {
    let (server, registry) = site().await;
    let (a, b) = (r#"{"name":"a","author":"Jane","pages":7}"#, r#"{"name":"b","author":"Jane","pages":7}"#);
    let torn = r#"{"code":503,"reason":"","message":"torn","metadata":{}}"#;
    for (head, label, wanted) in [
        ("GET /v1/books:look", "text/event-stream", vec![format!("data: {a}\n\n"), format!("data: {b}\n\n")]),
        (
            "GET /v1/books:look?page=1",
            "text/event-stream",
            vec![format!("data: {a}\n\n"), format!("data: {b}\n\n"), format!("event: error\ndata: {torn}\n\n")],
        ),
        (
            "GET /v1/books:look?page=1\naccept: application/x-ndjson",
            "application/x-ndjson",
            vec![format!("{a}\n"), format!("{b}\n"), format!("{{\"error\":{torn}}}\n")],
        ),
    ] {
        let (status, answer) = ask(&server, head, b"").await;
        assert!(status == 200 && answer.contains(&format!("content-type: {label}\r\n")), "{answer}");
        assert_eq!(unchunked(answer.split_once("\r\n\r\n").unwrap().1), wanted.concat(), "{head}");
    }
    assert_eq!(ask(&server, "HEAD /v1/books", b"").await.0, 200);
    let channel = Channel::builder("library").registry(&registry).http(Http::rest()).build().unwrap();
    let mut books = LibraryClient::new(channel).look(GetBookRequest { page: 1, ..Default::default() }).await.unwrap();
    let mut names = Vec::new();
    while let Some(book) = books.next().await {
        names.push(book.map_or_else(|error| error.to_string(), |book| book.name));
    }
    assert_eq!(names, ["a", "b", "Unavailable: torn"]);
}

#[tokio::test]
async fn our_client_calls_by_routes() {
    let (_server, registry) = site().await;
    let channel = Channel::builder("library").registry(&registry).http(Http::rest()).build().unwrap();
    let library = LibraryClient::new(channel);
    let name = "shelves/a b/books/2".to_owned();
    let reply = library.get_book(GetBookRequest { name: name.clone(), page: 3 }).send().await.unwrap();
    assert_eq!((reply.value.name.as_str(), reply.value.pages), (name.as_str(), 3));
    assert_eq!(reply.metadata().get("x-author"), Some("Jane"));
    let set = SetBookRequest { book: Some(book("shelves/1/books/2")), create: true };
    assert_eq!(library.set_book(set).await.unwrap(), Book { pages: 1, ..book("shelves/1/books/2") });
    let picture = HttpBody { content_type: "image/png".to_owned(), data: vec![0, 255], ..HttpBody::default() };
    let cover = CoverRequest { name: "x/y".to_owned(), picture: Some(picture) };
    assert_eq!(library.set_cover(cover).send().await.unwrap().metadata().get("x-size"), Some("x/y image/png 2"));
    let cover = library.cover(GetBookRequest { name: "x".to_owned(), page: 0 }).await.unwrap();
    assert_eq!((cover.content_type.as_str(), &cover.data[..]), ("image/png", &b"x"[..]));
    let error =
        library.get_book(GetBookRequest { name: "shelves/1/books/none".to_owned(), page: 0 }).await.unwrap_err();
    assert_eq!((error.code(), error.reason(), error.pairs().len()), (Code::NotFound, "NO_BOOK", 1));
    let error = library.get_book(GetBookRequest { name: "nowhere".to_owned(), page: 0 }).await.unwrap_err();
    assert_eq!(error.message(), "`nowhere` of name does not fit into the path of its route");
}
