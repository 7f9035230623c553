//! Callers of HTTP/1.1 that cost little themselves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One caller: a request as it is, answers by their length or by their last chunk.
pub async fn call(at: SocketAddr, request: Arc<[u8]>, stop: Arc<AtomicBool>) -> (usize, Vec<u32>) {
    let mut stream = TcpStream::connect(at).await.expect("connects");
    stream.set_nodelay(true).expect("a socket");
    let (mut bytes, mut calls) = (BytesMut::with_capacity(64 << 10), 0);
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(&request).await.expect("writes");
        bytes.clear();
        let mut whole = None;
        while !whole.as_ref().is_some_and(|whole: &Whole| whole.is(&bytes)) {
            assert_ne!(stream.read_buf(&mut bytes).await.expect("reads"), 0);
            if whole.is_none()
                && let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n")
            {
                let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                assert!(head.starts_with("http/1.1 200"), "{head}");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length = length.map(|length| length.trim().parse::<usize>().expect("a length"));
                whole = Some(length.map_or(Whole::Chunks, |length| Whole::Bytes(end + 4 + length)));
            }
        }
        calls += 1;
    }
    (calls, Vec::new())
}

/// When an answer is whole.
enum Whole {
    Bytes(usize),
    Chunks,
}

impl Whole {
    fn is(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Bytes(length) => bytes.len() >= *length,
            Self::Chunks => bytes.ends_with(b"\r\n0\r\n\r\n"),
        }
    }
}

/// A request as it is sent.
pub fn request(line: &str, body: &str) -> Arc<[u8]> {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let label = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    format!("{line} HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n{label}{length}\r\n{body}").into_bytes().into()
}
