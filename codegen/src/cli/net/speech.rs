//! What speaks at an address that a call got no answer from: it is greeted in one protocol after the other, and the first
//! bytes of its answers tell.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The longest time for one greeting.
const TIME: Duration = Duration::from_millis(500);
/// The bytes of an answer that tell: `HTTP/1.`, or the head of a frame of HTTP/2.
const TELLING: usize = 9;

/// A protocol that an answer begins as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Speech {
    Tls,
    Http2,
    Http1,
}

/// What speaks there in plain text, or TLS; `None` where nothing answers, or in words that are none of these.
pub(in crate::cli) async fn speech(address: &str, until: Instant) -> Option<Speech> {
    for (speech, greeting) in [
        (Speech::Tls, client_hello()),
        (Speech::Http2, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        (Speech::Http1, b"OPTIONS * HTTP/1.1\r\nhost: kiteline\r\nconnection: close\r\n\r\n".to_vec()),
    ] {
        let until = until.min(Instant::now() + TIME);
        let mut stream = timeout_at(until, TcpStream::connect(address)).await.ok()?.ok()?;
        let answer = timeout_at(until, answer(&mut stream, &greeting)).await.unwrap_or_default();
        if is(speech, &answer) {
            return Some(speech);
        }
    }
    None
}

async fn answer(stream: &mut TcpStream, greeting: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    if stream.write_all(greeting).await.is_ok() {
        while answer.len() < TELLING && matches!(stream.read_buf(&mut answer).await, Ok(1..)) {}
    }
    answer
}

/// Whether an answer begins as one of a protocol does.
fn is(speech: Speech, answer: &[u8]) -> bool {
    match speech {
        // A record of a handshake, or of an alert (RFC 8446, section 5.1).
        Speech::Tls => matches!(answer, [0x15 | 0x16, 3, ..]),
        // SETTINGS come first, on stream 0 (RFC 9113, section 3.4).
        Speech::Http2 => matches!(answer, [_, _, _, 4, 0, 0, 0, 0, 0, ..]),
        Speech::Http1 => answer.starts_with(b"HTTP/1."),
    }
}

/// The ClientHello of TLS 1.2 without extensions (RFC 5246, section 7.4.1.2): whoever speaks TLS answers it, if only with an
/// alert.
fn client_hello() -> Vec<u8> {
    // The version, 32 bytes in place of random ones, no session, one cipher suite, no compression.
    let body = [&[3, 3], &[0x5a; 32][..], &[0, 0, 2, 0xc0, 0x2f, 1, 0]].concat();
    let [length, record] = [body.len(), body.len() + 4].map(|it| u8::try_from(it).unwrap_or(u8::MAX));
    [&[0x16, 3, 1, 0, record, 1, 0, 0, length], body.as_slice()].concat()
}
