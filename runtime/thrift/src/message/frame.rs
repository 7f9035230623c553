//! Framed: each message behind its length in 4 bytes.
//!
//! A length over the limit is refused before anything is reserved for it, and memory grows with
//! the bytes that arrive, never with the bytes that were announced.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::buffer_pool;
use super::header::{Header, HeaderError};
use crate::codec::Fault;
use crate::ttheader::TtHeaderError;
use kiteline_core::malloc;

/// No limit is above this: 256 MiB. Longer lengths begin with bytes that mean other protocols.
pub const MAX_FRAME: usize = 256 << 20;

/// Less room than this is not worth a system call.
const LEAST: usize = 4 << 10;

/// Why a stream of frames cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The announced length is over the limit.
    #[error("a frame of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// What was announced.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A negative length: the peer speaks another protocol.
    #[error("negative frame length {0}")]
    Negative(i32),
    /// A header in front of the message that cannot be read or written.
    #[error(transparent)]
    TtHeader(#[from] TtHeaderError),
    /// A message without a frame whose own header cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A message without a frame whose end cannot be found.
    #[error("a message without a frame: {0}")]
    Body(#[from] Fault),
    /// The peer closed its side inside a frame.
    #[error("the connection ended inside a frame")]
    Truncated,
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Bytes that arrived, cut into frames. It does no reading of its own.
#[derive(Debug)]
pub struct Frames {
    buffer: BytesMut,
    limit: usize,
    /// Bytes to come that are thrown away.
    skip: usize,
}

impl Frames {
    /// An empty buffer for frames of at most `limit` bytes, never more than [`MAX_FRAME`].
    pub fn new(limit: usize) -> Self {
        Self::with_buffer(BytesMut::new(), limit)
    }

    /// A buffer that begins with bytes that were read before.
    pub fn with_buffer(buffer: BytesMut, limit: usize) -> Self {
        Self { buffer, limit: limit.min(MAX_FRAME), skip: 0 }
    }

    /// The target of the next read, with room for at least 4 KiB.
    pub fn room(&mut self) -> &mut BytesMut {
        if self.buffer.capacity() == 0 {
            self.buffer = buffer_pool::take();
        }
        if self.buffer.capacity() - self.buffer.len() < LEAST {
            let waiting = self.buffer.len();
            self.buffer.reserve(malloc::room(waiting + buffer_pool::ROOM) - waiting);
        }
        &mut self.buffer
    }

    /// Adds bytes that were read elsewhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that no frame has taken yet.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Bytes of its memory.
    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Gives the memory back, when no bytes are waiting in it.
    pub fn release(&mut self) {
        if self.buffer.is_empty() {
            buffer_pool::give(std::mem::take(&mut self.buffer));
        }
    }

    /// The bytes that no frame has taken yet.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.buffer
    }

    /// The longest frame.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Takes bytes that are there.
    pub(super) fn split(&mut self, length: usize) -> Bytes {
        self.buffer.split_to(length.min(self.buffer.len())).freeze()
    }

    /// The bytes of the frame that the buffer begins with, its length included; 0 until that is there.
    pub(super) fn announced(&self) -> usize {
        let length = self.buffer.first_chunk().map_or(0, |head| u32::from_be_bytes(*head) as usize);
        if length > 0 { length.saturating_add(4) } else { 0 }
    }

    /// Takes what has arrived of `length` bytes; the rest is thrown away when it comes.
    pub(super) fn cut(&mut self, length: usize) -> Bytes {
        self.skip = length.saturating_sub(self.buffer.len());
        self.split(length)
    }

    /// Throws away what is to be thrown away; whether more of it is to come.
    #[inline]
    pub(super) fn skips(&mut self) -> bool {
        if self.skip > 0 {
            let come = self.skip.min(self.buffer.len());
            self.buffer.advance(come);
            self.skip -= come;
        }
        self.skip > 0
    }

    /// Whether the last frame ended, or what is thrown away in its place, and nothing came since.
    pub(super) fn is_between(&self) -> bool {
        self.buffer.is_empty() && self.skip == 0
    }

    /// Takes the next whole frame, without its length; `None` until more bytes arrive.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`], [`FrameError::Negative`]: seen in the first four bytes.
    pub fn take(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(head) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let announced = i32::from_be_bytes(*head);
        let length = usize::try_from(announced).map_err(|_| FrameError::Negative(announced))?;
        if length > self.limit {
            return Err(FrameError::TooLong { length, limit: self.limit });
        }
        if self.buffer.len() - 4 < length {
            return Ok(None);
        }
        self.buffer.advance(4);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

/// Frames of a connection's reading side.
#[derive(Debug)]
pub struct FrameReader<R> {
    io: R,
    frames: Frames,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// A reader of frames of at most `limit` bytes.
    pub fn new(io: R, limit: usize) -> Self {
        Self { io, frames: Frames::new(limit) }
    }

    /// The next frame; `None` when the peer closed between frames. Dropping the future loses
    /// no bytes.
    ///
    /// # Errors
    ///
    /// See [`FrameError`]; the connection is of no use then.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        loop {
            if let Some(frame) = self.frames.take()? {
                return Ok(Some(frame));
            }
            if self.io.read_buf(self.frames.room()).await? == 0 {
                let whole = self.frames.buffered() == 0;
                return if whole { Ok(None) } else { Err(FrameError::Truncated) };
            }
        }
    }

    /// A frame that has already arrived, without waiting.
    ///
    /// # Errors
    ///
    /// As [`Frames::take`].
    pub fn ready(&mut self) -> Result<Option<Bytes>, FrameError> {
        self.frames.take()
    }

    /// The connection.
    pub fn get_ref(&self) -> &R {
        &self.io
    }
}

/// One message on its way out.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Its header.
    pub header: Header<'a>,
    /// Its body.
    pub body: &'a Bytes,
}

impl Frame<'_> {
    /// Writes the frame's length and the message's header; the body goes behind it.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`] when the peer's limit could not be below; nothing was written.
    pub fn write_head(&self, limit: usize, out: &mut BytesMut) -> Result<(), FrameError> {
        let length = self.header.size().saturating_add(self.body.len());
        let limit = limit.min(MAX_FRAME);
        let announced = u32::try_from(length).ok().filter(|_| length <= limit);
        let announced = announced.ok_or(FrameError::TooLong { length, limit })?;
        out.reserve(4 + self.header.size());
        out.put_u32(announced);
        self.header.write(out);
        Ok(())
    }

    /// Writes the whole frame.
    ///
    /// # Errors
    ///
    /// As [`Frame::write_head`].
    pub fn write(&self, limit: usize, out: &mut BytesMut) -> Result<(), FrameError> {
        out.reserve(4 + self.header.size() + self.body.len().min(MAX_FRAME));
        self.write_head(limit, out)?;
        out.extend_from_slice(self.body);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{MessageType, Protocol};

    #[test]
    fn cuts_frames_at_any_split() {
        let stream = b"\0\0\0\x03abc\0\0\0\0\0\0\0\x01d";
        for split in 0..stream.len() {
            let mut frames = Frames::new(8);
            let mut seen = Vec::new();
            for part in [&stream[..split], &stream[split..]] {
                frames.push(part);
                while let Some(frame) = frames.take().unwrap() {
                    seen.push(frame);
                }
            }
            assert_eq!(seen, [&b"abc"[..], b"", b"d"]);
            assert_eq!(frames.buffered(), 0);
        }
    }

    #[test]
    fn refuses_lengths_by_the_first_four_bytes() {
        let mut frames = Frames::new(usize::MAX);
        frames.push(&[0x10, 0, 0, 1]);
        assert!(matches!(frames.take(), Err(FrameError::TooLong { limit: MAX_FRAME, .. })));
        let mut frames = Frames::new(8);
        frames.push(&[0xff, 0xff, 0xff, 0xff]);
        assert!(matches!(frames.take(), Err(FrameError::Negative(-1))));
    }

    #[test]
    fn an_announced_length_reserves_nothing() {
        let mut frames = Frames::new(MAX_FRAME);
        frames.push(&[0x0f, 0xff, 0xff, 0xff]);
        assert!(frames.take().unwrap().is_none());
        assert!(frames.room().capacity() <= 2 * buffer_pool::ROOM);
    }

    #[tokio::test]
    async fn tells_a_close_between_frames_from_one_inside() {
        let mut reader = FrameReader::new(&b"\0\0\0\x01a"[..], 8);
        assert_eq!(reader.next().await.unwrap().unwrap(), "a");
        assert!(reader.next().await.unwrap().is_none());
        let mut reader = FrameReader::new(&b"\0\0\0\x02a"[..], 8);
        assert!(matches!(reader.next().await, Err(FrameError::Truncated)));
    }

    #[test]
    fn writes_nothing_over_the_limit() {
        let header = Header { protocol: Protocol::Binary, kind: MessageType::Reply, name: "Add", seq: 1 };
        let body = Bytes::from_static(&[0]);
        let frame = Frame { header, body: &body };
        let mut out = BytesMut::new();
        assert!(frame.write(15, &mut out).is_err());
        assert!(out.is_empty());
        frame.write(16, &mut out).unwrap();
        assert_eq!(out.len(), 20);
    }
}
