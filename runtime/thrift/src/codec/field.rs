//! A field of a struct that is being decoded, and the slots for its value.

use super::decoder::Decoder;
use super::error::DecodeError;
use super::kind::Type;
use super::structure::bit;
use super::unknown::UnknownField;
use super::value::Value;

/// The ids and names of a struct's fields, for the paths of errors: `"1 first, 2 second"`.
pub type FieldNames = &'static str;

/// The name of a field.
#[cold]
pub(super) fn name(id: i16, names: FieldNames) -> Option<&'static str> {
    names
        .split(", ")
        .filter_map(|field| field.split_once(' '))
        .find(|(known, _)| known.parse() == Ok(id))
        .map(|it| it.1)
}

/// How reading a field ended.
pub type Decoded = Result<(), DecodeError>;

/// A field whose header was read and whose value comes next.
#[derive(Debug)]
pub struct FieldRef<'f, 'a> {
    /// The id.
    pub id: i16,
    kind: u8,
    input: &'f mut Decoder<'a>,
}

impl<'f, 'a> FieldRef<'f, 'a> {
    #[inline]
    pub(super) fn new(id: i16, kind: u8, input: &'f mut Decoder<'a>) -> Self {
        Self { id, kind, input }
    }

    /// The type on the wire; `None` for a byte that names none.
    #[inline]
    pub fn kind(&self) -> Option<Type> {
        Type::from_byte(self.kind)
    }

    /// Reads the value. One of another type is skipped, as an unknown field is.
    ///
    /// # Errors
    ///
    /// What [`Value::decode`] of the type gives.
    #[inline]
    pub fn read<S: Slot>(self, slot: &mut S) -> Result<(), DecodeError> {
        if self.kind != S::TYPE as u8 {
            return self.skip();
        }
        slot.fill(self.input)
    }

    /// Reads the value of a field that has to be there, as [`FieldRef::read`] does: what came is noted for
    /// [`Struct::REQUIRED`](super::Struct::REQUIRED).
    ///
    /// # Errors
    ///
    /// What [`Value::decode`] of the type gives.
    #[inline]
    pub fn required<T: Value>(self, value: &mut T) -> Result<(), DecodeError> {
        if self.kind != T::TYPE as u8 {
            return self.skip();
        }
        *value = T::decode(self.input)?;
        self.input.note_present(bit(self.id));
        Ok(())
    }

    /// Reads the value and hands it over. One of another type is skipped.
    ///
    /// # Errors
    ///
    /// What [`Value::decode`] of the type gives.
    #[inline]
    pub fn with<T: Value>(self, take: impl FnOnce(T)) -> Result<(), DecodeError> {
        if self.kind != T::TYPE as u8 {
            return self.skip();
        }
        take(T::decode(self.input)?);
        Ok(())
    }

    /// Reads the value and hands it over in a box, but not a union without a member.
    ///
    /// # Errors
    ///
    /// What [`Value::decode`] of the type gives, and [`Fault::Budget`](super::Fault::Budget).
    #[inline]
    pub fn boxed<T: Value>(self, take: impl FnOnce(Box<T>)) -> Result<(), DecodeError> {
        if self.kind != T::TYPE as u8 {
            return self.skip();
        }
        self.input.charge(1, size_of::<T>())?;
        if let Some(value) = T::decode_optional(self.input)? {
            take(Box::new(value));
        }
        Ok(())
    }

    /// Skips the value.
    ///
    /// # Errors
    ///
    /// As [`Decoder::skip`].
    #[inline(never)]
    pub fn skip(self) -> Result<(), DecodeError> {
        let kind = self.known()?;
        self.input.skip(kind)
    }

    /// Keeps the value as it is and hands it over.
    ///
    /// # Errors
    ///
    /// As [`Decoder::skip`], and [`Fault::Budget`](super::Fault::Budget).
    pub fn unknown(self, take: impl FnOnce(UnknownField)) -> Result<(), DecodeError> {
        let kind = self.known()?;
        take(self.input.unknown(self.id, kind)?);
        Ok(())
    }

    /// Text as it may come from anywhere: what is not UTF-8 is replaced.
    pub(crate) fn lossy(self, slot: &mut String) -> Result<(), DecodeError> {
        if self.kind != Type::String as u8 {
            return self.skip();
        }
        let bytes = self.input.string()?;
        self.input.charge(bytes.len(), 3)?;
        *slot = String::from_utf8_lossy(bytes).into_owned();
        Ok(())
    }

    fn known(&self) -> Result<Type, DecodeError> {
        self.kind().ok_or_else(|| self.input.unknown_type(self.kind))
    }
}

/// The target of a field that is read: a value, or an option of one.
pub trait Slot {
    /// The type on the wire.
    const TYPE: Type;

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// What [`Value::decode`] of the type gives.
    fn fill(&mut self, input: &mut Decoder<'_>) -> Result<(), DecodeError>;
}

impl<T: Value> Slot for T {
    const TYPE: Type = T::TYPE;

    #[inline]
    fn fill(&mut self, input: &mut Decoder<'_>) -> Result<(), DecodeError> {
        *self = T::decode(input)?;
        Ok(())
    }
}

impl<T: Value> Slot for Option<T> {
    const TYPE: Type = T::TYPE;

    #[inline]
    fn fill(&mut self, input: &mut Decoder<'_>) -> Result<(), DecodeError> {
        *self = T::decode_optional(input)?;
        Ok(())
    }
}
