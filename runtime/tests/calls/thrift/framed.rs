//! Framed Thrift over a real socket: parity with Kitex's bytes, and what damage may not do.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::add::{AddRequest, AddResponse, AddServer};
use crate::peer::{Peer, frame};
use bytes::Bytes;
use runtime::Config;
use runtime::limits::DecodeLimits;
use runtime::server::{Counter, Running};
use runtime::thrift::{self, MessageType, exception};
use runtime::{Code, Error, Limits, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn start(server: &AddServer, limits: Limits) -> Running {
    let options = Config { limits, ..Config::local() };
    Server::new(options).add(server.clone()).start().await.unwrap()
}

async fn default() -> (AddServer, Running) {
    let server = AddServer::default();
    let running = start(&server, Limits::default()).await;
    (server, running)
}

fn arguments(first: i32, second: i32) -> Bytes {
    thrift::body(&[(1, &AddRequest { first, second })]).unwrap()
}

/// A normal call on a connection of its own.
async fn ping(addr: SocketAddr) {
    let mut peer = Peer::connect(addr).await;
    expect_sum(&mut peer, 1, 2).await;
}

async fn expect_sum(peer: &mut Peer, first: i32, second: i32) {
    let reply = peer.call("Add", 7, &arguments(first, second)).await;
    assert_eq!((reply.kind, &*reply.name, reply.seq), (MessageType::Reply, "Add", 7));
    let response: AddResponse = thrift::result(reply.body, DecodeLimits::default()).unwrap();
    assert_eq!(response.sum, first + second);
}

fn exception_of(message: crate::peer::Message) -> Error {
    assert_eq!(message.kind, MessageType::Exception);
    exception::decode(&message.body, DecodeLimits::default())
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[tokio::test]
async fn answers_kitex_byte_for_byte() {
    let (_, running) = default().await;
    let records = include_str!("../../../../tests/vectors/kitex/wire.json");
    let records: serde_json::Value = serde_json::from_str(records).unwrap();
    let mut peer = Peer::connect(running.addr()).await;
    let mut seen = 0;
    for record in records.as_array().unwrap() {
        if record["transport"] != "framed" || record["idl"] != "add.thrift" {
            continue;
        }
        seen += 1;
        peer.send(&hex(record["request_hex"].as_str().unwrap())).await;
        let expected = hex(record["response_hex"].as_str().unwrap());
        let mut response = vec![0; expected.len()];
        peer.stream.read_exact(&mut response).await.unwrap();
        assert_eq!(response, expected, "{}", record["name"]);
    }
    assert!(seen >= 6, "{seen}");
}

#[tokio::test]
async fn answers_a_pipeline_in_order() {
    let (server, running) = default().await;
    let mut peer = Peer::connect(running.addr()).await;
    let mut batch = frame(MessageType::Call, "Add", 1, &arguments(1, 1));
    batch.extend(frame(MessageType::Call, "Wait", 2, &[0]));
    batch.extend(frame(MessageType::Oneway, "Fire", 3, &[0]));
    batch.extend(frame(MessageType::Call, "Add", 4, &arguments(2, 2)));
    // Split anywhere: a frame is answered when it is whole.
    let (head, tail) = batch.split_at(70);
    peer.send(head).await;
    assert_eq!(peer.receive().await.unwrap().seq, 1);
    peer.send(tail).await;
    server.probe.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    server.probe.release.send_replace(true);
    assert_eq!(peer.receive().await.unwrap().seq, 2);
    assert_eq!(peer.receive().await.unwrap().seq, 4);
    assert_eq!(*server.probe.fired.borrow(), 1);
}

#[tokio::test]
async fn answers_big_bodies_after_small_ones() {
    let (_, running) = default().await;
    let mut peer = Peer::connect(running.addr()).await;
    let long = "x".repeat(3 << 20);
    let body = thrift::body(&[(4, &long)]).unwrap();
    assert_eq!(peer.call("Take", 1, &body).await.kind, MessageType::Reply);
    let name = "n".repeat(40_000);
    let error = exception_of(peer.call(&name, 2, &[0]).await);
    assert!(error.message().ends_with(&name));
    expect_sum(&mut peer, 3, 4).await;
}

#[tokio::test]
async fn errors_reach_the_caller_and_the_connection_stays() {
    let (_, running) = default().await;
    let mut peer = Peer::connect(running.addr()).await;
    let error = exception_of(peer.call("Fail", 1, &[0]).await);
    assert_eq!((error.code(), error.reason()), (Code::NotFound, "GONE"));
    let error = exception_of(peer.call("Nope", 2, &[0]).await);
    assert_eq!((error.code(), error.message()), (Code::Unimplemented, "unknown method Nope"));
    let error = exception_of(peer.call("Panic", 3, &[0]).await);
    assert_eq!((error.code(), error.message()), (Code::Internal, "panic in AddService.Panic"));
    expect_sum(&mut peer, 1, 1).await;
    assert_eq!(running.counters().get(Counter::Panics), 1);
    assert_eq!(running.in_flight(), 0);
}

#[tokio::test]
async fn undecodable_arguments_are_a_protocol_error() {
    let (_, running) = default().await;
    let mut peer = Peer::connect(running.addr()).await;
    let hostile: &[&[u8]] = &[
        // A list, a set, a map of 2^31-1, 2^32-1 and 2^31 elements, in known and unknown fields.
        &hex("0f00010b7fffffff00"),
        &hex("0f00010bffffffff00"),
        &hex("0f00010b8000000000"),
        &hex("0e0003087fffffff00"),
        &hex("0d00020b0a7fffffff00"),
        &hex("0f00090c7fffffff00"),
        &hex("0d00090c0cffffffff00"),
        &hex("0f00010b000000017fffffff00"),
        &hex("0b00047fffffff00"),
        &hex("0b0004ffffffff00"),
        &hex("0b000400000002c32800"),
        &hex("63000100"),
        &hex("0b0004"),
        &hex("0000"),
        &hex(""),
        &hex("0f00010a000000010000000000000001 00".replace(' ', "").as_str()),
    ];
    for (seq, body) in (1..).zip(hostile) {
        let error = exception_of(peer.call("Take", seq, body).await);
        assert_eq!(error.code(), Code::InvalidArgument, "{body:?}: {error}");
    }
    expect_sum(&mut peer, 1, 1).await;
    let bad = running.counters().get(Counter::BadArguments);
    assert_eq!(bad, hostile.len() as u64);
}

#[tokio::test]
async fn damage_outside_a_body_closes_only_its_connection() {
    let (_, running) = default().await;
    let mut other = Peer::connect(running.addr()).await;
    expect_sum(&mut other, 1, 1).await;
    let damaged = [
        "ffffffff",                                       // negative length
        "0fffffff8001000100000003",                       // over the limit
        "1600010000",                                     // TLS
        "80010009000000034164640000000100",               // not framed, no such message type
        "8001000100000003ff6464000000010000",             // not framed, a name that is not text
        "8001000100000003416464000000016300010000",       // not framed, no such type
        "8001000100000003416464000000010b0001ffffffff",   // not framed, a negative length
        "8001000100000003416464000000010f00010b7fffffff", // not framed, a count that cannot be
        "00000010000000034164640100000001000000",         // Binary without a version
        "0000000482220000",                               // Compact of another version
        "0000000482a10000",                               // Compact, no such message type
        "000000078221ffffffffff",                         // Compact, a sequence number without an end
        "00000006822101ffffff",                           // Compact, a name longer than the frame
        "0000000582210101ff",                             // Compact, a name that is not text
        "8221010341646419f8ffffffff07",                   // Compact, not framed, a count that cannot be
        "822101034164641e",                               // Compact, not framed, no such type
        "000000118001000900000004000000000000000100",     // no such message type
        "0000001180010001ffffffff0000000000000001",       // a name longer than the frame
        "00000000",                                       // an empty frame
    ];
    for bytes in damaged {
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(&hex(bytes)).await;
        peer.stream.shutdown().await.unwrap();
        assert_eq!(peer.receive().await, None, "{bytes}");
        ping(running.addr()).await;
    }
    let mut peer = Peer::connect(running.addr()).await;
    peer.send(&frame(MessageType::Reply, "Add", 3, &[0])).await;
    assert_eq!(exception_of(peer.receive().await.unwrap()).code(), Code::InvalidArgument);
    assert_eq!(peer.receive().await, None);
    expect_sum(&mut other, 2, 2).await;
}

#[tokio::test]
async fn a_browser_is_told_what_is_served() {
    let (_, running) = default().await;
    let mut peer = Peer::connect(running.addr()).await;
    peer.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut text = String::new();
    peer.stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
    assert!(text.ends_with("This port serves AddService (Thrift), not HTTP/1.\n"));
}

#[tokio::test]
async fn a_pending_handler_is_dropped_when_its_caller_leaves() {
    let (server, running) = default().await;
    let mut peer = Peer::connect(running.addr()).await;
    peer.send(&frame(MessageType::Call, "Wait", 1, &[0])).await;
    server.probe.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    drop(peer);
    server.probe.dropped.subscribe().wait_for(|count| *count == 1).await.unwrap();
    assert_eq!(running.counters().get(Counter::Abandoned), 1);
}

#[tokio::test]
async fn a_handler_past_its_deadline_is_given_up() {
    let server = AddServer::default();
    let limits = Limits { handler: Duration::from_millis(20), ..Limits::default() };
    let running = start(&server, limits).await;
    let mut peer = Peer::connect(running.addr()).await;
    let error = exception_of(peer.call("Wait", 1, &[0]).await);
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(*server.probe.dropped.borrow(), 1);
    expect_sum(&mut peer, 1, 1).await;
}

/// Whoever always has another call on its way would else be refused from the first deadline on.
#[tokio::test]
async fn the_time_of_a_call_does_not_begin_before_it_arrives() {
    let (server, running) = default().await;
    let mut peer = Peer::connect(running.addr()).await;
    peer.send(&frame(MessageType::Call, "Wait", 1, &[0])).await;
    server.probe.waiting.subscribe().wait_for(|&waiting| waiting == 1).await.unwrap();
    let sent = Instant::now();
    let second = frame(MessageType::Call, "Wait", 2, &[0; 100 << 10]);
    peer.send(&second).await;
    // It is read while the first is waited for.
    while running.in_flight_bytes() < second.len() {
        tokio::task::yield_now().await;
    }
    server.probe.release.send_replace(true);
    for seq in [1, 2] {
        let answer = peer.receive().await.unwrap();
        assert_eq!((answer.kind, answer.seq), (MessageType::Reply, seq));
    }
    let deadline = *server.probe.deadline.borrow();
    assert!(deadline.unwrap() >= sent + Limits::default().handler);
}

#[tokio::test]
async fn calls_over_the_limit_are_shed() {
    let server = AddServer::default();
    let running = start(&server, Limits { in_flight: 1, ..Limits::default() }).await;
    let mut slow = Peer::connect(running.addr()).await;
    slow.send(&frame(MessageType::Call, "Wait", 1, &[0])).await;
    server.probe.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    let mut peer = Peer::connect(running.addr()).await;
    let error = exception_of(peer.call("Add", 1, &arguments(1, 2)).await);
    assert_eq!(error.code(), Code::ResourceExhausted);
    server.probe.release.send_replace(true);
    assert_eq!(slow.receive().await.unwrap().seq, 1);
    expect_sum(&mut peer, 1, 1).await;
}

#[tokio::test]
async fn stalled_connections_are_closed() {
    let server = AddServer::default();
    let short = Duration::from_millis(100);
    let limits = Limits { first_byte: short, whole_frame: short, idle: short, ..Limits::default() };
    let running = start(&server, limits).await;
    for bytes in [&b""[..], b"P", &[0, 0, 0, 9], &frame(MessageType::Call, "Add", 1, &[0])] {
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(bytes).await;
        while peer.receive().await.is_some() {}
    }
    assert_eq!(running.counters().get(Counter::Stalled), 3);
    assert_eq!(running.counters().get(Counter::Idle), 1);
}

#[tokio::test]
async fn connections_over_the_limit_are_refused() {
    let server = AddServer::default();
    let running = start(&server, Limits { connections_per_address: 1, ..Limits::default() }).await;
    let mut first = Peer::connect(running.addr()).await;
    expect_sum(&mut first, 1, 1).await;
    let mut second = Peer::connect(running.addr()).await;
    assert_eq!(second.receive().await, None);
    expect_sum(&mut first, 2, 2).await;
}

#[tokio::test]
async fn a_drain_waits_for_calls_and_ends_idle_connections() {
    let (server, running) = default().await;
    let addr = running.addr();
    let mut idle = Peer::connect(addr).await;
    expect_sum(&mut idle, 1, 1).await;
    let mut slow = Peer::connect(addr).await;
    slow.send(&frame(MessageType::Call, "Wait", 1, &[0])).await;
    server.probe.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    let ended = running.wait();
    let stopping = tokio::spawn(running.stop());
    assert_eq!(idle.receive().await, None);
    assert!(!stopping.is_finished());
    server.probe.release.send_replace(true);
    assert_eq!(slow.receive().await.unwrap().kind, MessageType::Reply);
    assert_eq!(slow.receive().await, None);
    stopping.await.unwrap().unwrap();
    ended.await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}

/// Half a request stands in the way of nobody for long, and its other half is still answered.
#[tokio::test]
async fn a_drain_answers_a_request_that_has_begun() {
    let (_, running) = default().await;
    let addr = running.addr();
    let (mut idle, mut begun) = (Peer::connect(addr).await, Peer::connect(addr).await);
    expect_sum(&mut idle, 1, 1).await;
    let [whole, begins] = [6, 7].map(|seq| frame(MessageType::Call, "Add", seq, &arguments(1, 2)));
    let (one, other) = begins.split_at(9);
    // In one segment: with the answer to the whole one, the half one has been read.
    begun.send(&[&whole, one].concat()).await;
    assert_eq!(begun.receive().await.unwrap().seq, 6);
    let stopping = tokio::spawn(running.stop());
    assert_eq!(idle.receive().await, None);
    assert!(!stopping.is_finished());
    begun.send(other).await;
    assert_eq!(begun.receive().await.unwrap().seq, 7);
    assert_eq!(begun.receive().await, None);
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_drain_gives_up_after_its_limit() {
    let server = AddServer::default();
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let running = start(&server, limits).await;
    let mut slow = Peer::connect(running.addr()).await;
    slow.send(&frame(MessageType::Call, "Wait", 1, &[0])).await;
    server.probe.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    assert_eq!(running.stop().await.unwrap_err().code(), Code::DeadlineExceeded);
    server.probe.dropped.subscribe().wait_for(|count| *count == 1).await.unwrap();
}

#[tokio::test]
async fn one_service_twice_cannot_start() {
    let options = Config::local();
    let server = AddServer::default();
    let twice = Server::new(options.clone()).add(server.clone()).add(server).start().await;
    assert_eq!(twice.unwrap_err().code(), Code::FailedPrecondition);
    let none = Server::new(options).start().await;
    assert_eq!(none.unwrap_err().code(), Code::FailedPrecondition);
}
