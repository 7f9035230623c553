//! Reading Compact's numbers and bytes, and writing its numbers.

use crate::codec::Fault;

/// Why a part was not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Its bytes have not all arrived.
    More,
    /// It needs this many bytes, more than the message may still have.
    Beyond(usize),
    /// It is damaged.
    Fault(Fault),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Bytes that are not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    /// What the message may still have, bytes that have not arrived included.
    room: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(rest: &'a [u8], room: usize) -> Self {
        Self { rest, room }
    }

    /// Bytes that are there and not read.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Refuses what needs more bytes than the message may still have.
    pub(crate) fn expect(&self, length: usize) -> Result<(), Halt> {
        if length > self.room { Err(Halt::Beyond(length)) } else { Ok(()) }
    }

    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Halt> {
        self.expect(length)?;
        let (head, rest) = self.rest.split_at_checked(length).ok_or(Halt::More)?;
        self.rest = rest;
        self.room -= length;
        Ok(head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Halt> {
        self.slice(1)?.first().copied().ok_or(Halt::More)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Halt> {
        self.slice(N)?.first_chunk().copied().ok_or(Halt::More)
    }

    /// A var int that fits `bits`. Groups of zeros at its end are read, as every implementation
    /// does, as long as the number could need them.
    #[inline]
    pub(crate) fn varint(&mut self, bits: u32) -> Result<u64, Halt> {
        if let Some((&byte @ ..0x80, rest)) = self.rest.split_first()
            && self.room > 0
        {
            self.rest = rest;
            self.room -= 1;
            return Ok(byte.into());
        }
        self.long_varint(bits)
    }

    fn long_varint(&mut self, bits: u32) -> Result<u64, Halt> {
        let mut number = 0;
        let mut shift = 0;
        while shift < bits {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift + 7 > bits && part >> (bits - shift) != 0 {
                break;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
        Err(Fault::Number.into())
    }

    /// A zigzag var int that fits `bits`.
    pub(crate) fn signed(&mut self, bits: u32) -> Result<i64, Halt> {
        let number = self.varint(bits)?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A length or a count: never above 2^31 - 1.
    pub(crate) fn length(&mut self) -> Result<usize, Halt> {
        let number = self.varint(32)?;
        let number = i32::try_from(number).map_err(|_| Fault::Negative(low(number)))?;
        Ok(usize::try_from(number).unwrap_or_default())
    }

    /// 32 bits as they are: the sequence number, which is not zigzag.
    pub(crate) fn plain(&mut self) -> Result<i32, Halt> {
        self.varint(32).map(low)
    }
}

/// The lower half, as two's complement.
fn low(number: u64) -> i32 {
    let [.., a, b, c, d] = number.to_be_bytes();
    i32::from_be_bytes([a, b, c, d])
}

/// Bytes of a var int.
pub(crate) fn varint_size(number: u64) -> usize {
    let bits = 64 - number.leading_zeros() as usize;
    bits.div_ceil(7).max(1)
}

/// Writes a var int.
pub(crate) fn put_varint(mut number: u64, out: &mut impl Extend<u8>) {
    while number >= 0x80 {
        out.extend([number.to_le_bytes()[0] | 0x80]);
        number >>= 7;
    }
    out.extend([number.to_le_bytes()[0]]);
}

/// Writes a zigzag var int.
pub(crate) fn put_signed(number: i64, out: &mut impl Extend<u8>) {
    put_varint(((number << 1) ^ (number >> 63)).cast_unsigned(), out);
}
