//! The second pass of encoding: bytes into a buffer of exactly the right size.

use std::mem;

use bytes::Bytes;

use super::error::EncodeError;
use super::kind::Type;
use super::size::Size;
use super::value::Value;

/// A cursor over the buffer that a [`Size`] measured.
///
/// Writing past its end is remembered and refused at the end; it never panics.
#[derive(Debug)]
pub struct Encoder<'a> {
    rest: &'a mut [u8],
    overflow: bool,
}

impl Encoder<'_> {
    #[inline]
    pub(super) fn field_header(&mut self, kind: Type, id: i16) {
        let [high, low] = id.to_be_bytes();
        self.put([kind as u8, high, low]);
    }

    /// Writes text or binary with its length.
    #[inline]
    pub fn string(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.slice(bytes);
    }

    /// Writes the header of a list or a set.
    #[inline]
    pub fn elements(&mut self, kind: Type, count: usize) {
        self.put([kind as u8]);
        self.length(count);
    }

    /// Writes the header of a map.
    #[inline]
    pub fn entries(&mut self, key: Type, value: Type, count: usize) {
        self.put([key as u8, value as u8]);
        self.length(count);
    }

    #[inline]
    fn length(&mut self, length: usize) {
        // Sizing has refused what does not fit.
        let Ok(length) = i32::try_from(length) else {
            self.overflow = true;
            return;
        };
        self.put(length.to_be_bytes());
    }

    /// Writes bytes of a fixed number.
    #[inline]
    pub fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        match mem::take(&mut self.rest).split_first_chunk_mut::<N>() {
            Some((head, tail)) => {
                *head = bytes;
                self.rest = tail;
            }
            None => self.overflow = true,
        }
    }

    #[inline]
    pub(super) fn slice(&mut self, bytes: &[u8]) {
        match mem::take(&mut self.rest).split_at_mut_checked(bytes.len()) {
            Some((head, tail)) => {
                head.copy_from_slice(bytes);
                self.rest = tail;
            }
            None => self.overflow = true,
        }
    }
}

/// Runs both passes.
pub(super) fn encode(size: impl FnOnce(&mut Size), write: impl FnOnce(&mut Encoder<'_>)) -> Result<Bytes, EncodeError> {
    let mut measured = Size::default();
    size(&mut measured);
    let mut buffer = vec![0; measured.finish()?];
    let mut out = Encoder { rest: &mut buffer, overflow: false };
    write(&mut out);
    if out.overflow || !out.rest.is_empty() {
        return Err(EncodeError::Mismatch);
    }
    Ok(Bytes::from(buffer))
}

/// Encodes one value.
///
/// # Errors
///
/// See [`EncodeError`]; nothing was written then.
pub fn to_bytes(value: &impl Value) -> Result<Bytes, EncodeError> {
    encode(|size| value.size(size), |out| value.encode(out))
}
