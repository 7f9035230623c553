//! Everything that reads Thrift from a socket, fed with damage.

use bytes::Bytes;
use fuzz::{Random, chunks, executions, fuzz};
use golden::generated::sink;
use runtime::limits::DecodeLimits;
use runtime::thrift::metainfo::{ReplyInfo, RequestInfo};
use runtime::thrift::ttheader::Pair;
use runtime::thrift::{
    Header, MessageReader, MessageType, Outgoing, Protocol, TtHeader, Type, Value, Wire, exception, from_bytes,
    to_bytes,
};

const WIRES: [Wire; 4] = [Wire::Framed, Wire::Buffered, Wire::TtHeader, Wire::TtHeaderFramed];

/// What a fuzzed message may take: far below the defaults, so that the sums show.
const LIMITS: DecodeLimits =
    DecodeLimits { depth: 64, budget: 1 << 20, string: 1 << 18, refuse_unknown: false, validate: true };

/// Recorded messages of Kitex, as they were on the wire.
fn recorded() -> Vec<Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/kitex/wire.json");
    let records: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let records = records.as_array().unwrap().iter();
    let texts = records.flat_map(|it| [&it["request_hex"], &it["response_hex"]]);
    let messages = texts.filter_map(|text| text.as_str()).map(hex).filter(|bytes| !bytes.is_empty());
    let all: Vec<_> = messages.collect();
    assert!(all.len() > 100);
    all
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The bodies of the recorded messages; structs among them without the argument list around them.
pub(crate) fn bodies() -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for bytes in recorded() {
        let mut messages = MessageReader::new(1 << 20);
        messages.push(&bytes);
        while let Ok(Some(incoming)) = messages.take() {
            let (_, at) = Header::read(incoming.message()).unwrap();
            let body = incoming.into_body(at);
            match body.split_first_chunk() {
                Some(([12, 0, 0 | 1], inner)) => bodies.push(inner[..inner.len() - 1].to_vec()),
                _ => bodies.push(body.to_vec()),
            }
        }
    }
    bodies
}

/// What is read is written and read again, the same.
fn decode<T: Value + PartialEq + std::fmt::Debug>(input: &[u8]) {
    let Ok(value) = from_bytes::<T>(Bytes::copy_from_slice(input), LIMITS) else { return };
    let Ok(bytes) = to_bytes(&value) else { return };
    let again = from_bytes::<T>(bytes.clone(), DecodeLimits { budget: usize::MAX, ..LIMITS }).unwrap();
    // NaN differs from itself; its bytes do not.
    assert_eq!(to_bytes(&again).unwrap().len(), bytes.len());
}

#[test]
fn structs_of_generated_code() {
    fuzz(&bodies(), executions(200_000), |input| {
        decode::<sink::Scalars>(input);
        decode::<sink::Optionals>(input);
        decode::<sink::Defaults>(input);
        decode::<sink::Needs>(input);
        decode::<sink::Containers>(input);
        decode::<sink::Tree>(input);
        decode::<sink::Holder>(input);
        decode::<sink::Choice>(input);
    });
}

/// The messages in some bytes that come in one piece, and whether an error ends them.
fn cut(pieces: &[&[u8]]) -> (Vec<(Wire, Bytes)>, bool) {
    let mut messages = MessageReader::new(1 << 16);
    let mut found = Vec::new();
    for piece in pieces {
        messages.push(piece);
        loop {
            match messages.take() {
                Ok(Some(incoming)) => {
                    read_header(&incoming);
                    found.push((incoming.wire, incoming.into_body(0)));
                }
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}

fn read_header(incoming: &runtime::thrift::Incoming) {
    let (mut asked, mut answered, mut pairs) = (RequestInfo::default(), ReplyInfo::default(), 0);
    let scanned = incoming.pairs(|pair| {
        asked.take(pair);
        answered.take(pair);
        pairs += usize::from(!matches!(pair, Pair::Acl(_)));
    });
    let _ = (asked.timeout(), asked.into_metadata());
    let read = |whole| runtime::thrift::Protocol::Binary.error(whole, DecodeLimits::default()).0;
    let _ = (answered.closing(), answered.business(read).map(|error| error.to_string()));
    let _ = answered.into_metadata();
    // In memory of its own a header is the same, or as damaged.
    let held = incoming.header().map(Option::unwrap_or_default);
    assert_eq!(scanned.map(|()| pairs), held.map(|it| it.ints.len() + it.strings.len()));
}

#[test]
fn messages_are_cut_alike_however_they_arrive() {
    let mut random = Random::new(3);
    fuzz(&recorded(), executions(200_000), |input| {
        let whole = cut(&[input]);
        let parts = cut(&chunks(input, &mut random));
        assert_eq!(whole, parts);
        // A message that ends where the scanner says decodes as fields, or not, but never beyond.
        for (wire, message) in whole.0.iter().filter(|(wire, _)| *wire == Wire::Buffered) {
            let (_, at) = Header::read(message).unwrap();
            let mut input = message.slice(at..);
            let mut decoder = runtime::thrift::Decoder::new(&input, DecodeLimits { depth: 66, ..LIMITS });
            decoder.skip(Type::Struct).unwrap_or_else(|error| panic!("{wire:?}: {error}"));
            decoder.finish().unwrap();
            input.clear();
        }
    });
}

#[test]
fn every_framing_of_damaged_bodies() {
    let bodies = bodies();
    let mut random = Random::new(5);
    fuzz(&bodies, executions(50_000), |input| {
        let body = Bytes::copy_from_slice(input);
        for wire in WIRES {
            let header = Header { protocol: Protocol::Binary, kind: MessageType::Call, name: "EchoTree", seq: 9 };
            let mut out = bytes::BytesMut::new();
            let info = TtHeader::default();
            Outgoing { wire, header, info: &info, body: &body }.write_head(usize::MAX, &mut out).unwrap();
            out.extend_from_slice(&body);
            let (whole, parts) = (cut(&[&out]), cut(&chunks(&out, &mut random)));
            assert_eq!(whole, parts, "{wire:?}");
            // A length of its own protects what comes after it.
            assert!(wire == Wire::Buffered || whole.0.len() == 1, "{wire:?}");
        }
    });
}

#[test]
fn headers_alone() {
    let mut corpus = Vec::new();
    for bytes in recorded().iter().filter(|bytes| bytes.get(4..6) == Some(&[0x10, 0])) {
        corpus.push(bytes[4..].to_vec());
    }
    fuzz(&corpus, executions(400_000), |input| {
        if let Ok((header, end)) = TtHeader::read(input) {
            assert!(end <= input.len());
            if let Ok(size) = header.fits() {
                let mut out = bytes::BytesMut::new();
                header.write(&mut out);
                assert_eq!(out.len(), size);
                assert_eq!(TtHeader::read(&out).unwrap().0, header);
            }
        }
        let _ = Header::read(input);
    });
}

#[test]
fn exceptions() {
    let error = runtime::Error::not_found("gone").with_reason("GONE").with_pair("a", "b");
    let business = runtime::Error::business(7, "no", [("k".to_owned(), "v".to_owned())]);
    let corpus = [error, business].map(|error| exception::encode(&error).unwrap().to_vec());
    fuzz(&corpus, executions(200_000), |input| {
        let error = exception::decode(&Bytes::copy_from_slice(input), LIMITS);
        exception::encode(&error).unwrap();
    });
}
