//! Headers with an `:authority` that is one, on a connection whose first headers have a bad one: see
//! [`kiteline_grpc::authority`].
//!
//! All requests of a client's connection have the same. Most refer to what the first one spelled out, but once its table is
//! full a client spells it out again. Where the first value is good, everything behind it passes untouched.

use std::io;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use crate::http1::PREFACE;
use kiteline_core::reading::{Reading, Reads};
use kiteline_grpc::authority;

/// Bytes in front of a frame's payload, and its types and flags (RFC 9113, sections 4.1 and 6.2).
const HEAD: usize = 9;
const HEADERS: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;
/// The most that a frame holds, unless we told otherwise.
const MOST: usize = 16 << 10;
/// Room for the first headers of most.
const FIRST: usize = 4 << 10;

/// What came and is not read yet.
#[derive(Default)]
pub(super) struct Waiting {
    came: BytesMut,
    /// What of it is looked at.
    ready: usize,
    /// Bytes of the current frame that nobody looks at.
    pass: usize,
    /// Whether the preface came.
    begun: bool,
    /// Whether the connection has a bad `:authority`.
    bad: bool,
    over: bool,
}

impl Waiting {
    /// Looks at what came; what is ready may be read.
    fn look(&mut self) {
        while !self.over {
            let Some(rest) = self.came.get(self.ready..) else { return };
            if self.pass > 0 {
                let size = self.pass.min(rest.len());
                (self.ready, self.pass) = (self.ready + size, self.pass - size);
                if self.pass > 0 {
                    return;
                }
                continue;
            }
            if !self.begun {
                if rest.len() < PREFACE.len() {
                    return;
                }
                (self.pass, self.begun) = (PREFACE.len(), true);
                continue;
            }
            let Some((&[one, two, three, kind, flags, ..], payload)) = rest.split_first_chunk::<HEAD>() else { return };
            let length = u32::from_be_bytes([0, one, two, three]) as usize;
            if kind != HEADERS || flags & END_HEADERS == 0 || length > MOST {
                if !self.bad && (kind == HEADERS || length > MOST) {
                    return self.end();
                }
                self.pass = HEAD + length;
                continue;
            }
            let Some(payload) = payload.get(..length) else { return };
            match mended(flags, payload) {
                Some(mended) => self.replace(length, &mended),
                None if self.bad => self.pass = HEAD + length,
                None => return self.end(),
            }
        }
    }

    /// Puts a payload in place of the one that is looked at, of so many bytes.
    fn replace(&mut self, length: usize, mended: &[u8]) {
        let (before, rest) = self.came.split_at(self.ready);
        let mut all = BytesMut::with_capacity(self.came.len() + mended.len());
        all.extend_from_slice(before);
        all.put_uint(mended.len() as u64, 3);
        all.extend_from_slice(&rest[3..HEAD]);
        all.extend_from_slice(mended);
        all.extend_from_slice(&rest[HEAD + length..]);
        (self.came, self.bad, self.pass) = (all, true, HEAD + mended.len());
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

/// Gives headers a valid `:authority`: of HTTP/2, and looks at nothing else.
pub(super) struct Named(Option<Box<Waiting>>);

/// A socket whose headers have a valid `:authority`, where it is HTTP/2.
pub(super) fn named<S>(socket: S, is_two: bool) -> Reading<S, Named>
where
    S: AsyncRead + Unpin,
{
    Reading::new(socket, Named(is_two.then(Box::default)))
}

impl<S: AsyncRead + Unpin> Reads<S> for Named {
    fn poll_read(
        &mut self,
        mut socket: Pin<&mut S>,
        task: &mut Task<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(first) = &mut self.0 else { return socket.poll_read(task, out) };
        while first.ready == 0 {
            let before = first.came.len();
            first.came.resize(before + if first.bad { MOST } else { FIRST }, 0);
            let mut room = ReadBuf::new(&mut first.came[before..]);
            let polled = socket.as_mut().poll_read(task, &mut room);
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
            self.0 = None;
        }
        Poll::Ready(Ok(()))
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
        named(reader, true).read_to_end(&mut out).await.unwrap();
        writing.await.unwrap().unwrap();
        out
    }

    #[tokio::test]
    async fn headers_are_changed_where_the_first_ones_are_bad_however_they_come() {
        let (settings, data) = (frame(4, 0, &[]), frame(0, 0, &[7; 100]));
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
                (
                    [&settings[..], &bad, &data, &good, &bad].concat(),
                    [&settings[..], &good, &data, &good, &good].concat(),
                ),
                ([&bad[..], &begun, &over].concat(), [&good[..], &begun, &over].concat()),
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
