//! The requests of a connection of HTTP/1.1 as they are read: whether a head that has begun is whole, and whether a request
//! states two lengths, `content-length` and `transfer-encoding`. A proxy in front may go by the one, and hyper, which goes by the
//! other, does not tell: what is a body to one of them is a second request to the other (RFC 9112, section 6.3 and 11.2).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Task, Poll, ready};

use memchr::memchr;
use tokio::io::{AsyncRead, ReadBuf};

use super::Connection;
use kiteline_core::reading::Reads;

/// What is kept of a line that is cut: names and numbers are shorter.
const LINE: usize = 64;

/// Where in a message the next byte is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Head,
    /// In a body of so many bytes more.
    Body(u64),
    /// In the line in front of a chunk.
    Size,
    /// In a chunk of so many bytes more, the line break behind it included.
    Chunk(u64),
    /// Behind the last chunk.
    Trailers,
    /// Nowhere that is known: hyper refuses what is there.
    Lost,
}

/// Follows the requests of one connection.
pub(super) struct Lengths {
    connection: Arc<Connection>,
    follow: Follow,
    /// Whether a head has begun and is not whole.
    awaits: bool,
}

impl Lengths {
    /// Tells the connection what it sees.
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, follow: Follow::default(), awaits: false }
    }

    fn look(&mut self, bytes: &[u8]) {
        self.follow.look(bytes);
        if self.follow.two {
            self.connection.two_lengths.store(true, Ordering::Relaxed);
        }
        let awaits = self.follow.awaits_head();
        if awaits != self.awaits {
            self.awaits = awaits;
            self.connection.streams.awaits_head(awaits);
        }
    }
}

/// The requests of a connection, as far as they were read.
#[derive(Debug, Default)]
struct Follow {
    place: Place,
    /// The beginning of a line that is cut.
    line: Vec<u8>,
    /// Whether a line of the head was read.
    begun: bool,
    length: Option<u64>,
    chunked: bool,
    /// Set for good as soon as a request has both.
    two: bool,
}

impl Follow {
    fn awaits_head(&self) -> bool {
        self.place == Place::Head && (self.begun || !self.line.is_empty())
    }

    fn look(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.place {
                Place::Lost => return,
                Place::Body(left) | Place::Chunk(left) => {
                    let size = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = bytes.get(size..).unwrap_or_default();
                    let left = left - size as u64;
                    self.place = match self.place {
                        Place::Body(_) if left == 0 => Place::Head,
                        Place::Body(_) => Place::Body(left),
                        _ if left == 0 => Place::Size,
                        _ => Place::Chunk(left),
                    };
                }
                Place::Head | Place::Size | Place::Trailers => {
                    let Some(end) = memchr(b'\n', bytes) else { return self.keep(bytes) };
                    let (part, rest) = bytes.split_at(end);
                    bytes = rest.get(1..).unwrap_or_default();
                    // Most lines are of neither length, and this is read of each request.
                    if self.line.is_empty() && self.place == Place::Head && is_of_neither(part) {
                        self.begun = true;
                        continue;
                    }
                    if self.line.is_empty() {
                        self.place = self.behind(part);
                        continue;
                    }
                    self.keep(part);
                    let line = std::mem::take(&mut self.line);
                    self.place = self.behind(&line);
                }
            }
        }
    }

    /// Keeps a part of a line, as far as it can matter.
    fn keep(&mut self, part: &[u8]) {
        let room = LINE.saturating_sub(self.line.len()).min(part.len());
        self.line.extend_from_slice(part.get(..room).unwrap_or_default());
    }

    /// The place behind a line.
    fn behind(&mut self, line: &[u8]) -> Place {
        let line = line.trim_ascii_end();
        match self.place {
            Place::Head if line.is_empty() && !self.begun => Place::Head,
            Place::Head if line.is_empty() => {
                self.begun = false;
                match (std::mem::take(&mut self.chunked), self.length.take()) {
                    (true, _) => Place::Size,
                    (false, Some(length)) if length > 0 => Place::Body(length),
                    (false, _) => Place::Head,
                }
            }
            Place::Head => {
                self.begun = true;
                self.header(line)
            }
            Place::Size => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
                match number(digits, 16) {
                    Some(0) => Place::Trailers,
                    Some(size) => Place::Chunk(size.saturating_add(2)),
                    None => Place::Lost,
                }
            }
            Place::Trailers if line.is_empty() => Place::Head,
            place => place,
        }
    }

    /// The place behind a line of a head.
    fn header(&mut self, line: &[u8]) -> Place {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default().trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            match number(value, 10) {
                Some(length) => self.length = Some(length),
                None => return Place::Lost,
            }
        }
        self.chunked |= name.eq_ignore_ascii_case(b"transfer-encoding");
        self.two |= self.chunked && self.length.is_some();
        Place::Head
    }
}

/// Whether a line that has something is surely neither `content-length` nor `transfer-encoding`, nor goes on with another one.
fn is_of_neither(line: &[u8]) -> bool {
    match line.first() {
        None | Some(b'\r' | b' ' | b'\t') => false,
        Some(b'c' | b'C') => !matches!(line.get(8), Some(b'l' | b'L')),
        Some(b't' | b'T') => line.get(8) != Some(&b'-'),
        _ => true,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u64::from_str_radix(text, radix).ok()
}

impl<S: AsyncRead + Unpin> Reads<S> for Lengths {
    fn poll_read(&mut self, from: Pin<&mut S>, task: &mut Task<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(from.poll_read(task, into))?;
        self.look(into.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a request of a connection has two lengths, and where the next byte is; the same however it is cut.
    fn seen(wire: &str) -> (bool, Place) {
        let mut all = [1, 2, 7, wire.len().max(1)].map(|size| {
            let mut follow = Follow::default();
            wire.as_bytes().chunks(size).for_each(|chunk| follow.look(chunk));
            (follow.two, follow.place)
        });
        all.sort_by_key(|(two, _)| *two);
        assert_eq!(all[0], all[3], "{wire}");
        all[0]
    }

    const LENGTH: &str = "POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 30\r\n\r\ntransfer-encoding: chunked\r\n\r\n";
    const CHUNKS: &str =
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n15;x=y\r\ncontent-length: 7\r\n\r\n\r\n0\r\nt: v\r\n\r\n";

    #[test]
    fn bodies_are_no_heads() {
        assert_eq!(seen(&format!("{LENGTH}{CHUNKS}{LENGTH}GET / HTTP/1.1\r\n\r\n")), (false, Place::Head));
        assert_eq!(seen("POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\na"), (false, Place::Body(2)));
        assert_eq!(seen(""), (false, Place::Head));
    }

    #[test]
    fn a_head_is_waited_for_from_its_first_byte_to_its_last() {
        let mut follow = Follow::default();
        for (bytes, awaits) in [
            ("", false),
            ("G", true),
            ("ET / HTTP/1.1\r\n", true),
            ("a: b\r\n", true),
            ("content-language: 3\r\n", true),
            ("te: trailers\r\n", true),
            ("content-length: 2\r\n", true),
            ("\r\n", false),
            ("xy", false),
            ("\r\n", false),
            ("GET / HTTP/1.1\r\n\r\nP", true),
        ] {
            follow.look(bytes.as_bytes());
            assert_eq!(follow.awaits_head(), awaits, "{bytes}");
        }
    }

    #[test]
    fn two_lengths_are_seen_in_any_order_and_behind_other_requests() {
        for pair in
            ["content-length: 3\r\ntransfer-encoding: chunked", "Transfer-Encoding: chunked\r\nCONTENT-LENGTH: 3"]
        {
            let request = format!("POST / HTTP/1.1\r\n{pair}\r\n\r\n0\r\n\r\n");
            assert!(seen(&request).0 && seen(&format!("{LENGTH}{CHUNKS}{request}")).0, "{pair}");
        }
    }

    #[test]
    fn what_hyper_refuses_is_not_followed() {
        for bad in
            ["content-length: -1", "content-length: 1,2", "content-length: 99999999999999999999", "content-length:"]
        {
            assert_eq!(seen(&format!("POST / HTTP/1.1\r\n{bad}\r\n\r\n")), (false, Place::Lost), "{bad}");
        }
        assert_eq!(seen("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").1, Place::Lost);
    }
}
