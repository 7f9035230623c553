//! The header of a message in Compact: `0x82`, type and version, sequence number, name.

use bytes::{BufMut, BytesMut};

use super::header::{Header, HeaderError, MAX_NAME, MessageType};
use super::protocol::Protocol;
use crate::compact::cursor::{Cursor, Halt, put_varint, varint_size};

/// The first byte.
pub(crate) const ID: u8 = 0x82;
/// The lower 5 bits of the second byte; the upper 3 are the message's type.
const VERSION: u8 = 1;

impl From<Halt> for HeaderError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::More | Halt::Beyond(_) => Self::Truncated,
            Halt::Fault(_) => Self::Number,
        }
    }
}

/// Reads a header; gives it and the bytes that it takes.
pub(crate) fn read(message: &[u8]) -> Result<(Header<'_>, usize), HeaderError> {
    let mut input = Cursor::new(message, message.len());
    let [id, second] = input.array()?;
    if id != ID || second & 0x1f != VERSION {
        return Err(HeaderError::Version(u16::from_be_bytes([id, second])));
    }
    let kind = MessageType::from_byte(second >> 5).ok_or(HeaderError::Type(second >> 5))?;
    let seq = input.plain()?;
    let length = input.length()?;
    if length > MAX_NAME {
        return Err(HeaderError::LongName(length));
    }
    let name = std::str::from_utf8(input.slice(length)?).map_err(|_| HeaderError::Name)?;
    Ok((Header { protocol: Protocol::Compact, kind, name, seq }, message.len() - input.left()))
}

fn seq(header: &Header<'_>) -> u64 {
    u64::from(header.seq.cast_unsigned())
}

/// The bytes that a header takes.
pub(crate) fn size(header: &Header<'_>) -> usize {
    let name = header.name.len();
    2 + varint_size(seq(header)) + varint_size(name as u64) + name
}

/// Writes a header.
pub(crate) fn write(header: &Header<'_>, out: &mut BytesMut) {
    out.put_u8(ID);
    out.put_u8((header.kind as u8) << 5 | VERSION);
    put_varint(seq(header), out);
    put_varint(header.name.len() as u64, out);
    out.put_slice(header.name.as_bytes());
}
