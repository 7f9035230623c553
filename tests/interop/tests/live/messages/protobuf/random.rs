//! Random messages in bytes, made from descriptors: not only as a library writes them, but in every way in
//! which one may (fields in any order and again, packed or not, entries without a key, fields of a newer IDL).

use runtime::prost::encoding::{WireType, encode_key, encode_varint};
use runtime::prost_types::field_descriptor_proto::{Label, Type};
use runtime::prost_types::{DescriptorProto, FieldDescriptorProto};

use super::schema::Schema;
use super::xorshift::Xorshift;

/// Messages have few fields below this depth, and no messages.
const DEEP: usize = 4;

/// Makes messages.
pub(crate) struct Random<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) numbers: Xorshift,
    /// A number that a closed enum does not have was used: the message has no JSON.
    pub(crate) closed: bool,
}

impl Random<'_> {
    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.numbers.below(times) == 0
    }

    pub(crate) fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.numbers.below(values.len())]
    }

    /// A message of the IDL, or of `google.protobuf`.
    pub(crate) fn message(&mut self, name: &str, depth: usize, out: &mut Vec<u8>) {
        let schema = self.schema;
        match schema.messages.get(name) {
            Some(message) => self.fields(message, depth, out),
            None => self.known(name, depth, out),
        }
    }

    fn fields(&mut self, message: &DescriptorProto, depth: usize, out: &mut Vec<u8>) {
        let start = if message.field.is_empty() { 0 } else { self.numbers.below(message.field.len()) };
        let (behind, before) = message.field.split_at(start);
        let entry = message.options.as_ref().is_some_and(|options| options.map_entry());
        for field in before.iter().chain(behind) {
            if entry && field.type_name() == ".google.protobuf.Value" {
                // One that is nothing, not even null, has no JSON.
                self.single(field, depth, out);
            } else {
                self.field(field, depth, out);
            }
        }
        if self.once_in(8)
            && let Some(again) = message.field.get(start)
            && self.may_come_again(again)
        {
            self.field(again, depth, out);
        }
        if self.once_in(4) {
            self.unknown(out);
        }
    }

    /// Messages that come twice are merged: two durations may be of either sign then, which has no JSON. Of two
    /// numbers of a closed enum we take the last one, Google's library the last one that the enum has.
    fn may_come_again(&self, field: &FieldDescriptorProto) -> bool {
        let closed = self.schema.enums.get(field.type_name()).is_some_and(|it| it.closed);
        let single = |it: &FieldDescriptorProto| it.r#type() == Type::Message && it.label() != Label::Repeated;
        let inside = self.schema.messages.get(field.type_name());
        !closed && (!single(field) || inside.is_some_and(|it| !it.field.iter().any(single)))
    }

    fn field(&mut self, field: &FieldDescriptorProto, depth: usize, out: &mut Vec<u8>) {
        let deep = depth >= DEEP && field.r#type() == Type::Message;
        let wanted = !deep && self.once_in(if depth < 2 { 2 } else { 4 });
        match field.label() {
            Label::Required => self.single(field, depth, out),
            Label::Optional if wanted => self.single(field, depth, out),
            Label::Repeated if wanted => {
                let count = self.one_of(&[0, 1, 2, 2, 3]);
                let packable = !matches!(field.r#type(), Type::Message | Type::String | Type::Bytes);
                if packable && self.once_in(2) {
                    self.packed(field, count, out);
                } else {
                    (0..count).for_each(|_| self.single(field, depth, out));
                }
            }
            _ => {}
        }
    }

    fn packed(&mut self, field: &FieldDescriptorProto, count: usize, out: &mut Vec<u8>) {
        let mut values = Vec::new();
        for _ in 0..count {
            self.scalar(field, &mut values);
        }
        delimited(number(field), &values, out);
    }

    fn single(&mut self, field: &FieldDescriptorProto, depth: usize, out: &mut Vec<u8>) {
        match field.r#type() {
            Type::Message => {
                let mut message = Vec::new();
                self.message(field.type_name(), depth + 1, &mut message);
                delimited(number(field), &message, out);
            }
            Type::String => delimited(number(field), self.text().as_bytes(), out),
            Type::Bytes => delimited(number(field), &self.bytes(), out),
            _ => {
                encode_key(number(field), wire(field.r#type()), out);
                self.scalar(field, out);
            }
        }
    }

    fn scalar(&mut self, field: &FieldDescriptorProto, out: &mut Vec<u8>) {
        let any = self.whole();
        // Elsewhere prost leaves out -0.0 as it does 0.0, and Google's library does not.
        let minus_zero = field.oneof_index.is_some() || field.label() == Label::Repeated;
        let minus_zero = minus_zero && self.once_in(8);
        match field.r#type() {
            Type::Double => out.extend(if minus_zero { -0.0 } else { self.double() }.to_le_bytes()),
            Type::Float => out.extend(if minus_zero { -0.0 } else { self.float() }.to_le_bytes()),
            Type::Fixed64 | Type::Sfixed64 => out.extend(any.to_le_bytes()),
            Type::Fixed32 | Type::Sfixed32 => out.extend(&any.to_le_bytes()[..4]),
            Type::Bool => encode_varint(any & 1, out),
            Type::Enum => {
                let number = self.member(field.type_name());
                encode_varint(i64::from(number).cast_unsigned(), out);
            }
            // More than 32 bits where the type has so many: the lowest count.
            _ => encode_varint(any, out),
        }
    }

    /// The greatest and least numbers of every size, and any.
    pub(crate) fn whole(&mut self) -> u64 {
        let any = self.numbers.next();
        let small = any % 300;
        let sizes = [1 << 63, u64::MAX >> 1, 1 << 31, u64::from(u32::MAX >> 1), u64::from(u32::MAX), (1 << 53) + 1];
        let number = self.one_of(&sizes);
        self.one_of(&[0, u64::MAX, small, number, any])
    }

    pub(crate) fn double(&mut self) -> f64 {
        let any = f64::from_bits(self.numbers.next());
        let any = if any.is_nan() { 0.1 } else { any };
        let edges = [0.0, -1.5, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e22];
        let edge = self.one_of(&edges);
        self.one_of(&[edge, any])
    }

    pub(crate) fn float(&mut self) -> f32 {
        let any = f32::from_bits(u32::try_from(self.numbers.next() >> 32).unwrap());
        let any = if any.is_nan() { 0.1 } else { any };
        let edges = [0.0, -1.5, 3.4e38, -3.4e38, 1e-45, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 16_777_216.0];
        let edge = self.one_of(&edges);
        self.one_of(&[edge, any])
    }

    pub(crate) fn text(&mut self) -> &'static str {
        self.one_of(&["", "a", "kite \u{1F642}", "nul \0", "\u{10FFFF}\"\\", "</\u{2028}\u{7f}>", "é\n\t\r", "1"])
    }

    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        let length = self.numbers.below(9);
        let any = self.numbers.next().to_le_bytes();
        let any = if self.once_in(3) { [0xfb; 8] } else { any };
        any.into_iter().take(length).collect()
    }

    fn member(&mut self, name: &str) -> i32 {
        // The only one that is not the IDL's: it has no other number in JSON.
        let Some(it) = self.schema.enums.get(name) else { return 0 };
        let member = self.one_of(&it.numbers);
        if it.closed && self.once_in(8) {
            self.closed = true;
            return 77;
        }
        let other = self.one_of(&[77, i32::MIN, i32::MAX]);
        if !it.closed && self.once_in(4) { other } else { member }
    }

    /// A field that no message here has, with a value of any kind.
    fn unknown(&mut self, out: &mut Vec<u8>) {
        let number = self.one_of(&[12_345, 536_870_911]);
        match self.numbers.below(5) {
            0 => {
                encode_key(number, WireType::Varint, out);
                encode_varint(self.whole(), out);
            }
            1 => {
                encode_key(number, WireType::SixtyFourBit, out);
                out.extend(self.whole().to_le_bytes());
            }
            2 => {
                encode_key(number, WireType::ThirtyTwoBit, out);
                out.extend(self.float().to_le_bytes());
            }
            3 => delimited(number, &self.bytes(), out),
            _ => {
                encode_key(number, WireType::StartGroup, out);
                delimited(1, b"in a group", out);
                encode_key(number, WireType::EndGroup, out);
            }
        }
    }
}

fn number(field: &FieldDescriptorProto) -> u32 {
    u32::try_from(field.number()).unwrap()
}

fn wire(ty: Type) -> WireType {
    match ty {
        Type::Double | Type::Fixed64 | Type::Sfixed64 => WireType::SixtyFourBit,
        Type::Float | Type::Fixed32 | Type::Sfixed32 => WireType::ThirtyTwoBit,
        Type::Message | Type::String | Type::Bytes => WireType::LengthDelimited,
        _ => WireType::Varint,
    }
}

fn delimited(number: u32, content: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(content.len() as u64, out);
    out.extend(content);
}
