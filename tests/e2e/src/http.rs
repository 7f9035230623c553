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

/// Sends a request without a body.
///
/// # Errors
///
/// What the connection says; an answer that is not HTTP.
pub fn send(address: &str, method: &str, target: &str) -> std::io::Result<Answer> {
    send_with(address, method, target, &[], "")
}

/// Sends a request with headers and a body.
///
/// # Errors
///
/// What the connection says; an answer that is not HTTP.
pub fn send_with(
    address: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let parse = || {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, body: body.to_owned() })
    };
    parse().ok_or_else(|| std::io::Error::other(format!("no answer: {text:?}")))
}
