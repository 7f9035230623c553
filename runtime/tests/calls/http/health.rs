//! The health service (`grpc.health.v1`) of servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::hello::{HelloServer, Raw, call, connect, hello, start};
use bytes::Bytes;
use http::uri::PathAndQuery;
use prost::Message;
use runtime::grpc::{CHECK, HealthListReply, HealthReply, HealthRequest, LIST, ServingStatus, WATCH};
use runtime::service::Idl;
use runtime::{Answer, Body, Call, Config, Error, Handling, Limits, Method, Server, Service, ServiceInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::transport::Channel;
use tonic::{Code, Request, Streaming};

fn question(service: &str) -> Request<Bytes> {
    Request::new(HealthRequest { service: service.to_owned() }.encode_to_vec().into())
}

fn status(reply: Bytes) -> ServingStatus {
    HealthReply::decode(reply).unwrap().status()
}

async fn check(channel: &Channel, service: &str) -> Result<ServingStatus, Code> {
    let reply = call(channel, CHECK, question(service)).await;
    reply.map(|reply| status(reply.into_inner())).map_err(|status| status.code())
}

async fn watch(channel: &Channel, service: &str) -> Streaming<Bytes> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(WATCH);
    client.server_streaming(question(service), path, Raw).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<Bytes>) -> Option<ServingStatus> {
    stream.message().await.unwrap().map(status)
}

#[tokio::test]
async fn the_server_and_each_service_serve() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    for known in ["", "hello.v1.Hello"] {
        assert_eq!(check(&channel, known).await, Ok(ServingStatus::Serving), "{known}");
        assert_eq!(next(&mut watch(&channel, known).await).await, Some(ServingStatus::Serving), "{known}");
    }
    for unknown in ["Hello", "hello.v1", "v1.Hello", "xhello.v1.Hello", "hello.v1.Hello."] {
        assert_eq!(check(&channel, unknown).await, Err(Code::NotFound), "{unknown}");
        assert_eq!(next(&mut watch(&channel, unknown).await).await, Some(ServingStatus::ServiceUnknown), "{unknown}");
    }
    let long = "x".repeat(8 << 10);
    assert!(check(&channel, &long).await.is_err());
    let garbage = call(&channel, CHECK, Request::new(Bytes::from_static(&[0x0a, 0xff]))).await;
    assert_eq!(garbage.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn all_that_serve_are_listed() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let reply = call(&channel, LIST, Request::new(Bytes::new())).await.unwrap().into_inner();
    let all = HealthListReply::decode(reply).unwrap().statuses;
    let names: Vec<_> = all.iter().map(|(name, reply)| (name.as_str(), reply.status())).collect();
    assert_eq!(names, [("", ServingStatus::Serving), ("hello.v1.Hello", ServingStatus::Serving)]);
}

#[tokio::test]
async fn a_server_that_leaves_says_so_and_ends_the_streams() {
    let server = HelloServer::default();
    let running = start(&server, Limits::default()).await;
    let channel = connect(running.addr()).await;
    let (mut of_all, mut of_one) = (watch(&channel, "").await, watch(&channel, "hello.v1.Hello").await);
    let mut of_none = watch(&channel, "nobody").await;
    assert_eq!(next(&mut of_all).await, Some(ServingStatus::Serving));
    assert_eq!(next(&mut of_one).await, Some(ServingStatus::Serving));
    assert_eq!(next(&mut of_none).await, Some(ServingStatus::ServiceUnknown));
    let calling = tokio::spawn(async move { call(&channel, "/hello.v1.Hello/Wait", hello("")).await });
    server.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    let stopping = tokio::spawn(running.stop());
    for stream in [&mut of_all, &mut of_one] {
        assert_eq!(next(stream).await, Some(ServingStatus::NotServing));
        assert_eq!(next(stream).await, None);
    }
    assert_eq!(next(&mut of_none).await, None);
    assert!(!stopping.is_finished());
    server.release.send_replace(true);
    assert!(calling.await.unwrap().is_ok());
    stopping.await.unwrap().unwrap();
}

/// A caller that only watches has a stream open: its connection is not idle.
#[tokio::test]
async fn a_connection_that_is_watched_is_not_idle() {
    let short = Duration::from_millis(100);
    let limits = Limits { idle: short, write: short, ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let (watching, silent) = (connect(running.addr()).await, connect(running.addr()).await);
    let mut stream = watch(&watching, "").await;
    assert_eq!(next(&mut stream).await, Some(ServingStatus::Serving));
    assert_eq!(check(&silent, "").await, Ok(ServingStatus::Serving));
    while running.connections() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(check(&watching, "").await, Ok(ServingStatus::Serving));
    let stopping = tokio::spawn(running.stop());
    assert_eq!(next(&mut stream).await, Some(ServingStatus::NotServing));
    stopping.await.unwrap().unwrap();
}

/// One of the program's own that has the name and the method of gRPC's.
struct Clinic;

static METHODS: [Method; 1] = [Method::new(Idl::Proto, "/clinic.v1.Health/Check", 0)];

static INFO: ServiceInfo =
    ServiceInfo { name: "Health", package: "clinic.v1", registry_name: "clinic", idl: Idl::Proto, methods: &METHODS };

impl Service for Clinic {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(async { Err(Error::not_found("no such patient")) })
    }
}

/// A service of Thrift, alone in its server.
struct Alone;

static CALLS: [Method; 1] = [Method::new(Idl::Thrift, "/AddService/Add", 0)];

static ALONE: ServiceInfo =
    ServiceInfo { name: "AddService", package: "", registry_name: "add", idl: Idl::Thrift, methods: &CALLS };

impl Service for Alone {
    fn info(&self) -> &'static ServiceInfo {
        &ALONE
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(async { Err(Error::not_found("no sum")) })
    }
}

/// What Kubernetes' probe of gRPC asks, also of a server without a proto service. Over HTTP/1 that still says what it
/// speaks.
#[tokio::test]
async fn a_server_of_thrift_alone_tells_its_health() {
    let running = Server::new(Config::local()).add(Alone).start().await.unwrap();
    let channel = connect(running.addr()).await;
    for known in ["", "AddService"] {
        assert_eq!(check(&channel, known).await, Ok(ServingStatus::Serving), "{known}");
    }
    assert_eq!(call(&channel, "/AddService/Add", question("")).await.unwrap_err().code(), Code::Unimplemented);
    let mut socket = tokio::net::TcpStream::connect(running.addr()).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 400 ") && text.contains("Thrift"), "{text}");
}

#[tokio::test]
async fn a_service_of_the_same_last_name_does_not_answer_for_the_server() {
    let running = Server::new(Config::local()).add(Clinic).start().await.unwrap();
    let channel = connect(running.addr()).await;
    assert_eq!(check(&channel, "").await, Ok(ServingStatus::Serving));
    assert_eq!(check(&channel, "clinic.v1.Health").await, Ok(ServingStatus::Serving));
    let own = call(&channel, "/clinic.v1.Health/Check", question("")).await;
    assert_eq!(own.unwrap_err().message(), "no such patient");
}

/// Counts the messages of every answer.
#[derive(Clone)]
struct Counting<S> {
    inner: S,
    count: Arc<AtomicUsize>,
}

impl<S: tower::Service<Call, Response = Answer, Error = Error, Future = Handling>> tower::Service<Call>
    for Counting<S>
{
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, task: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, call: Call) -> Handling {
        let (answer, count) = (self.inner.call(call), Arc::clone(&self.count));
        Box::pin(async move {
            let Answer { head, body, trailers } = answer.await?;
            let counted = move |message| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(message)
            };
            let body = match body {
                Body::Whole(message) => Body::Whole(counted(message)?),
                Body::Stream(messages) => Body::Stream(messages.map(counted)),
            };
            Ok(Answer { head, body, trailers })
        })
    }
}

/// A stream goes through the layers as any answer does.
#[tokio::test]
async fn a_layer_counts_the_messages_of_a_stream() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let layer = tower::layer::layer_fn(move |inner| Counting { inner, count: Arc::clone(&seen) });
    let server = Server::new(Config::local()).add(HelloServer::default()).layer(layer);
    let running = server.start().await.unwrap();
    let channel = connect(running.addr()).await;
    let mut stream = watch(&channel, "").await;
    assert_eq!(next(&mut stream).await, Some(ServingStatus::Serving));
    assert_eq!((count.load(Ordering::SeqCst), running.in_flight()), (1, 1));
    let stopping = tokio::spawn(running.stop());
    assert_eq!(next(&mut stream).await, Some(ServingStatus::NotServing));
    assert_eq!(next(&mut stream).await, None);
    assert_eq!(count.load(Ordering::SeqCst), 2);
    stopping.await.unwrap().unwrap();
}

/// To let go of a stream ends the work for it.
#[tokio::test]
async fn a_stream_that_is_dropped_gives_its_place_back() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let mut stream = watch(&channel, "").await;
    assert_eq!(next(&mut stream).await, Some(ServingStatus::Serving));
    assert_eq!(running.in_flight(), 1);
    drop(stream);
    while running.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
}
