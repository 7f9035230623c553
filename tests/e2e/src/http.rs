//! The smallest HTTP/1.1 client: one request a connection.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::PATIENCE;

/// The status and body of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Such as 200.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Sends a request.
///
/// # Errors
///
/// What the connection says; an answer that is not HTTP.
pub fn send(address: &str, method: &str, target: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "{method} {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let parse = || {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, body: body.to_owned() })
    };
    parse().ok_or_else(|| std::io::Error::other(format!("no answer: {text:?}")))
}
