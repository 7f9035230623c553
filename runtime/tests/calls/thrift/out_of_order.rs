//! The end of a call's time: the caller's own clock rings before it is told anything, a server's own limit is told at
//! once.

use std::io;
use std::time::Duration;

use crate::add::AddServer;
use bytes::{Bytes, BytesMut};
use runtime::limits::DecodeLimits;
use runtime::server::{Counter, Running};
use runtime::thrift::ttheader::{flags, int_keys};
use runtime::thrift::{Header, MessageReader, MessageType, Outgoing, Protocol, TtHeader, Wire, exception};
use runtime::{Code, Config, Limits, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start(limits: Limits) -> (AddServer, Running) {
    let server = AddServer::default();
    let running = Server::new(Config { limits, ..Config::local() }).add(server.clone()).start().await.unwrap();
    (server, running)
}

/// A call with a timeout in milliseconds.
fn call(name: &str, seq: i32, flags: u16, timeout: &str) -> BytesMut {
    let mut info = TtHeader { flags, seq, ..TtHeader::default() };
    info.set_int(int_keys::RPC_TIMEOUT, timeout);
    let header = Header { protocol: Protocol::Binary, kind: MessageType::Call, name, seq };
    let (mut out, body) = (BytesMut::new(), Bytes::from_static(&[0]));
    Outgoing { wire: Wire::TtHeaderFramed, header, info: &info, body: &body }.write_head(1 << 10, &mut out).unwrap();
    out.extend_from_slice(&body);
    out
}

/// The number of the next answer, and the code of its error.
async fn answer(stream: &mut TcpStream, messages: &mut MessageReader) -> (i32, Option<Code>) {
    loop {
        if let Some(incoming) = messages.take().unwrap() {
            let (Header { kind, seq, .. }, taken) = Header::read(incoming.message()).unwrap();
            let error = exception::decode(&incoming.into_body(taken), DecodeLimits::default());
            return (seq, (kind == MessageType::Exception).then(|| error.code()));
        }
        assert_ne!(stream.read_buf(messages.room()).await.unwrap(), 0);
    }
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_callers_clock_rings_before_it_is_told() {
    for flags in [0, flags::OUT_OF_ORDER] {
        let (server, running) = start(Limits::default()).await;
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        let mut messages = MessageReader::new(1 << 10);
        stream.write_all(&call("Wait", 1, flags, "20")).await.unwrap();
        until(|| running.counters().get(Counter::Deadlines) == 1).await;
        // The work is dropped at once, and nothing is said.
        until(|| running.in_flight() == 0).await;
        assert_eq!(*server.probe.dropped.subscribe().borrow(), 1);
        assert_eq!(stream.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        // Later calls are answered: in turn, or before that answer where the order does not matter.
        stream.write_all(&call("Add", 2, flags, "60000")).await.unwrap();
        let late = (1, Some(Code::DeadlineExceeded));
        let expected = if flags == 0 { [late, (2, None)] } else { [(2, None), late] };
        for expected in expected {
            assert_eq!(answer(&mut stream, &mut messages).await, expected, "{flags}");
        }
        drop(stream);
        until(|| running.connections() == 0).await;
    }
}

/// The peer that leaves while it is not told anything is not waited for.
#[tokio::test]
async fn who_closes_at_its_deadline_leaves_nothing_behind() {
    for flags in [0, flags::OUT_OF_ORDER] {
        let (_, running) = start(Limits::default()).await;
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        stream.write_all(&call("Wait", 1, flags, "20")).await.unwrap();
        until(|| running.counters().get(Counter::Deadlines) == 1).await;
        drop(stream);
        until(|| running.connections() == 0).await;
        assert_eq!((running.in_flight(), running.in_flight_bytes()), (0, 0));
    }
}

/// The caller would wait longer: that the time is over is news to it.
#[tokio::test]
async fn a_limit_of_the_server_is_told() {
    for flags in [0, flags::OUT_OF_ORDER] {
        let (_, running) = start(Limits { handler: Duration::from_millis(20), ..Limits::default() }).await;
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        stream.write_all(&call("Wait", 1, flags, "60000")).await.unwrap();
        let told = answer(&mut stream, &mut MessageReader::new(1 << 10)).await;
        assert_eq!(told, (1, Some(Code::DeadlineExceeded)), "{flags}");
    }
}
