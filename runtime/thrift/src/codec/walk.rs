//! Skips encoded values without decoding them.

use super::decoder::Decoder;
use super::error::{DecodeError, Fault};
use super::kind::Type;

/// Skips one value.
pub(super) fn skip(input: &mut Decoder<'_>, kind: Type) -> Result<(), DecodeError> {
    if let Some(size) = kind.fixed_size() {
        return input.slice(size).map(drop);
    }
    match kind {
        Type::String => {
            let length = input.length()?;
            input.slice(length).map(drop)
        }
        Type::Struct => input.nested(|input| input.flat("", |field| field.skip())),
        Type::Map => {
            let [key, value] = input.take()?;
            skip_elements(input, &[key, value])
        }
        Type::List | Type::Set => {
            let [kind] = input.take()?;
            skip_elements(input, &[kind])
        }
        other => Err(input.fail(Fault::Type(other as u8))),
    }
}

/// Skips a count and that many rounds of values of the given types.
fn skip_elements(input: &mut Decoder<'_>, kinds: &[u8]) -> Result<(), DecodeError> {
    let count = input.length()?;
    input.nested(|input| {
        if count == 0 {
            return Ok(());
        }
        let [first, rest @ ..] = kinds else { return Ok(()) };
        let first = element(input, *first)?;
        let second = rest.first().map(|kind| element(input, *kind)).transpose()?;
        let least = first.min_size() + second.map_or(0, Type::min_size);
        input.bounded(count, least)?;
        for _ in 0..count {
            skip(input, first)?;
            if let Some(second) = second {
                skip(input, second)?;
            }
        }
        Ok(())
    })
}

fn element(input: &Decoder<'_>, byte: u8) -> Result<Type, DecodeError> {
    match Type::from_byte(byte) {
        Some(kind) if kind != Type::Stop => Ok(kind),
        _ => Err(input.fail(Fault::Type(byte))),
    }
}
