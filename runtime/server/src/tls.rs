//! TLS on accepted connections: the handshake, and a readable refusal for who comes without.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connections::{ConnectionGuard, Phase};
use super::counters::Counter;
use super::shared::Shared;
use kiteline_tls::{Acceptor, Stream};

/// The first byte of a TLS handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;

/// What a person sees who opens the port without TLS.
const REFUSAL: &str = "This port speaks TLS: use https.\n";

/// How often a peer that is refused is read from.
const READS: usize = 64;

/// What a driver is to read: the connection as it is, or what is within its TLS. `None` when it came to nothing.
///
/// All of it happens in the time of the first byte ([`Phase::FirstByte`]), in the connection's own task.
pub(super) async fn open(shared: &Shared, guard: &ConnectionGuard, stream: TcpStream) -> Option<Stream> {
    match &shared.tls {
        None => Some(stream.into()),
        // In a box: connections in plain text need not have room for it.
        Some(acceptor) => Box::pin(secure(shared, acceptor, guard, stream)).await,
    }
}

async fn secure(shared: &Shared, acceptor: &Acceptor, guard: &ConnectionGuard, stream: TcpStream) -> Option<Stream> {
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first != [HANDSHAKE] {
        shared.count(Counter::UnknownProtocol);
        refuse(guard, stream, first[0]).await;
        return None;
    }
    handshake(shared, acceptor, guard, stream).await
}

async fn handshake(shared: &Shared, acceptor: &Acceptor, guard: &ConnectionGuard, tcp: TcpStream) -> Option<Stream> {
    match acceptor.accept(tcp).await {
        Ok((stream, certificate)) => {
            if let Some(certificate) = certificate {
                guard.share().prove(certificate);
            }
            Some(stream)
        }
        Err((error, stream)) => {
            shared.count(Counter::Handshakes);
            tracing::debug!(target: "runtime::server::tls", %error, "closed: no TLS came about");
            leave(guard, stream).await;
            None
        }
    }
}

/// Says what is wrong where the peer reads text; others are closed.
async fn refuse(guard: &ConnectionGuard, mut stream: TcpStream, first: u8) {
    guard.enter(Phase::Write);
    let response = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{REFUSAL}",
        REFUSAL.len()
    );
    if !first.is_ascii_uppercase() || stream.write_all(response.as_bytes()).await.is_ok() {
        leave(guard, stream).await;
    }
}

/// Closes a connection whose peer was just told why. Closed with bytes of the peer's unread, it would be reset, and
/// the peer might never see the reason.
async fn leave(guard: &ConnectionGuard, mut stream: TcpStream) {
    guard.enter(Phase::Write);
    let mut unread = [0; 4 << 10];
    if stream.shutdown().await.is_err() {
        return;
    }
    for _ in 0..READS {
        if matches!(stream.read(&mut unread).await, Ok(0) | Err(_)) {
            return;
        }
    }
}
