//! Thrift values: round trips of seeded random ones, and what hostile bytes may not do.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;
use runtime::limits::DecodeLimits;
use runtime::thrift::{
    DecodeError, Decoder, Double, EncodeError, Fault, FieldNames, FieldRef, Header, Sink as Fields, Step, Struct, Type,
    UnknownField, Uuid, Value, from_bytes, to_bytes,
};

/// Every type once, and itself.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sink {
    yes: bool,
    tiny: i8,
    short: i16,
    long: i64,
    real: f64,
    text: String,
    data: Bytes,
    uuid: Uuid,
    names: Vec<String>,
    ids: HashSet<i32>,
    ages: HashMap<String, i64>,
    weights: BTreeMap<Double, Vec<bool>>,
    marks: BTreeSet<Uuid>,
    next: Option<Box<Sink>>,
    unknown: Vec<UnknownField>,
}

impl Struct for Sink {
    const FIELDS: FieldNames = "1 yes, 2 tiny, 3 short, 4 long, 5 real, 6 text, 7 data, 8 uuid, 9 names, 10 ids, 11 ages, 12 weights, 13 marks, 14 next";

    fn write(&self, out: &mut impl Fields) {
        out.field(1, &self.yes);
        out.field(2, &self.tiny);
        out.field(3, &self.short);
        out.field(4, &self.long);
        out.field(5, &self.real);
        out.field(6, &self.text);
        out.field(7, &self.data);
        out.field(8, &self.uuid);
        out.field(9, &self.names);
        out.field(10, &self.ids);
        out.field(11, &self.ages);
        out.field(12, &self.weights);
        out.field(13, &self.marks);
        if let Some(next) = &self.next {
            out.field(14, &**next);
        }
        self.unknown.iter().for_each(|field| out.unknown(field));
    }

    fn read(&mut self, field: FieldRef<'_, '_>) -> Result<(), DecodeError> {
        match field.id {
            1 => field.read(&mut self.yes),
            2 => field.read(&mut self.tiny),
            3 => field.read(&mut self.short),
            4 => field.read(&mut self.long),
            5 => field.read(&mut self.real),
            6 => field.read(&mut self.text),
            7 => field.read(&mut self.data),
            8 => field.read(&mut self.uuid),
            9 => field.read(&mut self.names),
            10 => field.read(&mut self.ids),
            11 => field.read(&mut self.ages),
            12 => field.read(&mut self.weights),
            13 => field.read(&mut self.marks),
            14 => field.boxed(|value| self.next = Some(value)),
            _ => field.unknown(|field| self.unknown.push(field)),
        }
    }
}

/// A small generator (splitmix64): the same values on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn text(&mut self) -> String {
        let alphabet = ['a', 'Z', '0', ' ', '\0', 'é', '你', '🙂'];
        let length = self.below(20);
        (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }

    fn many<T, C: FromIterator<T>>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> C {
        let count = self.below(6);
        (0..count).map(|_| make(self)).collect()
    }

    fn uuid(&mut self) -> Uuid {
        Uuid((u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes())
    }

    /// Any bits but NaN, which would not equal itself.
    fn real(&mut self) -> f64 {
        let real = f64::from_bits(self.next());
        if real.is_nan() { -0.0 } else { real }
    }

    fn sink(&mut self, depth: usize) -> Sink {
        let kept = self.below(2);
        Sink {
            yes: self.below(2) == 1,
            tiny: self.next() as i8,
            short: self.next() as i16,
            long: self.next() as i64,
            real: self.real(),
            text: self.text(),
            data: self.many::<u8, Vec<u8>>(|random| random.next() as u8).into(),
            uuid: self.uuid(),
            names: self.many(Self::text),
            ids: self.many(|random| random.next() as i32),
            ages: self.many(|random| (random.text(), random.next() as i64)),
            weights: self
                .many(|random| (Double(f64::from_bits(random.next())), random.many(|random| random.below(2) == 0))),
            marks: self.many(Self::uuid),
            next: (depth > 0 && self.below(3) > 0).then(|| Box::new(self.sink(depth - 1))),
            unknown: (0..kept)
                .map(|_| UnknownField {
                    id: 99,
                    kind: Type::List,
                    bytes: Bytes::from_static(&[11, 0, 0, 0, 1, 0, 0, 0, 2, b'h', b'i']),
                })
                .collect(),
        }
    }
}

fn limits() -> DecodeLimits {
    DecodeLimits::default()
}

fn fault<T: Value>(bytes: &[u8]) -> Fault {
    let decoded = from_bytes::<T>(Bytes::copy_from_slice(bytes), limits());
    decoded.map(drop).unwrap_err().fault().clone()
}

#[test]
fn random_values_come_back() {
    let mut random = Random(1);
    for _ in 0..2_000 {
        let value = random.sink(8);
        let bytes = to_bytes(&value).unwrap();
        assert_eq!(from_bytes::<Sink>(bytes, limits()).unwrap(), value);
    }
}

#[test]
fn every_cut_of_a_value_is_an_error() {
    let bytes = to_bytes(&Random(7).sink(3)).unwrap();
    for end in 0..bytes.len() {
        let error = from_bytes::<Sink>(bytes.slice(..end), limits()).unwrap_err();
        assert_eq!(*error.fault(), Fault::Truncated, "{end}");
    }
}

#[test]
fn every_changed_byte_is_survived() {
    let bytes = to_bytes(&Random(11).sink(2)).unwrap();
    for at in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = bytes.to_vec();
            changed[at] ^= change;
            let _ = from_bytes::<Sink>(Bytes::from(changed), limits());
        }
    }
}

#[test]
fn counts_are_checked_against_the_bytes_left() {
    for count in [i32::MAX, i32::MIN, -1, 1_000_000] {
        let expected = if count < 0 { Fault::Negative(count) } else { Fault::Truncated };
        let list = |kind: Type| [&[kind as u8][..], &count.to_be_bytes(), &[0; 64]].concat();
        let map = |key: Type, value: Type| [&[key as u8, value as u8][..], &count.to_be_bytes(), &[0; 64]].concat();
        assert_eq!(fault::<Vec<bool>>(&list(Type::Bool)), expected);
        assert_eq!(fault::<Vec<i64>>(&list(Type::I64)), expected);
        assert_eq!(fault::<Vec<String>>(&list(Type::String)), expected);
        assert_eq!(fault::<Vec<Sink>>(&list(Type::Struct)), expected);
        assert_eq!(fault::<HashSet<i8>>(&list(Type::I8)), expected);
        assert_eq!(fault::<BTreeSet<Uuid>>(&list(Type::Uuid)), expected);
        assert_eq!(fault::<HashMap<i32, Sink>>(&map(Type::I32, Type::Struct)), expected);
        assert_eq!(fault::<BTreeMap<String, bool>>(&map(Type::String, Type::Bool)), expected);
        for kind in (0..=255).filter_map(Type::from_byte).filter(|kind| *kind != Type::Stop) {
            let unknown = [&[Type::List as u8, 0, 99][..], &list(kind)].concat();
            assert_eq!(fault::<Sink>(&unknown), expected, "{kind}");
            let unknown = [&[Type::Map as u8, 0, 99][..], &map(kind, kind)].concat();
            assert_eq!(fault::<Sink>(&unknown), expected, "{kind}");
        }
    }
}

/// `levels` structs, lists or maps inside each other.
fn nested(kind: Type, levels: usize) -> Vec<u8> {
    let open: &[u8] = match kind {
        Type::Struct => &[12, 0, 14],
        Type::List => &[15, 0, 0, 0, 1],
        _ => &[8, 13, 0, 0, 0, 1, 0, 0, 0, 0],
    };
    let innermost: &[u8] = match kind {
        Type::Struct => &[],
        Type::List => &[2, 0, 0, 0, 0],
        _ => &[2, 2, 0, 0, 0, 0],
    };
    let mut bytes = open.repeat(levels - 1);
    bytes.extend_from_slice(innermost);
    if kind == Type::Struct {
        bytes.resize(bytes.len() + levels, 0);
    }
    bytes
}

#[test]
fn nesting_stops_at_the_limit() {
    let check = || {
        assert!(from_bytes::<Sink>(nested(Type::Struct, 64).into(), limits()).is_ok());
        for levels in [65, 1_000, 1_000_000] {
            assert_eq!(fault::<Sink>(&nested(Type::Struct, levels)), Fault::Depth);
        }
        for kind in [Type::Struct, Type::List, Type::Map] {
            let unknown = |levels| [&[kind as u8, 0, 99][..], &nested(kind, levels), &[0]].concat();
            // The struct around the unknown field is a level too.
            assert!(from_bytes::<Sink>(unknown(63).into(), limits()).is_ok(), "{kind}");
            for levels in [64, 1_000, 1_000_000] {
                assert_eq!(fault::<Sink>(&unknown(levels)), Fault::Depth, "{kind}");
            }
        }
        // Whatever is asked for, no stack is made for more.
        let deep = DecodeLimits { depth: u16::MAX, ..limits() };
        let fault = from_bytes::<Sink>(nested(Type::Struct, 65).into(), deep).unwrap_err();
        assert_eq!(*fault.fault(), Fault::Depth);
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(check).unwrap().join().unwrap();
}

#[test]
fn nothing_is_written_past_the_depth_that_is_read() {
    let mut value = Sink::default();
    for _ in 1..64 {
        value = Sink { next: Some(Box::new(value)), ..Sink::default() };
    }
    // Its own containers are one level deeper still.
    assert_eq!(to_bytes(&value), Err(EncodeError::TooDeep(64)));
    let value = *value.next.unwrap();
    assert_eq!(from_bytes::<Sink>(to_bytes(&value).unwrap(), limits()).unwrap(), value);
}

#[test]
fn text_is_utf8_in_every_slot() {
    let bad = [0, 0, 0, 2, 0xc3, 0x28];
    assert_eq!(fault::<String>(&bad), Fault::Utf8);
    assert_eq!(fault::<Vec<String>>(&[&[11, 0, 0, 0, 1][..], &bad].concat()), Fault::Utf8);
    let map = [&[11, 2, 0, 0, 0, 1][..], &bad, &[1]].concat();
    assert_eq!(fault::<HashMap<String, bool>>(&map), Fault::Utf8);
    let map = [&[4, 11, 0, 0, 0, 1][..], &[0; 8], &bad].concat();
    assert_eq!(fault::<BTreeMap<Double, String>>(&map), Fault::Utf8);
}

#[test]
fn errors_say_where() {
    let mut value = Sink { names: vec!["a".into(), "b".into()], ..Sink::default() };
    value = Sink { next: Some(Box::new(value)), ..Sink::default() };
    let mut bytes = to_bytes(&value).unwrap().to_vec();
    let at = bytes.iter().position(|byte| *byte == b'b').unwrap();
    bytes[at] = 0xff;
    let error = from_bytes::<Sink>(bytes.into(), limits()).unwrap_err();
    assert_eq!(error.offset(), at);
    assert_eq!(error.path(), [Step::Field(14, Some("next")), Step::Field(9, Some("names")), Step::Element(1)]);
    let text = format!("text is not UTF-8 at byte {at}, field path next.names[1]");
    assert_eq!(error.to_string(), text);
}

#[test]
fn memory_is_charged_before_it_is_taken() {
    let limits = DecodeLimits { budget: 100, string: 10, ..limits() };
    let fault = |bytes: &[u8]| from_bytes::<Vec<String>>(Bytes::copy_from_slice(bytes), limits).unwrap_err();
    let five = [&[11, 0, 0, 0, 5][..], &[0; 20]].concat();
    assert_eq!(*fault(&five).fault(), Fault::Budget);
    let long = [&[11, 0, 0, 0, 1, 0, 0, 0, 11][..], &[b'x'; 11]].concat();
    assert_eq!(*fault(&long).fault(), Fault::StringLimit(11));
}

#[test]
fn lone_values_read_as_kitex_reads_them() {
    assert!(!from_bytes::<bool>(Bytes::from_static(&[2]), limits()).unwrap());
    let empty = Bytes::from_static(&[0, 0, 0, 0, 0]);
    assert!(from_bytes::<Vec<String>>(empty, limits()).unwrap().is_empty());
    let other = from_bytes::<Vec<String>>(Bytes::from_static(&[8, 0, 0, 0, 1]), limits());
    assert!(matches!(other.unwrap_err().fault(), Fault::Element { found: 8, .. }));
}

#[test]
fn uuids_are_text() {
    let uuid: Uuid = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
    assert_eq!(uuid.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
    let bad = ["", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeefg"];
    for bad in bad.iter().chain(&["00112233-4455-6677-8899-aabbccddeeff0"]) {
        assert!(bad.parse::<Uuid>().is_err(), "{bad}");
    }
}

/// Kitex's own messages: every body is one list of fields, to its last byte.
#[test]
fn every_framed_message_of_kitex_is_walked() {
    let records = include_str!("../../../../tests/vectors/kitex/wire.json");
    let records: serde_json::Value = serde_json::from_str(records).unwrap();
    let mut seen = 0;
    for record in records.as_array().unwrap() {
        if record["transport"] != "framed" {
            continue;
        }
        for side in ["request_hex", "response_hex"] {
            let digits: Vec<u8> = record[side].as_str().unwrap().into();
            let bytes: Vec<u8> = digits
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            let Some(message) = bytes.get(4..).filter(|rest| !rest.is_empty()) else { continue };
            let (header, taken) = Header::read(message).unwrap();
            assert_eq!(header.name, record["method"]);
            let body = Bytes::copy_from_slice(&message[taken..]);
            let mut input = Decoder::new(&body, limits());
            input.skip(Type::Struct).unwrap();
            input.finish().unwrap();
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen}");
}

/// Measures so many bytes, and writes others: runs of these lengths.
struct Liar {
    measured: usize,
    written: &'static [usize],
}

impl Value for Liar {
    const TYPE: Type = Type::String;

    fn size(&self, size: &mut runtime::thrift::Size) {
        size.add(self.measured);
    }

    fn encode(&self, out: &mut runtime::thrift::Encoder) {
        for length in self.written {
            // Four bytes of a length go first.
            out.string(&vec![7; length - 4]);
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        input.skip(Type::String)?;
        Ok(Self { measured: 0, written: &[] })
    }
}

#[test]
fn a_value_that_writes_something_else_than_it_measured_is_not_encoded() {
    let encode = |measured, written| to_bytes(&Liar { measured, written });
    assert_eq!(encode(20, &[8, 12]).unwrap().len(), 20);
    // Less, more, so much that a part of it is left out, and a rest that would fill the gap. Larger
    // bodies have more room than was measured.
    for (measured, written) in
        [(20, &[8, 8][..]), (20, &[8, 13]), (20, &[8, 100]), (20, &[8, 100, 8]), (1_500, &[1_501]), (1_500, &[1_499])]
    {
        assert_eq!(encode(measured, written), Err(EncodeError::Mismatch), "{measured}: {written:?}");
    }
    for written in [&[2_000, 100, 48][..], &[1_499, 4_000, 4]] {
        assert_eq!(encode(1_503, written), Err(EncodeError::Mismatch), "{written:?}");
    }
}
