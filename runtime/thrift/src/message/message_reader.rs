//! Splits a byte stream into Thrift messages. Each message tells for itself how it is wrapped, as
//! Kitex reads it (`default_codec.go`), so that one connection may carry every transport.

use bytes::{Buf, Bytes, BytesMut};

use super::binary_scanner::Scanner;
use super::compact_header::ID as COMPACT;
use super::compact_scanner::Scanner as CompactScanner;
use super::frame::{FrameError, Frames};
use crate::ttheader::{self, Pair, TtHeader, TtHeaderError};

/// The first byte of a message in strict Binary.
const BINARY: u8 = 0x80;

/// How a message is wrapped; an answer takes the way of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Behind its length.
    Framed,
    /// Bare: strict Binary or Compact that ends where its last value ends.
    Buffered,
    /// Behind a TTHeader.
    TtHeader,
    /// Behind a TTHeader, and behind its length inside of it.
    TtHeaderFramed,
}

impl Wire {
    /// Whether there is a place for metadata.
    pub fn has_header(self) -> bool {
        matches!(self, Self::TtHeader | Self::TtHeaderFramed)
    }

    /// Whether the message has its own length in front.
    pub fn is_framed(self) -> bool {
        matches!(self, Self::Framed | Self::TtHeaderFramed)
    }
}

/// One message as it came.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The wrapping.
    pub wire: Wire,
    /// The flags of its TTHeader; 0 without one.
    pub flags: u16,
    /// The sequence number of its TTHeader; 0 without one.
    pub seq: i32,
    /// What was cut out of the stream: the TTHeader, then the message.
    whole: Bytes,
    /// Where the message begins.
    at: usize,
    /// Whether its end is missing.
    cut: bool,
}

impl Incoming {
    fn bare(wire: Wire, message: Bytes) -> Self {
        Self { wire, flags: 0, seq: 0, whole: message, at: 0, cut: false }
    }

    fn framed(frame: Bytes, cut: bool) -> Result<Self, TtHeaderError> {
        // No method's name is so long that old Binary could begin like this.
        if frame.starts_with(&ttheader::MAGIC.to_be_bytes()) {
            return Self::behind_header(frame, cut);
        }
        Ok(Self { cut, ..Self::bare(Wire::Framed, frame) })
    }

    fn behind_header(whole: Bytes, cut: bool) -> Result<Self, TtHeaderError> {
        let (flags, seq, size) = ttheader::fixed(&whole)?;
        let payload = whole.get(size..).unwrap_or_default();
        if matches!(payload.first(), Some(0x80..)) {
            return Ok(Self { wire: Wire::TtHeader, flags, seq, whole, at: size, cut });
        }
        let (announced, message) = payload.split_first_chunk().ok_or(TtHeaderError::Truncated)?;
        let announced = u32::from_be_bytes(*announced);
        if announced as usize != message.len() && !cut {
            return Err(TtHeaderError::Frame { announced, payload: message.len() });
        }
        Ok(Self { wire: Wire::TtHeaderFramed, flags, seq, whole, at: size + 4, cut })
    }

    /// Whether its end is missing: it can only be refused.
    #[inline]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The message: its own header, then the body.
    pub fn message(&self) -> &[u8] {
        self.whole.get(self.at..).unwrap_or_default()
    }

    /// The body: the bytes behind the first `taken` ones of the message.
    pub fn into_body(self, taken: usize) -> Bytes {
        let Self { mut whole, at, .. } = self;
        whole.advance(at.saturating_add(taken).min(whole.len()));
        whole
    }

    /// Hands the pairs of the TTHeader over, if there is one.
    ///
    /// # Errors
    ///
    /// See [`TtHeaderError`].
    #[inline]
    pub fn pairs<'a>(&'a self, each: impl FnMut(Pair<'a>)) -> Result<(), TtHeaderError> {
        if self.wire.has_header() {
            ttheader::scan(&self.whole, each)?;
        }
        Ok(())
    }

    /// Reads the TTHeader, if there is one, into memory of its own.
    ///
    /// # Errors
    ///
    /// See [`TtHeaderError`].
    pub fn header(&self) -> Result<Option<TtHeader<'_>>, TtHeaderError> {
        if !self.wire.has_header() {
            return Ok(None);
        }
        TtHeader::read(&self.whole).map(|(header, _)| Some(header))
    }
}

/// Splits received bytes into messages. It reads from no connection itself.
#[derive(Debug)]
pub struct MessageReader {
    frames: Frames,
    scanner: Scanner,
    compact: CompactScanner,
}

impl MessageReader {
    /// An empty buffer for messages of at most `limit` bytes, headers included; never more than
    /// [`MAX_FRAME`](super::MAX_FRAME).
    pub fn new(limit: usize) -> Self {
        Self { frames: Frames::new(limit), scanner: Scanner::default(), compact: CompactScanner::default() }
    }

    /// A reader that begins with bytes that were read before.
    pub fn with_buffer(buffer: BytesMut, limit: usize) -> Self {
        Self {
            frames: Frames::with_buffer(buffer, limit),
            scanner: Scanner::default(),
            compact: CompactScanner::default(),
        }
    }

    /// As [`Frames::room`].
    pub fn room(&mut self) -> &mut BytesMut {
        self.frames.room()
    }

    /// Adds bytes that were read elsewhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.frames.push(bytes);
    }

    /// Bytes that no message has taken yet.
    pub fn buffered(&self) -> usize {
        self.frames.buffered()
    }

    /// Bytes of the message that is arriving, as far as it says; 0 where it does not.
    pub fn announced(&self) -> usize {
        if self.is_bare() { 0 } else { self.frames.announced() }
    }

    /// Whether no message has begun.
    pub fn is_between(&self) -> bool {
        self.frames.is_between()
    }

    /// Takes what has arrived of the message that is arriving. The rest is thrown away as it comes; where it ends
    /// without a length, nothing behind it can be read.
    ///
    /// # Errors
    ///
    /// As [`MessageReader::take`].
    pub fn cut(&mut self) -> Result<Incoming, FrameError> {
        if self.is_bare() {
            let all = self.frames.split(usize::MAX);
            return Ok(Incoming { cut: true, ..Incoming::bare(Wire::Buffered, all) });
        }
        let mut frame = self.frames.cut(self.frames.announced());
        frame.advance(frame.len().min(4));
        Ok(Incoming::framed(frame, true)?)
    }

    fn is_bare(&self) -> bool {
        matches!(self.frames.waiting().first(), Some(&BINARY | &COMPACT))
    }

    /// Bytes of its memory.
    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.frames.capacity()
    }

    /// Gives the memory back, when no bytes are waiting in it.
    pub fn release(&mut self) {
        self.frames.release();
    }

    /// Takes the next whole message; `None` until more bytes arrive.
    ///
    /// # Errors
    ///
    /// As [`Frames::take`], and [`FrameError::TtHeader`], [`FrameError::Header`],
    /// [`FrameError::Body`].
    pub fn take(&mut self) -> Result<Option<Incoming>, FrameError> {
        if self.frames.skips() {
            return Ok(None);
        }
        // A frame of 2 GiB and more cannot be: this is the version of strict Binary, or Compact.
        let length = match self.frames.waiting().first() {
            Some(&BINARY) => self.scanner.scan(self.frames.waiting(), self.frames.limit())?,
            Some(&COMPACT) => self.compact.scan(self.frames.waiting(), self.frames.limit())?,
            _ => return self.framed(),
        };
        Ok(length.map(|length| Incoming::bare(Wire::Buffered, self.frames.split(length))))
    }

    fn framed(&mut self) -> Result<Option<Incoming>, FrameError> {
        let Some(frame) = self.frames.take()? else { return Ok(None) };
        Ok(Some(Incoming::framed(frame, false)?))
    }
}
