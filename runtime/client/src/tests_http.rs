//! Calls over HTTP against peers that end streams and connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use kiteline_core::Context;
use kiteline_core::body::{Body, Messages};
use kiteline_core::error::{Code, Error};
use kiteline_core::limits::Limits;
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call, Handling, Idl, Method, Service, ServiceInfo};
use kiteline_registry::{Endpoint, Instance, Registry};
use kiteline_server::Builder as Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

static METHODS: [Method; 3] = [
    Method::new(Idl::Proto, "/hello.Greeter/Echo", 0),
    Method::new(Idl::Proto, "/hello.Greeter/Each", 1).streaming(true, true),
    Method::new(Idl::Proto, "/hello.Greeter/Join", 2).streaming(true, false),
];
static GREETER: ServiceInfo =
    ServiceInfo { name: "Greeter", package: "hello", registry_name: "greeter", idl: Idl::Proto, methods: &METHODS };

struct Greeter;

impl Service for Greeter {
    fn info(&self) -> &'static ServiceInfo {
        &GREETER
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move {
            match call.method.name {
                "Echo" => Ok(Answer::new(&call.cx, call.body)),
                "Each" => Ok(Answer { body: call.body.into_messages().into(), ..Answer::default() }),
                _ => join(call.body.into_messages()).await,
            }
        })
    }
}

async fn join(mut messages: Messages) -> Result<Answer, Error> {
    let mut all = Vec::new();
    while let Some(message) = messages.next().await {
        all.extend_from_slice(&message?);
    }
    Ok(Answer::from(Bytes::from(all)))
}

fn call(method: &'static Method, body: impl Into<Body>) -> Call {
    Call::new(method, Context::new(), body, Limits::default().decode)
}

async fn echo(channel: &Channel) -> Result<Bytes, Error> {
    channel.call(call(&METHODS[0], Bytes::from_static(b"hello")), None).await?.body.into_whole()
}

/// HTTP/2's SETTINGS, empty.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
/// GOAWAY: no stream was looked at, nothing is wrong.
const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// RST_STREAM of stream 1: REFUSED_STREAM.
const REFUSED: [u8; 13] = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];

/// An address whose first connections say `words` once a request has come; those behind go to a server.
async fn rude(words: &'static [u8], times: usize) -> (std::net::SocketAddr, Arc<AtomicUsize>, impl Sized) {
    let running = Server::new(&Limits::default()).service(Arc::new(Greeter)).start("127.0.0.1:0", None).await.unwrap();
    let (listener, served) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), running.addr());
    let (at, seen) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if count.fetch_add(1, Ordering::SeqCst) >= times {
                let mut behind = TcpStream::connect(served).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut stream, &mut behind).await });
                continue;
            }
            tokio::spawn(async move {
                stream.write_all(&SETTINGS).await.unwrap();
                let mut all = Vec::new();
                // HEADERS of stream 1.
                while !all.windows(9).any(|it| it[3] == 1 && it[5..] == [0, 0, 0, 1]) {
                    assert!(stream.read_buf(&mut all).await.unwrap() > 0);
                }
                stream.write_all(words).await.unwrap();
                if words == SEEN {
                    return;
                }
                while stream.read_buf(&mut all).await.unwrap_or(0) > 0 {}
            });
        }
    });
    (at, seen, running)
}

#[tokio::test]
async fn what_no_peer_looked_at_is_sent_again_on_another_connection() {
    for words in [&GOAWAY[..], &REFUSED] {
        let (at, seen, _running) = rude(words, 1).await;
        let channel = Channel::to(&at.to_string()).unwrap();
        assert_eq!(echo(&channel).await.unwrap(), "hello");
        assert_eq!(seen.load(Ordering::SeqCst), 2, "{words:?}");
        assert_eq!(echo(&channel).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_peer_that_only_refuses_is_not_asked_for_ever() {
    let (at, seen, _running) = rude(&REFUSED, 100).await;
    let error = echo(&Channel::to(&at.to_string()).unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(seen.load(Ordering::SeqCst), 3);
}

/// The first connection leads nowhere once it stands.
#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_left() {
    let (at, seen, _running) = rude(&[], 1).await;
    let channel = Channel::to(&at.to_string()).unwrap();
    for _ in 0..20 {
        let wait = Duration::from_millis(500);
        match channel.call(call(&METHODS[0], Bytes::new()), Some(wait)).await {
            Ok(_) => break,
            Err(late) => assert_eq!(late.code(), Code::DeadlineExceeded),
        }
    }
    assert_eq!((echo(&channel).await.unwrap(), seen.load(Ordering::SeqCst)), (Bytes::from("hello"), 2));
}

/// Calls that have little time notice, too, each after the other.
#[tokio::test]
async fn deadlines_in_silence_take_their_connection_along() {
    let (at, seen, _running) = rude(&[], 1).await;
    let channel = Channel::to(&at.to_string()).unwrap();
    // So that there is a connection.
    let first = channel.call(call(&METHODS[0], Bytes::new()), Some(Duration::from_millis(45))).await;
    assert_eq!(first.unwrap_err().code(), Code::DeadlineExceeded);
    until(|| seen.load(Ordering::SeqCst) == 1).await;
    for _ in 0..3 {
        let made = channel.call(call(&METHODS[0], Bytes::new()), Some(Duration::from_millis(45))).await;
        let _ = made.map_err(|error| assert_eq!(error.code(), Code::DeadlineExceeded));
    }
    assert_eq!(echo(&channel).await.unwrap(), "hello");
    // A machine that is slow for a moment may lose the second one likewise.
    assert!(seen.load(Ordering::SeqCst) >= 2);
}

/// GOAWAY: stream 1 was looked at.
const SEEN: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

#[tokio::test]
async fn what_a_peer_looked_at_is_not_sent_again() {
    let (at, seen, _running) = rude(&SEEN, 1).await;
    let channel = Channel::to(&at.to_string()).unwrap();
    let made = tokio::spawn(async move { echo(&channel).await });
    // The connection ends behind its last words.
    let error = made.await.unwrap().unwrap_err();
    assert_eq!((error.code(), seen.load(Ordering::SeqCst)), (Code::Unavailable, 1), "{error:?}");
}

#[tokio::test]
async fn a_peer_without_settings_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let connect = Duration::from_millis(50);
    let registry = kiteline_registry::Registry::open(&format!("static:greeter={at}")).unwrap();
    let channel = Channel::builder("greeter").registry(&registry).connect_timeout(connect).build().unwrap();
    let error = echo(&channel).await.unwrap_err();
    assert!(error.code() == Code::Unavailable && error.message().contains("no settings of HTTP/2"), "{error:?}");
}

/// A handler that waits until it is let go.
struct Gate(Arc<tokio::sync::Semaphore>, Arc<AtomicUsize>);

impl Service for Gate {
    fn info(&self) -> &'static ServiceInfo {
        &GREETER
    }

    fn call(&self, call: Call) -> Handling {
        let (gate, running) = (Arc::clone(&self.0), Arc::clone(&self.1));
        running.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            gate.acquire().await.map_err(|_| Error::internal("closed"))?.forget();
            Ok(Answer::new(&call.cx, call.body))
        })
    }
}

/// A server that takes so many calls on a connection.
async fn gated(streams: u32) -> (kiteline_server::Running, Arc<tokio::sync::Semaphore>, Arc<AtomicUsize>) {
    let (gate, running) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let service = Arc::new(Gate(Arc::clone(&gate), Arc::clone(&running)));
    let limits = Limits { grpc_streams: streams, ..Limits::default() };
    (Server::new(&limits).service(service).start("127.0.0.1:0", None).await.unwrap(), gate, running)
}

async fn until(done: impl Fn() -> bool) {
    let wait = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
}

#[tokio::test]
async fn calls_beyond_the_streams_of_a_connection_open_another_one() {
    let (server, gate, running) = gated(5).await;
    let channel = Channel::to(&server.addr().to_string()).unwrap();
    let calls: Vec<_> = (0..60)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { echo(&channel).await })
        })
        .collect();
    until(|| running.load(Ordering::SeqCst) == 60).await;
    assert_eq!(server.connections(), 12);
    gate.add_permits(60);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "hello");
    }
}

#[tokio::test]
async fn calls_beyond_all_connections_wait_for_a_stream() {
    let (server, gate, running) = gated(1).await;
    let channel = Channel::to(&server.addr().to_string()).unwrap();
    let calls: Vec<_> = (0..70)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { echo(&channel).await })
        })
        .collect();
    until(|| running.load(Ordering::SeqCst) == 64).await;
    let late = channel.call(call(&METHODS[0], Bytes::new()), Some(Duration::from_millis(20))).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert_eq!((running.load(Ordering::SeqCst), server.connections()), (64, 64));
    gate.add_permits(70);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "hello");
    }
    assert_eq!(running.load(Ordering::SeqCst), 70);
}

/// SETTINGS: the first window of a stream is empty.
const CLOSED: [u8; 15] = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// A request that waits for window is reset with its call, although all of its body is there.
#[tokio::test]
async fn a_request_that_waits_for_window_is_reset_with_its_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = Channel::to(&listener.local_addr().unwrap().to_string()).unwrap();
    let made = tokio::spawn(async move {
        channel.call(call(&METHODS[0], Bytes::from_static(b"hello")), Some(Duration::from_millis(300))).await
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.write_all(&CLOSED).await.unwrap();
    let mut all = Vec::new();
    // RST_STREAM of stream 1: CANCEL.
    let reset = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8];
    while !all.windows(13).any(|it| it == reset) {
        assert!(stream.read_buf(&mut all).await.unwrap() > 0);
    }
    assert_eq!(made.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_stream_of_requests_is_sent_once() {
    let (at, seen, _running) = rude(&REFUSED, 1).await;
    let channel = Channel::to(&at.to_string()).unwrap();
    let made = channel.call(call(&METHODS[2], Messages::once(Bytes::from_static(b"x"))), None).await;
    assert_eq!((made.unwrap_err().code(), seen.load(Ordering::SeqCst)), (Code::Unavailable, 1));
}

fn ways() -> [(&'static str, Http); 5] {
    [
        ("gRPC", Http::grpc()),
        ("gRPC-Web", Http::grpc_web()),
        ("Connect", Http::connect()),
        ("gRPC, gzip", Http::grpc().with_gzip()),
        ("Connect, HTTP/1.1", Http::connect().over_http1()),
    ]
}

#[tokio::test]
async fn every_kind_of_method_works_over_every_protocol() {
    let running = Server::new(&Limits::default()).service(Arc::new(Greeter)).start("127.0.0.1:0", None).await.unwrap();
    let registry = kiteline_registry::Registry::open(&format!("static:greeter={}", running.addr())).unwrap();
    for (name, http) in ways() {
        let one = name.ends_with("1.1");
        let channel = Channel::builder("greeter").registry(&registry).http(http).build().unwrap();
        for _ in 0..3 {
            assert_eq!(echo(&channel).await.unwrap(), "hello", "{name}");
        }
        let (mut sender, body) = Messages::channel(100);
        sender.send(Bytes::from_static(b"a")).await.unwrap();
        if one {
            sender.send(Bytes::from_static(b"b")).await.unwrap();
            sender.finish(Metadata::new());
            let joined = channel.call(call(&METHODS[2], body), None).await.unwrap();
            assert_eq!(joined.body.into_whole().unwrap(), "ab", "{name}");
            continue;
        }
        let mut answers = channel.call(call(&METHODS[1], body), None).await.unwrap().body.into_messages();
        assert_eq!(answers.next().await.unwrap().unwrap(), "a", "{name}");
        sender.send(Bytes::from_static(b"b")).await.unwrap();
        assert_eq!(answers.next().await.unwrap().unwrap(), "b", "{name}");
        sender.finish(Metadata::new());
        assert!(answers.next().await.is_none(), "{name}");
    }
    assert_eq!(running.in_flight(), 0);
}

/// The server's side of a stream that its caller gives up.
#[tokio::test]
async fn a_stream_that_is_dropped_ends_on_the_other_side() {
    let running = Server::new(&Limits::default()).service(Arc::new(Greeter)).start("127.0.0.1:0", None).await.unwrap();
    let channel = Channel::to(&running.addr().to_string()).unwrap();
    let (mut sender, body) = Messages::channel(100);
    sender.send(Bytes::from_static(b"a")).await.unwrap();
    let mut answers = channel.call(call(&METHODS[1], body), None).await.unwrap().body.into_messages();
    assert_eq!(answers.next().await.unwrap().unwrap(), "a");
    assert_eq!(running.in_flight(), 1);
    drop(answers);
    sender.closed().await;
    while running.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
}

/// What a channel writes first to an instance that offers shared connections, or not.
async fn first_bytes(method: &'static Method, offers: bool, http: Option<Http>) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("grpc", "127.0.0.1", listener.local_addr().unwrap().port());
    let registry = Registry::open("memory").unwrap();
    let instance = Instance::new("greeter", endpoint).with_out_of_order(offers);
    let _registration = registry.register(vec![instance]).unwrap();
    let mut builder = Channel::builder("greeter").registry(&registry);
    if let Some(http) = http {
        builder = builder.http(http);
    }
    let channel = builder.build().unwrap();
    let calling = tokio::spawn(async move { channel.call(call(method, Bytes::new()), None).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut first = vec![0; 6];
    stream.read_exact(&mut first).await.unwrap();
    calling.abort();
    first
}

#[tokio::test]
async fn calls_of_one_message_share_connections_where_the_instance_offers_it() {
    let [echo, each] = [&METHODS[0], &METHODS[1]];
    assert_eq!(first_bytes(echo, true, None).await[4..], [0x10, 0x00], "a TTHeader behind the frame's length");
    for (method, offers, http) in [(echo, false, None), (each, true, None), (echo, true, Some(Http::grpc()))] {
        assert_eq!(first_bytes(method, offers, http).await, b"PRI * ", "{} {offers}", method.name);
    }
}
