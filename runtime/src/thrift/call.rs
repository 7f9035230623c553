//! What generated services and clients call: argument lists and results as bodies of a call.
//!
//! The argument list and the result are structs on the wire that have no type here: generated
//! code reads and writes their fields.

use bytes::Bytes;

use super::decoder::Decoder;
use super::encoder::{Encoder, encode};
use super::error::DecodeError;
use super::kind::Type;
use super::size::Size;
use super::value::Value;
use super::walk;
use crate::context::Context;
use crate::error::{Code, Error, Origin};
use crate::limits::DecodeLimits;
use crate::service::{Answer, Call};

/// A [`Value`] behind a pointer, so that argument lists of any types go through one function.
pub trait Field {
    /// [`Value::TYPE`].
    fn field_type(&self) -> Type;
    /// [`Value::size`].
    fn field_size(&self, size: &mut Size);
    /// [`Value::encode`].
    fn field_encode(&self, out: &mut Encoder<'_>);
}

impl<T: Value> Field for T {
    fn field_type(&self) -> Type {
        T::TYPE
    }

    fn field_size(&self, size: &mut Size) {
        self.size(size);
    }

    fn field_encode(&self, out: &mut Encoder<'_>) {
        self.encode(out);
    }
}

/// Reads a call's argument list, all of it.
///
/// # Errors
///
/// [`Code::InvalidArgument`] with [`Origin::Decode`]: the caller sees a protocol error.
pub fn arguments<T>(call: &Call, read: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>) -> Result<T, Error> {
    whole(&call.body, call.limits, read).map_err(|error| error.into_error(Code::InvalidArgument))
}

/// Reads the fields of a result that may hold declared exceptions.
///
/// # Errors
///
/// [`Code::Internal`] with [`Origin::Decode`].
pub fn fields<T>(
    body: &Bytes,
    limits: DecodeLimits,
    read: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<T, Error> {
    whole(body, limits, read).map_err(Error::from)
}

fn whole<T>(
    body: &Bytes,
    limits: DecodeLimits,
    read: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut input = Decoder::new(body, limits);
    let value = read(&mut input).and_then(|value| input.finish().map(|()| value));
    value.map_err(|error| walk::locate(body, limits, None, error))
}

/// Reads a result that holds field 0.
///
/// # Errors
///
/// [`Code::Internal`]: undecodable ([`Origin::Decode`]), or without field 0, as Kitex answers for
/// a nil struct and, on transports without headers, for a business error.
pub fn result<T: Value>(body: Bytes, limits: DecodeLimits) -> Result<T, Error> {
    let found = fields(&body, limits, |input| {
        let mut found = None;
        while let Some(field) = input.field()? {
            if field.id == 0 && field.kind == T::TYPE {
                found = Some(input.value()?);
            } else {
                input.skip(field.kind)?;
            }
        }
        Ok(found)
    })?;
    found.ok_or_else(missing_result)
}

/// Reads the result struct of a `void` method: whatever is in it, there is nothing to have.
///
/// # Errors
///
/// [`Origin::Decode`] for bytes that are no struct.
pub fn nothing(body: Bytes, limits: DecodeLimits) -> Result<(), Error> {
    fields(&body, limits, |input| {
        while let Some(field) = input.field()? {
            input.skip(field.kind)?;
        }
        Ok(())
    })
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
/// [`Origin::Encode`] for a value over a limit; see [`super::EncodeError`].
pub fn body(fields: &[(i16, &dyn Field)]) -> Result<Bytes, Error> {
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
/// [`Origin::Encode`] for a value over a limit; see [`super::EncodeError`].
pub fn reply(cx: &Context, field: i16, value: &impl Value) -> Result<Answer, Error> {
    Ok(Answer { body: body(&[(field, value)])?, backward: cx.take_backward() })
}

/// Answers with a result without fields.
pub fn void(cx: &Context) -> Answer {
    Answer { body: Bytes::from_static(&[0]), backward: cx.take_backward() }
}
