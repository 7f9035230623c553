//! Entry points of generated services and clients: argument lists and results as bodies of a call.
//!
//! The argument list and the result are structs on the wire that have no type here: generated
//! code reads and writes their fields.

use bytes::Bytes;

use crate::codec::{DecodeError, Decoder, Encoder, Fault, FieldNames, FieldRef, Size, Slot, Type, Value, encode};
use kiteline_core::body::not_whole;
use kiteline_core::context::Context;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::service::{Answer, Call};

/// The field of a result that is not an exception.
const RESULT: FieldNames = "0 result";

/// A [`Value`] behind a pointer, so that argument lists of any types go through one function.
pub trait Argument {
    /// [`Value::TYPE`].
    fn field_type(&self) -> Type;
    /// [`Value::size`].
    fn field_size(&self, size: &mut Size);
    /// [`Value::encode`].
    fn field_encode(&self, out: &mut Encoder);
}

impl<T: Value> Argument for T {
    fn field_type(&self) -> Type {
        T::TYPE
    }

    fn field_size(&self, size: &mut Size) {
        self.size(size);
    }

    fn field_encode(&self, out: &mut Encoder) {
        self.encode(out);
    }
}

/// Reads the argument list of a call that has one argument, which may be left out: the field `id` of
/// `names`.
///
/// # Errors
///
/// As [`arguments`].
pub fn argument<T: Slot + Default>(call: &Call, id: i16, names: FieldNames) -> Result<T, Error> {
    let mut argument = T::default();
    arguments(call, names, |field| if field.id == id { field.read(&mut argument) } else { field.skip() })?;
    Ok(argument)
}

/// Reads a call's argument list, all of it.
///
/// # Errors
///
/// [`Code::InvalidArgument`] with [`Origin::Decode`]: the caller sees a protocol error.
pub fn arguments(
    call: &Call,
    names: FieldNames,
    read: impl FnMut(FieldRef<'_, '_>) -> Result<(), DecodeError>,
) -> Result<(), Error> {
    let body = call.body.as_whole().ok_or_else(not_whole)?;
    whole(body, call.limits, names, read).map_err(|error| error.into_error(Code::InvalidArgument))
}

/// The error for an argument (`"Add().first"`) that has to be there and was not.
#[cold]
pub fn missing(call: &Call, argument: &'static str) -> Error {
    DecodeError::new(Fault::Missing(argument.into()), call.body.as_whole().map_or(0, Bytes::len))
        .into_error(Code::InvalidArgument)
}

/// Reads the fields of a result that may hold declared exceptions.
///
/// # Errors
///
/// [`Code::Internal`] with [`Origin::Decode`].
pub fn fields(
    body: &Bytes,
    limits: DecodeLimits,
    read: impl FnMut(FieldRef<'_, '_>) -> Result<(), DecodeError>,
) -> Result<(), Error> {
    whole(body, limits, RESULT, read).map_err(Error::from)
}

fn whole(
    body: &Bytes,
    limits: DecodeLimits,
    names: FieldNames,
    read: impl FnMut(FieldRef<'_, '_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut input = Decoder::new(body, limits);
    input.flat(names, read)?;
    input.finish()
}

/// Reads a result that holds field 0.
///
/// # Errors
///
/// [`Code::Internal`]: undecodable ([`Origin::Decode`]), or without field 0, as Kitex answers for
/// a nil struct and, on transports without headers, for a business error.
pub fn result<T: Value>(body: Bytes, limits: DecodeLimits) -> Result<T, Error> {
    let mut success = None;
    fields(&body, limits, |field| if field.id == 0 { field.read(&mut success) } else { field.skip() })?;
    success.ok_or_else(missing_result)
}

/// Reads the result struct of a `void` method: whatever is in it, there is nothing to have.
///
/// # Errors
///
/// [`Origin::Decode`] for bytes that are no struct.
pub fn nothing(body: Bytes, limits: DecodeLimits) -> Result<(), Error> {
    fields(&body, limits, |field| field.skip())
}

/// The error of a result struct that holds neither a result nor a declared exception.
#[cold]
pub fn missing_result() -> Error {
    Error::internal("missing result").with_origin(Origin::Decode)
}

/// Writes an argument list.
///
/// # Errors
///
/// [`Origin::Encode`] for a value over a limit; see [`EncodeError`](crate::codec::EncodeError).
pub fn body(fields: &[(i16, &dyn Argument)]) -> Result<Bytes, Error> {
    let bytes = encode(
        |size| {
            for (_, value) in fields {
                size.add(3);
                value.field_size(size);
            }
            size.add(1);
        },
        |out| {
            for (id, value) in fields {
                out.field_header(value.field_type(), *id);
                value.field_encode(out);
            }
            out.put([0]);
        },
    )?;
    Ok(bytes)
}

/// Answers with a result of one field: 0 for success, another for a declared exception.
///
/// # Errors
///
/// [`Origin::Encode`] for a value over a limit; see [`EncodeError`](crate::codec::EncodeError).
pub fn reply(cx: &Context, field: i16, value: &impl Value) -> Result<Answer, Error> {
    Ok(Answer::new(cx, body(&[(field, value)])?))
}

/// Answers with a result without fields.
pub fn void(cx: &Context) -> Answer {
    Answer::new(cx, Bytes::from_static(&[0]))
}
