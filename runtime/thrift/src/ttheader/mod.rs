//! TTHeader: key-value pairs in front of a message, as Kitex and volo exchange them
//! (`ttheader.go` in cloudwego/gopkg; CloudWeGo's "Transport Protocol TTHeader").
//!
//! Behind the 4 bytes of length: magic `1000`, flags, sequence number, the size of the rest in
//! words of 4 bytes, protocol id, transform ids, sections, zero bytes up to a whole word, payload.

pub mod metainfo;
mod read;
mod write;

use std::borrow::Cow;

use bytes::BytesMut;

pub(crate) use self::read::fixed;
pub use self::read::scan;
pub use self::write::{Info, Measure, measure};
pub(crate) use self::write::{Room, put};

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
    /// A key or a value that is not text.
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

/// What stands before the pairs of a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixed {
    /// See [`flags`].
    pub flags: u16,
    /// Matches answers to requests when they come out of order.
    pub seq: i32,
    /// The protocol id: 0 for Binary, [`COMPACT`], or one that says nothing.
    pub protocol: u8,
}

/// One pair of a header: its texts as they are read, or the bytes of them as they are written.
#[derive(Debug, PartialEq, Eq)]
pub enum Pair<'a, T: ?Sized = str> {
    /// One of [`int_keys`], or another integer, and its value.
    Int(u16, &'a T),
    /// A text and its value.
    Text(&'a T, &'a T),
    /// The access token (`gdpr-token` in Kitex).
    Acl(&'a T),
}

impl<T: ?Sized> Clone for Pair<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Pair<'_, T> {}

impl<'a> Pair<'a> {
    /// The pair as it is written.
    #[inline]
    fn bytes(self) -> Pair<'a, [u8]> {
        match self {
            Self::Int(key, value) => Pair::Int(key, value.as_bytes()),
            Self::Text(key, value) => Pair::Text(key.as_bytes(), value.as_bytes()),
            Self::Acl(token) => Pair::Acl(token.as_bytes()),
        }
    }
}

/// The parts of a header in memory of their own. The message's own sequence number is written into it.
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

impl<'a> TtHeader<'a> {
    /// Reads the header of a message without its length; gives it and the bytes up to the payload.
    ///
    /// # Errors
    ///
    /// See [`TtHeaderError`]; nothing is reserved for what is only announced.
    pub fn read(message: &'a [u8]) -> Result<(Self, usize), TtHeaderError> {
        let mut header = Self::default();
        let (Fixed { flags, seq, protocol }, end) = scan(message, |pair| match pair {
            Pair::Int(key, value) => header.set_int(key, value),
            Pair::Text(key, value) => header.set_string(key, value),
            Pair::Acl(token) => header.acl = Some(token.into()),
        })?;
        Ok((Self { flags, seq, protocol, ..header }, end))
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

    /// Bytes between the length and the payload, if a reader with the same limits could read them.
    ///
    /// # Errors
    ///
    /// As [`measure`].
    pub fn fits(&self) -> Result<usize, TtHeaderError> {
        measure(self).map(|measure| measure.size())
    }

    /// Writes all but the length in front. What does not [fit](Self::fits) is not to be written.
    pub fn write(&self, out: &mut BytesMut) {
        write::write(self, &write::count(self), out);
    }
}

impl Info for TtHeader<'_> {
    fn fixed(&self) -> Fixed {
        let Self { flags, seq, protocol, .. } = *self;
        Fixed { flags, seq, protocol }
    }

    fn each<'s>(&'s self, mut take: impl FnMut(Pair<'s, [u8]>)) {
        let mut take = |pair: Pair<'s>| take(pair.bytes());
        self.acl.iter().for_each(|token| take(Pair::Acl(token)));
        self.strings.iter().for_each(|(key, value)| take(Pair::Text(key, value)));
        self.ints.iter().for_each(|(key, value)| take(Pair::Int(*key, value)));
    }
}
