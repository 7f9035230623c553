//! Large messages are read and written beside the workers, and are answered as small ones are.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use crate::add::AddServer;
use crate::limited::{WIRES, start, text, whole};
use crate::peer::Peer;
use bytes::Bytes;
use runtime::client::{Protocol, Request, Transport};
use runtime::limits::DecodeLimits;
use runtime::server::Counter;
use runtime::thrift::{self, Header, MessageType, Outgoing, TtHeader, Wire, compact, exception};
use runtime::{Call, Channel, Code, Config, Error, Handling, Limits, Registry, Server, Service, ServiceInfo};
use tokio::io::AsyncWriteExt;

const LARGE: usize = 300 << 10;

/// A framed call whose body is given in Binary.
fn call(protocol: thrift::Protocol, name: &str, seq: i32, body: &Bytes) -> Vec<u8> {
    let compact = protocol == thrift::Protocol::Compact;
    let body = if compact { compact::from_binary(body).unwrap() } else { body.clone() };
    raw(protocol, name, seq, &body)
}

fn raw(protocol: thrift::Protocol, name: &str, seq: i32, body: &Bytes) -> Vec<u8> {
    let mut out = bytes::BytesMut::new();
    let header = Header { protocol, kind: MessageType::Call, name, seq };
    let info = TtHeader::default();
    Outgoing { wire: Wire::Framed, header, info: &info, body }.write_head(usize::MAX, &mut out).unwrap();
    [&out[..], body].concat()
}

const PROTOCOLS: [thrift::Protocol; 2] = [thrift::Protocol::Binary, thrift::Protocol::Compact];

#[tokio::test]
async fn large_and_small_calls_are_answered_in_order() {
    let (_, running) = start(Limits::default()).await;
    for protocol in PROTOCOLS {
        let mut peer = Peer::connect(running.addr()).await;
        let large = call(protocol, "Take", 2, &text(LARGE));
        let small = |seq| call(protocol, "Take", seq, &text(10));
        peer.send(&[small(1), large, small(3)].concat()).await;
        for seq in 1..=3 {
            let answer = peer.receive().await.unwrap();
            assert_eq!((answer.kind, answer.seq), (MessageType::Reply, seq), "{protocol:?}");
        }
    }
    assert_eq!((running.in_flight(), running.in_flight_bytes()), (0, 0));
}

#[tokio::test]
async fn what_is_wrong_with_a_large_call_is_its_own_error() {
    let (_, running) = start(Limits::default()).await;
    for (protocol, nth) in PROTOCOLS.into_iter().zip(1..) {
        let mut peer = Peer::connect(running.addr()).await;
        let trailing = Bytes::from([&text(LARGE)[..], &[0]].concat());
        let damaged = raw(thrift::Protocol::Binary, "Take", 1, &trailing);
        for (request, code, counter) in [
            (damaged, Code::InvalidArgument, Counter::BadArguments),
            (call(protocol, "Panic", 2, &text(LARGE)), Code::Internal, Counter::Panics),
        ] {
            peer.send(&request).await;
            let answer = peer.receive().await.unwrap();
            let body = match answer.body.first() {
                Some(0x0b) => answer.body,
                _ => compact::to_binary(&answer.body, DecodeLimits::default()).unwrap(),
            };
            assert_eq!(exception::decode(&body, DecodeLimits::default()).code(), code, "{protocol:?}");
            assert_eq!(running.counters().get(counter), nth);
        }
        assert_eq!(peer.call("Take", 3, &text(10)).await.kind, MessageType::Reply);
    }
}

/// As it does behind a small one.
#[tokio::test]
async fn a_caller_that_ends_its_side_behind_a_large_call_gets_the_answer() {
    let (_, running) = start(Limits::default()).await;
    for protocol in PROTOCOLS {
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(&call(protocol, "Take", 7, &text(LARGE))).await;
        peer.stream.shutdown().await.unwrap();
        let answer = peer.receive().await.unwrap();
        assert_eq!((answer.kind, answer.seq), (MessageType::Reply, 7), "{protocol:?}");
    }
    assert_eq!(running.counters().get(Counter::Abandoned), 0);
}

#[tokio::test]
async fn a_large_call_is_dropped_when_its_caller_leaves() {
    let (server, running) = start(Limits::default()).await;
    for (wire, nth) in WIRES.into_iter().zip(1..) {
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(&whole(wire, "Wait", MessageType::Call, &TtHeader::default(), &text(LARGE))).await;
        server.probe.waiting.subscribe().wait_for(|count| *count == nth).await.unwrap();
        drop(peer);
        server.probe.dropped.subscribe().wait_for(|count| *count == nth).await.unwrap();
    }
    while running.in_flight() > 0 || running.in_flight_bytes() > 0 {
        tokio::task::yield_now().await;
    }
}

/// 300,000 numbers in one byte each take eight each in Binary.
#[tokio::test]
async fn what_a_call_takes_more_when_it_is_opened_needs_room_too() {
    let mut body = vec![0x59, 0xf6, 0xe0, 0xa7, 0x12];
    body.resize(body.len() + 300_000 + 1, 0);
    let body = Bytes::from(body);
    for (in_flight_bytes, fits) in [(1 << 20, false), (4 << 20, true)] {
        let (_, running) = start(Limits { in_flight_bytes, ..Limits::default() }).await;
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(&raw(thrift::Protocol::Compact, "Take", 1, &body)).await;
        let answer = peer.receive().await.unwrap();
        assert_eq!(answer.kind == MessageType::Reply, fits, "{in_flight_bytes}");
        assert_eq!(running.counters().get(Counter::Shed), u64::from(!fits));
        assert_eq!((running.in_flight(), running.in_flight_bytes()), (0, 0));
    }
}

/// Answers with a text of the length of its request's, and notes where it began.
#[derive(Clone, Debug, Default)]
struct Mirror(Arc<Mutex<Vec<ThreadId>>>);

impl Service for Mirror {
    fn info(&self) -> &'static ServiceInfo {
        AddServer::default().info()
    }

    fn call(&self, call: Call) -> Handling {
        self.0.lock().unwrap().push(thread::current().id());
        Box::pin(async move {
            let text: String = thrift::argument(&call, 4, "4 text")?;
            thrift::reply(&call.cx, 0, &text)
        })
    }
}

/// The answer's length, and where it was read.
fn read(body: Bytes, limits: DecodeLimits) -> Result<(usize, ThreadId), Error> {
    thrift::result::<String>(body, limits).map(|text| (text.len(), thread::current().id()))
}

/// The test's own thread is the only worker.
#[tokio::test]
async fn large_calls_and_answers_leave_the_worker() {
    let mirror = Mirror::default();
    let running = Server::new(Config::local()).add(mirror.clone()).start().await.unwrap();
    let registry = Registry::open(&format!("static:add={}", running.addr())).unwrap();
    let worker = thread::current().id();
    for transport in [Transport::Buffered, Transport::Framed, Transport::TtheaderFramed, Transport::Multiplexed] {
        for protocol in [Protocol::Binary, Protocol::Compact] {
            let channel = Channel::builder("add").registry(&registry).transport(transport).protocol(protocol);
            let channel = channel.build().unwrap();
            for (length, aside) in [(100, false), (LARGE, true)] {
                let take = &mirror.info().methods[4];
                let (read, place) = Request::new(&channel, take, Ok(text(length)), read).await.unwrap();
                assert_eq!(read, length, "{transport:?} {protocol:?}");
                let began = mirror.0.lock().unwrap().pop().unwrap();
                assert_eq!((began != worker, place != worker), (aside, aside), "{transport:?} {protocol:?} {length}");
            }
        }
    }
}
