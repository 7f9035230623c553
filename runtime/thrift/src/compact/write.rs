//! A body in Binary, as the same body in Compact.

use bytes::Bytes;

use super::cursor::{put_signed, put_varint};
use super::kind::{self, FALSE, TRUE};
use crate::codec::DEPTH;
use crate::codec::Decoder;
use crate::codec::Type;
use crate::codec::{DecodeError, Fault};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::malloc;

/// Nothing is kept of what is read; the nesting bounds the recursion below.
const LIMITS: DecodeLimits =
    DecodeLimits { depth: DEPTH, budget: usize::MAX, string: u32::MAX, refuse_unknown: false, validate: false };

/// Transcodes fields up to STOP.
///
/// # Errors
///
/// What no encoder writes: bytes that are no struct in Binary, or one that nests over [`DEPTH`].
pub fn from_binary(body: &Bytes) -> Result<Bytes, DecodeError> {
    let mut input = Decoder::new(body, LIMITS);
    let mut out = Vec::with_capacity(malloc::room(body.len() / 2));
    fields(&mut input, &mut out)?;
    input.finish()?;
    Ok(out.into())
}

fn fields(input: &mut Decoder<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut last = 0;
    while let Some((byte, id)) = input.header()? {
        let kind = Type::from_byte(byte).ok_or_else(|| input.unknown_type(byte))?;
        let nibble = match kind {
            Type::Bool => truth(input)?,
            other => kind::to_nibble(other),
        };
        match i32::from(id) - i32::from(last) {
            delta @ 1..=15 => out.push(delta.to_le_bytes()[0] << 4 | nibble),
            _ => {
                out.push(nibble);
                put_signed(id.into(), out);
            }
        }
        last = id;
        if kind != Type::Bool {
            value(kind, input, out)?;
        }
    }
    out.push(0);
    Ok(())
}

/// Only 1 is true, as in the decoder.
fn truth(input: &mut Decoder<'_>) -> Result<u8, DecodeError> {
    Ok(if input.take()? == [1] { TRUE } else { FALSE })
}

fn value(kind: Type, input: &mut Decoder<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    match kind {
        Type::Bool => out.push(truth(input)?),
        Type::I8 => out.extend(input.take::<1>()?),
        Type::I16 => put_signed(i16::from_be_bytes(input.take()?).into(), out),
        Type::I32 => put_signed(i32::from_be_bytes(input.take()?).into(), out),
        Type::I64 => put_signed(i64::from_be_bytes(input.take()?), out),
        Type::Double => out.extend(input.take::<8>()?.into_iter().rev()),
        Type::Uuid => out.extend(input.take::<16>()?),
        Type::String => {
            let bytes = input.string()?;
            put_varint(bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
        Type::Struct => input.nested(|input| fields(input, out))?,
        Type::List | Type::Set => elements(input, out)?,
        Type::Map => entries(input, out)?,
        Type::Stop => return Err(input.fail(Fault::Type(0))),
    }
    Ok(())
}

fn elements(input: &mut Decoder<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let [byte] = input.take()?;
    let count = input.length()?;
    let kind = element(byte, count, input)?;
    match count {
        0..=14 => out.push(count.to_le_bytes()[0] << 4 | kind::to_nibble(kind)),
        _ => {
            out.push(0xf0 | kind::to_nibble(kind));
            put_varint(count as u64, out);
        }
    }
    input.nested(|input| (0..count).try_for_each(|_| value(kind, input, out)))
}

fn entries(input: &mut Decoder<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let [key, other] = input.take()?;
    let count = input.length()?;
    put_varint(count as u64, out);
    if count == 0 {
        return Ok(());
    }
    let (key, other) = (element(key, count, input)?, element(other, count, input)?);
    out.push(kind::to_nibble(key) << 4 | kind::to_nibble(other));
    input.nested(|input| {
        (0..count).try_for_each(|_| {
            value(key, input, out)?;
            value(other, input, out)
        })
    })
}

/// The type of elements; an empty container may name any, and then it is none.
fn element(byte: u8, count: usize, input: &Decoder<'_>) -> Result<Type, DecodeError> {
    match Type::from_byte(byte) {
        None if count == 0 => Ok(Type::Stop),
        Some(Type::Stop) if count > 0 => Err(input.fail(Fault::Type(byte))),
        Some(kind) => Ok(kind),
        None => Err(input.fail(Fault::Type(byte))),
    }
}
