//! Callers of HTTP/1.1 that cost little themselves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One caller: a request as it is, answers by their length.
pub async fn call(at: SocketAddr, request: Arc<[u8]>, stop: Arc<AtomicBool>) -> (usize, Vec<u32>) {
    let mut stream = TcpStream::connect(at).await.expect("connects");
    stream.set_nodelay(true).expect("a socket");
    let (mut bytes, mut calls) = (BytesMut::with_capacity(64 << 10), 0);
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(&request).await.expect("writes");
        bytes.clear();
        let mut whole = usize::MAX;
        while bytes.len() < whole {
            assert_ne!(stream.read_buf(&mut bytes).await.expect("reads"), 0);
            if whole == usize::MAX
                && let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n")
            {
                let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                assert!(head.starts_with("http/1.1 200"), "{head}");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
                whole = end + 4 + length.trim().parse::<usize>().expect("a length");
            }
        }
        calls += 1;
    }
    (calls, Vec::new())
}

/// A request as it is sent.
pub fn request(line: &str, body: &str) -> Arc<[u8]> {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let label = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    format!("{line} HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n{label}{length}\r\n{body}").into_bytes().into()
}
