//! Structs that have a default: what generated code says of them, and the [`Value`] that it makes.

use super::decoder::Decoder;
use super::error::{DecodeError, Step};
use super::field::{FieldNames, FieldRef};
use super::kind::Type;
use super::sink::Sink;
use super::value::Value;

/// A struct whose fields may all be left out. Unions and structs with required fields are
/// [`Value`]s of their own.
pub trait Struct: Default {
    /// The ids and names of the fields.
    const FIELDS: FieldNames;

    /// Hands the fields over, to be measured or to be written.
    fn write(&self, out: &mut impl Sink);

    /// Takes one field that is there.
    ///
    /// # Errors
    ///
    /// What the field's [`Value::decode`] gives.
    fn read(&mut self, field: FieldRef<'_, '_>) -> Result<(), DecodeError>;
}

impl<T: Struct> Value for T {
    const TYPE: Type = Type::Struct;
    const FIELDS: FieldNames = <T as Struct>::FIELDS;

    #[inline]
    fn write(&self, out: &mut impl Sink) {
        out.structure(|out| Struct::write(self, out));
    }

    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut value = T::default();
        fill(&mut value, input)?;
        Ok(value)
    }

    /// Each in its place: a struct that was just written is slow to move.
    fn decode_elements(input: &mut Decoder<'_>, count: usize) -> Result<Vec<Self>, DecodeError> {
        let mut elements = Vec::with_capacity(count);
        for place in 0..count {
            elements.push(T::default());
            let Some(value) = elements.last_mut() else { continue };
            fill(value, input).map_err(|error| error.inside(Step::Element(place)))?;
        }
        Ok(elements)
    }
}

/// The one place that calls [`Struct::read`], so that the compiler puts its arms into the loop.
#[inline(never)]
fn fill<T: Struct>(value: &mut T, input: &mut Decoder<'_>) -> Result<(), DecodeError> {
    input.fields::<T>(|field| value.read(field))
}
