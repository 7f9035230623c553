//! The `Value` trait, and its implementations for types that are not containers.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use bytes::Bytes;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::error::{DecodeError, Step};
use super::field::FieldNames;
use super::kind::Type;
use super::sink::Sink;
use super::size::Size;

/// A value of the Binary protocol. Generated structs, unions and enums implement it.
///
/// Encoding takes two passes over the same value, [`Value::size`] and [`Value::encode`], which
/// must agree; when they do not, encoding fails, nothing else happens. A struct gives both at once
/// by [`Value::write`]; the others give the two and leave that out.
pub trait Value: Sized {
    /// The type byte.
    const TYPE: Type;
    /// The fewest bytes that one value takes on the wire; counts are checked against it. One, the
    /// STOP byte, for structs.
    const MIN_SIZE: usize = 1;
    /// Whether every value takes exactly [`Value::MIN_SIZE`] bytes.
    const FIXED: bool = false;

    /// The fields of a struct or a union, for the paths of errors.
    const FIELDS: FieldNames = "";

    /// Hands the fields over, to be measured or to be written.
    #[inline]
    fn write(&self, out: &mut impl Sink) {
        out.value(self);
    }

    /// Adds the bytes of this value.
    #[inline]
    fn size(&self, size: &mut Size) {
        self.write(size);
    }

    /// Writes this value.
    #[inline]
    fn encode(&self, out: &mut Encoder) {
        self.write(out);
    }

    /// Writes this value behind the header of a field.
    #[inline]
    fn encode_field(&self, id: i16, out: &mut Encoder) {
        out.field_header(Self::TYPE, id);
        self.encode(out);
    }

    /// Writes the values of a list or a set.
    fn encode_elements(elements: &[Self], out: &mut Encoder) {
        for element in elements {
            element.encode(out);
        }
    }

    /// Reads the values of a list.
    ///
    /// # Errors
    ///
    /// As [`Value::decode`].
    fn decode_elements(input: &mut Decoder<'_>, count: usize) -> Result<Vec<Self>, DecodeError> {
        let mut elements = Vec::with_capacity(count);
        for place in 0..count {
            elements.push(Self::decode(input).map_err(|error| error.inside(Step::Element(place)))?);
        }
        Ok(elements)
    }

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`].
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Reads a value that may turn out to be none: a union without a member.
    ///
    /// # Errors
    ///
    /// As [`Value::decode`].
    #[inline]
    fn decode_optional(input: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        Self::decode(input).map(Some)
    }
}

macro_rules! number {
    ($($number:ty => $kind:ident),*) => {$(
        impl Value for $number {
            const TYPE: Type = Type::$kind;
            const MIN_SIZE: usize = size_of::<$number>();
            const FIXED: bool = true;

            #[inline]
            fn size(&self, size: &mut Size) {
                size.add(Self::MIN_SIZE);
            }

            #[inline]
            fn encode(&self, out: &mut Encoder) {
                out.put(self.to_be_bytes());
            }

            #[inline]
            fn encode_field(&self, id: i16, out: &mut Encoder) {
                // One check of the room for header and value.
                let ([high, low], mut bytes) = (id.to_be_bytes(), [0; 3 + size_of::<$number>()]);
                bytes[..3].copy_from_slice(&[Self::TYPE as u8, high, low]);
                bytes[3..].copy_from_slice(&self.to_be_bytes());
                out.put(bytes);
            }

            fn encode_elements(elements: &[Self], out: &mut Encoder) {
                out.numbers(elements.iter().map(|it| it.to_be_bytes()));
            }

            fn decode_elements(input: &mut Decoder<'_>, count: usize) -> Result<Vec<Self>, DecodeError> {
                let numbers = input.numbers(count)?;
                Ok(numbers.iter().map(|bytes| Self::from_be_bytes(*bytes)).collect())
            }

            #[inline]
            fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(Self::from_be_bytes(input.take()?))
            }
        }
    )*};
}

number!(i8 => I8, i16 => I16, i32 => I32, i64 => I64, f64 => Double);

impl Value for bool {
    const TYPE: Type = Type::Bool;
    const MIN_SIZE: usize = 1;
    const FIXED: bool = true;

    #[inline]
    fn size(&self, size: &mut Size) {
        size.add(1);
    }

    #[inline]
    fn encode(&self, out: &mut Encoder) {
        out.put([u8::from(*self)]);
    }

    #[inline]
    fn encode_field(&self, id: i16, out: &mut Encoder) {
        let [high, low] = id.to_be_bytes();
        out.put([Self::TYPE as u8, high, low, u8::from(*self)]);
    }

    /// Only 1 is true, as Kitex reads it (`ReadBool` in cloudwego/gopkg).
    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let [byte] = input.take()?;
        Ok(byte == 1)
    }
}

impl Value for String {
    const TYPE: Type = Type::String;
    const MIN_SIZE: usize = 4;

    #[inline]
    fn size(&self, size: &mut Size) {
        size.string(self.len());
    }

    #[inline]
    fn encode(&self, out: &mut Encoder) {
        out.string(self.as_bytes());
    }

    #[inline]
    fn encode_field(&self, id: i16, out: &mut Encoder) {
        out.string_field(id, self.as_bytes());
    }

    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        input.text()
    }
}

/// Thrift's `binary`.
impl Value for Bytes {
    const TYPE: Type = Type::String;
    const MIN_SIZE: usize = 4;

    #[inline]
    fn size(&self, size: &mut Size) {
        size.string(self.len());
    }

    #[inline]
    fn encode(&self, out: &mut Encoder) {
        out.string(self);
    }

    #[inline]
    fn encode_field(&self, id: i16, out: &mut Encoder) {
        out.string_field(id, self);
    }

    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        input.binary()
    }
}

/// A double with the total order of IEEE 754 (`f64::total_cmp`), so that it can be a key: NaN
/// equals itself, -0 is below 0.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Double(pub f64);

impl Ord for Double {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Double {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Double {}

impl Hash for Double {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl From<f64> for Double {
    fn from(number: f64) -> Self {
        Self(number)
    }
}

impl From<Double> for f64 {
    fn from(double: Double) -> Self {
        double.0
    }
}

impl Value for Double {
    const TYPE: Type = Type::Double;
    const MIN_SIZE: usize = 8;
    const FIXED: bool = true;

    #[inline]
    fn size(&self, size: &mut Size) {
        self.0.size(size);
    }

    #[inline]
    fn encode(&self, out: &mut Encoder) {
        self.0.encode(out);
    }

    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        f64::decode(input).map(Self)
    }
}

/// Thrift's `uuid`: 16 bytes in the order of RFC 9562. serde sees its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "String", try_from = "String")
)]
pub struct Uuid(pub [u8; 16]);

#[cfg(feature = "serde")]
impl From<Uuid> for String {
    fn from(uuid: Uuid) -> Self {
        uuid.to_string()
    }
}

#[cfg(feature = "serde")]
impl TryFrom<String> for Uuid {
    type Error = ParseUuidError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Uuid {
    /// The lower-case form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Text that is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a UUID is 8-4-4-4-12 hexadecimal digits")]
pub struct ParseUuidError;

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = Vec::with_capacity(32);
        for (at, character) in text.chars().enumerate() {
            match (at, character.to_digit(16)) {
                (8 | 13 | 18 | 23, None) if character == '-' => {}
                (8 | 13 | 18 | 23, _) | (_, None) => return Err(ParseUuidError),
                (_, Some(digit)) => digits.push(u8::try_from(digit).map_err(|_| ParseUuidError)?),
            }
        }
        let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[h, l]| h << 4 | l).collect();
        let exact = digits.len() == 32 && text.len() == 36;
        bytes.try_into().ok().filter(|_| exact).map(Self).ok_or(ParseUuidError)
    }
}

impl Value for Uuid {
    const TYPE: Type = Type::Uuid;
    const MIN_SIZE: usize = 16;
    const FIXED: bool = true;

    #[inline]
    fn size(&self, size: &mut Size) {
        size.add(16);
    }

    #[inline]
    fn encode(&self, out: &mut Encoder) {
        out.put(self.0);
    }

    #[inline]
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        input.take().map(Self)
    }
}
