//! gRPC over a real socket, called by tonic's own client.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "grpc")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use runtime::Config;
use runtime::grpc::{self, Raw};
use runtime::server::{Counter, Running};
use runtime::service::{Idl, Kind};
use runtime::{Answer, Call, Error, Handling, Limits, Method, Server, Service, ServiceInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

#[derive(Clone, PartialEq, prost::Message)]
struct Hello {
    #[prost(string, tag = "1")]
    name: String,
}

const fn method(name: &'static str, path: &'static str, index: usize) -> Method {
    let (idl, kind) = (Idl::Proto, Kind::Unary);
    Method { service: "Hello", name, path, index, idl, kind, idempotent: false }
}

static METHODS: [Method; 4] = [
    method("Say", "/hello.v1.Hello/Say", 0),
    method("Wait", "/hello.v1.Hello/Wait", 1),
    method("Fail", "/hello.v1.Hello/Fail", 2),
    method("Panic", "/hello.v1.Hello/Panic", 3),
];

static INFO: ServiceInfo =
    ServiceInfo { name: "Hello", package: "hello.v1", registry_name: "hello", idl: Idl::Proto, methods: &METHODS };

#[derive(Clone, Default)]
struct HelloServer {
    waiting: Arc<watch::Sender<usize>>,
    ended: Arc<watch::Sender<usize>>,
    release: Arc<watch::Sender<bool>>,
}

struct Count(Arc<watch::Sender<usize>>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count += 1);
    }
}

impl Service for HelloServer {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let this = self.clone();
        match call.method.index {
            0 => Box::pin(async move { say(&call) }),
            1 => Box::pin(this.wait(call)),
            2 => Box::pin(async { Err(Error::not_found("nobody ✗").with_reason("GONE")) }),
            _ => panic!("kaboom"),
        }
    }
}

fn say(call: &Call) -> Result<Answer, Error> {
    let hello: Hello = grpc::request(call)?;
    let trace = call.cx.get("TRACE_ID").unwrap_or("none");
    call.cx.send_back("seen", trace);
    let left = call.cx.remaining().unwrap_or_default();
    call.cx.send_back("left", left.as_millis().to_string());
    grpc::reply(&call.cx, &Hello { name: format!("hello {}", hello.name) })
}

impl HelloServer {
    async fn wait(self, call: Call) -> Result<Answer, Error> {
        let _ended = Count(self.ended);
        self.waiting.send_modify(|count| *count += 1);
        let mut release = self.release.subscribe();
        release.wait_for(|released| *released).await.map_err(|_| Error::internal("gone"))?;
        grpc::reply(&call.cx, &Hello::default())
    }
}

async fn start(server: &HelloServer, limits: Limits) -> Running {
    let options = Config { limits, ..Config::local() };
    Server::new(options).add(server.clone()).start().await.unwrap()
}

async fn connect(addr: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap()
}

async fn call(channel: &Channel, path: &'static str, request: Request<Bytes>) -> Result<Response<Bytes>, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    client.unary(request, PathAndQuery::from_static(path), Raw).await
}

fn hello(name: &str) -> Request<Bytes> {
    Request::new(grpc::body(&Hello { name: name.to_owned() }).unwrap())
}

#[tokio::test]
async fn calls_are_answered_with_metadata() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let mut request = hello("kite");
    request.metadata_mut().insert("rpc-persist-trace-id", "abc".parse().unwrap());
    let response = call(&channel, "/hello.v1.Hello/Say", request).await.unwrap();
    assert_eq!(response.metadata().get("seen").unwrap(), "abc");
    let limits = Limits::default().decode;
    let answer: Hello = grpc::result(response.into_inner(), limits).unwrap();
    assert_eq!(answer.name, "hello kite");
}

#[tokio::test]
async fn errors_are_statuses() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let status = call(&channel, "/hello.v1.Hello/Fail", hello("")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "nobody ✗"));
    assert_eq!(grpc::error_of(&status).reason(), "GONE");
    let status = call(&channel, "/hello.v1.Hello/Nope", hello("")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let status = call(&channel, "/hello.v1.Hello/Panic", hello("")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Internal, "panic in Hello.Panic"));
    let bad = Request::new(Bytes::from_static(&[0x0a, 0xff]));
    let status = call(&channel, "/hello.v1.Hello/Say", bad).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(running.counters().get(Counter::Panics), 1);
    assert!(call(&channel, "/hello.v1.Hello/Say", hello("")).await.is_ok());
}

#[tokio::test]
async fn messages_over_the_limit_are_refused() {
    let limits = Limits { grpc_message: 1 << 10, ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let channel = connect(running.addr()).await;
    let long = hello(&"x".repeat(2 << 10));
    let status = call(&channel, "/hello.v1.Hello/Say", long).await.unwrap_err();
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status}");
    assert!(call(&channel, "/hello.v1.Hello/Say", hello("")).await.is_ok());
}

#[tokio::test]
async fn a_handler_past_its_deadline_is_given_up() {
    let server = HelloServer::default();
    let limits = Limits { handler: Duration::from_millis(20), ..Limits::default() };
    let running = start(&server, limits).await;
    let channel = connect(running.addr()).await;
    let status = call(&channel, "/hello.v1.Hello/Wait", hello("")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(*server.ended.borrow(), 1);
    assert_eq!(running.counters().get(Counter::Deadlines), 1);
    assert_eq!(running.counters().get(Counter::Abandoned), 0);
}

#[tokio::test]
async fn a_handler_sees_what_is_left_of_its_caller_s_time() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let mut request = hello("");
    request.set_timeout(Duration::from_secs(9));
    let response = call(&channel, "/hello.v1.Hello/Say", request).await.unwrap();
    let left: u64 = response.metadata().get("left").unwrap().to_str().unwrap().parse().unwrap();
    assert!(left <= 9_000, "{left}");
}

#[tokio::test]
async fn a_reset_stream_drops_its_handler() {
    let server = HelloServer::default();
    let running = start(&server, Limits::default()).await;
    let channel = connect(running.addr()).await;
    let calling = tokio::spawn(async move {
        let _ = call(&channel, "/hello.v1.Hello/Wait", hello("")).await;
    });
    server.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    calling.abort();
    server.ended.subscribe().wait_for(|count| *count == 1).await.unwrap();
}

#[tokio::test]
async fn a_drain_answers_open_streams() {
    let server = HelloServer::default();
    let running = start(&server, Limits::default()).await;
    let addr = running.addr();
    let idle = connect(addr).await;
    assert!(call(&idle, "/hello.v1.Hello/Say", hello("")).await.is_ok());
    let channel = connect(addr).await;
    let calling = tokio::spawn(async move { call(&channel, "/hello.v1.Hello/Wait", hello("")).await });
    server.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    let stopping = tokio::spawn(running.stop());
    let refused = async {
        while tokio::net::TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    refused.await;
    assert!(!stopping.is_finished());
    server.release.send_replace(true);
    assert!(calling.await.unwrap().is_ok());
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn silent_connections_are_told_to_go() {
    let short = Duration::from_millis(100);
    let limits = Limits { idle: short, write: short, ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let mut stream = tokio::net::TcpStream::connect(running.addr()).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    let mut seen = Vec::new();
    // The last frame that matters has type 7, GOAWAY.
    while stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {}
    let mut frames = Vec::new();
    let mut rest = &seen[..];
    while let Some((head, tail)) = rest.split_first_chunk::<9>() {
        frames.push(head[3]);
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        rest = tail.get(length..).unwrap_or_default();
    }
    assert!(frames.contains(&7), "{frames:?}");
    assert_eq!(running.counters().get(Counter::Idle), 1);
}
