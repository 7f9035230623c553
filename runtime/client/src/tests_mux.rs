//! Many calls on one connection: each gets its own answer, or none.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::mux_connection::{CallOptions, MuxConnection, Silence};
use super::*;
use kiteline_core::Error;
use kiteline_core::Limits;
use kiteline_core::limits::DecodeLimits;
use kiteline_core::service::{Answer, Call, Handling, Idl, Method, Service, ServiceInfo};
use kiteline_registry::Registry;
use kiteline_server::Builder as Server;
use kiteline_thrift::ttheader::flags;
use kiteline_thrift::{Header, Incoming, MessageReader, MessageType, Outgoing, TtHeader, Wire};

static METHODS: [Method; 1] = [Method::new(Idl::Thrift, "/EchoService/Echo", 0)];

static INFO: ServiceInfo =
    ServiceInfo { name: "EchoService", package: "", registry_name: "echo", idl: Idl::Thrift, methods: &METHODS };

/// Gives bodies back, every third one later.
struct Echo;

impl Service for Echo {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move {
            if call.body.as_whole().unwrap().last().is_some_and(|byte| byte % 3 == 0) {
                tokio::task::yield_now().await;
            }
            Ok(Answer::from(call.body))
        })
    }
}

fn body(caller: u32, turn: u32) -> Bytes {
    let number = u64::from(caller) << 32 | u64::from(turn);
    Bytes::from(number.to_be_bytes().repeat(1 + turn as usize % 5))
}

async fn echo(channel: &Channel, body: Bytes) -> Result<Bytes, Error> {
    Request::new(channel, &METHODS[0], Ok(body), |body, _: DecodeLimits| Ok(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_share_connections_get_their_own_answers() {
    let running = Server::new(&Limits::default()).service(Arc::new(Echo)).start("127.0.0.1:0", None).await.unwrap();
    let registry = Registry::open(&format!("static:echo={}", running.addr())).unwrap();
    let channel = Channel::builder("echo").registry(&registry).multiplex(true).build().unwrap();
    let callers = (0..64).map(|caller| {
        let channel = channel.clone();
        tokio::spawn(async move {
            for turn in 0..313 {
                let sent = body(caller, turn);
                assert_eq!(echo(&channel, sent.clone()).await.unwrap(), sent);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    assert!(running.counters().get(kiteline_server::Counter::Accepted) <= cores.min(8));
    assert_eq!(running.in_flight(), 0);
}

/// The two ends of a connection.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

fn message(kind: MessageType, seq: i32, body: &Bytes) -> BytesMut {
    let info = TtHeader { flags: flags::OUT_OF_ORDER, seq, ..TtHeader::default() };
    let mut out = BytesMut::new();
    let header = Header { protocol: Default::default(), kind, name: "Echo", seq };
    Outgoing { wire: Wire::TtHeaderFramed, header, info: &info, body }.write_head(1 << 20, &mut out).unwrap();
    out.extend_from_slice(body);
    out
}

fn enter<'a>(connection: &'a MuxConnection, text: &'static str) -> super::mux_connection::PendingCall<'a> {
    let body = Bytes::from_static(text.as_bytes());
    let head = |seq, out: &mut BytesMut| {
        let whole = message(MessageType::Call, seq, &body);
        out.extend_from_slice(&whole[..whole.len() - body.len()]);
        Ok(())
    };
    connection.enter(CallOptions { answered: true, deadline: None, waker: None }, head, &body).unwrap()
}

async fn requests(stream: &mut TcpStream, count: usize) -> Vec<Incoming> {
    let mut messages = MessageReader::new(1 << 20);
    let mut all = Vec::new();
    while all.len() < count {
        match messages.take().unwrap() {
            Some(incoming) => all.push(incoming),
            None => assert!(stream.read_buf(messages.room()).await.unwrap() > 0),
        }
    }
    all
}

fn text(incoming: &Incoming) -> Bytes {
    let (_, at) = Header::read(incoming.message()).unwrap();
    incoming.clone().into_body(at)
}

#[tokio::test]
async fn answers_that_are_swapped_repeated_late_or_unknown_reach_nobody_else() {
    let (near, mut peer) = pair().await;
    let counters = Arc::new(Counters::default());
    let connection = MuxConnection::new(near, 1 << 20, Arc::clone(&counters));
    let (one, two, gone) = (enter(&connection, "one"), enter(&connection, "two"), enter(&connection, "gone"));
    let asked = requests(&mut peer, 3).await;
    let abandoned = gone.seq;
    drop(gone);
    // The place of the one that left is taken again, under another number.
    let next = enter(&connection, "next");
    assert_ne!(next.seq, abandoned);
    let asked_next = requests(&mut peer, 1).await;
    let mut out = BytesMut::new();
    for seq in [0, -1, i32::MAX, abandoned] {
        out.extend_from_slice(&message(MessageType::Reply, seq, &Bytes::from_static(b"stray")));
    }
    for request in [&asked[1], &asked[1], &asked_next[0], &asked[0], &asked[0]] {
        out.extend_from_slice(&message(MessageType::Reply, request.seq, &text(request)));
    }
    peer.write_all(&out).await.unwrap();
    for (mut call, sent) in [(one, "one"), (two, "two"), (next, "next")] {
        assert_eq!(text(&call.answer().await.unwrap()), sent);
    }
    let mut last = enter(&connection, "last");
    assert_eq!(requests(&mut peer, 1).await.len(), 1);
    assert_eq!(counters.get(Counter::UnknownReplies), 6);
    drop(peer);
    assert!(matches!(last.answer().await, Err(Silence::Closed(why)) if why == "closed before the answer"));
    assert!(!connection.is_open());
}

/// The bytes are those of a Kitex server that shuts down.
#[tokio::test]
async fn a_goodbye_lets_no_further_call_enter() {
    let (near, mut peer) = pair().await;
    let counters = Arc::<Counters>::default();
    let connection = MuxConnection::new(near, 1 << 20, Arc::clone(&counters));
    let mut before = enter(&connection, "before");
    let asked = requests(&mut peer, 1).await;
    let records: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/kitex/mux.json")).unwrap();
    let record = records.as_array().unwrap().iter().find(|it| it["name"] == "mux_graceful_shutdown").unwrap();
    let digits = record["response_hex"].as_str().unwrap().as_bytes();
    let goodbye: Vec<u8> = digits[..2 * 47]
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    assert!(connection.is_open());
    peer.write_all(&goodbye).await.unwrap();
    // What is in work is still answered, behind it.
    peer.write_all(&message(MessageType::Reply, asked[0].seq, &text(&asked[0]))).await.unwrap();
    assert_eq!(text(&before.answer().await.unwrap()), "before");
    assert!(!connection.is_open());
    assert_eq!(counters.get(Counter::UnknownReplies), 0);
}
