//! A ping-pong by hand with our codec and nothing else: what one call a connection at a time costs any program that
//! reads and writes the messages, before it routes, limits or balances anything.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use runtime::limits::DecodeLimits;
use runtime::thrift::{Header, MAX_FRAME, MessageType, Outgoing, Protocol, TtHeader, Wire, body, from_bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::ours::bench::Message;

/// One side of a connection.
pub struct Side {
    stream: TcpStream,
    read: BytesMut,
    out: BytesMut,
}

impl Side {
    /// Of a connection that was just made.
    pub fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket");
        Self { stream, read: BytesMut::with_capacity(64 << 10), out: BytesMut::with_capacity(64 << 10) }
    }

    /// Calls `Echo`.
    pub async fn call(&mut self, message: &Message) -> Message {
        self.send(MessageType::Call, 1, message).await;
        self.receive().await.expect("answers")
    }

    async fn send(&mut self, kind: MessageType, field: i16, message: &Message) {
        let body = body(&[(field, message)]).expect("encodes");
        let header = Header { protocol: Protocol::Binary, kind, name: "Echo", seq: 1 };
        let info = TtHeader::default();
        let message = Outgoing { wire: Wire::Framed, header, info: &info, body: &body };
        self.out.clear();
        message.write_head(MAX_FRAME, &mut self.out).expect("fits");
        self.out.extend_from_slice(&body);
        self.stream.write_all(&self.out).await.expect("writes");
    }

    /// The next message; `None` at the end of the stream.
    async fn receive(&mut self) -> Option<Message> {
        loop {
            let size = self.read.first_chunk().map_or(usize::MAX, |size| 4 + u32::from_be_bytes(*size) as usize);
            if let Some(frame) = self.read.get(4..size) {
                let (_, taken) = Header::read(frame).expect("a header");
                // The message is field 1 of the arguments, or field 0 of the result, and nothing else is there.
                let message = Bytes::copy_from_slice(&frame[taken + 3..frame.len() - 1]);
                self.read.clear();
                return Some(from_bytes(message, DecodeLimits::default()).expect("a message"));
            }
            if self.stream.read_buf(&mut self.read).await.expect("reads") == 0 {
                return None;
            }
        }
    }
}

/// Answers `Echo` until the process ends.
pub async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let mut side = Side::new(listener.accept().await.expect("a peer").0);
            tokio::spawn(async move {
                while let Some(message) = side.receive().await {
                    side.send(MessageType::Reply, 0, &message).await;
                }
            });
        }
    });
    at
}
