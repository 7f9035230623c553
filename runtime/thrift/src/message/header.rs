//! The header in front of every body: name, type and sequence number. Its first byte tells the
//! protocol; of Binary only the strict one is read.

use bytes::{BufMut, BytesMut};

use super::compact_header as compact;
use super::protocol::Protocol;

/// The type of a message (`TMessageType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageType {
    /// A request that wants an answer.
    Call = 1,
    /// An answer: a result struct.
    Reply = 2,
    /// An answer: an application exception.
    Exception = 3,
    /// A request without an answer.
    Oneway = 4,
}

impl MessageType {
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Call,
            2 => Self::Reply,
            3 => Self::Exception,
            4 => Self::Oneway,
            _ => return None,
        })
    }
}

/// A message's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// How the header and the body are written.
    pub protocol: Protocol,
    /// The type of the message.
    pub kind: MessageType,
    /// The method's name as it is in the IDL; several services of one server share the names.
    pub name: &'a str,
    /// Chosen by the caller, the same in the answer. Any value.
    pub seq: i32,
}

/// Why a message's header cannot be read; what follows it is lost too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The message ends inside its header.
    #[error("the message ends inside its header")]
    Truncated,
    /// Binary as it was before it had versions: its first four bytes are a name's length.
    #[error("old Binary without a version is not read; use strict Binary (version 1)")]
    Unversioned,
    /// Another protocol or another version.
    #[error("the message is neither strict Binary nor Compact: it begins with {0:#06x}, not 0x8001 or 0x8221")]
    Version(u16),
    /// No message has this type.
    #[error("unknown message type {0}")]
    Type(u8),
    /// A number of Compact that takes more bytes than it may.
    #[error("a number in the message's header is too long")]
    Number,
    /// A name over [`MAX_NAME`]: it would come back twice, in the answer's header and in its text.
    #[error("a method's name of {0} bytes is over the limit of 65536")]
    LongName(usize),
    /// A name that is not text.
    #[error("the method's name is not UTF-8")]
    Name,
}

/// The version of strict Binary (`thrift-binary-protocol.md`, "Message").
const VERSION: u16 = 0x8001;
/// The version of Kitex-Protobuf (`protobuf.go` in cloudwego/kitex).
#[cfg(feature = "grpc")]
const KITEX_PROTOBUF: u16 = 0x9001;

/// Bytes of a method's name: 64 KiB.
pub const MAX_NAME: usize = 64 << 10;

/// Bytes of a header beside its name: version, unused byte, type, name's length, sequence number.
const FIXED: usize = 12;

impl<'a> Header<'a> {
    /// Reads a header; gives it and the bytes that it takes.
    ///
    /// # Errors
    ///
    /// See [`HeaderError`].
    pub fn read(message: &'a [u8]) -> Result<(Self, usize), HeaderError> {
        if message.first() == Some(&compact::ID) {
            return compact::read(message);
        }
        let ([first, second, third, kind], rest) = message.split_first_chunk().ok_or(HeaderError::Truncated)?;
        let version = u16::from_be_bytes([*first, *second]);
        let protocol = match version {
            VERSION => Protocol::Binary,
            #[cfg(feature = "grpc")]
            KITEX_PROTOBUF => Protocol::KitexProtobuf,
            ..=0x7fff => return Err(HeaderError::Unversioned),
            _ => return Err(HeaderError::Version(version)),
        };
        if *third != 0 {
            return Err(HeaderError::Version(version));
        }
        let kind = MessageType::from_byte(*kind).ok_or(HeaderError::Type(*kind))?;
        let (length, rest) = rest.split_first_chunk().ok_or(HeaderError::Truncated)?;
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_NAME {
            return Err(HeaderError::LongName(length));
        }
        let (name, rest) = rest.split_at_checked(length).ok_or(HeaderError::Truncated)?;
        let (seq, _) = rest.split_first_chunk().ok_or(HeaderError::Truncated)?;
        let name = std::str::from_utf8(name).map_err(|_| HeaderError::Name)?;
        Ok((Self { protocol, kind, name, seq: i32::from_be_bytes(*seq) }, FIXED + length))
    }

    /// The bytes that the header takes.
    pub fn size(&self) -> usize {
        match self.protocol {
            Protocol::Compact => compact::size(self),
            _ => FIXED + self.name.len(),
        }
    }

    /// Writes the header.
    pub fn write(&self, out: &mut BytesMut) {
        let version: u16 = match self.protocol {
            Protocol::Binary => VERSION,
            Protocol::Compact => return compact::write(self, out),
            #[cfg(feature = "grpc")]
            Protocol::KitexProtobuf => KITEX_PROTOBUF,
        };
        // A name over 4 GiB cannot come from a frame or an IDL.
        let length = u32::try_from(self.name.len()).unwrap_or(u32::MAX);
        let ([high, low], [a, b, c, d]) = (version.to_be_bytes(), length.to_be_bytes());
        out.put_slice(&[high, low, 0, self.kind as u8, a, b, c, d]);
        out.put_slice(self.name.as_bytes());
        out.put_i32(self.seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for protocol in [Protocol::Binary, Protocol::Compact] {
            let header = Header { protocol, kind: MessageType::Oneway, name: "Füge", seq: -7 };
            let mut out = BytesMut::new();
            header.write(&mut out);
            assert_eq!(out.len(), header.size());
            assert_eq!(Header::read(&out), Ok((header, out.len())));
            for end in 0..out.len() {
                assert_eq!(Header::read(&out[..end]), Err(HeaderError::Truncated), "{end}");
            }
        }
    }

    #[test]
    fn refuses_other_protocols_by_name() {
        assert_eq!(Header::read(b"\0\0\0\x03Add\x01\0\0\0\x01"), Err(HeaderError::Unversioned));
        assert_eq!(Header::read(&[0x82, 0x22, 0, 0]), Err(HeaderError::Version(0x8222)));
        assert_eq!(Header::read(&[0x80, 1, 0, 9, 0, 0, 0, 0]), Err(HeaderError::Type(9)));
        let bad = b"\x80\x01\0\x01\0\0\0\x01\xff\0\0\0\x01";
        assert_eq!(Header::read(bad), Err(HeaderError::Name));
        let long = b"\x80\x01\0\x01\xff\xff\xff\xffAdd\0\0\0\x01";
        assert_eq!(Header::read(long), Err(HeaderError::LongName(0xffff_ffff)));
    }

    #[test]
    fn names_are_bounded() {
        let lengths = [(MAX_NAME - 1, true), (MAX_NAME, true), (MAX_NAME + 1, false)];
        for (protocol, (length, fits)) in
            [Protocol::Binary, Protocol::Compact].into_iter().flat_map(|it| lengths.map(|of| (it, of)))
        {
            let name = "n".repeat(length);
            let mut out = BytesMut::new();
            Header { protocol, kind: MessageType::Call, name: &name, seq: 1 }.write(&mut out);
            assert_eq!(Header::read(&out).is_ok(), fits, "{length}");
            // Refused before the name has come.
            assert_eq!(Header::read(&out[..8]) == Err(HeaderError::Truncated), fits, "{length}");
        }
    }
}
