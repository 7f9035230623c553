//! Random messages of `google.protobuf`, within what they may be in JSON.

use runtime::prost::Message;
use runtime::prost_types::value::Kind;
use runtime::prost_types::{Any, Duration, FieldMask, ListValue, Struct, Timestamp, Value};

use super::kinds::PACKED;
use super::random::Random;

/// Seconds from 1970 to the years 1 and 10000, and those of a duration of 10,000 years:
/// `google/protobuf/timestamp.proto`, `duration.proto`.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;
const LONGEST: i64 = 315_576_000_000;

impl Random<'_> {
    /// A message of `google.protobuf`.
    pub(crate) fn known(&mut self, name: &str, depth: usize, out: &mut Vec<u8>) {
        let name = name.strip_prefix(".google.protobuf.").unwrap();
        let whole = self.whole().cast_signed();
        let small = i32::try_from(whole >> 32).unwrap();
        let message = match name {
            "Timestamp" => self.timestamp().encode_to_vec(),
            "Duration" => self.duration().encode_to_vec(),
            "Empty" => Vec::new(),
            "FieldMask" => self.mask().encode_to_vec(),
            "Struct" => self.object(depth).encode_to_vec(),
            "Value" => self.value(depth).encode_to_vec(),
            "ListValue" => self.list(depth).encode_to_vec(),
            "Any" => self.any(depth).encode_to_vec(),
            "DoubleValue" => self.double().encode_to_vec(),
            "FloatValue" => self.float().encode_to_vec(),
            "Int32Value" => small.encode_to_vec(),
            "Int64Value" => whole.encode_to_vec(),
            "UInt32Value" => small.cast_unsigned().encode_to_vec(),
            "UInt64Value" => whole.cast_unsigned().encode_to_vec(),
            "BoolValue" => (whole & 1 == 1).encode_to_vec(),
            "StringValue" => self.text().to_owned().encode_to_vec(),
            "BytesValue" => self.bytes().encode_to_vec(),
            other => panic!("google.protobuf.{other}"),
        };
        out.extend(message);
    }

    fn nanos(&mut self) -> i32 {
        let any = i32::try_from(self.numbers.below(1_000_000_000)).unwrap();
        self.one_of(&[0, 1, 999_999_999, 1_000, 1_000_000, 500_000_000, any])
    }

    fn timestamp(&mut self) -> Timestamp {
        let any = self.whole().cast_signed().clamp(FIRST, LAST);
        Timestamp { seconds: self.one_of(&[FIRST, LAST, 0, -1, 951_782_400, any]), nanos: self.nanos() }
    }

    fn duration(&mut self) -> Duration {
        let any = self.whole().cast_signed().clamp(1 - LONGEST, LONGEST - 1);
        let seconds = self.one_of(&[0, 1, -1, 1 - LONGEST, LONGEST - 1, any]);
        let negative = if seconds == 0 { self.once_in(2) } else { seconds < 0 };
        let nanos = self.nanos();
        Duration { seconds, nanos: if negative { -nanos } else { nanos } }
    }

    fn mask(&mut self) -> FieldMask {
        let count = self.numbers.below(4);
        let paths = (0..count).map(|_| self.one_of(&["name", "one_two.three", "a.b_c", "x1_y"]).to_owned());
        FieldMask { paths: paths.collect() }
    }

    fn value(&mut self, depth: usize) -> Value {
        let number = if self.once_in(8) { -0.0 } else { self.double() };
        let kind = match self.numbers.below(if depth < 4 { 6 } else { 4 }) {
            0 => Kind::NullValue(0),
            1 => Kind::NumberValue(if number.is_finite() { number } else { 0.1 }),
            2 => Kind::StringValue(self.text().to_owned()),
            3 => Kind::BoolValue(self.once_in(2)),
            4 => Kind::StructValue(self.object(depth)),
            _ => Kind::ListValue(self.list(depth)),
        };
        Value { kind: Some(kind) }
    }

    fn object(&mut self, depth: usize) -> Struct {
        let count = self.numbers.below(4);
        Struct { fields: (0..count).map(|_| (self.text().to_owned(), self.value(depth + 1))).collect() }
    }

    fn list(&mut self, depth: usize) -> ListValue {
        let count = self.numbers.below(4);
        ListValue { values: (0..count).map(|_| self.value(depth + 1)).collect() }
    }

    /// Of what the service's own files have. What is inside is as we write it: that is kept byte by byte.
    fn any(&mut self, depth: usize) -> Any {
        let has = |name: &str| name.starts_with(".google.") || self.schema.messages.contains_key(name);
        let packed: Vec<_> = PACKED.iter().copied().filter(|(name, _)| has(name)).collect();
        let (name, through) = self.one_of(&packed);
        let mut message = Vec::new();
        self.message(name, depth + 1, &mut message);
        Any { type_url: format!("type.googleapis.com/{}", &name[1..]), value: through(&message) }
    }
}
