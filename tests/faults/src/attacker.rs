//! Connections of an attacker: from many addresses of the loopback network, with raw bytes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use runtime::thrift::{Header, MessageReader, MessageType, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::Failure;
use crate::corpus;

/// Connections a client address: the server's default limit is a thousand.
const AN_ADDRESS: usize = 900;

/// A ping takes this long at most (the list of faults).
pub const PING: Duration = Duration::from_millis(100);

/// What came of bytes that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer of this type.
    Answered(MessageType),
    /// The server closed.
    Closed,
    /// Neither within the time.
    Silent,
}

/// Connects as the client with this number: 127.0.0.2 and the addresses behind it in turn.
///
/// # Errors
///
/// When no connection comes about.
pub async fn connect(target: SocketAddr, number: usize) -> io::Result<TcpStream> {
    connect_with(target, number, None).await
}

/// The same with a receive buffer of this size.
///
/// # Errors
///
/// When no connection comes about.
pub async fn connect_with(target: SocketAddr, number: usize, receive: Option<u32>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let last = u8::try_from(2 + number / AN_ADDRESS % 200).unwrap_or(2);
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0))?;
    if let Some(size) = receive {
        socket.set_recv_buffer_size(size)?;
    }
    socket.connect(target).await
}

/// Sends bytes on a new connection, and waits for the first answer or the end.
///
/// # Errors
///
/// When no connection comes about.
pub async fn send(target: SocketAddr, bytes: &[u8], time: Duration) -> Result<Outcome, Failure> {
    let Ok(stream) = tokio::time::timeout(time, connect(target, 0)).await else { return Ok(Outcome::Silent) };
    let mut stream = stream?;
    // The server may close before all was taken.
    let exchange = async {
        let (mut read, mut write) = stream.split();
        let writing = async {
            let _ = write.write_all(bytes).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            outcome = answer(&mut read) => outcome,
            () = writing => Outcome::Silent,
        }
    };
    Ok(tokio::time::timeout(time, exchange).await.unwrap_or(Outcome::Silent))
}

/// Waits for the first answer on a connection, or its end.
pub async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> Outcome {
    let mut messages = MessageReader::new(usize::MAX);
    loop {
        if let Ok(Some(incoming)) = messages.take() {
            return Header::read(incoming.message()).map_or(Outcome::Closed, |(it, _)| Outcome::Answered(it.kind));
        }
        if matches!(stream.read_buf(messages.room()).await, Ok(0) | Err(_)) {
            return Outcome::Closed;
        }
    }
}

/// A call of `Number`.
///
/// # Errors
///
/// None that can happen: it fits every frame.
pub fn number(wire: Wire, seq: i32) -> Result<BytesMut, Failure> {
    let body = Bytes::from([&[10, 0, 1][..], &i64::from(seq).to_be_bytes(), &[0]].concat());
    Ok(corpus::call(wire, "Number", seq, &body)?)
}

/// The time of a good call on a new connection; `None` when it is over [`PING`] or fails.
pub async fn ping(target: SocketAddr) -> Option<Duration> {
    let bytes = number(Wire::Framed, 7).ok()?;
    let start = std::time::Instant::now();
    let outcome = send(target, &bytes, PING).await.ok()?;
    (outcome == Outcome::Answered(MessageType::Reply)).then(|| start.elapsed())
}

/// Ends when the peer closed; bytes are thrown away.
pub async fn closed(stream: &mut TcpStream) {
    let mut bytes = [0; 4096];
    while !matches!(stream.read(&mut bytes).await, Ok(0) | Err(_)) {}
}
