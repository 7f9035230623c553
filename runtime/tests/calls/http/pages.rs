//! Pages beside calls: over HTTP/1.1 and HTTP/2, on servers of both languages, with and without routes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::hello::HelloServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use runtime::error::Error;
use runtime::http_route::{HttpRoute, Segment};
use runtime::server::{Counter, Page, Registering, Registrar, Registration, Standing};
use runtime::service::Idl;
use runtime::{Answer, Call, Code, Config, Handling, Method, Registry, Server, Service, ServiceInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

/// A service that is reached by routes, or by Thrift alone.
pub(crate) struct Other(pub(crate) &'static ServiceInfo);

const TAKEN: HttpRoute = HttpRoute::new("POST", &[Segment::Literal("v1"), Segment::Literal("taken")]);
static ROUTES: [HttpRoute; 1] = [TAKEN];
static ROUTED_METHODS: [Method; 1] = [Method::new(Idl::Proto, "/r.R/Get", 0).routes(&ROUTES)];
pub(crate) static ROUTED: ServiceInfo =
    ServiceInfo { name: "R", package: "r", registry_name: "r", idl: Idl::Proto, methods: &ROUTED_METHODS };
static HEALTHZ_ROUTES: [HttpRoute; 1] = [HttpRoute::new("GET", &[Segment::Literal("healthz")])];
static HEALTHZ_METHODS: [Method; 1] = [Method::new(Idl::Proto, "/h.H/Get", 0).routes(&HEALTHZ_ROUTES)];
static HEALTHZ: ServiceInfo =
    ServiceInfo { name: "H", package: "h", registry_name: "h", idl: Idl::Proto, methods: &HEALTHZ_METHODS };
static THRIFT_METHODS: [Method; 1] = [Method::new(Idl::Thrift, "/T/Get", 0)];
static THRIFT: ServiceInfo =
    ServiceInfo { name: "T", package: "", registry_name: "t", idl: Idl::Thrift, methods: &THRIFT_METHODS };

impl Service for Other {
    fn info(&self) -> &'static ServiceInfo {
        self.0
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(async { Ok(Answer::default()) })
    }
}

/// One that brings a document of OpenAPI.
struct Documented(&'static ServiceInfo, &'static str);

impl Service for Documented {
    fn info(&self) -> &'static ServiceInfo {
        self.0
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(async { Ok(Answer::default()) })
    }

    fn openapi(&self) -> &'static str {
        self.1
    }
}

/// A request of HTTP/1.1, and its answer in lower case up to the body.
async fn one(at: SocketAddr, verb: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = format!("{verb} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// A request of HTTP/2: status, `content-length`, body.
async fn two(at: SocketAddr, verb: &str, path: &str) -> (u16, Option<String>, Bytes) {
    let socket = TcpStream::connect(at).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (mut sender, connection) = handshake.await.unwrap();
    let serving = tokio::spawn(connection);
    let request = http::Request::builder().method(verb).uri(format!("http://x{path}")).body(Empty::<Bytes>::new());
    let answer = sender.send_request(request.unwrap()).await.unwrap();
    let length = answer.headers().get("content-length").map(|length| length.to_str().unwrap().to_owned());
    let answer = (answer.status().as_u16(), length, answer.into_body().collect().await.unwrap().to_bytes());
    drop(sender);
    serving.await.unwrap().unwrap();
    answer
}

fn with_pages(server: Server, asked: &Arc<AtomicUsize>) -> Server {
    let asked = Arc::clone(asked);
    let count = move || Page::text(format!("asked {} times\n", asked.fetch_add(1, Ordering::Relaxed) + 1));
    let long = || Page::new("application/json", vec![b'7'; 200 << 10]);
    server.page("/count", count).page("/long", long).page("/away", || Page::text("not now\n").with_status(503))
}

#[tokio::test]
async fn pages_are_there_whatever_is_served() {
    for service in [None, Some(&ROUTED), Some(&THRIFT)] {
        let asked = Arc::default();
        let server = with_pages(Server::new(Config::local()), &asked);
        let server = match service {
            Some(info) => server.add(Other(info)),
            None => server.add(HelloServer::default()),
        };
        let running = server.start().await.unwrap();
        let at = running.addr();
        let (head, body) = one(at, "GET", "/count?x=1").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n"), "{head}");
        assert_eq!(body, "asked 1 times\n");
        assert_eq!(two(at, "GET", "/count").await, (200, Some("14".to_owned()), "asked 2 times\n".into()));
        let (head, body) = one(at, "HEAD", "/count").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-length: 14"), "{head}");
        assert_eq!(body, "");
        assert_eq!(two(at, "HEAD", "/count").await, (200, Some("14".to_owned()), Bytes::new()));
        let (head, _) = one(at, "POST", "/count").await;
        assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("allow: GET, HEAD"), "{head}");
        assert_eq!(two(at, "DELETE", "/count").await.0, 405);
        assert_eq!(asked.load(Ordering::Relaxed), 4);
        let (head, body) = one(at, "GET", "/long").await;
        assert!(head.contains("content-type: application/json") && head.contains("content-length: 204800"), "{head}");
        assert_eq!(body.len(), 200 << 10);
        assert_eq!(two(at, "GET", "/long").await.2.len(), 200 << 10);
        let (head, body) = one(at, "GET", "/away").await;
        assert!(head.starts_with("HTTP/1.1 503 ") && body == "not now\n", "{head}");
        assert_eq!(two(at, "GET", "/none").await.0, 404);
        running.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_page_that_panics_is_its_own_trouble() {
    let server = Server::new(Config::local()).add(HelloServer::default()).page("/bad", || panic!("no page"));
    let running = server.start().await.unwrap();
    assert_eq!(health(running.addr(), "/bad").await, "500 The page could not be made.\n");
    assert_eq!(two(running.addr(), "GET", "/bad").await.0, 500);
    assert_eq!(running.counters().get(Counter::Panics), 2);
    assert_eq!(health(running.addr(), "/healthz").await, "200 ok\n");
}

/// Pages do not make a server of Thrift one that takes calls over HTTP/1.1.
#[tokio::test]
async fn beside_its_pages_a_server_of_thrift_says_what_it_serves() {
    let running = with_pages(Server::new(Config::local()), &Arc::default()).add(Other(&THRIFT)).start().await.unwrap();
    for path in ["/", "/T/Get", "/counts", "/count/"] {
        let (head, body) = one(running.addr(), "GET", path).await;
        assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("connection: close"), "{head}");
        assert_eq!(body, "This port serves T (Thrift), not HTTP/1.\n");
    }
    assert_eq!(running.counters().get(Counter::UnknownProtocol), 4);
}

#[tokio::test]
async fn a_page_that_nobody_would_see_is_an_error_of_the_start() {
    let start = async |path: &str, also: &str| {
        let server = Server::new(Config::local()).add(Other(&ROUTED));
        let error = server.page(also, || Page::text("")).page(path, || Page::text("")).start().await.unwrap_err();
        assert_eq!(error.code(), Code::FailedPrecondition);
        error.message().to_owned()
    };
    let taken = "the page `/v1/taken` has the path of a route of HTTP, which is answered in its place: give it another \
                 path";
    assert_eq!(start("/v1/taken", "/a").await, taken);
    assert_eq!(start("/a", "/a").await, "the page `/a` is there twice");
    for path in ["", "a", "/a b", "/a?b", "/%20"] {
        let wrong = format!("the page `{path}` has a path that no request has: write it as `/metrics`");
        assert_eq!(start(path, "/a").await, wrong);
    }
}

/// A registry whose every step the test makes.
#[derive(Clone, Default)]
struct Steps {
    address: Arc<watch::Sender<Option<SocketAddr>>>,
    register: Arc<Notify>,
    stands: Arc<AtomicBool>,
    deregister: Arc<Notify>,
}

impl Registrar for Steps {
    fn register(
        &self,
        address: SocketAddr,
        _: &[&'static ServiceInfo],
    ) -> Registering<Result<Box<dyn Registration>, Error>> {
        self.address.send_replace(Some(address));
        let steps = self.clone();
        Box::pin(async move {
            steps.register.notified().await;
            Ok(Box::new(steps) as Box<dyn Registration>)
        })
    }
}

impl Registration for Steps {
    fn standing(&self) -> Standing {
        let stands = Arc::clone(&self.stands);
        Box::new(move || stands.load(Ordering::SeqCst))
    }

    fn deregister(self: Box<Self>) -> Registering<Duration> {
        Box::pin(async move {
            self.deregister.notified().await;
            Duration::ZERO
        })
    }
}

async fn health(at: SocketAddr, path: &str) -> String {
    let (head, body) = one(at, "GET", path).await;
    format!("{} {body}", head.split(' ').nth(1).unwrap())
}

#[tokio::test]
async fn a_server_is_ready_from_its_registration_to_its_stop_and_alive_all_the_time() {
    let steps = Steps::default();
    let server = Server::new(Config::local()).add(HelloServer::default()).registrar(steps.clone());
    let starting = tokio::spawn(server.start());
    let at = steps.address.subscribe().wait_for(Option::is_some).await.unwrap().unwrap();
    assert_eq!(health(at, "/readyz").await, "503 the server is starting\n");
    steps.register.notify_one();
    let running = starting.await.unwrap().unwrap();
    assert_eq!(health(at, "/readyz").await, "503 the server is not in its registry\n");
    steps.stands.store(true, Ordering::SeqCst);
    assert_eq!(health(at, "/readyz").await, "200 ok\n");
    let stopping = tokio::spawn(running.stop());
    let stopped = "503 the server is stopping\n";
    while health(at, "/readyz").await != stopped {
        tokio::task::yield_now().await;
    }
    assert_eq!(health(at, "/healthz").await, "200 ok\n");
    assert!(!stopping.is_finished());
    steps.deregister.notify_one();
    stopping.await.unwrap().unwrap();
    assert!(TcpStream::connect(at).await.is_err());
}

#[tokio::test]
async fn a_pause_is_not_ready() {
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).add(HelloServer::default());
    let running = server.start().await.unwrap();
    let until = async |wanted: &str| {
        while health(running.addr(), "/readyz").await != wanted {
            tokio::task::yield_now().await;
        }
    };
    until("200 ok\n").await;
    running.pause();
    until("503 the server is not in its registry\n").await;
    running.resume();
    until("200 ok\n").await;
}

/// Without a registry nothing is waited for; what the program has at those paths is left alone; and a setting takes the
/// pages away.
#[tokio::test]
async fn health_gives_way() {
    let running = Server::new(Config::local()).add(Other(&THRIFT)).start().await.unwrap();
    assert_eq!(health(running.addr(), "/readyz").await, "200 ok\n");
    let mine = || Page::text("mine\n");
    let running = Server::new(Config::local()).add(Other(&HEALTHZ)).page("/readyz", mine).start().await.unwrap();
    assert_eq!(health(running.addr(), "/readyz").await, "200 mine\n");
    assert!(!health(running.addr(), "/healthz").await.contains("ok"));
    let config = Config::from_toml("[server]\nlisten = '127.0.0.1:0'\n[server.http]\nhealth = false\n", "x.toml");
    let mut config = config.unwrap();
    config.registry.url = "none".to_owned();
    let running = Server::new(config).add(HelloServer::default()).start().await.unwrap();
    assert!(health(running.addr(), "/readyz").await.starts_with("404 "));
}

#[tokio::test]
async fn the_documents_of_all_services_are_one_page_that_can_be_left_out() {
    let (one_of, other) = (r#"{"paths":{"/a":{"get":{}}}}"#, r#"{"paths":{"/b":{"get":{}}}}"#);
    let start = async |first: &'static str, second: &'static str, shown: bool| {
        let mut config = Config::local();
        config.server.http.openapi = shown;
        let server = Server::new(config).add(Documented(&ROUTED, first)).add(Documented(&THRIFT, second));
        server.start().await
    };
    for (first, second, shown, status, body) in [
        (one_of, "", true, "200", one_of),
        (one_of, other, true, "200", r#"{"paths":{"/a":{"get":{}},"/b":{"get":{}}}}"#),
        (one_of, "", false, "404", ""),
        ("", "", true, "404", ""),
    ] {
        let running = start(first, second, shown).await.unwrap();
        let (head, found) = one(running.addr(), "GET", "/openapi.json").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        if status == "200" {
            assert!(head.contains("content-type: application/json") && found == body, "{head} {found}");
        }
    }
    let error = start(one_of, r#"{"paths":[]}"#, true).await.err().unwrap();
    assert_eq!(
        (error.code(), error.message()),
        (Code::FailedPrecondition, "the OpenAPI documents of two IDLs mean different things by /paths")
    );
}
