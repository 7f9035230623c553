//! Nesting at, and far beyond, what is allowed, on small stacks: 512 KiB with optimisation, 2 MiB
//! without (tokio's own threads have 2 MiB).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use faults::corpus;
use faults::generated::faults::Item;
use golden::generated::sink::Tree;
use runtime::limits::DecodeLimits;
use runtime::thrift::{
    Decoder, EncodeError, Fault, FrameError, Header, MessageReader, MessageType, Outgoing, Protocol, TtHeader, Type,
    Value, Wire, from_bytes, to_bytes,
};

const DEEP: [usize; 4] = [65, 66, 1_000, 1_000_000];

fn on_a_small_stack(check: impl FnOnce() + Send + 'static) {
    let size = if cfg!(debug_assertions) { 2 << 20 } else { 512 << 10 };
    std::thread::Builder::new().stack_size(size).spawn(check).unwrap().join().unwrap();
}

fn fault<T: Value>(bytes: Vec<u8>) -> Option<Fault> {
    let error = from_bytes::<T>(bytes.into(), DecodeLimits::default()).err()?;
    // Locating the place walks the same way down.
    if *error.fault() == Fault::Depth {
        assert!((63..=65).contains(&error.path().len()), "{}", error.path().len());
    }
    Some(error.fault().clone())
}

/// A struct in a struct, `levels` in all.
fn structs(id: u8, levels: usize) -> Vec<u8> {
    [[12, 0, id].repeat(levels - 1), vec![0; levels]].concat()
}

/// A struct in a list in a struct; each pair is two levels.
fn lists(id: u8, pairs: usize) -> Vec<u8> {
    [[15, 0, id, 12, 0, 0, 0, 1].repeat(pairs), vec![0; pairs + 1]].concat()
}

/// A struct in a map's value in a struct; each pair is two levels.
fn maps(id: u8, pairs: usize) -> Vec<u8> {
    [[13, 0, id, 11, 12, 0, 0, 0, 1, 0, 0, 0, 0].repeat(pairs), vec![0; pairs + 1]].concat()
}

#[test]
fn decoding_stops_at_the_limit() {
    on_a_small_stack(|| {
        assert_eq!(fault::<Tree>(structs(3, 64)), None);
        assert_eq!(fault::<Item>(structs(9, 64)), None);
        assert_eq!(fault::<Tree>(lists(2, 31)), None);
        assert_eq!(fault::<Item>(lists(3, 31)), None);
        assert_eq!(fault::<Item>(maps(8, 31)), None);
        for levels in DEEP {
            assert_eq!(fault::<Tree>(structs(3, levels)), Some(Fault::Depth), "{levels}");
            assert_eq!(fault::<Item>(structs(9, levels)), Some(Fault::Depth), "{levels}");
            assert_eq!(fault::<Tree>(lists(2, levels / 2)), Some(Fault::Depth), "{levels}");
            assert_eq!(fault::<Item>(maps(8, levels / 2)), Some(Fault::Depth), "{levels}");
        }
    });
}

#[test]
fn skipping_stops_at_the_limit() {
    on_a_small_stack(|| {
        let skip = |kind, bytes: Vec<u8>| {
            let body = Bytes::from(bytes);
            Decoder::new(&body, DecodeLimits::default()).skip(kind).err().map(|error| error.fault().clone())
        };
        let nested = |levels: usize| [[15, 0, 0, 0, 1].repeat(levels - 1), vec![2, 0, 0, 0, 0]].concat();
        assert_eq!(skip(Type::Struct, structs(99, 64)), None);
        assert_eq!(skip(Type::List, nested(64)), None);
        for levels in DEEP {
            assert_eq!(skip(Type::List, nested(levels)), Some(Fault::Depth), "{levels}");
            assert_eq!(skip(Type::Struct, structs(99, levels)), Some(Fault::Depth), "{levels}");
            assert_eq!(skip(Type::Struct, lists(99, levels / 2)), Some(Fault::Depth), "{levels}");
            assert_eq!(skip(Type::Struct, maps(99, levels / 2)), Some(Fault::Depth), "{levels}");
            // Inside a known struct too.
            assert_eq!(fault::<Item>(structs(99, levels)), Some(Fault::Depth), "{levels}");
        }
    });
}

/// The bare scanner allows what the decoder allows: the argument list does not count.
#[test]
fn scanning_stops_at_the_limit() {
    on_a_small_stack(|| {
        let scan = |bytes: &[u8]| {
            let body = Bytes::from([&[12, 0, 1][..], bytes, &[0]].concat());
            let mut out = BytesMut::new();
            let header = Header { protocol: Protocol::Binary, kind: MessageType::Call, name: "Echo", seq: 1 };
            let info = TtHeader::default();
            Outgoing { wire: Wire::Buffered, header, info: &info, body: &body }.write_head(1 << 28, &mut out).unwrap();
            out.extend_from_slice(&body);
            let mut messages = MessageReader::new(usize::MAX);
            messages.push(&out);
            messages.take().map(|found| found.is_some())
        };
        assert!(scan(&structs(9, 64)).unwrap());
        assert!(scan(&maps(8, 31)).unwrap());
        for levels in DEEP {
            for bytes in [structs(9, levels), lists(3, levels / 2), maps(8, levels / 2)] {
                assert!(matches!(scan(&bytes), Err(FrameError::Body(Fault::Depth))), "{levels}");
            }
        }
    });
}

#[test]
fn encoding_stops_at_the_limit() {
    on_a_small_stack(|| {
        let mut item = Item { number: 1, ..Item::default() };
        let mut tree = Tree::default();
        for levels in 2..=1_000_u16 {
            item = Item { by_name: HashMap::from([(String::new(), item)]), ..Item::default() };
            tree = Tree { next: Some(Box::new(tree)), ..Tree::default() };
            let written = to_bytes(&tree);
            assert_eq!(written.is_ok(), levels <= 64, "{levels}");
            assert!(levels <= 64 || written == Err(EncodeError::TooDeep(64)));
            if levels > 40 {
                assert_eq!(to_bytes(&item), Err(EncodeError::TooDeep(64)));
            }
        }
    });
}

#[test]
fn the_corpus_nests_as_it_says() {
    let deep = corpus::cases().into_iter().filter(|case| case.row == 3);
    let mut seen = 0;
    for case in deep {
        let inner = case.body.slice(3..case.body.len() - 1);
        let error = from_bytes::<Item>(inner, DecodeLimits::default()).unwrap_err();
        assert!(matches!(error.fault(), Fault::Depth | Fault::Type(_)), "{}: {error}", case.name);
        seen += 1;
    }
    assert_eq!(seen, 12);
}
