//! Calls whose time is over are in the log, whoever set the time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use e2e::ran_alone;
use runtime::server::{Counter, Running};
use runtime::thrift::ttheader::{flags, int_keys};
use runtime::thrift::{Header, MessageType, Outgoing, Protocol, TtHeader, Wire};
use runtime::{Call, Config, Handling, Limits, Server, Service, ServiceInfo};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::add::AddServer;
use crate::log::Log;

/// Never answers.
struct Never;

impl Service for Never {
    fn info(&self) -> &'static ServiceInfo {
        AddServer::default().info()
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(std::future::pending())
    }
}

async fn start(limits: Limits) -> (Running, TcpStream) {
    let running = Server::new(Config { limits, ..Config::local() }).add(Never).start().await.unwrap();
    let stream = TcpStream::connect(running.addr()).await.unwrap();
    (running, stream)
}

/// A call, with a timeout in milliseconds if it has one.
fn call(name: &str, flags: u16, timeout: Option<&str>) -> BytesMut {
    let mut info = TtHeader { flags, seq: 1, ..TtHeader::default() };
    if let Some(timeout) = timeout {
        info.set_int(int_keys::RPC_TIMEOUT, timeout);
    }
    let header = Header { protocol: Protocol::Binary, kind: MessageType::Call, name, seq: 1 };
    let (mut out, body) = (BytesMut::new(), Bytes::from_static(&[0]));
    Outgoing { wire: Wire::TtHeaderFramed, header, info: &info, body: &body }.write_head(1 << 10, &mut out).unwrap();
    out.extend_from_slice(&body);
    out
}

/// One method each: a line is written once a method and second.
#[tokio::test]
async fn a_call_whose_time_is_over_is_logged() {
    if ran_alone(a_call_whose_time_is_over_is_logged) {
        return;
    }
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || written.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let short = Limits { handler: Duration::from_millis(10), ..Limits::default() };
    for (name, limits, flags, timeout) in [
        ("Add", short.clone(), 0, None),
        ("Take", short, flags::OUT_OF_ORDER, None),
        ("Fail", Limits::default(), 0, Some("10")),
        ("Wait", Limits::default(), flags::OUT_OF_ORDER, Some("10")),
    ] {
        let (running, mut stream) = start(limits).await;
        stream.write_all(&call(name, flags, timeout)).await.unwrap();
        let mut line = String::new();
        while running.counters().get(Counter::Deadlines) < 1 || line.is_empty() {
            line += &log.take();
            tokio::task::yield_now().await;
        }
        let expected = format!(
            " WARN runtime::server::failures: a call failed method=AddService.{name} code=DeadlineExceeded \
             why=\"the call took longer than it may\" unlogged=0\n"
        );
        assert_eq!(line, expected);
    }
}
