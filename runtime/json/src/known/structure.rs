//! `google.protobuf.Struct`, `Value` and `ListValue`: any JSON.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value as Any};

use crate::reader::Source;
use crate::{Failure, Read, Reader, Value, Writer};

impl Value for Any {
    fn write(&self, out: &mut Writer) {
        match &self.kind {
            Some(Kind::NullValue(_)) => out.null(),
            Some(Kind::NumberValue(number)) if number.is_finite() => out.double(*number),
            Some(Kind::NumberValue(_)) => {
                out.refuse("a google.protobuf.Value that is no finite number has no form in JSON")
            }
            Some(Kind::StringValue(text)) => out.text(text),
            Some(Kind::BoolValue(value)) => out.bool(*value),
            Some(Kind::StructValue(fields)) => fields.write(out),
            Some(Kind::ListValue(list)) => list.write(out),
            None => out.refuse("a google.protobuf.Value without a value has no form in JSON"),
        }
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.charge(size_of::<Self>())?;
        let json = matches!(input.source, Source::Json);
        let kind = match input.peek() {
            _ if !json => Kind::StringValue(String::read(input)?),
            _ if input.null() => Kind::NullValue(0),
            Some(b'{') => Kind::StructValue(Struct::read(input)?),
            Some(b'[') => Kind::ListValue(ListValue::read(input)?),
            Some(b'"') => Kind::StringValue(String::read(input)?),
            Some(b't' | b'f') => Kind::BoolValue(bool::read(input)?),
            _ => Kind::NumberValue(f64::read(input)?),
        };
        Ok(Self { kind: Some(kind) })
    }
}

impl Value for Struct {
    fn write(&self, out: &mut Writer) {
        self.fields.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        match input.source {
            Source::Json => Value::read(input).map(|fields| Self { fields }),
            _ => Err(Failure::new("an object does not stand in a text", None)),
        }
    }
}

impl Value for ListValue {
    fn write(&self, out: &mut Writer) {
        self.values.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        Value::read(input).map(|values| Self { values })
    }
}
