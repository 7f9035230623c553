//! Compact against recorded bytes, random values and hostile ones.

use bytes::{Bytes, BytesMut};

use super::cursor::{Cursor, put_signed, put_varint, varint_size};
use super::{from_binary, to_binary};
use crate::codec::Type;
use crate::codec::{DecodeError, Fault};
use crate::message::{FrameError, Header, MessageReader, MessageType, Protocol, Wire};
use kiteline_core::limits::DecodeLimits;

/// One call with every type, as Apache Thrift's Python library writes it in both protocols.
const COMPACT: &str = "8221ac020341646411022813ff14ffff03050afeffffff0f0601ffffffffffffffffff0137000000000000f83f18026869192101021af50f00020406080a0c0e10121416181a1c1b0186016b031c0000";
const BINARY: &str = "80010001000000034164640000012c0200010102001400030015ff06001680000800057fffffff0affff80000000000000000400023ff80000000000000b00030000000268690f0004020000000201000e0005080000000f000000000000000100000002000000030000000400000005000000060000000700000008000000090000000a0000000b0000000c0000000d0000000e0d00060b0a00000001000000016bfffffffffffffffe0c00070000";

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().as_chunks::<2>().0.iter().map(|[h, l]| digit(*h) << 4 | digit(*l)).collect()
}

fn digit(character: u8) -> u8 {
    u8::try_from(char::from(character).to_digit(16).unwrap()).unwrap()
}

fn decode(body: &[u8]) -> Result<Bytes, DecodeError> {
    to_binary(body, DecodeLimits::default())
}

fn fault(body: &[u8]) -> Fault {
    decode(body).unwrap_err().fault().clone()
}

#[test]
fn a_recorded_call_is_the_same_in_both_protocols() {
    let (compact, binary) = (hex(COMPACT), hex(BINARY));
    let (header, taken) = Header::read(&compact).unwrap();
    let expected = Header { protocol: Protocol::Compact, kind: MessageType::Call, name: "Add", seq: 300 };
    assert_eq!(header, expected);
    let (_, skipped) = Header::read(&binary).unwrap();
    let body = decode(&compact[taken..]).unwrap();
    assert_eq!(body, binary[skipped..]);
    assert_eq!(from_binary(&body).unwrap(), compact[taken..]);
    let mut out = BytesMut::new();
    header.write(&mut out);
    assert_eq!((out.len(), &out[..]), (header.size(), &compact[..taken]));
}

/// Random structs in Binary.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// A number of any size: most are small in real messages.
    fn number(&mut self) -> [u8; 8] {
        let shift = self.below(64);
        let number = (self.next() >> shift).cast_signed();
        (if self.below(2) == 0 { number } else { number.wrapping_neg() }).to_be_bytes()
    }

    fn kind(&mut self, depth: usize) -> Type {
        let kinds = [2, 3, 4, 6, 8, 10, 11, 16, 12, 13, 14, 15];
        let end = if depth == 0 { 8 } else { kinds.len() };
        Type::from_byte(kinds[self.below(end)]).unwrap()
    }

    fn value(&mut self, kind: Type, depth: usize, out: &mut Vec<u8>) {
        let number = self.number();
        match kind {
            Type::Bool => out.push(number[7] & 1),
            Type::I8 => out.push(number[7]),
            Type::I16 => out.extend(&number[6..]),
            Type::I32 => out.extend(&number[4..]),
            Type::I64 | Type::Double => out.extend(number),
            Type::Uuid => out.extend([number, number].concat()),
            Type::String => {
                let length = self.below(200);
                self.count(length, out);
                out.extend((0..length).map(|at| at.to_le_bytes()[0]));
            }
            Type::Struct => self.fields(depth - 1, out),
            Type::Map => {
                let count = self.below(4);
                let (key, value) = (self.kind(depth - 1), self.kind(depth - 1));
                // Compact states no types of an empty map.
                out.extend(if count == 0 { [0, 0] } else { [key as u8, value as u8] });
                self.count(count, out);
                for _ in 0..count {
                    self.value(key, depth - 1, out);
                    self.value(value, depth - 1, out);
                }
            }
            _ => {
                let count = self.below(20);
                let element = self.kind(depth - 1);
                out.push(element as u8);
                self.count(count, out);
                (0..count).for_each(|_| self.value(element, depth - 1, out));
            }
        }
    }

    fn count(&mut self, count: usize, out: &mut Vec<u8>) {
        out.extend(u32::try_from(count).unwrap().to_be_bytes());
    }

    fn fields(&mut self, depth: usize, out: &mut Vec<u8>) {
        for _ in 0..self.below(6) {
            let kind = self.kind(depth);
            out.push(kind as u8);
            // Near each other, so that both forms of a field's header come.
            let id = if self.below(3) == 0 { self.next() } else { self.next() % 20 };
            out.extend(&id.to_be_bytes()[6..]);
            self.value(kind, depth, out);
        }
        out.push(0);
    }
}

#[test]
fn random_values_come_back_and_every_cut_is_an_error() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut bytes = 0;
    for round in 0..1_000 {
        let mut body = Vec::new();
        random.fields(4, &mut body);
        let body = Bytes::from(body);
        let compact = from_binary(&body).unwrap();
        assert_eq!(decode(&compact).unwrap(), body, "{round}");
        bytes += compact.len();
        if compact.len() < 300 {
            for end in 0..compact.len() {
                assert_eq!(fault(&compact[..end]), Fault::Truncated, "{round}: {end} of {compact:?}");
            }
        }
    }
    assert!(bytes > 100_000, "{bytes}");
}

#[test]
fn random_bytes_are_an_error_or_a_value() {
    let mut random = Random(7);
    let mut whole = 0;
    for _ in 0..50_000 {
        let length = random.below(40);
        let bytes: Vec<u8> = (0..length).map(|_| random.number()[7]).collect();
        if let Ok(body) = decode(&bytes) {
            whole += 1;
            let again = from_binary(&body).unwrap();
            assert_eq!(decode(&again).unwrap(), body);
        }
    }
    assert!(whole > 0);
}

#[test]
fn numbers_of_every_size_are_read_and_longer_ones_refused() {
    for number in [0, 1, -1, 63, 64, -64, -65, i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX, i64::MIN] {
        let mut out = Vec::new();
        put_signed(number, &mut out);
        assert_eq!(Cursor::new(&out, out.len()).signed(64), Ok(number));
    }
    for number in [0, 127, 128, 16_383, 16_384, u64::MAX >> 1, u64::MAX] {
        let mut out = Vec::new();
        put_varint(number, &mut out);
        assert_eq!(out.len(), varint_size(number), "{number}");
    }
    // Types i16, i32, i64: one bit, one byte too many, and 11 bytes.
    for (head, most) in [("14", "ffff03"), ("15", "ffffffff0f"), ("16", "ffffffffffffffffff01")] {
        assert!(decode(&hex(&format!("{head}{most}00"))).is_ok(), "{head}");
        let (low, last) = most.split_at(most.len() - 2);
        let over = u8::from_str_radix(last, 16).unwrap() + 1;
        for long in [format!("{low}{over:02x}"), format!("{low}8{}00", &last[1..]), format!("{}01", "ff".repeat(10))] {
            assert_eq!(fault(&hex(&format!("{head}{long}00"))), Fault::Number, "{head}{long}");
        }
    }
    // An id over i16 by its distance, and stated.
    assert_eq!(fault(&hex("04feff0300f000")), Fault::Type(0xf0));
    assert_eq!(fault(&hex("03feff0300f30000")), Fault::Number);
    assert_eq!(fault(&hex("0380800400")), Fault::Number);
}

#[test]
fn hostile_counts_lengths_and_types_are_errors() {
    let counts =
        [("ffffffff07", Fault::Truncated), ("ffffffff0f", Fault::Negative(-1)), ("ffffffffff01", Fault::Number)];
    for (count, expected) in counts {
        for kind in "123456789abcd".chars() {
            assert_eq!(fault(&hex(&format!("19f{kind}{count}00"))), expected, "list {kind} {count}");
            assert_eq!(fault(&hex(&format!("1af{kind}{count}00"))), expected, "set {kind} {count}");
            assert_eq!(fault(&hex(&format!("1b{count}{kind}{kind}00"))), expected, "map {kind} {count}");
        }
        assert_eq!(fault(&hex(&format!("18{count}00"))), expected, "string {count}");
    }
    for (bytes, kind) in [("1e00", 14), ("1f00", 15), ("192e0000", 14), ("19100000", 0), ("1b010f0000", 15), ("10", 16)]
    {
        assert_eq!(fault(&hex(bytes)), Fault::Type(kind), "{bytes}");
    }
    assert_eq!(fault(&hex("0000")), Fault::Trailing(1));
    assert_eq!(decode(&hex("150015")).unwrap_err().offset(), 2);
}

#[test]
fn nesting_and_growth_are_bounded() {
    for (open, close) in [("1c", "00"), ("1919", ""), ("1b01b1", "")] {
        for depth in [65, 1_000, 1_000_000] {
            let open = if open == "1c" { open.repeat(depth) } else { format!("{open}{}", &open[2..].repeat(depth)) };
            let bytes = hex(&format!("{open}{}", close.repeat(depth)));
            assert!(matches!(fault(&bytes), Fault::Depth | Fault::Type(_)), "{:?}", fault(&bytes));
        }
    }
    let deep = format!("{}{}", "1c".repeat(64), "00".repeat(65));
    let body = decode(&hex(&deep)).unwrap();
    assert_eq!(from_binary(&body).unwrap(), hex(&deep));
    assert_eq!(fault(&hex(&format!("1c{deep}00"))), Fault::Depth);
    // One byte each here, eight there.
    let mut numbers = hex("19f6c0843d");
    numbers.resize(numbers.len() + 1_000_000, 0);
    numbers.push(0);
    assert_eq!(decode(&numbers).unwrap().len(), 3 + 5 + 8_000_000 + 1);
    let limits = DecodeLimits { budget: 1 << 20, ..DecodeLimits::default() };
    assert_eq!(to_binary(&numbers, limits).unwrap_err().fault(), &Fault::Budget);
}

#[test]
fn the_end_of_a_bare_message_is_found_at_any_split() {
    let message = hex(COMPACT);
    let twice = message.repeat(2);
    for split in 0..twice.len() {
        let mut messages = MessageReader::new(1 << 20);
        let mut seen = 0;
        for part in [&twice[..split], &twice[split..]] {
            messages.push(part);
            while let Some(incoming) = messages.take().unwrap() {
                assert_eq!((incoming.wire, incoming.message()), (Wire::Buffered, &message[..]));
                seen += 1;
            }
        }
        assert_eq!((seen, messages.buffered()), (2, 0));
    }
}

#[test]
fn a_bare_message_is_refused_as_soon_as_it_cannot_be() {
    let refused = |body: &str| {
        let mut messages = MessageReader::new(1 << 20);
        messages.push(&hex(&format!("8221{body}")));
        messages.take().unwrap_err()
    };
    let header = "0103416464";
    for body in ["18ffffffff07", "19f6ffffffff07", "1bffffffff0711", "18818040"] {
        let error = refused(&format!("{header}{body}"));
        assert!(matches!(error, FrameError::TooLong { .. }), "{body}: {error}");
    }
    assert!(matches!(refused(&format!("{header}18ffffffff0f")), FrameError::Body(Fault::Negative(-1))));
    assert!(matches!(refused(&format!("{header}{}", "1c".repeat(65))), FrameError::Body(Fault::Depth)));
    assert!(matches!(refused(&format!("{header}1e")), FrameError::Body(Fault::Type(14))));
    assert!(matches!(refused(&"ff".repeat(11)), FrameError::Header(_)));
    assert!(matches!(refused("0101ff"), FrameError::Header(_)));
}

/// The budget has room for what texts take in Binary, and not for the texts: nothing of them is read.
#[test]
fn elements_are_counted_as_the_decoder_counts_them() {
    let limits = DecodeLimits { budget: 1 << 10, ..DecodeLimits::default() };
    // 40 empty texts with 28 bytes each; as many that are damaged.
    for (count, fault) in [(36, None), (37, Some(Fault::Budget))] {
        let body = [&[0x19, 0xf8, count][..], &vec![0; count.into()], &[0]].concat();
        assert_eq!(to_binary(&body, limits).err().map(|error| error.fault().clone()), fault, "{count}");
    }
    let body = [&[0x19, 0xf8, 40][..], &[0xff; 40]].concat();
    assert_eq!(to_binary(&body, limits).unwrap_err().fault(), &Fault::Budget);
}

/// What elements take in Binary is counted by their number, before the first of them is read: it is damaged here.
#[test]
fn elements_are_counted_before_they_are_read() {
    let limits = DecodeLimits { budget: 1 << 10, ..DecodeLimits::default() };
    for head in [&[0x19, 0xf6, 0x81, 0x01][..], &[0x1b, 0x81, 0x01, 0x66]] {
        let body = [head, &[0xff; 1 << 10]].concat();
        let error = to_binary(&body, limits).unwrap_err();
        assert_eq!(error.fault(), &Fault::Budget, "{head:x?}");
    }
}
