//! Frames of HTTP/2 by hand (RFC 9113), for peers that no library would be: what a client of gRPC sends, cut anywhere.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;
use crate::attacker;

/// What every connection begins with.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames.
pub const DATA: u8 = 0;
/// The headers of a request.
pub const HEADERS: u8 = 1;
/// The end of a stream.
pub const RESET: u8 = 3;
/// What a connection is told.
pub const SETTINGS: u8 = 4;
/// Is the peer there?
pub const PING: u8 = 6;
/// The connection ends.
pub const GOAWAY: u8 = 7;
/// More may be sent.
pub const WINDOW: u8 = 8;
/// More headers.
pub const CONTINUATION: u8 = 9;

/// No frame of this kind comes on a stream any more.
pub const END_STREAM: u8 = 1;
/// No `CONTINUATION` follows; of settings and pings: an answer.
pub const END_HEADERS: u8 = 4;
/// An answer to settings or a ping.
pub const ACK: u8 = 1;

/// One frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 for the connection.
    pub stream: u32,
    /// What is in it.
    pub body: Vec<u8>,
}

/// A frame as it is sent.
pub fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), body].concat()
}

/// Settings: a number and its value each.
pub fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let body: Vec<u8> =
        pairs.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    frame(SETTINGS, 0, 0, &body)
}

/// The number of the setting of a stream's first window.
pub const FIRST_WINDOW: u16 = 4;

/// A block of headers, each a literal that nobody remembers (RFC 7541, section 6.2.2).
pub fn block<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in headers {
        out.push(0);
        for text in [name, value] {
            length(text.len(), &mut out);
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

/// An integer with a prefix of 7 bits (RFC 7541, section 5.1).
fn length(mut number: usize, out: &mut Vec<u8>) {
    if number < 127 {
        out.push(u8::try_from(number).unwrap_or_default());
        return;
    }
    out.push(127);
    number -= 127;
    while number >= 128 {
        out.push(u8::try_from(number % 128).unwrap_or_default() | 128);
        number /= 128;
    }
    out.push(u8::try_from(number).unwrap_or_default());
}

/// The headers of a call of gRPC's.
pub fn call(path: &str) -> Vec<u8> {
    block([
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "faults"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ])
}

/// A message of one field that is a number, in its envelope.
pub fn count(number: u64) -> Vec<u8> {
    let mut message = vec![8];
    let mut rest = number;
    while rest >= 128 {
        message.push(u8::try_from(rest % 128).unwrap_or_default() | 128);
        rest /= 128;
    }
    message.push(u8::try_from(rest).unwrap_or_default());
    envelope(0, &message)
}

/// An envelope of gRPC's.
pub fn envelope(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[flags][..], &length, message].concat()
}

/// A connection of a peer that sends what it likes.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
    /// Why the server ended the connection, where it said so.
    pub goaway: Option<u32>,
}

impl Raw {
    /// Connects and begins with these settings.
    ///
    /// # Errors
    ///
    /// When no connection comes about.
    pub async fn connect(target: SocketAddr, number: usize, pairs: &[(u16, u32)]) -> Result<Self, Failure> {
        let mut stream = attacker::connect(target, number).await?;
        stream.write_all(&[PREFACE, &settings(pairs)].concat()).await?;
        Ok(Self { stream, unread: Vec::new(), goaway: None })
    }

    /// The other side: takes the preface of a client, and answers with empty settings. `None` for what is no client.
    pub async fn accept(stream: TcpStream) -> Option<Self> {
        stream.set_nodelay(true).ok()?;
        let mut raw = Self { stream, unread: Vec::new(), goaway: None };
        while raw.unread.len() < PREFACE.len() {
            if raw.stream.read_buf(&mut raw.unread).await.ok()? == 0 {
                return None;
            }
        }
        let rest = raw.unread.strip_prefix(PREFACE)?.to_vec();
        raw.unread = rest;
        raw.send(&settings(&[])).await.then_some(raw)
    }

    /// Says that no more comes, and reads until the other side has ended: a close before would take answers along.
    pub async fn finish(mut self) {
        if self.stream.shutdown().await.is_ok() {
            let _ = tokio::time::timeout(Duration::from_secs(1), attacker::closed(&mut self.stream)).await;
        }
    }

    /// Sends bytes; whether the server still takes any.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends bytes while it reads what comes; whether the server took them all.
    pub async fn push(&mut self, bytes: &[u8]) -> bool {
        let Self { stream, unread, .. } = self;
        let (mut reader, mut writer) = stream.split();
        let writing = async { writer.write_all(bytes).await.is_ok() };
        let reading = async { while !matches!(reader.read_buf(unread).await, Ok(0) | Err(_)) {} };
        let sent = tokio::select! {
            sent = writing => sent,
            () = reading => false,
        };
        while let Some(frame) = self.take() {
            if frame.kind == GOAWAY {
                self.goaway = frame.body.get(4..8).and_then(|code| Some(u32::from_be_bytes(code.try_into().ok()?)));
            }
        }
        sent
    }

    /// The next frame; `None` at the end of the connection.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take() {
                return Some(frame);
            }
            if matches!(self.stream.read_buf(&mut self.unread).await, Ok(0) | Err(_)) {
                return None;
            }
        }
    }

    fn take(&mut self) -> Option<Frame> {
        let (head, rest) = self.unread.split_first_chunk::<9>()?;
        let [one, two, three, kind, flags, stream @ ..] = *head;
        let length = u32::from_be_bytes([0, one, two, three]) as usize;
        let body = rest.get(..length)?.to_vec();
        self.unread.drain(..9 + length);
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream) & (u32::MAX >> 1), body })
    }

    /// Frames that come until a time is over or the connection ends; whether it ended.
    pub async fn listen(&mut self, time: Duration) -> (Vec<Frame>, bool) {
        let (end, mut frames) = (Instant::now() + time, Vec::new());
        loop {
            match tokio::time::timeout_at(end.into(), self.next()).await {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => return (frames, true),
                Err(_) => return (frames, false),
            }
        }
    }
}

/// The time of a good call of gRPC's on a new connection; `None` when it fails or takes longer than a ping may.
pub async fn ping(target: SocketAddr) -> Option<Duration> {
    let start = Instant::now();
    let call = async {
        let mut raw = Raw::connect(target, 0, &[]).await.ok()?;
        let head = frame(HEADERS, END_HEADERS, 1, &call("/faults.twin.Twin/Number"));
        raw.send(&[head, frame(DATA, END_STREAM, 1, &count(7))].concat()).await.then_some(())?;
        loop {
            let frame = raw.next().await?;
            if frame.kind == DATA && frame.body == count(7) {
                return Some(());
            }
        }
    };
    tokio::time::timeout(attacker::PING, call).await.ok()??;
    Some(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_headers_are_as_the_rfcs_have_them() {
        assert_eq!(frame(DATA, END_STREAM, 3, b"ab"), [0, 0, 2, 0, 1, 0, 0, 0, 3, b'a', b'b']);
        assert_eq!(settings(&[(FIRST_WINDOW, 0)]), [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        assert_eq!(block([("a", "bc")]), [0, 1, b'a', 2, b'b', b'c']);
        let mut out = Vec::new();
        length(1337, &mut out);
        assert_eq!(out, [127, 186, 9]);
        assert_eq!(count(300), [0, 0, 0, 0, 3, 8, 172, 2]);
    }
}
