//! Hostile messages of rows 1 to 5, and the ways in which a message is wrapped.

use bytes::{Bytes, BytesMut};
use runtime::thrift::{FrameError, Header, MessageType, Outgoing, Protocol, TtHeader, Wire};

/// Every way to wrap a message.
pub const WIRES: [Wire; 4] = [Wire::Framed, Wire::Buffered, Wire::TtHeader, Wire::TtHeaderFramed];

/// The wire types that a container may name.
const TYPES: [u8; 12] = [2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16];

/// The body of one hostile call of `Echo`.
#[derive(Clone, Debug)]
pub struct Case {
    /// The row of the list of faults.
    pub row: u8,
    /// What is wrong.
    pub name: String,
    /// The argument list.
    pub body: Bytes,
}

/// Adds cases of one row; field `1`, a struct, is open around them.
struct Cases(Vec<Case>);

impl Cases {
    fn add(&mut self, row: u8, name: impl Into<String>, parts: &[&[u8]]) {
        let body = Bytes::from([&[12, 0, 1][..], &parts.concat(), &[0, 0]].concat());
        self.0.push(Case { row, name: name.into(), body });
    }
}

/// Every hostile argument list.
pub fn cases() -> Vec<Case> {
    let mut cases = Cases(Vec::new());
    counts(&mut cases);
    small_elements(&mut cases);
    nesting(&mut cases);
    lengths(&mut cases);
    texts(&mut cases);
    cases.0
}

/// Row 1: counts that cannot be, in fields that the IDL has (3, 4, 6) and one that it has not.
fn counts(cases: &mut Cases) {
    for count in [i32::MAX, -1, i32::MIN] {
        let bytes = count.to_be_bytes();
        for kind in TYPES {
            for (container, id) in [(15, 3), (14, 6), (15, 99), (14, 99)] {
                let name = format!("{count} elements of type {kind} in field {id}");
                cases.add(1, name, &[&[container, 0, id, kind], &bytes]);
            }
            for id in [4, 99] {
                let name = format!("{count} pairs of type {kind} in field {id}");
                cases.add(1, name, &[&[13, 0, id, 11, kind], &bytes]);
                cases.add(1, format!("{count} pairs with keys of type {kind}"), &[&[13, 0, id, kind, 10], &bytes]);
            }
        }
    }
}

/// Row 2: a byte each on the wire, a hundred in memory.
fn small_elements(cases: &mut Cases) {
    let count = (1_u32 << 20).to_be_bytes();
    let ends = vec![0; 1 << 20];
    cases.add(2, "a list of 1 M empty structs", &[&[15, 0, 3, 12], &count, &ends]);
}

/// Row 3: structs, lists and maps in each other, known (9) and unknown.
fn nesting(cases: &mut Cases) {
    for levels in [65, 1_000, 1_000_000] {
        let closed = vec![0; levels];
        cases.add(3, format!("{levels} structs"), &[&[12, 0, 9].repeat(levels), &closed]);
        cases.add(3, format!("{levels} unknown structs"), &[&[12, 0, 99].repeat(levels), &closed]);
        cases.add(3, format!("{levels} lists"), &[&[15, 0, 99], &[15, 0, 0, 0, 1].repeat(levels), &[2, 0, 0, 0, 0]]);
        let maps = [8, 13, 0, 0, 0, 1, 0, 0, 0, 0].repeat(levels);
        cases.add(3, format!("{levels} maps"), &[&[13, 0, 99], &maps, &[2, 2, 0, 0, 0, 0]]);
    }
}

/// Row 4: lengths past the end, negative, the largest.
fn lengths(cases: &mut Cases) {
    for length in [1 << 20, i32::MAX, -1, i32::MIN] {
        let bytes = length.to_be_bytes();
        for id in [1, 5, 99] {
            cases.add(4, format!("{length} bytes in field {id}"), &[&[11, 0, id], &bytes, b"short"]);
        }
        cases.add(4, format!("{length} bytes in a list"), &[&[15, 0, 7, 11, 0, 0, 0, 1], &bytes]);
        cases.add(4, format!("{length} bytes in a key"), &[&[13, 0, 4, 11, 10, 0, 0, 0, 1], &bytes]);
    }
}

/// Row 5: what is not UTF-8, in every slot of text.
fn texts(cases: &mut Cases) {
    const BAD: &[u8] = &[0, 0, 0, 2, 0xc3, 0x28];
    cases.add(5, "text that is not UTF-8", &[&[11, 0, 1], BAD]);
    cases.add(5, "an element that is not UTF-8", &[&[15, 0, 7, 11, 0, 0, 0, 1], BAD]);
    cases.add(5, "a key that is not UTF-8", &[&[13, 0, 4, 11, 10, 0, 0, 0, 1], BAD, &[0; 8]]);
    cases.add(5, "a key of structs that is not UTF-8", &[&[13, 0, 8, 11, 12, 0, 0, 0, 1], BAD, &[0]]);
}

/// A call of `name` as it is sent.
///
/// # Errors
///
/// When no frame holds it.
pub fn call(wire: Wire, name: &str, seq: i32, body: &Bytes) -> Result<BytesMut, FrameError> {
    message(
        wire,
        Header { protocol: Protocol::Binary, kind: MessageType::Call, name, seq },
        &TtHeader { seq, ..TtHeader::default() },
        body,
    )
}

/// A message as it is sent.
///
/// # Errors
///
/// When no frame or TTHeader holds it.
pub fn message(wire: Wire, header: Header<'_>, info: &TtHeader<'_>, body: &Bytes) -> Result<BytesMut, FrameError> {
    let mut out = BytesMut::new();
    Outgoing { wire, header, info, body }.write_head(usize::MAX, &mut out)?;
    out.extend_from_slice(body);
    Ok(out)
}

/// Calls that are damaged outside of their bodies (row 5): the method's name and a TTHeader's texts.
///
/// # Errors
///
/// When no frame holds them.
pub fn damaged_names() -> Result<Vec<BytesMut>, FrameError> {
    let mut all = Vec::new();
    let body = Bytes::from_static(&[0]);
    for wire in WIRES {
        let header = Header { protocol: Protocol::Binary, kind: MessageType::Call, name: "Numbr", seq: 1 };
        let mut info = TtHeader { seq: 1, ..TtHeader::default() };
        if wire.has_header() {
            info.set_string("PLACE", "VALUE");
        }
        let whole = message(wire, header, &info, &body)?;
        for word in ["Numbr", "PLACE", "VALUE"] {
            let found = whole.windows(word.len()).position(|bytes| bytes == word.as_bytes());
            let mut bytes = whole.clone();
            if let Some(byte) = found.and_then(|at| bytes.get_mut(at)) {
                *byte = 0xff;
                all.push(bytes);
            }
        }
    }
    Ok(all)
}
