//! The first headers of a connection of HTTP/2, with an `:authority` that is one: see [`kiteline_grpc::authority`].
//!
//! All requests of a client's connection have the same, and those behind the first one refer to what that spelled out.
//! So everything behind the first HEADERS passes untouched.

use std::io;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http1::PREFACE;
use kiteline_grpc::authority;

/// Bytes in front of a frame's payload, and its types and flags (RFC 9113, sections 4.1 and 6.2).
const HEAD: usize = 9;
const HEADERS: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;
/// The most that a frame holds, unless we told otherwise.
const MOST: usize = 16 << 10;

/// What came until the first headers are whole.
#[derive(Default)]
struct Waiting {
    came: BytesMut,
    /// What of it is looked at.
    ready: usize,
    /// Whether the preface came.
    begun: bool,
    over: bool,
}

impl Waiting {
    /// Looks at what came; what is ready may be read.
    fn look(&mut self) {
        while !self.over {
            let Some(rest) = self.came.get(self.ready..) else { return };
            if !self.begun {
                if rest.len() < PREFACE.len() {
                    return;
                }
                (self.ready, self.begun) = (PREFACE.len(), true);
                continue;
            }
            let Some((&[one, two, three, kind, flags, ..], payload)) = rest.split_first_chunk::<HEAD>() else { return };
            let length = u32::from_be_bytes([0, one, two, three]) as usize;
            if length > MOST || kind == HEADERS && flags & END_HEADERS == 0 {
                return self.end();
            }
            let Some(payload) = payload.get(..length) else { return };
            if kind == HEADERS {
                if let Some(mended) = mended(flags, payload) {
                    let mut all = BytesMut::with_capacity(self.came.len() + mended.len());
                    all.extend_from_slice(&self.came[..self.ready]);
                    all.put_uint(mended.len() as u64, 3);
                    all.extend_from_slice(&rest[3..HEAD]);
                    all.extend_from_slice(&mended);
                    all.extend_from_slice(&rest[HEAD + length..]);
                    self.came = all;
                }
                return self.end();
            }
            self.ready += HEAD + length;
        }
    }

    fn end(&mut self) {
        (self.ready, self.over) = (self.came.len(), true);
    }

    fn read(&mut self, out: &mut ReadBuf<'_>) {
        let size = self.ready.min(out.remaining());
        out.put_slice(&self.came[..size]);
        self.came.advance(size);
        self.ready -= size;
    }
}

/// The payload of HEADERS with a valid `:authority`, where it had none.
fn mended(flags: u8, payload: &[u8]) -> Option<Vec<u8>> {
    let (padded, priority) = (flags & PADDED != 0, if flags & PRIORITY != 0 { 5 } else { 0 });
    let (begin, padding) = if padded { (1, usize::from(*payload.first()?)) } else { (0, 0) };
    let (head, rest) = payload.split_at_checked(begin + priority)?;
    let (block, padding) = rest.split_at_checked(rest.len().checked_sub(padding)?)?;
    let all = [head, &authority::mended(block)?, padding].concat();
    (all.len() <= MOST).then_some(all)
}

/// A socket whose first headers have a valid `:authority`.
pub(super) struct Named<S> {
    inner: S,
    waiting: Option<Box<Waiting>>,
}

impl<S> Named<S> {
    /// One that looks at the headers of HTTP/2, or at nothing.
    pub(super) fn new(inner: S, is_two: bool) -> Self {
        Self { inner, waiting: is_two.then(Box::default) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Named<S> {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { inner, waiting } = &mut *self;
        let Some(first) = waiting else { return Pin::new(inner).poll_read(task, out) };
        while first.ready == 0 {
            let before = first.came.len();
            first.came.resize(before + (4 << 10), 0);
            let mut room = ReadBuf::new(&mut first.came[before..]);
            let polled = Pin::new(&mut *inner).poll_read(task, &mut room);
            let size = room.filled().len();
            first.came.truncate(before + size);
            ready!(polled)?;
            if size == 0 {
                first.end();
                break;
            }
            first.look();
        }
        first.read(out);
        if first.over && first.came.is_empty() {
            *waiting = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Named<S> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(task, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(task, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        [&[0, 0, u8::try_from(payload.len()).unwrap(), kind, flags, 0, 0, 0, 1][..], payload].concat()
    }

    /// What comes out of bytes that come in chunks of this size.
    async fn through(bytes: &[u8], size: usize) -> Vec<u8> {
        let (mut writer, reader) = tokio::io::duplex(size);
        let bytes = bytes.to_vec();
        let writing = tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut writer, &bytes).await });
        let mut out = Vec::new();
        Named::new(reader, true).read_to_end(&mut out).await.unwrap();
        writing.await.unwrap().unwrap();
        out
    }

    #[tokio::test]
    async fn only_the_first_headers_are_changed_however_they_come() {
        let settings = frame(4, 0, &[]);
        let request = |value: &[u8]| [&[0x83, 0x41, 3][..], value].concat();
        let bad = frame(HEADERS, END_HEADERS, &request(b"a/b"));
        let good = frame(HEADERS, END_HEADERS, &request(b"a-b"));
        let padded = |value: &[u8]| {
            let payload = [&[2, 0, 0, 0, 0, 7][..], &request(value), &[0, 0]].concat();
            frame(HEADERS, END_HEADERS | PADDED | PRIORITY, &payload)
        };
        let begun = frame(HEADERS, 0, &request(b"a/b"));
        let over = [&[0, 0x41, 0, 4, 0, 0, 0, 0, 0][..], &[0; 100]].concat();
        for size in [1, 7, 1000] {
            for (sent, wanted) in [
                ([&settings[..], &bad, &bad].concat(), [&settings[..], &good, &bad].concat()),
                ([&bad[..], &settings].concat(), [&good[..], &settings].concat()),
                (padded(b"a/b"), padded(b"a-b")),
                ([&good[..], &bad].concat(), [&good[..], &bad].concat()),
                (begun.clone(), begun.clone()),
                (over.clone(), over.clone()),
                (bad[..bad.len() - 1].to_vec(), bad[..bad.len() - 1].to_vec()),
                (frame(HEADERS, END_HEADERS | PADDED, &[9]), frame(HEADERS, END_HEADERS | PADDED, &[9])),
            ] {
                let [sent, wanted] = [sent, wanted].map(|frames| [PREFACE, &frames].concat());
                assert_eq!(through(&sent, size).await, wanted, "{size}");
            }
            assert_eq!(through(b"PRI", size).await, b"PRI");
        }
    }
}
