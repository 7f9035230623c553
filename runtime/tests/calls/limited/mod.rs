//! A server with limits of a test's choice, and requests for it on every wire.

use bytes::{Bytes, BytesMut};
use runtime::server::Running;
use runtime::thrift::{self, Header, MessageType, Outgoing, Protocol, TtHeader, Wire};
use runtime::{Config, Limits, Server};

use crate::add::AddServer;

pub(crate) const WIRES: [Wire; 4] = [Wire::Framed, Wire::Buffered, Wire::TtHeader, Wire::TtHeaderFramed];

pub(crate) async fn start(limits: Limits) -> (AddServer, Running) {
    let server = AddServer::default();
    let running = Server::new(Config { limits, ..Config::local() }).add(server.clone()).start().await.unwrap();
    (server, running)
}

/// A whole message with the sequence number 1.
pub(crate) fn whole(wire: Wire, name: &str, kind: MessageType, info: &TtHeader<'_>, body: &Bytes) -> BytesMut {
    let mut out = BytesMut::new();
    let header = Header { protocol: Protocol::Binary, kind, name, seq: 1 };
    Outgoing { wire, header, info, body }.write_head(usize::MAX, &mut out).unwrap();
    out.extend_from_slice(body);
    out
}

/// A body with one text of so many letters.
pub(crate) fn text(length: usize) -> Bytes {
    thrift::body(&[(4, &"x".repeat(length))]).unwrap()
}
