//! A scripted peer: frames by hand over a real socket.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use runtime::thrift::{Frame, Frames, Header, MessageType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A message as it came.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) kind: MessageType,
    pub(crate) name: String,
    pub(crate) seq: i32,
    pub(crate) body: Bytes,
}

pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    frames: Frames,
}

/// A framed message.
pub(crate) fn frame(kind: MessageType, name: &str, seq: i32, body: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    let body = Bytes::copy_from_slice(body);
    let header = Header { protocol: Default::default(), kind, name, seq };
    Frame { header, body: &body }.write(usize::MAX, &mut out).unwrap();
    out
}

impl Peer {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        Self { stream, frames: Frames::new(usize::MAX) }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn call(&mut self, name: &str, seq: i32, body: &[u8]) -> Message {
        self.send(&frame(MessageType::Call, name, seq, body)).await;
        self.receive().await.unwrap()
    }

    /// The next message; `None` when the server closed.
    pub(crate) async fn receive(&mut self) -> Option<Message> {
        loop {
            if let Some(frame) = self.frames.take().unwrap() {
                let (header, taken) = Header::read(&frame).unwrap();
                let Header { kind, name, seq, .. } = header;
                return Some(Message { kind, name: name.into(), seq, body: frame.slice(taken..) });
            }
            match self.stream.read_buf(self.frames.room()).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
