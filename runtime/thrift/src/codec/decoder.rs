//! Decoding over one complete body: every length checked against the bytes that are really there,
//! every allocation charged to one budget before it is made.

use std::mem;

use bytes::Bytes;

use super::error::{DecodeError, Fault};
use super::field::{FieldNames, FieldRef};
use super::kind::Type;
use super::text;
use super::unknown::UnknownField;
use super::value::Value;
use super::walk;
use kiteline_core::limits::{DEPTH, DecodeLimits};

/// Binary fields from this size on may share the body's memory instead of a copy.
const SHARE_FROM: usize = 16 << 10;
/// … when they are at least one in this many parts of it, so that no small field pins a big frame.
const SHARE_PART: usize = 4;

/// A cursor over one body with what is left of its limits.
#[derive(Debug)]
pub struct Decoder<'a> {
    body: &'a Bytes,
    rest: &'a [u8],
    depth: u16,
    budget: usize,
    string: usize,
    /// Which required fields of the struct that is read came, as a set of their ids.
    present: u64,
}

impl<'a> Decoder<'a> {
    /// A cursor at the start of a body.
    pub fn new(body: &'a Bytes, limits: DecodeLimits) -> Self {
        let DecodeLimits { depth, budget, string, .. } = limits;
        let string = usize::try_from(string).unwrap_or(usize::MAX);
        Self { body, rest: body, depth: depth.min(DEPTH), budget, string, present: 0 }
    }

    /// Bytes read so far.
    #[inline]
    pub fn offset(&self) -> usize {
        self.body.len() - self.rest.len()
    }

    /// Bytes not read yet.
    #[inline]
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Begins a set of the fields that came, or goes back to an outer one; gives the one before.
    #[inline]
    pub(super) fn swap_present(&mut self, present: u64) -> u64 {
        mem::replace(&mut self.present, present)
    }

    /// Adds fields to the set of those that came.
    #[inline]
    pub(super) fn note_present(&mut self, fields: u64) {
        self.present |= fields;
    }

    /// An error at this place.
    #[cold]
    pub(crate) fn fail(&self, fault: Fault) -> DecodeError {
        DecodeError::new(fault, self.offset())
    }

    /// The error for the type byte that was read last, with its id.
    #[cold]
    pub(crate) fn unknown_type(&self, byte: u8) -> DecodeError {
        DecodeError::new(Fault::Type(byte), self.offset().saturating_sub(3))
    }

    /// The error for a required field (`"AddRequest.first"`) that was not there.
    #[cold]
    pub fn missing(&self, field: &'static str) -> DecodeError {
        self.fail(Fault::Missing(field.into()))
    }

    /// The error for a required union (`"Choice"`) without a member.
    #[cold]
    pub fn empty_union(&self, union: &'static str) -> DecodeError {
        self.fail(Fault::EmptyUnion(union))
    }

    /// Reads one value.
    ///
    /// # Errors
    ///
    /// What [`Value::decode`] of the type gives.
    #[inline]
    pub fn value<T: Value>(&mut self) -> Result<T, DecodeError> {
        T::decode(self)
    }

    /// Hands the fields of a `T` over, one level deeper.
    ///
    /// # Errors
    ///
    /// [`Fault::Depth`], [`Fault::Truncated`], or what `read` gives, with the field added to its path.
    #[inline]
    pub fn fields<T: Value>(
        &mut self,
        read: impl FnMut(FieldRef<'_, 'a>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.nested(|input| input.flat(T::FIELDS, read))
    }

    /// Hands fields up to STOP over, on this level.
    #[inline]
    pub(crate) fn flat(
        &mut self,
        names: FieldNames,
        mut read: impl FnMut(FieldRef<'_, 'a>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        while let Some((kind, id)) = self.header()? {
            if let Err(error) = read(FieldRef::new(id, kind, self)) {
                return Err(error.in_field(id, names));
            }
        }
        Ok(())
    }

    /// Reads parts one level deeper.
    #[inline]
    pub(crate) fn nested<T>(
        &mut self,
        parts: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.enter()?;
        let value = parts(self)?;
        self.leave();
        Ok(value)
    }

    #[inline]
    fn enter(&mut self) -> Result<(), DecodeError> {
        self.depth = self.depth.checked_sub(1).ok_or_else(|| self.fail(Fault::Depth))?;
        Ok(())
    }

    #[inline]
    fn leave(&mut self) {
        self.depth += 1;
    }

    /// A field's type byte and id; `None` at the STOP byte.
    #[inline]
    pub(crate) fn header(&mut self) -> Result<Option<(u8, i16)>, DecodeError> {
        match self.rest {
            [0, rest @ ..] => {
                self.rest = rest;
                Ok(None)
            }
            [kind, high, low, rest @ ..] => {
                self.rest = rest;
                Ok(Some((*kind, i16::from_be_bytes([*high, *low]))))
            }
            _ => Err(self.fail(Fault::Truncated)),
        }
    }

    /// Reads bytes of a fixed number.
    ///
    /// # Errors
    ///
    /// [`Fault::Truncated`].
    #[inline]
    pub fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(*head)
            }
            None => Err(self.fail(Fault::Truncated)),
        }
    }

    /// `count` numbers of `N` bytes each.
    pub(super) fn numbers<const N: usize>(&mut self, count: usize) -> Result<&'a [[u8; N]], DecodeError> {
        let size = count.checked_mul(N).ok_or_else(|| self.fail(Fault::Truncated))?;
        Ok(self.slice(size)?.as_chunks().0)
    }

    #[inline]
    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => Err(self.fail(Fault::Truncated)),
        }
    }

    /// A length or a count: never negative.
    #[inline]
    pub(crate) fn length(&mut self) -> Result<usize, DecodeError> {
        let length = i32::from_be_bytes(self.take()?);
        usize::try_from(length).map_err(|_| self.fail(Fault::Negative(length)))
    }

    /// Reads the bytes of a text or binary value in place.
    ///
    /// # Errors
    ///
    /// [`Fault::Truncated`], [`Fault::Negative`], [`Fault::StringLimit`].
    #[inline]
    pub fn string(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.string_length()?;
        self.slice(length)
    }

    #[inline]
    fn string_length(&mut self) -> Result<usize, DecodeError> {
        let length = self.length()?;
        if length > self.string {
            return Err(self.fail(Fault::StringLimit(length)));
        }
        Ok(length)
    }

    /// Reads text.
    ///
    /// # Errors
    ///
    /// As [`Decoder::string`], [`Fault::Budget`] and [`Fault::Utf8`].
    #[inline]
    pub fn text(&mut self) -> Result<String, DecodeError> {
        let length = self.string_length()?;
        let rest = self.rest;
        self.slice(length)?;
        self.charge(text::memory(length), 1)?;
        text::copy(rest, length).ok_or_else(|| DecodeError::new(Fault::Utf8, self.offset() - length))
    }

    /// Reads binary: big parts of the body share its memory, others are copied. Charged alike.
    ///
    /// # Errors
    ///
    /// As [`Decoder::string`], and [`Fault::Budget`].
    pub fn binary(&mut self) -> Result<Bytes, DecodeError> {
        let bytes = self.string()?;
        self.keep(bytes)
    }

    fn keep(&mut self, bytes: &'a [u8]) -> Result<Bytes, DecodeError> {
        self.charge(bytes.len(), 1)?;
        let share = bytes.len() >= SHARE_FROM && bytes.len() >= self.body.len() / SHARE_PART;
        Ok(if share { self.body.slice_ref(bytes) } else { Bytes::copy_from_slice(bytes) })
    }

    /// Takes `count * each` bytes of the budget; called before memory is reserved.
    ///
    /// # Errors
    ///
    /// [`Fault::Budget`].
    #[inline]
    pub fn charge(&mut self, count: usize, each: usize) -> Result<(), DecodeError> {
        let left = count.checked_mul(each).and_then(|bytes| self.budget.checked_sub(bytes));
        self.budget = left.ok_or_else(|| self.fail(Fault::Budget))?;
        Ok(())
    }

    /// Reads the header of a list or a set of `T`: the number of its elements, never more than
    /// the bytes left can hold. An empty one may name any type, as Kitex reads it.
    ///
    /// # Errors
    ///
    /// [`Fault::Truncated`], [`Fault::Negative`], [`Fault::Element`].
    #[inline]
    pub fn elements<T: Value>(&mut self) -> Result<usize, DecodeError> {
        let [kind] = self.take()?;
        let count = self.length()?;
        self.expect::<T>(kind, count)?;
        self.bounded(count, T::MIN_SIZE)
    }

    /// Reads the header of a map: the number of its pairs, bounded like [`Decoder::elements`].
    ///
    /// # Errors
    ///
    /// As [`Decoder::elements`].
    #[inline]
    pub fn entries<K: Value, V: Value>(&mut self) -> Result<usize, DecodeError> {
        let [key, value] = self.take()?;
        let count = self.length()?;
        self.expect::<K>(key, count)?;
        self.expect::<V>(value, count)?;
        self.bounded(count, K::MIN_SIZE + V::MIN_SIZE)
    }

    #[inline]
    fn expect<T: Value>(&self, found: u8, count: usize) -> Result<(), DecodeError> {
        if found == T::TYPE as u8 || count == 0 {
            return Ok(());
        }
        Err(self.fail(Fault::Element { expected: T::TYPE, found }))
    }

    #[inline]
    pub(super) fn bounded(&self, count: usize, each: usize) -> Result<usize, DecodeError> {
        if count > self.left() / each.max(1) {
            return Err(self.fail(Fault::Truncated));
        }
        Ok(count)
    }

    /// Skips a value; reserves nothing, descends no deeper than the depth that is left.
    ///
    /// # Errors
    ///
    /// [`Fault::Truncated`], [`Fault::Negative`], [`Fault::Type`], [`Fault::Depth`].
    pub fn skip(&mut self, kind: Type) -> Result<(), DecodeError> {
        walk::skip(self, kind)
    }

    /// Keeps the value of a field that the IDL does not know.
    pub(super) fn unknown(&mut self, id: i16, kind: Type) -> Result<UnknownField, DecodeError> {
        let before = self.rest;
        self.skip(kind)?;
        let length = before.len() - self.rest.len();
        self.charge(1, mem::size_of::<UnknownField>())?;
        let bytes = self.keep(before.get(..length).unwrap_or_default())?;
        Ok(UnknownField { id, kind, bytes })
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    ///
    /// [`Fault::Trailing`].
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.fail(Fault::Trailing(self.left())))
    }
}

/// Decodes one value that takes the whole body.
///
/// # Errors
///
/// See [`DecodeError`].
pub fn from_bytes<T: Value>(body: Bytes, limits: DecodeLimits) -> Result<T, DecodeError> {
    let mut input = Decoder::new(&body, limits);
    let value = T::decode(&mut input)?;
    input.finish()?;
    Ok(value)
}
