//! The second pass of encoding: bytes into a buffer of exactly the right size.

use bytes::Bytes;

use super::body_pool;
use super::error::EncodeError;
use super::kind::Type;
use super::size::Size;
use super::value::Value;

/// The writer of values in Binary: a buffer with the room that a [`Size`] measured.
#[derive(Debug)]
pub struct Encoder {
    out: Vec<u8>,
    /// Whether more was written than there was room for.
    over: bool,
}

impl Encoder {
    #[inline]
    pub(crate) fn field_header(&mut self, kind: Type, id: i16) {
        let [high, low] = id.to_be_bytes();
        self.put([kind as u8, high, low]);
    }

    /// Writes text or binary with its length.
    #[inline]
    pub fn string(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.slice(bytes);
    }

    /// Writes a string behind the header of its field, with one check of the room for both.
    #[inline]
    pub(super) fn string_field(&mut self, id: i16, bytes: &[u8]) {
        let ([high, low], [a, b, c, d]) = (id.to_be_bytes(), (bytes.len() as u32).to_be_bytes());
        self.put([Type::String as u8, high, low, a, b, c, d]);
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

    /// Measuring has refused what does not fit 31 bits.
    #[inline]
    fn length(&mut self, length: usize) {
        self.put((length as u32).to_be_bytes());
    }

    /// Writes bytes of a fixed number.
    #[inline]
    pub fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.slice(&bytes);
    }

    /// Writes the numbers of a list.
    pub(super) fn numbers<const N: usize>(&mut self, numbers: impl ExactSizeIterator<Item = [u8; N]>) {
        let (start, size) = (self.out.len(), numbers.len().saturating_mul(N));
        if !self.has_room(size) {
            return;
        }
        self.out.resize(start + size, 0);
        let room = self.out.get_mut(start..).unwrap_or_default();
        for (place, number) in room.as_chunks_mut().0.iter_mut().zip(numbers) {
            *place = number;
        }
    }

    #[inline]
    pub(super) fn slice(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.out.extend_from_slice(bytes);
        }
    }

    /// The buffer never grows, so that the compiler keeps it in registers; what has no room is left out.
    #[inline]
    fn has_room(&mut self, size: usize) -> bool {
        if size > self.out.capacity() - self.out.len() {
            self.over = true;
            return false;
        }
        true
    }
}

/// Runs both passes.
pub(crate) fn encode(size: impl FnOnce(&mut Size), write: impl FnOnce(&mut Encoder)) -> Result<Bytes, EncodeError> {
    let mut measured = Size::default();
    size(&mut measured);
    let measured = measured.finish()?;
    let mut out = Encoder { out: body_pool::begin(measured), over: false };
    write(&mut out);
    if out.over || out.out.len() != measured {
        return Err(EncodeError::Mismatch);
    }
    Ok(body_pool::finish(out.out))
}

/// Encodes one value.
///
/// # Errors
///
/// See [`EncodeError`]; nothing was written then.
pub fn to_bytes(value: &impl Value) -> Result<Bytes, EncodeError> {
    encode(|size| value.size(size), |out| value.encode(out))
}
