//! TTHeader: key-value pairs in front of a message, as Kitex and volo exchange them
//! (`ttheader.go` in cloudwego/gopkg; CloudWeGo's "Transport Protocol TTHeader").
//!
//! Behind the 4 bytes of length: magic `1000`, flags, sequence number, the size of the rest in
//! words of 4 bytes, protocol id, transform ids, sections, zero bytes up to a whole word, payload.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};

/// The first two bytes behind the length.
pub const MAGIC: u16 = 0x1000;
/// Bytes of the sized part: 64 KiB.
pub const MAX_HEADER: usize = 64 << 10;
/// Pairs of all sections.
pub const MAX_PAIRS: usize = 256;

/// Bits of [`TtHeader::flags`].
pub mod flags {
    /// The answer may come out of order: Kitex's `HeaderFlagSupportOutOfOrder`.
    pub const OUT_OF_ORDER: u16 = 0x0001;
    /// The streaming transport, which is another protocol.
    pub const STREAMING: u16 = 0x0002;
}

/// Integer keys that have a meaning here (`metakey.go` in cloudwego/gopkg).
pub mod int_keys {
    /// `framed` or `unframed`: what the payload is.
    pub const PAYLOAD: u16 = 1;
    /// The id under which everybody on the way of a request logs it.
    pub const LOG_ID: u16 = 2;
    /// The calling service's name in the registry.
    pub const FROM_SERVICE: u16 = 3;
    /// The called service's name in the registry.
    pub const TO_SERVICE: u16 = 6;
    /// The called method.
    pub const TO_METHOD: u16 = 9;
    /// What the caller waits for the answer, in milliseconds.
    pub const RPC_TIMEOUT: u16 = 12;
    /// What the caller waited for the connection, in milliseconds.
    pub const CONNECT_TIMEOUT: u16 = 17;
    /// The method that makes the call; may be empty.
    pub const FROM_METHOD: u16 = 20;
    /// The message's type as a decimal number.
    pub const MESSAGE_TYPE: u16 = 22;
}

/// Section ids (`InfoID` in cloudwego/gopkg).
mod section {
    pub(super) const PADDING: u8 = 0x00;
    pub(super) const STRINGS: u8 = 0x01;
    pub(super) const INTS: u8 = 0x10;
    pub(super) const ACL: u8 = 0x11;
}

/// Bytes before the sized part: magic, flags, sequence number, size.
const FIXED: usize = 10;

/// The protocol id of Compact, in Kitex as in Apache's THeader.
pub const COMPACT: u8 = 2;
/// Protocol ids that Kitex takes: what the payload is, its own first bytes say.
const PROTOCOLS: [u8; 5] = [0, COMPACT, 3, 4, 16];

/// Why a header cannot be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TtHeaderError {
    /// A part is longer than what holds it.
    #[error("the TTHeader ends inside a part")]
    Truncated,
    /// Another magic number.
    #[error("not a TTHeader: its magic is {0:#06x}, not 0x1000")]
    Magic(u16),
    /// The streaming transport.
    #[error("TTHeader streaming is not served")]
    Streaming,
    /// A sized part over [`MAX_HEADER`], or one without room for its two ids.
    #[error("a TTHeader of {0} bytes; it has 2 at least and 65536 at most")]
    Size(usize),
    /// A protocol that nobody sends.
    #[error("unknown TTHeader protocol {0}")]
    Protocol(u8),
    /// A section that nobody sends.
    #[error("unknown TTHeader section {0:#04x}")]
    Section(u8),
    /// More than [`MAX_PAIRS`].
    #[error("a TTHeader of more than 256 pairs")]
    Pairs,
    /// A key or a value that is no text.
    #[error("a TTHeader's text is not UTF-8")]
    Utf8,
    /// A text that its 16-bit length cannot state.
    #[error("a text of {0} bytes is too long for a TTHeader")]
    Text(usize),
    /// The frame inside has another length than the payload.
    #[error("a frame of {announced} bytes in a payload of {payload}")]
    Frame {
        /// What the frame says.
        announced: u32,
        /// Bytes behind the frame's length.
        payload: usize,
    },
}

/// The parts of a header. The message's own sequence number is written into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TtHeader<'a> {
    /// See [`flags`].
    pub flags: u16,
    /// Matches answers to requests when they come out of order.
    pub seq: i32,
    /// The protocol id: 0 for Binary, [`COMPACT`], or one that says nothing.
    pub protocol: u8,
    /// Pairs with integer keys.
    pub ints: Vec<(u16, Cow<'a, str>)>,
    /// Pairs with text keys.
    pub strings: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The access token (`gdpr-token` in Kitex).
    pub acl: Option<Cow<'a, str>>,
}

/// The flags, the sequence number, and the bytes up to the payload.
pub(super) fn fixed(message: &[u8]) -> Result<(u16, i32, usize), TtHeaderError> {
    let mut cursor = Cursor(message);
    let magic = cursor.short()?;
    if magic != MAGIC {
        return Err(TtHeaderError::Magic(magic));
    }
    let flags = cursor.short()?;
    if flags & flags::STREAMING != 0 {
        return Err(TtHeaderError::Streaming);
    }
    let seq = i32::from_be_bytes(cursor.take()?);
    let size = usize::from(cursor.short()?) * 4;
    if !(2..=MAX_HEADER).contains(&size) {
        return Err(TtHeaderError::Size(size));
    }
    if cursor.0.len() < size {
        return Err(TtHeaderError::Truncated);
    }
    Ok((flags, seq, FIXED + size))
}

impl<'a> TtHeader<'a> {
    /// Reads the header of a message without its length; gives it and the bytes up to the payload.
    ///
    /// # Errors
    ///
    /// See [`TtHeaderError`]; nothing is reserved for what is only announced.
    pub fn read(message: &'a [u8]) -> Result<(Self, usize), TtHeaderError> {
        let (flags, seq, end) = fixed(message)?;
        let mut cursor = Cursor(message.get(FIXED..end).ok_or(TtHeaderError::Truncated)?);
        let [protocol, transforms] = cursor.take()?;
        if !PROTOCOLS.contains(&protocol) {
            return Err(TtHeaderError::Protocol(protocol));
        }
        // Kitex reads past transform ids and applies none.
        cursor.slice(usize::from(transforms))?;
        let mut header = Self { flags, seq, protocol, ..Self::default() };
        while let Ok([id]) = cursor.take() {
            header.section(id, &mut cursor)?;
        }
        Ok((header, end))
    }

    fn section(&mut self, id: u8, cursor: &mut Cursor<'a>) -> Result<(), TtHeaderError> {
        match id {
            section::PADDING => {}
            section::STRINGS => {
                for _ in 0..cursor.short()? {
                    self.strings.push((cursor.text()?.into(), cursor.text()?.into()));
                    self.check()?;
                }
            }
            section::INTS => {
                for _ in 0..cursor.short()? {
                    self.ints.push((cursor.short()?, cursor.text()?.into()));
                    self.check()?;
                }
            }
            section::ACL => self.acl = Some(cursor.text()?.into()),
            other => return Err(TtHeaderError::Section(other)),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TtHeaderError> {
        if self.ints.len() + self.strings.len() > MAX_PAIRS { Err(TtHeaderError::Pairs) } else { Ok(()) }
    }

    /// The value of an integer key; the last one counts, as in Kitex.
    pub fn int(&self, key: u16) -> Option<&str> {
        self.ints.iter().rev().find(|(found, _)| *found == key).map(|(_, value)| &**value)
    }

    /// The value of a text key; the last one counts, as in Kitex.
    pub fn string(&self, key: &str) -> Option<&str> {
        self.strings.iter().rev().find(|(found, _)| found == key).map(|(_, value)| &**value)
    }

    /// Adds a pair with an integer key.
    pub fn set_int(&mut self, key: u16, value: impl Into<Cow<'a, str>>) {
        self.ints.push((key, value.into()));
    }

    /// Adds a pair with a text key.
    pub fn set_string(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.strings.push((key.into(), value.into()));
    }

    /// Bytes of the sized part without its padding, and those of the longest text in it.
    fn measure(&self) -> (usize, usize) {
        let (mut body, mut longest) = (2, 0);
        let mut add = |size: usize, text: &str| {
            body += size + text.len();
            longest = longest.max(text.len());
        };
        for (place, (key, value)) in self.strings.iter().enumerate() {
            add(if place == 0 { 5 } else { 2 }, key);
            add(2, value);
        }
        for (place, (_, value)) in self.ints.iter().enumerate() {
            add(if place == 0 { 7 } else { 4 }, value);
        }
        if let Some(acl) = &self.acl {
            add(3, acl);
        }
        (body, longest)
    }

    /// Bytes between the length and the payload, if a reader with the same limits could read them.
    ///
    /// # Errors
    ///
    /// [`TtHeaderError::Size`], [`TtHeaderError::Pairs`], [`TtHeaderError::Text`].
    pub fn fits(&self) -> Result<usize, TtHeaderError> {
        self.check()?;
        let (body, longest) = self.measure();
        if longest > usize::from(u16::MAX) {
            return Err(TtHeaderError::Text(longest));
        }
        let size = body.next_multiple_of(4);
        // Kitex's limit is one byte below ours.
        if size > MAX_HEADER - 4 { Err(TtHeaderError::Size(size)) } else { Ok(FIXED + size) }
    }

    /// Writes all but the length in front. What does not [fit](Self::fits) is not to be written.
    pub fn write(&self, out: &mut BytesMut) {
        let (body, _) = self.measure();
        let size = body.next_multiple_of(4);
        out.reserve(FIXED + size);
        let ([m, n], [f, g], [a, b, c, d]) = (MAGIC.to_be_bytes(), self.flags.to_be_bytes(), self.seq.to_be_bytes());
        let [high, low] = short(size / 4);
        // One piece: each costs a look at the room that is left.
        out.put_slice(&[m, n, f, g, a, b, c, d, high, low, self.protocol, 0]);
        if let Some(acl) = &self.acl {
            out.put_u8(section::ACL);
            put_text(acl, out);
        }
        if !self.strings.is_empty() {
            begin(section::STRINGS, self.strings.len(), out);
            for (key, value) in &self.strings {
                put_text(key, out);
                put_text(value, out);
            }
        }
        if !self.ints.is_empty() {
            begin(section::INTS, self.ints.len(), out);
            for (key, value) in &self.ints {
                let ([a, b], [c, d]) = (key.to_be_bytes(), short(value.len()));
                out.put_slice(&[a, b, c, d]);
                out.put_slice(value.as_bytes());
            }
        }
        out.put_bytes(section::PADDING, size - body);
    }
}

fn begin(section: u8, pairs: usize, out: &mut BytesMut) {
    let [high, low] = short(pairs);
    out.put_slice(&[section, high, low]);
}

fn put_text(text: &str, out: &mut BytesMut) {
    out.put_slice(&short(text.len()));
    out.put_slice(text.as_bytes());
}

/// What `fits` has checked.
fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

/// Bytes that are not read yet.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TtHeaderError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(TtHeaderError::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    fn short(&mut self) -> Result<u16, TtHeaderError> {
        self.take().map(u16::from_be_bytes)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], TtHeaderError> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(TtHeaderError::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    fn text(&mut self) -> Result<&'a str, TtHeaderError> {
        let length = usize::from(self.short()?);
        std::str::from_utf8(self.slice(length)?).map_err(|_| TtHeaderError::Utf8)
    }
}
