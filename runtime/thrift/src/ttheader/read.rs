//! A header's bytes, handed over pair by pair: nothing is reserved, neither for what is there nor for what is announced.

use super::{COMPACT, FIXED, Fixed, MAGIC, MAX_HEADER, MAX_PAIRS, Pair, TtHeaderError, flags, section};

/// Protocol ids that Kitex takes: what the payload is, its own first bytes say.
const PROTOCOLS: [u8; 5] = [0, COMPACT, 3, 4, 16];

/// The flags, the sequence number, and the bytes up to the payload.
pub(crate) fn fixed(message: &[u8]) -> Result<(u16, i32, usize), TtHeaderError> {
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

/// Reads the header of a message without its length and hands its pairs over as they come; gives what stands before
/// them, and the bytes up to the payload.
///
/// # Errors
///
/// See [`TtHeaderError`]; some pairs may have been handed over then.
#[inline]
pub fn scan<'a>(message: &'a [u8], mut each: impl FnMut(Pair<'a>)) -> Result<(Fixed, usize), TtHeaderError> {
    let (flags, seq, end) = fixed(message)?;
    let mut cursor = Cursor(message.get(FIXED..end).ok_or(TtHeaderError::Truncated)?);
    let [protocol, transforms] = cursor.take()?;
    if !PROTOCOLS.contains(&protocol) {
        return Err(TtHeaderError::Protocol(protocol));
    }
    // Kitex reads past transform ids and applies none.
    cursor.slice(usize::from(transforms))?;
    let mut pairs = 0;
    while let Ok([id]) = cursor.take() {
        let count = match id {
            section::PADDING => continue,
            section::ACL => {
                each(Pair::Acl(cursor.text()?));
                continue;
            }
            section::STRINGS | section::INTS => cursor.short()?,
            other => return Err(TtHeaderError::Section(other)),
        };
        for _ in 0..count {
            let pair = match id {
                section::INTS => Pair::Int(cursor.short()?, cursor.text()?),
                _ => Pair::Text(cursor.text()?, cursor.text()?),
            };
            pairs += 1;
            if pairs > MAX_PAIRS {
                return Err(TtHeaderError::Pairs);
            }
            each(pair);
        }
    }
    Ok((Fixed { flags, seq, protocol }, end))
}

/// Bytes that are not read yet.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TtHeaderError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(TtHeaderError::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    #[inline]
    fn short(&mut self) -> Result<u16, TtHeaderError> {
        self.take().map(u16::from_be_bytes)
    }

    #[inline]
    fn slice(&mut self, length: usize) -> Result<&'a [u8], TtHeaderError> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(TtHeaderError::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    #[inline]
    fn text(&mut self) -> Result<&'a str, TtHeaderError> {
        let length = usize::from(self.short()?);
        std::str::from_utf8(self.slice(length)?).map_err(|_| TtHeaderError::Utf8)
    }
}
