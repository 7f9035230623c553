//! Layers that are ready, around Thrift, gRPC, Connect and routes of HTTP at once: what callers of each see.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use golden::generated::chat::v1::{ChatClient, ChatServer, Line};
use golden::generated::golden::library::v1::{GetBookRequest, LibraryClient, LibraryServer};
use golden::generated::web::{FindRequest, WebClient, WebServer};
use runtime::client::{Http, Request, Transport};
use runtime::config::MethodSettings;
use runtime::error::Origin;
use runtime::layers::{
    Authentication, ConcurrencyLimit, Inner, Logging, Policy, PolicyLayer, RateLimit, RequestId, bearer,
    unauthenticated,
};
use runtime::server::Running;
use runtime::{Call, Channel, Code, Config, Context, Error, Handling, Method, Registry, Server, Stream};

use super::rest::{Handler, ask};
use super::streams::{Room, line};

fn known(_: &'static Method, cx: &Context) -> Result<(), Error> {
    if bearer(cx)? == "s3cret" { Ok(()) } else { Err(unauthenticated("nobody knows you")) }
}

/// A server on which each method may be called once in a while, by those who have a token.
async fn site(per_second: f64) -> (Running, Registry) {
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local())
        .registry(&registry)
        .layer(RequestId::new())
        .layer(Logging::new())
        .layer(Authentication::new(known))
        .layer(RateLimit::per_second(per_second).burst(1).per_method())
        .add(LibraryServer::new(Handler))
        .add(WebServer::new(Handler));
    (server.start().await.unwrap(), registry)
}

fn signed<T: Send + 'static>(request: Request<T>) -> Request<T> {
    request.metadata("authorization", "Bearer s3cret").metadata("x-request-id", "id-7")
}

/// What a caller is told, and the time to wait in `google.rpc.RetryInfo`.
fn told(error: &Error) -> (Code, &str, &str, bool) {
    let waits = error.details().iter().any(|it| it.type_name == "google.rpc.RetryInfo" && it.value.len() > 2);
    (error.code(), error.reason(), error.message(), waits)
}

const LIMITED: (Code, &str, &str, bool) =
    (Code::ResourceExhausted, "RATELIMIT", "too many calls: 0.000001 per second are allowed", true);

#[tokio::test]
async fn callers_over_grpc_and_connect_are_limited() {
    for http in [Http::grpc(), Http::grpc_web(), Http::connect(), Http::connect().with_json()] {
        let (_server, registry) = site(1e-6).await;
        let channel = Channel::builder("library").registry(&registry).http(http.clone()).build();
        let client = LibraryClient::new(channel.unwrap());
        let get = || client.get_book(GetBookRequest::default());
        let error = get().await.unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::Unauthenticated, "UNAUTHORIZED"), "{http:?}");
        assert_eq!(error.metadata().get("x-request-id").map(str::len), Some(32), "{http:?}: {error:?}");
        let reply = signed(get()).send().await.unwrap();
        assert_eq!(reply.metadata().get("x-request-id"), Some("id-7"));
        let error = signed(get()).await.unwrap_err();
        assert_eq!(told(&error), LIMITED, "{http:?}");
        assert_eq!(error.metadata().get("x-request-id"), Some("id-7"), "{http:?}");
        assert!(error.metadata().get("retry-after").is_some(), "{http:?}");
    }
}

#[tokio::test]
async fn callers_over_thrift_are_limited() {
    for transport in [Transport::TtheaderFramed, Transport::Multiplexed] {
        let (_server, registry) = site(1e-6).await;
        let channel = Channel::builder("web").registry(&registry).transport(transport).build().unwrap();
        let client = WebClient::new(channel);
        let find = || client.find(FindRequest::default());
        let error = find().await.unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::Unauthenticated, "UNAUTHORIZED"), "{transport:?}");
        let reply = signed(find()).send().await.unwrap();
        assert_eq!(reply.metadata().get("x-request-id"), Some("id-7"));
        let error = signed(find()).await.unwrap_err();
        assert_eq!(told(&error), LIMITED, "{transport:?}");
        assert_eq!(error.metadata().get("x-request-id"), Some("id-7"));
    }
}

#[tokio::test]
async fn callers_by_routes_of_http_are_limited() {
    let (server, _) = site(1.0).await;
    let (status, answer) = ask(&server, "GET /v1/archive/a:read\nx-request-id: id 7", b"").await;
    assert_eq!(status, 401, "{answer}");
    assert!(answer.contains("www-authenticate: Bearer\r\n") && !answer.contains("id 7"), "{answer}");
    let body = r#"{"code":401,"reason":"UNAUTHORIZED","message":"the call has no token: send `authorization: Bearer …`","metadata":{}}"#;
    assert!(answer.ends_with(body), "{answer}");
    let signed = "GET /v1/archive/a:read\nauthorization: bearer s3cret\nx-request-id: id-7";
    let (status, answer) = ask(&server, signed, b"").await;
    assert!(status == 200 && answer.contains("x-request-id: id-7\r\n"), "{answer}");
    let (status, answer) = ask(&server, signed, b"").await;
    assert_eq!(status, 429, "{answer}");
    assert!(answer.contains("retry-after: 1\r\n") && answer.contains("x-request-id: id-7\r\n"), "{answer}");
    let told = r#""code":429,"reason":"RATELIMIT","message":"too many calls: 1 per second are allowed","metadata":{},"details":[{"type":"google.rpc.RetryInfo","#;
    assert!(answer.contains(told), "{answer}");
    // Thrift's methods have routes too, and limits of their own.
    let (status, answer) = ask(&server, "PATCH /all\nauthorization: Bearer s3cret", b"").await;
    assert_eq!(status, 200, "{answer}");
}

/// Answers nobody.
struct Never;

impl Policy for Never {
    fn call<S: Inner>(self: &Arc<Self>, _: Call, _: &mut S) -> Handling {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_method_s_own_time_holds_over_http_too() {
    let mut config = Config::local();
    let settings = MethodSettings { timeout: Some(Duration::from_millis(10)), ..MethodSettings::default() };
    config.methods.set("golden.library.v1.Library/GetBook", settings);
    config.limits.handler = Duration::from_secs(3600);
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(config).registry(&registry).layer(PolicyLayer::new(Never));
    let server = server.add(LibraryServer::new(Handler)).start().await.unwrap();
    let channel = Channel::builder("library").registry(&registry).http(Http::grpc()).build().unwrap();
    let error = LibraryClient::new(channel).get_book(GetBookRequest::default()).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::DeadlineExceeded, "the call took longer than it may"));
    let (status, answer) = ask(&server, "GET /v1/archive/a:read", b"").await;
    assert_eq!(status, 504, "{answer}");
}

/// The layers of a channel see the calls that it makes.
#[tokio::test]
async fn layers_are_for_channels_too() {
    let (_server, registry) = site(1e3).await;
    let channel = Channel::builder("web").registry(&registry).layer(RequestId::new()).layer(Logging::new());
    let limit = RateLimit::per_second(1e-6).burst(2);
    let client = WebClient::new(channel.layer(limit).build().unwrap());
    let find = || client.find(FindRequest::default());
    let cx = Context::new().with_header("x-request-id", "id-8");
    let error = find().with(&cx).await.unwrap_err();
    assert_eq!(error.metadata().get("x-request-id"), Some("id-8"), "the server saw the id of the call around it");
    assert_eq!(find().await.unwrap_err().code(), Code::Unauthenticated);
    let error = find().await.unwrap_err();
    assert_eq!((error.code(), error.origin()), (Code::ResourceExhausted, Origin::Handler), "nothing was sent");
}

#[tokio::test]
async fn a_stream_over_grpc_holds_its_place_until_its_caller_leaves() {
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).layer(ConcurrencyLimit::new(1));
    let _server = server.add(ChatServer::new(Room::default())).start().await.unwrap();
    let channel = Channel::builder("chat").registry(&registry).http(Http::grpc()).build().unwrap();
    let client = ChatClient::new(channel);
    let (sender, lines) = tokio::sync::mpsc::unbounded_channel();
    sender.send(line("hello")).unwrap();
    let mut talk = client.talk(Lines(lines)).await.unwrap();
    assert_eq!(talk.next().await.unwrap().unwrap(), line("HELLO"));
    assert_eq!(client.say(line("x")).await.unwrap_err().code(), Code::ResourceExhausted);
    drop(talk);
    while let Err(error) = client.say(line("x")).await {
        assert_eq!(error.code(), Code::ResourceExhausted);
    }
}

/// Lines as they are said.
struct Lines(tokio::sync::mpsc::UnboundedReceiver<Line>);

impl Stream for Lines {
    type Item = Line;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<Line>> {
        self.0.poll_recv(task)
    }
}
