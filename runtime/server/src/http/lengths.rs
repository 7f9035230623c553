//! Requests of HTTP/1.1 that state two lengths, `content-length` and `transfer-encoding`. A proxy in front may go by the one, and
//! hyper, which goes by the other, does not tell: what is a body to one of them is a second request to the other
//! (RFC 9112, section 6.3 and 11.2).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use kiteline_core::reading::Reads;

/// What is kept of a line: names and numbers are shorter.
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

/// Follows the requests of one connection as they are read.
#[derive(Debug)]
pub(super) struct Lengths {
    place: Place,
    /// The beginning of a line.
    line: Vec<u8>,
    /// Bytes of the head so far.
    begun: bool,
    length: Option<u64>,
    chunked: bool,
    /// Set for good as soon as a request has both.
    two: Arc<AtomicBool>,
}

impl Lengths {
    /// Says in `two` that a request has two lengths.
    pub(super) fn new(two: Arc<AtomicBool>) -> Self {
        Self { place: Place::Head, line: Vec::with_capacity(LINE), begun: false, length: None, chunked: false, two }
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
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
                    let room = LINE.saturating_sub(self.line.len()).min(part.len());
                    self.line.extend_from_slice(part.get(..room).unwrap_or_default());
                    bytes = rest.get(1..).unwrap_or_default();
                    if end.is_some() {
                        self.place = self.behind();
                        self.line.clear();
                    }
                }
            }
        }
    }

    /// The place behind a line.
    fn behind(&mut self) -> Place {
        let line = self.line.trim_ascii_end();
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
                let mut parts = line.splitn(2, |byte| *byte == b':');
                let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default().trim_ascii());
                if name.eq_ignore_ascii_case(b"content-length") {
                    match number(value, 10) {
                        Some(length) => self.length = Some(length),
                        None => return Place::Lost,
                    }
                }
                self.chunked |= name.eq_ignore_ascii_case(b"transfer-encoding");
                if self.chunked && self.length.is_some() {
                    self.two.store(true, Ordering::Relaxed);
                }
                Place::Head
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
            let mut lengths = Lengths::new(Arc::default());
            wire.as_bytes().chunks(size).for_each(|chunk| lengths.look(chunk));
            (lengths.two.load(Ordering::Relaxed), lengths.place)
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
