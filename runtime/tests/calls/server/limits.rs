//! Each limit below, at and above its value.

use std::time::Duration;

use crate::add::{AddRequest, AddServer};
use crate::limited::{WIRES, start, text, whole};
use crate::peer::{Peer, frame};
use bytes::{Bytes, BytesMut};
use runtime::client::{Counter as Seen, Request, Transport};
use runtime::limits::DecodeLimits;
use runtime::server::Counter;
use runtime::thrift::ttheader::{MAX_HEADER, MAX_PAIRS, flags};
use runtime::thrift::{
    self, Fault, FrameError, Header, MessageReader, MessageType, Outgoing, Protocol, TtHeader, TtHeaderError, Wire,
    exception, from_bytes, to_bytes,
};
use runtime::{Channel, Code, Limits, Registry, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[test]
fn frames() {
    for wire in WIRES {
        let bytes = whole(wire, "Take", MessageType::Call, &TtHeader::default(), &text(1000));
        // The length in front does not count; a bare message has none.
        let length = if wire == Wire::Buffered { bytes.len() } else { bytes.len() - 4 };
        for (limit, fits) in [(length + 1, true), (length, true), (length - 1, false)] {
            let mut messages = MessageReader::new(limit);
            messages.push(&bytes);
            match messages.take() {
                Ok(Some(incoming)) if fits => assert_eq!(incoming.wire, wire),
                Err(FrameError::TooLong { .. }) if !fits => {}
                other => panic!("{wire:?} {limit}: {other:?}"),
            }
        }
    }
}

#[test]
fn sizes_of_headers() {
    for (size, fits) in [(MAX_HEADER - 4, true), (MAX_HEADER, true), (MAX_HEADER + 4, false)] {
        let words = u16::try_from(size / 4).unwrap().to_be_bytes();
        let mut bytes = [&[0x10, 0, 0, 0, 0, 0, 0, 1][..], &words].concat();
        bytes.resize(bytes.len() + size, 0);
        match TtHeader::read(&bytes) {
            Ok((_, end)) if fits => assert_eq!(end, bytes.len()),
            Err(TtHeaderError::Size(found)) if !fits => assert_eq!(found, size),
            other => panic!("{size}: {other:?}"),
        }
    }
}

#[test]
fn pairs_of_headers() {
    for (count, fits) in [(MAX_PAIRS - 1, true), (MAX_PAIRS, true), (MAX_PAIRS + 1, false)] {
        let mut header = TtHeader::default();
        for key in 0..count {
            // Both kinds count together.
            if key % 2 == 0 {
                header.set_int(1, "");
            } else {
                header.set_string("k", "");
            }
        }
        assert_eq!(header.fits().is_ok(), fits, "{count}");
        let mut out = BytesMut::new();
        header.write(&mut out);
        assert_eq!(TtHeader::read(&out).is_ok(), fits, "{count}");
    }
}

#[test]
fn strings_and_budgets() {
    let bytes = to_bytes(&"x".repeat(100)).unwrap();
    let read = |limits| from_bytes::<String>(bytes.clone(), limits).map_err(|error| error.fault().clone());
    for (string, fits) in [(101, true), (100, true), (99, false)] {
        let limits = DecodeLimits { string, ..DecodeLimits::default() };
        assert_eq!(read(limits).err(), (!fits).then_some(Fault::StringLimit(100)), "{string}");
    }
    for (budget, fits) in [(101, true), (100, true), (99, false)] {
        let limits = DecodeLimits { budget, ..DecodeLimits::default() };
        assert_eq!(read(limits).err(), (!fits).then_some(Fault::Budget), "{budget}");
    }
    let numbers = to_bytes(&vec![1_i64; 10]).unwrap();
    for (budget, fits) in [(81, true), (80, true), (79, false)] {
        let limits = DecodeLimits { budget, ..DecodeLimits::default() };
        assert_eq!(from_bytes::<Vec<i64>>(numbers.clone(), limits).is_ok(), fits, "{budget}");
    }
}

#[tokio::test]
async fn connections() {
    let (_, running) = start(Limits { connections: 2, ..Limits::default() }).await;
    let mut open = Vec::new();
    for fits in [true, true, false] {
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(&frame(MessageType::Call, "Nope", 1, &[0])).await;
        assert_eq!(peer.receive().await.is_some(), fits);
        open.push(peer);
    }
    assert_eq!((running.connections(), running.counters().get(Counter::Refused)), (2, 1));
}

#[tokio::test]
async fn bytes_of_requests_in_work() {
    let body = text(1000);
    for (in_flight_bytes, fits) in [(body.len() + 1, true), (body.len(), true), (body.len() - 1, false)] {
        let (_, running) = start(Limits { in_flight_bytes, ..Limits::default() }).await;
        let mut peer = Peer::connect(running.addr()).await;
        let reply = peer.call("Take", 1, &body).await;
        assert_eq!(reply.kind == MessageType::Reply, fits, "{in_flight_bytes}");
        if !fits {
            let error = exception::decode(&reply.body, DecodeLimits::default());
            assert_eq!(error.code(), Code::ResourceExhausted);
        }
        assert_eq!(running.counters().get(Counter::Shed), u64::from(!fits));
        // The connection is sound, and what was taken is given back.
        assert_eq!(peer.call("Take", 2, &[0]).await.kind, MessageType::Reply);
        assert_eq!((running.in_flight(), running.in_flight_bytes()), (0, 0));
    }
}

/// A call beside the connection must not stop the clock of the frame that has begun behind it.
#[tokio::test]
async fn a_frame_behind_calls_out_of_order_has_its_deadline() {
    let short = Duration::from_millis(200);
    let limits = Limits { whole_frame: short, write: Duration::from_secs(60), handler: short, ..Limits::default() };
    for (method, kind) in [("Wait", MessageType::Call), ("Wait", MessageType::Oneway)] {
        let (server, running) = start(limits.clone()).await;
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        let info = TtHeader { flags: flags::OUT_OF_ORDER, seq: 1, ..TtHeader::default() };
        let mut bytes = whole(Wire::TtHeaderFramed, method, kind, &info, &Bytes::from_static(&[0]));
        bytes.extend_from_slice(&[0, 0, 1, 0, 0x80]);
        stream.write_all(&bytes).await.unwrap();
        server.probe.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
        server.probe.release.send_replace(true);
        // The answer, then the end at the frame's deadline.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(running.counters().get(Counter::Stalled), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn names_of_methods() {
    let (_, running) = start(Limits::default()).await;
    for (length, fits) in [(thrift::MAX_NAME, true), (thrift::MAX_NAME + 1, false)] {
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(&frame(MessageType::Call, &"n".repeat(length), 1, &[0])).await;
        assert_eq!(peer.receive().await.is_some(), fits);
    }
    assert_eq!(running.counters().get(Counter::BadHeader), 1);
    assert_eq!(running.counters().get(Counter::UnknownMethod), 1);
}

/// A peer that answers every connection's first request with what `answer` makes of its number.
async fn scripted(answer: fn(i32) -> BytesMut) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(one_answer(stream, answer));
        }
    });
    address
}

async fn one_answer(mut stream: TcpStream, answer: fn(i32) -> BytesMut) {
    let mut messages = MessageReader::new(1 << 20);
    loop {
        if let Some(incoming) = messages.take().unwrap() {
            let seq = Header::read(incoming.message()).unwrap().0.seq;
            stream.write_all(&answer(seq)).await.unwrap();
        }
        if stream.read_buf(messages.room()).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

async fn call(channel: &Channel) -> Result<Bytes, runtime::Error> {
    let method = &AddServer::default().info().methods[0];
    let body = thrift::body(&[(1, &AddRequest { first: 1, second: 2 })]);
    Request::new(channel, method, body, |body, _: DecodeLimits| Ok(body)).await
}

fn channel(address: &str, transport: Transport) -> Channel {
    let registry = Registry::open(&format!("static:add={address}")).unwrap();
    Channel::builder("add").registry(&registry).transport(transport).build().unwrap()
}

#[tokio::test]
async fn an_answer_of_another_call_or_method_is_counted_and_reaches_nobody() {
    type Answer = fn(i32) -> BytesMut;
    let other_number: Answer = |seq| frame(MessageType::Reply, "Add", seq + 1, &[0]);
    let other_method: Answer = |seq| frame(MessageType::Reply, "Sub", seq, &[0]);
    let a_request: Answer = |seq| frame(MessageType::Call, "Add", seq, &[0]);
    let no_frame: Answer = |_| BytesMut::from(&[0xff; 4][..]);
    for answer in [other_number, other_method, a_request, no_frame] {
        let channel = channel(&scripted(answer).await, Transport::Framed);
        assert_eq!(call(&channel).await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(channel.counters().get(Seen::BrokenReplies), 1);
    }
    let other_method: Answer = |seq| {
        let info = TtHeader { seq, ..TtHeader::default() };
        let mut out = BytesMut::new();
        let header = Header { protocol: Protocol::Binary, kind: MessageType::Reply, name: "Sub", seq };
        let body = Bytes::from_static(&[0]);
        Outgoing { wire: Wire::TtHeaderFramed, header, info: &info, body: &body }.write_head(100, &mut out).unwrap();
        out.extend_from_slice(&body);
        out
    };
    let shared = channel(&scripted(other_method).await, Transport::Multiplexed);
    assert_eq!(call(&shared).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(shared.counters().get(Seen::BrokenReplies), 1);
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_ends_its_connection() {
    let twice = |seq| {
        let mut out = frame(MessageType::Reply, "Add", seq, &[0]);
        out.extend_from_slice(&frame(MessageType::Reply, "Add", seq + 1, &[0]));
        out
    };
    let channel = channel(&scripted(twice).await, Transport::Framed);
    for _ in 0..20 {
        call(&channel).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_channel_gives_up_is_counted() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = channel(&gone.to_string(), Transport::Framed);
    assert!(call(&nobody).await.is_err());
    assert_eq!(nobody.counters().get(Seen::ConnectFailures), 1);
    let (server, running) = start(Limits::default()).await;
    let slow = channel(&running.addr().to_string(), Transport::Multiplexed);
    let method = &server.info().methods[2];
    let wait = || {
        Request::new(&slow, method, Ok(Bytes::from_static(&[0])), |body, _: DecodeLimits| Ok::<_, runtime::Error>(body))
    };
    let error = wait().timeout(Duration::from_millis(20)).send().await.unwrap_err();
    assert_eq!((error.code(), slow.counters().get(Seen::Deadlines)), (Code::DeadlineExceeded, 1));
    let cancel = tokio_util::sync::CancellationToken::new();
    let cx = runtime::Context::new().with_cancellation(cancel.clone());
    cancel.cancel();
    assert_eq!(wait().with(&cx).send().await.unwrap_err().code(), Code::Cancelled);
    assert_eq!(slow.counters().get(Seen::Abandoned), 1);
    // Its answer comes when nobody waits any more.
    server.probe.release.send_replace(true);
    while slow.counters().get(Seen::UnknownReplies) < 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(running.in_flight(), 0);
}

/// With a limit of no time at all a handler that is ready at once takes exactly what it may.
#[tokio::test]
async fn times_of_handlers() {
    for (handler, method, kind) in [
        (Duration::from_secs(3600), "Wait", MessageType::Reply),
        (Duration::ZERO, "Add", MessageType::Reply),
        (Duration::ZERO, "Wait", MessageType::Exception),
    ] {
        let (server, running) = start(Limits { handler, ..Limits::default() }).await;
        let mut peer = Peer::connect(running.addr()).await;
        let release = async {
            // From its first look on it waits, unless its time is over before that.
            let begun = |waiting: &usize| *waiting == 1 || handler.is_zero();
            server.probe.waiting.subscribe().wait_for(begun).await.unwrap();
            server.probe.release.send_replace(!handler.is_zero());
        };
        let body = thrift::body(&[(1, &AddRequest::default())]).unwrap();
        let (answer, ()) = tokio::join!(peer.call(method, 1, &body), release);
        assert_eq!(answer.kind, kind, "{handler:?} {method}");
        let late = u64::from(kind == MessageType::Exception);
        assert_eq!((running.counters().get(Counter::Deadlines), running.in_flight()), (late, 0));
    }
}

#[tokio::test]
async fn every_way_to_be_refused_is_counted_by_its_kind() {
    let (_, running) = start(Limits { handler: Duration::from_millis(20), ..Limits::default() }).await;
    let cases: [(Counter, &[u8]); 4] = [
        (Counter::UnknownProtocol, &[0x16, 3, 1]),
        (Counter::UnknownProtocol, b"GET / HTTP/1.1\r\n\r\n"),
        (Counter::BadFrame, &[0x0f, 0xff, 0xff, 0xff, 0x80, 1]),
        (Counter::BadHeader, &[0, 0, 0, 4, 0x82, 0x21, 1, 1]),
    ];
    for (counter, bytes) in cases {
        let before = running.counters().get(counter);
        let mut peer = Peer::connect(running.addr()).await;
        peer.send(bytes).await;
        let mut rest = Vec::new();
        // A close with bytes unread may come as a reset.
        let _ = peer.stream.read_to_end(&mut rest).await;
        assert_eq!(running.counters().get(counter), before + 1, "{counter:?}");
    }
    let mut peer = Peer::connect(running.addr()).await;
    for (counter, method, body) in [
        (Counter::BadArguments, "Take", &[11, 0, 4][..]),
        (Counter::UnknownMethod, "Nope", &[0]),
        (Counter::Panics, "Panic", &[0]),
        (Counter::Deadlines, "Wait", &[0]),
    ] {
        assert_eq!(peer.call(method, 1, body).await.kind, MessageType::Exception);
        assert_eq!(running.counters().get(counter), 1, "{counter:?}");
    }
    assert_eq!(running.counters().get(Counter::Accepted), 5);
}
