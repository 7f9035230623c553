//! Structs that have a default: what generated code says of them, and the [`Value`] that it makes.

use super::decoder::Decoder;
use super::error::{DecodeError, Fault, Step};
use super::field::{self, Decoded, FieldNames, FieldRef};
use super::kind::Type;
use super::sink::Sink;
use super::value::Value;

/// The name of a struct and the ids of its required fields, each from 0 to 63, in the order in which a
/// missing one is reported.
pub type Required = (&'static str, &'static [i16]);

/// A struct with a default, into which its fields are read one by one. Unions and structs without a
/// default are [`Value`]s of their own.
pub trait Struct: Default {
    /// The ids and names of the fields.
    const FIELDS: FieldNames;

    /// The fields without which the struct is refused. [`Struct::read`] reads them with
    /// [`FieldRef::required`].
    const REQUIRED: Required = ("", &[]);

    /// Hands the fields over, to be measured or to be written.
    fn write(&self, out: &mut impl Sink);

    /// Takes one field that is there.
    ///
    /// # Errors
    ///
    /// What the field's [`Value::decode`] gives.
    fn read(&mut self, field: FieldRef<'_, '_>) -> Decoded;
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

/// The one place that calls [`Struct::read`], so that the compiler puts its arms into the loop. It does
/// so where `read` is marked `#[inline]`, as generated code has it: else it may be in another unit.
#[inline(never)]
fn fill<T: Struct>(value: &mut T, input: &mut Decoder<'_>) -> Result<(), DecodeError> {
    let required = const { set(T::REQUIRED.1) };
    if required == 0 {
        return input.fields::<T>(|field| value.read(field));
    }
    let outer = input.swap_present(0);
    input.fields::<T>(|field| value.read(field))?;
    let missing = required & !input.swap_present(outer);
    if missing == 0 { Ok(()) } else { Err(lacks::<T>(input, missing)) }
}

/// The error for the first of the required fields that did not come.
#[cold]
fn lacks<T: Struct>(input: &Decoder<'_>, missing: u64) -> DecodeError {
    let (owner, ids) = T::REQUIRED;
    let first = ids.iter().find(|id| missing & bit(**id) != 0);
    let name = first.and_then(|first| field::name(*first, <T as Struct>::FIELDS));
    input.fail(Fault::Missing(format!("{owner}.{}", name.unwrap_or_default()).into()))
}

/// The set of field ids.
const fn set(mut ids: &[i16]) -> u64 {
    let mut set = 0;
    while let [id, rest @ ..] = ids {
        assert!(bit(*id) != 0, "the id of a required field is from 0 to 63");
        set |= bit(*id);
        ids = rest;
    }
    set
}

/// A field id as a set; the empty one for an id that sets do not hold.
#[inline]
pub(super) const fn bit(id: i16) -> u64 {
    if id >= 0 && id < 64 { 1 << id } else { 0 }
}
